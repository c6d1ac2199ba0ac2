"""Pages of the documentation that are written elsewhere: the data dictionary, the glossary,
the architecture.
"""

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
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


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
