"""The glossary: terms of the field with their meaning in every language, one file a topic."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kamresearch.errors import KamError
from kamresearch.language.tongues import FOLDERS
from kamresearch.yamlfile import read_yaml

FOLDER = Path(__file__).parent / "glossary"


@dataclass(frozen=True)
class Term:
    """A term in one language: what it is called (``also``: other spellings) and what it means."""

    id: str
    term: str
    meaning: str
    also: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way in which prose may write it."""
        return (self.term, *self.also)


@cache
def load_glossary(language: str) -> tuple[Term, ...]:
    """Every term of every topic in a language; of a term that two topics explain, the first
    file's words count. Terms that a language does not explain are left out.

    A project's language explains them in its ``glossary.yml``, in entries of the same form.
    """
    terms: dict[str, Term] = {}
    own = [base / "glossary.yml" for base in reversed(FOLDERS[language])]
    for path in [*(one for one in own if one.is_file()), *sorted(FOLDER.glob("*.yml"))]:
        for entry in read_yaml(path) or ():
            if isinstance(entry, dict) and "id" in entry and language not in entry:
                continue
            term = _read_term(entry, language, path)
            if term.id not in terms and not any(
                term.term.lower() == known.term.lower() for known in terms.values()
            ):
                terms[term.id] = term
    return tuple(terms.values())


def _read_term(entry: Any, language: str, path: Path) -> Term:
    words = entry.get(language) if isinstance(entry, dict) else None
    if not (isinstance(words, dict) and "id" in entry and {"term", "meaning"} <= set(words)):
        raise KamError(
            f"{path.parent.name}/{path.name}",
            f"an id, and below {language} a term with its meaning",
            repr(entry)[:120],
            "complete the entry",
        )
    return Term(
        str(entry["id"]),
        str(words["term"]),
        str(words["meaning"]),
        tuple(map(str, words.get("also", ()))),
    )
