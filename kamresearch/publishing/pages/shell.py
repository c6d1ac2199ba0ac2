"""The shell around every page: one file without requests, its own style and script, and a
policy that allows no other.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from kamresearch.figures.theme import narrow_apostrophes
from kamresearch.language import LANGUAGES, message, tongue
from kamresearch.publishing.pages.webfont import page_font

TEMPLATES = Path(__file__).parent / "templates"


def spoken(language: str) -> Callable[..., str]:
    """The ``_`` of templates: a text of the house in a language, with named values."""
    return lambda text, **values: message(text, **values).render(language)


def shared_values(language: str) -> dict[str, object]:
    """What every template knows: the language, its names, and ``_``."""
    return {
        "lang": language,
        "html_lang": tongue(language).html,
        "languages": LANGUAGES,
        "language_names": {code: tongue(code).name for code in LANGUAGES},
        "_": spoken(language),
    }


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Our templates, everything escaped unless it says otherwise."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


def warm_up() -> None:
    """Read every template, for all pages that are made in forks of this process."""
    for name in environment().list_templates(extensions=["j2"]):
        if "/" not in name:  # those in folders belong to nbconvert
            environment().get_template(name)


def fill(template: str, language: str, **values: object) -> Markup:
    """A template filled in a language."""
    text = environment().get_template(template).render(**shared_values(language), **values)
    return Markup(text)  # noqa: S704  (the template escapes)


def finish_page(
    body: Markup, language: str, title: str, *, kind: str = "study", glyphs: str = ""
) -> str:
    """A whole page around a body: head with style, font and policy; script at the end.

    ``glyphs``: text for which the font is cut, where several pages share one; else the page's own.
    The policy names the hashes of our own style and script: injected ones do not run even if
    escaping ever failed, and
    no address can be asked for anything.
    """
    if tongue(language).wide:
        body = Markup(narrow_apostrophes(body))  # noqa: S704  (one mark for another)
    script = _script("script.js") + ("\n" + _script("shelf.js") if kind == "shelf" else "")
    style = _style(glance=" glance" in body) + page_font(glyphs or str(body) + title, language)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "font-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return str(
        fill(
            "shell.html.j2",
            language,
            body=body,
            title=title,
            kind=kind,
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            policy=policy,
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def _style(*, glance: bool) -> str:
    """The style of a page; what only the front door at a glance needs, it alone carries."""
    text = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    if not glance:
        text = re.sub(
            r"/\* The front door.*?/\* Every page", "/* Every page", text, flags=re.DOTALL
        )
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([{};,>])\s*", r"\1", text).replace(";}", "}").strip()


@cache
def _script(name: str) -> str:
    lines = (line.strip() for line in (TEMPLATES / name).read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
