"""How far a study's conclusions hang on choices, shown on its own page when that is asked: the runs
of a sweep go into the version as rows, and into the study's notebook as cells before its limits.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamresearch.errors import ParameterError
from kamresearch.finding import Findings, is_number
from kamresearch.language import LANGUAGES, render
from kamresearch.language import message as _
from kamresearch.publishing.asking.parameters import parse_assignments
from kamresearch.publishing.files import write_text
from kamresearch.studies.outputs import MIME

if TYPE_CHECKING:
    import pandas as pd

    from kamresearch.display import Figure

SWEPT = "swept.json"
"""In a version: study → ``rows`` of its sweep, which are inputs, and ``cells`` that show them."""
HEADING = _("How far does this hang on choices?")
ABOUT = _(
    "Each run changes some parameters and nothing else. It shows how far a number moves, and says "
    "nothing of which choice is right."
)
MOST_CURVES = 3
"""Headline findings that are shown, the first ones."""


def read_choices(texts: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """``study.name=value,value`` texts → study → parameter → values."""
    asked = parse_assignments(texts, "--sweep").values
    return {
        study: {name: [one.strip() for one in str(some).split(",")] for name, some in part.items()}
        for study, part in asked.items()
    }


def show_sweep(
    study: str, frame: "pd.DataFrame", languages: Sequence[str], simulated: bool
) -> dict[str, Any]:
    """What a version holds of one study's sweep (a frame of `kamresearch.sweep`)."""
    rows = json.loads(frame.drop(columns="label").to_json(orient="records"))
    return {"rows": rows, "cells": _cells(study, frame, languages, simulated)}


def _cells(
    study: str, frame: "pd.DataFrame", languages: Sequence[str], simulated: bool
) -> list[dict]:
    figures = _curves(frame)
    if not figures:
        raise ParameterError(
            f"--sweep {study}",
            "a headline finding that has a number",
            "none in any run",
            "choose other values",
        )
    choices = {name: list(dict.fromkeys(map(str, frame[name]))) for name in frame.attrs["varied"]}
    asked = ", ".join(f"{name}={values!r}" for name, values in choices.items())
    source = f"runs = kam.sweep({study!r}, {asked})\n" + "\n".join(
        f"study.show(kam.figures.series.sweep(runs, {id!r}))" for id in figures
    )
    shown = [
        _display(figure, language, simulated)
        for figure in figures.values()
        for language in languages
    ]
    prose = [
        _cell(
            "markdown",
            f"swept-{language}",
            f"## {render(HEADING, language)}\n\n{render(ABOUT, language)}",
            [language, "section:choices"],
        )
        for language in LANGUAGES
    ]
    code = _cell("code", "swept", source, []) | {"execution_count": None, "outputs": shown}
    return [*prose, code]


def _curves(frame: "pd.DataFrame") -> "dict[str, Figure]":
    """Finding → its specification curve, of the first headlines that have numbers."""
    from kamresearch.figures import series

    known = Findings(frame.attrs["findings"].values())
    counted = set(frame.loc[frame["value"].map(is_number), "finding"])
    ids = [one.id for one in known.headlines() if one.id in counted][:MOST_CURVES]
    found = {}
    for id in ids:
        figure, name = series.sweep(frame, id), f"{id}_by_choice"
        found[id] = replace(figure, id=name, data=replace(figure.data, id=name))
    return found


def _display(figure: "Figure", language: str, simulated: bool) -> dict:
    from kamresearch.figures.theme import draw_svg
    from kamresearch.studies.session import figure_output

    output = figure_output(figure, language, simulated)
    picture = draw_svg(figure, language)
    text = f"figure {figure.id}: {output.data.rows_total} rows"
    data = {"text/plain": text, "image/svg+xml": picture, MIME: output.to_dict()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _cell(kind: str, id: str, source: str, tags: list[str]) -> dict:
    lines = source.splitlines(keepends=True)
    return {"cell_type": kind, "id": id, "metadata": {"tags": tags}, "source": lines}


def add_cells(path: Path, swept: Mapping[str, Any]) -> None:
    """Put the cells of a sweep into an executed notebook, before its limits; prose in the
    languages in which the notebook speaks.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    tags = [cell.get("metadata", {}).get("tags", ()) for cell in notebook["cells"]]
    spoken = {tag for some in tags for tag in some if tag in LANGUAGES}
    place = next((n for n, some in enumerate(tags) if "section:limits" in some), len(tags))
    notebook["cells"][place:place] = [
        cell
        for cell in swept["cells"]
        if cell["cell_type"] == "code" or spoken & set(cell["metadata"]["tags"])
    ]
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    write_text(path, text + "\n")
