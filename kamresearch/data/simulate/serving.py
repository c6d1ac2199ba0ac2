"""What simulated orders cost at list prices, and the hours that accounts take."""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.lives import Lives
from kamresearch.data.simulate.staff import Staff
from kamresearch.data.simulate.tables import id_array

_STREAM = 1_000_033
"""Its own stream of numbers, so that a world without this table is drawn as it always was."""
_KIND_SHARES = {"visit": 0.3, "call": 0.3, "service": 0.2, "travel": 0.1, "administration": 0.1}


def make_prices(
    orders: dict, profile: dict, prices: s.Prices, at_first: np.ndarray, first_order: int
) -> pd.DataFrame:
    """List price, discount and bonus of each order, so that list × units × (1 − discount) is its
    revenue; nothing is drawn. ``at_first``: the models' list prices in the first month.
    """
    n = len(orders["account"])
    list_price = np.round(at_first[orders["product"]] * (1 - 0.012 * orders["month"] / 12), -2)
    at_list = list_price * orders["units"]
    size = np.log(profile["size"])[orders["account"]]
    share = (prices.bonus + prices.bonus_by_size * size).clip(0, 0.2)
    return pd.DataFrame(
        {
            "order_id": id_array("O", first_order + 1 + np.arange(n), 9).to_numpy(
                zero_copy_only=False
            ),
            "list_price": list_price,
            "discount": np.round(1 - orders["revenue"] / np.where(at_list == 0, 1, at_list), 4),
            "bonus": np.round(share * orders["revenue"], -1),
        }
    )


def make_activities(
    profile: dict,
    lives: Lives,
    staff: Staff,
    calendar: s.Calendar,
    serving: s.Serving,
    ids: pd.Series,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a piece of work, and the truth: whether an account is heavy, and the hours a year
    that it takes while it is an account.
    """
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    heavy = rng.random(profile["n"]) < serving.heavy
    yearly = serving.yearly * (profile["size"] ** serving.by_size)
    yearly = yearly * np.where(heavy, serving.heavy_ratio, 1.0)
    here = lives.high - lives.low
    counts = rng.poisson(yearly[:, None] / 12 * here)
    account, month = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    kinds = [*serving.hours]
    shares = np.array([_KIND_SHARES.get(one, 0.1) for one in kinds])
    kind = rng.choice(len(kinds), len(account), p=shares / shares.sum())
    mean = np.array([serving.hours[one] for one in kinds])
    low, high = lives.low[account, month], lives.high[account, month]
    hours = np.maximum(np.round(2 * rng.gamma(2, mean[kind] / 2)) / 2, 0.5)
    frame = pd.DataFrame(
        {
            "account_id": ids.to_numpy()[account],
            "date": calendar.day(month, low + (high - low) * rng.random(len(account))),
            "kind": np.array(kinds)[kind],
            "person": np.char.add("desk ", (staff.desk_of(profile)[account] + 1).astype(str)),
            "hours": hours,
        }
    )
    # Work of one kind on one day is one row, as in a calendar.
    keys = ["account_id", "date", "kind", "person"]
    frame = frame.groupby(keys, sort=True, as_index=False)["hours"].sum()
    frame["cost"] = np.round(frame["hours"] * serving.hour_cost, 0)
    frame = frame[["account_id", "date", "kind", "hours", "cost", "person"]]
    expected = yearly * float(shares @ mean / shares.sum())
    truth = pd.DataFrame({"account_id": ids.to_numpy(), "heavy": heavy, "hours_yearly": expected})
    return frame, truth
