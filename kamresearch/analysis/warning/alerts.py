"""The alerts of a day: whose orders have fallen behind their own rhythm, and how far that can
be trusted.
"""

from dataclasses import dataclass
from typing import cast

import pandas as pd

from kamresearch.analysis.churn.definition import wilson
from kamresearch.analysis.churn.losses import Losses
from kamresearch.analysis.churn.money import NO_PROBABILITY
from kamresearch.analysis.warning.backtest import (
    BACKTEST,
    away_spells,
    last_whole_month,
    run_backtest,
    who_stayed,
    year_ends,
)
from kamresearch.analysis.warning.lift import Lift
from kamresearch.analysis.warning.listing import ACTIONS, OWNER_TERMS, frame_alerts, list_alerts
from kamresearch.analysis.warning.rhythm import pivot_months, watch_year
from kamresearch.analysis.warning.thresholds import LEAST_CALIBRATION, Thresholds, set_thresholds
from kamresearch.display import Column, Followed, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NO_ALERTS = _("No account present is under alert.")
_NO_LIFT_MEASURED = _(
    "Whether accounts under alert leave more often than others could not be measured: the list "
    "says whose orders fell behind; it is no list to act on."
)
CLASS_TERMS = {
    "rare": _("under 0.35 orders a month"),
    "some": _("0.35 to 0.9 orders a month"),
    "often": _("0.9 orders a month and more"),
    "even": _("more even than chance"),
    "usual": _("as uneven as chance makes them"),
    "uneven": _("more uneven than chance"),
}


