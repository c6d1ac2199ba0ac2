"""Findings that a table names, as a SWOT item its evidence and a goal its measure: what is
said where they are not there.
"""

from collections.abc import Iterable
from difflib import get_close_matches

import pandas as pd

from kamresearch.language import Text
from kamresearch.language import message as _


def near_findings(name: str, findings: Iterable[str]) -> str | None:
    """Up to three ids of findings that a misspelt one may have meant.

    >>> near_findings("churn.raet", ["churn.rate", "trend.units_last_year"])
    'churn.rate'
    """
    return ", ".join(get_close_matches(name, list(findings), n=3, cutoff=0.6)) or None


def caveats_of_unknown(unknown: pd.DataFrame, row_id: str) -> list[Text]:
    """What readers are told of rows whose finding is not there.

    Parameters
    ----------
    unknown : DataFrame
        A row per finding not found or without a value: finding, near (as `near_findings` gives it)
        and the id of the row
        that names it.
    row_id : str
        Column of that id.

    Returns
    -------
    list of Text
        One caveat for each with near matches, one for all the rest.
    """
    misspelt = unknown["near"].notna()
    caveats: list[Text] = [
        _(
            "{row}: no study exported the finding “{finding}”; near matches: {near}.",
            row=row,
            finding=finding,
            near=near,
        )
        for row, finding, near in unknown.loc[misspelt, [row_id, "finding", "near"]].itertuples(
            index=False
        )
    ]
    rest = unknown.loc[~misspelt, ["finding", row_id]]
    if len(rest):
        names = ", ".join(f"{finding} ({row})" for finding, row in rest.itertuples(index=False))
        caveats.append(
            _(
                "These findings are not there, or have no value, so nothing can be judged "
                "by them: {names}.",
                names=names,
            )
        )
    return caveats
