"""A seeded world of key accounts, written as the contract's tables, with the truth beside it.

Ask it whether a study finds what is there: `simulate` plants sizes, segments, causes of loss,
return rates, a programme's
effect, a break, departures of managers, and departments that disagree, and writes down what it
planted under ``truth/``.
"""

from kamresearch.data.simulate.playing import Company, Played, make_company, play, play_on
from kamresearch.data.simulate.settings import (
    CAUSES,
    INDUSTRIES,
    REGIONS,
    SEGMENTS,
    Actions,
    Calendar,
    Customers,
    Dealers,
    Deals,
    Leaving,
    Life,
    Model,
    Plans,
    Prices,
    Rule,
    Serving,
    Sizes,
    Surveys,
    Wallets,
    World,
)
from kamresearch.data.simulate.world import simulate
from kamresearch.data.simulate.worldfile import read_world

__all__ = [
    "CAUSES",
    "INDUSTRIES",
    "REGIONS",
    "SEGMENTS",
    "Actions",
    "Calendar",
    "Company",
    "Customers",
    "Dealers",
    "Deals",
    "Leaving",
    "Life",
    "Model",
    "Plans",
    "Played",
    "Prices",
    "Rule",
    "Serving",
    "Sizes",
    "Surveys",
    "Wallets",
    "World",
    "make_company",
    "play",
    "play_on",
    "read_world",
    "simulate",
]
