"""How likely lost accounts are to come back, against hand-worked hazards and known worlds."""

import numpy as np
import pandas as pd
import pytest

from kamresearch.analysis.churn.losses import clean_losses
from kamresearch.analysis.decisions.returning import STRENGTH, measure_returning


def losses(rows, as_of: str = "2012-12-31"):
    """Rows of days away, whether it came back then (else it is still away), and the cause."""
    day = pd.Timestamp(as_of)
    frame = pd.DataFrame(rows, columns=["away", "back", "cause"])
    frame["account_id"] = [f"A{number}" for number in range(len(frame))]
    frame["churn_date"] = day - pd.to_timedelta(frame["away"] + 400 * frame["back"], unit="D")
    returned = frame["churn_date"] + pd.to_timedelta(frame["away"], unit="D")
    frame["return_date"] = returned.where(frame["back"])
    first = frame.set_index("account_id")["churn_date"] - pd.Timedelta(days=900)
    return clean_losses(frame.drop(columns=["away", "back"]), first, as_of)


def test_the_chance_is_that_of_the_hazard_ahead_drawn_to_all_causes():
    found = measure_returning(
        losses(
            [
                (100, True, "price"),
                (200, True, "price"),
                (300, True, "product"),
                (400, False, "price"),
                (500, False, "product"),
            ]
        ),
        150,
    )
    at = {0: 0.0, 100: 1 / 5, 200: 1 / 5 + 1 / 4, 300: 1 / 5 + 1 / 4 + 1 / 3}
    expected = at[100] + at[200] + at[300]  # the price leavers, the last of them still away
    factor = (2 + STRENGTH) / (expected + STRENGTH)
    chance = found.chance(pd.Series(["price", "price"]), pd.Series([50, 250]))
    assert chance == pytest.approx(
        [1 - np.exp(-factor * at[200]), 1 - np.exp(-factor * (at[300] - at[200]))]
    )
    assert found.chance(pd.Series([None]), pd.Series([50])) == pytest.approx(1 - np.exp(-at[200]))


def test_nobody_came_back_leaves_a_small_chance_and_not_none():
    found = measure_returning(losses([(100, False, "price"), (300, False, "price")]), 365)
    chance = found.chance(pd.Series(["price"] * 2), pd.Series([10, 3000]))
    assert ((chance > 0) & (chance < 0.5)).all()


@pytest.mark.slow
def test_who_has_been_away_for_long_is_not_promised_what_came_of_the_first_months():
    """Three in ten come back, after 120 days on average, the others never: of those still away, as
    many as are told come back within the year ahead.
    """
    rng, told, came = np.random.default_rng(5), 0.0, 0.0
    for _company in range(20):
        left = rng.uniform(0, 1500, 300)  # days before the day of the record
        back = np.where(rng.random(300) < 0.3, rng.exponential(120, 300), np.inf)
        rows = [
            (int(min(gone, again)), bool(again < gone), "price")
            for gone, again in zip(left, back, strict=True)
        ]
        frame = losses(rows)
        # Those that came back did so some time ago: losses() dates them 400 days before.
        found = measure_returning(frame, 365)
        still = left[back >= left]
        told += found.chance(pd.Series(["price"] * len(still)), pd.Series(still)).sum()
        alone = 0.3 * np.exp(-still / 120)
        came += (alone / (0.7 + alone) * (1 - np.exp(-365 / 120))).sum()
    assert told == pytest.approx(came, rel=0.12)
