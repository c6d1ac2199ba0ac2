"""Does acting help? Plan a held-out share before, evaluate it by intention to treat after."""

from kamresearch.analysis.experiment.difference import follow_difference
from kamresearch.analysis.experiment.evaluation import Evaluation, evaluate
from kamresearch.analysis.experiment.observational import compare_unassigned
from kamresearch.analysis.experiment.planning import ExperimentPlan, plan
from kamresearch.analysis.experiment.sequence import LossSequence, follow_losses

__all__ = [
    "Evaluation",
    "ExperimentPlan",
    "LossSequence",
    "compare_unassigned",
    "evaluate",
    "follow_difference",
    "follow_losses",
    "plan",
]
