"""What the simulated company did of what its lists proposed, and whom a lot held out."""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.deals import sitting_managers
from kamresearch.data.simulate.staff import Staff

_STREAM = 1_000_019
"""Its own stream of numbers, so that a world without actions is drawn as it always was."""
HORIZON = 365
"""Days within which a loss, or a return, counts for an action; nobody is listed twice in them."""
_DUE = 60
_WORDS = ("met, plans to order", "reached by telephone, undecided", "no answer", "declined")


def make_actions(
    profile: dict,
    churn: pd.DataFrame,
    onboard: np.ndarray,
    staff: Staff,
    calendar: s.Calendar,
    actions: s.Actions,
    ids: pd.Series,
    seed: int,
) -> pd.DataFrame:
    """One row a proposal, with the truth in ``true_outcome``: lost (of a save) or back (of a
    win-back) within a year of it and by the last day.

    The lives stand as they were drawn. Of those decided by lot, the arms are drawn so that outcomes
    lie in them as if doing multiplied the probability of a loss by ``loss_ratio`` and that of a
    return by ``return_ratio``: so a switch adds a table and moves no other.
    """
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    lists = []
    listed = np.full(profile["n"], np.datetime64("1900-01-01"))
    spells = _Spells(churn, ids)
    for month in calendar.months[12 :: actions.every_months]:
        day = np.datetime64(month, "D") - 1
        there, away = spells.standing(day)
        there &= onboard <= day
        free = listed <= day - HORIZON
        for kind, group in (("save", there), ("win_back", away)):
            chosen = np.flatnonzero(group & free & (rng.random(profile["n"]) < actions.listed))
            listed[chosen] = day
            came = spells.outcome(kind, day)[chosen]
            ratio = actions.loss_ratio if kind == "save" else actions.return_ratio
            does = rng.random(len(chosen)) < _chance_of_doing(came, actions, ratio)
            lists.append((day, kind, chosen, came, does))
    frame = pd.DataFrame(
        {
            "account": np.concatenate([one[2] for one in lists]),
            "kind": np.concatenate([np.repeat(one[1], len(one[2])) for one in lists]),
            "proposed_on": np.concatenate([np.repeat(one[0], len(one[2])) for one in lists]),
            "true_outcome": np.concatenate([one[3] for one in lists]),
            "does": np.concatenate([one[4] for one in lists]),
        }
    )
    return _decide(frame, profile, staff, calendar, actions, ids, rng)


class _Spells:
    """When accounts were away: losses with their returns."""

    def __init__(self, churn: pd.DataFrame, ids: pd.Series) -> None:
        place = pd.Series(np.arange(len(ids)), ids.to_numpy())
        known = churn[churn["account_id"].isin(place.index)]
        self.n = len(ids)
        self.account = place[known["account_id"]].to_numpy()
        self.left = known["churn_date"].to_numpy("datetime64[D]")
        self.back = pd.to_datetime(known["return_date"]).to_numpy("datetime64[D]")

    def standing(self, day: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        """Who is there, and who is away, on a day."""
        away = np.zeros(self.n, bool)
        gone = (self.left <= day) & ~(self.back <= day)
        away[self.account[gone]] = True
        return ~away, away

    def outcome(self, kind: str, day: np.datetime64) -> np.ndarray:
        """Whose loss (or return) falls into the year after a day."""
        when = self.left if kind == "save" else self.back
        came = np.zeros(self.n, bool)
        came[self.account[(when > day) & (when <= day + HORIZON)]] = True
        return came


def _chance_of_doing(came: np.ndarray, actions: s.Actions, ratio: float) -> np.ndarray:
    """By Bayes, the chance that an account with this outcome was among those acted on, if acting
    multiplies the outcome's probability by ``ratio``.
    """
    drawn = actions.do + actions.hold_out
    share = actions.do / drawn if drawn else 0.0
    mean = came.mean() if len(came) else 0.0
    waiting = min(mean / (share * ratio + 1 - share), 1.0) if drawn else 0.0
    acting = min(waiting * ratio, 1.0)
    lost = share * ratio / (share * ratio + 1 - share) if ratio else 0.0
    stays, rest = share * (1 - acting), (1 - share) * (1 - waiting)
    return np.where(came, lost, stays / (stays + rest) if stays + rest else share)


def _decide(
    frame: pd.DataFrame,
    profile: dict,
    staff: Staff,
    calendar: s.Calendar,
    actions: s.Actions,
    ids: pd.Series,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Decisions, deeds and words, as far as the last day knows them."""
    n = len(frame)
    proposed = frame["proposed_on"].to_numpy("datetime64[D]")
    by_lot = rng.random(n) < actions.do + actions.hold_out
    refused = rng.random(n) < actions.refused
    decided = np.where(frame["does"], "do", "hold_out").astype(object)
    decided[~by_lot] = None
    decided[~by_lot & refused] = "not"
    decided_on = proposed + rng.integers(1, 15, n)
    done_on = decided_on + np.ceil(rng.gamma(2, actions.days / 2, n)).astype(int)
    known = (decided_on <= calendar.end) & pd.notna(decided)
    done = known & (decided == "do") & (rng.random(n) < actions.done) & (done_on <= calendar.end)
    account = frame["account"].to_numpy()
    desk = staff.desk_of(profile)[account]
    words = np.array(_WORDS, dtype=object)[rng.integers(0, len(_WORDS), n)]
    return pd.DataFrame(
        {
            "account_id": ids.to_numpy()[account],
            "kind": frame["kind"],
            "proposed_on": proposed,
            "owner": sitting_managers(staff, desk, proposed),
            "due": proposed + _DUE,
            "decided": pd.Series(decided, dtype=object).where(known),
            "decided_by": pd.Series("key account director", frame.index).where(known),
            "decided_on": pd.Series(decided_on).where(known),
            "done_on": pd.Series(done_on).where(done),
            "outcome": pd.Series(words, dtype=object).where(done),
            "true_outcome": frame["true_outcome"],
        }
    ).sort_values(["proposed_on", "account_id"], kind="stable", ignore_index=True)
