"""The single account view."""

import pandas as pd
import pytest

from kamresearch import account, open_data
from kamresearch.errors import DataError
from kamresearch.features.account import AccountView
from kamresearch.features.labels import FIELDS, TOPICS
from kamresearch.features.snapshot import COLUMNS

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture(scope="module")
def tables(case_tables):
    return case_tables


@pytest.fixture(scope="module")
def view(tables):
    return account(tables, "A0000001", "2012-12-31")


def test_each_field_names_its_table_its_source_and_its_age(view, case_folder):
    assert isinstance(view, AccountView)
    frame = view.frame.set_index("field")
    orders = pd.read_parquet(case_folder / "orders.parquet").query("account_id == 'A0000001'")
    day = pd.to_datetime(orders["order_date"])
    last_year = orders.loc[day.between("2012-01-01", "2012-12-31"), "revenue"].sum()
    assert frame.loc["n_orders", "value"] == f"{(orders['revenue'] > 0).sum():,}"
    assert frame.loc["revenue_12m", ["value", "source", "age_days"]].tolist() == [
        f"{last_year:,.0f}",
        "orders.parquet + order_prices.parquet",
        (pd.Timestamp("2012-12-31") - day.max()).days,
    ]
    losses = pd.read_parquet(case_folder / "churn_events.parquet")
    recorded = losses.loc[losses["account_id"] == "A0000001", "cause"].iloc[-1]
    assert frame.loc["churn_cause", "value"] == recorded
    assert set(view.frame["topic"]) <= set(TOPICS)
    assert set(view.frame["field"]) | set(COLUMNS) <= set(FIELDS) | {"account_id"} | set(
        view.frame["field"]
    )
    assert set(view.frame["field"]) <= set(FIELDS)


def test_what_is_missing_is_told_apart_from_what_did_not_happen(tables, case_folder):
    accounts, losses = (
        pd.read_parquet(case_folder / f"{name}.parquet") for name in ("accounts", "churn_events")
    )
    never_lost = accounts[~accounts["account_id"].isin(losses["account_id"])]
    key = never_lost.loc[never_lost["potential_revenue"].isna(), "account_id"].iloc[0]
    frame = account(tables, key, "2012-12-31").frame.set_index("field")
    assert frame.loc["potential_revenue", "state"] == "empty"
    assert frame.loc["churn_date", "state"] == "none"


def test_an_absent_table_is_named(tmp_path, case_folder):
    for name in ("accounts", "orders"):
        (tmp_path / f"{name}.parquet").write_bytes((case_folder / f"{name}.parquet").read_bytes())
    view = account(open_data(tmp_path), "A0000001", "2012-12-31")
    assert (
        view.frame.set_index("field").loc[["n_contracts", "manager_id", "is_away"], "state"]
        == "absent"
    ).all()
    assert "The data have no table “contracts”." in [str(caveat) for caveat in view.caveats]
    assert 0 < view.filled_share < 1


def test_nothing_later_than_the_day_is_seen(tables):
    frame = account(tables, "A0000001", "2010-01-31").frame.set_index("field")
    assert frame.loc["churn_date", "value"] == "2010-01-07"
    assert frame.loc["return_date", "state"] == "none"
    assert frame.loc["is_away", "value"] == "true"
    view_dates = frame["updated"].dropna()
    assert len(view_dates)
    assert view_dates.max().isoformat() <= "2010-01-31T00:00:00"


@pytest.mark.parametrize(
    ("key", "day", "pattern"),
    [
        ("A000001", "2012-12-31", "none with this key.*did you mean"),
        ("A0000002", "2008-01-01", "one that came later"),
    ],
)
def test_an_account_that_cannot_be_shown_is_refused(tables, key, day, pattern):
    with pytest.raises(DataError, match=pattern):
        account(tables, key, day)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_view_reads_in_both_languages(view, language):
    table = view.table()
    assert view.account_name in table.title.render(language)
    assert all(column.label.render(language) for column in table.columns)
