"""Account plans of the simulated company: who has one, when it was gone through, what was done."""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.lives import Lives

_STREAM = 1_000_099
"""Its own stream of numbers, so that a world without plans is drawn as it always was."""
_OBJECTIVES = (
    "renew the frame contract",
    "win the second vehicle class",
    "meet the finance director",
    "shorten the time to repair",
    "agree a yearly review",
)


def make_plans(
    profile: dict,
    lives: Lives,
    calendar: s.Calendar,
    plans: s.Plans,
    ids: pd.Series,
    owners: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    """One row an objective of an account that has a plan; a plan is gone through as a whole.

    ``owners``: who looks after each account on the last day.
    """
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    n, most = profile["n"], len(_OBJECTIVES)
    planned = rng.random(n) < plans.planned
    fresh = rng.random(n) < plans.reviewed
    age = np.where(fresh, rng.integers(0, 180, n), rng.integers(181, 900, n))
    taken = (rng.random((n, most)) < 0.6) & planned[:, None] & (lives.high.sum(axis=1) > 0)[:, None]
    account, objective = np.nonzero(taken)
    k = len(account)
    due = calendar.end - rng.integers(-365, 365, k)
    done = rng.random(k) < np.where(due <= calendar.end, plans.done, plans.done / 2)
    dropped = ~done & (rng.random(k) < plans.dropped)
    return pd.DataFrame(
        {
            "account_id": ids.to_numpy()[account],
            "objective": np.array(_OBJECTIVES)[objective],
            "owner": owners[account],
            "due": due,
            "state": np.where(done, "done", np.where(dropped, "dropped", "open")),
            "last_review": (calendar.end - age)[account],
        }
    )
