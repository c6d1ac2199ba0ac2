"""Evaluating an experiment: what acting changed, by intention to treat, however often looked at."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.experiment.difference import follow_difference
from kamresearch.analysis.experiment.planning import ENOUGH, ExperimentPlan
from kamresearch.analysis.experiment.sequence import LossSequence, follow_losses
from kamresearch.analysis.verdict import judge_losses
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import DataError, first_offenders
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result

VERDICTS = {
    "fewer": _("acting makes losses rarer"),
    "more": _("acting makes losses more frequent"),
    "cannot_tell": _("cannot be told yet"),
}
OUTCOMES = {"lost": _("lost"), "revenue": _("revenue"), "margin": _("margin")}
FEWEST_BY_CAUSE = 5
"""Losses of a cause, in both arms together, from which its difference is told."""


@dataclass(frozen=True)
class Evaluation(Result):
    """What an experiment shows by a day.

    Parameters
    ----------
    frame : DataFrame
        One row an outcome (lost, revenue, margin): n_act, n_hold, mean_act, mean_hold, difference
        (acted on less held out), low, high (95 %), p_value (by drawing the lot again), method.
    sequence : LossSequence
        The ratio of loss hazards at each look; the verdict follows it and nothing else.
    differences : DataFrame
        As `kamresearch.analysis.experiment.difference.follow_difference` gives it: the difference
        in the share lost at each look.
    by_cause : DataFrame
        cause, n_act, n_hold, difference, low, high.
    decision_curve : DataFrame
        threshold, net_benefit, act_on_all: among held-out accounts, whose fate nobody touched;
        empty without the list's probabilities.
    verdict : {"fewer", "more", "cannot_tell"}
        By the sequence's interval at the last look, and the rule that judges programmes too
        (`kamresearch.analysis.verdict.judge_losses`).
    as_of, due : Timestamp
        Day of the evaluation, and when the experiment is due.
    planned_power : float
        Power at the planned ratio, stated before the start.
    """

    frame: pd.DataFrame
    sequence: LossSequence
    differences: pd.DataFrame
    by_cause: pd.DataFrame
    decision_curve: pd.DataFrame
    verdict: str
    as_of: pd.Timestamp
    due: pd.Timestamp
    planned_power: float

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What the comparison does not carry."""
        told: list[Text] = []
        if self.as_of < self.due:
            told.append(
                _(
                    "The experiment is due on {due}. Losses may be looked at before; revenue and "
                    "margin are compared fairly only then.",
                    due=self.due.date().isoformat(),
                )
            )
        if self.planned_power < ENOUGH:
            told.append(
                _(
                    "Before the start the probability of seeing the planned effect was {power}: "
                    "an open verdict says little about whether acting helps.",
                    power=Quantity(self.planned_power, "share"),
                )
            )
        told.append(
            _(
                "Accounts count in the arm that the lot gave them, whether or not somebody acted: "
                "the effect of the decision to act, not of every call made."
            )
        )
        return tuple(told)

    def sentence(self) -> Message:
        """The verdict in a sentence."""
        last = self.sequence.frame.iloc[-1]
        return _(
            "By {day}, {act} of the accounts acted on and {hold} of those held out were lost: "
            "{verdict} (ratio of hazards between {low} and {high}, valid at every look).",
            day=self.as_of.date().isoformat(),
            act=Quantity(int(last["n_losses_act"]), "count"),
            hold=Quantity(int(last["n_losses_hold"]), "count"),
            verdict=VERDICTS[self.verdict],
            low=Quantity(self.sequence.low, "ratio"),
            high=Quantity(self.sequence.high, "ratio"),
        )

    def findings(self) -> list[Finding]:
        """The ratio of loss hazards with its sequence interval, and the difference in losses."""
        last = self.sequence.frame.iloc[-1]
        ratio = float(last["ratio"])
        lost = self.frame[self.frame["outcome"] == "lost"].iloc[0]
        n = int(lost["n_act"] + lost["n_hold"])
        now = self.differences.iloc[-1]
        unknown = _("No account of the experiment has been lost yet.")
        return [
            Finding(
                "experiment.loss_ratio",
                ratio if ratio == ratio else None,
                "ratio",
                _("Losses where we acted over losses where we waited"),
                _(
                    "Most likely ratio of loss hazards, acted on over held out, by lot; its 95% "
                    "interval holds at all looks at once (stratified safe log-rank)."
                ),
                interval=Interval(self.sequence.low, self.sequence.high)
                if ratio == ratio
                else None,
                n=n,
                good="down",
                reason=None if ratio == ratio else unknown,
                sentence=self.sentence() if ratio == ratio else None,
            ),
            Finding(
                "experiment.loss_difference",
                float(now["difference"]),
                "share_change",
                _("Difference in the share lost, acted on less held out"),
                _(
                    "Difference of shares lost by the day, by intention to treat; its 95% interval "
                    "holds at all looks at once. The table has the narrower one of who looks once, "
                    "on the due day."
                ),
                interval=Interval(float(now["low"]), float(now["high"])),
                n=n,
                good="down",
            ),
        ]

    def table(self) -> Table:
        """Both arms, outcome by outcome."""
        return make_table(
            "experiment.outcomes",
            _("What acting changed"),
            self.frame,
            Column("outcome", _("Outcome"), terms=OUTCOMES),
            Column("n_act", _("Acted on"), "accounts"),
            Column("n_hold", _("Held out"), "accounts"),
            Column("mean_act", _("Mean, acted on")),
            Column("mean_hold", _("Mean, held out")),
            Column("difference", _("Difference")),
            Column("low", _("Lower bound")),
            Column("high", _("Upper bound")),
            Column("p_value", _("p-value"), "p_value"),
        )


