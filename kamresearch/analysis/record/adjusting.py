"""Risk adjusted: probabilities of loss as the company's own record would have them."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from kamresearch.analysis.churn.case import Case
from kamresearch.analysis.churn.risk import Modelling, Risk
from kamresearch.analysis.record.predictions import make_predictions
from kamresearch.analysis.record.recalibration import (
    BEFORE_AND_AFTER,
    ENOUGH_EVENTS,
    FEWEST_WINDOWS,
    VERDICTS,
    adjust,
    learn,
    recalibrate,
)
from kamresearch.analysis.record.scoring import score
from kamresearch.analysis.record.statements import nothing, state_risk
from kamresearch.analysis.record.track import drop_overlaps
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

NO_RECORD = _(
    "No probability that this model told earlier has come due: the probabilities stand as told."
)


@dataclass(frozen=True)
class AdjustedRisk(Result, frame="risk.frame"):
    """Probabilities of loss before and after the company's own record had its say.

    Parameters
    ----------
    before : Modelling
        As the model tells it.
    trial : DataFrame
        One row as `kamresearch.analysis.record.recalibration.recalibrate` gives it, of the
        probabilities that the same model told earlier; empty where none has come due.
    intercept, slope : float
        Learned from all of these; 0 and 1 where the rule does not hold, and nothing is adjusted.
    """

    shows = (Shown("churn.recalibration", "table"),)

    before: Modelling
    trial: pd.DataFrame
    intercept: float = 0.0
    slope: float = 1.0

    @property
    def reason(self) -> Text | None:
        """Why there is nothing to try."""
        return NO_RECORD if self.trial.empty else None

    @property
    def applied(self) -> bool:
        """Whether the rule holds."""
        return not self.trial.empty and self.trial["verdict"].item() == "helps"

    @property
    def told(self) -> Risk:
        """The model's own probabilities: what the record goes on judging."""
        return self.before.risk

    @cached_property
    def risk(self) -> Risk:
        """The probabilities in use."""
        if not self.applied:
            return self.told
        columns = ["churn_probability", "rate"]
        frame = self.told.frame.assign(
            **{name: adjust(self.told.frame[name], self.intercept, self.slope) for name in columns}
        )
        return replace(self.told, frame=frame)

    @property
    def modelling(self) -> Modelling:
        """The modelling with the probabilities in use; the judgement of the models is untouched."""
        return replace(self.before, risk=self.risk) if self.applied else self.before

    def opening(self) -> tuple[Text, ...]:
        """What the adjustment does to this version's probabilities."""
        if not self.applied:
            return ()
        row = self.trial.iloc[0]
        return (
            _(
                "The company’s own record adjusts these probabilities: earlier ones told a loss "
                "for {told} of the accounts on average, and {seen} were lost. As told, {before} "
                "of the {n} accounts would be expected to leave; adjusted, {after}.",
                told=Quantity(float(row["told"]), "share"),
                seen=Quantity(float(row["seen"]), "share"),
                before=Quantity(round(float(self.told.frame["rate"].sum())), "count"),
                after=Quantity(round(float(self.risk.frame["rate"].sum())), "count"),
                n=Quantity(len(self.told.frame), "count"),
            ),
        )

    def table(self) -> Table:
        """Earlier probabilities, as told and adjusted by what had come before them."""
        return make_table(
            "churn.recalibration",
            _("Earlier probabilities of loss, as told and adjusted by the record"),
            self.trial,
            *BEFORE_AND_AFTER,
            Column("low", _("Lower bound"), "score"),
            Column("high", _("Upper bound"), "score"),
            Column("verdict", _("Verdict"), terms=VERDICTS),
            caption=_(
                "Probabilities are adjusted where the record holds at least {windows} windows that "
                "do not overlap, {events} losses and as many accounts that stayed to learn from, "
                "and where windows adjusted by those before them came out better with a 95% "
                "interval above nought. Else they stand as told. Only what the model now in use "
                "told is learned from.",
                windows=FEWEST_WINDOWS,
                events=ENOUGH_EVENTS,
            ),
        )


def adjust_risk(
    modelling: Modelling,
    told: pd.DataFrame,
    tables: Tables,
    *,
    n_resamples: int = 500,
    random_state: int = 0,
) -> AdjustedRisk:
    """Would the company's own record have made the probabilities of loss better?

    A modelling and what earlier versions told → its probabilities before and after.

    Parameters
    ----------
    modelling : Modelling
        Of this version.
    told : DataFrame
        Earlier predictions; those of the same model, horizon and definition are learned from.
    tables : Tables
        Data as they are now.
    n_resamples, random_state : int
        Draws for the interval of the gain, and their seed.

    Returns
    -------
    AdjustedRisk

    Notes
    -----
    The rule, and how each window is tried: `kamresearch.analysis.record.recalibration.recalibrate`.
    The order of the accounts stays the same; what changes is how much is told of each.
    """
    risk, nothing = modelling.risk, pd.DataFrame(columns=["verdict"])
    if told.empty or risk.reason is not None:
        return AdjustedRisk(modelling, nothing)
    days = (told["due"] - told["issued"]).dt.days
    like = (told["prediction"] == "churn.probability") & (days == risk.window_days)
    known = score(told[like & (told["source"] == risk.source)], tables, risk.as_of).frame
    known = drop_overlaps(known)
    if known.empty:
        return AdjustedRisk(modelling, nothing)
    trial = recalibrate(known, n_resamples, np.random.default_rng(random_state))
    found = AdjustedRisk(modelling, trial)
    return (
        replace(found, **dict(zip(("intercept", "slope"), learn(known), strict=True)))
        if (found.applied)
        else found
    )


def state_adjusted(case: Case, adjusted: AdjustedRisk) -> pd.DataFrame:
    """The adjusted probabilities; their rival is what the model told. Empty where nothing was
    adjusted.
    """
    stated = state_risk(case, adjusted.risk, None)
    if not adjusted.applied or stated.empty:
        return nothing()
    as_told = adjusted.told.frame.set_index("account_id")["churn_probability"]
    return make_predictions(
        stated[["account_id", "value", "weight"]].assign(
            rival_value=stated["account_id"].map(as_told)
        ),
        "churn.probability_adjusted",
        issued=adjusted.risk.as_of,
        due=stated["due"].iloc[0],
        form="probability",
        outcome="lost",
        rival="as_told",
        definition="recorded",
        source=adjusted.risk.source,
    )
