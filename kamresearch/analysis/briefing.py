"""The briefing: what the other studies found, brought onto one screen. Chooses and joins;
measures nothing anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pandas as pd

from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Fixed, Quantity, Text, tongue
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

SMALL = 30
"""Cases below which a headline with an interval is called a small sample."""
NO_LIST = _("No study gave a list of what to do.")
NO_LOSSES = _("No study gave a list of lost accounts.")
NO_GOALS = _("No study gave goals.")
ALL_TOLD = _("No finding of this version lacks its number, and no claim, item or goal is open.")
NO_HEADLINES = _("No other study gave a headline finding.")

FIRST_HEADLINES = ("trend.net_retention", "trend.gross_retention")
"""Findings of the year's revenue bridge: they come first where they are there."""

OPEN_COUNTS = (
    "trend.claims_not_testable",
    "swot.n_judgement",
    "swot.n_cannot_tell",
    "swot.n_unknown",
    "targets.n_cannot_tell",
)
"""Findings that count what the evidence cannot settle."""

GOAL_GROUPS = {
    "met": ("met",),
    "likely": ("likely",),
    "unlikely": ("unlikely", "missed"),
    "open": ("open", "cannot_tell", "unknown"),
}
"""How a goal is told in the briefing → the statuses that it stands for; together all of them."""
GOAL_TERMS = {
    "met": _("met"),
    "likely": _("likely to be met"),
    "unlikely": _("missed, or unlikely as things stand"),
    "open": _("open"),
}

FOLLOWED = ("proposed", "done", "decided_not", "held_out", "undone", "overdue", "kept", "lost")
FOLLOWED += ("open",)
"""Counts of what became of the last list."""

Terms = Mapping[str, Mapping[str, Text]]
"""Column → code → its words."""


