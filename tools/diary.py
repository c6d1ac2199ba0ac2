"""A newcomer's diary, written by running: an empty folder, the wheel, an export, a report, a study of
one's own, and what CI does; each command with its seconds.

    python -m tools.diary [EXPORT] [--out docs/diary.md]

Without an EXPORT the newcomer's company is drawn by ``kam simulate`` (200 accounts). Packages come
from the lock's index; ``--lend`` takes them from the environment that runs this, so that no network
is needed: then the seconds of installing are those of the wheel alone, and the table says so.
"""

import argparse
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOADS: list[float] = []
"""How many processes wanted a core after each step: seconds of a busy machine are longer."""
OWN = {"PYTHONPATH", "VIRTUAL_ENV", "KAM_PROJECT"}
STEPS = (
    ("Start a repository", "kam init our-accounts", ""),
    ("Bring the export", "cp -r {export} our-accounts/data/export", ""),
    (
        "What is it?",
        "kam start data/export --mapping data/export/mapping.yml --yes",
        "our-accounts",
    ),
    ("Can it be trusted?", "kam check data/export", "our-accounts"),
    ("A report", "kam publish --data data/export --lang en,zh", "our-accounts"),
    ("The same again", "kam publish --data data/export --lang en,zh", "our-accounts"),
    ("A study of one's own", "kam new-study visit_effect", "our-accounts"),
    ("Its tests", "python -m pytest -q studies", "our-accounts"),
    ("Its report", "kam publish visit_effect --data data/export", "our-accounts"),
    (
        "What CI does",
        "python -m pytest -q studies && kam publish --data data/export",
        "our-accounts",
    ),
)
"""What the newcomer wants, the command, and the folder in which it is typed."""


def main() -> None:
    """Run the diary and print its table; with ``--out`` also write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("export", nargs="?", type=Path)
    parser.add_argument("--lend", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        told = install(place, asked.lend)
        export = asked.export.resolve() if asked.export else place / "export"
        if not asked.export:
            run(f"kam simulate {shlex.quote(str(export))} --accounts 200 --seed 7", place)
            forget_truth(export)
        for why, command, where in STEPS:
            line = command.format(export=shlex.quote(str(export)))
            told.append((why, command.format(export="EXPORT"), run(line, place, where)))
    text = page(told, asked.lend)
    print(text)
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")


def install(place: Path, lend: bool) -> list[tuple[str, str, float]]:
    """The wheel of this checkout in an environment of its own, outside it."""
    made = f"{sys.executable} -m pip wheel {ROOT} --no-deps --no-build-isolation -q -w {place}"
    run(made, place)
    told = [
        ("An environment", "python3 -m venv .venv", run(f"{sys.executable} -m venv .venv", place))
    ]
    (wheel,) = place.glob("*.whl")
    command = f"pip install {'--no-deps ' if lend else ''}-q"
    told.append(("The wheel", f"{command} {wheel.name}", run(f"{command} {wheel} ", place)))
    if lend:
        inside = place / ".venv" / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
        (inside / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    else:
        told.append(
            ("What tests need", "pip install -q pytest", run("pip install -q pytest", place))
        )
    return told


def forget_truth(export: Path) -> None:
    """A newcomer's export has no sidecars, and no truth beside it."""
    for path in export.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix not in (".csv", ".parquet"):
            path.unlink()


def run(command: str, home: Path, folder: str = "") -> float:
    """Seconds of a command in a folder of the newcomer's home, in a terminal that knows nothing of this
    checkout; what fails ends the diary with its words.
    """
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    environment["PATH"] = f"{home / '.venv' / 'bin'}{os.pathsep}{environment['PATH']}"
    environment["JUPYTER_PATH"] = str(Path(sys.prefix, "share", "jupyter"))
    began = time.perf_counter()
    done = subprocess.run(
        command, shell=True, cwd=home / folder, env=environment, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    LOADS.append(os.getloadavg()[0])
    print(f"{seconds:7.1f} s  {command}", file=sys.stderr, flush=True)
    if done.returncode:
        sys.exit(
            f"{command} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
        )
    return seconds


def page(told: list[tuple[str, str, float]], lend: bool) -> str:
    """The table, and the machine on which its seconds were measured."""
    rows = [f"| {why} | `{command}` | {seconds:.1f} |" for why, command, seconds in told]
    cores = os.cpu_count()
    about = (
        f"Measured by `python -m tools.diary`: Python {platform.python_version()}, {cores} cores, on "
        f"which up to {max(LOADS):.0f} processes wanted to run:\nthe seconds hold that waiting too."
    )
    lent = (
        " Other packages were there already, so that installing is that of the wheel alone." * lend
    )
    return "\n".join(
        [
            "# A newcomer's diary",
            "",
            "From an empty folder to a report, a study of one's own, and what CI does.",
            "",
            "| what | command | seconds |",
            "|---|---|---:|",
            *rows,
            f"| all | | {sum(seconds for _why, _command, seconds in told):.1f} |",
            "",
            about + lent,
            "",
        ]
    )


if __name__ == "__main__":
    main()
