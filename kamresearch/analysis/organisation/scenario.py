"""One more manager: where would it help, with how much, at what cost?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.organisation.holdings import EXECUTIVE_ROLES, Holdings
from kamresearch.analysis.organisation.serving import can_serve
from kamresearch.analysis.organisation.workload import HOURS, USUAL_CAPACITY
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

COLUMNS = ["region", "channel", "n_accounts", "load", "load_after", "n_afar", "afar_after"]
COLUMNS += ["n_without", "without_after", "revenue_without", "revenue_after"]
COLUMNS += ["risk_less_low", "risk_less_high", "cost"]


@dataclass(frozen=True)
class OneMore(Result):
    """A row for each place (region and channel): how it stands, and with one manager more.

    Parameters
    ----------
    frame : DataFrame
        region, channel, n_accounts, load (hours that its accounts ask for over those of the
        managers who can serve it; missing where nobody can), load_after, n_afar (accounts in the
        hands of a manager of another region), afar_after, n_without (accounts without hours),
        without_after, revenue_without and revenue_after (of these, of 12 months), risk_less_low and
        risk_less_high (by how much less is at risk), cost (missing where not given); the most
        revenue gained first.
    n_without : int
        Accounts without hours in all, those without a region or channel too.
    capacity : float
        Hours a month of the manager added.
    """

    exports = ("organisation.accounts_without_hours",)
    shows = (Shown("organisation.one_more", "table"),)
    cautions = False

    frame: pd.DataFrame
    n_accounts: int
    n_without: int
    capacity: float
    band: tuple[float, float]
    caveats: tuple[Text, ...]

    def findings(self) -> list[Finding]:
        """Accounts without hours now, and where one manager more would take the most of them."""
        return [
            Finding(
                "organisation.accounts_without_hours",
                self.n_without if self.n_accounts else None,
                "accounts",
                _("Accounts for which nobody fit has hours"),
                _(
                    "Accounts with nobody in charge who serves their region and channel, and those "
                    "beyond the hours of an overloaded manager, the least revenue per hour first."
                ),
                n=self.n_accounts,
                good="down",
                reason=_("No account is with the company."),
                sentence=self.verdict() if self.n_accounts else None,
            )
        ]

    def verdict(self) -> Message:
        """Where one manager more would help most, or that none would."""
        without = Quantity(self.n_without, "accounts")
        if self.frame.empty or self.frame["n_without"].eq(self.frame["without_after"]).all():
            return _(
                "{n} accounts have nobody fit with hours for them; one manager more in any one "
                "place would not change that.",
                n=without,
            )
        best = self.frame.iloc[0]
        return _(
            "{n} accounts have nobody fit with hours for them; one manager more helps most in "
            "{region}, {channel}: {taken} accounts with {revenue} of yearly revenue, {low} to "
            "{high} less at risk.",
            n=without,
            region=str(best["region"]),
            channel=str(best["channel"]),
            taken=Quantity(int(best["n_without"] - best["without_after"]), "accounts"),
            revenue=Quantity(float(best["revenue_without"] - best["revenue_after"]), "money"),
            low=Quantity(float(best["risk_less_low"]), "money"),
            high=Quantity(float(best["risk_less_high"]), "money"),
        )

    def table(self) -> Table:
        """Place by place, now and with one manager more."""
        return make_table(
            "organisation.one_more",
            _("One more manager: where would it help?"),
            self.frame,
            "region",
            "channel",
            "n_accounts",
            Column("load", _("Load"), "share"),
            Column("load_after", _("Load with one more"), "share"),
            Column("n_afar", _("Served from another region"), "accounts"),
            Column("afar_after", _("With one more"), "accounts"),
            Column("n_without", _("Without hours"), "accounts"),
            Column("without_after", _("With one more"), "accounts"),
            Column("revenue_without", _("Revenue without hours"), "money"),
            Column("revenue_after", _("With one more"), "money"),
            Column("risk_less_low", _("Less at risk, lower"), "money"),
            Column("risk_less_high", _("Less at risk, upper"), "money"),
            Column("cost", _("Cost a year"), "money"),
            caption=_(
                "The newcomer has {hours} a month and takes the accounts without hours, the most "
                "revenue per hour first, then those served from another region. At risk is "
                "{low} to {high} of their revenue, as for a departure: an assumption.",
                hours=Quantity(self.capacity, "hours"),
                low=Quantity(self.band[0], "share"),
                high=Quantity(self.band[1], "share"),
            ),
        )


def add_manager(
    holdings: Holdings,
    tiers: pd.Series,
    hours: dict[str, float] | None = None,
    *,
    band: tuple[float, float],
    cost: float | None = None,
) -> OneMore:
    """What would one more manager change in each region and channel?

    Parameters
    ----------
    holdings : Holdings
        Who is in charge of which account.
    tiers : Series
        A, B or C by account_id; accounts without one count as C.
    hours : dict, optional
        Hours a month by tier.
    band : (float, float)
        Shares of the revenue of accounts without hours that are at risk.
    cost : float, optional
        Of a manager a year; else the median of the team's own `yearly_cost`, where known.

    Returns
    -------
    OneMore
        The newcomer has the team's median capacity. Distances are not known: travel is told as the
        accounts that a manager of another region looks after.
    """
    accounts, team = _prepare(holdings, tiers, {**HOURS, **(hours or {})})
    serves = can_serve(accounts, team)
    capacity = float(team["capacity"].median()) if len(team) else USUAL_CAPACITY
    without = _find_without(accounts, team, serves)
    place = pd.Index(team["manager_id"]).get_indexer(accounts["manager_id"].fillna(""))
    home = team["region"].to_numpy(object)[place.clip(0)] if len(team) else None
    afar = (place >= 0) & pd.notna(home) & (home != accounts["region"].to_numpy(object))
    accounts = accounts.assign(without=without, afar=afar if len(team) else False)
    rows = [
        _try_place(region, channel, part, team, serves[part.index], capacity)
        for (region, channel), part in accounts.groupby(["region", "channel"], observed=True)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    gained = frame["revenue_without"] - frame["revenue_after"]
    frame["risk_less_low"], frame["risk_less_high"] = band[0] * gained, band[1] * gained
    if cost is None and team["yearly_cost"].notna().any():
        cost = float(team["yearly_cost"].median())
    frame["cost"] = np.nan if cost is None else cost
    order = np.lexsort([frame["channel"].astype(str), frame["region"].astype(str), -gained])
    caveats = (
        (
            _(
                "What one more manager costs is not given: set the parameter manager_cost, or give "
                "the table managers the column yearly_cost."
            ),
        )
        if cost is None
        else ()
    )
    return OneMore(
        frame.iloc[order].reset_index(drop=True),
        len(accounts),
        int(without.sum()),
        capacity,
        band,
        caveats,
    )


def _prepare(
    holdings: Holdings, tiers: pd.Series, hours: dict[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts with the hours that they ask for; managers in role with those that they have."""
    accounts = holdings.accounts.reset_index(drop=True)
    tier = accounts["account_id"].map(tiers.astype(str).str[0].str.upper())
    accounts["hours"] = tier.map(hours).fillna(hours["C"]).astype(float)
    team = holdings.managers
    here = team["in_role"].astype(bool) & ~team["role"].isin((*EXECUTIVE_ROLES, "policy_manager"))
    team = team[here].reset_index(drop=True)
    usual = USUAL_CAPACITY * team["share_here"].astype(float)
    team["capacity"] = team["capacity_hours"].astype("float64").fillna(usual)
    return accounts, team


