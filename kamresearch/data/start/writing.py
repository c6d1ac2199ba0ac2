"""A draft as the text of a mapping.yml, with the reason beside each line."""

from collections.abc import Iterator
from dataclasses import replace

import yaml

from kamresearch.data.start.draft import Draft, Line, TableDraft
from kamresearch.language import message as _
from kamresearch.language import render

_WIDE = 1 << 20


def _flow(value: object) -> str:
    """A value on one line."""
    text = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=_WIDE)
    return text.strip()[1:-1]


def mapping_text(draft: Draft, language: str) -> str:
    """The mapping as YAML, its comments in a language."""
    head = render(_("Written by kam start from {source}", source=draft.source), language)
    lines = [f"# {head}"]
    if draft.currency.value:
        lines.append(_line("", draft.currency, language))
    if draft.sure:
        codes = [one.value for one in draft.sure]
        lines.append(_line("", replace(draft.sure[0], value=codes), language))
    lines.append("tables:")
    for table in draft.tables:
        lines += _table(table, language)
    return "\n".join(lines) + "\n"


def _line(indent: str, line: Line, language: str) -> str:
    reason = " ".join(render(line.why, language).split())
    if not line.value and line.key == "note":
        return f"{indent}# {reason}"
    return f"{indent}{_flow(line.key)}: {_flow(line.value)}   # {reason}"


def _table(table: TableDraft, language: str) -> Iterator[str]:
    yield f"  {table.name}:"
    for line in table.lines:
        yield _line("    ", line, language)
    yield "    columns:"
    for line in table.columns:
        yield _line("      ", line, language)
