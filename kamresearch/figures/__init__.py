"""Figures: a result → a picture. Nothing here computes; one module per study, all in one house
theme.

``kam.figures.churn.causes(result)``: a module loads on first use.
"""

from importlib import import_module
from importlib.util import find_spec


def __getattr__(name: str) -> object:
    if name.startswith("_") or find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
