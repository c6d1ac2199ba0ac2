"""Studies outside the package are found by folder and by entry point, and told apart in words."""

import sys
from types import SimpleNamespace

import pytest

from kamresearch.errors import ParameterError, StudyError
from kamresearch.language.catalogue_store import translate
from kamresearch.places import is_project
from kamresearch.publishing.planning.sources import SourceCode
from kamresearch.publishing.scaffold.new_study import write_new_study
from kamresearch.publishing.scaffold.project import write_project
from kamresearch.studies import Study, all_studies, find_study, own
from kamresearch.studies.declaration import _studies_of

pytestmark = pytest.mark.unit


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_project(tmp_path / "acme", "0.1.0")
    monkeypatch.chdir(tmp_path / "acme")
    before = set(sys.modules), list(sys.path)
    yield tmp_path / "acme"
    for name in set(sys.modules) - before[0]:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    sys.path[:] = before[1]
    _studies_of.cache_clear()


def again() -> tuple:
    _studies_of.cache_clear()
    return all_studies()


def test_a_new_project_is_one_and_a_new_study_in_it_stands_beside_the_built_in_ones(project):
    assert is_project(project)
    written = write_new_study("visit_effect", project)
    assert {path.parent for path in written} == {project / "studies" / "visit_effect"}
    names = [study.name for study in again()]
    assert names[-1] == "visit_effect"
    assert "churn" in names
    assert find_study("visit_effect").path == written[0]
    assert set(SourceCode().own_files(find_study("visit_effect"))) == {
        "visit_effect.py",
        "test_visit_effect.py",
    }


def test_a_project_takes_no_folder_in_which_something_lies(project, tmp_path):
    with pytest.raises(ParameterError, match=r"\.github"):
        write_project(project, "0.1.0")
    (tmp_path / "other" / "data").mkdir(parents=True)
    (tmp_path / "other" / "data" / "orders.csv").write_text("order_id\n")
    write_project(tmp_path / "other", "0.1.0")
    assert "data: data\n" in (tmp_path / "other/params/default.yml").read_text()


def test_a_study_of_a_project_takes_the_place_of_a_built_in_one_by_its_name(project):
    folder = project / "studies" / "churn"
    folder.mkdir(parents=True)
    (folder / "churn.py").write_text(
        "from dataclasses import replace\n"
        "from kamresearch.studies.churn import STUDY as BUILT_IN\n"
        "STUDY = replace(BUILT_IN, notebook='churn')\n"
    )
    replaced = {study.name: study for study in again()}
    assert replaced["churn"].folder == folder
    assert sum(study.name == "churn" for study in all_studies()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "no STUDY"),
        ("raise ValueError('half written')\n", "ValueError: half written"),
        ("from kamresearch.studies.churn import STUDY\n", "the study 'churn'"),
    ],
)
def test_a_module_that_declares_no_study_is_named(project, text, words):
    (project / "studies" / "broken").mkdir()
    (project / "studies" / "broken" / "broken.py").write_text(text)
    with pytest.raises(StudyError, match=words):
        again()


def test_a_study_is_not_called_as_a_module_of_python(project):
    (project / "studies" / "statistics").mkdir()
    (project / "studies" / "statistics" / "statistics.py").write_text("x = 1\n")
    with pytest.raises(StudyError, match="Python itself does not use"):
        again()


def test_a_translation_beside_a_study_is_read_and_none_is_needed(project):
    write_new_study("visit_effect", project)
    again()
    assert translate("Visit effect", "zh") == "Visit effect"
    (project / "studies/visit_effect/zh.po").write_text(
        'msgid "Visit effect"\nmsgstr "拜访效果"\n', encoding="utf-8"
    )
    assert find_study("visit_effect") in again()
    assert find_study("visit_effect").title.render("zh") == "拜访效果"


def test_an_installed_package_brings_a_study_by_its_entry_point(project, monkeypatch):
    module = own.load_module(write_new_study("visit_effect", project)[1])
    point = SimpleNamespace(name="visit_effect", module="visit_effect", load=lambda: module)
    monkeypatch.setattr(own, "entry_points", lambda group: [point])
    (project / "studies" / "visit_effect" / "visit_effect.py").unlink()
    assert [study.name for study in own.own_studies(project, Study)] == ["visit_effect"]
