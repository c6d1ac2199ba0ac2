"""What ``kam`` says without starting anything: its version, its studies, what it refuses."""

import json

import pytest
from typer.testing import CliRunner

import kamresearch as kam
from kamresearch.cli.app import app
from kamresearch.cli.publish import complete_parameters
from kamresearch.cli.shelf import complete
from kamresearch.cli.study import complete_studies
from kamresearch.errors import KamError, ParameterError
from kamresearch.publishing.asking.request import make_request
from kamresearch.publishing.surface import ask
from kamresearch.studies import all_studies
from tests.reports import shelves

pytestmark = pytest.mark.unit


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*arguments: str) -> KamError:
    done = CliRunner().invoke(app, arguments)
    assert isinstance(done.exception, KamError), done.output
    return done.exception


def test_the_version_is_that_of_the_package():
    assert said("--version").strip() == f"kamresearch {kam.__version__}"


def test_studies_and_their_parameters_are_listed_for_people_and_machines():
    names = [study.name for study in all_studies()]
    assert [line.split()[0] for line in said("studies").splitlines()] == names
    assert [one["name"] for one in json.loads(said("studies", "--json"))] == names
    facts = {one["name"]: one for one in json.loads(said("params", "churn", "--json"))}
    assert facts["window_days"]["default"] == 365
    assert facts["seed"]["can_be"] == "a whole number from 0"
    assert "seed = 0  (a whole number from 0)  Seed" in said("params", "churn")


@pytest.mark.parametrize("command", ["refresh", "params", "publish"])
def test_a_misspelt_study_is_a_wrong_request(command):
    error = refused(command, "chrn")
    assert error.exit_code == 2
    assert "did you mean 'churn'" in str(error)


@pytest.mark.parametrize("value", ["nan", "inf", "0", "-1"])
def test_memory_that_is_no_amount_is_refused_in_words(value, tmp_path):
    with pytest.raises(ParameterError, match="--memory: expected a number above 0"):
        make_request(tmp_path, memory=float(value))


def test_a_shelf_that_is_a_file_is_refused_in_words(tmp_path):
    (tmp_path / "shelf").write_text("")
    with pytest.raises(ParameterError, match="--reports: expected a folder"):
        make_request(tmp_path, reports=tmp_path / "shelf")


def test_a_parameters_file_that_is_not_there_is_met_with_the_names_of_those_that_are():
    with pytest.raises(ParameterError, match="did you mean 'then_and_now'"):
        ask(params="then_and_nw")
    with pytest.raises(ParameterError, match="choose one of 'crm'"):
        ask(params="zzzz")


def test_names_are_completed():
    assert complete_studies() == [study.name for study in all_studies()]
    assert complete_parameters("churn.window") == ["churn.window_days="]


def test_versions_are_completed_from_the_shelf_of_the_project(tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_PROJECT", str(tmp_path))
    shelves.shelf(tmp_path / "reports")
    assert set(complete()) == {
        *(path.name for path in (tmp_path / "reports").glob("2012-*")),
        "latest",
    }
