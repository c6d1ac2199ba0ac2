"""Where the notebooks lie whose findings a study reads."""

import os
from pathlib import Path

from kamresearch.places import project_root, resolve_path

__all__ = ["findings_folder", "project_root", "resolve_path"]


def findings_folder(text: str) -> Path:
    """The folder of executed notebooks that a ``findings`` parameter means.

    Empty means the saved notebooks; ``.`` those beside this one: in a sealed version its own, and
    while a version is
    being made the folder that publishing names in the environment.
    """
    if text == ".":
        return Path(os.environ.get("KAM_NOTEBOOKS") or Path.cwd())
    return Path(resolve_path(text or "notebooks"))
