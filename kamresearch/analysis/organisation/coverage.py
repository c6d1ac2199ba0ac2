"""Coverage: the roles that should exist, and per account the three layers and five functions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.display import Column, Table, join_terms, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LAYERS = {"core": _("core"), "support": _("support"), "periphery": _("periphery")}
FUNCTIONS = {
    "research": _("Research and development"),
    "sales": _("Sales"),
    "finance": _("Finance"),
    "marketing": _("Marketing"),
    "after_sales": _("After-sales"),
}
SEATS = {
    "executive_sponsor": _("executive sponsor"),
    "director": _("key account director"),
    "policy_manager": _("policy manager"),
    "direct_manager": _("direct account manager"),
    "dealer_manager": _("dealer manager"),
}
SEAT_STATES = {"filled": _("filled"), "vacant": _("vacant"), "doubled": _("held by several")}


@dataclass(frozen=True)
class Structure(Result, frame="seats"):
    """The structure asked for against the one that is there."""

    exports = ("organisation.seats_filled_share",)
    shows = (Shown("organisation.structure"),)
    cautions = False

    seats: pd.DataFrame
    """role, region (None for national roles), n_present, manager_ids, status, span (accounts that
    the holders keep, and where the managers' table says who reports to whom, people whom they
    lead), load (of their hours), grades
    """
    n_extra: int
    caveats: tuple[Text, ...] = ()

    def findings(self) -> list[Finding]:
        """Seats filled out of those asked for."""
        filled, n = int((self.seats["n_present"] > 0).sum()), len(self.seats)
        return [
            Finding(
                "organisation.seats_filled_share",
                filled / n,
                "share",
                _("Seats of the structure that are filled"),
                _(
                    "One sponsor, one director, one policy manager, and per region one "
                    "direct and one dealer manager: seats held on the day, "
                    "over 2 × regions + 3."
                ),
                n=n,
                n_unit="count",
                good="up",
                sentence=_(
                    "{filled} of the {n} seats of the structure are filled.", filled=filled, n=n
                ),
            )
        ]

    def table(self) -> Table:
        """Seat by seat."""
        return make_table(
            "organisation.structure",
            _("The structure asked for, seat by seat"),
            self.seats,
            Column("role", _("Role"), terms=SEATS),
            "region",
            Column("n_present", _("Holders"), "count"),
            Column("manager_ids", _("Who")),
            *(
                [Column("grades", _("Grade of the holder"))]
                if self.seats["grades"].notna().any()
                else []
            ),
            Column("span", _("Accounts and people led"), "count"),
            Column("load", _("Load"), "share"),
            Column("status", _("Status"), terms=SEAT_STATES),
        )


def check_structure(
    managers: pd.DataFrame, regions: list[str], load: pd.Series | None = None
) -> Structure:
    """Is the structure there: sponsor, director, policy manager, and per region one direct and one
    dealer manager?

    Parameters
    ----------
    managers : DataFrame
        manager_id, role, region, in_role, n_accounts, grade, reports_to as `Holdings.managers`
        holds them.
    regions : list of str
        Sales regions that must be served.
    load : Series, optional
        Share of each one's hours that the accounts ask for, by manager_id (`Workload.load`).
    """
    present = managers[managers["in_role"].astype(bool)]
    wanted = [(role, None) for role in ("executive_sponsor", "director", "policy_manager")]
    wanted += [
        (role, region) for region in regions for role in ("direct_manager", "dealer_manager")
    ]
    rows = []
    for role, region in wanted:
        holders = present[present["role"] == role]
        holders = holders if region is None else holders[holders["region"] == region]
        names = sorted(holders["manager_id"])
        status = (
            "vacant"
            if not names
            else "filled"
            if len(names) == 1 or region is not None
            else "doubled"
        )
        rows.append(
            {
                "role": role,
                "region": region,
                "n_present": len(names),
                "manager_ids": ", ".join(names) or None,
                "status": status,
                "span": _span(holders, present),
                "load": None if load is None else load.reindex(names).mean(),
                "grades": " ".join(sorted(set(holders["grade"].dropna()))) or None,
            }
        )
    seats = pd.DataFrame(rows).astype({"load": float})
    known = present["role"].isin(SEATS)
    strangers = present[known & present["region"].notna() & ~present["region"].isin(regions)]
    caveats: list[Text] = []
    if len(strangers):
        caveats.append(_("{n} managers serve a region in which no account lies.", n=len(strangers)))
    if not present["role"].notna().any():
        caveats.append(_("The managers' table names no roles: every seat counts as vacant."))
    return Structure(seats, int((~known).sum()), tuple(caveats))


def _span(holders: pd.DataFrame, present: pd.DataFrame) -> int:
    """Accounts that the holders of a seat keep, and managers in their role who report to them."""
    led = present["reports_to"].isin(holders["manager_id"])
    return int(holders["n_accounts"].sum() + led.sum())


@dataclass(frozen=True)
class Coverage(Result, frame="slots"):
    """How much of each account's team is filled."""

    exports = ("organisation.coverage_share", "organisation.whole_team_share")
    shows = (Shown("organisation.coverage"), Shown("organisation.missing_roles", "table"))

    slots: pd.DataFrame
    """layer, function, n_accounts, n_filled, share"""
    accounts: pd.DataFrame
    """account_id, account_name, share, n_layers, n_functions, missing_functions,
    missing_layers, revenue_12m
    """
    n_listed: int
    n_accounts: int
    caveats: tuple[Text, ...]

    def findings(self) -> list[Finding]:
        """Roles filled, whole teams."""
        from statsmodels.stats.proportion import proportion_confint

        n = len(self.accounts)
        whole = int(((self.accounts["n_layers"] == 3) & (self.accounts["n_functions"] == 5)).sum())
        reason = _("No account's team is recorded.")
        shares = self.accounts["share"].astype(float)
        low_high = _mean_interval(shares.to_numpy())
        wilson = Interval(*map(float, proportion_confint(whole, n, method="wilson"))) if n else None
        return [
            Finding(
                "organisation.coverage_share",
                float(shares.mean()) if n else None,
                "share",
                _("Roles of account teams that are filled"),
                _(
                    "Mean over accounts of the roles filled over the roles listed; "
                    "interval by the accounts' spread (t, 95%)."
                ),
                interval=low_high,
                n=n,
                good="up",
                figure="organisation.coverage",
                reason=reason,
                headline=True,
                sentence=_(
                    "{share} of the roles in the teams of {n} accounts are filled; {whole} "
                    "accounts have every layer and function.",
                    share=_share(shares.mean()),
                    n=n,
                    whole=whole,
                )
                if n
                else None,
            ),
            Finding(
                "organisation.whole_team_share",
                whole / n if n else None,
                "share",
                _("Accounts with every layer and function"),
                _(
                    "Accounts whose team has someone in all three layers and all five "
                    "functions, over accounts whose team is recorded."
                ),
                interval=wilson,
                n=n,
                good="up",
                figure="organisation.coverage",
                reason=reason,
            ),
        ]

    def closing(self) -> tuple[Text, ...]:
        """Whose team is whole."""
        return (self.verdict(),)

    def verdict(self) -> Message:
        """What is missing most, and of how many accounts nothing is known."""
        if self.slots.empty:
            return _("No account's team is recorded.")
        least = self.slots.sort_values(["share", "layer", "function"]).iloc[0]
        return _(
            "Verdict: {function} ({layer}) is filled least, at {share}; {unknown} of {n} "
            "accounts have no recorded team.",
            function=FUNCTIONS[least["function"]],
            layer=LAYERS[least["layer"]],
            share=_share(least["share"]),
            unknown=self.n_accounts - self.n_listed,
            n=self.n_accounts,
        )

    def table(self) -> Table:
        """What is missing, the accounts of the most revenue first."""
        chosen = self.accounts[self.accounts["share"] < 1].sort_values(
            ["revenue_12m", "account_id"], ascending=[False, True]
        )
        return make_table(
            "organisation.missing_roles",
            _("What is missing in account teams"),
            chosen,
            "account_id",
            "account_name",
            Column("revenue_12m", _("Revenue of 12 months"), "money"),
            Column("share", _("Roles filled"), "share"),
            Column(
                "missing_functions",
                _("Functions missing"),
                terms=_joined(self.accounts["missing_functions"], FUNCTIONS),
            ),
            Column(
                "missing_layers",
                _("Layers missing"),
                terms=_joined(self.accounts["missing_layers"], LAYERS),
            ),
            rows_shown=20,
        )


