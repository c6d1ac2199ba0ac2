"""Scoring: each prediction come due beside what came, and beside its simple rival."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kamresearch.analysis.record.outcomes import DEFINITIONS, IN_MONEY, OUTCOMES
from kamresearch.analysis.record.predictions import COLUMNS
from kamresearch.data.answers import answering
from kamresearch.data.tables import Tables
from kamresearch.errors import DataError
from kamresearch.language import Text
from kamresearch.language import message as _

REASONS: dict[str, Text] = {
    "not_due": _("not due yet"),
    "untold": _("the data tell no outcome"),
    "data_short": _("the data end before it was due"),
    "unknown_rule": _("its outcome is no longer defined"),
    "no_table": _("the table that would tell its outcome is missing"),
    "other_currency": _("it speaks of another currency"),
    "unknown_account": _("its account is not in the data: renamed, merged, or of another company"),
    "other_definition": _("what counts as its outcome is defined otherwise now"),
    "account_changed": _(
        "the orders of its account before the day of issue are no longer those it rested on: "
        "merged, split, or given another key"
    ),
    "data_changed": _("the data before the day of issue are no longer those it rested on"),
}
"""Why a prediction is left out of the record."""
MOST_CHANGED = 0.01
"""Share by which the revenue before the day of issue may differ from what was known then."""
MOST_CHANGED_OF_ACCOUNT = 0.05
"""The same for one account: a corrected order is no other account, a merger is."""
_SMALL = 1e-6
"""Probabilities are held this far from 0 and 1 in the log score, so that one miss stays finite."""


@dataclass(frozen=True)
class Scores:
    """Predictions scored, and those left out.

    Parameters
    ----------
    frame : DataFrame
        One row a prediction come due: the columns of a prediction, actual, error (value less
        actual; of a bounded probability actual is 1 where the outcome lay inside), score,
        rival_score (lower is better: Brier for a probability, interval score for an interval,
        pinball loss for a quantile, absolute error for a point; missing for a list), log_score,
        covered (of a quantile: came out at or below it).
    left_out : DataFrame
        prediction, reason, n: those that were not scored.
    as_of : Timestamp
        The day of scoring.
    """

    frame: pd.DataFrame
    left_out: pd.DataFrame
    as_of: pd.Timestamp = field(default=pd.NaT)


def score(predictions: pd.DataFrame, tables: Tables, as_of: str) -> Scores:
    """How did each prediction do that has come due?

    Sealed predictions and later data → one row a prediction come due, beside its rival.

    Parameters
    ----------
    predictions : DataFrame
        With the columns of `kamresearch.analysis.record.predictions.COLUMNS`; of one company.
        ``known_revenue`` (revenue of all orders up to the day of issue, as known then), where
        given, tells data that have lost or changed their past; ``known_account_revenue`` the same
        of the account, so that one merged or given another's key is not taken for it.
    tables : kamresearch.data.tables.Tables
        Data as they are now: a corrected past counts as corrected.
    as_of : str
        Nothing later is seen; what is due later is not scored.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        A column of a prediction is missing.

    Notes
    -----
    Brier score (p − o)²; interval score of Gneiting and Raftery (2007), width + 2/α × distance
    outside; pinball loss max(τ(y − q), (τ − 1)(y − q)); absolute error. Each is proper for its
    form.
    """
    if predictions.empty:
        return Scores(_add_scores(make_empty()), _none_left(), pd.Timestamp(as_of))
    missing = [name for name in COLUMNS if name not in predictions]
    if missing:
        raise DataError(
            "predictions", "the columns of a prediction", f"no {missing}", "see COLUMNS"
        )
    day = pd.Timestamp(as_of)
    frame = predictions.reset_index(drop=True).copy()
    why = _why_left_out(frame, tables, day)
    kept = frame[why == ""].copy()
    kept["actual"] = np.nan
    for (issued, due, outcome), group in kept.groupby(["issued", "due", "outcome"], sort=True):
        came = OUTCOMES[outcome][0](tables, issued.date(), due.date())
        actual = group["account_id"].map(came)
        # Whom a rule does not name did nothing; where it names one without a value, nobody knows.
        kept.loc[group.index, "actual"] = actual.where(group["account_id"].isin(came.index), 0.0)
    untold = kept["actual"].isna()
    why[kept.index[untold]] = "untold"
    kept = _settle_bounds(kept[~untold].copy())
    left = frame.assign(reason=why)[why != ""]
    left = left.groupby(["prediction", "reason"], sort=True).size().rename("n").reset_index()
    return Scores(_add_scores(kept), left, day)


def _settle_bounds(frame: pd.DataFrame) -> pd.DataFrame:
    """Probabilities of an outcome between bounds: whether it came out there."""
    bounded = (frame["form"] == "probability") & (frame["low"].notna() | frame["high"].notna())
    low, high = frame["low"].fillna(-np.inf), frame["high"].fillna(np.inf)
    inside = frame["actual"].between(low, high).astype(float)
    frame["actual"] = inside.where(bounded, frame["actual"])
    return frame


def make_empty() -> pd.DataFrame:
    """No prediction, with every column of a scored one."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()}).assign(
        actual=pd.Series(dtype=float)
    )