@dataclass(frozen=True)
class Briefing(Result, frame="actions"):
    """What happened, what to do, where the goals stand, and what nobody can tell."""

    exports = ("briefing.n_actions", "briefing.gain", "briefing.n_undefined", "briefing.n_open")
    shows = (
        Shown("briefing.actions", "action_table", part="calls"),
        Shown("briefing.lost", "lost_table", part="changes"),
        Shown("briefing.goals", "goal_table", part="goals"),
        Shown("briefing.unknown", "unknown_table", part="limits"),
    )
    cautions = False

    month: tuple[Text, ...]
    """Up to three sentences: what happened, what to decide, how sure"""
    headlines: tuple[Finding, ...]
    actions: pd.DataFrame | None
    """rows of the list of what to do; None without one"""
    lost: pd.DataFrame | None
    """accounts lost and won, the largest first; None without losses"""
    goals: pd.DataFrame | None
    """goal (a code of `GOAL_TERMS`), n: adds up to all goals; None without goals"""
    unknown: pd.DataFrame
    """label, reason: what could not be told"""
    small: tuple[Finding, ...]
    missing: tuple[str, ...]
    """Prefixes of studies that were asked for and left no finding"""
    n_findings: int
    n_undefined: int
    n_open: int
    followed: tuple[Text, ...] = ()
    """What became of the last list, in a sentence; none where nobody keeps it"""
    share: Finding | None = None
    """Share of the value at risk on the list that its first ten hold"""
    terms: Terms = field(default_factory=dict)
    simulated: bool = False

    def why_not(self, id: str) -> Text | None:
        """What no other study left cannot be shown."""
        return {
            "briefing.actions": NO_LIST if self.actions is None else None,
            "briefing.lost": NO_LOSSES if self.lost is None else None,
            "briefing.goals": NO_GOALS if self.goals is None else None,
            "briefing.unknown": ALL_TOLD if self.unknown.empty else None,
        }[id]

    def findings(self) -> list[Finding]:
        """How many instructions stand here, what they gain, and how much cannot be told."""
        told = self.actions is not None
        actions = cast(pd.DataFrame, self.actions)
        n = len(actions) if told else None
        about: dict[str, Any] = {"simulated": self.simulated}
        return [
            Finding(
                "briefing.n_actions",
                n,
                "count",
                _("Instructions of the month"),
                _("Instructions shown here, out of the list of what to do."),
                figure="briefing.actions",
                reason=None if told else NO_LIST,
                **about,
            ),
            Finding(
                "briefing.gain",
                float(actions["expected_gain"].sum()) if told else None,
                "money",
                _("Expected gain of these instructions a year"),
                _("Sum of the expected gain of the instructions shown here, as the list has it."),
                n=n,
                n_unit="count",
                good="up",
                figure="briefing.actions",
                reason=None if told else NO_LIST,
                **about,
            ),
            Finding(
                "briefing.n_undefined",
                self.n_undefined,
                "count",
                _("Findings that cannot be told"),
                _("Findings of this version without a value, each with its reason."),
                n=self.n_findings,
                n_unit="count",
                good="down",
                figure="briefing.unknown",
                **about,
            ),
            Finding(
                "briefing.n_open",
                self.n_open,
                "count",
                _("Claims, items and goals that the evidence does not settle"),
                _(
                    "Claims that cannot be tested, SWOT items that rest on judgement or cannot be "
                    "told, and goals of which it cannot be told yet."
                ),
                good="down",
                figure="briefing.unknown",
                **about,
            ),
        ]

    def action_table(self) -> Table:
        """What to do this month."""
        heads = (
            Column("account_id", _("Account")),
            Column("account_name", _("Name")),
            Column("kind", _("What to do"), terms=self.terms.get("kind", {})),
            Column("why", _("Why"), terms=self.terms.get("why", {})),
            Column("expected_gain", _("Expected gain"), "money"),
            Column("hours", _("Hours"), "hours"),
            Column("owner", _("Owner")),
            Column("due", _("Due by"), "date"),
        )
        actions = cast(pd.DataFrame, self.actions)
        return make_table(
            "briefing.actions",
            _("What to do this month"),
            actions,
            *[column for column in heads if column.name in actions],
            rows_shown=max(len(actions), 1),
            cards=True,
            caption=None
            if self.share is None
            else _(
                "Together {share} of the value at risk on the whole list, in the order of gain an "
                "hour.",
                share=self.share,
            ),
        )

    def lost_table(self) -> Table:
        """Who was lost and who came back."""
        heads = (
            Column("account_id", _("Account")),
            Column("account_name", _("Name")),
            Column("tier_before", _("Tier before"), terms=self.terms.get("tier_before", {})),
            Column("standing", _("Standing"), terms=self.terms.get("standing", {})),
            Column("since", _("Since"), "date"),
            Column("revenue_at_stake", _("Yearly revenue before it left, or now"), "money"),
            Column("churn_cause", _("Cause"), terms=self.terms.get("churn_cause", {})),
            Column("lost_to", _("Lost to")),
            Column("manager_id", _("Manager")),
            Column("chance_back", _("Chance of a return within the year"), "probability"),
        )
        lost = cast(pd.DataFrame, self.lost)
        return make_table(
            "briefing.lost",
            _("Lost and won within twelve months"),
            lost,
            *[column for column in heads if column.name in lost],
            rows_shown=6,
        )

    def goal_table(self) -> Table:
        """The goals, adding up."""
        goals = cast(pd.DataFrame, self.goals)
        return make_table(
            "briefing.goals",
            _("Where the goals stand"),
            goals,
            Column("goal", _("State of the goal"), terms=GOAL_TERMS),
            Column("n", _("Goals"), "count"),
            caption=_("Together these are all {n} goals.", n=int(goals["n"].sum())),
        )

    def unknown_table(self) -> Table:
        """What could not be told, and why."""
        return make_table(
            "briefing.unknown",
            _("What could not be told, and why"),
            self.unknown,
            Column("label", _("Finding"), terms=self.terms.get("label", {})),
            Column("n", _("How many"), "count"),
            Column("reason", _("Reason"), terms=self.terms.get("unknown_reason", {})),
            rows_shown=12,
        )

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What a reader should not take from the headlines."""
        texts: list[Text] = [
            _(
                "An interval says how far the number could be from chance alone; it does "
                "not cover a wrong model or wrong data."
            )
        ]
        if self.small:
            texts.append(
                _(
                    "These headlines rest on fewer than {n} cases: {names}.",
                    n=SMALL,
                    names=Joined(self.small),
                )
            )
        if self.simulated:
            texts.append(
                _("The accounts are simulated: methods can be judged by them, a company cannot.")
            )
        return tuple(texts)


@dataclass(frozen=True)
class Joined:
    """Labels of findings in a row, in the reader's language."""

    findings: tuple[Finding, ...]

    def render(self, language: str) -> str:
        return tongue(language).comma.join(
            finding.label.render(language) for finding in self.findings
        )


