"""RFM and its kin: what each account's buying looks like, scored 1 to 5 with the cut points
shown.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import keep_present
from kamresearch.finding import Finding
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

MEASURES = {
    "days_since_last_order": (_("Days since the last order"), "days", False),
    "n_orders_12m": (_("Orders in twelve months"), "orders", True),
    "revenue_12m": (_("Revenue in twelve months"), "money", True),
    "tenure_days": (_("Days as an account"), "days", True),
    "gap_variation": (_("Irregularity of gaps between orders"), "ratio", False),
    "trend_12m": (_("Trend of the last twelve months"), "share", True),
    "n_products_12m": (_("Products bought in twelve months"), "count", True),
    "share_of_wallet_12m": (_("Share of wallet"), "share", True),
}
"""Measure → head, unit, whether more is better."""

HABITS = {
    "regular": _("orders on a rhythm"),
    "irregular": _("orders often, without rhythm"),
    "occasional": _("orders now and then"),
    "silent": _("no order in twelve months"),
    "new": _("no order yet"),
}
"""Buying habits by rule."""


@dataclass(frozen=True)
class BuyingProfile(Result):
    """Every account's measures, scores and buying habit."""

    exports = ("segmentation.n_without_orders",)
    shows = (Shown("segmentation.rfm_cuts", "table"),)

    frame: pd.DataFrame
    """account_id, the measures, ``score_<measure>`` (1 to 5, NA where unknown), rfm (text such
    as 5-4-5), habit
    """
    cuts: pd.DataFrame
    """measure, cut_1 … cut_4, n_known, more_is_better"""
    n_without_orders: int

    def findings(self) -> list[Finding]:
        """How many accounts never ordered."""
        return [
            Finding(
                "segmentation.n_without_orders",
                self.n_without_orders,
                "accounts",
                _("Accounts without an order"),
                _(
                    "Accounts known by the as-of date that had no order by then; they "
                    "stay, without scores."
                ),
                n=len(self.frame),
                good="down",
            )
        ]

    def table(self) -> Table:
        """Where each score begins."""
        frame = self.cuts.copy()
        terms = {name: label for name, (label, _unit, _more) in MEASURES.items()}
        return make_table(
            "segmentation.rfm_cuts",
            _("Where the scores begin"),
            frame,
            Column("measure", _("Measure"), terms=terms),
            Column("more_is_better", _("More is better"), "flag"),
            *(
                Column(f"cut_{i}", _("Between {low} and {high}", low=i, high=i + 1), "score")
                for i in (1, 2, 3, 4)
            ),
            Column("n_known", _("Accounts"), "accounts"),
            caption=_(
                "A value equal to a cut point belongs to the lower of the two scores; "
                "equal values always get equal scores, "
                "so classes may differ in size."
            ),
        )


def score_rfm(snapshot: pd.DataFrame) -> BuyingProfile:
    """What does each account's buying look like?

    Parameters
    ----------
    snapshot : DataFrame
        One row per account, as `kamresearch.account_snapshot` gives it.

    Notes
    -----
    Cut points are the quintiles over accounts with an order. Equal values get equal scores whatever
    the order of rows.
    Accounts without an order get no score.
    """
    snapshot = keep_present(snapshot)
    frame = pd.DataFrame({"account_id": snapshot["account_id"].to_numpy()})
    ordered = _number(snapshot, "days_since_last_order").notna().to_numpy()
    measures = _measures(snapshot)
    cuts = []
    for name, (_label, _unit, more) in MEASURES.items():
        values = measures[name].where(pd.Series(ordered))
        frame[name] = values
        scores, edges = score_quintiles(values.to_numpy(float), more)
        frame[f"score_{name}"] = scores
        cuts.append((name, *edges, int(values.notna().sum()), more))
    columns = ["measure", "cut_1", "cut_2", "cut_3", "cut_4", "n_known", "more_is_better"]
    rfm = ["score_days_since_last_order", "score_n_orders_12m", "score_revenue_12m"]
    known = frame[rfm].notna().all(axis=1)
    frame["rfm"] = [
        "-".join(f"{v:.0f}" for v in row) if ok else None
        for row, ok in zip(frame[rfm].to_numpy(), known, strict=True)
    ]
    frame["habit"] = name_habits(snapshot)
    return BuyingProfile(frame, pd.DataFrame(cuts, columns=columns), int((~ordered).sum()))


def score_quintiles(values: np.ndarray, more_is_better: bool = True) -> tuple[np.ndarray, tuple]:
    """Scores 1 to 5 by the quintiles of the known values, and the four cut points, from scores 1|2
    to 4|5.

    >>> score_quintiles(np.array([1.0, 1.0, 1.0, 1.0, 9.0]))[0].tolist()
    [1.0, 1.0, 1.0, 1.0, 5.0]
    """
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(values), np.nan), (np.nan,) * 4
    signed = values if more_is_better else -values
    edges = np.quantile(signed[known], [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
    scores = np.where(known, 1.0 + np.searchsorted(edges, signed, side="left"), np.nan)
    return scores, tuple(edges if more_is_better else -edges)


def name_habits(snapshot: pd.DataFrame) -> np.ndarray:
    """Buying habit of each account by rule: how many orders in twelve months, and how even the
    gaps.

    ``regular``: at least 4 orders, gaps' standard deviation at most 0.7 of their mean;
    ``irregular``: at least 4;
    ``occasional``: 1 to 3; ``silent``: none in twelve months; ``new``: none ever.
    """
    n = _number(snapshot, "n_orders_12m").fillna(0).to_numpy(float)
    variation = _variation(snapshot).to_numpy(float)
    ever = _number(snapshot, "days_since_last_order").notna().to_numpy()
    with np.errstate(invalid="ignore"):
        choices = [~ever, n == 0, n < 4, variation <= 0.7]
    return np.select(choices, ["new", "silent", "occasional", "regular"], "irregular")


def _measures(snapshot: pd.DataFrame) -> pd.DataFrame:
    """The eight measures as numbers."""
    monthly = _number(snapshot, "revenue_12m") / 12
    frame = pd.DataFrame({name: _number(snapshot, name) for name in MEASURES if name in snapshot})
    frame["gap_variation"] = _variation(snapshot)
    # slope a month × 12 months, against the mean month: +1 means that the year ended one mean month
    # above its start
    frame["trend_12m"] = (
        _number(snapshot, "revenue_slope_12m") * 12 / monthly.where(monthly > 0)
    ).clip(-5, 5)
    return frame.reindex(columns=list(MEASURES)).reset_index(drop=True)


def _variation(snapshot: pd.DataFrame) -> pd.Series:
    mean = _number(snapshot, "days_between_orders_mean")
    return _number(snapshot, "days_between_orders_sd") / mean.where(mean > 0)


def _number(snapshot: pd.DataFrame, name: str) -> pd.Series:
    if name not in snapshot:
        return pd.Series(np.nan, index=snapshot.index)
    return pd.to_numeric(snapshot[name]).astype("Float64").astype(float)
