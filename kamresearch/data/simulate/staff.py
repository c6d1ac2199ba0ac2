"""Managers: one direct and one dealer manager per region (more where there are many accounts),
those above, and who left when.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s

ACCOUNTS_PER_MANAGER = 60
_SPELLS = 8
COST_A_YEAR = {
    "executive_sponsor": 900_000,
    "executive": 900_000,
    "director": 600_000,
    "policy_manager": 320_000,
    "direct_manager": 280_000,
    "dealer_manager": 220_000,
}
"""Pay, charges and travel by role: assumed, so that one more manager can be held against what he
is to keep.
"""


@dataclass(frozen=True)
class Staff:
    """The managers' table, and for each desk (a manager's set of accounts) who sits there when.

    ``spell_manager``, ``spell_from``, ``spell_to`` have a row per desk and a column per spell (-1
    and NaT where none);
    ``shaken`` says, per desk and month, whether its manager left in the last six months.
    """

    table: pd.DataFrame
    departures: pd.DataFrame
    cells: int
    spell_manager: np.ndarray
    spell_from: np.ndarray
    spell_to: np.ndarray
    shaken: np.ndarray

    @property
    def executive_desks(self) -> np.ndarray:
        """Numbers of the desks of executives who hold accounts themselves."""
        first = len(s.REGIONS) * len(s.CHANNELS) * self.cells
        return np.arange(first, len(self.spell_manager))

    def desk_of(self, profile: dict) -> np.ndarray:
        """Desk that serves each account."""
        cell = (profile["cell"] * self.cells).astype(int)
        desk = (profile["region"] * len(s.CHANNELS) + profile["channel"]) * self.cells + cell
        executives = self.executive_desks
        chosen = executives[(profile["cell"] * len(executives)).astype(int)]
        return np.where(profile["executive"], chosen, desk)


def make_staff(accounts: int, calendar: s.Calendar, rng: np.random.Generator) -> Staff:
    """Managers, their spells and departures (about one desk in six loses its manager each year)."""
    cells = max(1, round(accounts / (len(s.REGIONS) * len(s.CHANNELS) * ACCOUNTS_PER_MANAGER)))
    desks = [
        (region, channel, f"{channel}_manager")
        for region in s.REGIONS
        for channel in s.CHANNELS
        for _ in range(cells)
    ]
    desks += [(None, None, "executive")] * (3 * cells)
    heads = [
        (None, None, "executive_sponsor"),
        (None, None, "director"),
        (None, None, "policy_manager"),
    ]
    months = len(calendar)
    rows = [
        _row(number, *head, calendar.months[0] - 365, None, 120)
        for number, head in enumerate(heads, start=1)
    ]
    manager = np.full((len(desks), _SPELLS), -1)
    begin = np.full((len(desks), _SPELLS), np.datetime64("NaT"), dtype="datetime64[D]")
    finish = begin.copy()
    shaken, departures = np.zeros((len(desks), months), dtype=bool), []
    for desk, (region, channel, role) in enumerate(desks):
        month, start = 0, calendar.months[0] - int(rng.integers(30, 1500))
        for spell in range(_SPELLS):
            stay = int(rng.geometric(0.16 / 12))
            leaves = role != "executive" and month + stay < months and spell < _SPELLS - 1
            end = calendar.day(np.array(month + stay), rng.random()) if leaves else None
            number = len(rows) + 1
            rows.append(
                _row(
                    number, region, channel, role, start, end, int(rng.choice([120, 130, 140, 150]))
                )
            )
            manager[desk, spell], begin[desk, spell] = number, start
            if end is None:
                break
            finish[desk, spell] = end
            departures.append((_manager_id(number), end))
            shaken[desk, month + stay + 1 : month + stay + 7] = True
            gap = int(rng.integers(0, 75))
            month, start = month + stay + 1 + gap // 31, end + 1 + gap
            if start > calendar.end:
                break
    table = pd.DataFrame(rows)
    return Staff(
        table,
        pd.DataFrame(departures, columns=["manager_id", "departure_date"]),
        cells,
        manager,
        begin,
        finish,
        shaken,
    )


def make_assignments(
    profile: dict, staff: Staff, onboard_date: np.ndarray, last_day: np.ndarray
) -> pd.DataFrame:
    """Spells of managers with accounts, cut to the days on which the account was one (last_day
    NaT: still is).
    """
    desk = staff.desk_of(profile)
    parts = []
    for spell in range(_SPELLS):
        number, begin, end = (
            part[desk, spell] for part in (staff.spell_manager, staff.spell_from, staff.spell_to)
        )
        begin = np.maximum(begin, onboard_date)
        end = np.fmin(end, last_day)
        keep = (number >= 0) & ~(begin > np.where(np.isnat(end), np.datetime64("2999-01-01"), end))
        parts.append(
            pd.DataFrame(
                {
                    "account": np.flatnonzero(keep),
                    "manager": number[keep],
                    "from": begin[keep],
                    "to": end[keep],
                }
            )
        )
    return pd.concat(parts).sort_values(["account", "from"], kind="stable", ignore_index=True)


def _manager_id(number: int) -> str:
    return f"M{number:04d}"


def _row(
    number: int,
    region: str | None,
    channel: str | None,
    role: str,
    start: Any,
    end: Any,
    hours: int,
) -> dict:
    return {
        "manager_id": _manager_id(number),
        "manager_name": f"Manager {number:02d}",
        "region": region,
        "channel": channel,
        "role": role,
        "capacity_hours": hours,
        "yearly_cost": COST_A_YEAR[role],
        "start_date": start,
        "end_date": end,
    }
