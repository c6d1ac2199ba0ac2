"""Nothing that is written follows a link away, and a cache that cannot be written closes nothing."""

import os
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from kamresearch.publishing.asking.request import Request
from kamresearch.publishing.kernels.execute import tidy
from kamresearch.publishing.making.run import make_shelf
from kamresearch.publishing.outcome.csvfile import safe_text
from kamresearch.publishing.planning.datafacts import PREPARED_KEPT, _forget_old
from kamresearch.publishing.planning.plan import Cache
from kamresearch.publishing.sealed.sealing import Workshop, clear_abandoned, failed_folder
from kamresearch.publishing.shelf.pruning import prune_shelf
from kamresearch.studies.readings import Others
from tests.conftest import ROOT


def _keep_a_notebook(folder):
    """The cache of executed notebooks takes one in."""
    (folder / "made.ipynb").write_text("{}")
    step = SimpleNamespace(key="key", inputs={}, study=SimpleNamespace(name="one"))
    Cache(folder).keep(step, Others(), [], folder / "made.ipynb", 1.0)
    assert Cache(folder).recall(step, Others())


@pytest.mark.slow
def test_neither_a_failed_run_nor_pruning_touches_what_a_link_leads_to(tmp_path):
    reports, outside = tmp_path / "reports", tmp_path / "outside"
    (outside / "2012-12-31-abc0000001").mkdir(parents=True)
    reports.mkdir()
    (reports / "failed").symlink_to(outside)
    prune_shelf(reports, keep=0, cache=True, really=True)
    assert failed_folder(reports) == reports / "failed"
    assert not (reports / "failed").exists()
    assert os.listdir(outside) == ["2012-12-31-abc0000001"]


def test_a_cache_that_cannot_be_written_keeps_no_version_from_being_made(tmp_path):
    """A file stands where the cache should be: so it fails for root too."""
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / ".cache").write_text("in the way")
    make_shelf(Request(ROOT, reports))
    with Workshop(reports) as workshop:
        assert (workshop.path / "notebooks").is_dir()


@pytest.mark.parametrize("forget", [_forget_old, clear_abandoned, _keep_a_notebook])
def test_parts_that_a_kill_left_go_with_the_next_run_and_those_being_written_stay(tmp_path, forget):
    folder = tmp_path / "studies" if forget is _keep_a_notebook else tmp_path
    folder.mkdir(exist_ok=True)
    old, new = folder / ".x.duckdb.17.part", folder / ".y.ipynb.18.part"
    for path in (old, new):
        path.write_bytes(b"rows")
    os.utime(old, (time.time() - 90_000,) * 2)
    forget(tmp_path)
    assert not old.exists()
    assert new.exists()


def test_only_the_newest_prepared_data_stay(tmp_path):
    for number in range(PREPARED_KEPT + 2):
        (tmp_path / f"{number}.duckdb").touch()
    _forget_old(tmp_path)
    assert len(list(tmp_path.glob("*.duckdb"))) == PREPARED_KEPT - 1


def test_a_warning_in_a_notebook_does_not_tell_where_our_folders_lie():
    places = [sys.prefix, str(ROOT), str(Path.home())]
    text = [f"{place}/lib/module.py:7: UserWarning: mind\n" for place in places]
    output = {"output_type": "stream", "name": "stderr", "text": text}
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}
    ((tidied,),) = [one["outputs"] for one in tidy({"cells": [cell]})["cells"]]
    assert tidied["text"] == ["…/lib/module.py:7: UserWarning: mind\n"] * 3


CELLS = ("=1", "＝1", " +1", "'@x", "\t1", "\u202e=1", "-12.5", "-", "A-B", "|x", "％", "")


def test_a_page_guards_the_cells_of_its_csv_by_the_rule_of_the_sealed_one():
    """The two regular expressions of the script mean what those of the package mean."""
    script = (ROOT / "kamresearch/publishing/pages/templates/script.js").read_text("utf-8")
    risky, number = (
        re.compile(re.search(rf"const {name} = /(.*)/;", script)[1]) for name in ("risky", "number")
    )
    for text in CELLS:
        guarded = bool(risky.match(text)) and not number.match(text)
        assert guarded == (safe_text(text) != text), repr(text)
