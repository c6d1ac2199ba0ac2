"""The track record: calibration, coverage, skill and hits over all predictions come due."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.record.scoring import REASONS, Scores
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result

TOO_EARLY = _("Too early: no prediction has come due yet.")
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
class TrackRecord(Result):
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
    lists : DataFrame
        prediction, n, hits, share, base_rate, lift, low, high, value_share (of the later lost
        revenue that the list had named).
    misses : DataFrame
        The worst five: prediction, account_id, issued, due, value, actual.
    left_out : DataFrame
        prediction, reason, n.
    n_due, n_facts : int
        Predictions come due, and independent facts behind them (one an account and window).
    """

    calibration: pd.DataFrame
    reliability: pd.DataFrame
    coverage: pd.DataFrame
    lists: pd.DataFrame
    misses: pd.DataFrame
    left_out: pd.DataFrame
    n_due: int
    n_facts: int

    @property
    def reason(self) -> Text | None:
        """Why there is nothing to say."""
        return None if self.n_due else TOO_EARLY

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
        told += [
            _(
                "{n} predictions of {prediction} are left out: {reason}.",
                n=Quantity(int(row.n), "count"),
                prediction=row.prediction,
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
                reason=None,
                headline=self.n_due > 0,
            )
        ]
        for row in self.calibration.itertuples():
            found.append(
                Finding(
                    f"record.{row.prediction.replace('.', '_')}_ratio",
                    row.seen / row.expected if row.expected > 0 else None,
                    "ratio",
                    _("Seen over told, {prediction}", prediction=row.prediction),
                    _(
                        "Events seen over the sum of the probabilities told, one an account and "
                        "window; the 95% interval is where it would lie if they were right."
                    ),
                    interval=Interval(row.low / row.expected, row.high / row.expected)
                    if row.expected > 0
                    else None,
                    n=int(row.n),
                    reason=None if row.expected > 0 else _("Nothing was expected."),
                    sentence=_(
                        "Of {expected} events told by {prediction}, {seen} came: {verdict}.",
                        expected=Quantity(round(row.expected, 1), "score"),
                        prediction=row.prediction,
                        seen=Quantity(int(row.seen), "count"),
                        verdict=VERDICTS[row.verdict],
                    ),
                )
            )
        return found

    def calibration_table(self) -> Table:
        """Told against seen."""
        return make_table(
            "record.calibration",
            _("Probabilities: told against seen"),
            self.calibration,
            Column("prediction", _("Prediction")),
            "n",
            Column("expected", _("Told"), "score"),
            Column("seen", _("Seen"), "count"),
            Column("verdict", _("Verdict"), terms=VERDICTS),
            Column("skill", _("Skill against the rival"), "share"),
            Column("skill_low", _("Lower bound"), "share"),
            Column("skill_high", _("Upper bound"), "share"),
        )

    def coverage_table(self) -> Table:
        """Intervals that held."""
        return make_table(
            "record.coverage",
            _("Intervals: how many held"),
            self.coverage,
            Column("prediction", _("Prediction")),
            Column("level", _("Stated"), "share"),
            "n",
            Column("covered", _("Held"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        )

    def lists_table(self) -> Table:
        """Lists that named accounts."""
        return make_table(
            "record.lists",
            _("Lists: how many of those named were lost"),
            self.lists,
            Column("prediction", _("List")),
            "n",
            Column("hits", _("Lost"), "accounts"),
            Column("share", _("Share"), "share"),
            Column("base_rate", _("Of all accounts"), "share"),
            Column("lift", _("Lift"), "ratio"),
            Column("low", _("Lower bound"), "ratio"),
            Column("high", _("Upper bound"), "ratio"),
            Column("value_share", _("Of the revenue lost"), "share"),
        )


def measure_record(scores: Scores, *, n_resamples: int = 500, random_state: int = 0) -> TrackRecord:
    """Were the probabilities right, did the intervals hold, did the lists name those who left?

    Scored predictions → calibration, coverage, skill and hits.

    Parameters
    ----------
    scores : Scores
        From `score`.
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
    intervals = frame[(frame["form"] == "interval") & frame["covered"].notna()]
    return TrackRecord(
        calibration=_calibration(chances, n_resamples, rng),
        reliability=_reliability(chances),
        coverage=_coverage(intervals),
        lists=_lists(frame),
        misses=_worst(chances),
        left_out=scores.left_out,
        n_due=len(scores.frame),
        n_facts=len(frame.drop_duplicates(["account_id", "issued", "due"])),
    )


def drop_overlaps(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of each prediction's windows that do not overlap, the earliest first."""
    kept = []
    for _prediction, group in frame.groupby("prediction", sort=True):
        windows = group[["issued", "due"]].drop_duplicates().sort_values(["issued", "due"])
        until = pd.Timestamp.min
        for issued, due in windows.itertuples(index=False):
            if issued >= until:
                kept.append(group[(group["issued"] == issued) & (group["due"] == due)])
                until = due
    return pd.concat(kept) if kept else frame.iloc[:0]


def _calibration(frame: pd.DataFrame, n_resamples: int, rng: np.random.Generator) -> pd.DataFrame:
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


def _skill(
    group: pd.DataFrame, n_resamples: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """1 − score over the rival's, with its 95 % interval by drawing accounts again."""
    told = group[group["rival_score"].notna()]
    if told.empty or told["rival_score"].sum() <= 0:
        return float("nan"), float("nan"), float("nan")
    sums = told.groupby("account_id")[["score", "rival_score"]].sum().to_numpy()
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
    """The five surest that were wrong, the more revenue hung on them the earlier."""
    wrong = frame.assign(miss=(frame["error"].abs() * (1 + frame["weight"])))
    wrong = wrong.sort_values(["miss", "account_id"], ascending=[False, True]).head(5)
    columns = ["prediction", "account_id", "issued", "due", "value", "actual"]
    return wrong[columns].reset_index(drop=True)
