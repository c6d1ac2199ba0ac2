"""A new study to start from: one folder with module, notebook and tests that pass at once."""

import json
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from kamresearch.errors import ParameterError, StudyError
from kamresearch.studies import all_studies

NAME = re.compile(r"^[a-z][a-z0-9_]{2,40}$")

PLACES = {
    "notebook.txt": "studies/$name/$name.ipynb",
    "study.py.txt": "studies/$name/$name.py",
    "test.py.txt": "studies/$name/test_$name.py",
}
"""Template → where its text goes in the project."""


def write_new_study(name: str, root: Path) -> list[Path]:
    """Write the parts of a new study into a project; nothing is overwritten.

    Parameters
    ----------
    name : str
        Lower-case name with underscores: ``visit_effect``. Also the first part of its finding ids.
    root : Path
        The project.

    Returns
    -------
    list of Path
        The files written, the notebook first.

    Raises
    ------
    ParameterError
        The name is no module name, or is taken.
    StudyError
        One of the files exists already; then none is written.
    """
    if not NAME.match(name):
        raise ParameterError(
            "kam new-study",
            "a lower-case name of 3 to 41 letters, digits and underscores",
            repr(name),
            "write for example visit_effect",
        )
    taken = {study.name for study in all_studies()} | {study.prefix for study in all_studies()}
    if name in taken:
        raise ParameterError(
            "kam new-study", "a name that no study has", repr(name), "choose another name"
        )
    values = {"name": name, "title": name.replace("_", " ").capitalize()}
    texts = {
        root / Template(place).substitute(values): fill(f"study/{template}", values)
        for template, place in PLACES.items()
    }
    notebook = next(iter(texts))
    texts[notebook] = _as_notebook(texts[notebook])
    return write_texts(texts)


def write_texts(texts: dict[Path, str]) -> list[Path]:
    """Write texts to their places; where one is taken, none is written."""
    existing = [path for path in texts if path.exists()]
    if existing:
        raise StudyError(
            str(existing[0]),
            "no file of this name",
            "one that exists",
            "choose another name or move it away",
        )
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def fill(template: str, values: dict[str, str]) -> str:
    """A template of this folder with its names filled in."""
    source = files("kamresearch.publishing") / "scaffold" / template
    return Template(source.read_text(encoding="utf-8")).substitute(values)


def _as_notebook(text: str) -> str:
    """A notebook from its template: cells parted by lines ``%% kind id tag…``."""
    cells = []
    for part in re.split(r"^%% ", text, flags=re.MULTILINE)[1:]:
        head, _, source = part.partition("\n")
        kind, cell_id, *tags = head.split()
        cell = {
            "cell_type": kind,
            "id": cell_id,
            "metadata": {"tags": tags} if tags else {},
            "source": source.strip("\n").splitlines(keepends=True),
        }
        cells.append(cell | ({"execution_count": None, "outputs": []} if kind == "code" else {}))
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
