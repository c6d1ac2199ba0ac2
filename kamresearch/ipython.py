"""``%load_ext kamresearch``: the house theme in every figure, and a warning when a notebook
drifts from its study.
"""

import ast
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.studies import Study, all_studies

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(shell: "InteractiveShell") -> None:
    """Called by ``%load_ext kamresearch`` with the running shell."""
    from kamresearch.figures.theme import set_house_theme

    set_house_theme()
    notebook = Path(
        shell.user_ns.get("__session__") or shell.user_ns.get("__vsc_ipynb_file__") or ""
    )
    study = next((study for study in all_studies() if study.notebook == notebook.stem), None)
    if study is not None and notebook.exists():
        for difference in parameter_differences(
            json.loads(notebook.read_text(encoding="utf-8")), study
        ):
            warnings.warn(f"{notebook.name}: {difference}", stacklevel=2)


def parameters_cell(notebook: dict) -> dict[str, object]:
    """Names and values that a notebook's cell tagged ``parameters`` assigns."""
    for cell in notebook["cells"]:
        if "parameters" in cell.get("metadata", {}).get("tags", ()):
            tree = ast.parse("".join(cell["source"]))
            return {
                target.id: ast.literal_eval(node.value)
                for node in tree.body
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
    return {}


def parameter_differences(notebook: dict, study: Study) -> list[str]:
    """In words, where a notebook's parameters cell and its study's params class disagree;
    empty where they agree.
    """
    written = parameters_cell(notebook)
    declared = {name: field.default for name, field in study.params.model_fields.items()}
    differences = [
        f"parameter {name!r} is missing from the parameters cell"
        for name in declared
        if name not in written
    ]
    differences += [
        f"{name!r} is assigned but is no parameter of {study.name}"
        for name in written
        if name not in declared
    ]
    differences += [
        f"{name!r} is {written[name]!r} in the notebook but {declared[name]!r} in its params class"
        for name in declared
        if name in written and written[name] != declared[name]
    ]
    if not differences and list(written) != list(declared):
        differences.append("the parameters stand in another order than in the params class")
    return differences