def _none_left() -> pd.DataFrame:
    return pd.DataFrame(columns=["prediction", "reason", "n"])


def _why_left_out(frame: pd.DataFrame, tables: Tables, day: pd.Timestamp) -> pd.Series:
    """The first reason against each row; empty where it is scored."""
    why = pd.Series("", frame.index)

    def mark(rows: pd.Series, reason: str) -> None:
        why[rows & (why == "")] = reason

    orders = tables.orders
    with answering(tables.source):
        last = pd.Timestamp(orders.order_date.max().to_pandas())
        known = set(tables.accounts.account_id.to_pandas().astype(str))
    mark(frame["due"] > day, "not_due")
    mark(~frame["outcome"].isin(list(OUTCOMES)), "unknown_rule")
    apart = [
        rule in DEFINITIONS and told not in DEFINITIONS[rule]
        for rule, told in zip(frame["outcome"], frame["definition"], strict=True)
    ]
    mark(pd.Series(apart, frame.index), "other_definition")
    untold = [name for name, (_rule, table) in OUTCOMES.items() if not tables.has(table)]
    mark(frame["outcome"].isin(untold), "no_table")
    in_money = frame["outcome"].isin(list(IN_MONEY)) & (frame["currency"] != "")
    mark(in_money & (frame["currency"] != str(tables.currency or "")), "other_currency")
    mark((frame["account_id"] != "") & ~frame["account_id"].isin(known), "unknown_account")
    # A few days without an order at the end are no gap; a month is.
    mark(frame["due"] > last + pd.Timedelta(days=31), "data_short")
    company, account = _past_changed(frame, tables)
    mark(company, "data_changed")
    mark(account, "account_changed")
    return why


def _past_changed(frame: pd.DataFrame, tables: Tables) -> tuple[pd.Series, pd.Series]:
    """Rows whose company's, and whose account's, revenue up to the day of issue is not what it
    was.
    """
    company, account = pd.Series(False, frame.index), pd.Series(False, frame.index)
    if "known_revenue" not in frame:
        return company, account
    for issued, rows in frame.groupby("issued", sort=True):
        by_account = _revenue_upto(tables, issued)
        known = rows["known_revenue"]
        company[rows.index] = (by_account.sum() - known).abs() > MOST_CHANGED * known.abs()
        if "known_account_revenue" in rows:
            known = rows["known_account_revenue"].where(rows["account_id"] != "")
            seen = rows["account_id"].map(by_account).fillna(0.0)
            apart = (seen - known).abs()
            account[rows.index] = apart > (MOST_CHANGED_OF_ACCOUNT * known.abs()).clip(lower=0.01)
    return company, account


def _revenue_upto(tables: Tables, day: pd.Timestamp) -> pd.Series:
    orders = tables.orders
    upto = orders.filter(orders.order_date <= day.date())
    with answering(tables.source):
        sums = upto.group_by("account_id").agg(revenue=upto.revenue.sum()).to_pandas()
    return sums.set_index(sums["account_id"].astype(str))["revenue"].fillna(0.0)


def _add_scores(frame: pd.DataFrame) -> pd.DataFrame:
    value, actual, rival = frame["value"], frame["actual"], frame["rival_value"]
    form = frame["form"]
    frame["error"] = value - actual
    frame["score"] = frame["rival_score"] = frame["log_score"] = np.nan
    frame["covered"] = pd.Series(pd.NA, frame.index, dtype="boolean")
    chance = form == "probability"
    frame.loc[chance, "score"] = (value - actual)[chance] ** 2
    frame.loc[chance, "rival_score"] = (rival - actual)[chance] ** 2
    told = value.clip(_SMALL, 1 - _SMALL)
    log_score = -np.log(np.where(actual > 0, told, 1 - told))
    frame.loc[chance, "log_score"] = log_score[chance.to_numpy()]
    interval = (form == "interval") & frame["low"].notna() & frame["high"].notna()
    low, high = frame["low"], frame["high"]
    outside = (low - actual).clip(lower=0) + (actual - high).clip(lower=0)
    penalised = (high - low) + 2 / (1 - frame["level"]) * outside
    frame.loc[interval, "score"] = penalised[interval]
    frame.loc[interval, "covered"] = (outside == 0)[interval]
    quantile = form == "quantile"
    for told, name in ((value, "score"), (rival, "rival_score")):
        frame.loc[quantile, name] = pinball_loss(actual, told, frame["level"])[quantile]
    frame.loc[quantile, "covered"] = (actual <= value)[quantile]
    point = (form == "point") | ((form == "interval") & ~interval)
    frame.loc[point, "score"] = (value - actual).abs()[point]
    frame.loc[point, "rival_score"] = (rival - actual).abs()[point]
    return frame


def pinball_loss(actual: pd.Series, told: pd.Series, level: pd.Series) -> pd.Series:
    """What a quantile pays: its level for each unit above it, the rest for each unit below."""
    above = actual - told
    return np.maximum(level * above, (level - 1) * above)
