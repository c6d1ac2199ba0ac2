"""How the nouns of the house look in a notebook: the HTML of a finding's card, a table, a figure.

It is the same in JupyterLab, in VS Code and on a forge that takes styles away: without them a card
is three lines of text and a table a table. Only text goes in; data never become markup.
"""

from collections.abc import Iterable, Sequence
from html import escape

from kamresearch.language import Text, current_language, render

_CARD = "border:1px solid #8886;border-radius:6px;padding:.5em .8em;min-width:11em;max-width:22em"
_ROW = "display:flex;flex-wrap:wrap;gap:.6em"
_SMALL = "font-size:.85em;opacity:.8"


def card(label: str, value: str, about: Sequence[str], id: str, meaning: str, big: bool) -> str:
    """One finding: what it is, its value as a reader sees it, what stands behind it, its id; what
    it means, when pointed at.
    """
    lines = (
        f"<div>{escape(label)}</div>",
        f'<div style="font-size:{1.5 if big else 1}em"><strong>{escape(value)}</strong></div>',
        f'<div style="{_SMALL}">{escape(" · ".join(about))}</div>' if about else "",
        f'<div style="{_SMALL}"><code>{escape(id)}</code></div>',
    )
    return f'<div style="{_CARD}" title="{escape(meaning, quote=True)}">{"".join(lines)}</div>'


def beside(cards: Iterable[str]) -> str:
    """Cards side by side."""
    return f'<div style="{_ROW}">{"".join(cards)}</div>'


def heading(title: str) -> str:
    """A title above a table or picture."""
    return f"<div><strong>{escape(title)}</strong></div>"


def below(text: str) -> str:
    """A caption below a table or picture."""
    return f'<div style="{_SMALL}">{escape(text)}</div>' if text else ""


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[bool]) -> str:
    """A table of texts; numbers stand right."""
    sides = [f' style="text-align:{"right" if one else "left"}"' for one in numeric]

    def line(cells: Sequence[str], tag: str) -> str:
        made = (
            f"<{tag}{side}>{escape(cell)}</{tag}>" for cell, side in zip(cells, sides, strict=True)
        )
        return f"<tr>{''.join(made)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(heads, 'th')}</thead><tbody>{body}</tbody></table>"


def facts(name: str, told: Iterable[tuple[str, object]]) -> str:
    """A noun of the library by name and a few facts, each on a line."""
    lines = "".join(
        f"<tr><td style='text-align:left'>{escape(key)}</td>"
        f"<td style='text-align:left'>{escape(str(value))}</td></tr>"
        for key, value in told
    )
    return f"{heading(name)}<table><tbody>{lines}</tbody></table>"


def facts_line(name: str, told: Iterable[tuple[str, object]]) -> str:
    """The same in a line of plain text, so that a stored output can be compared."""
    return f"{name}: {', '.join(f'{key} {value}' for key, value in told)}"


def caveats_list(caveats: Iterable[Text | str]) -> str:
    """Caveats below a result; none give nothing."""
    items = "".join(f"<li>{escape(render(one, current_language()))}</li>" for one in caveats)
    return f"<ul>{items}</ul>" if items else ""


def show_framed(title: str, bundle: dict, caption: str) -> None:
    """Show something between its title and its caption, each an output of its own: a picture
    stays one for every viewer, also for those that take pictures out of HTML.
    """
    from IPython.display import publish_display_data

    publish_display_data({"text/html": heading(title)})
    publish_display_data(bundle)
    if caption:
        publish_display_data({"text/html": below(caption)})
