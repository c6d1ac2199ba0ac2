"""What every analysis gives back: a frozen result that declares what it shows, and shows itself in
a notebook.
"""

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar

from kamresearch import rich
from kamresearch.finding import Finding, Findings, cards
from kamresearch.language import Text, current_language
from kamresearch.language import message as _

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Shown:
    """One table or figure of a result.

    Parameters
    ----------
    id : str
        ``<study>.<name>``.
    by : str
        The result's method that makes the table; empty for a figure, which registers itself for
        the result's type (`kamresearch.figures.registry.draws`).
    part : str
        Where a result fills several sections, the one it belongs to.
    """

    id: str
    by: str = ""
    part: str = ""


class Result:
    """Base of all results: it declares once what it shows; ``study.present(result)`` does the rest.

    A result is a frozen dataclass with ``findings()``; it draws nothing and writes nothing.
    Optional are ``caveats`` (a tuple of texts) and ``reason``: why it has nothing to say.

    ``frame`` is on every result its main table, tidy, at the grain that the class states: a field
    of that name, or what the class points at (``class Level(Result, frame="years")``). A result
    that holds numbers alone gives those, a row a finding; one without anything to say, no rows.
    """

    _frame: ClassVar[str] = ""
    if TYPE_CHECKING:
        frame: pd.DataFrame

    exports: ClassVar[tuple[str, ...]] = ()
    """Ids of its findings; none where another result hands them on."""
    shows: ClassVar[tuple[Shown, ...]] = ()
    """Its tables and figures, in the order of the page."""
    cautions: ClassVar[bool] = True
    """Whether its caveats stand below it; else they are limits of the whole study."""

    def findings(self) -> list[Finding]:
        """The result's numbers with their passports."""
        return []

    def opening(self) -> tuple[Text, ...]:
        """Sentences above its tables and figures."""
        return ()

    def closing(self) -> tuple[Text, ...]:
        """Sentences below them."""
        return ()

    def why_not(self, id: str) -> Text | None:
        """Why it cannot show one of its tables and figures; None where it can."""
        return getattr(self, "reason", None)

    @classmethod
    def promised(cls) -> tuple[str, ...]:
        """Ids of everything that it shows or says why not."""
        return (*cls.exports, *dict.fromkeys(one.id for one in cls.shows))

    def __init_subclass__(cls, frame: str = "", **more: object) -> None:
        """Keep where ``frame`` is; and the short text of a result, where a dataclass would print
        its frames whole.
        """
        super().__init_subclass__(**more)
        if frame:
            cls._frame = frame
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Result.__repr__

    def __getattr__(self, name: str) -> Any:
        # Not a property: a dataclass would take it for the default of a field of that name.
        if name != "frame":
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        return _frame_of(self, self._frame)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), "frame"})

    def __repr__(self) -> str:
        name, shown = type(self).__name__, [one.id for one in self.shows]
        more = [f"shows {', '.join(dict.fromkeys(shown))}"] if shown else []
        return "\n".join([f"{name}: {Findings(self.findings())!r}", *more])

    def _repr_html_(self) -> str:
        told: Any = getattr(self, "caveats", ())
        told = told() if callable(told) else told
        texts = [one for one in told if isinstance(one, (Text, str))]
        found = cards(self.findings(), current_language())
        return f"{rich.heading(type(self).__name__)}{found}{rich.caveats_list(texts)}"


def _frame_of(result: Result, path: str) -> "pd.DataFrame":
    import pandas as pd

    if not path:
        return Findings(result.findings()).to_frame()
    found = reduce(lambda one, name: getattr(one, name, None), path.split("."), result)
    return pd.DataFrame() if found is None else found


class Explained(Result):
    """A result whose caveats speak of what it shows: where it has a ``reason`` to show nothing,
    none is due.
    """

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What its numbers cannot carry."""
        return () if getattr(self, "reason", None) else tuple(self.minding())

    def minding(self) -> tuple[Text, ...]:
        """The caveats; asked only where there is something to show."""
        return ()


@dataclass(frozen=True)
class Missing(Result):
    """Stands where results cannot be: which they would have been, and why they are not. False, so
    that ``links and study_conflicts(links)`` reads as it is meant.
    """

    reason: Text
    of: tuple[type[Result], ...]

    def __bool__(self) -> bool:
        return False

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of everything that is missing with it."""
        return tuple(dict.fromkeys(id for kind in self.of for id in kind.promised()))


def needs_table(name: str) -> Text:
    """Why a section is empty: the data do not have its table."""
    return _("This section needs the table “{table}”, which the data do not have.", table=name)
