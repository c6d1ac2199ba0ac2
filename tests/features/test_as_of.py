"""What must hold for any company: the future changes nothing, order and names do not matter,
currency scales money alone.
"""

import os

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kamresearch import account_months, account_snapshot, open_data
from kamresearch.features.months import company_months

pytestmark = [pytest.mark.properties, pytest.mark.slow]

DAY = pd.Timestamp("2012-12-31")
EXAMPLES = int(os.environ.get("KAM_COMPANIES", "2"))
"""Companies drawn for each property; each is written and opened twice."""
QUIET = settings(
    max_examples=EXAMPLES,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)

MONEY = [
    "revenue_total",
    "revenue_12m",
    "revenue_prior_12m",
    "revenue_slope_12m",
    "cost_12m",
    "profit_12m",
    "cost_total",
    "profit_total",
    "largest_order_revenue",
]


def write(folder, frames):
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return open_data(folder)


@st.composite
def companies(draw):
    """A company of few accounts: orders, contracts, service, managers, losses, around the as-
    of day.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k = draw(st.integers(1, 5)), draw(st.integers(0, 25))
    ids = np.array([f"{place:02d}" for place in range(n)])

    def days(size):
        return DAY + pd.to_timedelta(rng.integers(-1500, 1, size), unit="D")

    def rows(size, **columns):
        return pd.DataFrame({"account_id": rng.choice(ids, size), **columns})

    start = days(n)
    orders = rows(
        k,
        order_id=[f"o{place // 2 if place % 5 == 0 else place}" for place in range(k)],
        order_date=days(k),
        revenue=np.round(rng.normal(100, 80, k), 2),
        units=rng.integers(-1, 5, k).astype(float),
        cost=np.round(rng.normal(80, 9, k), 2),
        product=rng.choice(["x", "y", "z"], k),
    )
    one = pd.DataFrame(
        {
            "account_id": ids[:1],
            "order_id": ["first"],
            "order_date": [DAY],
            "revenue": [5.0],
            "units": [1.0],
            "cost": [1.0],
            "product": ["x"],
        }
    )
    begun = days(3)
    return {
        "accounts": pd.DataFrame(
            {
                "account_id": ids,
                "account_name": ids,
                "onboard_date": start,
                "potential_revenue": 1000.0,
            }
        ),
        "orders": pd.concat([one, orders], ignore_index=True),
        "contracts": rows(
            3, contract_id=list("abc"), start_date=begun, end_date=begun + pd.Timedelta(days=400)
        ),
        "service_events": rows(
            4,
            event_id=list("abcd"),
            event_date=days(4),
            kind=rng.choice(["complaint", "visit"], 4),
            satisfaction=rng.integers(1, 6, 4),
            resolved_days=rng.integers(0, 50, 4).astype(float),
        ),
        "assignments": pd.DataFrame(
            {
                "account_id": ids,
                "manager_id": rng.choice(["m", "n"], n),
                "from": start,
                "to": pd.NaT,
            }
        ).astype({"to": "datetime64[us]"}),
        "churn_events": pd.DataFrame(
            {"account_id": ids, "churn_date": days(n), "cause": "price", "return_date": pd.NaT}
        ).astype({"return_date": "datetime64[us]"}),
    }


def features(tables):
    return account_snapshot(tables, DAY), account_months(tables, DAY), company_months(tables, DAY)


DATED = {
    "orders": "order_date",
    "contracts": "start_date",
    "service_events": "event_date",
    "assignments": "from",
    "churn_events": "churn_date",
}


@QUIET
@given(companies(), st.integers(1, 900))
def test_adding_the_future_never_changes_what_was_known(tmp_path_factory, company, days):
    now = features(write(tmp_path_factory.mktemp("now"), company))
    later = {}
    for name, frame in company.items():
        if name not in DATED:
            later[name] = frame
            continue
        more = frame.copy()
        more[DATED[name]] = DAY + pd.Timedelta(days=days)
        for column in ("order_id", "contract_id", "event_id"):
            if column in more:
                more[column] = "later-" + more[column]
        if name == "assignments":
            more["manager_id"] = "later"
        if "end_date" in more:
            more["end_date"] = more["start_date"] + pd.Timedelta(days=900)
        later[name] = pd.concat([frame, more], ignore_index=True)
    later["churn_events"].loc[: len(company["churn_events"]) - 1, "return_date"] = (
        DAY + pd.Timedelta(days=days)
    )
    for before, after in zip(now, features(write(tmp_path_factory.mktemp("later"), later))):
        pdt.assert_frame_equal(before, after)


@QUIET
@given(companies(), st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(tmp_path_factory, company, seed):
    one = write(tmp_path_factory.mktemp("one"), company)
    other = write(
        tmp_path_factory.mktemp("other"),
        {name: frame.sample(frac=1, random_state=seed) for name, frame in company.items()},
    )
    for before, after in zip(features(one), features(other)):
        pdt.assert_frame_equal(before, after)
    assert one.fingerprints() == other.fingerprints()


@QUIET
@given(companies(), st.sampled_from([0.5, 2.0, 1024.0]))
def test_currency_scales_money_and_leaves_shares_and_counts(tmp_path_factory, company, factor):
    scaled = dict(company)
    scaled["orders"] = company["orders"].assign(
        revenue=company["orders"]["revenue"] * factor, cost=company["orders"]["cost"] * factor
    )
    scaled["accounts"] = company["accounts"].assign(potential_revenue=1000.0 * factor)
    one, other = (
        account_snapshot(write(tmp_path_factory.mktemp(name), frames), DAY)
        for name, frames in (("a", company), ("b", scaled))
    )
    for name in MONEY:
        np.testing.assert_allclose(other[name], one[name] * factor, atol=2e-4 * max(factor, 1))
    rest = [name for name in one.columns if name not in [*MONEY, "potential_revenue"]]
    pdt.assert_frame_equal(one[rest], other[rest], rtol=1e-5)


@QUIET
@given(companies())
def test_renaming_the_accounts_moves_rows_and_changes_no_figure(tmp_path_factory, company):
    names = {old: f"z{99 - int(old):02d}" for old in company["accounts"]["account_id"]}
    renamed = {
        name: frame.assign(account_id=frame["account_id"].map(names))
        for name, frame in company.items()
    }
    one, other = (
        account_snapshot(write(tmp_path_factory.mktemp(name), frames), DAY)
        for name, frames in (("a", company), ("b", renamed))
    )
    moved = one.assign(account_id=one["account_id"].map(names)).sort_values(
        "account_id", ignore_index=True
    )
    pdt.assert_frame_equal(moved, other)


@QUIET
@given(companies())
def test_parts_agree_with_the_whole_and_stay_in_their_range(tmp_path_factory, company):
    tables = write(tmp_path_factory.mktemp("x"), company)
    frame, panel, months = features(tables)
    assert panel["revenue"].sum() == pytest.approx(frame["revenue_total"].sum(), abs=0.01)
    assert months["revenue"].sum() == pytest.approx(panel["revenue"].sum(), abs=0.01)
    assert frame["months_active_12m"].between(0, 12).all()
    assert (frame["n_order_days"] <= frame["n_orders"]).all()
    assert (frame["n_orders_12m"] + frame["n_orders_prior_12m"] <= frame["n_orders"]).all()
    assert (frame["days_since_last_order"].dropna() >= 0).all()
    assert not panel.duplicated(["account_id", "month"]).any()
