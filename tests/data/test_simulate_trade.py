"""What a manager of the trade would look for in a simulated company: sizes by trade and region,
ceilings, models of their years, rules that bind one trade. Where a world asks for none of it, it is
drawn as it always was.
"""

import hashlib
from datetime import date

import numpy as np
import pandas as pd
import pytest
import yaml

from kamresearch.data.simulate import Deals, Model, Prices, Rule, Sizes, World, simulate
from kamresearch.errors import ParameterError

pytestmark = [pytest.mark.unit, pytest.mark.recovery, pytest.mark.slow]

ACCOUNTS = 1200
MODELS = {
    "S60": Model(since=date(2011, 3, 10)),
    "S40": Model(until=date(2012, 6, 30)),
    "XC60": Model(since=date(2009, 6, 1)),
    "XC90": Model(price=780_000, beside="XC60", share=0.25),
}
RULES = {"limits": Rule(since=date(2010, 6, 18), industry="Government fleet", orders=0.5)}


def read(folder, name) -> pd.DataFrame:
    path = folder / f"{name}.parquet"
    return pd.read_parquet(path) if path.exists() else pd.read_csv(folder / f"{name}.csv")


def tables(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".csv", ".parquet")
    }


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """(fields of the world) → a clean company of it; each is made once."""
    made = {}

    def one(key: str, **truths):
        if key not in made:
            folder = tmp_path_factory.mktemp(key)
            made[key] = simulate(folder, ACCOUNTS, 7, messy=False, world=World(**truths))
        return made[key]

    return one


@pytest.fixture(scope="module")
def plain(make):
    """Deals and prices, and nothing of the trade."""
    return make("plain", deals=Deals(), prices=Prices())


@pytest.fixture(scope="module")
def dated(make):
    """The same with models of their years."""
    return make("dated", deals=Deals(), prices=Prices(), models=MODELS)


def test_a_world_that_asks_for_nothing_of_it_is_drawn_as_it_always_was(tmp_path):
    usual = simulate(tmp_path / "usual", 40, random_state=5)
    neutral = World(
        sizes=Sizes({"Hotels": 1.0}, {"East": 1.0}),
        models={"S60": Model()},
        rules={"none": Rule(date(2010, 1, 1), "Hotels", 1.0)},
    )
    assert tables(usual) == tables(
        simulate(tmp_path / "neutral", 40, random_state=5, world=neutral)
    )
    orders, losses = read(usual, "orders"), read(usual, "churn_events")
    told = orders[["order_id", "account_id", "order_date", "units", "product"]].to_csv(index=False)
    told += losses[["account_id", "churn_date", "return_date"]].to_csv(index=False)
    told += read(usual, "accounts")["account_name"].to_csv(index=False)
    # as drawn before any of these settings was there
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "887284a2823ec93b"


def test_the_planted_sizes_by_trade_and_region_are_in_the_orders(make):
    factors = Sizes({"Hotels": 0.4, "Car rental": 2.5}, {"East": 1.6})
    folder = make("sizes", monthly_units=6.0, size_spread=1.0, sizes=factors)
    truth = read(folder, "truth/accounts").set_index("account_id")
    accounts = read(folder, "accounts").set_index("account_id")
    units = read(folder, "orders").groupby("account_id")["units"].sum()
    seen = accounts.join(truth[["size", "months_present"]]).join(units)
    seen = seen[(seen["months_present"] >= 12) & (seen["units"] > 0)]
    size = np.log(seen["units"] / seen["months_present"])
    design = pd.DataFrame(
        {
            "one": 1.0,
            "Hotels": seen["industry"] == "Hotels",
            "Car rental": seen["industry"] == "Car rental",
            "East": seen["region"] == "East",
        }
    ).astype(float)
    found, rest, *_ = np.linalg.lstsq(design, size, rcond=None)
    spread = rest[0] / (len(seen) - 4)
    error = np.sqrt(spread * np.diag(np.linalg.inv(design.T @ design)))
    for name, planted, effect, width in zip(
        design.columns[1:], (0.4, 2.5, 1.6), found[1:], error[1:], strict=True
    ):
        assert abs(effect - np.log(planted)) < 2.5 * width, (name, effect, width)
        assert abs(effect) > 3 * width, f"{name} is too small to be found"
    hotels = np.log(truth["size"][accounts["industry"] == "Hotels"])
    assert abs(hotels.std() - 1.0) < 0.15, "the spread stays"


def test_no_account_of_a_trade_with_a_ceiling_buys_absurdly_many_and_no_other_is_held(make, plain):
    held = make("held", deals=Deals(), prices=Prices(), sizes=Sizes(ceiling={"Hotels": 40}))
    accounts = read(plain, "accounts").set_index("account_id")
    hotels = accounts.index[accounts["industry"] == "Hotels"]
    yearly = []
    for folder in (plain, held):
        orders = read(folder, "orders")
        orders = orders[orders["account_id"].isin(hotels)]
        years = pd.to_datetime(orders["order_date"]).dt.year
        yearly.append(orders.groupby(["account_id", years])["units"].sum())
    before, after = yearly
    assert before.max() > 200
    assert after.max() < 100
    assert (after > 40).mean() < 0.1 < (before > 40).mean(), "beyond it by the luck of orders alone"
    sizes = [
        read(folder, "truth/accounts").set_index("account_id")["size"] for folder in (plain, held)
    ]
    ratio = sizes[1] / sizes[0]
    assert (ratio.drop(hotels) == 1).all()
    assert (ratio[hotels] < 1).all()
    small = hotels[sizes[0][hotels] < 0.2]
    assert len(small) > 5
    assert ratio[small].min() > 0.98, "who is far below it is left alone"


