"""The list of alerts: each account's reasons in words, an owner and an action."""

import numpy as np
import pandas as pd

from kamresearch.analysis.warning.rhythm import Watch
from kamresearch.analysis.warning.thresholds import Thresholds, standing_alerts
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _

REASONS = {
    "silent": _("no order since {date}; {expected} were expected in the last three months"),
    "fell": _("orders in the last three months: {orders}, where {expected} were expected"),
    "complaints": _("{n} complaints within twelve months"),
    "contract": _("the contract ends in {days} days"),
    "manager": _("{n} managers within two years"),
    "satisfaction": _("satisfaction is down to {score} of 5"),
}
ACTIONS = {
    "call": _("call within a week and ask what has changed"),
    "service": _("solve the open complaints, then visit with after-sales"),
    "renew": _("open the renewal talk now, price review prepared"),
    "introduce": _("introduce the present manager in person, with a back-up"),
    "visit": _("visit, with the offer for the next tender"),
}
OWNER_TERMS = {"director": _("key account director")}


def list_alerts(
    watch: Watch, limits: Thresholds, accounts: pd.DataFrame, as_of: str
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Standing alerts, largest value at risk first, and the months behind the first of them."""
    known = accounts.set_index("account_id")
    bars, standing = limits.bars(watch), standing_alerts(watch, limits)
    rows, example = [], None
    for i, account in enumerate(watch.ids):
        if account not in known.index or not standing[i]:
            continue
        crossed = np.flatnonzero(watch.sums[i] > bars[i])
        rows.append(_alert_row(account, known.loc[account], watch, i, int(crossed[0]), as_of))
    frame = frame_alerts(rows)
    if rows:
        i = int(np.flatnonzero(watch.ids == frame["account_id"].iloc[0])[0])
        example = pd.DataFrame(
            {
                "month": watch.months,
                "n_orders": watch.counts[i],
                "expected": watch.expected[i],
                "cusum": watch.sums[i],
                "threshold": bars[i],
            }
        )
    return frame, example


def frame_alerts(rows: list[dict]) -> pd.DataFrame:
    """Rows of alerts → a frame with its columns, largest value at risk first, or largest value
    where no risk is known.
    """
    names = [
        "account_id",
        "account_name",
        "region",
        "value_at_risk",
        "churn_probability",
        "alert_month",
        "months_below",
        "orders_3m",
        "expected_3m",
        "reason",
        "reason_terms",
        "manager_id",
        "action",
    ]
    frame = pd.DataFrame(rows, columns=[*names, "value"])
    order = {"value_at_risk": False, "value": False, "account_id": True}
    return frame.sort_values(list(order), ascending=list(order.values()), ignore_index=True)[names]


def _alert_row(
    account: str, known: pd.Series, watch: Watch, i: int, first: int, as_of: str
) -> dict:
    orders, expected = float(watch.counts[i, -3:].sum()), float(watch.expected[i, -3:].sum())
    below = int((watch.sums[i] > 0)[::-1].cumprod().sum())
    reason, action = _why(known, orders, expected, as_of)
    risk = float(known["churn_probability"])
    value = float(known["value"]) if pd.notna(known.get("value")) else 0.0
    manager = known.get("manager_id")
    return {
        "account_id": account,
        "account_name": known.get("account_name"),
        "region": known.get("region"),
        "value_at_risk": risk * value,
        "value": value,
        "churn_probability": risk,
        "alert_month": f"{watch.months[first]:%Y-%m}",
        "months_below": below,
        "orders_3m": orders,
        "expected_3m": expected,
        "reason": reason.render("en"),
        "reason_terms": reason,
        "manager_id": manager if pd.notna(manager) else "director",
        "action": action,
    }


def _why(known: pd.Series, orders: float, expected: float, as_of: str) -> tuple[Text, str]:
    """The reasons in words, the orders' first, and the action that goes with the most telling
    of the others.
    """
    last = known.get("last_order_date")
    if orders == 0 and pd.notna(last):
        head = (
            REASONS["silent"].template,
            {
                "date": Quantity(str(pd.Timestamp(last).date()), "date"),
                "expected": Quantity(round(expected, 1), "count"),
            },
        )
    else:
        head = (
            REASONS["fell"].template,
            {
                "orders": Quantity(orders, "count"),
                "expected": Quantity(round(expected, 1), "count"),
            },
        )
    first = _(head[0], **head[1])
    more, action = [], "call" if orders == 0 else "visit"
    if _number(known, "n_managers_24m") >= 2:
        more.append(_(REASONS["manager"].template, n=int(known["n_managers_24m"])))
        action = "introduce"
    if 0 <= _number(known, "days_to_contract_end") <= 120:
        more.append(_(REASONS["contract"].template, days=int(known["days_to_contract_end"])))
        action = "renew"
    if 0 < _number(known, "satisfaction_mean_12m") < 2.5:
        more.append(
            _(
                REASONS["satisfaction"].template,
                score=Quantity(float(known["satisfaction_mean_12m"]), "score"),
            )
        )
    if _number(known, "complaints_12m") >= 2:
        more.append(_(REASONS["complaints"].template, n=int(known["complaints_12m"])))
        action = "service"
    for part in more[::-1][:2]:
        first = _("{first}; {second}", first=first, second=part)
    return first, action


def _number(known: pd.Series, name: str) -> float:
    value = pd.to_numeric(known.get(name), errors="coerce")
    return float(value) if pd.notna(value) else -1.0
