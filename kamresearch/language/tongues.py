"""Which languages reports can be read in. A language is a folder and no code: what it is called
and how it writes numbers (``language.yml``), its translations (``*.po``), its terms
(``glossary.yml``).

Those of the package lie in ``language/catalogue/<code>/``; a project adds its own, or other words
for one that is there, in ``languages/<code>/``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from kamresearch.errors import KamError
from kamresearch.places import project_root

CATALOGUES = Path(__file__).parent / "catalogue"
SOURCE = "en"
"""The language in which messages stand in the code."""


@dataclass(frozen=True)
class Tongue:
    """How a language is called and written.

    Parameters
    ----------
    name, html, locale : str
        Its own name for itself, its HTML code, and Babel's locale for numbers and dates.
    comma, semicolon : str
        What stands between the parts of a list.
    myriads : tuple of str
        Names of ten thousand and of a hundred million, where amounts are told in them; else empty.
    money : str
        An amount with its currency's code.
    currencies : mapping
        Code → an amount in a currency that has a name of its own.
    wide : bool
        Words stand without blanks, and punctuation is as wide as a letter.
    """

    __pydantic_config__ = {"extra": "forbid"}

    name: str
    html: str
    locale: str
    comma: str = ", "
    semicolon: str = "; "
    myriads: tuple[str, ...] = ()
    money: str = "{currency} {amount}"
    currencies: Mapping[str, str] = field(default_factory=dict)
    wide: bool = False


def _folders() -> dict[str, tuple[Path, ...]]:
    """Code → its folders, the project's after the package's; the source language first."""
    bases = (CATALOGUES, project_root() / "languages")
    found = [one.parent.name for base in bases for one in sorted(base.glob("*/language.yml"))]
    return {
        code: tuple(base / code for base in bases if (base / code).is_dir())
        for code in dict.fromkeys((SOURCE, *found))
    }


FOLDERS = _folders()
LANGUAGES = tuple(FOLDERS)
"""Every language that a report can be read in; the first is the source language."""


@cache
def tongue(code: str) -> Tongue:
    """How a language is written.

    Raises
    ------
    KamError
        Its ``language.yml`` lacks a name, holds one that is none of `Tongue`'s, or another kind of
        value.
    """
    from kamresearch.yamlfile import as_noun, read_keys

    written = [one / "language.yml" for one in reversed(FOLDERS[code])]
    path = next(one for one in written if one.is_file())
    see = "write name, html and locale, and what else differs from English"
    return as_noun(Tongue, read_keys(path, see, KamError), str(path), see, KamError)
