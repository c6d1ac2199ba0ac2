"""What a study asks of others is noted, whole: else it would be taken over though an answer changed."""

import subprocess
import sys
from dataclasses import replace

import pytest

from kamresearch.finding import Finding, UnknownFindingError
from kamresearch.language import Fixed
from kamresearch.studies.kinds import ColumnHead, TableOutput
from kamresearch.studies.readings import AskedFindings, Given, Others

WORD = Fixed({"en": "a", "zh": "甲"})


def row(name: str, value: float, headline: bool = False) -> dict:
    return Finding(name, value, "count", WORD, WORD, headline=headline).to_dict()


def table(name: str, *rows: list) -> TableOutput:
    heads = (ColumnHead("a", "text", {"en": "A"}, {}),)
    return TableOutput(name, {"en": "T"}, None, heads, list(rows), len(rows), 9, False)


BEFORE = Others(
    one=Given((row("one.a", 1), row("one.b", 2, True)), {"one.t": table("one.t", ["x"])}),
    two=Given((row("two.c", 3),), facts=(["x", "f", 1, "", "", ""],)),
)


def _with(name: str, **changes: object) -> Others:
    return Others({**BEFORE, name: replace(BEFORE[name], **changes)})


CHANGES = {
    "another value": _with("one", findings=(row("one.a", 9), row("one.b", 2, True))),
    "another headline": _with("one", findings=(row("one.a", 1, True), row("one.b", 2, True))),
    "one less": _with("one", findings=(row("one.a", 1),)),
    "one more": _with("two", findings=(row("two.c", 3), row("two.d", 4))),
    "another order": _with("one", findings=(row("one.b", 2, True), row("one.a", 1))),
    "a study less": Others(two=BEFORE["two"]),
    "another table": _with("one", tables={"one.t": table("one.t", ["y"])}),
    "no table": _with("one", tables={}),
    "another fact": _with("two", facts=(["x", "f", 2, "", "", ""],)),
}


def _one(found: AskedFindings, name: str = "one.a") -> Finding | str:
    try:
        return found[name]
    except UnknownFindingError as error:
        return str(error)


ASKED = {
    "one": _one,
    "get": lambda found: found.get("one.a"),
    "get none": lambda found: found.get("two.d"),
    "missing": lambda found: _one(found, "one.z"),
    "in": lambda found: ("one.b" in found, "two.d" in found),
    "len": len,
    "ids": list,
    "values": lambda found: list(found.values()),
    "items": lambda found: list(found.items()),
    "equal": lambda found: found == {"one.a": 1},
    "headlines": lambda found: found.headlines(),
    "json": lambda found: found.to_json(),
    "frame": lambda found: found.to_frame().to_dict("records"),
    "repr": repr,
    "html": lambda found: found._repr_html_(),
    "completions": lambda found: found._ipython_key_completions_(),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_where_a_study_gets_another_answer_a_question_that_was_noted_has_another(ask):
    noted: set[tuple[str, str]] = set()

    def note(kind: str, about: str = "") -> None:
        noted.add((kind, about))

    told = ask(AskedFindings(BEFORE.rows(), note))
    for name, after in CHANGES.items():
        if str(ask(AskedFindings(after.rows(), lambda *_: None))) != str(told):
            assert any(after.answer(one) != BEFORE.answer(one) for one in noted), name


def test_a_question_about_one_finding_is_not_about_another():
    after = CHANGES["another value"]
    same = [("finding", "one.b"), ("is there", "one.a"), ("ids", ""), ("headlines", "")]
    same += [("table", "one.t"), ("facts", ""), ("proposals", "")]
    assert all(after.answer(one) == BEFORE.answer(one) for one in same)
    assert after.answer(("finding", "one.a")) != BEFORE.answer(("finding", "one.a"))


@pytest.mark.parametrize(
    ("change", "question"),
    [
        ("another table", ("table", "one.t")),
        ("no table", ("table", "one.t")),
        ("another fact", ("facts", "")),
    ],
)
def test_tables_and_facts_of_others_count_by_their_rows(change, question):
    assert CHANGES[change].answer(question) != BEFORE.answer(question)


def test_whoever_opens_or_lists_the_others_folder_past_the_door_is_noticed(tmp_path):
    """In a process of its own: what watches the files of a process cannot be taken back."""
    script = """
import os, sys
from kamresearch.studies.readings import READINGS
READINGS.guard(sys.argv[1])
open(__file__ if "__file__" in globals() else os.devnull).close()
with READINGS.door():
    os.listdir(sys.argv[1])
print(READINGS.told())
os.chdir(sys.argv[1])
os.listdir(".")
print(READINGS.told())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "None"]
