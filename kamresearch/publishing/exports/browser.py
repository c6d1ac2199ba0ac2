"""The browser that prints: Chromium, driven by playwright; both are asked for only when needed."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from kamresearch.errors import ParameterError

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

Made = TypeVar("Made")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def open_browser() -> "Iterator[BrowserContext]":
    """A running Chromium without network; refused in words where there is none."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise ParameterError(
            "export", "the package playwright", "none", "pip install playwright"
        ) from None
    found = os.environ.get("KAM_CHROMIUM") or next(
        (path for name in NAMES if (path := shutil.which(name))), None
    )
    root = hasattr(os, "getuid") and os.getuid() == 0
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"] if root else []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=arguments)
        except Error as error:
            raise ParameterError(
                "export",
                "a Chromium to print with",
                str(error).splitlines()[0],
                "install Chromium, or name it in KAM_CHROMIUM",
            ) from None
        try:
            yield browser.new_context(offline=True)
        finally:
            browser.close()


def drive(work: "Callable[[BrowserContext], Made]") -> Made:
    """What ``work`` makes with a running Chromium, in a thread of its own: a notebook's kernel runs
    an event loop, beside which the browser's plain interface refuses to start.
    """

    def run() -> Made:
        with open_browser() as context:
            return work(context)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()
