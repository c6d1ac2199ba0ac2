"""The account snapshot against hand-worked accounts and an independent route, strictly as of a
day.
"""

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest

from kamresearch import account_snapshot, open_data
from kamresearch.data.prepared import open_prepared, write_prepared
from kamresearch.data.tables import ANY_DAY, fetch_as_of, fetch_frame
from kamresearch.errors import ParameterError
from kamresearch.features.months import account_months, company_months
from kamresearch.features.snapshot import COLUMNS, ask_snapshot

DAY = pd.Timestamp("2012-12-31")


def write(folder, **frames):
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def dates(*texts):
    return pd.to_datetime(list(texts))


ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["a", "b", "c", "d"],
        "account_name": ["A", "B", "C", "D"],
        "onboard_date": dates("2010-01-01", None, "2012-06-01", "2013-05-01"),
        "potential_revenue": [1000.0, 0.0, None, 50.0],
    }
)
ORDERS = pd.DataFrame(
    [
        ("1", "a", "2009-12-27", 100.0, 1.0, "X", 60.0),
        ("2", "a", "2012-01-10", 200.0, 2.0, "X", 150.0),
        ("3", "a", "2012-12-20", 300.0, 3.0, "Y", 200.0),
        ("3", "a", "2012-12-20", 50.0, 1.0, "Z", 40.0),
        ("4", "a", "2012-12-31", -80.0, -1.0, "Y", -60.0),
        ("5", "b", "2012-12-31", 10.0, 1.0, "X", None),
        ("6", "b", "2011-12-31", 40.0, 1.0, "X", 10.0),
        ("7", "d", "2013-01-01", 9.0, 1.0, "X", 1.0),
    ],
    columns=["order_id", "account_id", "order_date", "revenue", "units", "product", "cost"],
).astype({"order_date": "datetime64[us]"})


@pytest.fixture(scope="module")
def hand(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hand")
    contracts = pd.DataFrame(
        {
            "contract_id": ["k1", "k2", "k3"],
            "account_id": ["a", "a", "a"],
            "start_date": dates("2011-01-01", "2012-07-01", "2013-01-01"),
            "end_date": dates("2012-06-30", "2013-06-30", "2015-12-31"),
        }
    )
    service = pd.DataFrame(
        {
            "event_id": ["e1", "e2", "e3", "e4"],
            "account_id": ["a"] * 4,
            "event_date": dates("2012-01-01", "2012-01-02", "2012-12-30", "2013-01-05"),
            "kind": ["complaint", "complaint", "repair", "complaint"],
            "satisfaction": [1, 2, 4, 1],
            "resolved_days": [1.0, 6.0, 30.0, 1.0],
        }
    )
    churn = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "churn_date": dates("2010-05-01", "2012-02-01", "2012-11-01"),
            "cause": ["price", "service", "product"],
            "return_date": dates("2010-09-01", "2013-03-01", None),
        }
    )
    assignments = pd.DataFrame(
        {
            "account_id": ["a", "a", "a", "b"],
            "manager_id": ["m1", "m2", "m3", "m1"],
            "from": dates("2009-01-01", "2011-06-01", "2013-02-01", "2012-01-01"),
            "to": dates("2011-05-31", None, None, "2012-12-30"),
        }
    )
    return open_data(
        write(
            folder,
            accounts=ACCOUNTS,
            orders=ORDERS,
            contracts=contracts,
            service_events=service,
            churn_events=churn,
            assignments=assignments,
        )
    )


@pytest.mark.golden
@pytest.mark.slow
def test_an_account_worked_by_hand(hand):
    row = account_snapshot(hand, "2012-12-31").set_index("account_id").loc["a"]
    expected = {
        "first_order_date": pd.Timestamp("2009-12-27"),
        "last_order_date": pd.Timestamp("2012-12-20"),
        "days_since_last_order": 11,
        "tenure_days": 1100,
        "n_orders": 3,
        "n_order_days": 3,
        "n_returns": 1,
        "revenue_total": 570.0,
        "units_total": 6.0,
        "revenue_12m": 470.0,
        "revenue_prior_12m": 0.0,
        "units_12m": 5.0,
        "n_orders_12m": 2,
        "n_orders_prior_12m": 0,
        "months_active_12m": 2,
        "cost_12m": 330.0,
        "profit_12m": 140.0,
        "cost_total": 390.0,
        "profit_total": 180.0,
        "days_between_orders_mean": (744 + 345) / 2,
        "days_between_orders_sd": np.std([744, 345], ddof=1),
        "n_products_12m": 3,
        "largest_order_revenue": 350.0,
        "share_of_wallet_12m": 0.47,
        "n_contracts": 2,
        "contract_end_date": pd.Timestamp("2013-06-30"),
        "days_to_contract_end": 181,
        "complaints_12m": 1,
        "service_events_12m": 2,
        "satisfaction_mean_12m": 3.0,
        "resolved_days_mean_12m": 6.0,
        "manager_id": "m2",
        "n_managers_24m": 2,
        "is_away": True,
        "churn_date": pd.Timestamp("2012-02-01"),
        "churn_cause": "service",
        "n_churns": 2,
        "return_date": pd.Timestamp("2010-09-01"),
    }
    for name, value in expected.items():
        assert (
            row[name] == pytest.approx(value) if isinstance(value, float) else row[name] == value
        ), name
    assert pd.isna(row["revenue_growth_12m"])


