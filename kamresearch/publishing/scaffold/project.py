"""A company's own repository to start from: data, parameters, studies, and what runs them."""

import re
from pathlib import Path

from kamresearch.errors import ParameterError
from kamresearch.publishing.scaffold.new_study import fill, write_texts

PLACES = {
    "README.md.txt": "README.md",
    "default.yml.txt": "params/default.yml",
    "workflow.yml.txt": ".github/workflows/reports.yml",
    "pre-commit.yml.txt": ".pre-commit-config.yaml",
    "environment.yml.txt": "environment.yml",
    "gitignore.txt": ".gitignore",
}
"""Template → where its text goes in the project."""

MAPPING = """# How your columns are called, table by table; see `kam check` and the data dictionary.
tables: {}
"""


def write_project(folder: Path, version: str) -> list[Path]:
    """Write a project into a folder; nothing is overwritten.

    Parameters
    ----------
    folder : Path
        A new or empty folder, or one that holds only ``data/``.
    version : str
        The version of kamresearch that the project asks for.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ParameterError
        Something else than data and version control lies there.
    """
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    others = [name for name in found if name not in ("data", ".git", ".venv")]
    if folder.exists() and (not folder.is_dir() or others):
        raise ParameterError(
            str(folder),
            "a new folder, or one that holds only data/",
            ", ".join(others[:5]) or "a file",
            "choose another folder, or move these away",
        )
    title = re.sub(r"[_-]+", " ", folder.resolve().name).strip().capitalize() or "Our accounts"
    has_data = (folder / "data").is_dir() and any((folder / "data").iterdir())
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "reports"
    data = (
        "data" if has_data else "data/cases/geely_volvo  # the built-in case, until yours is there"
    )
    values = {"title": title, "name": name, "data": data}
    texts = {folder / place: fill(f"project/{one}", values) for one, place in PLACES.items()}
    texts[folder / "requirements.txt"] = f"kamresearch=={version}\npytest\n"
    texts[folder / "studies" / "README.md"] = "One folder a study: `kam new-study NAME`.\n"
    if not (folder / "data" / "mapping.yml").exists():
        texts[folder / "data" / "mapping.yml"] = MAPPING
    return write_texts(texts)