def _share(value: float) -> object:
    from kamresearch.language import Quantity

    return Quantity(float(value), "share")


def _joined(codes: pd.Series, names: dict) -> dict[str, Text]:
    """Words for lists of codes such as ``finance, research``."""
    return {code: join_terms(code.split(", "), names) for code in codes.dropna().unique() if code}


def _mean_interval(values: np.ndarray) -> Interval | None:
    if len(values) < 2:
        return None
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return Interval(max(0.0, float(values.mean()) - half), min(1.0, float(values.mean()) + half))


def measure_coverage(coverage: pd.DataFrame, snapshot: pd.DataFrame) -> Coverage:
    """Whose team is whole, and what is missing where?

    Parameters
    ----------
    coverage : DataFrame
        The contract's ``coverage``: account_id, layer, function, role, person_id (empty: vacant).
    snapshot : DataFrame
        Accounts of the day; rows of other accounts are left out.
    """
    here = snapshot[~snapshot["is_away"].astype("boolean").fillna(False)]
    rows = coverage[coverage["account_id"].isin(here["account_id"])].copy()
    rows["filled"] = rows["person_id"].notna() & (rows["person_id"].astype(str).str.strip() != "")
    slots = (
        rows.groupby(["layer", "function"], observed=True, sort=True)["filled"]
        .agg(n_accounts="size", n_filled="sum")
        .reset_index()
    )
    slots["share"] = slots["n_filled"] / slots["n_accounts"]
    accounts = _account_coverage(rows).merge(
        here[["account_id", "account_name", "revenue_12m"]], on="account_id", validate="1:1"
    )
    caveats: list[Text] = []
    if len(accounts) < len(here):
        caveats.append(
            _(
                "Teams are recorded for {known} of {n} accounts; nothing is said of the others.",
                known=len(accounts),
                n=len(here),
            )
        )
    return Coverage(slots, accounts, len(accounts), len(here), tuple(caveats))


def _account_coverage(rows: pd.DataFrame) -> pd.DataFrame:
    filled = rows[rows["filled"]]
    share = rows.groupby("account_id", observed=True, sort=True)["filled"].mean()
    parts = {"share": share}
    for name, options in (("layer", LAYERS), ("function", FUNCTIONS)):
        there = filled.groupby("account_id", observed=True)[name].agg(set).reindex(share.index)
        sets = [value if isinstance(value, set) else set() for value in there]
        parts[f"n_{name}s"] = pd.Series(
            [len(value & set(options)) for value in sets], index=share.index
        )
        parts[f"missing_{name}s"] = pd.Series(
            [", ".join(one for one in options if one not in value) or None for value in sets],
            index=share.index,
            dtype=object,
        )
    return pd.DataFrame(parts).rename_axis("account_id").reset_index()