@pytest.mark.unit
def test_the_slope_is_that_of_a_least_squares_line(hand):
    """Windows of a third: revenue 200 in window 0 (355 days ago), 350 − 80 in window 11."""
    row = account_snapshot(hand, "2012-12-31").set_index("account_id").loc["a"]
    monthly = np.zeros(12)
    monthly[0], monthly[11] = 200, 270
    assert row["revenue_slope_12m"] == pytest.approx(
        np.polyfit(np.arange(12), monthly, 1)[0], abs=1e-4
    )


@pytest.mark.unit
@pytest.mark.slow
def test_accounts_are_those_known_by_the_day(hand):
    assert account_snapshot(hand, "2012-12-31")["account_id"].tolist() == ["a", "b", "c"]
    assert account_snapshot(hand, "2012-05-31")["account_id"].tolist() == ["a", "b"]
    assert account_snapshot(hand, "2013-01-01")["account_id"].tolist() == ["a", "b", "c", "d"]
    assert account_snapshot(hand, "2009-12-31")["account_id"].tolist() == ["a", "b"]


@pytest.mark.unit
def test_what_is_not_recorded_is_missing_not_zero(hand):
    rows = account_snapshot(hand, "2012-12-31").set_index("account_id")
    assert pd.isna(rows.loc["b", "cost_12m"]) and pd.isna(rows.loc["b", "profit_12m"])  # noqa: PT018
    assert pd.isna(rows.loc["b", "share_of_wallet_12m"])
    assert rows.loc["c", "revenue_12m"] == 0
    assert pd.isna(rows.loc["c", "days_since_last_order"])
    assert rows.loc["b", "revenue_growth_12m"] == pytest.approx(-0.75)
    assert pd.isna(rows.loc["b", "manager_id"])


@pytest.mark.unit
def test_a_year_is_the_365_days_that_end_with_the_day(hand):
    """2012 is a leap year: 2012-01-01 is 365 days before 2012-12-31, one too many."""
    rows = account_snapshot(hand, "2012-12-31").set_index("account_id")
    assert rows.loc["b", "revenue_prior_12m"] == 40.0
    assert (
        account_snapshot(hand, "2012-12-30").set_index("account_id").loc["a", "revenue_12m"]
        == 550.0
    )


@pytest.mark.unit
@pytest.mark.slow
def test_orders_alone_are_enough_and_the_rest_is_missing(tmp_path):
    accounts = ACCOUNTS[["account_id", "account_name"]]
    tables = open_data(
        write(
            tmp_path,
            accounts=accounts,
            orders=ORDERS[["order_id", "account_id", "order_date", "revenue"]],
        )
    )
    frame = account_snapshot(tables, "2012-12-31")
    assert list(frame.columns) == list(COLUMNS)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == COLUMNS
    for name in (
        "units_total",
        "cost_12m",
        "profit_12m",
        "n_contracts",
        "complaints_12m",
        "is_away",
        "n_churns",
        "n_products_12m",
    ):
        assert frame[name].isna().all(), name
    assert frame["revenue_total"].tolist() == [570.0, 50.0, 0.0, 0.0]


@pytest.mark.unit
@pytest.mark.parametrize("day", ["yesterday", None, "2012-13-01", float("nan")])
def test_a_day_that_is_none_is_refused(hand, day):
    with pytest.raises(ParameterError, match="as_of: expected a day such as 2012-12-31"):
        account_snapshot(hand, day)


@pytest.mark.unit
def test_months_worked_by_hand(hand):
    panel = account_months(hand, "2012-12-31")
    a = panel[panel["account_id"] == "a"].set_index("month")
    assert len(a) == 37
    assert a.loc["2012-12-01", ["n_orders", "revenue", "units"]].tolist() == [1, 270.0, 3.0]
    assert a["revenue"].sum() == 570.0
    assert (a.loc["2010-01-01":"2011-12-01", "revenue"] == 0).all()
    assert len(panel[panel["account_id"] == "d"]) == 0
    company = company_months(hand, "2012-12-31").set_index("month")
    assert company.index.tolist() == list(pd.date_range("2009-12-01", "2012-12-01", freq="MS"))
    assert company.loc["2012-12-01", ["n_orders", "revenue", "n_accounts"]].tolist() == [
        2,
        280.0,
        2,
    ]


