"""What happens to accounts, month by month: complaints, contracts, loss for one of five
causes, return.
"""

from dataclasses import dataclass

import numpy as np

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.staff import Staff

_NEVER = 10_000
# how a segment changes the hazard of each cause: price product service competitor relocation
_SEGMENT_RATIOS = np.array(
    [
        [0.6, 0.8, 0.8, 0.7, 1.0],
        [1.9, 0.8, 0.8, 1.2, 1.0],
        [1.0, 1.0, 1.0, 1.1, 1.3],
        [0.5, 1.5, 1.7, 1.0, 0.8],
    ]
)
_FADE_MONTHS = np.array([6, 4, 4, 10, 0])
_FADE_DEPTH = np.array([0.65, 0.50, 0.50, 0.75, 0.0])
_REGION_COMPLAINTS = np.array([0.9, 1.5, 1.4, 0.8, 1.0, 0.9, 1.1, 1.2])
_REGION_RIVALS = np.array([1.3, 0.9, 0.8, 1.2, 0.9, 1.3, 0.8, 0.9])
_OFFER_EFFECT = np.array(
    [
        # none discount upgrade service_plan, by cause
        [0.8, 1.6, 1.0, 0.9],
        [1.0, 1.0, 1.3, 1.0],
        [0.8, 0.9, 1.0, 1.8],
        [0.9, 1.3, 1.1, 1.0],
        [1.0, 1.0, 1.0, 1.0],
    ]
)


@dataclass(frozen=True)
class Lives:
    """The lives of a chunk of accounts.

    ``low``/``high``: share of each month (rows accounts, columns months) at which the account
    starts and stops being one;
    ``complaints``: their number; ``losses`` and ``contracts``: arrays by name, one entry each;
    ``hazard``: monthly total;
    ``fade``: what the months before a loss do to orders;
    ``by_cause``: the monthly hazards by cause, in worlds with `settings.Life` alone.
    """

    low: np.ndarray
    high: np.ndarray
    complaints: np.ndarray
    losses: dict
    contracts: dict
    hazard: np.ndarray
    fade: np.ndarray
    by_cause: np.ndarray | None = None


