"""Lifetime value of accounts without contract: buying models with standard errors beside
simple baselines.
"""

from kamresearch.analysis.lifetime.baselines import Hiatus, PastRate
from kamresearch.analysis.lifetime.beta_geometric import (
    BetaGeometric,
    fit_bgnbd,
    fit_mbgnbd,
    fit_rhythm,
)
from kamresearch.analysis.lifetime.choice import Choice
from kamresearch.analysis.lifetime.fitting import fit
from kamresearch.analysis.lifetime.gamma_gamma import GammaGamma, fit_gamma_gamma
from kamresearch.analysis.lifetime.maximum import Estimate
from kamresearch.analysis.lifetime.model import LifetimeValue
from kamresearch.analysis.lifetime.pareto import ParetoNBD, fit_paretonbd
from kamresearch.features.purchases import FramePurchases, TablePurchases

__all__ = [
    "BetaGeometric",
    "Choice",
    "Estimate",
    "FramePurchases",
    "GammaGamma",
    "Hiatus",
    "LifetimeValue",
    "ParetoNBD",
    "PastRate",
    "TablePurchases",
    "fit",
    "fit_bgnbd",
    "fit_gamma_gamma",
    "fit_mbgnbd",
    "fit_paretonbd",
    "fit_rhythm",
]
