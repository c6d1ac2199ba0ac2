"""Exposure: how much revenue hangs on single people, what one departure would cost, who should
take over.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from kamresearch.analysis.organisation.holdings import EXECUTIVE_ROLES, Holdings
from kamresearch.analysis.organisation.serving import find_serving
from kamresearch.analysis.organisation.similarity import book_similarity
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import ParameterError
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Person, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

PUBLISHED_BAND = (0.13, 0.18)
"""Share of a book's yearly revenue lost after its representative leaves, as published (Shi and
others 2017). An assumption
here, not a measurement: who leaves is not chosen at random, so raw before-and-after means of one's
own would mislead."""


@dataclass(frozen=True)
class Exposure(Result, frame="by_manager"):
    """Revenue per manager, what each departure would cost, single-threaded accounts,
    executives' accounts.
    """

    exports = (
        "organisation.top_manager_share",
        "organisation.top_manager_loss_high",
        "organisation.effective_managers",
        "organisation.single_threaded_share",
        "organisation.single_threaded_revenue_share",
        "organisation.executive_share",
        "organisation.executive_accounts",
    )
    shows = (
        Shown("organisation.exposure"),
        Shown("organisation.exposure", "table"),
        Shown("organisation.threads", part="threads"),
        Shown("organisation.single_threaded", "single_table", part="threads"),
    )
    cautions = False

    as_of: str
    band: tuple[float, float]
    by_manager: pd.DataFrame
    """manager_id, manager_name, role, region, n_accounts, revenue, share, loss_low, loss_high
    (N−1), successor, similarity,
    load_after"""
    accounts: pd.DataFrame
    """account_id, revenue_12m, manager_id, n_contacts, single_threaded, is_executive"""
    n_contacts_known: int
    caveats: tuple[Text, ...]

    @property
    def effective_managers(self) -> float | None:
        """Managers of equal books among whom the revenue in managers' hands would be spread
        alike; None where they hold none.
        """
        revenue = self.by_manager["revenue"].astype(float)
        held = float(revenue.sum())
        return float(1 / ((revenue / held) ** 2).sum()) if held > 0 else None

    @property
    def top(self) -> pd.Series | None:
        """The manager who holds the most revenue."""
        return None if self.by_manager.empty else self.by_manager.iloc[0]

    def findings(self) -> list[Finding]:
        """The largest book, what losing it would cost, single-threaded accounts, executives'
        revenue.
        """
        return _exposure_findings(self)

    def verdict(self) -> Message:
        """Whether revenue hangs on few, in a sentence."""
        if self.effective_managers is None:
            return _("Nothing can be said of exposure: no manager holds revenue.")
        alone = int(self.accounts["single_threaded"].sum())
        return _(
            "Verdict: {n} managers share the revenue in their hands as if {effective} held "
            "equal books, and {alone} accounts would lose the only "
            "person they know with one departure.",
            n=len(self.by_manager),
            alone=alone,
            effective=Quantity(self.effective_managers, "managers"),
        )

    def table(self) -> Table:
        """N−1 of every manager."""
        return make_table(
            "organisation.exposure",
            _("What each manager holds, and what a departure would put at risk"),
            self.by_manager,
            "manager_id",
            Column("role", _("Role"), terms=ROLE_NAMES),
            "region",
            "n_accounts",
            "revenue",
            "share",
            Column("loss_low", _("At risk, lower"), "money"),
            Column("loss_high", _("At risk, upper"), "money"),
            Column("successor", _("Who should take over")),
            Column("similarity", _("Likeness of books"), "score"),
            Column("load_after", _("Successor's load after"), "share"),
            caption=_(
                "At risk is {low} to {high} of the book's revenue of the last 12 months: a "
                "band published for departures of sales "
                "representatives, an assumption here. The successor is the manager with "
                "the most alike book among those who serve the region and "
                "channel of every account in it and stay below {ceiling} of capacity; empty where "
                "there is nobody.",
                low=Quantity(self.band[0], "share"),
                high=Quantity(self.band[1], "share"),
                ceiling=Quantity(1.0, "share"),
            ),
        )

    def single_table(self) -> Table:
        """The single-threaded accounts with the most revenue."""
        chosen = self.accounts[self.accounts["single_threaded"].fillna(False)].sort_values(
            ["revenue_12m", "account_id"], ascending=[False, True]
        )
        return make_table(
            "organisation.single_threaded",
            _("Accounts that know a single person"),
            chosen,
            "account_id",
            "account_name",
            "region",
            Column("revenue_12m", _("Revenue of 12 months"), "money"),
            "manager_id",
            Column("n_contacts", _("People known"), "count"),
            rows_shown=20,
        )


ROLE_NAMES = {
    "executive_sponsor": _("executive sponsor"),
    "director": _("key account director"),
    "direct_manager": _("direct account manager"),
    "dealer_manager": _("dealer manager"),
    "policy_manager": _("policy manager"),
    "executive": _("executive"),
}


def measure_exposure(
    holdings: Holdings,
    coverage: pd.DataFrame | None = None,
    *,
    band: tuple[float, float] = PUBLISHED_BAND,
    load: pd.Series | None = None,
    asked: pd.Series | None = None,
) -> Exposure:
    """How much hangs on single people, and who should take over if one leaves?

    Parameters
    ----------
    holdings : Holdings
        Who is in charge of which account.
    coverage : DataFrame, optional
        The contract's ``coverage``. An account listed there is single-threaded when its core layer
        holds at most one
        person; of accounts not listed nothing is said. Without the table, an account is
        single-threaded when at most one
        manager is in charge.
    band : (float, float)
        Lower and upper share of a book's yearly revenue that a departure puts at risk.
    load : Series, optional
        Share of capacity used, by manager_id: who takes over must have room.
    asked : Series, optional
        Hours that the accounts of each ask for, by manager_id: of an executive, whose own hours are
        not for accounts, no load tells them.

    Returns
    -------
    Exposure
    """
    low, high = band
    if not 0 <= low <= high <= 1:
        raise ParameterError(
            "organisation, band",
            "two shares from 0 to 1, the smaller first",
            f"{band!r}",
            "write for example 0.13 and 0.18",
        )
    total = holdings.revenue
    holders = holdings.managers[holdings.managers["n_accounts"] > 0].copy()
    holders["share"] = holders["revenue"] / total if total > 0 else np.nan
    holders["loss_low"], holders["loss_high"] = low * holders["revenue"], high * holders["revenue"]
    holders = holders.sort_values(
        ["revenue", "manager_id"], ascending=[False, True], kind="stable"
    ).reset_index(drop=True)
    holders = holders.join(_find_successors(holdings, holders, load, asked))
    contacts, known = _count_contacts(holdings.accounts, coverage)
    single = contacts.le(1).astype("boolean").where(contacts.notna())
    accounts = holdings.accounts.assign(n_contacts=contacts, single_threaded=single)
    return Exposure(
        holdings.as_of, band, holders, accounts, known, _caveats(holdings, holders, accounts, known)
    )


def _count_contacts(accounts: pd.DataFrame, coverage: pd.DataFrame | None) -> tuple[pd.Series, int]:
    """People that each account knows (NA where not recorded), and for how many accounts the
    team's table tells it.
    """
    if coverage is None or coverage.empty:
        return accounts["n_managers"].astype("Int64"), 0
    core = coverage[coverage["layer"] == "core"]
    persons = (
        core[core["person_id"].notna()].groupby("account_id", observed=True)["person_id"].nunique()
    )
    listed = accounts["account_id"].isin(core["account_id"])
    return accounts["account_id"].map(persons).fillna(0).astype("Int64").where(listed), int(
        listed.sum()
    )


def _find_successors(
    holdings: Holdings,
    holders: pd.DataFrame,
    load: pd.Series | None,
    asked: pd.Series | None = None,
) -> pd.DataFrame:
    """For each manager the colleague with the most alike book who serves the region and channel of
    every account in it and keeps within capacity; nobody where there is none.
    """
    ids = holders["manager_id"].to_numpy(dtype=object)
    able = np.flatnonzero(
        (~holders["role"].isin(EXECUTIVE_ROLES) & holders["in_role"].astype(bool)).to_numpy()
    )
    if not len(able):
        return pd.DataFrame(
            {"successor": None, "similarity": np.nan, "load_after": np.nan}, index=holders.index
        )
    likeness = book_similarity(holdings.accounts, ids.tolist()).to_numpy()[:, able]
    capacity = holders["capacity_hours"].to_numpy(dtype="float64", na_value=np.nan)
    used = (
        np.full(len(ids), np.nan)
        if load is None
        else load.reindex(ids).to_numpy(dtype="float64", na_value=np.nan)
    )
    hours = used * capacity
    if asked is not None and load is not None:
        told = asked.reindex(ids).to_numpy(dtype="float64", na_value=np.nan)
        hours = np.where(np.isnan(hours), told, hours)
    with np.errstate(divide="ignore", invalid="ignore"):
        after = used[able] + hours[:, None] / capacity[able]
    # Nobody takes over from oneself; where no load is known, room is no criterion.
    other = able != np.arange(len(ids))[:, None]
    after[~other] = np.nan
    serving = find_serving(holdings.accounts, holders.iloc[able])
    holder = pd.Index(ids).get_indexer(holdings.accounts["manager_id"].to_numpy(object))
    book = np.zeros((len(ids), len(serving.fits)))  # in which places each has accounts
    book[holder[holder >= 0], serving.place[holder >= 0]] = 1
    whole = book @ (~serving.fits).astype(float) == 0
    fits = other & whole & ((after <= 1.0) | np.isnan(after).all(axis=1, keepdims=True))
    best = np.where(fits, likeness, -1.0).argmax(axis=1)
    rows, found = np.arange(len(ids)), fits.any(axis=1)
    return pd.DataFrame(
        {
            "successor": np.where(found, ids[able[best]], None),
            "similarity": np.where(found, likeness[rows, best], np.nan),
            "load_after": np.where(found, after[rows, best], np.nan),
        },
        index=holders.index,
    )


def _caveats(
    holdings: Holdings, holders: pd.DataFrame, accounts: pd.DataFrame, known: int
) -> tuple[Text, ...]:
    caveats: list[Text] = [
        _(
            "The band for a departure is published, not measured here. Managers do not "
            "leave at random, so comparing accounts of managers who "
            "left with those of managers who stayed would not show what a departure does; "
            "a new manager can even help."
        )
    ]
    if known == 0:
        caveats.append(
            _(
                "Without a table of team roles, an account counts as single-threaded when "
                "one manager alone is in charge."
            )
        )
    elif known < len(accounts):
        caveats.append(
            _(
                "Team roles are recorded for {known} of {n} accounts; whether the others "
                "know a single person cannot be told.",
                known=known,
                n=len(accounts),
            )
        )
    nobody = int(accounts["manager_id"].isna().sum())
    if nobody:
        caveats.append(_("{n} accounts have no manager in charge on the day.", n=nobody))
    if len(holders) and float(holders["revenue"].sum()) == 0:
        caveats.append(_("No revenue in the last 12 months: shares cannot be told."))
    return tuple(caveats)


def _exposure_findings(result: Exposure) -> list[Finding]:
    from statsmodels.stats.proportion import proportion_confint

    accounts, top, total = result.accounts, result.top, float(result.accounts["revenue_12m"].sum())
    known = accounts[accounts["single_threaded"].notna()]
    n, single, executive = (
        len(accounts),
        int(known["single_threaded"].sum()),
        int(accounts["is_executive"].sum()),
    )
    none = _("No manager is in charge of an account, or there is no revenue in the last 12 months.")
    told = top is not None and total > 0
    shared = {"n": n, "period": None, "good": "down", "reason": none}
    threads = {**shared, "n": len(known), "reason": _("No account's team is recorded.")}
    wilson = (
        Interval(*map(float, proportion_confint(single, len(known), method="wilson")))
        if len(known)
        else None
    )
    known_revenue = float(known["revenue_12m"].sum())
    revenue_single = float(known.loc[known["single_threaded"].astype(bool), "revenue_12m"].sum())
    return [
        Finding(
            "organisation.top_manager_share",
            float(cast(pd.Series, top)["share"]) if told else None,
            "net_share",
            _("Revenue in the hands of one manager"),
            _(
                "Revenue of the last 12 months of the accounts of the manager who holds most, over "
                "that of all accounts that are with the company."
            ),
            figure="organisation.exposure",
            headline=True,
            sentence=_top_sentence(result) if told else None,
            **shared,
        ),
        Finding(
            "organisation.top_manager_loss_high",
            float(cast(pd.Series, top)["loss_high"]) if told else None,
            "money",
            _("Most that the largest book's departure would put at risk"),
            _("Upper end of the band times the largest book's revenue of 12 months."),
            figure="organisation.exposure",
            **shared,
        ),
        Finding(
            "organisation.effective_managers",
            result.effective_managers,
            "managers",
            _("Managers among whom revenue is effectively spread"),
            _(
                "One over the sum of managers' squared shares of the revenue of 12 months "
                "that managers hold; accounts without a manager stay out."
            ),
            figure="organisation.exposure",
            **{
                **shared,
                "good": "up",
                "reason": _("No manager holds revenue of the last 12 months."),
            },
        ),
        Finding(
            "organisation.single_threaded_share",
            single / len(known) if len(known) else None,
            "share",
            _("Accounts that know a single person"),
            _(
                "Accounts whose core team holds at most one person, over accounts whose "
                "team is recorded; without a table of teams, accounts "
                "with at most one manager in charge, over all. Wilson interval."
            ),
            interval=wilson,
            figure="organisation.threads",
            headline=True,
            sentence=_(
                "{single} of {n} accounts know a single person of the company.",
                single=single,
                n=len(known),
            )
            if len(known)
            else None,
            **threads,
        ),
        Finding(
            "organisation.single_threaded_revenue_share",
            revenue_single / known_revenue if known_revenue > 0 else None,
            "net_share",
            _("Revenue of accounts that know a single person"),
            _(
                "Revenue of 12 months of single-threaded accounts, over that of the "
                "accounts of which it can be told."
            ),
            figure="organisation.threads",
            **threads,
        ),
        Finding(
            "organisation.executive_share",
            float(accounts.loc[accounts["is_executive"], "revenue_12m"].sum()) / total
            if total > 0
            else None,
            "net_share",
            _("Revenue of accounts that executives hold in person"),
            _(
                "Revenue of 12 months of accounts whose manager in charge is an "
                "executive, the sponsor or the director, over that of all."
            ),
            figure="organisation.exposure",
            **shared,
        ),
        Finding(
            "organisation.executive_accounts",
            executive,
            "accounts",
            _("Accounts that executives hold in person"),
            _("Accounts whose manager in charge is an executive, the sponsor or the director."),
            figure="organisation.exposure",
            **shared,
        ),
    ]


def _top_sentence(result: Exposure) -> Message:
    top = cast(pd.Series, result.top)
    return _(
        "{manager} holds {share} of the revenue; if this manager left, a published rule of "
        "thumb puts {low} to {high} of yearly revenue at risk.",
        manager=Person(top["manager_id"]),
        share=Quantity(float(top["share"]), "share"),
        low=Quantity(float(top["loss_low"]), "money"),
        high=Quantity(float(top["loss_high"]), "money"),
    )
