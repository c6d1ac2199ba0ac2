"""The session of a study: what leaves a kernel, in which form."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pydantic import Field

from kamresearch.analysis.record import make_predictions
from kamresearch.display import Column, Figure, make_table
from kamresearch.errors import ParameterError, StudyError
from kamresearch.figures import parts
from kamresearch.finding import Finding, Interval
from kamresearch.language import Fixed, Quantity, message
from kamresearch.studies import Study, StudyParams, find_study, places, session
from kamresearch.studies.kinds import AbsentOutput, CaveatOutput, TextOutput, read_output
from kamresearch.studies.outputs import (
    MIME,
    iterate_outputs,
    read_accounts,
    read_findings,
    read_notebook,
    read_predictions,
    read_table,
)

pytestmark = pytest.mark.unit


def text(en: str, zh: str = "中文") -> Fixed:
    return Fixed({"en": en, "zh": zh})


class Params(StudyParams):
    window_days: int = Field(180, ge=1, le=3650, description="Days that count.")
    code: str = Field("", description="A code with leading zeros.")


STUDY = Study(
    "visits",
    "20_visits",
    text("Visits"),
    text("Who was visited?"),
    Params,
    "visits",
    needs=("orders",),
    sections=("a", "limits"),
)


@pytest.fixture
def outputs(monkeypatch):
    """What the session published: the list of a notebook cell's outputs."""
    published: list[dict] = []

    def publish(plain, content, more=None):
        data = {
            "text/plain": plain,
            **(more or {}),
            MIME: json.loads(json.dumps(content, allow_nan=False)),
        }
        published.append({"output_type": "display_data", "data": data})

    monkeypatch.setattr(session, "_publish", publish)
    return published


def run(tables=None, **parameters) -> session.Session:
    opened = session.Session(STUDY, STUDY.parameters(parameters))
    opened.tables = tables or SimpleNamespace(
        simulated=set(), currency="CNY", measure={}, has=lambda name: name == "orders"
    )
    return opened


def finding(**more) -> Finding:
    return Finding(
        **{
            "id": "visits.rate",
            "value": 1 / 3,
            "unit": "share",
            "label": text("Rate"),
            "n": 40,
            "definition": text("Visited over all."),
            "interval": Interval(0.2, 0.5),
            **more,
        }
    )


def notebook_of(outputs) -> dict:
    return {"cells": [{"outputs": outputs}]}


def test_findings_reach_the_notebook_whole_and_print_one_stable_line_each(outputs):
    run().export(
        finding(),
        [finding(id="visits.n", value=np.int64(7), unit="accounts", interval=None, n=None)],
    )
    assert outputs[0]["data"]["text/plain"].splitlines() == [
        "visits.rate = 0.33333 [0.2, 0.5] share (n=40)",
        "visits.n = 7 accounts (n=None)",
    ]
    assert read_findings(notebook_of(outputs))["visits.rate"].to_dict() == finding().to_dict()


def test_a_finding_is_marked_as_simulated_only_when_a_table_it_uses_is(outputs):
    tables = SimpleNamespace(
        simulated={"orders"}, currency="", measure={}, has=lambda name: name in ("orders", "market")
    )
    opened = run(tables)
    opened.export(finding())
    opened.export(finding(id="visits.market"), uses=("market",))
    found = read_findings(notebook_of(outputs))
    assert found["visits.rate"].simulated
    assert not found["visits.market"].simulated


def test_nothing_to_say_shows_nothing(outputs):
    opened = run()
    opened.say()
    opened.caution(*())
    assert outputs == []
    opened.caution(text("Few accounts."))
    (said,) = iterate_outputs(notebook_of(outputs))
    assert said == CaveatOutput("en", ["Few accounts."])


def test_sentences_name_the_currency_of_the_data(outputs):
    opened = run(lang="en,zh")
    opened.say(message("At risk: {money}.", money=Quantity(63.9e6, "money")))
    opened.export(finding(sentence=message("At risk: {money}.", money=Quantity(63.9e6, "money"))))
    told = [said.paragraphs for said in iterate_outputs(notebook_of(outputs), TextOutput)]
    assert "CNY 63.9M" in told[0][0]
    assert "6,390万元" in told[1][0]
    assert "CNY 63.9M" in read_findings(notebook_of(outputs))["visits.rate"].sentence.render("en")


