"""What every analysis gives back: a frozen result that declares what it shows, and shows itself in
a notebook.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import ClassVar

from kamresearch.finding import Finding
from kamresearch.language import Text, current_language, render
from kamresearch.language import message as _


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
    """

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

    def _repr_html_(self) -> str:
        language = current_language()
        title = escape(type(self).__name__)
        rows = "".join(_row(finding, language) for finding in self.findings())
        table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
        return f"<section><strong>{title}</strong>{table}{_caveats(getattr(self, 'caveats', ()), language)}</section>"  # noqa: E501


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


def _row(finding: Finding, language: str) -> str:
    interval = ""
    if finding.interval:
        bounds = (finding.interval.low, finding.interval.high)
        low, high = (
            render(type(finding.quantity)(bound, finding.unit), language) for bound in bounds
        )
        interval = f"{low} – {high} ({finding.interval.level:.0%})"
    n = "" if finding.n is None else f"n = {finding.n:,}"
    value = (
        finding.render(language) if finding.value is not None else render(finding.reason, language)
    )
    cells = (
        render(finding.label, language),
        value,
        interval,
        n,
        render(finding.definition, language),
    )
    return (
        "<tr>"
        + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _caveats(caveats: object, language: str) -> str:
    if callable(caveats):
        caveats = caveats()
    if not isinstance(caveats, Iterable) or isinstance(caveats, str):
        return ""
    items = [render(caveat, language) for caveat in caveats if isinstance(caveat, (Text, str))]
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>" if items else ""
