"""Raters: how far each agrees with their own answers, with others, and by department."""

from itertools import combinations

import numpy as np
import pandas as pd

from kamresearch.analysis.swot import ahp, tables
from kamresearch.language import Text
from kamresearch.language import message as _


def rate_raters(wanted: dict, matrices: dict, departments: dict[str, str]) -> pd.DataFrame:
    """Each rater and the group, block by block: answers, consistency ratio, worst triad, the
    answer to revisit.
    """
    groups = {
        (block, "group"): ahp.group_matrix(
            [matrix for (one, _rater), matrix in matrices.items() if one == block]
        )
        for block in {block for block, _rater in matrices}
    }
    order = {block: number for number, block in enumerate(wanted)}
    rows = []
    for (block, rater), matrix in [
        *matrices.items(),
        *sorted(groups.items(), key=lambda group: order[group[0][0]]),
    ]:
        triad, ids = ahp.worst_triad(matrix), wanted[block]
        n_pairs = len(ids) * (len(ids) - 1) // 2
        rows.append(
            {
                "rater": rater,
                "department": departments.get(rater) or None,
                "block": block,
                "n_pairs": n_pairs,
                "n_answered": n_pairs - int(np.isnan(matrix).sum()) // 2,
                "consistency_ratio": ahp.consistency_ratio(matrix),
                "triad": triad and " · ".join(ids[item] for item in triad.items),
                "revisit": triad and f"{ids[triad.revisit[0]]} : {ids[triad.revisit[1]]}",
                "given": triad and triad.given,
                "fitting": triad and triad.fitting,
            }
        )
    return pd.DataFrame(rows, columns=tables.RATER_COLUMNS)


def weigh_by_department(blocks: dict, matrices: dict, departments: dict[str, str]) -> pd.DataFrame:
    """Local weights as each department sees them."""
    rows = []
    for department in sorted({name for name in departments.values() if name}):
        for block, ids in blocks.items():
            chosen = [
                matrix
                for (one, rater), matrix in matrices.items()
                if one == block and departments[rater] == department
            ]
            if chosen:
                weights = ahp.principal_weights(ahp.group_matrix(chosen))[0]
                rows += [
                    {"item_id": item, "department": department, "local": float(weight)}
                    for item, weight in zip(ids, weights, strict=True)
                ]
    return pd.DataFrame(rows, columns=["item_id", "department", "local"])


def measure_agreement(blocks: dict, matrices: dict, raters: list[str]) -> float | None:
    """Mean rank correlation (Spearman) of pairs of raters over the items both weighed, block
    by block.
    """
    from scipy.stats import rankdata

    found = []
    for block, ids in blocks.items():
        judged = [
            rankdata(ahp.principal_weights(matrices[block, rater])[0].round(12))
            for rater in raters
            if (block, rater) in matrices
        ]
        if len(ids) < 3:
            continue
        for one, other in combinations(judged, 2):
            if one.std() > 0 and other.std() > 0:
                found.append(float(np.corrcoef(one, other)[0, 1]))
    return float(np.mean(found)) if found else None


def caveats_of_raters(table: pd.DataFrame, n_raters: int) -> list[Text]:
    """What the number of raters and their contradictions forbid to read into the ranks."""
    caveats: list[Text] = []
    if n_raters < 2:
        caveats.append(_("One rater alone judged: ranks carry no interval."))
    elif n_raters < 8:
        caveats.append(
            _(
                "Only {n} raters judged: ranks are those of these people, not of the company.",
                n=n_raters,
            )
        )
    single = (
        table[table["rater"] != "group"].groupby("rater", sort=False)["consistency_ratio"].max()
    )
    bad = single[single > ahp.ACCEPTABLE]
    if len(bad):
        caveats.append(
            _(
                "{n} of {all} raters contradict themselves beyond the usual mark of "
                "{mark}: {names}.",
                n=len(bad),
                all=len(single),
                mark=ahp.ACCEPTABLE,
                names=tables.join_roles(list(bad.index[:6])),
            )
        )
    return caveats
