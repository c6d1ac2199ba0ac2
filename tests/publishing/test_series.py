"""Many versions as one frame: history, comparison, sweep."""

import dataclasses

import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.errors import DataError, ParameterError
from kamresearch.figures import series
from kamresearch.language import use_language
from kamresearch.publishing import series as of_versions
from tests.reports import shelves, synthetic

pytestmark = pytest.mark.reports


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return shelves.shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="module")
def rate(shelf):
    return kam.history("synthetic.rate", reports=shelf)


def test_a_history_holds_each_version_with_its_interval_in_the_order_in_which_they_were_made(rate):
    told = list(rate[["value", "low", "high"]].itertuples(index=False, name=None))
    assert told == list(shelves.VALUES)
    assert rate["made"].is_monotonic_increasing
    assert rate["label"].iloc[0] == shelves.LABELS[0]


def test_a_finding_that_some_versions_lack_has_fewer_rows(shelf):
    other = synthetic.FINDINGS[1].id
    assert len(kam.history(other, reports=shelf)) == len(shelves.VALUES) - 1


def test_a_damaged_version_is_no_part_of_a_history(tmp_path):
    shelf = shelves.shelf(tmp_path)
    (shelf / "2012-12-31-abc0000002" / "findings.json").write_text("[", encoding="utf-8")
    assert len(kam.history("synthetic.rate", reports=shelf)) == len(shelves.VALUES) - 1


def test_an_unknown_finding_is_refused_with_near_names(shelf):
    with pytest.raises(ParameterError, match=r"synthetic\.rate"):
        kam.history("synthetic.rat", reports=shelf)


def test_an_empty_shelf_says_what_to_do(tmp_path):
    with pytest.raises(ParameterError, match="publish a version first"):
        kam.history("churn.rate", reports=tmp_path)


def test_a_comparison_is_a_frame_with_a_row_a_finding(shelf):
    frame = kam.compare("2012-12-31-abc0000001", "2012-12-31-abc0000002", reports=shelf).to_frame()
    row = frame.set_index("finding").loc["synthetic.rate"]
    assert (row["before"], row["after"], row["judgement"]) == (0.16, 0.5, "beyond")
    assert row["difference"] == pytest.approx(0.34)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_picture_of_a_history_draws_what_the_frame_holds(rate, language):
    figure = series.history(rate)
    drawn = figure.draw()
    points = drawn.axes[0].containers[0].lines[0].get_ydata()
    last_of_label = rate.drop_duplicates("label", keep="last")
    assert set(points) <= set(last_of_label["value"])
    assert figure.alt.render(language)


def published(value: float):
    """A version as publishing gives it back, as far as a sweep reads it."""
    finding = dataclasses.replace(synthetic.FINDINGS[0], id="churn.rate", value=value)

    class Version:
        id = f"2012-12-31-{value}"
        findings = {finding.id: dataclasses.replace(finding, interval=None)}

    return Version()


@pytest.fixture
def asked(monkeypatch):
    """The requests of a sweep, in place of publications; the value is the window in years."""
    requests: list[dict] = []

    def publish(study, *, params, **more):
        requests.append({"study": study, "params": params, **more})
        return published(params["churn"]["window_days"] / 365)

    monkeypatch.setattr(of_versions, "publish", publish)
    return requests


def test_a_sweep_runs_every_combination_and_keeps_what_stays_the_same(asked, tmp_path):
    frame = kam.sweep(
        "churn",
        params={"churn": {"seed": 3}},
        reports=tmp_path,
        window_days=[73, 365],
        group_by=["region", "channel"],
    )
    assert [one["params"]["churn"] for one in asked] == [
        {"seed": 3, "window_days": days, "group_by": group}
        for days in (73, 365)
        for group in ("region", "channel")
    ]
    assert list(frame["value"]) == [0.2, 0.2, 1.0, 1.0]
    assert set(frame.columns) >= {"window_days", "group_by", "finding", "value", "version"}


def test_a_sweep_of_nothing_or_of_too_much_is_refused_before_it_runs(asked):
    for choices in ({}, {"window_days": []}, {"window_days": range(201)}):
        with pytest.raises(ParameterError, match="one to 200 runs"):
            kam.sweep("churn", **choices)
    assert asked == []


def test_a_specification_curve_shows_each_run_above_its_choices(asked, tmp_path):
    frame = kam.sweep("churn", reports=tmp_path, window_days=[365, 73])
    figure = series.sweep(frame, "churn.rate")
    above, below = figure.draw().axes
    assert list(above.containers[0].lines[0].get_ydata()) == [0.2, 1.0], "smallest first"
    assert [tick.get_text() for tick in below.get_yticklabels()] == [
        "window_days = 365",
        "window_days = 73",
    ]
    with pytest.raises(DataError, match=r"churn\.rate"):
        series.sweep(frame, "churn.raet")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_multiverse_shows_each_run_as_a_multiple_of_the_middle_one(asked, tmp_path, language):
    frame = kam.sweep("churn", reports=tmp_path, window_days=[365, 73, 730])
    figure = series.multiverse(frame)
    row = figure.data.frame.iloc[0]
    assert (row["id"], row["low_ratio"], row["high_ratio"]) == ("churn.rate", 0.2, 2.0)
    with use_language(language):
        (axes,) = figure.draw().axes
        assert sorted(axes.lines[1].get_xdata()) == [0.2, 1.0, 2.0]
        assert str(figure.alt)
    still = frame.assign(value=0.0)
    still.attrs = frame.attrs
    with pytest.raises(Exception, match="multiverse"):
        series.multiverse(still)


def test_no_version_and_no_number_make_no_picture(rate):
    empty = rate.iloc[:0]
    empty.attrs["finding"] = rate.attrs["finding"]
    with pytest.raises(Exception, match="history"):
        series.history(empty)
    assert isinstance(rate, pd.DataFrame)
