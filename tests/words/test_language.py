"""Two languages: messages, numbers, dates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamresearch.language import (
    Fixed,
    Quantity,
    current_language,
    format_quantity,
    message,
    render,
    use_language,
)
from kamresearch.language.format import UNITS, money_in, places_of
from kamresearch.language.seams import fill

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "unit", "english", "chinese"),
    [
        (0.256, "share", "25.6%", "25.6%"),
        (0.004, "share", "0.4%", "0.4%"),
        (0.0, "share", "0.0%", "0.0%"),
        (41989, "units", "41,989", "41,989"),
        (0.0004, "p_value", "<0.001", "<0.001"),
        (None, "share", "–", "–"),
        (float("nan"), "money", "–", "–"),
        (1_234_567, "cny", "¥1.2M", "¥123.5万"),
        (63_947_000, "cny", "¥63.9M", "¥6,395万"),
        (99_999_999, "cny", "¥100M", "¥1亿"),
        (999, "money", "999", "999"),
        ("2012-12-31", "date", "31 Dec 2012", "2012年12月31日"),
        ("2012-Q1", "period", "2012-Q1", "2012-Q1"),
    ],
)
def test_numbers_are_formed_as_a_reader_of_each_language_expects(value, unit, english, chinese):
    assert format_quantity(value, unit, "en") == english
    assert format_quantity(value, unit, "zh") == chinese


def test_a_change_shows_its_plus_and_points_are_no_per_cent():
    assert format_quantity(0.05, "share", "en", signed=True) == "+5.0%"
    assert format_quantity(-0.05, "share", "en", signed=True) == "-5.0%"
    assert format_quantity(0.012, "share_change", "en") == "1.2 pp"


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="expected one of"):
        format_quantity(1, "furlongs", "en")


@given(
    st.one_of(
        st.floats(allow_nan=True, allow_infinity=True), st.integers(-(10**12), 10**12), st.none()
    ),
    st.sampled_from(sorted(UNITS)),
)
def test_no_number_in_any_unit_breaks_or_reads_nan(value, unit):
    if unit == "date":
        return
    for language in ("en", "zh"):
        shown = format_quantity(value, unit, language)
        assert shown
        assert "nan" not in shown.lower() or unit in ("text", "period")


@pytest.mark.parametrize(
    ("unit", "values", "shown"),
    [
        ("days", [3, 12.5], ["3.0", "12.5"]),
        ("days", [3, 12], ["3", "12"]),
        ("share", [0.0029, 0.317, 0.0, 0.0001], ["0.3%", "31.7%", "0.0%", "<0.1%"]),
        ("score", [0.04, 1.5], ["0.04", "1.50"]),
        ("ratio", [0.5, 250.0], ["0", "250"]),
        ("orders", [3.4, 41.2], ["3", "41"]),
        ("orders", [3, 41], ["3", "41"]),
    ],
)
def test_the_numbers_of_a_column_show_as_many_decimals(unit, values, shown):
    places = places_of(values, unit)
    told = [format_quantity(value, unit, "en", bare=True, places=places) for value in values]
    assert told == shown


@given(st.text())
def test_a_data_value_in_a_message_is_never_read_as_a_format(value):
    assert message("Account {name}", name=value).render("en") == f"Account {value}"


def test_a_message_speaks_the_current_language_and_the_language_is_given_back():
    text = message("{change} in sales", change=Quantity(0.1, "share", signed=True))
    assert str(text) == "+10.0% in sales"
    with use_language("zh"):
        assert current_language() == "zh"
        assert str(Fixed({"en": "price", "zh": "价格"})) == "价格"
    assert current_language() == "en"
    with pytest.raises(ValueError, match="expected one of"), use_language("xx"):
        pass


def test_a_text_missing_in_a_language_falls_back_to_the_first():
    assert Fixed({"en": "price"}).render("zh") == "price"
    assert render(3, "zh") == "3"


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{n}天", {"n": "3"}, "3 天"),
        ("{place} 增长", {"place": "华南"}, "华南增长"),
        ("{place}增长", {"place": "BMW"}, "BMW 增长"),
        ("{low} 至 {high}", {"low": "6,395万", "high": "8,854万元"}, "6,395万至8,854万元"),
        ("{year} 年", {"year": "2013"}, "2013年"),
        ("历时{year}年", {"year": "3"}, "历时 3 年"),
        ("{text}{more}", {"text": "完。", "more": "另有 3 项"}, "完。另有 3 项"),
        ("{name}（{n} 个）", {"name": "BMW", "n": "3"}, "BMW（3 个）"),
    ],
)
def test_a_value_meets_a_chinese_sentence_with_the_blank_that_it_asks_for(template, values, text):
    assert fill(template, values) == text


def test_what_units_are_counted_in_the_data_say():
    with money_in("CNY", {"zh": "辆", "en": "cars"}):
        assert format_quantity(41989, "units", "zh") == "41,989 辆"
        assert format_quantity(41989, "units", "en") == "41,989 cars"
        assert format_quantity(41989, "units", "zh", bare=True) == "41,989"
        assert format_quantity(3, "orders", "zh") == "3"
    assert format_quantity(41989, "units", "zh") == "41,989"