def spread_days(
    yearly: np.ndarray, lives: Lives, calendar: s.Calendar, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Accounts and days of happenings at a yearly rate, while the account is one."""
    counts = rng.poisson(yearly[:, None] / 12 * (lives.high - lives.low))
    account, month = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    low, high = lives.low[account, month], lives.high[account, month]
    return account, calendar.day(month, low + (high - low) * rng.random(len(account)))


def live(
    profile: dict, staff: Staff, calendar: s.Calendar, world: s.World, rng: np.random.Generator
) -> Lives:
    """Lives of the accounts of a chunk."""
    n, months = profile["n"], len(calendar)
    state = _State.begin(profile, calendar, rng)
    low, high = np.zeros((n, months), np.float32), np.zeros((n, months), np.float32)
    complaints = np.zeros((n, months), np.int8)
    hazard = np.zeros((n, months), np.float32)
    constant = _constant_hazards(profile, world)
    starts, desk = calendar.programme_starts()[profile["region"]], staff.desk_of(profile)
    kept = np.zeros((n, months, len(s.CAUSES)), np.float32) if world.life else None
    losses: list[dict] = []
    for month in range(months):
        state.bring_back(month, low, high, rng)
        present = state.present(month)
        low[present & (profile["onboard"] == month), month] = profile["onboard_day"][
            present & (profile["onboard"] == month)
        ]
        high[present, month] = 1
        rate = (
            0.075
            * profile["frailty"]
            * _REGION_COMPLAINTS[profile["region"]]
            * np.sqrt(profile["own_rate"])
        )
        if world.life:
            rate = rate * profile["complaint_ratio"][:, month]
        complaints[:, month] = np.minimum(rng.poisson(rate * present), 6)
        state.renew_contracts(month, present, calendar, rng)
        ratios = _changing_ratios(
            profile, state, complaints, month, starts, staff.shaken[desk, month], calendar, world
        )
        by_cause = constant * ratios * present[:, None]
        if kept is not None:
            kept[:, month] = by_cause
        total = by_cause.sum(axis=1)
        hazard[:, month] = total
        lost = np.flatnonzero((rng.random(n) < -np.expm1(-total)) & (low[:, month] == 0))
        if len(lost):
            losses.append(
                _lose(lost, by_cause[lost], month, state, starts, high, world, months, rng)
            )
    fade = profile["order_ratio"] if world.life else _fade(losses, n, months)
    return Lives(low, high, complaints, _join(losses), state.contracts(), hazard, fade, kept)


def _constant_hazards(profile: dict, world: s.World) -> np.ndarray:
    base = np.array([world.hazards[cause] for cause in s.CAUSES]) / 12
    hazards = base * _SEGMENT_RATIOS[profile["segment"]]
    hazards[:, 1] *= np.where(profile["favourite"] == 0, 1.5, 0.9)
    hazards[:, 3] *= _REGION_RIVALS[profile["region"]] * (1.6 - 1.2 * profile["share_of_wallet"])
    hazards[:, 2] *= 0.6 + 0.2 * _REGION_COMPLAINTS[profile["region"]]
    if "dealer_ratio" in profile:
        hazards[:, :4] *= profile["dealer_ratio"][:, None]
    # What trade and region add to a size moves orders alone: nobody stays longer for them.
    size = profile["own_size"]
    return hazards * np.where(size > np.quantile(size, 0.8), 0.8, 1.05)[:, None]


def _changing_ratios(
    profile: dict,
    state: "_State",
    complaints: np.ndarray,
    month: int,
    starts: np.ndarray,
    shaken: np.ndarray,
    calendar: s.Calendar,
    world: s.World,
) -> np.ndarray:
    ratios = np.ones((profile["n"], len(s.CAUSES)))
    recent = complaints[:, max(0, month - 3) : month].sum(axis=1)
    ratios[:, 2] *= 1 + world.complaint_effect * np.minimum(recent, 4)
    ratios[:, 0] *= np.where(np.abs(state.contract_end - month) <= 1, world.contract_end_ratio, 1)
    ratios[:, 0] *= 1.5 if month >= calendar.index_at(world.slump_at) else 1
    ratios[:, 2:4] *= np.where(shaken, world.departure_ratio, 1)[:, None]
    ratios[:, [0, 2, 3]] *= np.where(month >= starts, world.programme_ratio, 1)[:, None]
    if world.life:  # relocation is nobody's strain
        ratios[:, :4] *= profile["pressure"][:, month, None]
        ratios[:, 2:4] *= profile["delay_ratio"][:, month, None]
    return ratios * np.where(month - profile["onboard"] < 12, 1.3, 1)[:, None]


def _lose(
    lost: np.ndarray,
    by_cause: np.ndarray,
    month: int,
    state: "_State",
    starts: np.ndarray,
    high: np.ndarray,
    world: s.World,
    months: int,
    rng: np.random.Generator,
) -> dict:
    k = len(lost)
    chances = by_cause.cumsum(axis=1) / by_cause.sum(axis=1, keepdims=True)
    cause = (rng.random(k)[:, None] > chances).sum(axis=1).clip(0, len(s.CAUSES) - 1)
    offer = rng.choice(len(s.OFFERS), k, p=[0.45, 0.28, 0.10, 0.17])
    chance, soonest, latest = np.array([world.returns[name] for name in s.CAUSES])[cause].T
    back = rng.random(k) < chance * _OFFER_EFFECT[cause, offer]
    wait = np.floor(soonest + rng.random(k) ** 1.4 * (latest - soonest)).astype(int)
    returns = np.where(back, month + wait, _NEVER)
    day = 0.1 + 0.85 * rng.random(k)
    high[lost, month] = day
    state.away_until[lost] = returns
    return_day = rng.random(k) * 0.9
    state.return_day[lost] = return_day
    seen = returns < months
    return {
        "account": lost,
        "month": np.full(k, month),
        "day": day,
        "cause": cause,
        "offer": offer,
        "return_month": np.where(seen, returns, -1),
        "return_day": return_day,
        "in_programme": month >= starts[lost],
    }


def _fade(losses: list[dict], n: int, months: int) -> np.ndarray:
    """What is left of an account's orders in the months before it goes: less and less, by cause."""
    fade = np.ones((n, months), np.float32)
    for loss in losses:
        for back in range(_FADE_MONTHS.max() + 1):
            length = _FADE_MONTHS[loss["cause"]]
            month = loss["month"] - back
            use = (back <= length) & (length > 0) & (month >= 0)
            left = 1 - _FADE_DEPTH[loss["cause"][use]] * (1 - back / (length[use] + 1))
            fade[loss["account"][use], month[use]] = np.minimum(
                fade[loss["account"][use], month[use]], left
            )
    return fade


def _join(parts: list[dict]) -> dict:
    names = (
        "account",
        "month",
        "day",
        "cause",
        "offer",
        "return_month",
        "return_day",
        "in_programme",
    )
    return {
        name: np.concatenate([part[name] for part in parts]) if parts else np.array([], int)
        for name in names
    }


@dataclass
class _State:
    """Where each account stands in the month at hand: here or away, and which contract runs."""

    onboard: np.ndarray
    away_until: np.ndarray
    return_day: np.ndarray
    contract_end: np.ndarray
    rows: list

    @classmethod
    def begin(cls, profile: dict, calendar: s.Calendar, rng: np.random.Generator) -> "_State":
        n = profile["n"]
        state = cls(profile["onboard"], np.full(n, -1), np.zeros(n), np.full(n, _NEVER), [])
        with_contract = np.flatnonzero(rng.random(n) < 0.85)
        years = rng.integers(1, 4, len(with_contract))
        start = profile["onboard"][with_contract]
        passed = np.where(start < 0, (-start) // (12 * years), 0)
        state._sign(with_contract, start + passed * 12 * years, years)
        return state

    def _sign(self, who: np.ndarray, start: np.ndarray, years: np.ndarray) -> None:
        self.contract_end[who] = start + 12 * years
        self.rows.append((who, start, start + 12 * years))

    def present(self, month: int) -> np.ndarray:
        return (self.onboard <= month) & (self.away_until <= month)

    def bring_back(
        self, month: int, low: np.ndarray, high: np.ndarray, rng: np.random.Generator
    ) -> None:
        who = np.flatnonzero(self.away_until == month)
        low[who, month] = self.return_day[who]
        signs = who[(rng.random(len(who)) < 0.6) & (self.contract_end[who] <= month)]
        self._sign(signs, np.full(len(signs), month + 1), rng.integers(1, 3, len(signs)))

    def renew_contracts(
        self, month: int, present: np.ndarray, calendar: s.Calendar, rng: np.random.Generator
    ) -> None:
        due = np.flatnonzero((self.contract_end == month) & present)
        renewing = due[rng.random(len(due)) < 0.82]
        self._sign(renewing, np.full(len(renewing), month), rng.integers(1, 4, len(renewing)))

    def contracts(self) -> dict:
        who, start, end = (np.concatenate(part).astype(int) for part in zip(*self.rows))
        order = np.lexsort([start, who])
        who, start, end = who[order], start[order], end[order]
        same = np.append(who[1:] == who[:-1], False)
        follows = np.append(start[1:] <= end[:-1] + 1, False)
        return {"account": who, "start": start, "end": end, "renewed": same & follows}
