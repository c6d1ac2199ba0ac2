"""The table of the seed's questions names nothing that the studies do not promise."""

import re

import pandas as pd
import pytest

from kamresearch.data.contract import TABLES
from kamresearch.studies import all_studies

pytestmark = pytest.mark.unit

STATES = ("answered", "in part", "open")


@pytest.fixture(scope="module")
def rows(root):
    text = (root / "docs" / "questions.md").read_text(encoding="utf-8")
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| S\d", line)
    ]


def test_every_question_has_one_row_and_what_is_not_answered_says_why(rows):
    assert [row[0] for row in rows] == [f"S{number}" for number in range(1, 82)]
    for item, _words, state, where, missing in rows:
        assert state in STATES, item
        assert bool(where) or state == "open", item
        assert bool(missing) == (state != "answered"), item


def test_every_name_in_the_table_exists(rows, case_folder):
    known = {id for study in all_studies() for id in study.promised.ids}
    known |= {study.name for study in all_studies()} | set(TABLES)
    for name, key in (("claims", "claim_id"), ("events", "event_id")):
        known |= set(pd.read_csv(case_folder / f"{name}.csv")[key])
    named = {name for row in rows for cell in row for name in re.findall(r"`([^`]+)`", cell)}
    assert len(named) > 80
    assert named <= known, sorted(named - known)
