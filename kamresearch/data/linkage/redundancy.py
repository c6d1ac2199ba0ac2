"""Columns that say what another already says: a city that stands in the address, a region that
follows from the city.

Weights add up as if columns were independent; a likeness told four times would outweigh a name.
"""

import pandas as pd

from kamresearch.data.linkage.kinds import Field

FOLLOWS, CONTAINED = 0.97, 0.8
_GROUP = 5


def drop_redundant(cleaned: pd.DataFrame, fields: tuple[Field, ...]) -> list[int]:
    """Places of the fields to keep."""
    dropped: set[int] = set()
    for place, field in enumerate(fields):
        if field.part or field.kind not in ("name", "category", "number"):
            continue
        rest = [other for other in range(len(fields)) if other != place]
        if any(
            _contains(cleaned, fields, other, place) or _follows(cleaned, other, place)
            for other in rest
        ):
            dropped.add(place)
    return [place for place in range(len(fields)) if place not in dropped]


def _contains(cleaned: pd.DataFrame, fields: tuple[Field, ...], whole: int, part: int) -> bool:
    """Whether a text mostly holds the field's value."""
    if fields[whole].kind not in ("text", "company"):
        return False
    both = cleaned[[f"f{whole}", f"f{part}"]].dropna()
    if len(both) < 20 or len(both) < 0.3 * cleaned[f"f{part}"].notna().sum():
        return False
    return sum(
        piece in text for text, piece in zip(both.iloc[:, 0], both.iloc[:, 1])
    ) >= CONTAINED * len(both)


def _follows(cleaned: pd.DataFrame, cause: int, effect: int) -> bool:
    """Whether a field with larger groups (not an identifier) fixes this one."""
    both = cleaned[[f"f{cause}", f"f{effect}"]].dropna()
    groups = both.groupby(f"f{cause}", sort=False)[f"f{effect}"]
    if (
        len(both) < 20
        or len(both) < _GROUP * groups.ngroups
        or groups.ngroups <= both.iloc[:, 1].nunique()
    ):
        return False
    return groups.agg(lambda values: values.value_counts().iloc[0]).sum() >= FOLLOWS * len(both)