def test_trade_and_region_keep_nobody_longer(tmp_path):
    # Large accounts have other desks; where a departure does no harm, that is no matter.
    calm, sized = (
        simulate(tmp_path / name, 200, 7, world=World(departure_ratio=1.0, sizes=sizes))
        for name, sizes in (("calm", None), ("sized", Sizes({"Hotels": 0.2}, {"East": 3.0})))
    )
    pd.testing.assert_frame_equal(read(calm, "truth/churn"), read(sized, "truth/churn"))
    assert read(calm, "orders")["units"].sum() != read(sized, "orders")["units"].sum()


def test_a_model_is_ordered_in_its_years_alone_and_the_others_take_its_share(plain, dated):
    usual, orders = read(plain, "orders"), read(dated, "orders")
    pd.testing.assert_frame_equal(
        usual[["order_id", "order_date", "units"]], orders[["order_id", "order_date", "units"]]
    )
    deals = read(dated, "opportunities")
    for sold, column in ((orders[orders["units"] > 0], "order_date"), (deals, "opened")):
        day = pd.to_datetime(sold[column]).groupby(sold["product"])
        first, last = day.min(), day.max()
        assert first["S60"] >= pd.Timestamp("2011-04-01"), "in whole months of its years"
        assert last["S40"] <= pd.Timestamp("2012-06-30")
        assert first["XC60"] >= pd.Timestamp("2009-06-01")
        assert set(day.groups) == {"S40", "S60", "S80", "XC60", "C30", "XC90"}
    day = pd.to_datetime(orders["order_date"])
    early, late = orders[day < "2009-06-01"], orders[day >= "2012-07-01"]
    assert len(early[early["product"] == "S40"]) > len(
        usual[day < "2009-06-01"].query("product == 'S40'")
    )
    assert late["product"].eq("S60").mean() > usual.loc[late.index, "product"].eq("S60").mean()
    both = orders[day.between("2011-04-01", "2012-06-30") & (orders["units"] > 0)]
    wanted = usual.loc[both.index, "product"]
    taken = both["product"].eq("XC90")[wanted == "XC60"]
    assert abs(taken.mean() - 0.25) < 3 * np.sqrt(0.25 * 0.75 / len(taken))
    assert (both["product"] == wanted)[wanted != "XC60"].all(), "nobody else is moved"


def test_what_is_sold_instead_is_sold_at_its_own_price(dated):
    joined = read(dated, "orders").merge(read(dated, "order_prices"), on="order_id")
    first = joined[pd.to_datetime(joined["order_date"]) < "2008-02-01"]
    lists = first.groupby("product")["list_price"].agg(["min", "max"])
    assert lists.loc["XC90"].tolist() == [780_000, 780_000]
    assert lists.loc["S80"].tolist() == [430_000, 430_000]
    assert joined.query("units > 0")["discount"].abs().max() < 0.4


def test_a_rule_binds_the_trade_that_it_names_and_from_its_day_on(make, plain):
    ruled = make("ruled", deals=Deals(), prices=Prices(), rules=RULES)
    for name in ("accounts", "truth/churn"):
        kept = [
            read(folder, name).drop(columns="potential_revenue", errors="ignore")
            for folder in (plain, ruled)
        ]
        pd.testing.assert_frame_equal(*kept)
    trade = read(plain, "accounts").set_index("account_id")["industry"]
    counts = []
    for folder in (plain, ruled):
        orders = read(folder, "orders").query("units > 0")
        bound = orders["account_id"].map(trade) == "Government fleet"
        # the first whole month after 18 June
        after = pd.to_datetime(orders["order_date"]) >= "2010-07-01"
        counts.append(orders.groupby([bound.to_numpy(), after.to_numpy()]).size())
    ratio = np.log(counts[1] / counts[0])
    # months in which an account orders come in bursts: an order's variance is about five
    error = np.sqrt(5 / counts[0] + 5 / counts[1])
    planted = {(True, True): np.log(0.5)}
    for place in ratio.index:
        assert abs(ratio[place] - planted.get(place, 0)) < 2.5 * error[place], (place, ratio)
    assert error[(True, True)] < 0.2, "too few to tell"
    truth = yaml.safe_load((ruled / "truth" / "world.yml").read_text())["world"]
    assert truth["rules"]["limits"]["orders"] == 0.5
    assert truth["rules"]["limits"]["since"] == date(2010, 6, 18)


def test_a_month_in_which_nothing_is_on_sale_is_refused(tmp_path):
    late = {name: Model(since=date(2008, 4, 1)) for name in ("S40", "S60", "S80", "XC60", "C30")}
    with pytest.raises(ParameterError, match="none in 2008-01"):
        simulate(tmp_path / "w", 20, world=World(models=late))
    assert not (tmp_path / "w").exists()
