"""Statements of a study are its numbers, and no other column that happens to be called alike."""

from types import SimpleNamespace

import pandas as pd
import pytest

from kamresearch.analysis.record.statements import state_risk
from kamresearch.studies import all_studies

pytestmark = pytest.mark.unit


def test_a_risk_is_stated_by_its_probability_though_its_frame_has_a_value_too():
    frame = pd.DataFrame(
        {
            "account_id": ["1", "2", "3"],
            "churn_probability": [0.1, 0.4, float("nan")],
            "revenue": [100.0, 50.0, 10.0],
            "value": [30_000.0, 20_000.0, 1.0],
        }
    )
    risk = SimpleNamespace(
        reason=None, frame=frame, as_of="2012-12-31", window_days=365, source="own"
    )
    case = SimpleNamespace(losses=SimpleNamespace(kind="recorded"))
    stated = state_risk(case, risk, 0.2).set_index("account_id")
    assert stated["value"].to_dict() == {"1": 0.1, "2": 0.4}
    assert stated["weight"].to_dict() == {"1": 100.0, "2": 50.0}


def test_hindcasts_are_made_of_every_study_that_states_something_but_the_list_of_actions():
    """The list rests on studies without hindcasts, and looks back on itself."""
    states = {one.name for one in all_studies() if "study.predict(" in one.path.read_text("utf-8")}
    assert {one.name for one in all_studies() if one.predicts} == states - {"decisions"}
