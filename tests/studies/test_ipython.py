"""``%load_ext kamresearch`` in a notebook."""

import json
import warnings
from types import SimpleNamespace

import pytest

import kamresearch
from kamresearch import ipython
from kamresearch.studies import Study, StudyParams

pytestmark = pytest.mark.unit

STUDY = Study("visits", "20_visits", "Visits", "Who?", StudyParams, "visits")
SAME = "\n".join(f"{name} = {field.default!r}" for name, field in StudyParams.model_fields.items())


def notebook(source: str) -> dict:
    return {
        "cells": [{"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]}}]
    }


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (SAME.replace("seed = 0\n", "").replace("seed = 0", ""), "'seed' is missing"),
        (SAME + "\nwindow = 3", "'window' is assigned but is no parameter"),
        (SAME.replace("seed = 0", "seed = 1"), "'seed' is 1 in the notebook but 0"),
        ("\n".join(reversed(SAME.splitlines())), "another order"),
    ],
)
def test_a_notebook_that_drifts_from_its_params_class_is_found(source, words):
    (difference,) = ipython.parameter_differences(notebook(source), STUDY)
    assert words in difference
    assert ipython.parameter_differences(notebook(SAME), STUDY) == []


def test_loading_the_extension_sets_the_theme_and_warns_of_a_drift(tmp_path, monkeypatch):
    import matplotlib

    path = tmp_path / "20_visits.ipynb"
    path.write_text(json.dumps(notebook(SAME.replace("seed = 0", "seed = 1"))))
    monkeypatch.setattr(ipython, "all_studies", lambda: (STUDY,))
    shell = SimpleNamespace(user_ns={"__session__": str(path)})
    with matplotlib.rc_context():
        with pytest.warns(UserWarning, match=r"20_visits.ipynb: 'seed' is 1"):
            kamresearch.load_ipython_extension(shell)
        assert matplotlib.rcParams["axes.grid.axis"] == "y"


def test_loading_the_extension_outside_a_study_says_nothing():
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        kamresearch.load_ipython_extension(SimpleNamespace(user_ns={}))
