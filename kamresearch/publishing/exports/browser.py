"""The browser that prints: Chromium, driven by playwright; both are asked for only when needed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from kamresearch.errors import ParameterError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def open_browser() -> Iterator[object]:
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
