"""Churn: what a loss is, panels as of a day, leaks, survival, a calibrated model, money, and
reasons.

model = kam.churn.ChurnModel(random_state=0).fit(frame, left)
model.predict_proba(frame)[:, 1]

case = kam.churn.open_case(tables, as_of="2012-12-31")
kam.churn.measure_rate(case.accounts, case.losses, case.as_of)
"""

from kamresearch.analysis.churn.case import Case, open_case
from kamresearch.analysis.churn.definition import (
    LIMITS,
    compare_definitions,
    definition_card,
    measure_rate,
)
from kamresearch.analysis.churn.explain import NOT_EXPLAINED, explain_models
from kamresearch.analysis.churn.leaks import find_leaks, refuse_leaks
from kamresearch.analysis.churn.losses import (
    Losses,
    clean_losses,
    losses_from_contracts,
    losses_from_silence,
)
from kamresearch.analysis.churn.model import ChurnModel, ChurnModelError
from kamresearch.analysis.churn.money import (
    NO_PROBABILITY,
    NO_RATE,
    OfferTerms,
    choose_contacts,
    expected_maximum_profit,
    expected_maximum_profit_b2b,
)
from kamresearch.analysis.churn.panel import Panel, build_panel, time_and_account_folds
from kamresearch.analysis.churn.risk import assess_risk, model_losses
from kamresearch.analysis.churn.staying import NOBODY_WATCHED, study_staying
from kamresearch.analysis.churn.survival import kaplan_meier, make_spells
from kamresearch.analysis.churn.validation import judge_models

__all__ = [
    "Case",
    "ChurnModel",
    "ChurnModelError",
    "LIMITS",
    "Losses",
    "NOBODY_WATCHED",
    "NOT_EXPLAINED",
    "NO_PROBABILITY",
    "NO_RATE",
    "OfferTerms",
    "Panel",
    "assess_risk",
    "build_panel",
    "choose_contacts",
    "clean_losses",
    "compare_definitions",
    "definition_card",
    "expected_maximum_profit",
    "expected_maximum_profit_b2b",
    "explain_models",
    "find_leaks",
    "judge_models",
    "kaplan_meier",
    "losses_from_contracts",
    "losses_from_silence",
    "make_spells",
    "measure_rate",
    "model_losses",
    "open_case",
    "refuse_leaks",
    "study_staying",
    "time_and_account_folds",
]
