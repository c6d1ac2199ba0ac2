"""What every analysis gives back: a frozen result that shows itself in a notebook."""

from collections.abc import Iterable
from html import escape

from kamresearch.finding import Finding
from kamresearch.language import Text, current_language, render


class Result:
    """Base of all results: rich in a notebook cell, and never more than its findings and caveats.

    A result is a frozen dataclass with ``findings()``; ``caveats`` (a tuple of texts) is optional.
    It draws nothing and
    writes nothing.
    """

    def findings(self) -> list[Finding]:
        """The result's numbers with their passports."""
        return []

    def _repr_html_(self) -> str:
        language = current_language()
        title = escape(type(self).__name__)
        rows = "".join(_row(finding, language) for finding in self.findings())
        table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
        return f"<section><strong>{title}</strong>{table}{_caveats(getattr(self, 'caveats', ()), language)}</section>"  # noqa: E501


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
