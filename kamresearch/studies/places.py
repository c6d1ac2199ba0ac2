"""Where things lie: the project, the data, the notebooks whose findings a study reads."""

import os
from pathlib import Path


def project_root(start: Path | None = None) -> Path:
    """The repository that holds ``notebooks/`` and ``data/``: upwards from the working folder,
    else from the package.
    """
    here = Path(start or Path.cwd()).resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[2]):
        if (folder / "notebooks").is_dir() and (folder / "params").is_dir():
            return folder
    return here


def resolve_path(text: str) -> str:
    """A path parameter made absolute against the project; addresses (``postgresql://…``) pass
    unchanged.
    """
    if not text or "://" in text or text.startswith("spark:") or Path(text).is_absolute():
        return text
    return str(project_root() / text)


def findings_folder(text: str) -> Path:
    """The folder of executed notebooks that a ``findings`` parameter means.

    Empty means the saved notebooks; ``.`` those beside this one: in a sealed version its own, and
    while a version is
    being made the folder that publishing names in the environment.
    """
    if text == ".":
        return Path(os.environ.get("KAM_NOTEBOOKS") or Path.cwd())
    return Path(resolve_path(text or "notebooks"))