def test_a_table_keeps_ids_as_text_dates_as_days_and_gaps_as_nothing(outputs):
    frame = pd.DataFrame(
        {
            "account_id": ["007"],
            "date": [pd.Timestamp("2012-03-04")],
            "revenue": [float("nan")],
            "account_name": ["<b>x</b>"],
            "tier": ["A"],
        }
    )
    columns = (
        "account_id",
        "date",
        "revenue",
        "account_name",
        Column("tier", text("Tier"), terms={"A": text("key", "重点")}),
    )
    run().show(make_table("visits.accounts", text("Accounts"), frame, *columns))
    assert read_table(notebook_of(outputs), "visits.accounts").iloc[0].tolist() == [
        "007",
        "2012-03-04",
        None,
        "<b>x</b>",
        "A",
    ]
    html = outputs[0]["data"]["text/html"]
    assert "<b>x</b>" not in html
    assert "&lt;b&gt;" in html
    assert "key" in html


def test_a_long_table_says_how_long_it_was(outputs):
    frame = pd.DataFrame({"n": range(session.ROWS_KEPT + 5)})
    run().show(make_table("visits.n", text("Numbers"), frame, "n"))
    content = outputs[0]["data"][MIME]
    assert len(content["rows"]) == session.ROWS_KEPT
    assert content["rows_total"] == session.ROWS_KEPT + 5


def test_a_figure_is_drawn_once_per_language_and_the_same_bytes_each_time(outputs):
    frame = pd.DataFrame({"n": [1, 2]})

    def draw():
        figure, axes = parts.new_figure()
        axes.plot(frame["n"])
        axes.set_xlabel(parts.say(text("Visits", "拜访")))
        return figure

    shown = Figure(
        "visits.line",
        text("Line"),
        text("Caption"),
        text("Alt"),
        draw,
        make_table("visits.n", text("n"), frame, "n"),
    )
    run(lang="en,zh").show(shown)
    run(lang="en,zh").show(shown)
    svgs = [output["data"]["image/svg+xml"] for output in outputs]
    assert [output["data"][MIME]["lang"] for output in outputs] == ["en", "zh", "en", "zh"]
    assert svgs[0] == svgs[2]
    assert svgs[1] == svgs[3]
    assert "拜访" in svgs[1]


def test_a_missing_optional_table_is_excused_in_words_of_both_languages(outputs):
    opened = run(lang="en,zh")
    assert not opened.lacks("orders", "visits.x")
    assert opened.lacks("contracts", "visits.curve", "visits.table")
    notices = list(iterate_outputs(notebook_of(outputs), AbsentOutput))
    assert [notice.lang for notice in notices] == ["en", "zh"]
    assert notices[0].ids == ["visits.curve", "visits.table"]
    assert "contracts" in notices[0].paragraphs[0]


