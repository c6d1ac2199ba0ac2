"""Link records that speak of the same thing."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.data.linkage.cleaning import clean_records, keep_fields
from kamresearch.data.linkage.clusters import cluster_pairs
from kamresearch.data.linkage.kinds import Field, infer_fields
from kamresearch.data.linkage.model import LEAST_PROBABILITY, NO_PAIRS, Scored, score_records
from kamresearch.data.linkage.redundancy import drop_redundant
from kamresearch.data.linkage.result import LinkResult
from kamresearch.errors import DataError, first_offenders
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _

DOUBTFUL = (0.1, 0.9)
LARGE_CLUSTER = 200
MOST_DOUBT = 2
"""Doubtful pairs for each record beyond which nobody could read the review."""


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
        What people know better: pairs that belong together, and pairs that never do (two
        firms that bear one name).
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
    together, apart = _places(same, place), _places(not_same, place)
    fields, cleaned = _prepare(body)
    copies = _Copies.of(cleaned, {row for pair in together | apart for row in pair})
    scored = (
        score_records(cleaned.iloc[copies.first].assign(unique_id=range(len(copies.first))), fields)
        if fields and len(body) > 1
        else Scored(NO_PAIRS, np.ones(len(copies.first)))
    )
    alone = copies.spread(scored)
    alone = _overrule(alone, together, apart)
    labels = copies.label(
        cluster_pairs(
            _overrule(scored.pairs, copies.places(together), copies.places(apart)),
            len(copies.first),
            threshold,
            copies.places(apart),
            copies.places(together),
        ),
        scored.equal >= threshold,
    )
    values = ids.to_numpy()
    clusters = pd.Series(
        values[labels],
        index=frame.index if not id_column else pd.Index(values, name=id_column),
        name="cluster_id",
    )
    pairs = _with_clusters(alone, labels, threshold).sort_values(
        ["probability", "left", "right"], ascending=[False, True, True], ignore_index=True
    )
    review = _doubtful(pairs[copies.told_once(pairs)], threshold)
    named = {"left": lambda t: values[t["left"]], "right": lambda t: values[t["right"]]}
    reason = _say_nothing_found(frame, fields, pairs, threshold)
    if len(review) > max(MOST_DOUBT * len(frame), int(pairs["together"].sum())):
        reason = _(
            "{n} pairs of {records} records are doubtful, more than are found: {columns} do not "
            "tell records apart, and nothing is linked. Add a column that does (a tax number, a "
            "telephone, an address).",
            n=Quantity(len(review), "count"),
            records=Quantity(len(frame), "count"),
            columns=_columns(fields),
        )
        pairs, review = pairs.head(0), review.head(0)
        clusters = pd.Series(values, index=clusters.index, name=clusters.name)
    pairs, review = pairs.assign(**named), review.assign(**named)
    return LinkResult(pairs, clusters, review, fields, threshold, reason)


def _prepare(body: pd.DataFrame) -> tuple[tuple[Field, ...], pd.DataFrame]:
    fields = infer_fields(body)
    cleaned = clean_records(body, fields)
    kept = drop_redundant(cleaned, fields)
    return tuple(fields[place] for place in kept), keep_fields(cleaned, kept)


@dataclass(frozen=True)
class _Copies:
    """Records whose comparable values are all equal, taken as one: a hundred copies of a name are
    compared once, and say nothing about how common it is.
    """

    first: np.ndarray
    """the first row of each group of copies"""
    group: np.ndarray
    """row → its group"""

    @classmethod
    def of(cls, cleaned: pd.DataFrame, never: set[int]) -> "_Copies":
        """Groups of a cleaned table; rows that people decided about stay alone."""
        derived = [name for name in cleaned if name.endswith(("_words", "_tokens"))]
        keys = cleaned.drop(columns=["unique_id", *derived])
        rows = np.arange(len(cleaned))
        single = keys.isna().all(axis=1).to_numpy() | np.isin(rows, list(never))
        keys = keys.assign(single=np.where(single, rows, -1))
        group = keys.groupby(list(keys), dropna=False, sort=False).ngroup().to_numpy()
        _numbers, first = np.unique(group, return_index=True)
        return cls(first, group)

    def told_once(self, pairs: pd.DataFrame) -> pd.Series:
        """Whether a pair is of two groups' first rows, or of copies: the others ask the same
        question again.
        """
        left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
        one, two = self.group[left], self.group[right]
        firsts = (self.first[one] == left) & (self.first[two] == right)
        return pd.Series(firsts | (one == two) & (self.first[one] == left), index=pairs.index)

    def places(self, pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
        """Pairs of rows → pairs of groups."""
        return {in_order(int(self.group[a]), int(self.group[b])) for a, b in pairs}

    def label(self, labels: np.ndarray, equal: np.ndarray) -> np.ndarray:
        """Clusters of groups → clusters of rows; copies that say too little stay apart."""
        rows = np.arange(len(self.group))
        is_first = self.first[self.group] == rows
        found = self.first[labels[self.group]]
        return np.where(is_first | equal[self.group], found, rows)

    def spread(self, scored: Scored) -> pd.DataFrame:
        """Pairs of groups → pairs of their rows, and the pairs of copies."""
        rows = pd.DataFrame({"row": np.arange(len(self.group)), "group": self.group})
        sizes = np.bincount(self.group)
        rows = rows[
            (sizes[rows["group"]] <= LARGE_CLUSTER) | (self.first[rows["group"]] == rows["row"])
        ]
        kept = scored.pairs[scored.pairs["probability"] >= LEAST_PROBABILITY]
        whole = kept.merge(
            rows.rename(columns={"row": "left_row", "group": "left"}), on="left", validate="m:m"
        ).merge(
            rows.rename(columns={"row": "right_row", "group": "right"}), on="right", validate="m:m"
        )
        twice = rows[sizes[rows["group"]] > 1]
        copies = twice.merge(twice, on="group", suffixes=("_left", "_right"), validate="m:m")
        copies = copies[copies["row_left"] < copies["row_right"]]
        one, two = whole["left_row"].to_numpy(), whole["right_row"].to_numpy()
        return pd.DataFrame(
            {
                "left": np.append(np.minimum(one, two), copies["row_left"]),
                "right": np.append(np.maximum(one, two), copies["row_right"]),
                "weight": np.append(whole["weight"], np.zeros(len(copies))),
                "probability": np.append(whole["probability"], scored.equal[copies["group"]]),
            }
        ).astype({"left": "int64", "right": "int64"})


def _columns(fields: tuple[Field, ...]) -> str:
    return ", ".join(dict.fromkeys(str(field.column) for field in fields))


def _say_nothing_found(
    frame: pd.DataFrame, fields: tuple[Field, ...], pairs: pd.DataFrame, threshold: float
) -> Message | None:
    """Why no pair was found; None where one was."""
    if pairs["together"].any():
        return None
    if len(frame) < 2:
        return _("Fewer than two records: there is nothing to link.")
    if not fields:
        return _(
            "No column can be compared: each is nearly empty, holds one value, or only numbers the "
            "records."
        )
    columns = _columns(fields)
    if pairs.empty:
        return _(
            "No two records are alike enough in {columns} to be worth a comparison.",
            columns=columns,
        )
    return _(
        "Of {n} pairs that were alike in {columns}, none reaches a probability of {threshold}; the "
        "likeliest has {best}.",
        n=Quantity(len(pairs), "count"),
        columns=columns,
        threshold=Quantity(threshold, "probability"),
        best=Quantity(float(pairs["alone"].max()), "probability"),
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
    return {in_order(int(place[left]), int(place[right])) for left, right in pairs}


def in_order(one: int, two: int) -> tuple[int, int]:
    """A pair, the smaller first."""
    return (one, two) if one <= two else (two, one)


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
