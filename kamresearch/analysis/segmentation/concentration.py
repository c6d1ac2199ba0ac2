"""Concentration: how much of revenue or profit hangs on how few accounts, and whether it is
really 80/20.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import require_present
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

SMALL = 50
"""Accounts below which a share of the top fifth rests on fewer than ten accounts."""


@dataclass(frozen=True)
class Concentration(Result, frame="curve"):
    """Shares, Gini and HHI of one year's revenue, and the whale curve of profit where cost is
    given.
    """

    exports = (
        "segmentation.n_accounts",
        "segmentation.top_fifth_share",
        "segmentation.top1_share",
        "segmentation.top5_share",
        "segmentation.gini",
        "segmentation.hhi",
        "segmentation.eighty_twenty_p_value",
        "segmentation.n_loss_makers",
    )
    shows = (Shown("segmentation.concentration"),)

    period: tuple[str, str]
    basis: str
    """What the curve and the top shares speak of: ``profit`` or ``revenue``."""
    n_accounts: int
    n_active: int
    """Accounts with revenue or cost in the period: only these make the curve and the shares"""
    curve: pd.DataFrame
    """rank, account_id, value, share_of_accounts, cumulative_share (largest first; profit may
    pass 1 and fall back)
    """
    measures: pd.DataFrame
    """measure, value; of revenue unless named ``_basis``"""
    p_eighty_twenty: float | None
    n_loss_makers: int | None
    caveats: tuple = ()

    def value(self, measure: str) -> float | None:
        """One measure: gini, hhi, top_1, top_5, top_10, top_fifth, top_fifth_basis."""
        found = self.measures.loc[self.measures["measure"] == measure, "value"]
        return None if found.empty or not np.isfinite(found.iloc[0]) else float(found.iloc[0])

    def findings(self) -> list[Finding]:
        """Number of accounts, top shares, Gini, HHI, and the test of 80/20."""
        return [
            self._count(),
            *[self._measure(*row) for row in _measure_rows(self.basis)],
            self._test(),
            self._losses(),
        ]

    def _count(self) -> Finding:
        return Finding(
            "segmentation.n_accounts",
            self.n_accounts,
            "accounts",
            _("Accounts"),
            _("Accounts known by the as-of date, with or without orders."),
            n=self.n_accounts,
            period=self.period,
        )

    def _measure(
        self, name: str, measure: str, unit: str, label: Message, definition: Message
    ) -> Finding:
        value = self.value(measure)
        sentence = None
        if name == "top_fifth_share" and value is not None:
            sentence = self._sentence(value)
        return Finding(
            f"segmentation.{name}",
            value,
            unit,
            label,
            definition,
            n=self.n_active,
            period=self.period,
            good="neither" if name == "top_fifth_share" else "down",
            figure="segmentation.concentration",
            sentence=sentence,
            headline=name == "top_fifth_share",
            reason=None if value is not None else _NO_TOTAL,
        )

    def _sentence(self, value: float) -> Message:
        parts = {"share": Quantity(value, "share"), "n": Quantity(self.n_active, "accounts")}
        if self.basis == "profit" and value > 1:
            return _(
                "The largest fifth of the {n} accounts that ordered brings {share} of the profit: "
                "more than all of it, since some lose money ({losers}).",
                losers=Quantity(self.n_loss_makers or 0, "accounts"),
                **parts,
            )
        if self.basis == "profit":
            return _(
                "The largest fifth of the {n} accounts that ordered brings {share} of the profit.",
                **parts,
            )
        return _(
            "The largest fifth of the {n} accounts that ordered brings {share} of the revenue.",
            **parts,
        )

    def _test(self) -> Finding:
        return Finding(
            "segmentation.eighty_twenty_p_value",
            self.p_eighty_twenty,
            "p_value",
            _("Is it 80/20? p-value"),
            _(
                "Two-sided bootstrap test that the top fifth's share (of what the curve "
                "shows) is 80%; small values speak against it."
            ),
            n=self.n_active,
            period=self.period,
            figure="segmentation.concentration",
            reason=None if self.p_eighty_twenty is not None else _NO_TOTAL,
        )

    def _losses(self) -> Finding:
        return Finding(
            "segmentation.n_loss_makers",
            self.n_loss_makers,
            "accounts",
            _("Accounts that cost more than they bring"),
            _("Accounts with negative profit over twelve months (revenue less cost)."),
            n=self.n_active,
            period=self.period,
            good="down",
            figure="segmentation.concentration",
            reason=None if self.n_loss_makers is not None else _("The orders carry no cost."),
        )

    def table(self) -> Table:
        """The curve, account by account."""
        return make_table(
            "segmentation.curve",
            _("Accounts from the largest down"),
            self.curve,
            Column("rank", _("Rank"), "count"),
            "account_id",
            Column("value", _("Profit") if self.basis == "profit" else _("Revenue"), "money"),
            Column("share_of_accounts", _("Share of accounts"), "share"),
            Column("cumulative_share", _("Cumulative share"), "share"),
            rows_shown=20,
        )


_NO_TOTAL = _("The accounts' total over the period is not positive, so shares of it say nothing.")


def _measure_rows(basis: str) -> list[tuple]:
    of = _("profit") if basis == "profit" else _("revenue")
    return [
        (
            "top_fifth_share",
            "top_fifth_basis",
            "net_share",
            _("Share of the largest fifth"),
            _(
                "Share of {basis} over twelve months that the largest fifth of the "
                "accounts that ordered brings (Lorenz curve, straight "
                "between accounts).",
                basis=of,
            ),
        ),
        (
            "top1_share",
            "top_1",
            "net_share",
            _("Share of the largest account"),
            _("Largest account's share of revenue over twelve months."),
        ),
        (
            "top5_share",
            "top_5",
            "net_share",
            _("Share of the five largest accounts"),
            _("Five largest accounts' share of revenue over twelve months."),
        ),
        (
            "gini",
            "gini",
            "score",
            _("Gini coefficient"),
            _(
                "Gini coefficient of revenue over twelve months (negative revenue counts "
                "as none): 0 all equal, 1 all with one."
            ),
        ),
        (
            "hhi",
            "hhi",
            "score",
            _("Herfindahl index"),
            _(
                "Sum of the squared shares of revenue: one over it is the number of equal "
                "accounts that would be as concentrated."
            ),
        ),
    ]


def measure_concentration(
    snapshot: pd.DataFrame, as_of: str, random_state: int = 0, n_resamples: int = 1000
) -> Concentration:
    """How much hangs on how few accounts?

    Parameters
    ----------
    snapshot : DataFrame
        One row per account: account_id, revenue_12m and, where cost is known, profit_12m. Lost
        accounts are left out.
    as_of : str
        Day of the snapshot; the period is the 365 days ending there.
    random_state, n_resamples : int
        Of the bootstrap test of 80/20.

    Returns
    -------
    Concentration

    Raises
    ------
    AnalysisError
        There is no account.

    Notes
    -----
    Only accounts with revenue in the period count: dormant ones would make any company look
    concentrated. The shares of a finished list are facts and carry no interval: a bootstrap over
    accounts covered as little as 62 % for the largest account's share where it stated 95 %. Profit
    is used for the curve and the top
    fifth when every account with revenue has a cost; then shares above 100 % mean that some
    accounts lose money.
    """
    snapshot = require_present(snapshot, "segmentation")
    revenue = snapshot["revenue_12m"].fillna(0.0).to_numpy(float)
    profit, basis = profit_where_known(snapshot)
    value = profit if basis == "profit" else revenue
    end = pd.Timestamp(as_of)
    period = ((end - pd.Timedelta(days=364)).date().isoformat(), end.date().isoformat())
    active = (revenue != 0) | (value != 0)
    measures = _measure(np.maximum(revenue, 0.0)[active], value[active])
    p_value = _test_eighty_twenty(value[active], np.random.default_rng(random_state), n_resamples)
    caveats = [
        _(
            "No cost is known for some accounts with revenue, so concentration is of "
            "revenue, not of profit."
        )
    ]
    if basis == "profit":
        caveats = [
            _(
                "Profit is revenue less the cost recorded with the orders; cost that no "
                "order carries is left out."
            )
        ]
    if active.sum() < SMALL:
        caveats.append(
            _(
                "Only {n} accounts: the largest fifth is {few} of them; one account more or "
                "less moves its share.",
                n=int(active.sum()),
                few=Quantity(int(np.ceil(0.2 * active.sum())), "accounts"),
            )
        )
    return Concentration(
        period,
        basis,
        len(revenue),
        int(active.sum()),
        _curve(snapshot["account_id"][active], value[active]),
        measures,
        p_value,
        int((profit < 0).sum()) if basis == "profit" else None,
        tuple(caveats),
    )


def profit_where_known(snapshot: pd.DataFrame) -> tuple[np.ndarray, str]:
    """Profit of twelve months and ``profit``, or revenue and ``revenue`` where an account with
    revenue has no cost.
    """
    revenue = snapshot["revenue_12m"].fillna(0.0).to_numpy(float)
    if "profit_12m" not in snapshot:
        return revenue, "revenue"
    profit = pd.to_numeric(snapshot["profit_12m"]).to_numpy(float, na_value=np.nan)
    known = np.isfinite(profit)
    if not known.any() or (~known & (revenue != 0)).any():
        return revenue, "revenue"
    return np.where(known, profit, 0.0), "profit"


def top_share(value: np.ndarray, share: float = 0.2) -> float:
    """Share of the total that the largest part of the accounts brings, straight between accounts.

    >>> top_share(np.array([8.0, 1.0, 1.0, 0.0, 0.0]))
    0.8
    """
    total = value.sum()
    if not total > 0:
        return float("nan")
    ordered = np.sort(value)[::-1]
    whole = share * len(value)
    full = int(np.floor(whole + 1e-9))
    part = ordered[full] * (whole - full) if full < len(value) else 0.0
    return float((ordered[:full].sum() + part) / total)


def top_count_share(value: np.ndarray, count: int) -> float:
    """Share of the total that the ``count`` largest accounts bring."""
    total = value.sum()
    return float(np.sort(value)[::-1][:count].sum() / total) if total > 0 else float("nan")


def gini(value: np.ndarray) -> float:
    """Gini coefficient of non-negative values.

    >>> gini(np.array([1.0, 1.0, 1.0, 1.0]))
    0.0
    >>> gini(np.array([0.0, 0.0, 0.0, 1.0]))
    0.75
    """
    total = value.sum()
    if not total > 0:
        return float("nan")
    n = len(value)
    ordered = np.sort(value)
    return float(2 * (np.arange(1, n + 1) @ ordered) / (n * total) - (n + 1) / n)


def herfindahl(value: np.ndarray) -> float:
    """Sum of squared shares.

    >>> herfindahl(np.array([1.0, 1.0]))
    0.5
    """
    total = value.sum()
    return float(((value / total) ** 2).sum()) if total > 0 else float("nan")


_MEASURES = {
    "gini": gini,
    "hhi": herfindahl,
    "top_1": lambda v: top_count_share(v, 1),
    "top_5": lambda v: top_count_share(v, 5),
    "top_10": lambda v: top_count_share(v, 10),
    "top_fifth": top_share,
}


def _measure(sold: np.ndarray, value: np.ndarray) -> pd.DataFrame:
    points = {name: measure(sold) for name, measure in _MEASURES.items()}
    points["top_fifth_basis"] = top_share(value)
    return pd.DataFrame({"measure": list(points), "value": list(points.values())})


def _test_eighty_twenty(value: np.ndarray, rng: np.random.Generator, draws: int) -> float | None:
    """Two-sided bootstrap p-value of a top fifth that brings 80 %; None without a total."""
    n = len(value)
    if not n:
        return None
    drawn = np.array([top_share(value[rng.integers(0, n, n)]) for _draw in range(draws)])
    shares = drawn[np.isfinite(drawn)]
    if not np.isfinite(top_share(value)) or not len(shares):
        return None
    below = (1 + (shares <= 0.8).sum()) / (1 + len(shares))
    above = (1 + (shares >= 0.8).sum()) / (1 + len(shares))
    return float(min(1.0, 2 * min(below, above)))


def _curve(ids: pd.Series, value: np.ndarray) -> pd.DataFrame:
    """Accounts from the largest down; ties in the order of their ids."""
    frame = pd.DataFrame({"account_id": ids.to_numpy(), "value": value})
    frame = frame.sort_values(["value", "account_id"], ascending=[False, True], ignore_index=True)
    total = frame["value"].sum()
    n = len(frame)
    return frame.assign(
        rank=np.arange(1, n + 1),
        share_of_accounts=np.arange(1, n + 1) / n,
        cumulative_share=frame["value"].cumsum() / total if total > 0 else np.nan,
    )
