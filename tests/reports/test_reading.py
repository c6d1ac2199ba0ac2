"""Numbers as a reader meets them: aligned in a column, with their currency, and moves judged
by what is seen.
"""

import pytest

from kamresearch.finding import Finding
from kamresearch.language import format_quantity, message
from kamresearch.language.format import money_in
from kamresearch.publishing.pages.render import render_front
from kamresearch.publishing.pages.views import table_view
from kamresearch.publishing.sealed.compare import Move, difference_text
from tests.reports import synthetic

pytestmark = pytest.mark.reports


def shown(values, unit, language="en"):
    view = table_view(synthetic.column_output([*values], unit), language)
    return [row[0].text for row in view["rows"]], view["heads"][0]["unit"]


def test_amounts_in_a_column_all_keep_their_decimal():
    assert shown([165e6, 166.54e6, -2e9, 7545], "money")[0] == [
        "165.0M",
        "166.5M",
        "-2.0B",
        "7,545",
    ]
    assert shown([1.2e8, 5e4], "money", "zh")[0] == ["1.2亿", "5.0万"]


def test_large_expected_counts_in_a_column_lose_their_decimals_and_small_ones_do_not():
    assert shown([980.0, 647.7, 1232.4, None], "units")[0] == ["980", "648", "1,232", "–"]
    assert shown([3.5, 2.0], "orders")[0] == ["3.5", "2.0"], "as many in each cell"


@pytest.mark.parametrize(
    ("currency", "language", "text", "head"),
    [
        ("CNY", "en", "CNY 4.1B", "CNY"),
        ("CNY", "zh", "41.2亿元", "元"),
        ("GBP", "zh", "41.2亿 GBP", "GBP"),
        ("", "en", "4.1B", ""),
    ],
)
def test_money_names_its_currency_where_the_data_name_one(currency, language, text, head):
    with money_in(currency):
        assert format_quantity(4.12e9, "money", language) == text
        assert shown([4.12e9], "money", language)[1] == head
    assert format_quantity(4.12e9, "money", "en") == "4.1B"


def test_a_page_says_in_which_currency_its_money_is():
    made = synthetic.context()
    named = synthetic.context(
        manifest={"data": {**made.manifest.data.model_dump(), "currency": "CNY"}}
    )
    assert "Money in CNY" in render_front(named, "en")
    assert "金额单位：元" in render_front(named, "zh")
    assert "Money in" not in render_front(made, "en")


def test_a_fall_of_a_p_value_is_not_shown_as_a_p_value():
    def finding(value):
        return Finding("a.p", value, "p_value", message("X"), message("Y"))

    move = Move("a.p", finding(0.211), finding(0.003), "changed")
    assert difference_text(move, "en") == "-0.21"