def test_an_output_without_a_field_is_named_and_one_of_another_release_is_passed_over():
    with pytest.raises(StudyError, match="no caption, columns"):
        read_output({"kind": "table", "id": "visits.n", "title": {}, "rows_total": 0})
    kept = {"kind": "hologram", "id": "visits.n"}
    assert list(iterate_outputs(notebook_of([{"data": {MIME: kept}}]))) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"windw_days": 3}, "did you mean 'window_days'"),
        ({"window_days": 0}, "a whole number from 1 to 3650"),
        ({"window_days": "many"}, "a whole number from 1 to 3650"),
        ({"as_of": "31.12.2012"}, "a day, as 2012-12-31"),
        ({"lang": "xx"}, "languages out of en, zh"),
        ({"seed": -1}, "a whole number from 0"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_in_words(values, words):
    with pytest.raises(ParameterError, match=words):
        STUDY.parameters(values)


def test_a_code_keeps_its_leading_zeros():
    assert STUDY.parameters({"code": "00123"}).code == "00123"


def test_a_notebook_that_forgot_a_parameter_is_told(monkeypatch):
    monkeypatch.setattr(session, "find_study", lambda name: STUDY)
    with pytest.raises(StudyError, match="no window_days, code"):
        session.open_study("visits", StudyParams().model_dump())


def test_an_unknown_study_is_named_with_its_nearest_matches():
    with pytest.raises(StudyError, match="no such study"):
        find_study("chrun_and_more")


def test_a_broken_notebook_file_is_named(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{")
    with pytest.raises(StudyError, match="broken.ipynb"):
        read_notebook(tmp_path / "broken.ipynb")


def test_a_table_of_unknown_columns_is_refused():
    with pytest.raises(StudyError, match="columns of its frame"):
        make_table("visits.n", text("n"), pd.DataFrame({"n": [1]}), "n").__class__(
            "visits.n", text("n"), pd.DataFrame({"n": [1]}), (Column("m", text("m")),)
        )


def test_relative_paths_are_found_from_the_project_and_addresses_pass(root):
    assert places.resolve_path("data/cases") == str(places.project_root() / "data/cases")
    assert places.resolve_path("postgresql://host/db") == "postgresql://host/db"
    assert places.resolve_path("") == ""


def test_what_is_told_of_accounts_and_proposed_for_them_travels_in_the_notebook(outputs):
    opened = session.Session(STUDY, STUDY.parameters({}))
    facts = pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "fact": "chance",
            "value": [0.2, np.nan],
            "unit": "probability",
            "source": "orders",
            "as_of": "2012-12-31",
        }
    )
    opened.tell(facts)
    told = read_accounts({"cells": [{"outputs": outputs}]}, "facts")
    assert told["account_id"].tolist() == ["a", "b"]
    assert told["value"].tolist()[0] == 0.2
    assert pd.isna(told["value"].tolist()[1])
    assert read_accounts({"cells": [{"outputs": outputs}]}, "proposals").empty


@pytest.mark.parametrize("rows", [1, 3])
def test_a_statement_keeps_once_what_all_rows_share_and_reads_as_it_was_made(
    rows, outputs, monkeypatch
):
    opened = run()
    known = pd.Series({"a": 5.0, "b": 7.5, "c": 1.0})
    monkeypatch.setattr(opened, "_revenue_by", lambda day: known)
    made = make_predictions(
        pd.DataFrame({"account_id": list("abc"), "value": [0.2, 0.4, 0.3]}).head(rows),
        "visits.chance",
        issued="2012-12-31",
        due="2013-12-31",
        form="probability",
        outcome="ordered",
        source="model",
    )
    opened.predict(made, text("Chance"))
    stored = outputs[0]["data"][MIME]
    assert json.dumps(stored).count("2013-12-31") == 1
    assert [len(row) for row in stored["rows"]] == [len(stored["columns"])] * rows
    read = read_predictions([read_output(stored)])
    assert read["known_account_revenue"].tolist() == known.tolist()[:rows]
    told = made.assign(**{day: pd.to_datetime(made[day]) for day in ("issued", "due")})
    pd.testing.assert_frame_equal(read[list(made)], told, check_dtype=False)


def test_a_proposal_without_its_columns_is_refused_by_name():
    opened = session.Session(STUDY, STUDY.parameters({}))
    with pytest.raises(StudyError, match="no why, expected_gain"):
        opened.propose(pd.DataFrame({"account_id": ["a"], "kind": ["save"]}))


def test_a_notebook_shows_title_and_caption_around_a_picture_and_no_shell_is_started_for_it(
    outputs, monkeypatch
):
    from IPython.core.interactiveshell import InteractiveShell

    seen: list[dict] = []
    shell = SimpleNamespace(display_pub=SimpleNamespace(publish=seen.append))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    frame = pd.DataFrame({"n": [1]})
    data = make_table("visits.t", text("Table"), frame, "n")
    figure = Figure("visits.f", text("Title"), text("Caption"), text("alt"), lambda: None, data)
    session._show_figure(figure, "<svg/>", "en", False)
    assert ["Title" in seen[0]["text/html"], "Caption" in seen[1]["text/html"]] == [True, True]
    assert outputs[0]["data"]["image/svg+xml"] == "<svg/>"
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    before = InteractiveShell.initialized()
    session._show_figure(figure, "<svg/>", "en", False)
    assert len(seen) == 2
    assert InteractiveShell.initialized() == before
