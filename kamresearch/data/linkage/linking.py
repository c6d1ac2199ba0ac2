"""Link records that speak of the same thing."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from kamresearch.data.linkage.cleaning import clean_records, keep_fields
from kamresearch.data.linkage.clusters import cluster_pairs
from kamresearch.data.linkage.kinds import Field, infer_fields
from kamresearch.data.linkage.model import LEAST_PROBABILITY, score_records
from kamresearch.data.linkage.redundancy import drop_redundant
from kamresearch.data.linkage.result import LinkResult
from kamresearch.errors import DataError, first_offenders

DOUBTFUL = (0.1, 0.9)
LARGE_CLUSTER = 200


def link(
    frame: pd.DataFrame,
    *,
    id_column: str | None = None,
    threshold: float = 0.5,
    same: Iterable[tuple] = (),
    not_same: Iterable[tuple] = (),
    ignore: Iterable[str] = (),
) -> LinkResult:
    """Which records speak of the same account (or person)?

    Records with any columns → pairs with a probability, clusters, and a list for review. Kinds of
    columns, blocking
    rules and weights are read from the records; nobody writes a comparison.

    Parameters
    ----------
    frame : DataFrame
        One row per record; columns such as name, address, tax number, telephone, date of birth.
        Everything is text.
    id_column : str, optional
        Column of the records' ids; the frame's index otherwise. Ids must be unique.
    threshold : float
        Probability (0–1) from which two records count as the same.
    same, not_same : pairs of record ids
        What people know better: pairs that belong together, and pairs that never do (AB Volvo,
        Volvo Car).
    ignore : names of columns
        Columns to leave out.

    Returns
    -------
    LinkResult

    Raises
    ------
    DataError
        Ids are not unique, or a pair names an unknown id.

    Notes
    -----
    Fellegi–Sunter model, learnt by expectation maximisation without labels [1]_; clusters by
    average linkage of the
    log odds, because transitive closure joins everything that one bad pair connects. A pair's
    probability is read
    together with its clusters. It does not show that two
    records *are* one account: the review list holds what a person should decide.

    References
    ----------
    .. [1] Fellegi, I. P. and Sunter, A. B. (1969). A theory for record linkage. JASA 64 (328),
    1183–1210.
    """
    ids = frame[id_column] if id_column else frame.index.to_series()
    if ids.duplicated().any():
        raise DataError(
            "records to link",
            "a unique id per record",
            first_offenders(ids[ids.duplicated()]),
            "number the records, or pass another id_column",
        )
    body = frame.drop(columns=[id_column] if id_column else []).drop(columns=list(ignore))
    place = pd.Series(range(len(ids)), index=ids.to_numpy())
    fields = infer_fields(body)
    scored, fields = _score(body, fields) if fields and len(body) > 1 else (_no_pairs(), fields)
    together, apart = _places(same, place), _places(not_same, place)
    scored = _overrule(scored, together, apart)
    labels = cluster_pairs(scored, len(ids), threshold, apart, together)
    values = ids.to_numpy()
    clusters = pd.Series(
        values[labels],
        index=frame.index if not id_column else pd.Index(values, name=id_column),
        name="cluster_id",
    )
    pairs = _with_clusters(scored, labels, threshold).sort_values(
        ["probability", "left", "right"], ascending=[False, True, True], ignore_index=True
    )
    review = _doubtful(pairs, threshold)
    named = {"left": lambda t: values[t["left"]], "right": lambda t: values[t["right"]]}
    return LinkResult(pairs.assign(**named), clusters, review.assign(**named), fields, threshold)


def _score(body: pd.DataFrame, fields: tuple[Field, ...]) -> tuple[pd.DataFrame, tuple[Field, ...]]:
    cleaned = clean_records(body, fields)
    kept = drop_redundant(cleaned, fields)
    return score_records(keep_fields(cleaned, kept), tuple(fields[place] for place in kept)), tuple(
        fields[i] for i in kept
    )


def _no_pairs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "left": pd.Series(dtype="int64"),
            "right": pd.Series(dtype="int64"),
            "weight": pd.Series(dtype="float64"),
            "probability": pd.Series(dtype="float64"),
        }
    )


def _places(pairs: Iterable[tuple], place: pd.Series) -> set[tuple[int, int]]:
    pairs = list(pairs)
    unknown = [one for pair in pairs for one in pair if one not in place.index]
    if unknown:
        raise DataError(
            "pairs of records",
            "ids of the records",
            first_offenders(unknown),
            "correct the list of overrides",
        )
    return {tuple(sorted((int(place[left]), int(place[right])))) for left, right in pairs}


def _overrule(scored: pd.DataFrame, together: set, apart: set) -> pd.DataFrame:
    """What people decided stands: probability one or nought."""
    if not together and not apart:
        return scored
    pairs = list(zip(scored["left"], scored["right"]))
    probability = [
        1.0 if pair in together else 0.0 if pair in apart else value
        for pair, value in zip(pairs, scored["probability"])
    ]
    missing = sorted(together - set(pairs))
    added = pd.DataFrame(missing, columns=["left", "right"]).assign(weight=30.0, probability=1.0)
    whole = scored.assign(probability=probability)
    return pd.concat([whole, added.astype(whole.dtypes)], ignore_index=True) if missing else whole


def _with_clusters(scored: pd.DataFrame, labels: np.ndarray, threshold: float) -> pd.DataFrame:
    """Pairs read together with their clusters: inside one from the threshold upwards, across two
    below it.

    ``alone`` keeps the pair's own probability. Pairs that no rule brought together but that share a
    cluster are added.
    """
    kept = scored[scored["probability"] >= LEAST_PROBABILITY]
    inside = _pairs_inside(labels)
    whole = kept.merge(inside, on=["left", "right"], how="outer", validate="1:1", sort=False)
    alone = whole["probability"].fillna(0.0)
    together = labels[whole["left"].to_numpy()] == labels[whole["right"].to_numpy()]
    moved = np.where(together, threshold + (1 - threshold) * alone, 0.98 * threshold * alone)
    return whole.assign(probability=moved, alone=whole["probability"], together=together)


def _pairs_inside(labels: np.ndarray) -> pd.DataFrame:
    """Every pair of rows that share a cluster; very large clusters bring only the pairs that
    were scored.
    """
    rows = pd.DataFrame({"row": np.arange(len(labels)), "label": labels})
    sizes = rows.groupby("label", sort=True)["row"].transform("size")
    rows = rows[(sizes > 1) & (sizes <= LARGE_CLUSTER)]
    both = rows.merge(rows, on="label", suffixes=("_left", "_right"), validate="m:m")
    both = both[both["row_left"] < both["row_right"]]
    return both.rename(columns={"row_left": "left", "row_right": "right"})[["left", "right"]]


def _doubtful(pairs: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Pairs that a person should look at: uncertain, or at odds with the rest of their clusters."""
    alone, together = pairs["alone"].fillna(0.0), pairs["together"]
    low, high = DOUBTFUL
    why = pd.Series("", index=pairs.index).mask((alone > low) & (alone < high), "uncertain")
    why = why.mask((alone >= threshold) & ~together, "split").mask(
        pairs["alone"].notna() & (alone < threshold) & together, "joined"
    )
    review = pairs.assign(probability=alone, why=why)
    return review.loc[why != "", ["left", "right", "probability", "together", "why"]].reset_index(
        drop=True
    )
