"""The glossary: terms of the field with their meaning in every language, one file a topic."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kamresearch.errors import KamError
from kamresearch.language.catalogue_store import LANGUAGES
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
    file's words count.
    """
    terms: dict[str, Term] = {}
    for path in sorted(FOLDER.glob("*.yml")):
        for entry in read_yaml(path) or ():
            term = _read_term(entry, language, path)
            if term.id not in terms and not any(
                term.term.lower() == known.term.lower() for known in terms.values()
            ):
                terms[term.id] = term
    return tuple(terms.values())


def _read_term(entry: object, language: str, path: Path) -> Term:
    whole = (
        isinstance(entry, dict)
        and "id" in entry
        and all(
            isinstance(entry.get(one), dict)
            and entry[one].get("term")
            and entry[one].get("meaning")
            for one in LANGUAGES
        )
    )
    if not whole:
        raise KamError(
            f"glossary/{path.name}",
            f"an id, and a term with its meaning in {', '.join(LANGUAGES)}",
            repr(entry)[:120],
            "complete the entry",
        )
    words = entry[language]
    return Term(
        str(entry["id"]),
        str(words["term"]),
        str(words["meaning"]),
        tuple(map(str, words.get("also", ()))),
    )
