"""Gettext catalogues: where translations are looked up."""

from functools import cache
from pathlib import Path

from kamresearch.language.tongues import FOLDERS, LANGUAGES

_ADDED: list[tuple[str, Path]] = []


def add_catalogue(language: str, path: Path) -> None:
    """Read one more ``.po`` file: that of a study outside the package. The package's own
    translations stand above it.
    """
    if (language, path) not in _ADDED:
        _ADDED.append((language, path))
        load_catalogue.cache_clear()


@cache
def load_catalogue(language: str) -> dict[str, str]:
    """All messages of a language: source text → translation, from every ``.po`` file in its
    folders; the package's words stand above those of a study, the project's above all.
    """
    from babel.messages.pofile import read_po

    translations: dict[str, str] = {}
    added = [path for code, path in _ADDED if code == language]
    for path in [*added, *(one for base in FOLDERS[language] for one in sorted(base.glob("*.po")))]:
        with path.open("rb") as file:
            for entry in read_po(file, charset="utf-8"):
                # A text with plural forms is a list; ours have none.
                if (
                    isinstance(entry.id, str)
                    and isinstance(entry.string, str)
                    and entry.id
                    and entry.string
                    and not entry.fuzzy
                ):
                    translations[entry.id] = entry.string
    return translations


def translate(text: str, language: str) -> str:
    """The text in a language; the source text where no translation exists (a test forbids that)."""
    if language == LANGUAGES[0]:
        return text
    return load_catalogue(language).get(text, text)


def missing_translations(texts: set[str], language: str) -> set[str]:
    """Those of the source texts that a language's catalogues do not hold."""
    return set() if language == LANGUAGES[0] else texts - load_catalogue(language).keys()
