"""Figures: a result → a picture. Nothing here computes; one module per study, all in one house
theme.

``kam.figures.churn.causes(result)``: a module loads on first use.
"""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("_") or find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted(module.name for module in iter_modules(__path__))
