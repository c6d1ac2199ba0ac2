"""Conditions that cut slices, and which slices may be told: all that can be said without asking the
engine.
"""

from collections.abc import Mapping


def write_condition(column: str, value: str) -> str:
    r"""The condition that a column has a value, as `slice_tables` reads it.

    >>> write_condition("region", "East; coast")
    'region=East\\; coast'
    """
    escaped = value.replace(";", r"\;")
    return f"{column}={escaped}"


def withheld_slices(sizes: Mapping[str, int], least: int) -> tuple[str, ...]:
    """The slices that are not published where none of fewer than ``least`` accounts may be told.

    The whole less the slices that are told gives what the others hold together. So where some are
    too small, the next smallest go with them, until at least two go that hold ``least`` accounts.

    >>> withheld_slices({"East": 40, "North": 12, "West": 3}, 5)
    ('North', 'West')
    >>> withheld_slices({"East": 40, "North": 12}, 5)
    ()
    """
    order = sorted((name for name in sizes if name), key=lambda name: (sizes[name], name))
    gone = [name for name in order if sizes[name] < least]
    nameless = sizes.get("", 0)
    if not gone and not 0 < nameless < least:
        return ()
    for name in order[len(gone) :]:
        groups = len(gone) + (nameless > 0)
        if groups > 1 and sum(sizes[one] for one in gone) + nameless >= least:
            break
        gone.append(name)
    return tuple(sorted(gone))
