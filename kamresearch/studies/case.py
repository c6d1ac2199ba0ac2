"""What a company says for itself beside its tables: parameters of its own and words of its own.

``params.yml`` in the data folder holds values that are true of these data whoever runs a study (the
company's brand, its rivals); ``story.<language>.md`` what the case itself says, by study and
section. The prose of a notebook must be true of every company; whatever is true of one stands here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from kamresearch.errors import DataError, near_matches
from kamresearch.language import LANGUAGES
from kamresearch.places import resolve_path
from kamresearch.yamlfile import as_noun, parse_yaml, read_keys

PLACEHOLDER = re.compile(r"\{([a-z0-9_]+\.[a-z0-9_]+)\}")
"""Where a finding's value goes in a story: ``{churn.rate}``."""


@dataclass(frozen=True)
class Story:
    """What a case says about one study, in one language.

    Parameters
    ----------
    who : str
        Who says it, as readers see it.
    parts : mapping
        Section → paragraphs; the section ``""`` opens the study.
    """

    who: str
    parts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Head:
    """What stands above a case's words: who says them, and since which day."""

    who: str
    said: str


def case_folder(data: str, mapping: str = "") -> Path | None:
    """The folder of a case: that of its tables, else that of its mapping; None where it has
    neither.
    """
    for text in (data, mapping):
        if text and "://" not in text:
            path = Path(resolve_path(text.removeprefix("spark:")))
            if path.is_dir() or path.is_file():
                return path if path.is_dir() else path.parent
    return None


def own_values(data: str, mapping: str, study: str) -> dict[str, object]:
    """The values that a case's own parameters file gives a study, as they stand."""
    folder = case_folder(data, mapping)
    path = folder / "params.yml" if folder else None
    if path is None or not path.is_file():
        return {}
    return dict(
        read_keys(path, "name studies, and below each its values", texts=True).get(study) or {}
    )


def read_story(folder: Path | None, study: str, language: str, as_of: str) -> Story | None:
    """What a case says about a study; None where it says nothing, or said it after the as-of day.

    Where the case does not speak this language, it speaks the first that it has.

    Raises
    ------
    DataError
        The file has no head that tells who says it and since when (``who``, ``said``).
    """
    for code in (language, *LANGUAGES):
        path = folder / f"story.{code}.md" if folder else None
        if path and path.is_file():
            head, told = _split(path.read_text(encoding="utf-8-sig"), str(path))
            parts = told.get(study)
            return Story(head.who, parts) if parts and head.said <= as_of else None
    return None


def story_digest(folder: Path | None, study: str, as_of: str) -> str:
    """The checksum of what a case says about a study in any language; empty where nothing."""
    told = [read_story(folder, study, language, as_of) for language in LANGUAGES]
    return sha256(repr(told).encode()).hexdigest()[:16] if any(told) else ""


@lru_cache(maxsize=8)
def _split(text: str, path: str) -> tuple[Head, Mapping[str, dict[str, tuple[str, ...]]]]:
    """The head of a story and its parts, read once: each study of a version asks for its own."""
    found = re.match(r"---\n(.*?)\n---\n(.*)", text, re.S)
    see = "write who says it and said, the day (2012-12-31), between two lines --- above the text"
    if found is None:
        raise DataError(path, "a head", "none", see)
    head = as_noun(Head, parse_yaml(found[1], path, texts=True), f"{path}, head", see)
    return head, _parts(found[2])


def _parts(body: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Study → section → paragraphs: ``# study`` and ``## section`` open a part."""
    told: dict[str, dict[str, list[str]]] = {}
    study = section = ""
    for block in re.split(r"\n\s*\n", body):
        for line in block.strip().splitlines():
            heading = re.match(r"(##?) +(\S+)\s*$", line)
            if heading and heading[1] == "#":
                study, section = heading[2], ""
            elif heading:
                section = heading[2]
        text = " ".join(line for line in block.split("\n") if line and not line.startswith("#"))
        if text and study:
            told.setdefault(study, {}).setdefault(section, []).append(text.strip())
    return {
        name: {section: tuple(texts) for section, texts in parts.items()}
        for name, parts in told.items()
    }


def unknown_sections(folder: Path | None, study: str, sections: tuple[str, ...]) -> list[str]:
    """Sections of a story that the study does not have, each with the nearest that it has."""
    wrong = set()
    for language in LANGUAGES:
        story = read_story(folder, study, language, "9999-12-31")
        wrong |= set(story.parts if story else ()) - {"", *sections}
    return [f"{name} ({near_matches(name, sections)})" for name in sorted(wrong)]
