"""The track record: calibration, coverage, skill and hits over all predictions come due."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kamresearch.analysis.record import recalibration as again
from kamresearch.analysis.record.outcomes import OUTCOME_NAMES
from kamresearch.analysis.record.revised import COLUMNS as REVISED
from kamresearch.analysis.record.revised import NO_OUTCOMES, list_revised
from kamresearch.analysis.record.scoring import REASONS, Scores
from kamresearch.analysis.record.windows import measure_windows
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

TOO_EARLY = _("Too early: no prediction has come due yet.")
NONE_REVISED = _("No outcome came otherwise by the data of an earlier version.")
MOST_REVISED = 20
"""Corrected outcomes shown, the largest first; the caveat counts them all."""
NONE_OF_FORM = _("No prediction of this form has come due.")
VERDICTS: dict[str, Text] = {
    "calibrated": _("as often as told"),
    "too_high": _("less often than told"),
    "too_low": _("more often than told"),
    "too_few": _("too few to judge"),
}
FEWEST_EVENTS = 5
"""Expected events below which calibration is not judged: a normal bound would not hold."""
BINS = 5


@dataclass(frozen=True)
class TrackRecord(Result, frame="calibration"):
    """How earlier predictions did.

    Parameters
    ----------
    calibration : DataFrame
        One row a prediction of probabilities: prediction, n, n_windows, expected, seen, low, high
        (95 % for what would be seen if the probabilities were right), verdict, skill (1 − Brier
        over the rival's), skill_low, skill_high.
    reliability : DataFrame
        prediction, bin, n, told (mean), seen (share), low, high.
    coverage : DataFrame
        prediction, level, n, covered, low, high (Wilson).
    points : DataFrame
        prediction, n, error (mean absolute), rival_error, skill, skill_low, skill_high.
    lists : DataFrame
        prediction, n, hits, share, base_rate, lift, low, high, value_share (of the later lost
        revenue that the list had named).
    misses : DataFrame
        The worst five: prediction, account_id, issued, due, value, actual, weight.
    recalibration : DataFrame
        As `kamresearch.analysis.record.recalibration.recalibrate` gives it.
    windows : DataFrame
        As `kamresearch.analysis.record.windows.measure_windows` gives it.
    left_out : DataFrame
        prediction, reason, n.
    n_due, n_facts, n_sealed : int
        Predictions come due, independent facts behind them (one an account and window), and how
        many were sealed before their outcome could be known (the others are hindcasts).
    """

    exports = ("record.n_due", "record.n_sealed", "record.calibrated")
    shows = (
        Shown("record.reliability", part="probabilities"),
        Shown("record.calibration", "calibration_table", part="probabilities"),
        Shown("record.recalibration", "recalibration_table", part="probabilities"),
        Shown("record.hedgehog", part="numbers"),
        Shown("record.windows", "windows_table", part="numbers"),
        Shown("record.coverage", "coverage_table", part="numbers"),
        Shown("record.points", "points_table", part="numbers"),
        Shown("record.lists", "lists_table", part="lists"),
        Shown("record.misses", "misses_table", part="lists"),
        Shown("record.revised", "revised_table", part="limits"),
    )
    cautions = False

    calibration: pd.DataFrame
    reliability: pd.DataFrame
    coverage: pd.DataFrame
    points: pd.DataFrame
    lists: pd.DataFrame
    misses: pd.DataFrame
    recalibration: pd.DataFrame
    windows: pd.DataFrame
    left_out: pd.DataFrame
    n_due: int
    n_facts: int
    n_sealed: int = 0
    revised: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=REVISED))
    """outcome, account_id, issued, due, was, now: outcomes that an earlier version saw otherwise"""
    names: Mapping[str, Text] = field(default_factory=dict)
    """Prediction → its words; one without is shown by its id."""

    def name_of(self, prediction: str) -> Text | str:
        """A prediction in words."""
        return self.names.get(prediction, prediction)

    @property
    def reason(self) -> Text | None:
        """Why there is nothing to say."""
        return None if self.n_due else TOO_EARLY

    def why_not(self, id: str) -> Text | None:
        """A part of the record is empty where no prediction of its form came due."""
        frame = (
            self.windows if id == "record.hedgehog" else getattr(self, id.removeprefix("record."))
        )
        if id == "record.revised" and self.reason is None and frame.empty:
            return NONE_REVISED
        return None if len(frame) else self.reason or NONE_OF_FORM

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What the record rests on."""
        told: list[Text] = []
        if self.n_due:
            told.append(
                _(
                    "{n} predictions came due; where windows overlap only the first is counted, "
                    "which leaves {facts} independent facts.",
                    n=Quantity(self.n_due, "count"),
                    facts=Quantity(self.n_facts, "count"),
                )
            )
        if self.n_due > self.n_sealed:
            told.append(
                _(
                    "{n} of them are hindcasts: made later, from data cut back to their day. They "
                    "prove less than what was sealed in its time.",
                    n=Quantity(self.n_due - self.n_sealed, "count"),
                )
            )
        if len(self.revised):
            told.append(
                _(
                    "{n} outcomes were told otherwise by the data of an earlier version: they were "
                    "corrected since. All are counted as the data tell them now.",
                    n=Quantity(len(self.revised), "count"),
                )
            )
        told += [
            _(
                "{n} predictions of {prediction} are left out: {reason}.",
                n=Quantity(int(row.n), "count"),
                prediction=self.name_of(row.prediction),
                reason=REASONS[row.reason],
            )
            for row in self.left_out.itertuples()
            if row.reason != "not_due"
        ]
        return tuple(told)

    def findings(self) -> list[Finding]:
        """How many came due, and how the probabilities and intervals held."""
        found = [
            Finding(
                "record.n_due",
                self.n_due,
                "count",
                _("Predictions come due"),
                _("Statements of earlier versions whose outcome the data now tell."),
                headline=self.n_due > 0,
                sentence=self._due_sentence(),
            ),
            Finding(
                "record.n_sealed",
                self.n_sealed,
                "count",
                _("Of these, sealed before the outcome"),
                _(
                    "Predictions come due that stood in a version sealed at the time. The others "
                    "are hindcasts, made later from data cut back to their day: weaker proof."
                ),
                n=self.n_due,
                n_unit="count",
                good="up",
            ),
        ]
        held = self.calibration[self.calibration["verdict"] != "too_few"]
        right = int((held["verdict"] == "calibrated").sum())
        found.append(
            Finding(
                "record.calibrated",
                right if len(held) else None,
                "count",
                _("Kinds of probability that came as often as told"),
                _(
                    "Kinds of predictions whose events, one an account and window, lie within what "
                    "chance allows if the probabilities told were right (95%)."
                ),
                n=len(held),
                n_unit="count",
                good="up",
                figure="record.reliability",
                headline=len(held) > 0,
                reason=None if len(held) else self.reason or _("Too few events to judge."),
                sentence=self._calibration_sentence(held) if len(held) else None,
            )
        )
        return found

    def _due_sentence(self) -> Text:
        """What came due, and how much of it was said before it could be known."""
        if not self.n_due:
            return TOO_EARLY
        return _(
            "Of {n} predictions come due, {sealed} were sealed in their time and {later} made "
            "later as hindcasts.",
            n=Quantity(self.n_due, "count"),
            sealed=Quantity(self.n_sealed, "count"),
            later=Quantity(self.n_due - self.n_sealed, "count"),
        )

    def _calibration_sentence(self, held: pd.DataFrame) -> Text:
        """The kind with most events told, as a sentence."""
        row = held.sort_values(["expected", "prediction"], ascending=[False, True]).iloc[0]
        return _(
            "Of “{prediction}”, {expected} were told and {seen} came: {verdict}.",
            expected=Quantity(round(float(row["expected"]), 1), "score"),
            prediction=self.name_of(row["prediction"]),
            seen=Quantity(int(row["seen"]), "count"),
            verdict=VERDICTS[row["verdict"]],
        )

    def calibration_table(self) -> Table:
        """Told against seen."""
        return make_table(
            "record.calibration",
            _("Probabilities: told against seen"),
            self.calibration,
            Column("prediction", _("Prediction"), terms=self.names),
            "n",
            Column("expected", _("Told"), "score"),
            Column("seen", _("Seen"), "count"),
            Column("verdict", _("Verdict"), terms=VERDICTS),
            Column("skill", _("Skill against the rival"), "share"),
            Column("skill_low", _("Lower bound"), "share"),
            Column("skill_high", _("Upper bound"), "share"),
        )

    def recalibration_table(self) -> Table:
        """Probabilities as told and as the record would have them, and which were better."""
        return make_table(
            "record.recalibration",
            _("Probabilities adjusted by the record: before and after"),
            self.recalibration,
            Column("prediction", _("Prediction"), terms=self.names),
            *again.BEFORE_AND_AFTER,
            Column("gain", _("Gain"), "score"),
            Column("low", _("Lower bound"), "score"),
            Column("high", _("Upper bound"), "score"),
            Column("verdict", _("Verdict"), terms=again.VERDICTS),
            caption=_(
                "Each window is adjusted by those that had come due before it was told. The rule: "
                "at least {windows} windows, {events} events and as many accounts without one to "
                "learn from, and a gain whose 95% interval lies above nought.",
                windows=again.FEWEST_WINDOWS,
                events=again.ENOUGH_EVENTS,
            ),
        )

    def windows_table(self) -> Table:
        """Sums told and come, window by window, and how far the accounts had moved."""
        return make_table(
            "record.windows",
            _("Sums told, and what came"),
            self.windows,
            Column("prediction", _("Prediction"), terms=self.names),
            Column("issued", _("Stated on"), "date"),
            Column("due", _("Due"), "date"),
            "n",
            Column("told", _("Told"), "score"),
            Column("rival", _("The rival's"), "score"),
            Column("came", _("Came"), "score"),
            Column("stayed", _("Accounts there before"), "share"),
            Column("shift", _("Shift of what is told"), "score"),
            Column("by_chance", _("Shift by chance"), "score"),
            caption=_(
                "Shift: population stability index of the values against the window before; well "
                "above the shift by chance, the accounts of now are no longer those that the "
                "record speaks of."
            ),
        )

    def coverage_table(self) -> Table:
        """Intervals that held."""
        return make_table(
            "record.coverage",
            _("Intervals: how many held"),
            self.coverage,
            Column("prediction", _("Prediction"), terms=self.names),
            Column("level", _("Stated"), "share"),
            "n",
            Column("covered", _("Held"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
            caption=_(
                "Of an interval, held means that what came lay inside; of a quantile, that it was "
                "no more."
            ),
        )

    def points_table(self) -> Table:
        """Points beside their rival."""
        return make_table(
            "record.points",
            _("Numbers told: how far off, beside the simple rival"),
            self.points,
            Column("prediction", _("Prediction"), terms=self.names),
            "n",
            Column("error", _("Mean error"), "score"),
            Column("rival_error", _("The rival's"), "score"),
            Column("skill", _("Skill against the rival"), "share"),
            Column("skill_low", _("Lower bound"), "share"),
            Column("skill_high", _("Upper bound"), "share"),
            caption=_(
                "Of an interval, the error of its centre; of quantiles, the pinball loss, which is "
                "lowest on average for the true quantile."
            ),
        )

    def lists_table(self) -> Table:
        """Lists that named accounts."""
        return make_table(
            "record.lists",
            _("Lists: how many of those named were lost"),
            self.lists,
            Column("prediction", _("List"), terms=self.names),
            "n",
            Column("hits", _("Lost"), "accounts"),
            Column("share", _("Share"), "share"),
            Column("base_rate", _("Of all accounts"), "share"),
            Column("lift", _("Lift"), "ratio"),
            Column("low", _("Lower bound"), "ratio"),
            Column("high", _("Upper bound"), "ratio"),
            Column("value_share", _("Of the revenue lost"), "share"),
        )

    def misses_table(self) -> Table:
        """The surest that were wrong."""
        words = [self._say_miss(row) for row in self.misses.itertuples()]
        return make_table(
            "record.misses",
            _("The five worst misses"),
            self.misses.assign(words=[one.render("en") for one in words]),
            Column("prediction", _("Prediction"), terms=self.names),
            "account_id",
            Column("issued", _("Stated on"), "date"),
            Column("due", _("Due"), "date"),
            Column("value", _("Told"), "probability"),
            Column("actual", _("Came"), "count"),
            Column("words", _("In words"), terms={one.render("en"): one for one in words}),
        )

    def revised_table(self) -> Table:
        """Outcomes that an earlier version saw otherwise."""
        return make_table(
            "record.revised",
            _("Outcomes corrected since they were first looked at"),
            self.revised.head(MOST_REVISED),
            Column("outcome", _("Outcome"), terms=OUTCOME_NAMES),
            "account_id",
            Column("issued", _("Stated on"), "date"),
            Column("due", _("Due"), "date"),
            Column("was", _("Told by the data then"), "score"),
            Column("now", _("Told by the data now"), "score"),
            caption=_(
                "At most the {most} largest of {n}; every score counts the outcome as it is told "
                "now.",
                most=MOST_REVISED,
                n=len(self.revised),
            ),
        )

    def _say_miss(self, row: Any) -> Text:
        """A miss in a sentence."""
        about = {
            "prediction": self.name_of(row.prediction),
            "account": row.account_id,
            "chance": Quantity(float(row.value), "probability"),
            "due": Quantity(row.due.date().isoformat(), "date"),
            "revenue": Quantity(float(row.weight), "money"),
        }
        if row.actual > 0:
            return _(
                "“{prediction}” of {account} was told at {chance} and came by {due}; {revenue} a "
                "year hung on it.",
                **about,
            )
        return _(
            "“{prediction}” of {account} was told at {chance} and did not come by {due}; {revenue} "
            "a year hung on it.",
            **about,
        )


def measure_record(
    scores: Scores,
    names: Mapping[str, Text] | None = None,
    *,
    earlier: pd.DataFrame | None = None,
    n_resamples: int = 500,
    random_state: int = 0,
) -> TrackRecord:
    """Were the probabilities right, did the intervals hold, did the lists name those who left?

    Scored predictions → calibration, coverage, skill and hits.

    Parameters
    ----------
    scores : Scores
        From `score`.
    names : mapping of str to Text, optional
        Prediction → its words.
    earlier : DataFrame, optional
        Outcomes as earlier versions saw them: what differs now is listed.
    n_resamples : int
        Accounts drawn again for the interval of the skill.
    random_state : int
        Seed of these draws.

    Returns
    -------
    TrackRecord

    Notes
    -----
    Of overlapping windows of one prediction only the earliest is kept, then the next that begins
    after it ended: facts are counted once. Calibration: events seen against Σp, with variance
    Σp(1 − p), which holds if accounts leave independently of each other.
    """
    frame = drop_overlaps(scores.frame)
    rng = np.random.default_rng(random_state)
    chances = frame[frame["form"] == "probability"]
    intervals = frame[frame["form"].isin(["interval", "quantile"]) & frame["covered"].notna()]
    return TrackRecord(
        calibration=measure_calibration(chances, n_resamples, rng),
        reliability=_reliability(chances),
        coverage=_coverage(intervals),
        points=_points(_numbers(frame), n_resamples, rng),
        lists=_lists(frame),
        misses=_worst(chances),
        recalibration=again.recalibrate(chances, n_resamples, rng),
        windows=measure_windows(scores.frame),
        left_out=scores.left_out,
        n_due=len(scores.frame),
        n_facts=len(frame.drop_duplicates(["account_id", "issued", "due"])),
        n_sealed=_count_sealed(scores.frame),
        revised=list_revised(scores.frame, earlier if earlier is not None else NO_OUTCOMES),
        names=names or {},
    )


def _count_sealed(frame: pd.DataFrame) -> int:
    """Predictions that were sealed in their time; all of them where nothing else is said."""
    return int((~frame["hindcast"].astype(bool)).sum()) if "hindcast" in frame else len(frame)


def drop_overlaps(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of each prediction's windows that do not overlap, the earliest first."""
    kept = []
    for _what, group in frame.groupby(["prediction", "outcome"], sort=True):
        windows = group[["issued", "due"]].drop_duplicates().sort_values(["issued", "due"])
        until = pd.Timestamp.min
        for issued, due in windows.itertuples(index=False):
            if issued >= until:
                kept.append(group[(group["issued"] == issued) & (group["due"] == due)])
                until = due
    return pd.concat(kept) if kept else frame.iloc[:0]


def measure_calibration(
    frame: pd.DataFrame, n_resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Events told against events seen, a row for each prediction: see `TrackRecord`."""
    rows = []
    for prediction, group in frame.groupby("prediction", sort=True):
        chance, seen = group["value"].to_numpy(), group["actual"].to_numpy()
        expected, spread = chance.sum(), 1.96 * np.sqrt((chance * (1 - chance)).sum())
        low, high = expected - spread, expected + spread
        enough = min(expected, (1 - chance).sum()) >= FEWEST_EVENTS
        verdict = "calibrated" if low <= seen.sum() <= high else "too_high"
        verdict = "too_low" if seen.sum() > high else verdict
        skill, skill_low, skill_high = _skill(group, n_resamples, rng)
        rows.append(
            {
                "prediction": prediction,
                "n": len(group),
                "n_windows": len(group[["issued", "due"]].drop_duplicates()),
                "expected": float(expected),
                "seen": float(seen.sum()),
                "low": max(0.0, float(low)),
                "high": float(high),
                "verdict": verdict if enough else "too_few",
                "skill": skill,
                "skill_low": skill_low,
                "skill_high": skill_high,
            }
        )
    columns = "prediction n n_windows expected seen low high verdict skill skill_low skill_high"
    return pd.DataFrame(rows, columns=columns.split())


def _numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Points, quantiles and centres of intervals, each with what it pays and what its rival does:
    an interval's own score has no rival, since that one tells no bounds.
    """
    numbers = frame[frame["form"].isin(["point", "quantile", "interval"])].copy()
    if numbers.empty:
        return numbers
    centre = numbers["form"] == "interval"
    for told, name in (("value", "score"), ("rival_value", "rival_score")):
        away = (numbers[told] - numbers["actual"]).abs()
        numbers[name] = numbers[name].where(~centre, away)
    return numbers


def _points(frame: pd.DataFrame, n_resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for prediction, group in frame.groupby("prediction", sort=True):
        errors = (float(group["score"].mean()), float(group["rival_score"].mean()))
        rows.append((prediction, len(group), *errors, *_skill(group, n_resamples, rng)))
    columns = ["prediction", "n", "error", "rival_error", "skill", "skill_low", "skill_high"]
    return pd.DataFrame(rows, columns=columns)


def _skill(
    group: pd.DataFrame, n_resamples: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """1 − score over the rival's, with its 95 % interval by drawing accounts again."""
    told = group[group["rival_score"].notna()]
    if told.empty or told["rival_score"].sum() <= 0:
        return float("nan"), float("nan"), float("nan")
    sums = told.groupby("account_id")[["score", "rival_score"]].sum().to_numpy()
    if len(sums) < 2:  # one account, or the company: nothing to draw again
        return float(1 - sums[0, 0] / sums[0, 1]), float("nan"), float("nan")
    draws = rng.integers(len(sums), size=(n_resamples, len(sums)))
    again = sums[draws].sum(axis=1)
    skills = 1 - again[:, 0] / np.where(again[:, 1] > 0, again[:, 1], np.nan)
    low, high = np.nanquantile(skills, [0.025, 0.975])
    return float(1 - sums[:, 0].sum() / sums[:, 1].sum()), float(low), float(high)


def _wilson(hits: int, n: int) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, n, method="wilson")
    return float(low), float(high)


def _reliability(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for prediction, group in frame.groupby("prediction", sort=True):
        if len(group) < 2 * BINS:  # a point of one statement shows nothing
            continue
        places = group["value"].rank(method="first", pct=True)
        bins = np.minimum((places * BINS).astype(int), BINS - 1)
        for number, part in group.groupby(bins, sort=True):
            low, high = _wilson(int(part["actual"].sum()), len(part))
            rows.append(
                (prediction, int(number), len(part), part["value"].mean(), part["actual"].mean())
                + (low, high)
            )
    columns = ["prediction", "bin", "n", "told", "seen", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _coverage(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (prediction, level), group in frame.groupby(["prediction", "level"], sort=True):
        held = int(group["covered"].sum())
        rows.append((prediction, level, len(group), held / len(group), *_wilson(held, len(group))))
    return pd.DataFrame(rows, columns=["prediction", "level", "n", "covered", "low", "high"])


def _lists(frame: pd.DataFrame) -> pd.DataFrame:
    """Each list beside all accounts of its windows: ``value`` is the place, 0 means not named."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    rows = []
    for prediction, group in frame[frame["form"] == "list"].groupby("prediction", sort=True):
        named, others = group[group["value"] > 0], group[group["value"] <= 0]
        if named.empty or others.empty or group["actual"].sum() == 0:
            continue
        hits, base = int(named["actual"].sum()), float(group["actual"].mean())
        low, high = confint_proportions_2indep(
            hits,
            len(named),
            int(others["actual"].sum()),
            len(others),
            compare="ratio",
            method="log-adjusted",
        )
        lost = group[group["actual"] > 0]["weight"].sum()
        worth = named[named["actual"] > 0]["weight"].sum() / lost if lost > 0 else float("nan")
        rate = float(others["actual"].mean())
        lift = hits / len(named) / rate if rate > 0 else float("nan")
        rows.append(
            (prediction, len(named), hits, hits / len(named), base, lift)
            + (float(low), float(high), worth)
        )
    columns = [
        "prediction",
        "n",
        "hits",
        "share",
        "base_rate",
        "lift",
        "low",
        "high",
        "value_share",
    ]
    return pd.DataFrame(rows, columns=columns)


def _worst(frame: pd.DataFrame) -> pd.DataFrame:
    """The five surest that were wrong, the more revenue hung on them the earlier; one in four that
    did not come is no miss where another was told at one in ten and came.
    """
    frame = frame[frame["account_id"] != ""]
    away = frame["error"].abs()
    wrong = frame.assign(wrong=away > 0.5, miss=away * (1 + frame["weight"]))
    order = ["wrong", "miss", "account_id"]
    wrong = wrong.sort_values(order, ascending=[False, False, True]).head(5)
    columns = ["prediction", "account_id", "issued", "due", "value", "actual", "weight"]
    return wrong[columns].reset_index(drop=True)
