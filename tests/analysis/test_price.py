"""Price and cost to serve: the ledger is the files' sums, and planted causes and slopes are found."""

import shutil

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis.price.ledger import FRAME, NO_PRICES, NO_WORK, Ledger
from kamresearch.data.simulate import Prices, Serving, World, simulate
from kamresearch.figures.registry import draw_figure
from kamresearch.finding import Findings

pytestmark = pytest.mark.unit

DAY = "2012-12-31"


def make_ledger(accounts):
    """A ledger of accounts like any other, but for what is said of each."""
    usual = {"account_name": "x", "tier": "A", "n_orders": 10, "list_value": 1000.0}
    usual |= {"discount": 100.0, "other": 0.0, "bonus": 10.0, "cost": 800.0, "hours": 10.0}
    usual |= {"serving": 20.0}
    frame = pd.DataFrame([usual | one for one in accounts])
    frame["account_id"] = [f"A{n:03d}" for n in range(len(frame))]
    sold = frame["list_value"] - frame["discount"] - frame["other"]
    revenue = frame.get("revenue", pd.Series(np.nan, frame.index))
    frame["revenue"] = revenue.fillna(sold).fillna(0.0)
    frame["contribution"] = (
        frame["revenue"] - frame["bonus"] - frame["cost"] - frame["serving"]
    ).astype(float)
    return Ledger(frame[FRAME], pd.Timestamp(DAY))


def tell(ledger):
    results = (
        kam.price.measure_contribution(ledger),
        kam.price.find_losers(ledger),
        kam.price.draw_down(ledger),
        kam.price.fit_rule(ledger),
        kam.price.measure_yield(ledger),
    )
    return results, Findings(one for result in results for one in result.findings())


def show_all(results):
    for result in results:
        for one in result.shows:
            if result.why_not(one.id) is None:
                getattr(result, one.by)() if one.by else draw_figure(result, one.id)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return simulate(
        tmp_path_factory.mktemp("priced"),
        accounts=40,
        random_state=4,
        start="2011-01-01",
        messy=False,
        world=World(prices=Prices(bonus=0.02, bonus_by_size=0.0), serving=Serving()),
    )


@pytest.fixture(scope="module")
def priced(folder):
    return kam.price.read_ledger(kam.open_data(folder), DAY)


@pytest.mark.slow
def test_the_ledger_is_the_sum_of_the_files(folder, priced):
    orders = pd.read_parquet(folder / "orders.parquet").merge(
        pd.read_parquet(folder / "order_prices.parquet"), on="order_id", validate="one_to_one"
    )
    year = orders[pd.to_datetime(orders["order_date"]) > "2012-01-01"]
    work = pd.read_parquet(folder / "activities.parquet")
    work = work[pd.to_datetime(work["date"]) > "2012-01-01"]
    frame = priced.frame.set_index("account_id")
    for name, rows, values in (
        ("revenue", year, year["revenue"]),
        ("cost", year, year["cost"]),
        ("bonus", year, year["bonus"]),
        ("list_value", year, year["list_price"] * year["units"]),
        ("discount", year, year["list_price"] * year["units"] * year["discount"]),
        ("hours", work, work["hours"]),
        ("serving", work, work["cost"]),
    ):
        expected = values.groupby(rows["account_id"]).sum().reindex(frame.index).fillna(0.0)
        found = frame[name].fillna(0.0)
        pd.testing.assert_series_equal(found, expected, check_names=False, rtol=1e-9)
    assert (frame["other"].dropna().abs() <= 1e-4 * frame["list_value"].dropna()).all()


def test_planted_bonus_and_hours_come_out(folder, priced):
    assert priced.frame["bonus"].sum() / priced.frame["revenue"].sum() == pytest.approx(
        0.02, rel=0.01
    )
    truth = pd.read_parquet(folder / "truth" / "serving.parquet").set_index("account_id")
    months = pd.read_parquet(folder / "truth" / "accounts.parquet").set_index("account_id")
    work = pd.read_parquet(folder / "activities.parquet")
    expected = float((truth["hours_yearly"] * months["months_present"] / 12).sum())
    # Hours of a piece of work have a spread near their mean: the sum's error is √(2 n) of it.
    error = 2.6 * np.sqrt(2 * len(work)) * work["hours"].mean()
    assert work["hours"].sum() == pytest.approx(expected, abs=error)


@pytest.mark.slow
def test_without_a_table_or_a_column_its_sections_say_so_and_the_others_stand(folder, tmp_path):
    for name in ("accounts", "orders"):
        shutil.copy(folder / f"{name}.parquet", tmp_path)
    ledger = kam.price.read_ledger(kam.open_data(tmp_path), DAY)
    assert (ledger.no_work, ledger.no_prices) == (NO_WORK, NO_PRICES)
    results, found = tell(ledger)
    show_all(results)
    assert found["price.contribution"].reason is NO_WORK
    assert found["price.kept_share"].reason is NO_PRICES
    assert found["price.by_orders"].value is not None


