"""The briefing: what the other studies found, brought onto one screen. Chooses and joins;
measures nothing anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from kamresearch.analysis.warning import OWNER_TERMS
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Fixed, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result

SMALL = 30
"""Cases below which a headline with an interval is called a small sample."""
TIER_ORDER = {"A": 0, "B": 1, "C": 2}
VERDICT_ORDER = {"contradicted": 0, "supported": 1}
NO_ALERTS = _("No study of churn left a list of alerts.")
ALL_TOLD = _("No finding of this version lacks its number.")
NO_SWOT = _("No study left SWOT items.")
NO_HEADLINES = _("No other study left a headline finding.")
QUADRANTS = ("strength", "weakness", "opportunity", "threat")

BACKTEST = ("churn.alerts_in_vain", "churn.losses_warned")
"""Findings that say how far alerts could be trusted before."""

Terms = Mapping[str, Mapping[str, Text]]
"""Column → code → its words."""


@dataclass(frozen=True)
class Briefing(Result):
    """Headlines, calls, SWOT items and gaps, each as the studies stated them."""

    headlines: tuple[Finding, ...]
    calls: pd.DataFrame | None
    """account_id, account_name, tier, value_at_risk, reason, action, manager_id, as far as
    known; None without alerts
    """
    n_alerts: int
    items: pd.DataFrame | None
    """quadrant, text, verdict; None without a SWOT"""
    unknown: pd.DataFrame
    """label, reason: findings that could not be told"""
    small: tuple[Finding, ...]
    missing: tuple[str, ...]
    """Prefixes of studies that were asked for and left no finding"""
    n_findings: int
    backtest: tuple[Finding, Finding] | None = None
    """alerts in vain and losses with a warning, where the study of churn could test its alerts"""
    terms: Terms = field(default_factory=dict)
    simulated: bool = False

    def findings(self) -> list[Finding]:
        """How many accounts to call, what they are worth, and how much cannot be told."""
        return [
            *self._call_findings(),
            Finding(
                "briefing.n_undefined",
                len(self.unknown),
                "count",
                _("Findings that cannot be told"),
                _("Findings of this version without a value, each with its reason."),
                n=self.n_findings,
                n_unit="count",
                good="down",
                figure="briefing.unknown",
                simulated=self.simulated,
            ),
        ]

    def _call_findings(self) -> list[Finding]:
        about = {"figure": "briefing.calls", "simulated": self.simulated}
        n_calls = None if self.calls is None else len(self.calls)
        reason = None if self.calls is not None else NO_ALERTS
        value, value_reason = self._value()
        return [
            Finding(
                "briefing.n_calls",
                n_calls,
                "accounts",
                _("Accounts to call this month"),
                _(
                    "Accounts with an alert, key accounts first, then by value at risk; at "
                    "most as many as the parameter allows."
                ),
                n=self.n_alerts,
                reason=reason,
                good="down",
                **about,
            ),
            Finding(
                "briefing.value_to_call",
                value,
                "money",
                _("Value at risk in these accounts"),
                _(
                    "Sum of the value at risk that the study of churn states for each "
                    "account to call."
                ),
                n=n_calls,
                reason=value_reason,
                good="down",
                **about,
            ),
        ]

    def _value(self) -> tuple[float | None, Text | None]:
        if self.calls is None:
            return None, NO_ALERTS
        if "value_at_risk" not in self.calls or self.calls["value_at_risk"].isna().all():
            return None, _("No account to call has a known value at risk.")
        return float(self.calls["value_at_risk"].sum()), None

    def call_table(self) -> Table:
        """The accounts to call, with why and by whom."""
        heads = {
            "account_id": Column("account_id", _("Account")),
            "account_name": Column("account_name", _("Name")),
            "tier": Column("tier", _("Tier"), terms=self.terms.get("tier", {})),
            "value_at_risk": Column("value_at_risk", _("Value at risk"), "money"),
            "reason": Column("reason", _("Why"), terms=self.terms.get("reason", {})),
            "action": Column("action", _("What to do"), terms=self.terms.get("action", {})),
            "manager_id": Column("manager_id", _("Manager"), terms=OWNER_TERMS),
        }
        columns = [column for name, column in heads.items() if name in self.calls.columns]
        return make_table(
            "briefing.calls",
            _("Accounts that need a call"),
            self.calls,
            *columns,
            rows_shown=len(self.calls) or 1,
            cards=True,
            caption=self._call_caption(),
        )

    def _call_caption(self) -> Text:
        """How many are shown of how many, and how far such alerts could be trusted before."""
        counts = {
            "shown": Quantity(len(self.calls), "count"),
            "all": Quantity(self.n_alerts, "count"),
        }
        if self.backtest is None:
            return _(
                "{shown} of {all} accounts with an alert: key accounts first, then by "
                "value at risk.",
                **counts,
            )
        vain, warned = self.backtest
        return _(
            "{shown} of {all} accounts with an alert: key accounts first, then by value at "
            "risk. In the backtest {vain} of {alerts} alerts were in vain, and {warned} of "
            "{losses} losses came with one.",
            vain=vain,
            alerts=vain.n,
            warned=warned,
            losses=warned.n,
            **counts,
        )

    def item_table(self) -> Table:
        """The SWOT items with their verdicts."""
        columns = (
            Column("quadrant", _("Quadrant"), terms=self.terms.get("quadrant", {})),
            Column("text", _("Statement"), terms=self.terms.get("text", {})),
            Column("verdict", _("Verdict"), terms=self.terms.get("verdict", {})),
        )
        return make_table("briefing.items", _("SWOT items"), self.items, *columns)

    def unknown_table(self) -> Table:
        """What could not be told, and why."""
        return make_table(
            "briefing.unknown",
            _("What could not be told, and why"),
            self.unknown,
            Column("label", _("Finding"), terms=self.terms.get("label", {})),
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
            ),
            _(
                "An alert says that an account behaves as lost ones did before they left. "
                "It does not say that a call will keep it."
            ),
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
        return ("、" if language == "zh" else ", ").join(
            finding.label.render(language) for finding in self.findings
        )


def write_briefing(
    evidence: Mapping[str, Finding],
    alerts: pd.DataFrame | None = None,
    tiers: pd.DataFrame | None = None,
    items: pd.DataFrame | None = None,
    *,
    prefixes: Iterable[str] = (),
    most_headlines: int = 8,
    most_calls: int = 10,
) -> Briefing:
    """What must a leader know this month, and what can nobody tell?

    Parameters
    ----------
    evidence : mapping of str to Finding
        Findings of the other studies.
    alerts : DataFrame, optional
        One row per account with an alert: account_id, account_name, value_at_risk, reason, action,
        manager_id.
    tiers : DataFrame, optional
        One row per account: account_id, tier.
    items : DataFrame, optional
        SWOT items: quadrant, text, verdict. The words of codes stand in each frame's
        ``attrs["terms"]``.
    prefixes : iterable of str
        Prefixes of the studies that were to speak.
    most_headlines, most_calls : int
        How much fits on the screen.

    Returns
    -------
    Briefing

    Notes
    -----
    Headlines come in turns: the first of each study, then the second of each, and so on, so that no
    study drowns the
    others. Nothing is weighed: which headline matters most is a judgement that this function does
    not make.
    """
    findings = list(evidence.values())
    headlines = choose_headlines(findings, most_headlines)
    unknown = [finding for finding in findings if finding.value is None]
    calls = (
        None
        if alerts is None
        else join_calls(alerts, tiers).head(most_calls).reset_index(drop=True)
    )
    label_terms = {finding.label.render("en"): finding.label for finding in unknown}
    reason_terms = {finding.reason.render("en"): finding.reason for finding in unknown}
    terms = _terms_of(tiers) | _terms_of(items) | _terms_of(alerts)
    if calls is not None and "tier" in calls and tiers is not None:
        terms["tier"] = _terms_of(tiers).get("tier", {}) or terms.get("tier", {})
    backtest = tuple(
        evidence[name] for name in BACKTEST if name in evidence and evidence[name].value is not None
    )
    return Briefing(
        headlines=headlines,
        calls=calls,
        n_alerts=0 if alerts is None else len(alerts),
        items=None if items is None or items.empty else order_items(items),
        unknown=pd.DataFrame(
            {
                "label": list(label_terms),
                "reason": [_reason_of(unknown, name) for name in label_terms],
            },
            dtype=object,
        ),
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
        backtest=backtest if len(backtest) == len(BACKTEST) else None,
        terms={**terms, "label": label_terms, "unknown_reason": reason_terms},
        simulated=any(finding.simulated for finding in findings),
    )


def choose_headlines(findings: Iterable[Finding], most: int) -> tuple[Finding, ...]:
    """Headline findings with a value, the first of each study before the second of any.

    >>> from kamresearch.language import message as _
    >>> made = [Finding(name, 1, "count", _("a"), _("b"), headline=True) for name in ("a.x", "a.y", "b.z")]
    >>> [finding.id for finding in choose_headlines(made, 2)]
    ['a.x', 'b.z']
    """  # noqa: E501
    turns: dict[str, int] = {}
    placed = []
    for order, finding in enumerate(findings):
        if finding.headline and finding.value is not None:
            study = finding.id.partition(".")[0]
            turns[study] = turns.get(study, 0) + 1
            placed.append((turns[study], order, finding))
    return tuple(
        finding for _turn, _order, finding in sorted(placed, key=lambda one: one[:2])[:most]
    )


def join_calls(alerts: pd.DataFrame, tiers: pd.DataFrame | None) -> pd.DataFrame:
    """Alerts with each account's tier, key accounts first, then by value at risk; the order of
    equals is by id.
    """
    calls = alerts.copy()
    calls["account_id"] = calls["account_id"].astype(str)
    if "reason" not in calls and "reason_en" in calls:
        calls["reason"] = calls["reason_en"]
    if tiers is not None and "tier" in tiers:
        known = tiers.assign(account_id=tiers["account_id"].astype(str))[["account_id", "tier"]]
        calls = calls.drop(columns="tier", errors="ignore").merge(
            known, on="account_id", how="left", validate="many_to_one"
        )
    rank = (
        calls["tier"].map(TIER_ORDER).fillna(len(TIER_ORDER))
        if "tier" in calls
        else pd.Series(0, calls.index)
    )
    value = (
        pd.to_numeric(calls["value_at_risk"], errors="coerce")
        if "value_at_risk" in calls
        else pd.Series(0.0, calls.index)
    )
    order = calls.assign(_rank=rank, _value=-value).sort_values(
        ["_rank", "_value", "account_id"], na_position="last"
    )
    wanted = (
        "account_id",
        "account_name",
        "tier",
        "value_at_risk",
        "reason",
        "action",
        "manager_id",
    )
    return order[[name for name in wanted if name in order.columns]]


def order_items(items: pd.DataFrame) -> pd.DataFrame:
    """SWOT items by quadrant, those on which the evidence speaks first."""
    places = {name: number for number, name in enumerate(QUADRANTS)}
    keys = pd.DataFrame(
        {
            "quadrant": items["quadrant"].map(places),
            "verdict": items["verdict"].map(VERDICT_ORDER).fillna(2),
        }
    )
    order = keys.sort_values(["quadrant", "verdict"], kind="stable").index
    return items.loc[order, ["quadrant", "text", "verdict"]].reset_index(drop=True)


def _reason_of(findings: Iterable[Finding], label: str) -> str:
    return next(one.reason.render("en") for one in findings if one.label.render("en") == label)


def _terms_of(frame: pd.DataFrame | None) -> dict[str, dict[str, Text]]:
    """Words of a frame's codes; a reason that comes as a text in each language becomes a code
    of its own.
    """
    if frame is None:
        return {}
    terms = {
        column: {code: Fixed(texts) for code, texts in words.items()}
        for column, words in frame.attrs.get("terms", {}).items()
    }
    if "reason" not in frame and {"reason_en", "reason_zh"} <= set(frame.columns):
        pairs = zip(frame["reason_en"], frame["reason_zh"], strict=True)
        terms["reason"] = {str(en): Fixed({"en": str(en), "zh": str(zh)}) for en, zh in pairs}
    return terms
