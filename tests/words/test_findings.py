"""Findings: numbers with their passports."""

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamresearch.errors import DataError, KamError, StudyError, first_offenders, near_matches
from kamresearch.finding import Finding, Findings, Interval, UnknownFindingError, mark_simulated
from kamresearch.language import Fixed
from kamresearch.language import message as _
from kamresearch.result import Result

pytestmark = pytest.mark.unit


def make(**parts) -> Finding:
    usual = {
        "id": "churn.rate",
        "value": 0.15,
        "unit": "share",
        "label": _("Region"),
        "definition": _("Note"),
    }
    return Finding(**{**usual, **parts})


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"id": "rate"}, "study.name"),
        ({"id": "Churn.Rate"}, "study.name"),
        ({"unit": "furlongs"}, "a unit out of"),
        ({"n_unit": "furlongs"}, "a unit out of"),
        ({"good": "sideways"}, "up, down, neither"),
        ({"value": None}, "a reason where there is no value"),
        ({"value": math.nan}, "finite numbers"),
        ({"interval": Interval(0.1, math.inf)}, "finite numbers"),
    ],
)
def test_a_finding_without_a_proper_passport_is_refused(parts, words):
    with pytest.raises(StudyError, match=words):
        make(**parts)


def test_a_finding_survives_the_way_into_a_notebook_and_back():
    finding = make(
        value=np.float64(0.15),
        n=np.int64(40),
        interval=Interval(0.07, 0.29),
        period=("2012-01-01", "2012-12-31"),
        sentence=Fixed({"en": "six of forty", "zh": "四十家中六家"}),
        figure="churn.curve",
        good="down",
    )
    again = Finding.from_dict(json.loads(json.dumps(finding.to_dict())))
    assert again.to_dict() == finding.to_dict()
    assert again.sentence.render("zh") == "四十家中六家"
    assert again.label.render("zh") == "大区" or again.label.render("zh") == finding.label.render(
        "zh"
    )


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 10**9))
def test_equal_findings_give_equal_bytes_and_never_nan(value, n):
    text = Findings([make(value=value, n=n)]).to_json()
    assert text == Findings.from_json(text).to_json()
    assert "NaN" not in text


def test_an_unknown_finding_is_named_with_its_nearest_matches_and_is_a_key_error_too():
    findings = Findings([make()])
    with pytest.raises(UnknownFindingError, match=r"did you mean 'churn.rate'"):
        findings["churn.rate_12"]
    assert findings.get("churn.rate_12") is None
    assert "churn.rate" in findings


def test_two_findings_of_one_id_are_refused():
    with pytest.raises(StudyError, match="one finding of each id"):
        Findings([make(), make()])


def test_marking_as_simulated_changes_nothing_else():
    marked = mark_simulated(make())
    assert marked.simulated
    assert {**marked.to_dict(), "simulated": False} == make().to_dict()


def test_errors_travel_between_processes_whole():
    for error in (
        DataError("orders.csv", "numbers", "3 texts", "map them."),
        UnknownFindingError("a.b", ["a.c"]),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert str(again) == str(error)
        assert isinstance(again, KamError)


def test_an_error_says_where_what_was_expected_what_was_found_and_what_to_do():
    error = DataError("orders.csv, row 7", "a date", "'tomorrow'", "write 2012-12-31.")
    assert (
        str(error)
        == "orders.csv, row 7: expected a date; found 'tomorrow'. To do: write 2012-12-31."
    )
    assert error.exit_code == 2


def test_an_errors_sentences_end_in_one_mark_whatever_their_words_end_in():
    error = DataError(
        "parameter 'horizn'",
        "a parameter",
        "none of this name (1 of 1).",
        "did you mean 'horizon'?",
    )
    assert str(error).endswith("found none of this name (1 of 1). To do: did you mean 'horizon'?")
    assert str(DataError("a", "b", "c", "choose 'd' …")).endswith("found c. To do: choose 'd' …")


def test_offenders_are_counted_and_cut():
    assert first_offenders(["x" * 100, "b", "c", "d"]).startswith("4: 'xxx")
    assert len(first_offenders(["x" * 100])) < 80
    assert near_matches("a", []) == "there is nothing to choose from"


def test_a_result_shows_findings_and_caveats_as_text_and_never_as_markup():
    class Hostile(Result):
        caveats = (Fixed({"en": "<b>small</b>"}),)

        def findings(self):
            return [
                make(
                    label=Fixed({"en": "<script>alert(1)</script>"}),
                    n=3,
                    interval=Interval(0.0, 0.3),
                )
            ]

    html = Hostile()._repr_html_()
    assert "<script>" not in html
    assert "<b>small" not in html
    assert "n = 3" in html
