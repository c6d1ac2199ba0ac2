"""What ``pytest --nbval notebooks`` compares: the stable text of every output, and the JSON from
which pages are made, in both languages.

Findings print their numbers with five significant digits, texts and caveats print themselves. In
the JSON numbers may differ in their last digits from one processor to another; pictures and HTML
tables may too, and are left out.
"""

import os
import shutil
import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path

from kamresearch.studies.outputs import MIME

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (MIME, "image/svg+xml", "text/html", "image/png")
CASE = "data/cases/geely_volvo"


def pytest_collection_modifyitems(items):
    for item in items:
        if hasattr(item.parent, "skip_compare"):
            item.parent.skip_compare = tuple(dict.fromkeys((*item.parent.skip_compare, *LEFT_OUT)))
            item.compare_outputs = partial(compare, item, item.compare_outputs)


def compare(item, compare_texts, made, stored):
    """nbval's comparison of texts, then that of the JSON, which allows for last digits."""
    sys.path.append(str(ROOT))
    from tests.alike import assert_alike

    if not compare_texts(made, stored):
        return False
    made, stored = (
        [one["data"][MIME] for one in outputs if MIME in one.get("data", {})]
        for outputs in (made, stored)
    )
    try:
        assert_alike(made, stored, f"{item.name}, what pages are made of")
    except AssertionError as error:
        item.comparison_traceback = [str(error)]
        return False
    return True


def pytest_sessionstart(session):
    """Open the case once for all notebooks, as publishing does, but where workers will do so."""
    options = session.config.option
    many = getattr(options, "numprocesses", None) and not hasattr(session.config, "workerinput")
    if not getattr(options, "nbval", False) or many or "KAM_PREPARED" in os.environ:
        return
    from kamresearch.data.prepared import write_prepared
    from kamresearch.data.sources import open_data

    folder = session.config.kam_folder = Path(tempfile.mkdtemp(prefix="kam-case-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepared = write_prepared(open_data(ROOT / CASE), folder / "case.duckdb")
    os.environ.update(KAM_PREPARED=str(prepared), KAM_PREPARED_FOR=f"{CASE}|")


def pytest_sessionfinish(session):
    if folder := getattr(session.config, "kam_folder", None):
        shutil.rmtree(folder, ignore_errors=True)
