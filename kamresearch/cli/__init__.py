"""``kam``: the command line. Results go to stdout, messages to stderr; 0 done, 1 a study
failed, 2 the request was wrong.
"""

import json
import os
import signal
import sys
from typing import NoReturn

from kamresearch.garbage import look_rarely

STOPPED = "kam: stopped; no version was made, finished studies are kept for the next run"
ARGUMENTS = "KAM_ARGUMENTS"
"""The variable that carries arguments which nobody shall see."""


def main() -> None:
    """Run ``kam``; errors for people are shown as a line, not as a traceback."""
    _hide_addresses()
    look_rarely()
    # Nobody extends our models; to look for who might, every package installed would be opened.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from kamresearch.cli.app import app
    from kamresearch.errors import KamError

    signal.signal(signal.SIGTERM, _stop)
    try:
        code = app(prog_name="kam", standalone_mode=False)
    except KamError as error:
        _end(f"kam: {error}", error.exit_code)
    except KeyboardInterrupt:
        _end(STOPPED, 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # the parser's own: wrong usage, Ctrl-C at a prompt
        if type(error).__name__ == "Abort":
            _end(STOPPED, 130)
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        sys.exit(getattr(error, "exit_code", 1))
    if code == 130:
        _end(STOPPED, 130)
    sys.exit(code if isinstance(code, int) else 0)


def _end(message: str, code: int) -> None:
    from kamresearch.data.controls import without_controls

    print(without_controls(message), file=sys.stderr)  # noqa: T201
    sys.exit(code)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def start_again() -> NoReturn:
    """Run the same command in another process in place of this one: its code changed."""
    environment = {**os.environ, ARGUMENTS: json.dumps(sys.argv[1:])}
    os.execve(sys.executable, [sys.executable, "-P", "-m", "kamresearch.cli"], environment)  # noqa: S606


def _hide_addresses() -> None:
    """Where an argument is an address, start again at once with the arguments in the environment,
    which is ours alone: everybody can list the arguments of a process.
    """
    held = os.environ.pop(ARGUMENTS, "")
    if held:
        sys.argv[1:] = json.loads(held)
    elif any("://" in text for text in sys.argv[1:]):
        before = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv) + 1]
        shown = [text.partition("://")[0] + "://" if "://" in text else text for text in sys.argv]
        environment = {**os.environ, ARGUMENTS: json.dumps(sys.argv[1:])}
        os.execve(sys.executable, [sys.executable, *before, *shown[1:]], environment)  # noqa: S606
