"""Marks that simulated accounts give, and what moves them."""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.lives import Lives, spread_days

_STREAM = 1_000_117
"""Its own stream of numbers, so that a world without surveys is drawn as it always was."""
_YEAR = 365
_MOST_VISITS = 4
"""Visits beyond these move an opinion no further."""


def make_surveys(
    profile: dict,
    lives: Lives,
    calendar: s.Calendar,
    surveys: s.Surveys,
    service: pd.DataFrame,
    ids: pd.Series,
    seed: int,
) -> pd.DataFrame:
    """One row a mark, the truth in ``true_late``, ``true_open``, ``true_visits``, ``true_delays``
    and ``true_opinion``.
    """
    rng = np.random.default_rng([seed, _STREAM, profile["first"]])
    account, day = spread_days(np.full(profile["n"], surveys.yearly), lives, calendar, rng)
    place = pd.Series(np.arange(profile["n"]), index=ids.to_numpy())
    known = place.reindex(service["account_id"]).to_numpy(int)
    when = service["event_date"].to_numpy().astype("datetime64[D]")
    asked = service["kind"].isin(["visit", "repair"]).to_numpy()
    asked = asked & (rng.random(len(service)) < surveys.occasions)
    of = np.concatenate([account, known[asked]])
    frame = pd.DataFrame(
        {
            "account_id": ids.to_numpy()[of],
            "date": np.concatenate([day, when[asked]]),
            "kind": np.repeat(["relation", "occasion"], [len(account), int(asked.sum())]),
        }
    )
    causes = _causes(of, frame["date"].to_numpy(), known, when, service, surveys)
    own = rng.normal(0, surveys.spread, profile["n"])[of]
    opinion = (
        surveys.late * causes["true_late"]
        + surveys.open * causes["true_open"]
        + surveys.visit * causes["true_visits"]
        + surveys.delay * causes["true_delays"]
        + own
        + rng.normal(size=len(frame))
    )
    relation = (frame["kind"] == "relation").to_numpy()
    frame["scale"] = np.where(relation, 10, 5)
    mark = np.where(relation, 7.0 + 1.5 * opinion, 3.6 + 0.8 * opinion)
    frame["mark"] = np.clip(np.round(mark), np.where(relation, 0, 1), frame["scale"])
    frame = frame.assign(**causes, true_opinion=opinion)[rng.random(len(frame)) < surveys.answered]
    frame = frame.sort_values(["date", "account_id", "kind"], kind="stable")
    return frame.drop_duplicates(["account_id", "date", "kind"], ignore_index=True)


def _causes(
    of: np.ndarray,
    day: np.ndarray,
    known: np.ndarray,
    when: np.ndarray,
    service: pd.DataFrame,
    surveys: s.Surveys,
) -> dict[str, np.ndarray]:
    """What each question finds: counts over the year before it, an open complaint as 0 or 1."""
    events = pd.DataFrame(
        {"of": known, "when": when, "kind": service["kind"], "days": service["resolved_days"]}
    )
    asked = pd.DataFrame({"of": of, "day": day}).reset_index()
    both = asked.merge(events, on="of", how="inner", validate="many_to_many")
    age = (both["day"] - both["when"]).dt.days
    both = both.assign(age=age)[(age >= 0) & (age < _YEAR)]
    complaint = both["kind"] == "complaint"
    found = {
        "true_late": complaint & (np.minimum(both["days"], both["age"]) > surveys.late_days),
        "true_open": complaint & (both["days"] > both["age"]),
        "true_visits": both["kind"] == "visit",
        "true_delays": both["kind"] == "delivery_delay",
    }
    most = {"true_open": 1, "true_visits": _MOST_VISITS}
    return {
        name: np.minimum(
            np.bincount(both.loc[flag, "index"], minlength=len(asked)), most.get(name, _YEAR)
        )
        for name, flag in found.items()
    }


def make_takers(churn: pd.DataFrame, leaving: s.Leaving, seed: int, first: int) -> pd.DataFrame:
    """For which rival accounts left, where their record names it: ``account_id``, ``churn_date``,
    ``lost_to``. Who relocates leaves for nobody.
    """
    rng = np.random.default_rng([seed, _STREAM + 1, first])
    names, weights = [*leaving.rivals], np.array([*leaving.rivals.values()], float)
    rival = np.array(names, dtype=object)[
        rng.choice(len(names), len(churn), p=weights / weights.sum())
    ]
    stated = (rng.random(len(churn)) < leaving.stated) & (churn["true_cause"] != "relocation")
    return churn.loc[stated, ["account_id", "churn_date"]].assign(lost_to=rival[stated])
