"""The truth gate: each fault, put back, stops the study with its reason."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamresearch.errors import StudyError
from kamresearch.finding import Finding, Interval, is_number
from kamresearch.language import Fixed
from kamresearch.publishing.kernels.execute import judge
from kamresearch.publishing.kernels.jobs import KernelPlan, StudyJob
from kamresearch.publishing.outcome.truth import Outcome, find_untruths
from kamresearch.studies import find_study
from kamresearch.studies.kinds import ColumnHead, FindingsOutput, TableOutput
from kamresearch.studies.outputs import iterate_outputs

pytestmark = pytest.mark.unit

VERDICTS = tuple(
    f"swot.n_{name}"
    for name in ("supported", "contradicted", "judgement", "cannot_tell", "unknown")
)
STUDY = replace(
    find_study("churn"), totals=(*find_study("churn").totals, *find_study("swot").totals)
)
"""What the studies of churn and of SWOT declare must add up, in one."""


def finding(key: str = "toy.share", value=0.5, interval=(0.4, 0.6), **more) -> dict:
    """A sound finding as it stands in an output, with what a fault puts in its place."""
    text = Fixed({"en": f"text of {key}", "zh": f"{key} 的说明"})
    sound = Finding(
        key, 0.5, more.pop("unit", "share"), text, text, Interval(0.4, 0.6), n=40, headline=True
    ).to_dict()
    bounds = interval and {"low": interval[0], "high": interval[1], "level": 0.95}
    return sound | {"value": value, "interval": bounds} | more


def table(key: str, columns: dict, *rows: tuple) -> TableOutput:
    heads = tuple(ColumnHead(name, unit, {"en": name}, {}) for name, unit in columns.items())
    kept = [list(row) for row in rows]
    return TableOutput(key, {"en": key}, None, heads, kept, len(rows), 0, simulated=False)


def untruths(*findings: dict, tables: tuple = (), **more) -> str:
    outcome = Outcome(
        {row["id"]: row for row in findings},
        {one.id: one for one in tables},
        study=STUDY,
        **more,
    )
    return "; ".join(find_untruths(outcome))


def test_a_sound_outcome_passes():
    outlook = {"period": "period", "lo_95": "units", "lo_80": "units", "hi_80": "units"}
    assert not untruths(
        finding(),
        finding("toy.growth", 3.5, (2.0, 5.0), unit="growth"),
        finding("toy.none", None, None, reason={"en": "Too few.", "zh": "过少。"}),
        tables=(
            table("toy.outlook", outlook | {"hi_95": "units"}, ("2013", 1.0, 2.0, 3.0, 4.0)),
            table("churn.contacts", {"account_id": "text"}, ("a",), ("b",)),
        ),
        as_of="2012-12-31",
    )


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (finding(reason={"en": "Too few.", "zh": "过少。"}), "a value and a reason"),
        (finding(value=None, reason={"en": "x", "zh": "x"}), "interval without a value"),
        (finding(interval=(0.5, 0.5)), "width zero"),
        (finding(interval=(0.6, 0.9)), "excludes its own value"),
        (finding(interval=(0.6, 0.4)), "runs backwards"),
        (finding(value=1.2, interval=(0.9, 1.3)), "outside 0 to 1"),
        (finding(interval=(0.4, 1.03)), "outside 0 to 1"),
        (finding(n=None), "names no n"),
        (finding(sentence={"en": "It is nan.", "zh": "为 nan。"}), "a number that is none"),
        (finding(sentence={"en": "It is None.", "zh": "是 None 。"}), "a number that is none"),
    ],
)
def test_a_finding_that_cannot_be_so_is_named_with_the_reason(fault, why):
    told = untruths(fault)
    assert told.startswith("toy.share")
    assert why in told


def test_a_sentence_may_say_none_of_them_and_not_a_number_that_is_none():
    assert not untruths(
        sentences=(
            "None of the accounts left.",
            "信息 information",
        )
    )
    assert "a number that is none" in untruths(sentences=("between nan and 3",))


def test_parts_that_do_not_add_up_are_named():
    parts = [finding("churn.rate_effect", 0.02, None), finding("churn.mix_effect", 0.01, None)]
    assert not untruths(finding("churn.rate_change", 0.03, (0, 0.1), unit="growth"), *parts)
    told = untruths(finding("churn.rate_change", 0.05, (0, 0.1), unit="growth"), *parts)
    assert "add up to 0.03, not to 0.05" in told


def test_verdicts_add_up_to_all_statements():
    rows = [finding(name, 2, None, unit="count", n=10) for name in VERDICTS]
    assert not untruths(*rows)
    assert "add up to 10, not to 12" in untruths(*[row | {"n": 12} for row in rows])


def test_a_share_whose_n_is_not_that_of_its_definition_is_named():
    lost = finding("churn.n_lost", 44, None, unit="accounts", n=245)
    assert not untruths(finding("churn.rate", 44 / 245, (0.1, 0.3), n=245), lost)
    assert "n is not that of" in untruths(finding("churn.rate", 0.11, (0.1, 0.3), n=245), lost)


def test_the_same_quantity_told_twice_is_the_same_number():
    same = dict.fromkeys(("label", "definition"), {"en": "Sum.", "zh": "合计。"})
    one, two = finding("a.sum", 0.5, **same), finding("b.sum", 0.45, **same)
    assert "where a.sum, defined alike, is 0.5" in untruths(two, earlier={"a.sum": one})
    assert not untruths(two | {"value": 0.5}, earlier={"a.sum": one})
    other = two | {"label": {"en": "Another sum", "zh": "另一合计"}}
    assert not untruths(other, earlier={"a.sum": one}), "verdicts share how they are counted"


def test_a_study_is_held_to_what_the_studies_that_it_reads_told(tmp_path):
    """As while a version is made: its notebooks lie in a folder that the job names."""
    read, reading = find_study("segmentation"), find_study("organisation")
    notebook = json.loads(reading.path.read_text(encoding="utf-8"))
    of_others = json.loads(read.path.read_text(encoding="utf-8"))
    row = next(
        row
        for said in iterate_outputs(notebook, FindingsOutput)
        for row in said.findings
        if is_number(row["value"])
    )
    told = next(iterate_outputs(of_others, FindingsOutput)).findings
    told.append(row | {"id": "segmentation.same"})
    beside = tmp_path / f"{read.notebook}.ipynb"
    plan = KernelPlan("", tmp_path, tmp_path, None, tmp_path / "log", {"KAM_NOTEBOOKS": tmp_path})
    job = StudyJob("organisation", reading.path, tmp_path, {"findings": "."}, tmp_path, plan)
    beside.write_text(json.dumps(of_others), encoding="utf-8")
    judge(job, notebook)
    told[-1]["value"] = 2 * row["value"] + 1
    beside.write_text(json.dumps(of_others), encoding="utf-8")
    with pytest.raises(StudyError, match=r"where segmentation\.same, defined alike, is"):
        judge(job, notebook)


def test_a_forecast_for_a_year_that_is_over_but_for_nine_days_is_named():
    columns = {"period": "period", "mean": "units", "lo_95": "units"}
    outlook = table("trend.outlook", columns, ("2012", 10.0, 8.0))
    assert "2012 is mostly past" in untruths(tables=(outlook,), as_of="2012-12-22")
    assert not untruths(tables=(outlook,), as_of="2012-03-01")


def test_bounds_that_stand_the_wrong_way_round_in_a_row_are_named():
    columns = {"lo_95": "units", "lo_80": "units", "hi_80": "units", "hi_95": "units"}
    assert "row 2" in untruths(tables=(table("toy.outlook", columns, (1, 2, 3, 4), (2, 1, 3, 4)),))


def test_a_list_holds_each_account_once_and_as_many_as_it_says():
    count = finding("churn.n_contacts", 2, None, unit="accounts", n=9)
    ids = {"account_id": "text"}
    assert not untruths(count, tables=(table("churn.contacts", ids, ("a",), ("b",)),))
    assert "twice" in untruths(count, tables=(table("churn.contacts", ids, ("a",), ("a",)),))
    assert "where churn.n_contacts tells 2" in untruths(
        count, tables=(table("churn.contacts", ids, ("a",)),)
    )
    assert "out of 1" in untruths(
        count | {"n": 1}, tables=(table("churn.contacts", ids, ("a",), ("b",)),)
    )


@given(
    value=st.floats(-2, 2),
    low=st.floats(-2, 2),
    high=st.floats(-2, 2),
    unit=st.sampled_from(["share", "growth", "ratio", "probability"]),
)
@settings(max_examples=80)
def test_whatever_passes_has_its_value_inside_an_interval_inside_its_bounds(value, low, high, unit):
    if not untruths(finding(value=value, interval=(low, high), unit=unit)):
        assert low < high
        assert low - 1e-5 <= value <= high + 1e-5
        assert unit not in ("share", "probability") or -1e-5 <= low <= high <= 1 + 1e-5


def test_a_finding_keeps_no_reason_for_the_absence_of_a_value_that_is_there():
    text = Fixed({"en": "x", "zh": "x"})
    assert Finding("toy.share", 0.5, "share", text, text, reason=text).reason is None
    assert Finding("toy.share", None, "share", text, text, reason=text).reason is text
