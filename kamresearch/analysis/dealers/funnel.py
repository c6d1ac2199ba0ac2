"""Dealers beside what chance would make of them: margin, losses, answers."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kamresearch.analysis.dealers.dealings import MEASURES, Dealings
from kamresearch.analysis.dealers.lots import (
    ALPHA,
    LEAST_GROUPS,
    LEAST_MEMBERS,
    Judged,
    judge_groups,
)
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NAMES: dict[str, Text] = {
    "margin": _("Margin of its accounts"),
    "losses": _("Accounts lost"),
    "answers": _("Complaints solved in time"),
}
BETTER = {"margin": "up", "losses": "down", "answers": "up"}
VERDICTS: dict[str, Text] = {
    "worse": _("worse than chance"),
    "better": _("better than chance"),
    "within": _("within chance"),
    "few": _("too few accounts"),
}
FEW = _(
    "Fewer than {groups} dealers have {members} accounts or more.",
    groups=LEAST_GROUPS,
    members=LEAST_MEMBERS,
)
FRAME = [
    *("measure", "dealer_id", "dealer_name", "region", "grade", "n_accounts", "value"),
    *("low", "high", "verdict"),
]


@dataclass(frozen=True)
class Funnel(Result):
    """Each dealer's margin, losses and answers, with the limits of chance.

    Parameters
    ----------
    frame : DataFrame
        measure, dealer_id, dealer_name, region, grade, n_accounts, value, low, high, verdict: one
        row per measure and dealer, the worse ones first.
    judged : mapping of str to Judged
        By measure, what lot makes of the dealers.
    reasons : mapping of str to Message
        By measure, why it is not judged.
    """

    exports = tuple(
        f"dealers.{measure}_{name}"
        for measure in MEASURES
        for name in ("outside", "dispersion", "p_value")
    )
    shows = (Shown("dealers.funnel"), Shown("dealers.funnel", "table"))
    cautions = False

    frame: pd.DataFrame
    judged: Mapping[str, Judged]
    reasons: Mapping[str, Message]
    period: tuple[str, str]

    @property
    def reason(self) -> Message | None:
        """Why no measure is judged; None where one is."""
        return None if self.judged else self.reasons[MEASURES[0]]

    def findings(self) -> list[Finding]:
        """Dealers outside chance, and how far dealers differ at all, by measure."""
        return [one for measure in MEASURES for one in self._findings(measure)]

    def _findings(self, measure: str) -> list[Finding]:
        found = self.judged.get(measure)
        rows = self.frame[(self.frame["measure"] == measure) & (self.frame["verdict"] != "few")]
        out = rows[rows["verdict"] != "within"]
        common = {
            "n": len(rows),
            "n_unit": "count",
            "period": self.period,
            "reason": self.reasons.get(measure) or _("All accounts are alike in it."),
        }
        label = NAMES[measure]
        return [
            Finding(
                f"dealers.{measure}_outside",
                None if found is None else len(out),
                "count",
                _("{measure}: dealers outside chance", measure=label),
                _(
                    "Dealers of {members} accounts or more beyond the 95% limits, for all dealers "
                    "together, of accounts dealt to them by lot.",
                    members=LEAST_MEMBERS,
                ),
                good="down",
                figure="dealers.funnel",
                headline=bool(len(out)),
                sentence=self._sentence(measure, rows, out),
                **common,
            ),
            Finding(
                f"dealers.{measure}_dispersion",
                None if found is None else found.dispersion,
                "ratio",
                _("{measure}: spread of dealers over chance", measure=label),
                _("Σ z² over dealers less one; 1 is what lot gives on average."),
                good="down",
                figure="dealers.funnel",
                **common,
            ),
            Finding(
                f"dealers.{measure}_p_value",
                None if found is None else found.p_value,
                "p_value",
                _("{measure}: p-value of the spread", measure=label),
                _("Share of lots in which dealers differ as much or more."),
                **common,
            ),
        ]

    def _sentence(self, measure: str, rows: pd.DataFrame, out: pd.DataFrame) -> Message | None:
        if measure not in self.judged:
            return None
        told = {"measure": NAMES[measure], "n": len(rows)}
        p_value = self.judged[measure].p_value
        if out.empty and p_value is not None and p_value < ALPHA:
            return _(
                "{measure}: none of the {n} dealers lies outside chance by itself, yet together "
                "they differ more than lot makes them.",
                **told,
            )
        if out.empty:
            return _("{measure}: none of the {n} dealers lies outside chance.", **told)
        names = ", ".join(out["dealer_name"].fillna(out["dealer_id"]).head(3))
        return _(
            "{measure}: {out} of {n} dealers lie outside chance: {names}.",
            out=len(out),
            names=names,
            **told,
        )

    def table(self) -> Table:
        """Dealer by dealer."""
        return make_table(
            "dealers.funnel",
            _("Dealers beside chance"),
            self.frame,
            Column("measure", _("Measure"), terms=NAMES),
            Column("dealer_id", _("Dealer")),
            Column("dealer_name", _("Name")),
            Column("region", _("Region")),
            Column("grade", _("Grade")),
            "n_accounts",
            Column("value", _("Value"), "net_share"),
            Column("low", _("Lower limit"), "net_share"),
            Column("high", _("Upper limit"), "net_share"),
            Column("verdict", _("Verdict"), terms=VERDICTS),
            caption=_("Limits are those of as many accounts drawn by lot from all dealers’."),
            rows_shown=20,
        )

    @property
    def caveats(self) -> tuple[Message, ...]:
        """What such a comparison is."""
        if self.reason:
            return ()
        return (
            _(
                "Association, not cause: accounts were not dealt out by lot. A dealer of a hard "
                "region, of small accounts or of one industry stands out without doing anything "
                "wrong. Where the spread over chance is large, many lie outside."
            ),
        )


def compare_dealers(dealings: Dealings, random_state: int = 0) -> Funnel:
    """Which dealers differ by more than chance?

    `judge_groups` of the accounts of each dealer, by measure: margin (the mean of the accounts'
    margins, each account once and none beyond ±100 %, for in sums of money a few large accounts
    drown what a dealer does), losses and complaints solved in time.

    Parameters
    ----------
    dealings : Dealings
        From `read_dealings`.
    random_state : int
        Of the lots.
    """
    judged: dict[str, Judged] = {}
    reasons = dict(dealings.reasons)
    rows = []
    for measure in MEASURES:
        if dealings.reason is not None:
            reasons[measure] = dealings.reason
        if measure not in dealings.measures:
            continue
        members = dealings.measures[measure].dropna(subset=["dealer_id"])
        if measure == "margin":
            members = _each_once(members)
        found = judge_groups(members.rename(columns={"dealer_id": "group"}), random_state)
        if found.overall is None:
            reasons[measure] = FEW
            continue
        judged[measure] = found
        rows.append(_judge(found, measure))
    frame = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["dealer_id"])
    known = dealings.dealers.reindex(columns=["dealer_id", "dealer_name", "region", "grade"])
    frame = frame.merge(known, on="dealer_id", how="left").reindex(columns=FRAME)
    return Funnel(_order(frame), judged, reasons, dealings.period)


def _each_once(members: pd.DataFrame) -> pd.DataFrame:
    """Each account's own ratio in place of its two sums."""
    return members.assign(part=(members["part"] / members["whole"]).clip(-1, 1), whole=1.0)


def _judge(found: Judged, measure: str) -> pd.DataFrame:
    frame = found.frame.rename(columns={"group": "dealer_id", "n": "n_accounts"})
    above = frame["value"] > frame["high"]
    good = above if BETTER[measure] == "up" else ~above
    verdict = pd.Series("within", index=frame.index).mask(frame["outside"] & good, "better")
    verdict = verdict.mask(frame["outside"] & ~good, "worse").mask(frame["low"].isna(), "few")
    return frame.assign(measure=measure, verdict=verdict)


def _order(frame: pd.DataFrame) -> pd.DataFrame:
    first = frame["verdict"].map({name: place for place, name in enumerate(VERDICTS)})
    order = frame["measure"].map({name: place for place, name in enumerate(MEASURES)})
    keys = frame.assign(first=first, order=order)
    return frame.loc[
        keys.sort_values(["first", "order", "n_accounts"], ascending=[True, True, False]).index
    ].reset_index(drop=True)