def write_briefing(
    evidence: Mapping[str, Finding],
    actions: pd.DataFrame | None = None,
    lost: pd.DataFrame | None = None,
    goals: pd.DataFrame | None = None,
    done: pd.DataFrame | None = None,
    *,
    prefixes: Iterable[str] = (),
    most_headlines: int = 4,
    most_actions: int = 10,
) -> Briefing:
    """What must a leader know this month, what is to decide, and what can nobody tell?

    Parameters
    ----------
    evidence : mapping of str to Finding
        Findings of the other studies.
    actions : DataFrame, optional
        The list of what to do: account_id, kind, why, expected_gain, hours, owner, due, and
        ``first``, which marks the rows for one screen.
    lost : DataFrame, optional
        Accounts lost and won: account_id, standing, since, revenue_at_stake, churn_cause.
    goals : DataFrame, optional
        One row a goal: status. The words of codes stand in each frame's ``attrs["terms"]``.
    done : DataFrame, optional
        What became of the last list, a row for each owner: proposed, done, decided_not, held_out,
        undone, overdue, kept, lost, open.
    prefixes : iterable of str
        Prefixes of the studies that were to speak.
    most_headlines, most_actions : int
        How much fits on the screen.

    Notes
    -----
    Headlines come in turns: the first of each study, then the second of each, and so on, so that no
    study drowns the others; only the year's revenue bridge goes before all.
    """
    findings = list(evidence.values())
    headlines = choose_headlines(findings, most_headlines)
    unknown, terms = _list_unknown(evidence)
    chosen = None if actions is None else _choose_actions(actions, most_actions)
    return Briefing(
        month=_say_month(evidence, chosen, lost),
        headlines=headlines,
        actions=chosen,
        lost=None if lost is None else _order_lost(lost),
        goals=None if goals is None or goals.empty else count_goals(goals),
        unknown=unknown,
        small=tuple(
            one
            for one in headlines
            if one.n is not None
            and one.n < SMALL
            and one.interval is not None
            and one.interval.level < 1
        ),
        missing=tuple(
            prefix
            for prefix in prefixes
            if not any(one.id.startswith(f"{prefix}.") for one in findings)
        ),
        n_findings=len(findings),
        n_undefined=sum(finding.value is None for finding in findings),
        n_open=sum(int(cast(float, one.value)) for one in _counted(evidence)),
        followed=_say_followed(done),
        share=_told(evidence, "decisions.first_ten_share"),
        terms={**_terms_of(lost), **_terms_of(actions), **terms},
        simulated=any(finding.simulated for finding in findings),
    )


def choose_headlines(findings: Iterable[Finding], most: int) -> tuple[Finding, ...]:
    """Headline findings with a value, the first of each study before the second of any.

    >>> from kamresearch.language import message as _
    >>> names = ("a.x", "a.y", "b.z")
    >>> made = [Finding(name, 1, "count", _("a"), _("b"), headline=True) for name in names]
    >>> [finding.id for finding in choose_headlines(made, 2)]
    ['a.x', 'b.z']
    """
    turns: dict[str, int] = {}
    placed = []
    for order, finding in enumerate(findings):
        bridge = finding.id in FIRST_HEADLINES
        if (finding.headline or bridge) and finding.value is not None:
            study = finding.id.partition(".")[0]
            turns[study] = turns.get(study, 0) + 1
            placed.append((0 if bridge else turns[study], order, finding))
    return tuple(
        finding for _turn, _order, finding in sorted(placed, key=lambda one: one[:2])[:most]
    )


def count_goals(goals: pd.DataFrame) -> pd.DataFrame:
    """Goals met, likely, unlikely and open: four rows that add up to all of them."""
    group = {status: name for name, statuses in GOAL_GROUPS.items() for status in statuses}
    told = goals["status"].map(group).fillna("open")
    counts = told.value_counts().reindex(list(GOAL_GROUPS), fill_value=0)
    return pd.DataFrame({"goal": counts.index, "n": counts.to_numpy(int)})


def _told(evidence: Mapping[str, Finding], name: str) -> Finding | None:
    """A finding with a value; None where it is not there."""
    found = evidence.get(name)
    return found if found is not None and found.value is not None else None


def _choose_actions(actions: pd.DataFrame, most: int) -> pd.DataFrame:
    """The rows marked for one screen; where none is marked, the first."""
    marked = actions[actions["first"].astype(bool)] if "first" in actions else actions
    return marked.head(most).reset_index(drop=True)


def _order_lost(lost: pd.DataFrame) -> pd.DataFrame:
    order = lost.assign(_worth=-pd.to_numeric(lost["revenue_at_stake"], errors="coerce"))
    return order.sort_values(["_worth", "account_id"]).drop(columns="_worth").reset_index(drop=True)


def _say_month(
    evidence: Mapping[str, Finding], actions: pd.DataFrame | None, lost: pd.DataFrame | None
) -> tuple[Text, ...]:
    """What happened and why; what to decide; how sure that is: as far as it is known."""
    said = (_say_happened(evidence, lost), _say_decide(evidence, actions), _say_sure(evidence))
    return tuple(text for text in said if text is not None)


