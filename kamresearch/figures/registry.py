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
        for name in _modules_of(kind):
            import_module(name)
            if (kind, id) in _DRAWN:
                break
    if (kind, id) not in _DRAWN:
        raise StudyError(
            f"figure {id!r}",
            f"a function that draws it of {kind.__name__}",
            "none",
            f'write @draws({kind.__name__}, "{id}") above it in kamresearch/figures/',
        )
    return _DRAWN[kind, id]


def _modules_of(kind: type[Result]) -> list[str]:
    """The figure modules, first those named after the room of the result's analysis: each imports
    the analyses that it draws, and a kernel is to import its own.
    """
    import kamresearch.figures as room

    own = set(kind.__module__.split("."))
    names = [module.name for module in iter_modules(room.__path__)]
    names.sort(key=lambda name: name.partition("_")[0] not in own)
    return [f"{room.__name__}.{name}" for name in names]


def draw_figure(result: Result, id: str) -> Figure:
    """A figure of a result."""
    return find_drawing(type(result), id)(result)
