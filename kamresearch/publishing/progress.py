"""Progress for people: a bar on a terminal, plain lines elsewhere; always on stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tqdm import tqdm


class Progress(Protocol):
    """What long work reports to."""

    def begin(self, total: int, what: str) -> None:
        """So many parts are to be done."""

    def advance(self, text: str) -> None:
        """One part is done."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def end(self) -> None:
        """All is done or over."""


class Silent:
    """Says nothing."""

    def begin(self, total: int, what: str) -> None: ...

    def advance(self, text: str) -> None: ...

    def note(self, text: str) -> None: ...

    def end(self) -> None: ...


class Lines(Silent):
    """One line for each part, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._began, self._done, self._total = time.monotonic(), 0, 0

    def begin(self, total: int, what: str) -> None:
        self._done, self._total = 0, total
        self.note(what)

    def advance(self, text: str) -> None:
        self._done += 1
        self.note(f"{self._done}/{self._total} {text}")

    def note(self, text: str) -> None:
        print(f"[{time.monotonic() - self._began:6.1f} s] {text}", file=sys.stderr, flush=True)  # noqa: T201


class Bar(Silent):
    """A bar, with notes above it; its clock goes on while a part takes long."""

    delay = 0.0
    every = 1.0

    def __init__(self) -> None:
        self._bar, self._over, self._clock = None, Event(), None

    def begin(self, total: int, what: str) -> None:
        from tqdm import tqdm

        self.end()
        self._bar = tqdm(
            total=total,
            desc=what,
            unit="part",
            leave=False,
            file=sys.stderr,
            dynamic_ncols=True,
            delay=self.delay,
        )
        self._over.clear()
        self._clock = Thread(target=self._tick, args=(self._bar,), daemon=True)
        self._clock.start()

    def _tick(self, bar: "tqdm") -> None:
        wait = max(self.delay, self.every)
        while not self._over.wait(wait):
            bar.refresh()
            wait = self.every

    def advance(self, text: str) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(text[:48], refresh=False)
            self._bar.update(1)

    def note(self, text: str) -> None:
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)  # noqa: T201
        else:
            self._bar.write(text, file=sys.stderr)

    def end(self) -> None:
        if self._bar is not None and self._clock is not None:
            self._over.set()
            self._clock.join()  # or it could draw the bar once more below what follows
            self._bar.close()
            self._bar = None


class Watched(Bar):
    """For who calls from Python: a bar once two seconds have gone by, and not a word before."""

    delay = 2.0

    def note(self, text: str) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(text[:48], refresh=False)


PATIENCE = 2.0
"""Seconds that nobody needs to be told of."""


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say what is waited for where it has no parts to count, once two seconds have gone by: with a
    clock on a terminal, a line elsewhere.
    """
    over = Event()
    clock = Thread(target=_tell_wait, args=(what, over), daemon=True)
    clock.start()
    try:
        yield
    finally:
        over.set()
        clock.join()


def _tell_wait(what: str, over: Event) -> None:
    began, live, told = time.monotonic(), sys.stderr.isatty(), False
    while not over.wait(1.0 if live and told else 30.0 if told else PATIENCE):
        seconds, told = time.monotonic() - began, True
        text = f"\r{what}: {seconds:.0f} s" if live else f"[{seconds:6.1f} s] {what}\n"
        sys.stderr.write(text)
        sys.stderr.flush()
    if live and told:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def progress_for_python() -> Silent:
    """A bar for somebody who waits in a notebook or at a terminal; nothing for a script."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return Watched() if shell is not None or sys.stderr.isatty() else Silent()


def progress_for_terminal() -> Silent:
    """A bar where stderr is a terminal, lines elsewhere."""
    return Bar() if sys.stderr.isatty() else Lines()