def _say_happened(evidence: Mapping[str, Finding], lost: pd.DataFrame | None) -> Text | None:
    left = _told(evidence, "decisions.n_left_12m")
    revenue = _told(evidence, "decisions.lost_revenue_12m")
    if left is None or revenue is None or left.sentence is None:
        return None
    away = lost[lost["standing"] == "lost"] if lost is not None else None
    if away is None or away.empty or away["churn_cause"].isna().all():
        return left.sentence
    sums = away.groupby("churn_cause")["revenue_at_stake"].sum()
    words = _terms_of(lost).get("churn_cause", {})
    return _(
        "{told} Those still away brought {revenue} a year; {share} of it went over {cause}.",
        told=left.sentence,
        revenue=revenue,
        share=Quantity(float(sums.max() / max(sums.sum(), 1e-9)), "share"),
        cause=words.get(sums.idxmax(), str(sums.idxmax())),
    )


def _say_decide(evidence: Mapping[str, Finding], actions: pd.DataFrame | None) -> Text | None:
    if actions is None or actions.empty:
        return None
    share, hours = (
        _told(evidence, name) for name in ("decisions.first_ten_share", "decisions.hours_missing")
    )
    values = {
        "n": Quantity(len(actions), "count"),
        "gain": Quantity(float(actions["expected_gain"].sum()), "money"),
    }
    if share is None or hours is None:
        return _("To decide: {n} instructions, expected to gain {gain} a year.", **values)
    return _(
        "To decide: {n} instructions, expected to gain {gain} a year, hold {share} of the value at "
        "risk that can be acted on; for what else would pay, {hours} are missing.",
        share=share,
        hours=hours,
        **values,
    )


def _say_sure(evidence: Mapping[str, Finding]) -> Text | None:
    held, ahead = (
        _told(evidence, name) for name in ("decisions.backtest_share", "decisions.backtest_ahead")
    )
    if held is None or held.interval is None:
        return None
    values = {
        "share": held,
        "low": Quantity(held.interval.low, "share"),
        "high": Quantity(held.interval.high, "share"),
    }
    if ahead is not None and ahead.interval is not None and ahead.interval.low > 0:
        return _(
            "How sure: in earlier years the list held {share} of the value then lost (95% interval "
            "{low} to {high}), more than any simple order; what a contact changes is assumed.",
            **values,
        )
    return _(
        "How sure: in earlier years the list held {share} of the value then lost (95% interval "
        "{low} to {high}), not shown to be more than a simple order would; what a contact changes "
        "is assumed.",
        **values,
    )


def _say_followed(done: pd.DataFrame | None) -> tuple[Text, ...]:
    """What became of the last list, in a sentence; none where nobody keeps it."""
    if done is None or done.empty:
        return ()
    sums = done.select_dtypes("number").sum()
    told = _(
        "Of {proposed} actions last proposed, {done} were done, {decided_not} decided against, "
        "{held_out} held out by lot and {undone} not done yet; {overdue} are overdue. Of the "
        "accounts acted on, {kept} have ordered since, {lost} are lost, and of {open} it is too "
        "early to tell.",
        **{name: Quantity(int(sums[name]), "count") for name in FOLLOWED},
    )
    return (told,)


def _counted(evidence: Mapping[str, Finding]) -> list[Finding]:
    found = (_told(evidence, name) for name in OPEN_COUNTS)
    return [one for one in found if one is not None]


def _list_unknown(evidence: Mapping[str, Finding]) -> tuple[pd.DataFrame, dict]:
    """Findings without a value with their reasons, after the counts of what is open."""
    rows, labels, reasons = [], {}, {}
    told = [(one, int(one.value), one.definition) for one in _counted(evidence) if one.value]
    told += [(one, None, one.reason) for one in evidence.values() if one.value is None]
    for finding, n, reason in told:
        label, why = finding.label.render("en"), cast(Text, reason).render("en")
        if label not in labels:
            rows.append((label, n, why))
        labels[label], reasons[why] = finding.label, reason
    frame = pd.DataFrame(rows, columns=["label", "n", "reason"]).astype({"n": "float64"})
    return frame, {"label": labels, "unknown_reason": reasons}


def _terms_of(frame: pd.DataFrame | None) -> dict[str, dict[str, Text]]:
    """Words of a frame's codes."""
    if frame is None:
        return {}
    return {
        column: {code: Fixed(texts) for code, texts in words.items()}
        for column, words in frame.attrs.get("terms", {}).items()
    }
