"""A real browser for the pages: Debian's Chromium, another on the path, or Playwright's own."""

import os
import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="package")
def chromium():
    """A running Chromium; tests skip, and say why, where there is none.

    It ends with the tests of this folder: while Playwright lives, its thread has a running event
    loop, in which no other test could call `asyncio.run`.
    """
    from playwright.sync_api import Error, sync_playwright

    found = os.environ.get("KAM_CHROMIUM") or next(
        (path for name in NAMES if (path := shutil.which(name))), None
    )
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=arguments)
        except Error as error:
            pytest.skip(
                f"no Chromium to be found or started (apt-get install chromium): "
                f"{str(error).splitlines()[0]}"
            )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Pages of every kind, with data as hostile as they come."""
    from kamresearch.publishing.pages.render import render_front, render_study
    from kamresearch.publishing.shelf.portal import write_shelf
    from tests.reports import shelves, synthetic

    made = shelves.shelf(tmp_path_factory.mktemp("reports"), pages=True)
    version = made / "2012-12-31-abc0000004"
    notebook = synthetic.executed(
        synthetic.HOSTILE, prose="See [this](javascript:alert(1)) <b onclick=alert(1)>bold</b>."
    )
    for language in ("en", "zh"):
        page = version / f"synthetic.{language}.html"
        page.write_text(
            render_study(notebook, synthetic.STUDY, language, synthetic.context()), encoding="utf-8"
        )
        (version / f"front.{language}.html").write_text(
            render_front(synthetic.context(), language), encoding="utf-8"
        )
    write_shelf(made)
    return made


KINDS = {
    "study": "2012-12-31-abc0000004/synthetic.{}.html",
    "front": "2012-12-31-abc0000004/front.{}.html",
    "shelf": "index{}.html",
    "comparison": "comparisons/2012-12-31-abc0000003--2012-12-31-abc0000004.{}.html",
}


@pytest.fixture(
    params=[(kind, language) for kind in KINDS for language in ("en", "zh")], ids="-".join
)
def page_path(request, folder):
    """Each kind of page in each language."""
    kind, language = request.param
    if kind == "shelf":
        return folder / KINDS[kind].format("" if language == "en" else ".zh")
    return folder / KINDS[kind].format(language)


@pytest.fixture
def open_page(chromium):
    """Open a page from disk with no network at all; gives the page, which counts what it asks
    for and what it says.
    """
    contexts = []

    def opened(path, **options):
        context = chromium.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on(
            "dialog",
            lambda dialog: (page.said.append(f"dialog {dialog.message}"), dialog.dismiss()),
        )
        page.goto(Path(path).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
