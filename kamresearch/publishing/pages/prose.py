"""Prose in a page: Markdown made safe, and terms of the glossary explained where they stand."""

import re
from collections.abc import Iterable
from functools import cache

from markupsafe import Markup, escape

from kamresearch.figures.theme import clean
from kamresearch.language import tongue
from kamresearch.language.glossary import Term, load_glossary

_SKIPPED = {
    "a",
    "button",
    "code",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "th",
    "summary",
    "svg",
    "figcaption",
}


def markdown(source: str) -> Markup:
    """Markdown as HTML by nbconvert's own reader; tags written in it stay text, and so do
    unsafe addresses.
    """
    from nbconvert.filters.markdown_mistune import MarkdownWithMath

    renderer = _renderer()(escape=True, exclude_anchor_links=True)
    return Markup(MarkdownWithMath(renderer=renderer).render(source))  # noqa: S704  (the renderer escapes)


@cache
def _renderer() -> type:
    """Nbconvert's renderer, but that links lead to pages only and pictures stay their words: a
    page asks for nothing.
    """
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    class SafeRenderer(IPythonRenderer):
        def link(self, text: str, url: str, title: str | None = None) -> str:
            shown = Markup(text)  # noqa: S704  (the renderer escaped it)
            return str(Markup('<a href="{}">{}</a>').format(url, shown) if _is_safe(url) else shown)

        def image(self, text: str, url: str, title: str | None = None) -> str:
            return str(escape(Markup(text).striptags()))  # noqa: S704

    return SafeRenderer


def _is_safe(url: str) -> bool:
    return re.match(r"(https?://|mailto:|#|[\w./-]+(#|\?|$))", url) is not None


def inline(text: str) -> Markup:
    """A sentence as HTML: text only, without controls that could turn the words after it around."""
    return escape(clean(text))


class Explainer:
    """Links the first use of each term in a section to its entry, and keeps the entries that a
    page needs.
    """

    def __init__(self, language: str) -> None:
        self._by_spelling: dict[str, Term] = {}
        for term in load_glossary(language):
            for spelling in term.spellings:
                self._by_spelling.setdefault(spelling.lower(), term)
        self._used: dict[str, Term] = {}
        self._seen: set[str] = set()
        self._pattern = _pattern(self._by_spelling, language)

    @property
    def used(self) -> list[Term]:
        """The terms explained on the page, by name."""
        return sorted(self._used.values(), key=lambda term: term.term.lower())

    def new_section(self) -> None:
        """Explain each term once more from here on."""
        self._seen.clear()

    def explain(self, html: Markup) -> Markup:
        """The same HTML with links from terms to their entries."""
        if self._pattern is None:
            return html
        parts, skipped = [], 0
        for piece in re.split(r"(<[^>]+>)", str(html)):
            tag = re.match(r"<(/?)([a-zA-Z0-9]+)", piece)
            if tag and tag[2].lower() in _SKIPPED:
                skipped += -1 if tag[1] else 1
            parts.append(piece if tag or skipped else self._pattern.sub(self._link, piece))
        return Markup("".join(parts))  # noqa: S704  (made of escaped pieces)

    def _link(self, found: re.Match) -> str:
        term = self._by_spelling.get(found[1].lower())
        if term is None or term.id in self._seen:
            return found[0]
        self._seen.add(term.id)
        self._used[term.id] = term
        return (
            f'<a class="term" '
            f'href="#term-{escape(term.id)}">{found[1]}</a>{found[0][len(found[1]) :]}'
        )


def _pattern(spellings: Iterable[str], language: str) -> re.Pattern | None:
    longest_first = sorted(spellings, key=len, reverse=True)
    if not longest_first:
        return None
    words = "|".join(re.escape(str(escape(spelling))) for spelling in longest_first)
    bounded = rf"(?<![\w&])({words})(?:e?s)?(?!\w)" if not tongue(language).wide else f"({words})"
    return re.compile(bounded, re.IGNORECASE)
