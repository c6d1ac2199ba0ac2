"""What accounts gain from us, beside what we gain from them."""

from dataclasses import dataclass

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.features.orders import YEAR
from kamresearch.features.population import keep_present
from kamresearch.features.snapshot import account_snapshot
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

LEAST = 10
NO_TABLE = _("This needs the table “value_delivered”: what an account gained from us, in money.")
NO_YEAR = _("The table “value_delivered” holds nothing of the year to the day.")
FRAME = ["account_id", "account_name", "ours", "given", "confirmed", "balance"]


@dataclass(frozen=True)
class Given(Explained):
    """Value to them and value to us, by account.

    Parameters
    ----------
    frame : DataFrame
        account_id, account_name, ours (profit of the year, revenue where orders carry no cost),
        given (what the account gained, in money), confirmed (the part that it confirmed), balance
        (ours − given): one row per account that is here, the largest balance first.
    """

    exports = ("customer.value_given", "customer.value_confirmed", "customer.n_taking")
    shows = (Shown("customer.value"), Shown("customer.value", "table"))

    frame: pd.DataFrame
    confirmed: float | None
    interval: Interval | None
    n_records: int
    is_profit: bool
    period: tuple[str, str]
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """Value given, the share confirmed, and where we take more than we give."""
        frame, told = self.frame, self.reason is None
        taking = int((frame["balance"] > 0).sum())
        common = {"period": self.period, "reason": self.reason}
        return [
            Finding(
                "customer.value_given",
                float(frame["given"].sum()) if told else None,
                "money",
                _("Value brought to accounts"),
                _("Σ of the year’s rows of “value_delivered” of accounts that are here."),
                n=len(frame),
                good="up",
                figure="customer.value",
                **common,
            ),
            Finding(
                "customer.value_confirmed",
                self.confirmed if told else None,
                "share",
                _("Confirmed by the customer"),
                _("Rows of the year that the account confirmed, over all of them (Wilson)."),
                interval=self.interval,
                n=self.n_records,
                n_unit="records",
                good="up",
                headline=told,
                sentence=_(
                    "Of what we say we brought, accounts confirmed {share}.",
                    share=Quantity(self.confirmed, "share"),
                )
                if told
                else None,
                **common,
            ),
            Finding(
                "customer.n_taking",
                taking if told else None,
                "accounts",
                _("We take more than we give"),
                _("Accounts that brought us more in the year than they gained, as written down."),
                n=len(frame),
                figure="customer.value",
                **common,
            ),
        ]

    def table(self) -> Table:
        """Both sides by account."""
        return make_table(
            "customer.value",
            _("Value to us and value to them"),
            self.frame,
            "account_id",
            "account_name",
            Column("ours", _("Our profit") if self.is_profit else _("Our revenue"), "money"),
            Column("given", _("Brought to them"), "money"),
            Column("confirmed", _("Of it confirmed"), "money"),
            Column("balance", _("Ours less theirs"), "money"),
            rows_shown=15,
        )

    def minding(self) -> tuple[Message, ...]:
        """What such sums are."""
        return (
            _(
                "What nobody wrote down counts as nothing brought; what is not confirmed is our "
                "own word."
            ),
        )


def measure_given(tables: Tables, as_of: str) -> Given:
    """What did accounts gain from us, and what did we gain from them?

    ``value_delivered`` of the 365 days to ``as_of``, and orders → both sides by account that is
    here; the share of rows confirmed has a Wilson interval. A row whose ``confirmed`` is empty is
    not confirmed.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``value_delivered`` the result holds the reason.
    as_of : str
        Nothing later is seen.
    """
    day = pd.Timestamp(as_of).normalize()
    first = day - pd.Timedelta(days=YEAR - 1)
    period = (first.date().isoformat(), day.date().isoformat())
    nothing = pd.DataFrame(columns=FRAME)
    if not tables.has("value_delivered"):
        return Given(nothing, None, None, 0, False, period, NO_TABLE)
    rows = tables.frame("value_delivered")
    rows = rows[(rows["date"] >= first) & (rows["date"] < day + pd.Timedelta(days=1))]
    snapshot = keep_present(account_snapshot(tables, as_of)).set_index("account_id")
    rows = rows[rows["account_id"].isin(snapshot.index) & rows["money"].notna()]
    if rows.empty:
        return Given(nothing, None, None, 0, False, period, NO_YEAR)
    sure = rows["confirmed"].fillna(value=False).astype(bool)
    is_profit = bool(snapshot["profit_12m"].notna().any())
    frame = snapshot[["account_name"]].assign(
        ours=snapshot["profit_12m" if is_profit else "revenue_12m"].fillna(0.0),
        given=_sum(rows, snapshot.index),
        confirmed=_sum(rows[sure], snapshot.index),
    )
    frame["balance"] = frame["ours"] - frame["given"]
    frame = frame.reset_index().sort_values(
        ["balance", "account_id"], ascending=[False, True], ignore_index=True
    )
    count, n = int(sure.sum()), len(rows)
    bounds = proportion_confint(count, n, method="wilson") if n >= LEAST else None
    interval = Interval(*(float(one) for one in bounds)) if bounds else None
    return Given(frame[FRAME], count / n, interval, n, is_profit, period)


def _sum(rows: pd.DataFrame, accounts: pd.Index) -> pd.Series:
    sums = rows.groupby("account_id", observed=True)["money"].sum()
    return sums.reindex(accounts).fillna(0.0)
