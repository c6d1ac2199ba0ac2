"""Proposals: what could be done for each account, with what it gains, costs and rests on."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.causes.reasons import CAUSE_TERMS
from kamresearch.analysis.decisions.assumptions import KEEPING, KINDS, Assumptions
from kamresearch.analysis.decisions.records import CONFLICTS, MANAGER_PROBLEMS, Records
from kamresearch.analysis.decisions.risk import SIGNAL_TERMS
from kamresearch.features.population import PRESENT
from kamresearch.language import LANGUAGES, Fixed, Quantity, Text, tongue
from kamresearch.language import message as _

COLUMNS = ("account_id", "kind", "stake", "expected_gain", "low", "high", "cost", "hours", "due")
COLUMNS += ("why", "evidence", "holder")
"""Columns of proposals; ``why`` is a text, ``holder`` the manager in charge."""

WORTH = {True: _("profit"), False: _("revenue")}
"""What the value of an account is, by whether its profit is known."""

_DUTIES = ("assign", "mend", "review")
"""Kinds that are due whatever they gain."""


@dataclass(frozen=True)
class _Draft:
    """Rows of a kind, and what would be said of each: words are made only where somebody reads."""

    frame: pd.DataFrame
    why: Callable[[], Sequence[Text]]

    def told(self, *, explain: bool) -> pd.DataFrame:
        said = self.why() if explain else [None] * len(self.frame)
        return self.frame.assign(why=pd.Series(said, self.frame.index, dtype=object))


def propose(
    records: Records,
    assumptions: Assumptions,
    kinds: Container[str] = tuple(KINDS),
    *,
    explain: bool = True,
) -> pd.DataFrame:
    """Everything that could be told each account, or what is of some kinds: one row per account and
    kind; ``why`` is empty unless it is to be explained.
    """
    here = records.frame[records.frame["standing"].isin(PRESENT)]
    lost = records.frame[records.frame["standing"] == "lost"]
    makers = {
        "save": (_save, here),
        "renew": (_renew, here),
        "win_back": (_win_back, lost),
        "assign": (_assign, here),
        "grow": (_grow, here),
        "reprice": (_reprice, here),
        "mend": (_mend, here),
        "review": (_review, records.frame),
    }
    wanted = [made for kind, made in makers.items() if kind in kinds]
    drafts = [make(part, records, assumptions) for make, part in wanted]
    parts = [one.told(explain=explain) for one in drafts if one is not None and len(one.frame)]
    if not parts:
        return pd.DataFrame({name: [] for name in COLUMNS})
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def pays(proposals: pd.DataFrame) -> pd.Series:
    """Which proposals gain anything, or are due whatever they gain."""
    return (proposals["expected_gain"] > 0) | proposals["kind"].isin(_DUTIES)


def _make(
    part: pd.DataFrame,
    kind: str,
    evidence: str,
    assumptions: Assumptions,
    *,
    stake: pd.Series,
    gains: tuple[pd.Series, pd.Series, pd.Series],
    cost: pd.Series | float,
    due: pd.Series | pd.Timestamp,
    why: Callable[[], Sequence[Text]],
) -> _Draft:
    """Rows of a kind; gains at the acceptance assumed, at the lowest and at the highest."""
    frame = pd.DataFrame(
        {
            "account_id": part["account_id"].to_numpy(),
            "kind": kind,
            "stake": np.asarray(stake, float),
            "expected_gain": np.asarray(gains[0], float),
            "low": np.asarray(gains[1], float),
            "high": np.asarray(gains[2], float),
            "cost": np.broadcast_to(np.asarray(cost, float), len(part)),
            "hours": assumptions.hours[kind],
            "due": due,
            "evidence": evidence,
            "holder": part["manager_id"].to_numpy(),
        }
    )
    return _Draft(frame, why)


def _offer(
    chance: pd.Series, value: pd.Series, assumptions: Assumptions, disturbed: float = 0.0
) -> tuple[tuple[pd.Series, pd.Series, pd.Series], pd.Series]:
    """Gains of an offer to accounts that leave with a chance, and its expected cost in money."""
    given, fee = assumptions.incentive_share * value, assumptions.contact_cost

    def gain(acceptance: float) -> pd.Series:
        kept = chance * acceptance * (value - given) - chance * disturbed * value
        return kept - (1 - chance) * given - fee

    levels = (assumptions.acceptance, assumptions.acceptance_low, assumptions.acceptance_high)
    cost = fee + given * (1 - chance + chance * assumptions.acceptance)
    return (gain(levels[0]), gain(levels[1]), gain(levels[2])), cost


def _save(here: pd.DataFrame, records: Records, assumptions: Assumptions) -> _Draft:
    # Where a contract ends, the talk about its renewal is the contact.
    part = here[here["chance"].notna() & (here["value"] > 0) & here["contract_ends"].isna()]
    gains, cost = _offer(part["chance"], part["value"], assumptions, assumptions.disturbed)
    what = WORTH[records.value_is_profit]

    def why() -> list[Text]:
        return [
            _(
                "{chance} risk of leaving on {value} of {what} a year: {signal}",
                chance=Quantity(row.chance, "probability"),
                value=Quantity(row.value, "money"),
                what=what,
                signal=SIGNAL_TERMS[row.signal],
            )
            if isinstance(row.signal, str)
            else _(
                "{chance} risk of leaving on {value} of {what} a year; no signal of its own",
                chance=Quantity(row.chance, "probability"),
                value=Quantity(row.value, "money"),
                what=what,
            )
            for row in part.itertuples()
        ]

    stake = part["chance"] * part["value"]
    due = records.as_of + pd.Timedelta(days=30)
    return _make(
        part,
        "save",
        "decisions.signals",
        assumptions,
        stake=stake,
        gains=gains,
        cost=cost,
        due=due,
        why=why,
    )


def _renew(here: pd.DataFrame, records: Records, assumptions: Assumptions) -> _Draft:
    part = here[here["contract_ends"].notna()]
    n, k = records.lapse or (0, 0)
    # Many a contract runs out and the account goes on ordering: what is at stake is the account.
    chance, rate = part["chance"].fillna((k + 0.5) / (n + 1)), (k + 0.5) / (n + 1)
    value = np.fmax(part["contract_value"] * part["margin"], part["value"]).fillna(0.0)
    gains, cost = _offer(chance, value, assumptions)
    day = records.as_of

    def why() -> list[Text]:
        return [
            _(
                "contract of {value} a year ends on {day}; {chance} risk of leaving, {share} of "
                "contracts here were not renewed",
                value=Quantity(one.contract_value if one.contract_value > 0 else revenue, "money"),
                day=Quantity(one.contract_ends.date().isoformat(), "date"),
                chance=Quantity(risk, "probability"),
                share=Quantity(rate, "share"),
            )
            for one, revenue, risk in zip(
                part.itertuples(), part["revenue_12m"].fillna(0.0), chance, strict=True
            )
        ]

    due = (pd.to_datetime(part["contract_ends"]) - pd.Timedelta(days=30)).clip(lower=day)
    return _make(
        part,
        "renew",
        "contracts",
        assumptions,
        stake=chance * value,
        gains=gains,
        cost=cost,
        due=due.to_numpy(),
        why=why,
    )


def _win_back(lost: pd.DataFrame, records: Records, assumptions: Assumptions) -> _Draft:
    part = lost[lost["chance_back"].notna() & (lost["value"] > 0)]
    back, value = part["chance_back"], part["value"]
    given, fee = assumptions.incentive_share * value, assumptions.contact_cost
    levels = (assumptions.acceptance, assumptions.acceptance_low, assumptions.acceptance_high)
    gains = tuple(back * one * (value - given) - fee for one in levels)

    def why() -> list[Text]:
        return [
            _(
                "lost over {cause} {days} ago with {value} of {what} a year; chance of a return "
                "within the year: {chance}",
                cause=CAUSE_TERMS[cause if isinstance(cause, str) else "unknown"],
                days=Quantity(int(row.days_away), "days"),
                value=Quantity(row.value, "money"),
                what=WORTH[records.value_is_profit],
                chance=Quantity(row.chance_back, "probability"),
            )
            for cause, row in zip(part["churn_cause"], part.itertuples(), strict=True)
        ]

    return _make(
        part,
        "win_back",
        "churn_events",
        assumptions,
        stake=back * value,
        gains=gains,
        cost=fee + back * given,
        due=records.as_of + pd.Timedelta(days=60),
        why=why,
    )


def _attention(
    part: pd.DataFrame, records: Records, assumptions: Assumptions, signal: str
) -> tuple[pd.Series, tuple[pd.Series, pd.Series, pd.Series]]:
    """Stake and gains of attention without an offer: the low acceptance, unless the signal itself
    has shown its lift.
    """
    stake = (part["chance"] * part["value"]).fillna(0.0)
    shown = signal in records.risk.used
    level = assumptions.acceptance if shown else assumptions.acceptance_low
    high = assumptions.acceptance_high if shown else assumptions.acceptance
    return stake, (stake * level, stake * assumptions.acceptance_low, stake * high)


def _assign(here: pd.DataFrame, records: Records, assumptions: Assumptions) -> _Draft:
    part = here[here["manager_problem"].notna()]
    stake, gains = _attention(part, records, assumptions, "no_manager")
    return _make(
        part,
        "assign",
        "assignments",
        assumptions,
        stake=stake,
        gains=gains,
        cost=0.0,
        due=records.as_of + pd.Timedelta(days=14),
        why=lambda: [MANAGER_PROBLEMS[one] for one in part["manager_problem"]],
    )


def _grow(here: pd.DataFrame, records: Records, assumptions: Assumptions) -> _Draft:
    part = here[(here["headroom"] > 0) & here["standing"].isin(("ordering", "returned"))]
    room = part["headroom"] * part["margin"]
    fee, share = assumptions.contact_cost, assumptions.growth_share
    spread = (assumptions.acceptance_low, assumptions.acceptance_high)
    usual = max(assumptions.acceptance, 1e-9)
    gains = (room * share - fee, *(room * share * one / usual - fee for one in spread))

    def why() -> list[Text]:
        return [
            _(
                "once ordered {room} a year more than now",
                room=Quantity(row.headroom, "money"),
            )
            for row in part.itertuples()
        ]

    return _make(
        part,
        "grow",
        "orders",
        assumptions,
        stake=room,
        gains=gains,
        cost=fee,
        due=records.as_of + pd.Timedelta(days=90),
        why=why,
    )


def _reprice(here: pd.DataFrame, records: Records, assumptions: Assumptions) -> _Draft | None:
    if not records.value_is_profit:
        return None
    part = here[(here["profit_12m"] < 0) & (here["revenue_12m"] > 0)]
    loss = -part["profit_12m"]
    fee, share = assumptions.contact_cost, assumptions.price_share
    spread = (assumptions.acceptance_low, assumptions.acceptance_high)
    usual = max(assumptions.acceptance, 1e-9)
    gains = (loss * share - fee, *(loss * share * one / usual - fee for one in spread))

    def why() -> list[Text]:
        return [
            _(
                "cost of {cost} against {revenue} of revenue in twelve months",
                cost=Quantity(row.cost_12m, "money"),
                revenue=Quantity(row.revenue_12m, "money"),
            )
            for row in part.itertuples()
        ]

    return _make(
        part,
        "reprice",
        "orders",
        assumptions,
        stake=loss,
        gains=gains,
        cost=fee,
        due=records.as_of + pd.Timedelta(days=90),
        why=why,
    )


def _mend(here: pd.DataFrame, records: Records, assumptions: Assumptions) -> _Draft:
    part = here[here["overdue_complaints"] > 0]
    stake, gains = _attention(part, records, assumptions, "complaints")

    def why() -> list[Text]:
        return [
            _(
                "{n} complaints open, the oldest for {days}",
                n=int(row.overdue_complaints),
                days=Quantity(int(row.complaint_age), "days"),
            )
            for row in part.itertuples()
        ]

    return _make(
        part,
        "mend",
        "service_events",
        assumptions,
        stake=stake,
        gains=gains,
        cost=0.0,
        due=records.as_of + pd.Timedelta(days=14),
        why=why,
    )


def _review(known: pd.DataFrame, records: Records, assumptions: Assumptions) -> _Draft:
    """Overrides that run out, and records that conflict: one instruction an account."""
    reasons: dict[str, list[Text]] = {}
    for row in records.conflicts.itertuples():
        reasons.setdefault(row.account_id, []).append(CONFLICTS[row.conflict])
    ending = known[known["override_until"].notna() & (known["standing"] != "lost")]
    for row in ending.itertuples():
        reasons.setdefault(row.account_id, []).append(
            _(
                "its tier set by hand runs out on {day}",
                day=Quantity(row.override_until.date().isoformat(), "date"),
            )
        )
    part = known[known["account_id"].isin(list(reasons))]
    nothing = pd.Series(0.0, index=part.index)
    return _make(
        part,
        "review",
        "accounts",
        assumptions,
        stake=nothing,
        gains=(nothing, nothing, nothing),
        cost=0.0,
        due=records.as_of + pd.Timedelta(days=30),
        why=lambda: [_join(reasons[one]) for one in part["account_id"]],
    )


def _join(texts: list[Text]) -> Text:
    texts = list({one.render("en"): one for one in texts}.values())
    if len(texts) == 1:
        return texts[0]
    return Fixed(
        {one: tongue(one).semicolon.join(t.render(one) for t in texts) for one in LANGUAGES}
    )


def count_once(proposals: pd.DataFrame, assumptions: Assumptions) -> pd.DataFrame:
    """Money that several instructions guard counts once: each further one of an account gains of
    what those before it leave at risk.
    """
    density = proposals["expected_gain"] / proposals["hours"]
    order = proposals.assign(_density=density).sort_values(
        ["account_id", "_density"], ascending=[True, False], kind="stable"
    )
    keeping = order["kind"].isin(KEEPING)
    place = order[keeping].groupby("account_id").cumcount()
    left = (1 - assumptions.acceptance) ** place.reindex(order.index).fillna(0)
    for name in ("expected_gain", "low", "high"):
        positive = order[name].clip(lower=0) * left
        order[name] = positive.where(order[name] > 0, order[name])
    return order.drop(columns="_density").sort_index()
