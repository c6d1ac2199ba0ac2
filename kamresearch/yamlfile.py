"""YAML as people write it, read one way everywhere: a key stands once, words stay words."""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from kamresearch.errors import DataError, KamError, near_matches

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

Noun = TypeVar("Noun")

MOST_BYTES = 4 << 20
"""Bytes of a file."""
_DATE = "tag:yaml.org,2002:timestamp"
_BOOL = "tag:yaml.org,2002:bool"


class _Strict(yaml.SafeLoader):
    """``NO`` is Norway and ``on`` a word: true and false alone are yes and no; days stay texts."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag not in (_BOOL, _DATE)]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Strict.add_implicit_resolver(
    _BOOL, re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


class _Texts(_Strict):
    """Every plain value stays the text that was written: 00123, nan, 2012-12-31."""

    yaml_implicit_resolvers = {}


MOST_VALUES = 200_000
"""Values of a file, each counted as often as it is named: a few lines can name billions."""


def _weight(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """Values below a node, those that are named again counted again."""
    if node not in known:
        known[node] = MOST_VALUES + 1  # a list that holds itself never ends
        below = node.value if isinstance(node.value, list) else []
        parts = [one for part in below for one in (part if isinstance(part, tuple) else (part,))]
        known[node] = 1 + sum(_weight(part, known) for part in parts)
    return known[node]


def _mapping_once(loader: _Strict, node: yaml.MappingNode, deep: bool = False) -> dict:
    lines: dict[str, int] = {}
    for key, _value in node.value:
        name, line = str(loader.construct_object(key, deep=True)), key.start_mark.line + 1
        if name in lines:
            raise yaml.constructor.ConstructorError(
                None, None, f"{name!r} stands twice, first in line {lines[name]}", key.start_mark
            )
        lines[name] = line
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Strict.add_constructor("tag:yaml.org,2002:map", _mapping_once)


def parse_yaml(
    text: str, where: str, error: type[KamError] = DataError, texts: bool = False
) -> Any:
    r"""A YAML text as plain values.

    Parameters
    ----------
    text : str
        The text.
    where : str
        Its file, for errors.
    error : type
        The error to raise.
    texts : bool
        Whether every plain value stays the text that was written.

    Raises
    ------
    KamError
        It is no YAML, or a key stands twice; the line is named.

    Examples
    --------
    >>> parse_yaml("country: NO\nday: 2012-12-31\nsure: true", "mapping.yml")
    {'country': 'NO', 'day': '2012-12-31', 'sure': True}
    """
    loader = _Texts(text) if texts else _Strict(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _weight(node, {}) > MOST_VALUES:
            raise error(
                where,
                f"no more than {MOST_VALUES:,} values",
                "lists that name each other",
                "mend it",
            )
        return loader.construct_document(node)
    except yaml.YAMLError as found:
        mark = getattr(found, "problem_mark", None)
        place = f"{where}, line {mark.line + 1}" if mark else where
        what = getattr(found, "problem", None) or str(found)
        raise error(
            place,
            "plain YAML, each key once",
            " ".join(what.split())[:160],
            "mend the line",
        ) from None


def read_yaml(
    path: Path, where: str = "", error: type[KamError] = DataError, texts: bool = False
) -> Any:
    """A YAML file as plain values; see `parse_yaml`."""
    shown = where or str(path)
    try:
        if (size := Path(path).stat().st_size) > MOST_BYTES:
            most, found = f"no more than {MOST_BYTES >> 20} MiB", f"{size / 2**20:,.1f} MiB"
            raise error(shown, most, found, "look at the file; a table belongs into a CSV")
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as found:
        what = getattr(found, "strerror", None) or "bytes that are no UTF-8"
        raise error(shown, "a YAML file", what, "check the path") from None
    return parse_yaml(text, shown, error, texts)


def read_keys(
    path: Path, see: str, error: type[KamError] = DataError, texts: bool = False
) -> dict[str, Any]:
    """A YAML file of names and values; none in an empty file.

    Parameters
    ----------
    path : Path
        The file.
    see : str
        What to do where it holds something else, for the error.
    error, texts
        As for `parse_yaml`.
    """
    content = read_yaml(path, error=error, texts=texts)
    if content in (None, ""):
        return {}
    if not isinstance(content, dict):
        raise error(str(path), "names and values", f"a {type(content).__name__}", see)
    return {str(name): value for name, value in content.items()}


def as_noun(
    kind: type[Noun], content: Any, where: str, see: str, error: type[KamError] = DataError
) -> Noun:
    """Plain values as the noun that they say: its types are what is expected of them.

    Parameters
    ----------
    kind : type
        A dataclass, a model, or a list of them.
    content : any
        Plain values, as `read_yaml` gives them.
    where, see : str
        The file, and what to do, for the error.
    error : type
        The error to raise.

    Raises
    ------
    KamError
        A value is missing, of another kind, out of its range, or has a name that is not known; the
        first is named with its place.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Head:
    ...     who: str
    ...     day: str = ""
    >>> as_noun(Head, {"who": "the founder"}, "story.md", "mend the head")
    Head(who='the founder', day='')
    """
    from pydantic import ValidationError  # language asks for it, and must stay quick to import

    try:
        return _form(kind).validate_python(content)
    except ValidationError as found:
        raise error(*_refusal(kind, found.errors(include_url=False), where, see)) from None


@cache
def _form(kind: Any) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _refusal(
    kind: Any, wrong: "list[ErrorDetails]", where: str, see: str
) -> tuple[str, str, str, str]:
    """The four parts of an error about the first value that does not fit."""
    unknown = ("unexpected_keyword_argument", "extra_forbidden")
    # a name that is not known is often how a missing one was misspelt
    first = next((one for one in wrong if one["type"] in unknown), wrong[0])
    # entries are counted as people count them
    steps = [f"entry {one + 1}" if isinstance(one, int) else str(one) for one in first["loc"]]
    if first["type"] == "missing":
        beside = [one["loc"] for one in wrong if one["type"] == "missing"]
        names = [str(loc[-1]) for loc in beside if loc[:-1] == first["loc"][:-1]]
        return ", ".join([where, *steps[:-1]]), " and ".join(names), "none", see
    if first["type"] in unknown:
        known = getattr(kind, "__dataclass_fields__", {}) if len(steps) == 1 else {}
        remedy = near_matches(steps[-1], known) if known else see
        return ", ".join([where, *steps[:-1]]), "names that are known", steps[-1], remedy
    expected = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    if first["type"] == "literal_error":
        see = near_matches(str(first["input"]), re.findall("'([^']*)'", expected))
    return ", ".join([where, *steps]), expected, repr(first["input"])[:80], see
