"""Dealers of the simulated company: who delivers to whom, and how a bad one shows."""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s

_STREAM = 1_000_081
"""Its own stream of numbers, so that a world without dealers is drawn as it always was."""
_DIRECT = -1


def make_dealers(dealers: s.Dealers, calendar: s.Calendar, seed: int) -> pd.DataFrame:
    """One row a dealer, the truth in ``bad``; the bad ones serve the largest regions."""
    rng = np.random.default_rng([seed, _STREAM])
    n = len(s.REGIONS) * dealers.per_region
    region = np.repeat(np.arange(len(s.REGIONS)), dealers.per_region)
    largest = np.argsort(-np.array(s.REGION_SHARES), kind="stable") * dealers.per_region
    bad = np.zeros(n, bool)
    bad[largest[: dealers.bad]] = True
    ids = [f"H{number:03d}" for number in range(1, n + 1)]
    return pd.DataFrame(
        {
            "dealer_id": ids,
            "dealer_name": [f"Dealer {one}" for one in ids],
            "region": np.array(s.REGIONS)[region],
            "grade": np.array(["A", "B", "C"])[rng.integers(0, 3, n)],
            "certified": rng.random(n) < 0.6,
            "since": calendar.start - rng.integers(0, 3650, n),
            "bad": bad,
        }
    )


def deal_out(profile: dict, dealers: s.Dealers, table: pd.DataFrame, seed: int) -> None:
    """Put on a chunk's profiles, in place, the number of each account's ``dealer`` (−1: we serve
    it), and what its dealer multiplies its hazards by.
    """
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    drawn = profile["region"] * dealers.per_region
    drawn = drawn + rng.integers(0, dealers.per_region, profile["n"])
    profile["dealer"] = np.where(profile["channel"] == 1, drawn, _DIRECT)
    profile["badly_dealt"] = (profile["dealer"] >= 0) & table["bad"].to_numpy()[drawn]
    profile["dealer_ratio"] = np.where(profile["badly_dealt"], dealers.loss_ratio, 1.0)


def take_margin(orders: dict, profile: dict, dealers: s.Dealers) -> None:
    """What a bad dealer's orders cost more, in place."""
    more = dealers.margin_gap * profile["badly_dealt"][orders["account"]]
    orders["cost"] = orders["cost"] + np.round(more * orders["revenue"], -2)


def slow_down(events: pd.DataFrame, profile: dict, dealers: s.Dealers) -> pd.DataFrame:
    """Service events with the complaints of a bad dealer's accounts solved late."""
    number = events["account_id"].str[1:].astype(int).to_numpy() - 1 - profile["first"]
    slow = profile["badly_dealt"][number] & (events["kind"] == "complaint").to_numpy()
    days = np.where(slow, np.round(events["resolved_days"] * dealers.slow_ratio), np.nan)
    return events.assign(resolved_days=events["resolved_days"].where(~slow, days))


def dealer_ids(orders: dict, profile: dict, table: pd.DataFrame) -> list[str | None]:
    """The dealer of each order; None where we delivered."""
    ids = np.array([*table["dealer_id"], None], dtype=object)  # −1 is its last place
    return ids[profile["dealer"][orders["account"]]].tolist()
