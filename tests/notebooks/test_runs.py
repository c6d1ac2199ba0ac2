"""Every notebook runs on other data than the case, and its numbers follow its parameters."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from kamresearch.data.simulate import World, simulate
from kamresearch.data.simulate.settings import (
    Customers,
    Dealers,
    Deals,
    Plans,
    Prices,
    Serving,
    Wallets,
)
from kamresearch.studies import all_studies
from kamresearch.studies.kinds import AbsentOutput, FigureOutput, TableOutput
from kamresearch.studies.outputs import MIME, iterate_outputs, read_findings, read_table
from tests.reports.answers import opens_with_an_answer

pytestmark = [pytest.mark.notebooks, pytest.mark.slow]

STUDIES = all_studies()
ORDER = {study.name: number for number, study in enumerate(STUDIES)}


def execute(root, study, folder, **parameters) -> dict:
    """Run a notebook's code in one fresh Python, with other parameters; its outputs as a
    notebook keeps them.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(root / "notebooks" / f"{study.notebook}.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    defaults = {
        node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell.source).body
    }
    cell.source = "\n".join(
        f"{name} = {value!r}" for name, value in {**defaults, **parameters}.items()
    )
    NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(root / "notebooks")}}
    ).execute()
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{study.notebook}.ipynb")
    return json.loads(nbformat.writes(notebook))


def unkept_promises(study, notebook) -> set[str]:
    shown = {said.id for said in iterate_outputs(notebook, FigureOutput, TableOutput)}
    excused = {id for said in iterate_outputs(notebook, AbsentOutput) for id in said.ids}
    return set(study.promised.ids) - shown - excused - set(read_findings(notebook))


@pytest.fixture(scope="module")
def small_world(tmp_path_factory, case_folder):
    """A simulated company with deals, dealers, wallets, prices and work; goals and a SWOT table, which no simulator
    writes.
    """
    folder = simulate(
        tmp_path_factory.mktemp("small"),
        accounts=60,
        random_state=3,
        start="2010-01-01",
        world=World(
            deals=Deals(),
            wallets=Wallets(),
            prices=Prices(),
            serving=Serving(),
            customers=Customers(),
            dealers=Dealers(per_region=1, bad=0),
            plans=Plans(),
        ),
    )
    for name in ("goals", "swot", "judgements", "strategies"):
        for ending in ("csv", "yml"):
            shutil.copy(case_folder / f"{name}.{ending}", folder)
    return folder


