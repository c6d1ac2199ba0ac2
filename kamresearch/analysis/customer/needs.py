"""What accounts ask for that they do not get: one list for the product people."""

from dataclasses import dataclass
from typing import Any, cast

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

LEAST = 10
NO_TABLE = _("This needs the table “needs”: what accounts asked for, with the units at stake.")
NO_NEED = _("No need is written down by the day.")
FRAME = ["feature", "n_accounts", "n", "units", "units_open", "answered", "n_lost"]


@dataclass(frozen=True)
class Needs(Explained):
    """Needs by product or feature.

    Parameters
    ----------
    frame : DataFrame
        feature, n_accounts, n, units, units_open (of needs not answered), answered (share of the
        rows), n_lost (accounts that named it and were lost over product afterwards): most open
        units first.
    """

    exports = ("customer.n_open", "customer.units_open", "customer.answered")
    shows = (Shown("customer.needs", "table"),)

    frame: pd.DataFrame
    answered: float | None
    interval: Interval | None
    n: int
    n_open: int
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """Needs not answered, what hangs on them, and the share answered."""
        told = self.reason is None
        first = cast(Any, self.frame.iloc[0] if told else None)
        common: dict[str, Any] = {"n": self.n, "n_unit": "records", "reason": self.reason}
        return [
            Finding(
                "customer.n_open",
                self.n_open if told else None,
                "records",
                _("Needs not answered"),
                _("Rows of “needs” by the day without an answer."),
                good="down",
                **common,
            ),
            Finding(
                "customer.units_open",
                float(self.frame["units_open"].sum()) if told else None,
                "units",
                _("Units at stake with them"),
                _("Σ of the units at stake of needs without an answer."),
                good="down",
                sentence=_(
                    "Most hangs on {product}: {units} asked for and not answered.",
                    product=str(first["feature"]),
                    units=Quantity(float(first["units_open"]), "units"),
                )
                if told and first["units_open"] > 0
                else None,
                **common,
            ),
            Finding(
                "customer.answered",
                self.answered if told else None,
                "share",
                _("Needs answered"),
                _("Rows with an answer over all rows by the day (Wilson)."),
                interval=self.interval,
                good="up",
                **common,
            ),
        ]

    def table(self) -> Table:
        """Needs by what hangs on them."""
        return make_table(
            "customer.needs",
            _("What accounts ask for, most units at stake first"),
            self.frame,
            Column("feature", _("Product or feature")),
            "n_accounts",
            Column("n", _("Times named"), "count"),
            Column("units", _("Units at stake"), "units"),
            Column("units_open", _("Of them not answered"), "units"),
            Column("answered", _("Answered"), "share"),
            Column("n_lost", _("Lost over product since"), "accounts"),
            rows_shown=20,
        )

    def minding(self) -> tuple[Message, ...]:
        """What a need is not."""
        return (
            _(
                "Units at stake are what somebody judged; an account that left over product need "
                "not have left for this."
            ),
        )


def rank_needs(tables: Tables, as_of: str) -> Needs:
    """What do accounts ask for, and what hangs on it?

    ``needs`` by ``as_of`` → per product or feature the units at stake, those without an answer,
    and the accounts that named it and were lost over product afterwards, by the day. A row without
    ``answered`` counts as not answered, one without units as none at stake.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``needs`` the result holds the reason.
    as_of : str
        Nothing later is seen.
    """
    nothing = pd.DataFrame(columns=FRAME)
    if not tables.has("needs"):
        return Needs(nothing, None, None, 0, 0, NO_TABLE)
    day = pd.Timestamp(as_of).normalize()
    rows = tables.frame("needs")
    rows = rows[(rows["date"] <= day) & rows["feature"].notna()]
    if rows.empty:
        return Needs(nothing, None, None, 0, 0, NO_NEED)
    done = rows["answered"].fillna(value=False).astype(bool)
    units = rows["units"].fillna(0.0)
    rows = rows.assign(done=done, units=units, units_open=units.where(~done, 0.0))
    rows["lost"] = rows["account_id"].where(_lost_since(rows, tables, day))
    frame = (
        rows.groupby("feature", observed=True)
        .agg(
            n_accounts=("account_id", "nunique"),
            n=("feature", "size"),
            units=("units", "sum"),
            units_open=("units_open", "sum"),
            answered=("done", "mean"),
            n_lost=("lost", "nunique"),
        )
        .reset_index()
        .sort_values(["units_open", "feature"], ascending=[False, True], ignore_index=True)
    )
    n, count = len(rows), int(done.sum())
    bounds = proportion_confint(count, n, method="wilson") if n >= LEAST else None
    interval = Interval(*(float(one) for one in bounds)) if bounds else None
    return Needs(frame[FRAME], count / n, interval, n, n - count)


def _lost_since(rows: pd.DataFrame, tables: Tables, day: pd.Timestamp) -> pd.Series:
    """Whether the account was lost over product between the need and the day."""
    if not tables.has("churn_events"):
        return pd.Series(data=False, index=rows.index)
    losses = tables.frame("churn_events")
    losses = losses[(losses["cause"] == "product") & (losses["churn_date"] <= day)]
    last = losses.groupby("account_id", observed=True)["churn_date"].max()
    left = pd.Series(last.reindex(rows["account_id"]).to_numpy(), index=rows.index)
    return left >= rows["date"]
