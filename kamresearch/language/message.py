"""Messages: sentences that are translated when shown, with numbers formed in the reader's
language.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from numbers import Integral
from types import MappingProxyType
from typing import Protocol, cast, runtime_checkable

from kamresearch.language.catalogue_store import translate
from kamresearch.language.seams import fill
from kamresearch.language.tongues import LANGUAGES, tongue

_current: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])
Words = Mapping[str, Mapping[str, str]]
"""Data value → language → how a reader of it says that value."""
_words: ContextVar[Words] = ContextVar("words", default=MappingProxyType({}))


@runtime_checkable
class Text(Protocol):
    """Anything that can be read in each language."""

    def render(self, language: str) -> str: ...


@dataclass(frozen=True)
class Message:
    """A source text with named values, translated when rendered; ``str()`` renders in the
    current language.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def render(self, language: str) -> str:
        shown = {name: render(value, language) for name, value in self.values.items()}
        template = translate(self.template, language)
        if not shown:
            return template
        return (fill if tongue(language).wide else str.format_map)(template, shown)

    def __str__(self) -> str:
        return self.render(current_language())


@dataclass(frozen=True)
class Fixed:
    """A text that comes already written in each language: a user's SWOT item, a finding read
    back. Where a language has none, the first text stands.
    """

    texts: Mapping[str, str]

    @classmethod
    def of_row(cls, row: Mapping[str, object], stem: str) -> "Fixed":
        """What a row of a table says in its columns ``<stem>_<language>``.

        >>> Fixed.of_row({"text_en": "Grow", "text_zh": None}, "text").render("zh")
        'Grow'
        """
        cells = {code: row.get(f"{stem}_{code}") for code in LANGUAGES}
        # what is missing in a frame (None, NaN, NA) is no text
        told = {code: cell.strip() for code, cell in cells.items() if isinstance(cell, str)}
        return cls({code: text for code, text in told.items() if text})

    def render(self, language: str) -> str:
        return self.texts.get(language) or next(iter(self.texts.values()), "")

    def __str__(self) -> str:
        return self.render(current_language())


def message(template: str, **values: object) -> Message:
    """A translatable message; imported as ``_`` so that Babel's extractor finds it.

    >>> message("{n} accounts", n=3).render("en")
    '3 accounts'
    """
    return Message(template, values)


def render_all(value: object) -> dict[str, str]:
    """Language → a value in it, see `render`.

    >>> render_all(Fixed({"en": "Grow", "zh": "增长"}))["zh"]
    '增长'
    """
    return {language: render(value, language) for language in LANGUAGES}


def render(value: object, language: str) -> str:
    """A value in a language: messages and quantities by their own rule, anything else as its text.

    Whole numbers from ten thousand up get separators, which both languages write alike; years have
    none.

    >>> render(21858, "en"), render(2012, "zh")
    ('21,858', '2012')
    """
    if isinstance(value, Text):
        return value.render(language)
    if isinstance(value, Integral) and abs(cast(int, value)) >= 10_000:
        return f"{value:,}"
    return word(str(value), language)


@contextmanager
def data_words(words: Words) -> Iterator[None]:
    """Inside the block a data value that has words of its own is said in them, wherever it stands
    whole: in a sentence, a cell, a label.

    >>> with data_words({"South": {"zh": "华南"}}):
    ...     message("in {region}", region="South").render("zh"), word("South", "en")
    ('in 华南', 'South')
    """
    token = _words.set(words)
    try:
        yield
    finally:
        _words.reset(token)


def word(value: str, language: str) -> str:
    """A data value, or several in a row, as a reader of the language says it; itself where nobody
    said how.
    """
    known = _words.get()
    parts = [value] if value in known else value.split(", ")
    if not known or any(part not in known for part in parts):
        return value
    return tongue(language).comma.join(known[part].get(language) or part for part in parts)


PERSON = "person:"
"""Before a key of `data_words` that means a person alone: a number such as 1001 may be a person's
here and an order's there.
"""


@dataclass(frozen=True)
class Person:
    """One who is known by a number, or several with commas between, by name where the data have it.

    >>> with data_words({"person:7": {"en": "Ada", "zh": "艾达"}}):
    ...     Person("7").render("zh"), Person("8").render("zh"), word("7", "zh")
    ('艾达', '8', '7')
    """

    number: str

    def render(self, language: str) -> str:
        known = _words.get()
        parts = [PERSON + part for part in self.number.split(", ")]
        named = (known.get(part, {}).get(language) or part.removeprefix(PERSON) for part in parts)
        return tongue(language).comma.join(named)

    def __str__(self) -> str:
        return self.render(current_language())


def words_of(values: Iterable[object], *, people: bool = False) -> dict[str, Fixed]:
    """Those of some data values that have words of their own, and these; ``people``: the values are
    numbers of people.
    """
    texts = sorted({value for value in values if isinstance(value, str)}) if _words.get() else []
    told = {
        text: {
            code: Person(text).render(code) if people else word(text, code) for code in LANGUAGES
        }
        for text in texts
    }
    return {text: Fixed(words) for text, words in told.items() if set(words.values()) != {text}}


def current_language() -> str:
    """The language in which ``str(message)`` speaks."""
    return _current.get()


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Speak a language inside a ``with`` block: figures are drawn once per language this way."""
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}: expected one of {', '.join(LANGUAGES)}")
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)
