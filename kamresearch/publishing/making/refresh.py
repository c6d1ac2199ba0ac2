"""Notebooks run again in place: English outputs, equal bytes for equal results, so that git
shows only what moved.
"""

import shutil
import tempfile
from pathlib import Path

from kamresearch.errors import StudyError
from kamresearch.publishing.asking.parameters import in_order
from kamresearch.publishing.asking.request import Request
from kamresearch.publishing.files import write_text
from kamresearch.publishing.kernels.nursery import Child, wait_any
from kamresearch.publishing.making.hands import Hands, data_env, read_outcome
from kamresearch.publishing.making.run import find_data, make_shelf
from kamresearch.publishing.planning.sources import SourceCode
from kamresearch.publishing.progress import Progress
from kamresearch.publishing.sealed.sealing import failed_folder
from kamresearch.studies import Study, all_studies, find_study


def refresh_notebooks(request: Request, progress: Progress) -> list[Path]:
    """Run notebooks with the parameters that stand in them, each after those that it reads, and
    save their outputs.

    Parameters
    ----------
    request : Request
        Its studies (all where none is named), jobs and limits count.
    progress : Progress
        What the work reports to.

    Returns
    -------
    list of Path
        The notebooks whose bytes changed.
    """
    waiting = list(in_order([find_study(name) for name in request.studies] or all_studies()))
    names = {study.name for study in waiting}
    done, changed, failed = set(), [], []
    running: list[tuple[Study, Child, Path]] = []
    progress.begin(len(waiting), "Running notebooks again")
    make_shelf(request)
    with Hands() as hands, tempfile.TemporaryDirectory(prefix="kam-refresh-") as aside:
        opened = _open_data(waiting, request, hands)
        while waiting or running:
            ready = [study for study in waiting if set(study.reads) & names <= done]
            for study in ready[: request.jobs - len(running)]:
                waiting.remove(study)
                running.append(_start(study, request, hands, Path(aside), opened))
            if not running:  # what they read has failed
                break
            wait_any([child for _study, child, _folder in running], 1.0)
            for one in [one for one in running if one[1].poll() is not None]:
                running.remove(one)
                problem = _finish(*one, request, changed)
                failed += [problem] if problem else []
                done |= set() if problem else {one[0].name}
                progress.advance(f"{one[0].name}: " + ("failed" if problem else "done"))
    progress.end()
    if failed:
        raise StudyError(
            "kam refresh",
            "every notebook to run to its end",
            f"{len(failed)} that failed:\n  " + "\n  ".join(failed),
            f"look into {request.reports / 'failed' / 'refresh'}",
        )
    return changed


def _open_data(studies: list[Study], request: Request, hands: Hands) -> dict[str, str]:
    """The data that the notebooks name, opened once for all of them where they agree."""
    params = [study.parameters({}) for study in studies]
    if len({(one.data, one.mapping) for one in params}) != 1:
        return {}
    return data_env(find_data(request, params[0], SourceCode(), hands))


def _start(
    study: Study, request: Request, hands: Hands, aside: Path, opened: dict[str, str]
) -> tuple[Study, Child, Path]:
    folder = aside / study.name
    folder.mkdir()
    return study, hands.start_study(study, folder, request.limits, opened), folder


def _finish(study: Study, child: Child, folder: Path, request: Request, changed: list[Path]) -> str:
    """Put a finished notebook in its place; in words what went wrong, empty where nothing did."""
    outcome, made = read_outcome(folder / "outcome.json", child), folder / "notebook.ipynb"
    if not outcome.ok:
        kept = failed_folder(request.reports) / "refresh"
        kept.mkdir(parents=True, exist_ok=True)
        if made.exists():
            shutil.copyfile(made, kept / f"{study.notebook}.ipynb")
        return outcome.message
    place = study.path
    text = made.read_text(encoding="utf-8")
    if text != place.read_text(encoding="utf-8"):
        write_text(place, text)
        changed.append(place)
    return ""
