"""Units × quarters of a staggered programme: losses, days at risk, who is treated, and draws
of the accounts behind them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.targets.panel import loss_panel


@dataclass(frozen=True)
class Cells:
    """Units × quarters: losses, days at risk, who is treated; and the accounts behind them for
    drawing.
    """

    units: list
    periods: pd.DatetimeIndex
    lost: np.ndarray
    days: np.ndarray
    starts: np.ndarray
    per_account: pd.DataFrame
    n_accounts: int

    @property
    def treated(self) -> np.ndarray:
        """Whether the programme runs in a cell."""
        return np.arange(len(self.periods))[None, :] >= self.starts[:, None]

    @property
    def treated_units(self) -> np.ndarray:
        """Units that the programme reaches within the span, after at least one quarter without
        it.
        """
        return np.flatnonzero((self.starts < len(self.periods)) & (self.starts > 0))

    @property
    def n_never(self) -> int:
        """Units never reached."""
        return int((self.starts >= len(self.periods)).sum())

    def early(self, quarters: int) -> tuple[np.ndarray, np.ndarray]:
        """A programme that starts so many quarters early, and the cells before the real one."""
        places = np.arange(len(self.periods))[None, :]
        reached = (self.starts < len(self.periods))[:, None]
        return reached & (places >= self.starts[:, None] - quarters), places < self.starts[:, None]


def make_cells(
    accounts: pd.DataFrame,
    churn_events: pd.DataFrame,
    programme: pd.DataFrame,
    as_of: str,
    unit: str,
    causes: tuple[str, ...],
) -> Cells | None:
    """Losses and days at risk per unit and quarter up to a day; None where no account of a
    unit has a whole quarter.
    """
    known = accounts[accounts[unit].notna()]
    panel = loss_panel(known, churn_events, as_of, causes=causes)
    if panel.empty:
        return None
    panel["unit"] = panel["account_id"].map(known.set_index("account_id")[unit])
    units, periods = (
        sorted(panel["unit"].unique()),
        pd.DatetimeIndex(sorted(panel["period"].unique())),
    )
    panel["row"], panel["column"] = (
        panel["unit"].map({name: place for place, name in enumerate(units)}),
        periods.get_indexer(panel["period"]),
    )
    shape = (len(units), len(periods))
    lost, days = np.zeros(shape), np.zeros(shape)
    np.add.at(lost, (panel["row"], panel["column"]), panel["lost"])
    np.add.at(days, (panel["row"], panel["column"]), panel["days"])
    return Cells(
        units,
        periods,
        lost,
        days,
        _find_starts(known, programme, unit, units, periods, as_of),
        panel,
        panel["account_id"].nunique(),
    )


def _find_starts(
    accounts: pd.DataFrame,
    programme: pd.DataFrame,
    unit: str,
    units: list,
    periods: pd.DatetimeIndex,
    as_of: str,
) -> np.ndarray:
    """First quarter that begins on or after each unit's start (the quarter of the start itself
    is half and half: left to before).
    """
    rows = programme.merge(
        accounts[["account_id", unit]], on="account_id", how="inner", validate="m:1"
    )
    rows["start_date"] = pd.to_datetime(rows["start_date"])
    rows = rows[rows["start_date"] <= pd.Timestamp(as_of)]
    median = rows.groupby(unit, observed=True)["start_date"].median()
    reached = (
        rows.groupby(unit, observed=True)["account_id"].nunique()
        / accounts.groupby(unit, observed=True)["account_id"].nunique()
    )
    starts = [median.get(name) if reached.get(name, 0) >= 0.5 else None for name in units]
    return np.array(
        [
            len(periods)
            if start is None
            else int(np.searchsorted(periods.to_numpy(), np.datetime64(start)))
            for start in starts
        ]
    )


def draw_cells(
    cells: Cells, resamples: int, generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Losses and days at risk of accounts drawn with replacement within their units, whole
    lives at a time.
    """
    panel = cells.per_account
    codes, names = pd.factorize(panel["account_id"])
    unit_of = np.zeros(len(names), dtype=int)
    unit_of[codes] = panel["row"].to_numpy()
    members = [np.flatnonzero(unit_of == unit) for unit in range(len(cells.units))]
    place = panel["row"].to_numpy() * len(cells.periods) + panel["column"].to_numpy()
    lost, days = panel["lost"].to_numpy(dtype=float), panel["days"].to_numpy(dtype=float)
    size, shape = cells.lost.size, cells.lost.shape
    for _draw in range(resamples):
        weight = np.zeros(len(names))
        for group in members:
            weight[group] = np.bincount(
                generator.integers(0, len(group), len(group)), minlength=len(group)
            )
        times = weight[codes]
        yield (
            np.bincount(place, lost * times, size).reshape(shape),
            np.bincount(place, days * times, size).reshape(shape),
        )