def evaluate(
    plan: ExperimentPlan,
    outcomes: pd.DataFrame,
    as_of: str,
    *,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> Evaluation:
    """Did acting help, by intention to treat?

    A plan and what became of its accounts → differences between the arms drawn by lot.

    Parameters
    ----------
    plan : ExperimentPlan
        The assignment; pinned accounts take no part.
    outcomes : DataFrame
        account_id, lost_on (missing where not lost), and where known cause, revenue, margin since
        the start.
    as_of : str
        Losses later than this day or the due day, whichever comes first, are not seen.
    n_resamples : int
        Lots drawn again for the p-values.
    random_state : int
        Seed of these lots.

    Returns
    -------
    Evaluation

    Raises
    ------
    DataError
        An account of the plan has no outcome row, or several.

    Notes
    -----
    Differences: least squares of the outcome on the arm and the groups of the lot, HC3 errors:
    where losses are few, HC2 covers less than it says.
    Within groups the lot holds out about the same share, so that the groups' interaction with the
    arm (Lin 2013) would add parameters and no precision. p-values: the lot drawn again within the
    groups.
    """
    day = min(pd.Timestamp(as_of), plan.due)
    frame = _join(plan, outcomes, day)
    looks = pd.date_range(plan.start, plan.due, periods=plan.looks + 1)[1:]
    looks = looks[looks < day].append(pd.DatetimeIndex([day]))
    sequence = follow_losses(frame, looks, expected_ratio=plan.expected_ratio)
    verdict = judge_losses(sequence.low, sequence.high)
    frame["lost"] = frame["lost_on"].notna().astype(float)
    rng = np.random.default_rng(random_state)
    names = [name for name in OUTCOMES if name in frame and frame[name].notna().all()]
    rows = [_compare(frame, name, n_resamples, rng) for name in names]
    near = (plan.power["ratio"] - plan.expected_ratio).abs().idxmin()
    return Evaluation(
        pd.DataFrame(rows),
        sequence,
        follow_difference(frame, looks, plan.base_rate),
        _by_cause(frame),
        _decision_curve(frame),
        verdict,
        day,
        plan.due,
        float(plan.power.loc[near, "power"]),
    )


def _join(plan: ExperimentPlan, outcomes: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """One row an account of the lot, with what was known of it by the day."""
    drawn = plan.frame[plan.frame["arm"] != "pinned"]
    twice = outcomes["account_id"][outcomes["account_id"].duplicated()]
    gone = drawn["account_id"][~drawn["account_id"].isin(outcomes["account_id"])]
    for wrong, words in ((twice, "one row an account"), (gone, "an outcome for every account")):
        if len(wrong):
            raise DataError(
                "experiment, outcomes",
                words,
                first_offenders(wrong),
                "an account not lost has an empty lost_on",
            )
    known = ["account_id", "lost_on", "cause", "revenue", "margin"]
    kept = outcomes[[name for name in known if name in outcomes]]
    columns = ["account_id", "stratum", "arm"] + (["probability"] if "probability" in drawn else [])
    frame = drawn[columns].merge(kept, on="account_id", how="left", validate="one_to_one")
    frame["acted"] = frame["arm"] == "act"
    frame["lost_on"] = pd.to_datetime(frame["lost_on"])
    frame["lost_on"] = frame["lost_on"].where(
        (frame["lost_on"] > plan.start) & (frame["lost_on"] <= day)
    )
    return frame


def estimate_effect(
    y: np.ndarray, acted: np.ndarray, groups: np.ndarray
) -> tuple[float, float, float]:
    """Difference between the arms within the groups, with its 95 % bounds (HC3)."""
    import statsmodels.api as sm

    names, group = np.unique(groups, return_inverse=True)
    dummies = np.eye(len(names))[group, 1:]
    design = np.column_stack([np.ones(len(y)), acted.astype(float), dummies])
    if len(y) <= design.shape[1] + 2:
        design = design[:, :2]
    fit = sm.OLS(y, design).fit(cov_type="HC3", use_t=True)
    low, high = fit.conf_int()[1]
    return float(fit.params[1]), float(low), float(high)


def _compare(
    frame: pd.DataFrame, name: str, n_resamples: int, rng: np.random.Generator
) -> dict[str, object]:
    acted, y = frame["acted"].to_numpy(), frame[name].to_numpy(float)
    groups = frame["stratum"].astype(str).to_numpy()
    difference, low, high = estimate_effect(y, acted, groups)
    return {
        "outcome": name,
        "n_act": int(acted.sum()),
        "n_hold": int((~acted).sum()),
        "mean_act": float(y[acted].mean()),
        "mean_hold": float(y[~acted].mean()),
        "difference": difference,
        "low": low,
        "high": high,
        "p_value": _lot_p_value(y, acted, groups, n_resamples, rng),
        "method": "intention to treat, by lot",
    }


def _lot_p_value(
    y: np.ndarray, acted: np.ndarray, groups: np.ndarray, n_resamples: int, rng: np.random.Generator
) -> float:
    """How often another lot would show a difference as large, if acting changed nothing."""
    places = [np.flatnonzero(groups == name) for name in sorted(set(groups))]
    places = [one for one in places if 0 < acted[one].sum() < len(one)]
    if not places:
        return 1.0
    weights = np.array([len(one) for one in places]) / sum(len(one) for one in places)

    def statistic(lot: list[np.ndarray]) -> float:
        gaps = [
            y[one][arm].mean() - y[one][~arm].mean() for one, arm in zip(places, lot, strict=True)
        ]
        return float(weights @ np.array(gaps))

    seen = abs(statistic([acted[one] for one in places]))
    larger = sum(
        abs(statistic([rng.permutation(acted[one]) for one in places])) >= seen - 1e-12
        for _draw in range(n_resamples)
    )
    return (1 + larger) / (1 + n_resamples)


def _by_cause(frame: pd.DataFrame) -> pd.DataFrame:
    """Difference in the share lost by cause, where at least `FEWEST_BY_CAUSE` were lost of it."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    columns = ["cause", "n_act", "n_hold", "difference", "low", "high"]
    if "cause" not in frame:
        return pd.DataFrame(columns=columns)
    n_act, n_hold = int(frame["acted"].sum()), int((~frame["acted"]).sum())
    rows = []
    for cause, group in frame[frame["lost_on"].notna()].groupby("cause", sort=True, observed=True):
        if len(group) < FEWEST_BY_CAUSE:
            continue
        act, hold = int(group["acted"].sum()), int((~group["acted"]).sum())
        low, high = confint_proportions_2indep(act, n_act, hold, n_hold, method="newcomb")
        gap = act / n_act - hold / n_hold
        rows.append((cause, act, hold, gap, float(low), float(high)))
    return pd.DataFrame(rows, columns=columns)


def _decision_curve(frame: pd.DataFrame) -> pd.DataFrame:
    """Net benefit of acting on those above a probability, among accounts nobody acted on."""
    columns = ["threshold", "net_benefit", "act_on_all"]
    held = frame[~frame["acted"]]
    if "probability" not in held or held.empty:
        return pd.DataFrame(columns=columns)
    lost, chance = held["lost"].to_numpy(bool), held["probability"].to_numpy(float)
    rows = []
    for threshold in np.round(np.arange(0.05, 0.55, 0.05), 2):
        chosen, odds = chance >= threshold, threshold / (1 - threshold)
        benefit = (chosen & lost).mean() - odds * (chosen & ~lost).mean()
        rows.append((threshold, float(benefit), float(lost.mean() - odds * (~lost).mean())))
    return pd.DataFrame(rows, columns=columns)
