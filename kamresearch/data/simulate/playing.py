"""Does following a list pay? A policy acts on a simulated company whose answers are known."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.world import simulate
from kamresearch.errors import ParameterError, near_matches

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

Policy = Callable[..., pd.DataFrame]
"""(tables, as_of) → a frame with ``account_id`` and ``kind``, the most urgent first."""

KINDS = ("save", "renew", "assign", "mend", "win_back", "grow", "reprice", "review")
START = "2008-01-01"
HISTORY_YEARS = 4


@dataclass(frozen=True)
class Company:
    """A simulated company with history and a year or more to act in, and its hidden answers.

    Parameters
    ----------
    folder : Path
        The tables, as the company went with nobody acting.
    world : World
        With `Life`.
    first, months : int
        Number of the first month to act in, and how many follow.
    """

    folder: Path
    world: s.World
    first: int
    months: int

    @property
    def life(self) -> s.Life:
        """How its accounts live and answer."""
        if self.world.life is None:
            raise ParameterError(
                "company", "a world with life", "one without", "give its world life=Life()"
            )
        return self.world.life

    def as_of(self, month: int) -> str:
        """Last day before a month of the play."""
        start = pd.Timestamp(START) + pd.DateOffset(months=self.first + month)
        return (start - pd.Timedelta(days=1)).date().isoformat()

    @cached_property
    def tables(self) -> "Tables":
        """What a policy is shown, opened once: opening costs more than most policies do."""
        from kamresearch.data.sources import open_data

        return open_data(str(self.folder))


@dataclass(frozen=True)
class Played:
    """What a policy brought, and what was possible.

    ``profit`` a year against doing nothing and ``possible``, the same for who knows the answers,
    in CNY; ``auc``: how well the true hazards themselves foretell the losses of the year after the
    first month; ``actions``: month, account_id, kind, response, gain.
    """

    profit: float
    possible: float
    auc: float
    actions: pd.DataFrame

    @property
    def share(self) -> float:
        """Profit as a share of the possible."""
        return self.profit / self.possible if self.possible > 0 else float("nan")


def make_company(
    folder: str | Path,
    world: s.World | None = None,
    months: int = 12,
    accounts: int = 400,
    random_state: int = 2012,
) -> Company:
    """Four years of history and ``months`` more (at least 12 are written), in a world with life."""
    if months < 1:
        raise ParameterError("months", "at least 1", str(months), "play a month or more")
    world = world or s.World()
    world = world if world.life else replace(world, life=s.Life())
    first = 12 * HISTORY_YEARS
    last = (
        pd.Timestamp(START) + pd.DateOffset(months=first + max(months, 12)) - pd.DateOffset(days=1)
    )
    simulate(
        folder, accounts, random_state, START, last.date().isoformat(), messy=False, world=world
    )
    return Company(Path(folder), world, first, months)


def play(
    world: s.World,
    policy: Policy,
    months: int = 12,
    *,
    accounts: int = 400,
    random_state: int = 2012,
    capacity: int | None = None,
    every: int = 1,
    cost: float = 2_000.0,
) -> Played:
    """What does a policy bring in a year, against doing nothing?

    Each month the policy is asked with what is known then, and its first ``capacity``
    instructions are carried out; an account is left alone while an earlier contact works. The gain
    of an instruction is an *expectation* that the world's truth gives, not one draw of lots:
    the probability that the account leaves while the contact works, without it less with it, times
    its yearly profit; so for returns and growth; minus the cost.

    Parameters
    ----------
    world : World
        One without `Life` is given the usual one: without it no contact would change anything.
    policy : callable
        ``policy(tables, as_of)`` → frame with account_id and kind, the most urgent first.
    months, accounts, random_state : int
        How long it acts, on which company.
    capacity : int, optional
        Instructions each time; by default one for every fifty accounts.
    every : int
        Months from one list to the next.
    cost : float
        Of one contact, in CNY.

    Raises
    ------
    ParameterError
        The policy returns no such frame, or a kind or account that does not exist.

    Notes
    -----
    The tables show the company as it went with nobody acting: a policy does not see what its own
    earlier contacts did. Hazards are held at their level on the day of the list while a contact
    works.
    """
    with TemporaryDirectory() as folder:
        company = make_company(Path(folder) / "company", world, months, accounts, random_state)
        return play_on(company, policy, capacity=capacity, every=every, cost=cost)


def play_on(
    company: Company,
    policy: Policy,
    *,
    capacity: int | None = None,
    every: int = 1,
    cost: float = 2_000.0,
) -> Played:
    """`play` on a company that is there already, so that policies can be compared on it."""
    truth = Truth.read(company, cost)
    capacity = max(1, len(truth.value) // 50) if capacity is None else capacity
    taken = []
    for month in range(0, company.months, every):
        asked = _check_answer(policy(company.tables, company.as_of(month)), truth)
        taken.append(_carry_out(asked, month, capacity, taken, company, truth))
    best: list[pd.DataFrame] = []
    for month in range(0, company.months, every):
        asked = truth.best(company.first + month)
        best.append(_carry_out(asked, month, capacity, best, company, truth))
    years = company.months / 12
    actions = pd.concat(taken, ignore_index=True)
    return Played(
        actions["gain"].sum() / years,
        sum(part["gain"].sum() for part in best) / years,
        truth.auc(company.first),
        actions,
    )


def _check_answer(answer: pd.DataFrame, truth: "Truth") -> pd.DataFrame:
    for name in ("account_id", "kind"):
        if not isinstance(answer, pd.DataFrame) or name not in answer:
            raise ParameterError(
                "policy", "a frame with account_id and kind", f"no {name}", "return both columns"
            )
    for name, known in (("kind", KINDS), ("account_id", truth.value.index)):
        strange = [value for value in answer[name] if value not in known]
        if strange:
            raise ParameterError(
                f"policy, {name}",
                "one that exists",
                repr(strange[0]),
                near_matches(str(strange[0]), list(known)[:2000]),
            )
    return answer[["account_id", "kind"]].drop_duplicates("account_id")


def _carry_out(
    asked: pd.DataFrame,
    month: int,
    capacity: int,
    before: list[pd.DataFrame],
    company: Company,
    truth: "Truth",
) -> pd.DataFrame:
    """The first instructions of a list that find their account at rest, and what each gains."""
    working = {
        account
        for part in before
        for account in part.loc[part["month"] > month - company.life.effect_months, "account_id"]
    }
    chosen = asked[~asked["account_id"].isin(working)].head(capacity)
    gains = truth.gains(company.first + month)
    gain = [gains[kind][account] for account, kind in zip(chosen["account_id"], chosen["kind"])]
    return chosen.assign(
        month=month, response=truth.response.reindex(chosen["account_id"]).to_numpy(), gain=gain
    ).astype({"gain": float})


@dataclass(frozen=True)
class Truth:
    """What the company's tables hide: hazards by cause, answers, value of a year, absences."""

    life: s.Life
    returns: dict
    hazards: np.ndarray
    response: pd.Series
    value: pd.Series
    elsewhere: pd.Series
    losses: pd.DataFrame
    cost: float

    @classmethod
    def read(cls, company: Company, cost: float) -> "Truth":
        """From the folder ``truth/`` of a company, and the profit of its orders."""
        folder = company.folder
        outcomes = pd.read_parquet(folder / "truth" / "outcomes.parquet")
        hidden = pd.read_parquet(folder / "truth" / "accounts.parquet").set_index("account_id")
        orders = pd.read_parquet(folder / "orders.parquet")
        losses = pd.read_parquet(folder / "truth" / "churn.parquet")
        profit = (orders["revenue"] - orders["cost"]).groupby(orders["account_id"]).sum()
        value = 12 * profit.reindex(hidden.index).fillna(0) / hidden["months_present"].clip(lower=1)
        start = pd.Timestamp(START)
        for name in ("churn", "return"):
            date = pd.to_datetime(losses[f"{name}_date"])
            losses[name] = (date.dt.year - start.year) * 12 + date.dt.month - start.month
        return cls(
            company.life,
            company.world.returns,
            outcomes[list(s.CAUSES)].to_numpy().reshape(len(hidden), -1, len(s.CAUSES)),
            outcomes.drop_duplicates("account_id").set_index("account_id")["response"],
            value,
            # a tenth of a wallet says little of what could be won: at most three times its profit
            value * (1 / hidden["share_of_wallet"] - 1).clip(upper=3),
            losses,
            cost,
        )

    def gains(self, month: int) -> pd.DataFrame:
        """Expected profit of each kind of contact with each account at the start of a month."""
        hazards = self.hazards[:, month]
        present = hazards.sum(axis=1) > 0
        moved = (self.response == "persuadable").to_numpy()
        disturbed = (self.response == "disturbed").to_numpy()
        value, months = self.value.to_numpy(), self.life.effect_months
        leaves = -np.expm1(-months * hazards.sum(axis=1))
        gains = pd.DataFrame(-self.cost, index=self.value.index, columns=list(KINDS))
        for kind, ratios in s.KEEPING_RATIOS.items():
            ratio = np.where(moved[:, None], ratios, 1.0)
            ratio[disturbed, :4] = self.life.disturbed_ratio
            with_it = -np.expm1(-months * (hazards * ratio).sum(axis=1))
            gains[kind] += np.where(present, (leaves - with_it) * value, 0)
        grown = self.life.growth_won * self.elsewhere.to_numpy()
        gains["grow"] += np.where(present & moved, np.maximum(grown, 0), 0)
        gains["reprice"] += np.where(
            present & moved, self.life.loss_ended * np.maximum(-value, 0), 0
        )
        gains["win_back"] += self._returning(month) * moved * value
        return gains

    def _returning(self, month: int) -> np.ndarray:
        """By how much an offer raises the chance that a lost account still returns."""
        away = self.losses[
            (self.losses["churn"] < month) & ~(self.losses["return"] < month)
        ].drop_duplicates("account_id", keep="last")
        planted = [self.returns[cause] for cause in away["true_cause"]]
        share, _soonest, latest = np.array(planted, dtype=float).reshape(-1, 3).T
        left = ((latest - (month - away["churn"].to_numpy())) / latest).clip(0, 1)
        chance = share * left
        more = np.minimum(chance * self.life.return_ratio, 1) - chance
        return (
            pd.Series(more, index=away["account_id"]).reindex(self.value.index).fillna(0).to_numpy()
        )

    def best(self, month: int) -> pd.DataFrame:
        """The list of who knows all answers: for each account its best kind, by gain; none that
        costs more than it brings.
        """
        gains = self.gains(month)
        frame = pd.DataFrame(
            {"account_id": gains.index, "kind": gains.idxmax(axis=1), "gain": gains.max(axis=1)}
        )
        return frame[frame["gain"] > 0].sort_values("gain", ascending=False, kind="stable")[
            ["account_id", "kind"]
        ]

    def auc(self, month: int) -> float:
        """How well the true hazards of a month foretell who is lost within the year after it."""
        hazard = self.hazards[:, month].sum(axis=1)
        soon = self.losses[self.losses["churn"].between(month, month + 11)]["account_id"]
        lost = self.value.index.isin(soon)[hazard > 0]
        if not 0 < lost.sum() < len(lost):
            return float("nan")
        rank = pd.Series(hazard[hazard > 0]).rank().to_numpy()
        k = lost.sum()
        return float((rank[lost].sum() - k * (k + 1) / 2) / (k * (len(lost) - k)))