@pytest.fixture(scope="module")
def bare_world(tmp_path_factory, small_world):
    """Accounts and orders alone, as most companies begin."""
    folder = tmp_path_factory.mktemp("bare")
    for name in ("accounts", "orders"):
        shutil.copy(small_world / f"{name}.parquet", folder)
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A world and a day → each study's executed notebook, published once (kernels are forked from
    one parent, where a plain kernel for each would import everything again).
    """
    done: dict = {}

    def publish(folder, as_of: str) -> dict[str, dict]:
        if (folder, as_of) not in done:
            import kamresearch as kam

            version = kam.publish(
                data=folder, as_of=as_of, lang="en", reports=tmp_path_factory.mktemp("reports")
            )
            done[folder, as_of] = {
                study.name: json.loads(path.read_text("utf-8"))
                for study in STUDIES
                if (path := version.path / "notebooks" / f"{study.notebook}.ipynb").exists()
            }
        return done[folder, as_of]

    return publish


@pytest.fixture(scope="module")
def opened():
    """A world → its tables, opened once."""
    from functools import cache

    import kamresearch as kam

    return cache(kam.open_data)


@pytest.mark.parametrize("study", STUDIES, ids=[study.name for study in STUDIES])
@pytest.mark.parametrize("world", ["small_world", "bare_world"])
def test_a_study_keeps_its_promises_on_other_data_or_says_why_not(
    study, world, published, opened, request
):
    folder = request.getfixturevalue(world)
    notebooks, tables = published(folder, "2012-12-31"), opened(folder)
    if all(tables.has(table) for table in study.needs):
        assert unkept_promises(study, notebooks[study.name]) == set()
        if not study.front:
            opens_with_an_answer(study, notebooks[study.name])
    else:
        assert study.name not in notebooks, "a study without its data is left out"


def test_no_table_of_a_version_advises_what_another_forbids(published, small_world):
    from kamresearch.analysis.decisions import CONTRADICTIONS, gather_advice

    for day in ("2012-12-31", "2011-12-31"):
        notebooks = published(small_world, day)
        tables = {
            said.id: read_table(notebook, said.id)
            for notebook in notebooks.values()
            for said in iterate_outputs(notebook, TableOutput)
        }
        listed = tables["decisions.list"][["account_id", "kind"]].assign(source="decisions.list")
        advice = pd.concat([gather_advice(tables.get), listed])
        assert "decisions.list" in set(advice["source"])
        for _account, part in advice.groupby("account_id"):
            kinds = set(part["kind"])
            pairs = {frozenset((a, b)) for a in kinds for b in kinds if a != b}
            assert not pairs & CONTRADICTIONS, part


# A study that looks back has nothing to look back on in a notebook: tests/publishing/test_record.py.
@pytest.mark.parametrize(
    "study",
    [one for one in STUDIES if "orders" in one.needs and one.name != "track_record"],
    ids=lambda one: one.name,
)
def test_an_earlier_as_of_date_moves_findings(study, published, small_world):
    before, after = (
        read_findings(published(small_world, day)[study.name])
        for day in ("2012-12-31", "2011-12-31")
    )
    if all(one.value is None for both in (before, after) for one in both.values()):
        pytest.skip("a company this small has nothing to tell here on either day")
    assert any(after[id].value != before[id].value for id in before if id in after)


def test_a_company_younger_than_the_window_gets_reasons_in_place_of_risks(root, tmp_path):
    days = pd.date_range("2012-03-15", "2012-12-15", freq="MS").strftime("%Y-%m-%d")
    ids = [f"{number:03d}" for number in range(40)]
    pd.DataFrame({"account_id": ids, "account_name": ids, "region": "East"}).to_csv(
        tmp_path / "accounts.csv", index=False
    )
    rows = pd.DataFrame(
        [(id, day, 100.0, 1) for id in ids for day in days],
        columns=["account_id", "order_date", "revenue", "units"],
    )
    rows.assign(order_id=[f"O{number}" for number in rows.index]).to_csv(
        tmp_path / "orders.csv", index=False
    )
    study = STUDIES[ORDER["churn"]]
    notebook = execute(
        root, study, tmp_path / "run", data=str(tmp_path), as_of="2012-12-31", findings=""
    )
    assert unkept_promises(study, notebook) == set()
    found = read_findings(notebook)
    for name in ("revenue_at_risk", "n_contacts", "contact_gain", "expected_loss"):
        assert found[f"churn.{name}"].value is None
        assert "the history is too short" in found[f"churn.{name}"].reason.render("en")


@pytest.fixture
def other_package(root, tmp_path):
    """A copy of the package in which a year has 300 days: every window of twelve months is
    another.
    """
    shutil.copytree(
        root / "kamresearch", tmp_path / "kamresearch", ignore=shutil.ignore_patterns("__pycache__")
    )
    changed = 0
    for path in (tmp_path / "kamresearch" / "features").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        changed += len(re.findall(r"\b365\b", text))
        path.write_text(re.sub(r"\b365\b", "300", text), encoding="utf-8")
    assert changed
    return tmp_path


def run_nbval(root, notebook, **environment) -> subprocess.CompletedProcess:
    import os

    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        str(notebook),
        "-q",
        "-o",
        "addopts=",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, env={**os.environ, **environment}
    )


def test_nbval_fails_when_a_number_in_the_package_moves(root, other_package):
    """That it passes when none does, ``make test`` shows with each notebook."""
    notebook = root / "notebooks" / "03_segmentation.ipynb"
    moved = run_nbval(root, notebook, PYTHONPATH=str(other_package))
    assert moved.returncode == 1, moved.stdout[-3000:]
    assert "segmentation." in moved.stdout


@pytest.mark.parametrize(("value", "alike"), [(1 / 3 + 1e-9, True), (0.3334, False)])
def test_nbval_compares_what_pages_are_made_of_but_for_last_digits(root, value, alike):
    place = root / "notebooks" / "conftest.py"
    spec = importlib.util.spec_from_file_location("notebooks_conftest", place)
    conftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(conftest)
    made, stored = ([{"data": {MIME: {"findings": [one]}}}] for one in (value, 1 / 3))
    cell = SimpleNamespace(name="cell 1")
    assert conftest.compare(cell, lambda *_texts: True, made, stored) is alike
    assert conftest.compare(cell, lambda *_texts: True, [], stored) is False
    assert conftest.compare(cell, lambda *_texts: False, stored, stored) is False