def _find_without(accounts: pd.DataFrame, team: pd.DataFrame, serves: np.ndarray) -> np.ndarray:
    """Accounts whose manager does not serve them, is gone or nobody, or has no hours left when the
    most revenue per hour goes first.
    """
    place = pd.Index(team["manager_id"]).get_indexer(accounts["manager_id"].fillna(""))
    fit = place >= 0
    fit[fit] = serves[np.flatnonzero(fit), place[fit]]
    per_hour = accounts["revenue_12m"].fillna(0.0) / accounts["hours"].clip(lower=1e-9)
    order = np.lexsort([accounts["account_id"].astype(str), -per_hour])
    order = order[fit[order]]
    used = accounts["hours"].iloc[order].groupby(place[order], sort=False).cumsum().to_numpy()
    late = used > team["capacity"].to_numpy(float)[place[order]] + 1e-9
    without = ~fit
    without[order[late]] = True
    return without


def _try_place(
    region: str,
    channel: str,
    part: pd.DataFrame,
    team: pd.DataFrame,
    serves: np.ndarray,
    capacity: float,
) -> dict:
    able = serves[0] if len(serves) else np.zeros(len(team), dtype=bool)
    there, asked = float(team.loc[able, "capacity"].sum()), float(part["hours"].sum())
    waiting = part[part["without"] | part["afar"]]
    per_hour = waiting["revenue_12m"].fillna(0.0) / waiting["hours"].clip(lower=1e-9)
    order = np.lexsort(
        [waiting["account_id"].astype(str), -per_hour, ~waiting["without"].astype(bool)]
    )
    waiting = waiting.iloc[order]
    taken = waiting[waiting["hours"].cumsum() <= capacity + 1e-9]
    lacking, eased = part["without"], taken["without"].astype(bool)
    revenue = part["revenue_12m"].fillna(0.0)
    without = float(revenue[lacking].sum())
    return {
        "region": region,
        "channel": channel,
        "n_accounts": len(part),
        "load": asked / there if there > 0 else np.nan,
        "load_after": asked / (there + capacity) if there + capacity > 0 else np.nan,
        "n_afar": int(part["afar"].sum()),
        "afar_after": int(part["afar"].sum() - taken["afar"].sum()),
        "n_without": int(lacking.sum()),
        "without_after": int(lacking.sum() - eased.sum()),
        "revenue_without": without,
        "revenue_after": without - float(revenue[taken.index[eased]].sum()),
    }
