"""Which function draws which figure of which result: figures register themselves."""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from kamresearch.display import Figure
from kamresearch.errors import StudyError
from kamresearch.result import Result

Drawing = TypeVar("Drawing", bound=Callable[..., Figure])
_DRAWN: dict[tuple[type[Result], str], Callable[..., Figure]] = {}


def draws(kind: type[Result], id: str) -> Callable[[Drawing], Drawing]:
    """Register the decorated function as the one that draws this figure of such a result."""

    def register(function: Drawing) -> Drawing:
        _DRAWN[kind, id] = function
        return function

    return register


def find_drawing(kind: type[Result], id: str) -> Callable[..., Figure]:
    """The function registered for a figure of a type of results.

    Raises
    ------
    StudyError
        The result declares a figure that nothing draws.
    """
    if (kind, id) not in _DRAWN:  # a figure module registers when it is imported
        import kamresearch.figures as room

        for module in iter_modules(room.__path__):
            import_module(f"{room.__name__}.{module.name}")
    if (kind, id) not in _DRAWN:
        raise StudyError(
            f"figure {id!r}",
            f"a function that draws it of {kind.__name__}",
            "none",
            f'write @draws({kind.__name__}, "{id}") above it in kamresearch/figures/',
        )
    return _DRAWN[kind, id]


def draw_figure(result: Result, id: str) -> Figure:
    """A figure of a result."""
    return find_drawing(type(result), id)(result)