def test_each_planted_cause_of_a_loss_is_named():
    usual = [{"list_value": 1000.0 + n, "cost": 800.0} for n in range(20)]
    planted = {
        "discount": {"discount": 350.0},
        "orders": {"cost": 990.0, "n_orders": 100},
        "goods": {"cost": 990.0, "n_orders": 2},
        "serving": {"serving": 400.0},
        "unsold": {"list_value": np.nan, "n_orders": 0, "cost": 0.0, "discount": np.nan}
        | {"other": np.nan, "bonus": 0.0},
    }
    results, found = tell(make_ledger([*usual, *planted.values()]))
    assert set(results[1].frame["cause"]) == set(planted) - {"unsold"} | {"unsold"}
    assert {name: found[f"price.by_{name}"].value for name in planted} == dict.fromkeys(planted, 1)
    assert found["price.n_losing"].value == len(planted)
    assert found["price.n_turned"].value == 2, "the heavy one, and the one that took work alone"


def test_steps_worked_by_hand_add_up_by_tier():
    ledger = make_ledger([{"tier": "A"}, {"tier": "B", "discount": 50.0, "other": 30.0}])
    frame = kam.price.draw_down(ledger).frame.set_index("tier")
    assert frame.loc["all", "discount"] == pytest.approx(150 / 2000)
    assert frame.loc["B", "net"] == pytest.approx(1 - 0.05 - 0.03 - 0.01)
    assert frame.loc["A", "contribution"] == pytest.approx(0.9 - 0.01 - 0.8 - 0.02)


def test_the_planted_slope_lies_within_its_interval_and_who_gets_more_is_named():
    rng = np.random.default_rng(2)
    size = 2.0 ** rng.uniform(5, 15, 200)
    rate = 0.02 + 0.01 * np.log2(size) + rng.normal(0, 0.01, 200)
    rate[:3] += 0.15
    accounts = [
        {"list_value": at_list, "discount": at_list * share, "bonus": 0.0}
        for at_list, share in zip(size, rate, strict=True)
    ]
    result = kam.price.fit_rule(make_ledger(accounts), slack=0.08)
    assert result.interval.low < 0.01 < result.interval.high
    assert set(result.beyond["account_id"]) == {"A000", "A001", "A002"}


def test_what_an_hour_brings_is_told_by_tier_and_not_of_few_accounts():
    accounts = [{"tier": "A", "hours": 5.0 + n % 3} for n in range(20)]
    accounts += [{"tier": "B"}] * 9
    found = tell(make_ledger(accounts))[1]
    hours = sum(5.0 + n % 3 for n in range(20))
    assert found["price.hour_a"].value == pytest.approx(20 * 90.0 / hours)
    assert found["price.hour_a"].interval.low < 20 * 90.0 / hours
    assert found["price.hour_b"].value is None


@pytest.mark.parametrize(
    "accounts",
    [
        [{}],
        [{"cost": np.nan}] * 12,
        [{"list_value": np.nan, "revenue": 900.0}] * 12 + [{}],
        [{"hours": 0.0, "serving": 0.0}] * 12,
        [{}] * 40,
        [{"list_value": -5.0, "discount": 0.0}] * 40,
    ],
    ids=["one", "no cost", "half priced", "no work", "all alike", "returns alone"],
)
def test_awkward_ledgers_give_numbers_or_reasons(accounts):
    results, found = tell(make_ledger(accounts))
    show_all(results)
    for one in found.values():
        assert (one.value is None) != (one.reason is None), one.id


def test_bars_by_tier_are_those_of_the_table_and_what_is_below_nought_points_left():
    from kamresearch.analysis.price import Waterfall
    from kamresearch.figures.theme import house_theme

    names = [*("tier", "n_accounts", "list_value", "discount", "other", "bonus"), "net", "cost"]
    frame = pd.DataFrame(
        [
            ("all", 65, 8e8, 0.11, 0.01, 0.01, 0.87, 0.72, 0.05, 0.1),
            ("A", 20, 6e8, 0.12, 0.01, 0.02, 0.85, 0.72, 0.01, 0.12),
            ("none", 45, 2e8, 0.06, 0.01, 0.01, 0.92, 0.78, 0.16, -0.02),
        ],
        columns=[*names, "serving", "contribution"],
    )
    result = Waterfall(frame, 1.0, True, ("2012-01-01", "2012-12-31"))
    with house_theme():
        panels = draw_figure(result, "price.tiers").draw().axes
    widths = [[bar.get_width() for bar in axes.patches] for axes in panels]
    assert widths == [
        pytest.approx([0.13, 0.07]),
        pytest.approx([0.02, 0.01]),
        pytest.approx([0.01, 0.16]),
        pytest.approx([0.12, -0.02]),
    ]
