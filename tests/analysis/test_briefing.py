"""The briefing decides: three sentences, ten instructions, goals that add up, what is open."""

import pandas as pd
import pytest

from kamresearch.analysis.briefing import count_goals, write_briefing
from kamresearch.finding import Finding, Findings, Interval
from kamresearch.language import message as _

pytestmark = pytest.mark.unit


def finding(name, value, unit="count", **more):
    reason = _("nobody knows") if value is None else None
    return Finding(name, value, unit, _("a number"), _("as told"), reason=reason, **more)


EVIDENCE = Findings(
    [
        finding("decisions.n_left_12m", 3, "accounts", sentence=_("Three left.")),
        finding("decisions.lost_revenue_12m", 900.0, "money"),
        finding("decisions.first_ten_share", 0.6, "share"),
        finding("decisions.hours_missing", 40.0, "hours"),
        finding("decisions.backtest_share", 0.4, "share", interval=Interval(0.2, 0.6)),
        finding("decisions.backtest_ahead", 0.1, "share_change", interval=Interval(-0.1, 0.3)),
        finding("trend.claims_not_testable", 2),
        finding("swot.n_judgement", 4),
        finding("churn.auc", None, "score"),
        finding("churn.rate", 0.1, "share", headline=True),
        finding("trend.net_retention", 0.9, "share"),
    ]
)
ACTIONS = pd.DataFrame(
    {
        "account_id": [f"a{place}" for place in range(12)],
        "kind": "save",
        "why": "risk",
        "expected_gain": 10.0,
        "hours": 6.0,
        "first": [True] * 10 + [False] * 2,
    }
)
LOST = pd.DataFrame(
    {
        "account_id": ["x", "y", "z"],
        "standing": ["lost", "lost", "returned"],
        "since": "2012-07-01",
        "revenue_at_stake": [100.0, 800.0, 50.0],
        "churn_cause": ["price", "product", "price"],
    }
)


def test_three_sentences_say_what_happened_what_to_decide_and_how_sure():
    told = write_briefing(EVIDENCE, ACTIONS, LOST).month
    happened, decide, sure = (text.render("en") for text in told)
    assert "900" in happened
    assert "88.9% of it went over product" in happened
    assert "10 instructions" in decide
    assert "60" in decide
    assert "40 hours are missing" in decide
    assert "not shown to be more" in sure
    assert all(text.render("zh") != text.render("en") for text in told)


def test_only_the_marked_rows_stand_on_the_page_and_lost_accounts_by_revenue():
    result = write_briefing(EVIDENCE, ACTIONS, LOST)
    assert result.action_table().frame["account_id"].tolist() == [f"a{n}" for n in range(10)]
    assert result.action_table().cards, "on a phone each cell says what it is"
    assert result.lost_table().frame["account_id"].tolist() == ["y", "x", "z"]


def test_goals_add_up_whatever_their_status():
    statuses = ["met", "missed", "likely", "open", "unlikely", "cannot_tell", "unknown", "new word"]
    counts = count_goals(pd.DataFrame({"status": statuses}))
    assert counts["n"].sum() == len(statuses)
    assert counts.set_index("goal")["n"].to_dict() == {
        "met": 1,
        "likely": 1,
        "unlikely": 2,
        "open": 4,
    }


def test_what_is_open_is_counted_beside_findings_without_a_number():
    result = write_briefing(EVIDENCE)
    told = {one.id: one.value for one in result.findings() if one.value is not None}
    assert told["briefing.n_undefined"] == 1
    assert told["briefing.n_open"] == 6
    assert len(result.unknown)


def test_the_revenue_bridge_comes_before_every_other_headline():
    result = write_briefing(EVIDENCE)
    assert [one.id for one in result.headlines] == ["trend.net_retention", "churn.rate"]


def test_without_a_list_the_page_says_so():
    result = write_briefing(Findings([]))
    assert result.month == ()
    told = {one.id: one for one in result.findings()}
    assert told["briefing.n_actions"].reason is not None
