"""The days that orders cover, and the day on which a report stands."""

import pandas as pd
import pytest

from kamresearch.data.period import find_period
from kamresearch.data.sources import open_data
from kamresearch.errors import DataError

pytestmark = pytest.mark.slow


def orders_on(tmp_path, days):
    """Opened data with one order on each of the days."""
    pd.DataFrame({"account_id": ["a"], "account_name": ["A"]}).to_csv(
        tmp_path / "accounts.csv", index=False
    )
    pd.DataFrame(
        {
            "order_id": [f"o{place}" for place in range(len(days))],
            "account_id": "a",
            "order_date": days,
            "revenue": 10,
        }
    ).to_csv(tmp_path / "orders.csv", index=False)
    return open_data(tmp_path)


MONTHS = [f"2020-{month:02d}-15" for month in range(1, 13)]


def test_a_report_stands_on_the_last_order_day_where_none_is_asked_for(tmp_path):
    period = find_period(orders_on(tmp_path, MONTHS))
    assert period.resolve("", "x") == "2020-12-15"
    assert period.resolve("2020-06-30", "x") == "2020-06-30"
    assert period.resolve("2021-03-31", "x") == "2021-03-31"


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        ("2012-12-31", "on or before the as-of day 2012-12-31; found orders from 2020-01-15"),
        ("2022-12-31", "in the year before the as-of day 2022-12-31"),
    ],
)
def test_a_day_on_which_nothing_is_seen_is_refused_in_words(tmp_path, as_of, words):
    with pytest.raises(DataError, match=words):
        find_period(orders_on(tmp_path, MONTHS)).resolve(as_of, "x")


def test_one_slip_of_the_pen_is_not_the_last_day(tmp_path):
    assert find_period(orders_on(tmp_path, [*MONTHS, "2109-01-01"])).resolve("", "x") == (
        "2020-12-15"
    )


def test_a_few_orders_years_apart_are_no_slips(tmp_path):
    assert find_period(orders_on(tmp_path, ["2015-01-01", "2020-01-01"])).resolve("", "x") == (
        "2020-01-01"
    )
