"""``kam``: the command line. Results go to stdout, messages to stderr; 0 done, 1 a study
failed, 2 the request was wrong.
"""

import os
import signal
import sys

STOPPED = "kam: stopped; no version was made, finished studies are kept for the next run"


def main() -> None:
    """Run ``kam``; errors for people are shown as a line, not as a traceback."""
    _hide_passwords()
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
        if not hasattr(error, "show"):
            raise
        error.show()
        sys.exit(error.exit_code)
    if code == 130:
        _end(STOPPED, 130)
    sys.exit(code if isinstance(code, int) else 0)


def _end(message: str, code: int) -> None:
    print(message, file=sys.stderr)  # noqa: T201
    sys.exit(code)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _hide_passwords() -> None:
    """Where an argument is an address with a password, start again without it: the process
    list shows arguments.
    """
    held = [text for text in sys.argv[1:] if "://" in text]
    if not held:
        return
    from kamresearch.data.addresses import split_password
    from kamresearch.errors import KamError

    replaced, environment = {}, {}
    for text in held:
        option, equals, address = ("", "", text)
        if text.startswith("--") and "=" in text.partition("://")[0]:
            option, equals, address = text.partition("=")
        try:
            clean, env = split_password(address)
        except KamError:  # said in words where the option is read
            continue
        if env:
            replaced[text] = option + equals + clean
            environment |= env
    if replaced:
        arguments = [replaced.get(text, text) for text in sys.orig_argv]
        os.execve(sys.executable, [sys.executable, *arguments[1:]], {**os.environ, **environment})  # noqa: S606
