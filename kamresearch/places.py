"""Where things lie: the project in which somebody works, and what the package brings along."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def builtin_home() -> Path:
    """The folder of the built-in notebooks, parameter files and case: inside an installed package,
    beside it in a checkout.
    """
    shipped = PACKAGE / "home"
    return shipped if shipped.is_dir() else PACKAGE.parent


def is_project(folder: Path) -> bool:
    """Whether a folder is a project: it holds ``params/``, and ``studies/`` or ``notebooks/``."""
    parts = [(folder / name).is_dir() for name in ("params", "studies", "notebooks")]
    return parts[0] and any(parts[1:])


def project_root(start: Path | None = None) -> Path:
    """The project around the working folder: upwards from it, else the checkout of the package,
    else the working folder itself. Publishing names it to its kernels (``KAM_PROJECT``).
    """
    if start is None and os.environ.get("KAM_PROJECT"):
        return Path(os.environ["KAM_PROJECT"])
    here = Path(start or Path.cwd()).resolve()
    for folder in (here, *here.parents, PACKAGE.parent):
        if is_project(folder):
            return folder
    return here


def shelf_folder(reports: str | Path | None) -> Path:
    """The folder of versions: the one named, else that of the project."""
    return Path(reports).absolute() if reports else project_root() / "reports"


def resolve_path(text: str) -> str:
    """A path made absolute against the project, else against what the package brings along;
    addresses (``postgresql://…``) pass unchanged, ``~/`` is the user's home.
    """
    if text.startswith("~/"):
        return os.path.expanduser(text)  # noqa: PTH111  (pathlib's raises where there is none)
    if not text or "://" in text or text.startswith("spark:") or Path(text).is_absolute():
        return text
    for base in (project_root(), builtin_home()):
        if (base / text).exists():
            return str(base / text)
    return str(project_root() / text)


def find_path(text: str) -> str:
    """A path as seen from the working folder, else as `resolve_path` finds it: a kernel works in
    the folder of its notebook, and a reader writes paths as they stand in the project.
    """
    resolved = text if "://" in text or Path(text).exists() else resolve_path(text)
    return resolved if resolved == text or Path(resolved).exists() else text
