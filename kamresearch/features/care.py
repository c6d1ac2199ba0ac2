"""What else is known of an account as of a day: contracts, service, managers, losses; on the
engine.
"""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from kamresearch.features.orders import YEAR, count_if

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables


def sum_contracts(tables: "Tables", as_of: ir.DateValue) -> ir.Table:
    """Contracts begun, and the end of the one that runs longest, by account."""
    contracts = tables.contracts
    begun = contracts.filter(contracts.start_date <= as_of)
    running = (begun.end_date >= as_of).ifelse(begun.end_date, ibis.null("date"))
    return begun.group_by("account_id").agg(
        n_contracts=begun.count(), contract_end_date=running.max()
    )


def sum_service(tables: "Tables", as_of: ir.DateValue) -> ir.Table:
    """Service of the last 12 months by account; a time to solve counts once the matter is
    solved by the as-of day.
    """
    events = tables.service_events
    start = as_of - ibis.interval(days=YEAR)
    year = events.filter((events.event_date <= as_of) & (events.event_date > start))
    aggregates = {
        "complaints_12m": count_if(year.kind == "complaint"),
        "service_events_12m": year.count(),
    }
    if "satisfaction" in year.columns:
        aggregates["satisfaction_mean_12m"] = year.satisfaction.cast("float64").mean()
    if "resolved_days" in year.columns:
        age = as_of.delta(year.event_date, unit="day").cast("float64")
        solved = (year.resolved_days <= age).ifelse(year.resolved_days, ibis.null("float64"))
        aggregates["resolved_days_mean_12m"] = solved.mean()
    return year.group_by("account_id").agg(**aggregates)


def find_managers(tables: "Tables", as_of: ir.DateValue) -> ir.Table:
    """Manager in charge (the latest to begin), and how many served in the last 24 months, by
    account.
    """
    spells = tables.assignments.rename(began="from")
    until = spells["to"] if "to" in spells.columns else ibis.null("date")
    begun = spells.mutate(until=until).filter(spells.began <= as_of)
    start = as_of - ibis.interval(days=2 * YEAR)
    recent = begun.filter(begun.until.isnull() | (begun.until > start))
    current = begun.filter(begun.until.isnull() | (begun.until >= as_of))
    window = ibis.window(group_by="account_id", order_by=[ibis.desc("began"), "manager_id"])
    first = current.mutate(place=ibis.row_number().over(window)).filter(lambda t: t.place == 0)
    counts = recent.group_by("account_id").agg(n_managers_24m=recent.manager_id.nunique())
    return counts.left_join(first.select("account_id", "manager_id"), "account_id").drop(
        "account_id_right"
    )


def find_losses(tables: "Tables", as_of: ir.DateValue) -> ir.Table:
    """Losses and returns known by the day, by account; what comes after the day is not seen."""
    events = tables.churn_events
    empty = {
        "cause": ibis.null("string"),
        "return_date": ibis.null("date"),
        "lost_to": ibis.null("string"),
    }
    events = events.mutate(
        **{name: value for name, value in empty.items() if name not in events.columns}
    )
    known = events.filter(events.churn_date <= as_of)
    back = (known.return_date <= as_of).ifelse(known.return_date, ibis.null("date"))
    known = known.select("account_id", "churn_date", "cause", "lost_to", back=back)
    window = ibis.window(group_by="account_id", order_by=ibis.desc("churn_date"))
    last = known.mutate(place=ibis.row_number().over(window)).filter(lambda t: t.place == 0)
    last = last.select(
        "account_id",
        last_churn=last.churn_date,
        churn_cause=last.cause,
        is_away=last.back.isnull(),
        lost_to=last.back.isnull().ifelse(last.lost_to, ibis.null("string")),
    )
    sums = known.group_by("account_id").agg(
        n_churns=known.count(), churn_date=known.churn_date.max(), return_date=known.back.max()
    )
    return sums.left_join(last, "account_id").drop("account_id_right", "last_churn")