@dataclass(frozen=True)
class Alerts(Result):
    """Accounts whose orders have fallen behind their own rhythm."""

    exports = (
        "churn.n_alerts",
        "churn.false_alarm_rate",
        "churn.detection_delay",
        "churn.alerts_in_vain",
        "churn.losses_warned",
        "churn.alerts_lift",
    )
    shows = (
        Shown("churn.backtest"),
        Shown("churn.alert_power", "threshold_table"),
        Shown("churn.backtest", "backtest_table"),
        Shown("churn.alerts", "table"),
        Shown("churn.alerts_by_value"),
        Shown("churn.alert_example"),
    )

    as_of: str
    frame: pd.DataFrame
    """account_id, account_name, region, value_at_risk, churn_probability, alert_month,
    months_below, orders_3m,
    expected_3m, reason, reason_terms, manager_id, action"""
    thresholds: Thresholds
    backtest: pd.DataFrame
    """year_end, n_watched, n_alerts, n_lost, n_warned, in_vain, lead_days"""
    n_watched: int
    reason: Text | None = None
    example: pd.DataFrame | None = None
    """month, n_orders, expected, cusum, threshold of the first alert"""
    no_model: Text | None = None
    """Why no account has a chance of its own; None where they have"""
    lift: Lift = Lift()
    """What became of the lists of earlier years' ends"""

    def opening(self) -> tuple[Text, ...]:
        """Whether the list is one to act on, said before it."""
        if self.reason is not None:
            return ()
        if self.lift.value is None:
            return (_NO_LIFT_MEASURED,)
        bounds = cast(Interval, self.lift.interval)
        values = {
            "listed": self.lift.n_listed,
            "share": Quantity(self.lift.n_listed_lost / self.lift.n_listed, "share"),
            "base": Quantity(self.lift.n_lost / self.lift.n_watched, "share"),
        }
        if self.lift.shown:
            return (
                _(
                    "Of {listed} accounts on such lists at earlier years' ends, {share} were "
                    "lost within a year, of all accounts watched {base}: lift {lift} (95% interval "
                    "{low} to {high}).",
                    lift=Quantity(self.lift.value, "ratio"),
                    low=Quantity(bounds.low, "ratio"),
                    high=Quantity(bounds.high, "ratio"),
                    **values,
                ),
            )
        return (
            _(
                "Of {listed} accounts on such lists at earlier years' ends, {share} were lost "
                "within a year, of all accounts watched {base}: that those under alert leave more "
                "often is not shown. The list says whose orders fell behind; it is no list to act "
                "on.",
                **values,
            ),
        )

    @property
    def caveats(self) -> tuple[Text, ...]:
        """The price of early warning, and how many alerts chance alone would give."""
        rate = self.thresholds.false_alarm_rate
        many = (
            _(
                "{n} accounts are watched at once: if all stayed, some {k} of them would come "
                "under alert within a year by chance alone.",
                n=self.n_watched,
                k=round(rate * self.n_watched),
            ),
        )
        return (
            *(many if self.reason is None else ()),
            _(
                "An alert says that orders fell behind the account's own rhythm, not that "
                "it will leave, and not why."
            ),
            _(
                "The rarer an account orders, the later an alert can come: with less than "
                "one order in three months hardly any drop can be told from chance within "
                "a year."
            ),
        )

    def why_not(self, id: str) -> Text | None:
        """Without alerts there is none to look at; without a model no chance beside its value."""
        if id in ("churn.alerts_by_value", "churn.alert_example"):
            if self.frame.empty:
                return self.reason or NO_ALERTS
            return self.no_model if id == "churn.alerts_by_value" else None
        return self.reason

    def findings(self) -> list[Finding]:
        """How many alerts, how many false, how late, how many were in vain."""
        rate = self._measured()
        delay = self._delay()
        past = cast(pd.Series, self.backtest.sum(numeric_only=True) if len(self.backtest) else None)
        n_alerts = int(past["n_alerts"]) if past is not None else 0
        vain = float(past["in_vain"]) / n_alerts if n_alerts else None
        warned = (
            wilson(int(past["n_warned"]), int(past["n_lost"]))
            if past is not None and past["n_lost"]
            else None
        )
        no_backtest = _("no earlier year could be watched") if past is None else None
        n_alert_now = len(self.frame) if self.reason is None else None
        return [
            Finding(
                "churn.n_alerts",
                n_alert_now,
                "accounts",
                _("Accounts under alert"),
                _(
                    "Accounts present whose orders fell behind their own rhythm in the "
                    "last six months and have not recovered."
                ),
                n=self.n_watched,
                good="down",
                figure="churn.alerts_by_value",
                reason=self.reason,
                headline=True,
                sentence=None
                if self.reason
                else _(
                    "{alerts} of {n} accounts watched are under alert.",
                    alerts=n_alert_now,
                    n=self.n_watched,
                ),
            ),
            Finding(
                "churn.false_alarm_rate",
                rate[0],
                "share",
                _("False alarms a year"),
                _(
                    "Share of accounts that stayed but crossed the threshold within a "
                    "year, set to {rate}; measured in a backtest year that played no part "
                    "in the threshold.",
                    rate=Quantity(self.thresholds.false_alarm_rate, "share"),
                ),
                interval=wilson(rate[1], rate[2]) if rate[2] else None,
                n=rate[2],
                good="down",
                figure="churn.backtest",
                reason=no_backtest or _("no account watched in the backtest stayed"),
            ),
            Finding(
                "churn.detection_delay",
                delay,
                "months",
                _("Delay until a halving is found"),
                _(
                    "Median months from the month in which orders halve to the alert, "
                    "accounts with at least 0.9 orders a month."
                ),
                n=self.thresholds.n[-1],
                good="down",
                figure="churn.backtest",
                reason=_(
                    "too few accounts order so often, or fewer than half of the halvings "
                    "are found within a year"
                ),
            ),
            Finding(
                "churn.alerts_in_vain",
                vain,
                "share",
                _("Alerts in vain"),
                _(
                    "Backtest: share of alerted accounts that were not lost within the "
                    "year of the alert or the year after."
                ),
                interval=wilson(int(past["in_vain"]), n_alerts) if n_alerts else None,
                n=n_alerts,
                good="down",
                figure="churn.backtest",
                reason=no_backtest or _("no account was alerted in the backtest"),
            ),
            Finding(
                "churn.losses_warned",
                float(past["n_warned"]) / float(past["n_lost"]) if warned else None,
                "share",
                _("Losses with a warning"),
                _(
                    "Backtest: share of the losses of watched accounts that were alerted "
                    "before the loss."
                ),
                interval=warned,
                n=int(past["n_lost"]) if past is not None else 0,
                good="up",
                figure="churn.backtest",
                reason=no_backtest or _("no account watched in the backtest was lost"),
            ),
            Finding(
                "churn.alerts_lift",
                self.lift.value,
                "ratio",
                _("Lift of the alerts"),
                _(
                    "Backtest: share of the accounts under alert at a year's end that were lost "
                    "within 365 days, over the same share of all accounts watched; 1 means that an "
                    "alert says nothing of leaving."
                ),
                interval=self.lift.interval,
                n=self.lift.n_listed,
                good="up",
                figure="churn.backtest",
                reason=None
                if self.lift.value is not None
                else no_backtest
                or _(
                    "no account was under alert at an earlier year's end, or none was lost after it"
                ),
            ),
        ]

    def _measured(self) -> tuple[float | None, int, int]:
        if not len(self.backtest):
            return None, 0, 0
        crossed, stayed = (
            int(self.backtest["false_alarms"].sum()),
            int(self.backtest["n_stayed"].sum()),
        )
        return (crossed / stayed if stayed else None), crossed, stayed

    def _delay(self) -> float | None:
        table = self.thresholds.table
        return (
            None
            if table.empty or pd.isna(table["delay_months"].iloc[-1])
            else float(table["delay_months"].iloc[-1])
        )

    def table(self) -> Table:
        """The alerts, largest value at risk first; what to do stands there only where earlier
        lists held more leavers than chance puts on one.
        """
        act = (Column("action", _("Suggested action"), terms=ACTIONS),) if self.lift.shown else ()
        reasons = dict(zip(self.frame["reason"], self.frame["reason_terms"], strict=True))
        return make_table(
            "churn.alerts",
            _("Accounts to look after now")
            if self.lift.shown
            else _("Accounts whose orders fell behind their own rhythm"),
            self.frame if act else self.frame.drop(columns="action"),
            "account_id",
            "account_name",
            "region",
            Column("value_at_risk", _("Value at risk"), "money"),
            Column("churn_probability", _("Risk of leaving"), "probability"),
            Column("alert_month", _("Alert since"), "period"),
            Column("reason", _("Why"), terms=reasons),
            Column("manager_id", _("Owner"), terms=OWNER_TERMS),
            *act,
            caption=_(
                "Largest value at risk first: profit of the last twelve months (revenue, "
                "where no cost is known) times the risk of leaving; largest profit or revenue "
                "first where no risk is known."
            ),
            rows_shown=25,
            followed=Followed(_("Accounts with an alert"), "account_id", "account_name"),
        )

    def threshold_table(self) -> Table:
        """What the watch can and cannot see, by rhythm."""
        return make_table(
            "churn.alert_power",
            _("What the watch can see, by the account's rhythm"),
            pd.concat([self.thresholds.table, self.thresholds.by_regularity], ignore_index=True),
            Column("rhythm", _("Rhythm"), terms=CLASS_TERMS),
            Column("n", _("Account-years"), "count"),
            Column("false_alarm_rate", _("False alarms a year"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
            Column("found", _("Halvings found within a year"), "share"),
            Column("delay_months", _("Median delay"), "months"),
            caption=_(
                "Measured on the accounts' own past: false alarms on those that stayed, "
                "halvings by dropping every other order at random."
            ),
        )

    def backtest_table(self) -> Table:
        """How early, how many in vain."""
        return make_table(
            "churn.backtest",
            _("Backtest: how early, how many in vain"),
            self.backtest,
            Column("year_end", _("Year up to"), "period"),
            Column("n_watched", _("Watched"), "accounts"),
            Column("n_alerts", _("Alerted"), "accounts"),
            Column("n_lost", _("Lost within two years"), "accounts"),
            Column("n_warned", _("of them alerted before"), "accounts"),
            Column("in_vain", _("Alerts in vain"), "accounts"),
            Column("lead_days", _("Median lead"), "days"),
            Column("false_alarms", _("False alarms"), "accounts"),
            Column("n_stayed", _("Stayed"), "accounts"),
            caption=_("Thresholds of each year come from the years before it alone."),
        )


def raise_alerts(
    months: pd.DataFrame,
    losses: Losses,
    accounts: pd.DataFrame,
    as_of: str,
    *,
    false_alarm_rate: float = 0.05,
    random_state: int = 0,
    no_model: Text | None = None,
) -> Alerts:
    """Which accounts have fallen behind their own rhythm, and how far can that be trusted?

    Parameters
    ----------
    months : DataFrame
        account_id, month, n_orders: one row per account and month, as `kamresearch.account_months`
        gives it.
    losses : Losses
        Losses known by ``as_of``.
    accounts : DataFrame
        account_id, account_name, region, churn_probability (none where not known), value,
        manager_id and, where known, complaints_12m,
        days_to_contract_end, n_managers_24m, satisfaction_mean_12m, last_order_date: one row per
        account present.
    as_of : str
        Last day seen; the last whole month is the last one watched.
    false_alarm_rate : float
        Share of accounts that stay which may be alerted within a year.
    no_model : Text, optional
        Why the accounts have no chances of their own; their value is then not set beside them.

    Returns
    -------
    Alerts
        Without enough past to set a threshold, no alerts and the reason.
    """
    if accounts["churn_probability"].isna().all():
        no_model = no_model or NO_PROBABILITY
    if not 0.001 <= false_alarm_rate <= 0.5:
        raise AnalysisError(
            "false_alarm_rate",
            "a share from 0.001 to 0.5",
            str(false_alarm_rate),
            "choose 0.05, say",
        )
    wide = pivot_months(months[months["month"] <= last_whole_month(as_of)])
    ends = year_ends(wide, as_of)
    away = away_spells(losses)
    watches = {end: watch_year(wide, end, away) for end in ends}
    past = ends[1:]
    thresholds = set_thresholds(
        [watches[end] for end in past],
        [who_stayed(watches[end], losses) for end in past],
        false_alarm_rate,
        random_state,
    )
    if not ends or not thresholds.known:
        n = sum(thresholds.n)
        why = _(
            "too short a past to set a threshold: {n} account-years that stayed, {least} "
            "are needed",
            n=n,
            least=LEAST_CALIBRATION,
        )
        return Alerts(
            as_of, frame_alerts([]), thresholds, pd.DataFrame(columns=list(BACKTEST)), 0, why
        )
    now = watches[ends[0]]
    backtest, lift = run_backtest(watches, ends, losses, false_alarm_rate, random_state)
    frame, example = list_alerts(now, thresholds, accounts, as_of)
    watched = int(pd.Index(now.ids).isin(accounts["account_id"]).sum())
    return Alerts(as_of, frame, thresholds, backtest, watched, None, example, no_model, lift)
