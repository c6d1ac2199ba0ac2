"""The glossary: terms of the field with their meaning in every language, one file a topic."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from kamresearch.errors import KamError
from kamresearch.language.tongues import FOLDERS
from kamresearch.yamlfile import as_noun, read_yaml

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


class _Words(BaseModel):
    """What an entry says in one language."""

    model_config = ConfigDict(extra="forbid")

    term: str
    meaning: str
    also: tuple[str, ...] = ()


class _Entry(BaseModel):
    """An entry of a file: an id, and its words by language."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, _Words] = Field(init=False)

    id: str


@cache
def load_glossary(language: str) -> tuple[Term, ...]:
    """Every term of every topic in a language; of a term that two topics explain, the first
    file's words count. Terms that a language does not explain are left out.

    A project's language explains them in its ``glossary.yml``, in entries of the same form.
    """
    terms: dict[str, Term] = {}
    own = [base / "glossary.yml" for base in reversed(FOLDERS[language])]
    for path in [*(one for one in own if one.is_file()), *sorted(FOLDER.glob("*.yml"))]:
        for term in _read_terms(path, language):
            if term.id not in terms and not any(
                term.term.lower() == known.term.lower() for known in terms.values()
            ):
                terms[term.id] = term
    return tuple(terms.values())


def _read_terms(path: Path, language: str) -> list[Term]:
    """The terms of a file that explains them in a language."""
    where, see = f"{path.parent.name}/{path.name}", "give each entry an id, a term and its meaning"
    entries = as_noun(list[_Entry], read_yaml(path) or [], where, see, KamError)
    said = [(entry.id, entry.__pydantic_extra__.get(language)) for entry in entries]
    return [Term(id, one.term, one.meaning, one.also) for id, one in said if one is not None]