@pytest.mark.golden
def test_the_case_against_an_independent_route(case_folder, case_tables):
    """The same figures by pandas, from the raw file."""
    frame = account_snapshot(case_tables, DAY).set_index("account_id")
    orders = pd.read_parquet(case_folder / "orders.parquet").dropna(
        subset=["order_date", "revenue"]
    )
    accounts = pd.read_parquet(case_folder / "accounts.parquet")["account_id"]
    orders = orders[orders["account_id"].isin(accounts)].assign(
        order_date=lambda rows: pd.to_datetime(rows["order_date"])
    )
    orders = (
        orders[orders["order_date"] <= DAY]
        .groupby(["account_id", "order_id"], sort=True)
        .agg({"order_date": "min", "revenue": "sum", "units": "sum", "cost": "sum"})
        .reset_index()
    )
    age = (DAY - orders["order_date"]).dt.days
    for name, rows in {
        "total": age >= 0,
        "12m": age < 365,
        "prior_12m": (age >= 365) & (age < 730),
    }.items():
        sums = (
            orders[rows]
            .groupby("account_id", sort=True)["revenue"]
            .sum()
            .reindex(frame.index)
            .fillna(0)
        )
        pdt.assert_series_equal(frame[f"revenue_{name}"], sums, check_names=False)
    sold = orders[orders["revenue"] > 0]
    assert (
        frame["n_orders"]
        == sold.groupby("account_id", sort=True).size().reindex(frame.index).fillna(0)
    ).all()
    days = sold.drop_duplicates(["account_id", "order_date"]).sort_values(
        ["account_id", "order_date"]
    )
    gaps = days.groupby("account_id", sort=True)["order_date"].diff().dt.days
    spread = gaps.groupby(days["account_id"], sort=True).agg(["mean", "std"]).reindex(frame.index)
    pdt.assert_series_equal(frame["days_between_orders_mean"], spread["mean"], check_names=False)
    pdt.assert_series_equal(
        frame["days_between_orders_sd"], spread["std"], check_names=False, atol=1e-6
    )
    window = (age * 12 // 365)[age < 365]
    active = (
        window[sold.index.intersection(window.index)]
        .groupby(orders["account_id"], sort=True)
        .nunique()
    )
    assert (frame["months_active_12m"] == active.reindex(frame.index).fillna(0)).all()
    monthly = (
        orders[age < 365]
        .assign(x=11 - window)
        .pivot_table(index="account_id", columns="x", values="revenue", aggfunc="sum")
    )
    monthly = monthly.reindex(columns=range(12)).fillna(0)
    slopes = np.polyfit(np.arange(12), monthly.to_numpy().T, 1)[0]
    np.testing.assert_allclose(frame.loc[monthly.index, "revenue_slope_12m"], slopes, atol=1e-3)


class TestWrittenOutOnce:
    """The question of the snapshot: one text for all days, the same answer as asked anew."""

    @pytest.fixture
    def compiled(self, monkeypatch):
        from ibis.backends.duckdb import Backend

        texts, plain = [], Backend.compile
        monkeypatch.setattr(
            Backend,
            "compile",
            lambda *given, **more: texts.append(plain(*given, **more)) or texts[-1],
        )
        return lambda: sum(str(ANY_DAY.year) in text for text in texts)

    @pytest.mark.parametrize("day", ["2012-12-31", "2012-02-29", "2010-01-01"])
    @pytest.mark.slow
    def test_its_answer_is_that_of_the_day_itself(self, case_tables, day):
        asked = fetch_frame(ask_snapshot(case_tables, ibis.literal(pd.Timestamp(day).date())))
        answer = fetch_as_of(case_tables, ask_snapshot, pd.Timestamp(day).date())
        pdt.assert_frame_equal(answer, asked, check_dtype=False)

    @pytest.mark.slow
    def test_days_share_it_and_a_slice_has_its_own(self, hand, compiled):
        tables = replace(hand)  # as opened: without any question
        for day in ("2012-12-31", "2011-06-30", "2010-01-01"):
            account_snapshot(tables, day)
        assert compiled() == 1
        part = tables.where("account_name=A")
        assert account_snapshot(part, DAY)["account_id"].tolist() == ["a"]
        assert compiled() == 2

    @pytest.mark.slow
    def test_prepared_data_bring_it_along(self, hand, compiled, tmp_path):
        kept = write_prepared(hand, tmp_path / "kept.duckdb", questions=[ask_snapshot])
        prepared, before = open_prepared(kept), compiled()
        answer = account_snapshot(prepared, DAY)
        assert compiled() == before
        pdt.assert_frame_equal(answer, account_snapshot(hand, DAY))
