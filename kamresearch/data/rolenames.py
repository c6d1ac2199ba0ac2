"""What a column's name says in many languages: the words of each role, and how clear they are."""

import re
import unicodedata
from functools import cache
from pathlib import Path

from kamresearch.yamlfile import read_yaml

WORDS = Path(__file__).with_name("roles.yml")
_LATER = 0.0004
"""What each place further down in the list of names costs, so that ties have an order."""
_SMALL = frozenset(("of", "the", "de", "du", "da", "do", "del", "di", "des", "der", "d", "l", "la"))
"""Words that say nothing in the name of a column."""
_WIDE = re.compile("[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u9fff]")


def plain(name: str) -> str:
    """A name in small letters without accents, its words parted by blanks.

    >>> plain("Order_No."), plain("CustomerID"), plain("N° de Facture")
    ('order no', 'customer id', 'n facture')
    """
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    text = unicodedata.normalize("NFKD", text.replace("°", " ")).casefold()
    text = "".join(sign for sign in text if not unicodedata.combining(sign)).replace("ı", "i")
    words = re.sub(r"[\W_]+", " ", text).split()
    return " ".join([word for word in words if word not in _SMALL] or words)


@cache
def role_words() -> dict[str, dict[str, tuple[str, ...]]]:
    """Role → its names: those that are it, those that may be, those that are not."""
    table = read_yaml(WORDS)
    return {
        role: {kind: tuple(plain(str(one)) for one in names) for kind, names in kinds.items()}
        for role, kinds in table.items()
    }


def roles() -> tuple[str, ...]:
    """Every role that a column may play."""
    return tuple(role_words())


def name_merit(name: str, role: str) -> float:
    """How clearly a name says a role, 0 to 1."""
    said, words = plain(name), role_words()[role]
    best = 0.0
    for kind, weight in (("is", 1.0), ("may", 0.7)):
        for place, phrase in enumerate(words[kind]):
            best = max(best, weight * _likeness(said, phrase) - _LATER * place)
    if 0 < best < 0.95 and any(speaks_against(said, phrase) for phrase in words["not"]):
        best -= 0.45
    return max(best, 0.0)


def _likeness(said: str, phrase: str) -> float:
    if said == phrase:
        return 1.0
    joined, short = said.replace(" ", ""), phrase.replace(" ", "")
    if joined == short:
        return 0.99
    if _WIDE.search(short):
        return 0.55 + 0.4 * len(short) / len(joined) if short in joined else 0.0
    if f" {phrase} " in f" {said} ":
        return 0.55 + 0.4 * len(phrase.split()) / len(said.split())
    if " " not in said and len(short) >= 5 and short in joined:
        return 0.5 + 0.4 * len(short) / len(joined)
    return 0.0


def speaks_against(said: str, phrase: str) -> bool:
    """Whether a plain name holds a phrase that rules a role out."""
    if _WIDE.search(phrase):
        return phrase.replace(" ", "") in said.replace(" ", "")
    if f" {phrase} " in f" {said} ":
        return True
    return len(phrase) >= 5 and any(phrase in word for word in said.split())
