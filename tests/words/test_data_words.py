"""Values of the data are said in each reader's words where the table ``terms`` gives them."""

import re

import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.data.people import name_managers
from kamresearch.display import Column, Table
from kamresearch.language import Person, data_words, message, use_language
from kamresearch.language import message as _
from kamresearch.studies.session import table_content

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SOUTH = {"South": {"en": "the South", "zh": "华南"}}


def test_a_value_that_stands_whole_in_a_sentence_a_cell_or_a_label_is_said_in_its_words():
    from kamresearch.figures.theme import shorten

    frame = pd.DataFrame({"region": ["South", "South Sea Ltd"], "tier": ["South", "B"]})
    columns = (
        Column("region", _("Region")),
        Column("tier", _("Tier"), terms={"South": message("A")}),
    )
    with data_words(SOUTH):
        assert message("in {region}", region="South").render("zh") == "in 华南"
        assert message("in {region}", region="South Sea Ltd").render("zh") == "in South Sea Ltd"
        content = table_content(Table("t", _("Region"), frame, columns), simulated=False)
        assert message("{x}", x="South, South").render("zh") == "华南、华南"
        with use_language("zh"):
            assert shorten("South") == "华南"
    region, tier = content.columns
    assert region.terms == SOUTH
    assert tier.terms["South"]["en"] == "A", "a code of ours keeps the words of ours"
    assert content.rows[0][0] == "South", "the data themselves stay as they are"
    assert message("in {region}", region="South").render("zh") == "in South"


def _company(folder, **managers):
    """A company of one account whose managers' table has these columns."""
    folder.mkdir()
    orders = {"order_id": ["1"], "account_id": ["A1"], "order_date": ["2012-01-02"]}
    frames = {
        "accounts": {"account_id": ["A1"], "account_name": ["One"]},
        "orders": {**orders, "revenue": [1.0]},
        "managers": managers,
    }
    for name, columns in frames.items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    return kam.open_data(folder)


def test_a_manager_bears_a_name_where_the_data_have_one_and_a_number_only_where_not(
    tmp_path,
):
    tables = _company(
        tmp_path / "named",
        manager_id=["M1", "1002", "A1", "M4", "M5"],
        manager_name=["Li Na", "Ada", "Bo", None, "Li Na"],
    )
    words = name_managers(tables, {"Ada": {"zh": "艾达"}})
    frame = pd.DataFrame({"owner": ["1002", "A1", "M4"], "account_id": ["1002", "A1", "M5"]})
    columns = (Column("owner", _("Owner")), Column("account_id", _("Account")))
    with data_words(words):
        owner, account = table_content(Table("t", _("Owner"), frame, columns), False).columns
        assert message("{who}", who="M1").render("en") == "Li Na (M1)", "two bear the name"
        assert message("{who}", who="M4").render("en") == "M4"
        assert message("{n}", n="1002").render("en") == "1002", "a number may mean anything"
        assert message("{who}", who=Person("1002, M4")).render("zh") == "艾达、M4"
    assert owner.terms == {
        "1002": {"en": "Ada", "zh": "艾达"},
        "A1": {"en": "Bo", "zh": "Bo"},
    }
    assert set(account.terms) == {"M5"}, "an account of the same number is no manager"
    assert not name_managers(_company(tmp_path / "bare", manager_id=["M1"]), {})


CODED = {
    "accounts": ("industry", "region", "channel", "city"),
    "service_events": ("kind",),
    "opportunities": ("stage", "kind", "rival", "lost_reason"),
    "activities": ("kind",),
    "value_delivered": ("kind",),
    "contacts": ("role", "function"),
    "needs": ("feature", "told_by"),
    "plans": ("objective",),
    "churn_events": ("lost_to",),
    "managers": ("region", "channel", "role"),
    "coverage": ("function", "role"),
    "market": ("brand", "market", "status"),
    "claims": ("who", "source", "reading"),
    "goals": ("owner",),
    "swot": ("owner",),
    "strategies": ("owner",),
    "judgements": ("rater",),
    "overrides": ("who", "why"),
    "pairs": ("who",),
    "wallet": ("brand", "source"),
}


def test_every_coded_value_of_the_built_in_case_has_words_in_both_languages(case_tables):
    terms = case_tables.frame("terms").set_index("value")
    assert not re.search("[\u4e00-\u9fff]", " ".join(terms["en"]))
    assert not [text for text in terms["zh"] if re.search("[A-Za-z]{5,}", text)]
    for table, columns in CODED.items():
        frame = case_tables.frame(table)
        values = {value for name in columns for value in frame[name].dropna().unique()}
        assert not values - set(terms.index), table
