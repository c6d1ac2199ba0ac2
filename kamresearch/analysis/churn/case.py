"""A company's data → everything the churn study starts from, strictly as of a day."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch import rich
from kamresearch.analysis.churn.losses import (
    Losses,
    clean_losses,
    losses_from_contracts,
    losses_from_silence,
)
from kamresearch.analysis.churn.panel import (
    FEATURES,
    Panel,
    build_panel,
    choose_cutoffs,
    describe_accounts,
)
from kamresearch.errors import AnalysisError

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

DEFINITIONS = ("auto", "recorded", "contract", "silence")


@dataclass(frozen=True)
class Case:
    """Accounts, losses and months of a company as of a day.

    Parameters
    ----------
    accounts : DataFrame
        account_id, account_name, region, industry, channel, first_seen, … : the snapshot, one row
        an account.
    present : DataFrame
        Those of them that are there as of the day: not away and, where silence tells, with an
        order.
    losses : Losses
        Under the chosen definition.
    alternatives : dict
        Name → losses under other definitions, for the sensitivity.
    months : DataFrame
        account_id, month, n_orders, revenue, units.
    observed_from : Timestamp
        First month with an order of anybody.
    snapshot_at : callable
        ISO day → account_id and what a model may use of the snapshot (`panel.FEATURES`).
    """

    as_of: str
    accounts: pd.DataFrame
    present: pd.DataFrame
    losses: Losses
    months: pd.DataFrame
    observed_from: pd.Timestamp
    snapshot_at: Callable[[str], pd.DataFrame]
    alternatives: dict[str, Losses] = field(default_factory=dict)

    def _about(self) -> list[tuple[str, str]]:
        return [
            ("as of", self.as_of),
            ("observed from", str(self.observed_from.date())),
            ("accounts", f"{len(self.accounts):,}"),
            ("present", f"{len(self.present):,}"),
            ("losses", f"{len(self.losses.frame):,} ({self.losses.kind})"),
            ("other definitions", ", ".join(self.alternatives) or "none"),
        ]

    def __repr__(self) -> str:
        return rich.facts_line("Case", self._about())

    def _repr_html_(self) -> str:
        return rich.facts("Case", self._about())

    @property
    def first_seen(self) -> pd.Series:
        """account_id → first day as an account."""
        return self.accounts.set_index("account_id")["first_seen"]

    @property
    def typical_value(self) -> float | None:
        """Median yearly profit (revenue, where no cost is known) of the accounts present that
        bought within the year.
        """
        for name in ("profit_12m", "revenue_12m"):
            values = pd.to_numeric(self.present[name], errors="coerce").astype(float)
            values = values[values > 0]
            if len(values):
                return float(values.median())
        return None

    def panel(self, window_days: int = 365, gap_days: int = 0, step_months: int = 6) -> Panel:
        """Accounts at rolling cut-offs whose windows have ended.

        Raises
        ------
        AnalysisError
            The history is too short for a single cut-off.
        """
        cutoffs = choose_cutoffs(
            self.as_of, self.observed_from, window_days, gap_days, step_months=step_months
        )
        return build_panel(
            self.snapshot_at, self.losses, cutoffs, window_days, gap_days, self.months
        )

    def now(self) -> pd.DataFrame:
        """Features of the accounts present as of the day: account_id and features."""
        return describe_accounts(self.accounts, self.losses, pd.Timestamp(self.as_of), self.months)


def open_case(
    tables: "Tables", as_of: str, *, definition: str = "auto", silence_factor: float = 3.0
) -> Case:
    """Gather what the churn study needs from a company's tables.

    Parameters
    ----------
    tables : Tables
        As `kamresearch.open_data` gives them; ``churn_events`` and ``contracts`` are used where
        they are there.
    as_of : str
        Nothing later is seen.
    definition : {"auto", "recorded", "contract", "silence"}
        What a loss is; ``auto`` takes recorded losses where there are any, else silence.
    silence_factor : float
        For silence: how many of its own gaps an account may be silent.

    Raises
    ------
    AnalysisError
        No account is known by the day, or the definition needs a table that is missing.
    """
    from kamresearch.features.months import account_months
    from kamresearch.features.snapshot import account_snapshot

    if definition not in DEFINITIONS:
        raise AnalysisError(
            "churn definition",
            f"one of {', '.join(DEFINITIONS)}",
            repr(definition),
            "choose one of them",
        )

    # Of days long past the features alone are kept: whole snapshots of a big company would not fit.
    @lru_cache(maxsize=32)
    def snapshot_at(day: str) -> pd.DataFrame:
        return account_snapshot(tables, as_of=day)[["account_id", *FEATURES]]

    snapshot = account_snapshot(tables, as_of=as_of)
    if snapshot.empty:
        raise AnalysisError(
            "churn", f"accounts known by {as_of}", "none", "choose a later day or check the slice"
        )
    months = account_months(tables, as_of=as_of)
    months = months.assign(month=pd.to_datetime(months["month"]))
    day = pd.Timestamp(as_of)
    first_seen = day - pd.to_timedelta(
        pd.to_numeric(snapshot["tenure_days"], errors="coerce").astype(float), unit="D"
    )
    accounts = snapshot.assign(first_seen=first_seen)
    alternatives = _all_definitions(
        tables, accounts.set_index("account_id")["first_seen"], months, as_of
    )
    chosen = _choose(definition, alternatives, months, as_of, silence_factor)
    # Whom silence alone describes, and who never ordered, was never there to be lost.
    present = accounts[chosen.here_at(pd.Index(accounts["account_id"]), day)].reset_index(drop=True)
    started = months.loc[months["n_orders"] > 0, "month"]
    observed = started.min() if len(started) else day
    return Case(as_of, accounts, present, chosen, months, observed, snapshot_at, alternatives)


def _all_definitions(
    tables: "Tables", first_seen: pd.Series, months: pd.DataFrame, as_of: str
) -> dict[str, Losses]:
    found: dict[str, Losses] = {}
    if tables.has("churn_events"):
        found["recorded"] = clean_losses(tables.frame("churn_events"), first_seen, as_of)
    if tables.has("contracts"):
        contracts = tables.frame("contracts")
        found["contract"] = losses_from_contracts(
            contracts[contracts["account_id"].isin(first_seen.index)], as_of
        )
    for factor in (2, 3, 4, 6):
        found[f"silence {factor}"] = losses_from_silence(months, as_of, float(factor))
    return found


def _choose(
    definition: str, known: dict[str, Losses], months: pd.DataFrame, as_of: str, factor: float
) -> Losses:
    if definition == "auto":
        definition = "recorded" if "recorded" in known else "silence"
    if definition == "silence":
        return losses_from_silence(months, as_of, factor)
    if definition not in known:
        table = {"recorded": "churn_events", "contract": "contracts"}[definition]
        raise AnalysisError(
            "churn definition",
            f"the table {table}",
            "no such table",
            "choose 'silence', or add the table",
        )
    return known[definition]
