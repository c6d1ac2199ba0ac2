"""Pages of the documentation that are written elsewhere: the data dictionary, the glossary, the
architecture, the gallery of figures, and the parameters of each study.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import yaml
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]


def on_files(files: Files, config: dict) -> Files:
    """Called by mkdocs: add the pages made from other files."""
    pages = {
        "reference/data.md": (ROOT / "data" / "README.md").read_text(encoding="utf-8"),
        "reference/glossary.md": glossary_page(),
        "architecture.md": (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"),
    }
    pictures = dict(iterate_pictures())
    pages["gallery.md"] = gallery_page(pictures)
    for id, told in pictures.items():
        files.append(File.generated(config, f"gallery/{id}.svg", content=told["svg"]))
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: object, **_more: object) -> str:
    """Called by mkdocs for each page: a study's lists its parameters, from the class that checks
    them.
    """
    folder, _, name = page.file.src_uri.partition("/")
    return (
        markdown + parameters_table(name.removesuffix(".md")) if folder == "studies" else markdown
    )


def parameters_table(study: str) -> str:
    """What `kam params` says of a study, as a section of its page."""
    from kamresearch.publishing.asking.parameters import find_asked_study, parameter_facts

    rows = [
        f"| `{one['name']}` | `{one['default']!r}` | {_line(one['can_be'])} | {_line(one['meaning'])} |"
        for one in parameter_facts(find_asked_study(study))
    ]
    head = "\n\n## Parameters\n\n| Name | Default | It can be | Meaning |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def iterate_pictures() -> Iterator[tuple[str, dict]]:
    """Every figure that the notebooks hold: its id, with the picture, its texts and the cell's
    source.
    """
    from kamresearch.studies.kinds import FigureOutput
    from kamresearch.studies.outputs import iterate_displays

    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for figure, data in iterate_displays({"cells": [cell]}):
                if isinstance(figure, FigureOutput):
                    told = {"title": figure.title, "caption": figure.caption, "alt": figure.alt}
                    picture, code = "".join(data["image/svg+xml"]), "".join(cell["source"])
                    yield figure.id, {**told, "svg": picture, "code": code}


def drawing_sources() -> dict[str, tuple[str, str]]:
    """Figure → the function that draws it, by its public name, and its source."""
    found = {}
    for path in sorted((ROOT / "kamresearch" / "figures").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            for mark in getattr(node, "decorator_list", ()):
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "draws":
                    name = f"kam.figures.{path.stem}.{node.name}"
                    found[mark.args[1].value] = (name, ast.get_source_segment(text, node))
    return found


def gallery_page(pictures: dict[str, dict]) -> str:
    """Every figure of the built-in case with what makes it: a notebook's line, and the function."""
    drawn = drawing_sources()
    parts = [
        "# Gallery",
        f"The {len(pictures)} figures of the built-in case, as its notebooks hold them. A study shows "
        "them by the line above each picture; the function below draws it of any result of its type.",
    ]
    for id, told in pictures.items():
        name, source = drawn.get(id, ("", ""))
        parts += [f"## {_line(told['title'])}", f"```python\n{told['code']}\n```"]
        parts += [f"![{_line(told['alt'])}](gallery/{id}.svg)", _line(told["caption"])]
        if name:
            inside = "\n".join(f"    {line}" for line in source.splitlines())
            parts.append(f'??? quote "`{name}`"\n\n    ```python\n{inside}\n    ```')
    return "\n\n".join(parts) + "\n"


def glossary_page() -> str:
    """Every term of the reports in both languages, one table, sorted by its English name."""
    terms = []
    for path in sorted((ROOT / "kamresearch" / "language" / "glossary").glob("*.yml")):
        terms += yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = [
        (
            f"| {term['en']['term']} | {_line(term['en']['meaning'])} | {term['zh']['term']} | "
            f"{_line(term['zh']['meaning'])} |"
        )
        for term in sorted(terms, key=lambda term: term["en"]["term"].lower())
    ]
    head = "# Glossary\n\n| Term | Meaning | 术语 | 释义 |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _line(text: str) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
