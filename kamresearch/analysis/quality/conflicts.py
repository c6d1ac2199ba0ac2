"""Departments that disagree: the same account and year side by side, how far apart, of which
kind, and who wins.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamresearch.analysis.quality.departments import DEPARTMENTS
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Fixed, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

KINDS: dict[str, Text] = {
    "agree": _("agrees"),
    "rounded": _("rounded"),
    "returns": _("returns not taken off"),
    "stale": _("prior year's figure"),
    "digits": _("digit slipped"),
    "late": _("neighbouring year"),
    "unexplained": _("no known pattern"),
}
TOLERANCE = 0.01
_EXACT = 0.002


@dataclass(frozen=True)
class Conflicts(Result, frame="figures"):
    """The same account's yearly revenue as each department has it.

    ``figures``: account_id, year, department, revenue, winner (the figure that stands),
    winner_department, difference
    (share of the winner's), kind; ``ranking``: account_id, account_name, one column per department
    and ``winner`` with
    the revenue of the latest full year.
    """

    exports = (
        "quality.conflict_share",
        "quality.conflict_size",
        "quality.top_changed",
        "quality.ledger_agreement",
    )
    shows = (
        Shown("quality.conflicts"),
        Shown("quality.conflict_kinds", "kinds_table"),
        Shown("quality.ranking"),
        Shown("quality.ranking_table", "ranking_table"),
        Shown("quality.conflict_list", "largest_table"),
    )

    figures: pd.DataFrame = field(repr=False)
    kinds: pd.DataFrame
    """department, kind, n, share"""
    ranking: pd.DataFrame = field(repr=False)
    year: int
    precedence: tuple[str, ...]
    top: int
    n_ledger: int
    ledger_agreement: float | None
    """share of winning figures within the tolerance of the orders' net revenue"""

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What the comparison does not show."""
        return (
            _(
                "That departments agree does not make a figure right: they may share one "
                "wrong source. Kinds are read from the pattern of the numbers, so "
                "“neighbouring year” is a guess where several causes meet."
            ),
        )

    @property
    def compared(self) -> pd.DataFrame:
        """Accounts of the year that at least two departments record: account_id,
        n_departments, spread.
        """
        rows = self.figures[self.figures["year"] == self.year]
        groups = rows.groupby("account_id", sort=True, observed=True)["revenue"]
        frame = groups.agg(n_departments="size", lowest="min", highest="max").reset_index()
        frame = frame[frame["n_departments"] >= 2]
        base = frame[["lowest", "highest"]].abs().max(axis=1)
        return frame.assign(
            spread=((frame["highest"] - frame["lowest"]) / base.where(base > 0)).fillna(0.0)
        )

    def changed_at_top(self) -> dict[str, int]:
        """Department → how many of the winner's largest accounts its own ranking leaves out."""
        best = self._leaders("winner")
        present = [name for name in self.precedence if name in self.ranking]
        return {name: len(best - self._leaders(name)) for name in present}

    def _leaders(self, column: str) -> set[str]:
        order = self.ranking.dropna(subset=[column]).sort_values(
            [column, "account_id"], ascending=[False, True]
        )
        return set(order["account_id"].head(self.top))

    def findings(self) -> list[Finding]:
        """How often, how far, and with what effect departments disagree."""
        compared = self.compared
        n, conflicts = len(compared), int((compared["spread"] > TOLERANCE).sum())
        period = (f"{self.year}-01-01", f"{self.year}-12-31")
        few = _("No account is recorded by two departments in {year}.", year=str(self.year))
        low, high = proportion_confint(conflicts, n, method="wilson") if n else (0.0, 0.0)
        sizes = compared.loc[compared["spread"] > TOLERANCE, "spread"]
        size = float(sizes.median()) if len(sizes) else None
        changed = self.changed_at_top()
        worst = max(changed, key=lambda name: (changed[name], name)) if changed else None
        return [
            Finding(
                "quality.conflict_share",
                conflicts / n if n else None,
                "share",
                _("Accounts on whose revenue departments disagree"),
                _(
                    "Accounts that at least two departments record for {year} and whose "
                    "revenues differ by more than {tolerance}, over all such accounts; 95% "
                    "Wilson interval.",
                    year=str(self.year),
                    tolerance=Quantity(TOLERANCE, "share"),
                ),
                interval=Interval(float(low), float(high)) if n else None,
                n=n,
                period=period,
                good="down",
                figure="quality.conflicts",
                reason=None if n else few,
                headline=True,
                sentence=_(
                    "In {year}, departments disagree on the revenue of {share} of the "
                    "accounts that at least two of them record.",
                    year=str(self.year),
                    share=Quantity(conflicts / n, "share"),
                )
                if n
                else None,
            ),
            Finding(
                "quality.conflict_size",
                size,
                "net_share",
                _("Typical size of a disagreement"),
                _("Median over the accounts in conflict of (highest − lowest) ÷ highest revenue."),
                n=len(sizes),
                period=period,
                good="down",
                figure="quality.conflicts",
                reason=None if size is not None else _("There is no conflict."),
            ),
            Finding(
                "quality.top_changed",
                changed[worst] if worst else None,
                "accounts",
                _("Leading accounts that another source would replace"),
                _(
                    "Of the {top} largest accounts by the winning figures, those that the "
                    "ranking of the most deviating department leaves out.",
                    top=self.top,
                ),
                n=min(self.top, len(self.ranking)),
                period=period,
                good="down",
                figure="quality.ranking",
                reason=None if worst else few,
                sentence=_(
                    "Ranked by {department} alone, {changed} of the {top} largest accounts "
                    "would be others.",
                    department=DEPARTMENTS.get(worst, worst),
                    changed=changed[worst],
                    top=self.top,
                )
                if worst
                else None,
            ),
            Finding(
                "quality.ledger_agreement",
                self.ledger_agreement,
                "share",
                _("Winning figures that the orders confirm"),
                _(
                    "Account-years whose winning revenue lies within {tolerance} of the "
                    "net revenue of the orders.",
                    tolerance=Quantity(TOLERANCE, "share"),
                ),
                n=self.n_ledger,
                n_unit="records",
                good="up",
                reason=None
                if self.ledger_agreement is not None
                else _("No account-year stands in both."),
            ),
        ]

    def opening(self) -> tuple[Text, ...]:
        """The findings in words, where there are any."""
        told = [finding.sentence for finding in self.findings()]
        return tuple(sentence for sentence in told if sentence is not None)

    def kinds_table(self) -> Table:
        """Conflicts by department and kind."""
        return make_table(
            "quality.conflict_kinds",
            _("How the departments' figures differ from the winning one"),
            self.kinds,
            Column("department", _("Department"), terms=DEPARTMENTS),
            Column("kind", _("Kind"), terms=KINDS),
            Column("n", _("Account-years"), "records"),
            "share",
        )

    def largest_table(self) -> Table:
        """The largest conflicts in money."""
        frame = self.figures[self.figures["kind"] != "agree"].assign(
            gap=lambda t: (t["revenue"] - t["winner"]).abs()
        )
        frame = frame.sort_values(
            ["gap", "account_id", "year", "department"],
            ascending=[False, True, True, True],
            ignore_index=True,
        )
        frame = frame.assign(year=frame["year"].astype("str"))
        return make_table(
            "quality.conflict_list",
            _("The largest disagreements"),
            frame.head(500),
            "account_id",
            "year",
            Column("department", _("Department"), terms=DEPARTMENTS),
            Column("revenue", _("Its figure"), "money"),
            Column("winner", _("Figure that stands"), "money"),
            Column("winner_department", _("From"), terms=DEPARTMENTS),
            Column("difference", _("Difference"), "share"),
            Column("kind", _("Kind"), terms=KINDS),
            caption=_(
                "The figure that stands comes from the first of these departments that has "
                "one: {order}.",
                order=_order(self.precedence),
            ),
            rows_shown=30,
        )

    def ranking_table(self) -> Table:
        """The largest accounts under each source."""
        shown = self.ranking.sort_values(
            ["winner", "account_id"], ascending=[False, True], ignore_index=True
        ).head(self.top)
        columns = [
            Column(name, DEPARTMENTS.get(name, Fixed({"en": name})), "money")
            for name in self.precedence
            if name in shown
        ]
        return make_table(
            "quality.ranking_table",
            _("The largest accounts under each source"),
            shown,
            "account_id",
            "account_name",
            Column("winner", _("Figure that stands"), "money"),
            *columns,
        )


def _order(precedence: tuple[str, ...]) -> Text:
    first, second, third = (
        *(DEPARTMENTS.get(name, Fixed({"en": name})) for name in precedence),
        *([_("none")] * 3),
    )[:3]
    return _("{first}, then {second}, then {third}", first=first, second=second, third=third)


def compare_departments(
    records: pd.DataFrame,
    accounts: pd.DataFrame,
    ledger: pd.DataFrame | None = None,
    *,
    as_of: str,
    precedence: tuple[str, ...] = ("finance", "sales", "after_sales"),
    top: int = 20,
) -> Conflicts | None:
    """Where do departments disagree about the same account, how far, and does it change who the key
    accounts are?

    Parameters
    ----------
    records : DataFrame
        As in `DepartmentLinks.records`: department, account_id, year, revenue, updated.
    accounts : DataFrame
        account_id, account_name.
    ledger : DataFrame, optional
        account_id, year, net, gross: the orders' own sums (`sum_years`).
    as_of : str
        Records changed later, and years not yet over, are not seen.
    precedence : tuple of str
        Departments in the order in which their figure stands.
    top : int
        Length of the ranking.

    Returns
    -------
    Conflicts or None
        None where no record carries a year, a revenue and an account.
    """
    known = _known(records, as_of)
    if known.empty:
        return None
    wide = known.set_index(["account_id", "year", "department"])["revenue"].unstack("department")  # noqa: PD010
    order = [name for name in precedence if name in wide] + sorted(set(wide) - set(precedence))
    figures = _with_winner(known, wide, order)
    figures = figures.assign(kind=_kinds(figures, wide, ledger))
    counts = figures[figures["department"] != figures["winner_department"]]
    kinds = (
        counts.groupby(["department", "kind"], sort=True, observed=True)
        .size()
        .rename("n")
        .reset_index()
    )
    kinds = kinds.assign(
        share=kinds["n"] / kinds.groupby("department", sort=True)["n"].transform("sum")
    )
    year = _year_of_comparison(known)
    names = accounts.drop_duplicates("account_id").set_index("account_id")["account_name"]
    ranking = wide.xs(year, level="year").assign(
        winner=figures[figures["year"] == year].groupby("account_id")["winner"].first()
    )
    ranking = ranking.reset_index().rename_axis(columns=None)
    ranking.insert(1, "account_name", ranking["account_id"].map(names).astype("str"))
    n_ledger, agreement = _against_ledger(figures, ledger)
    return Conflicts(figures, kinds, ranking, year, tuple(order), top, n_ledger, agreement)


def _known(records: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """account_id, year, department, revenue: records known by the day, several of one
    department added up.
    """
    frame = records.dropna(subset=["account_id", "year", "revenue", "department"])
    if "updated" in frame:
        frame = frame[~(pd.to_datetime(frame["updated"], errors="coerce") > pd.Timestamp(as_of))]
    last_full = int(as_of[:4]) if as_of[5:] == "12-31" else int(as_of[:4]) - 1
    frame = frame.assign(year=frame["year"].astype(int))
    frame = frame[frame["year"] <= last_full]
    return (
        frame.groupby(["account_id", "year", "department"], sort=True, observed=True)["revenue"]
        .sum()
        .reset_index()
    )


def _year_of_comparison(known: pd.DataFrame) -> int:
    """The latest year that at least half as many records cover as the best covered year."""
    counts = known.groupby("year", sort=True)["account_id"].size()
    return int(counts[counts >= 0.5 * counts.max()].index.max())


def _with_winner(known: pd.DataFrame, wide: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    winner = wide[order].bfill(axis=1).iloc[:, 0].rename("winner")
    source = wide[order].notna().idxmax(axis=1).rename("winner_department")
    figures = known.merge(winner.reset_index(), on=["account_id", "year"], validate="m:1")
    figures = figures.merge(source.reset_index(), on=["account_id", "year"], validate="m:1")
    base = figures["winner"].abs()
    return figures.assign(
        difference=((figures["revenue"] - figures["winner"]) / base.where(base > 0)).fillna(0.0)
    )


def _kinds(figures: pd.DataFrame, wide: pd.DataFrame, ledger: pd.DataFrame | None) -> np.ndarray:
    """The pattern of each difference, the plainest first."""
    value, stands = figures["revenue"].to_numpy(float), figures["winner"].to_numpy(float)
    before = _of_year(
        figures,
        figures[["account_id", "year", "winner"]].drop_duplicates(["account_id", "year"]),
        "winner",
        -1,
    )
    if ledger is not None and len(ledger):
        before = np.where(np.isfinite(before), before, _of_year(figures, ledger, "net", -1))
    scale = np.maximum(np.abs(stands), 1.0)
    gap = np.abs(value - stands)
    rounded = np.zeros(len(value), bool)
    for digits in (3, 4, 5, 6):
        unit = 10.0**digits
        rounded |= (np.round(stands / unit) * unit == value) & (gap > 0) & (unit <= 0.5 * scale + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = value / stands
    slipped = np.zeros(len(value), bool)
    for power in (-3, -2, -1, 1, 2, 3):
        slipped |= np.abs(ratio / 10.0**power - 1) < 0.02
    returns = np.zeros(len(value), bool)
    if ledger is not None and len(ledger):
        gross, net = (_of_year(figures, ledger, name, 0) for name in ("gross", "net"))
        returns = (np.abs(value - gross) <= _EXACT * scale) & (gross - net > _EXACT * scale)
        returns |= (np.abs((value - stands) - (gross - net)) <= _EXACT * scale) & (
            gross - net > _EXACT * scale
        )
    stale = (np.abs(value - before) <= _EXACT * scale) & np.isfinite(before)
    late = gap <= 0.13 * np.maximum(scale, np.nan_to_num(np.abs(before)))
    conditions = [gap <= _EXACT * scale, rounded, returns, stale, slipped, late]
    return np.select(
        conditions, ["agree", "rounded", "returns", "stale", "digits", "late"], "unexplained"
    )


def _of_year(figures: pd.DataFrame, source: pd.DataFrame, name: str, shift: int) -> np.ndarray:
    """A column of an account-year frame for each figure, ``shift`` years off; NaN where unknown."""
    frame = (
        source[["account_id", "year", name]]
        .assign(year=source["year"].astype(int) - shift)
        .rename(columns={name: "value"})
    )
    return (
        figures[["account_id", "year"]]
        .merge(frame, on=["account_id", "year"], how="left", validate="m:1")["value"]
        .to_numpy(float)
    )


def _against_ledger(figures: pd.DataFrame, ledger: pd.DataFrame | None) -> tuple[int, float | None]:
    if ledger is None or ledger.empty:
        return 0, None
    stands = figures.drop_duplicates(["account_id", "year"])
    net = _of_year(stands, ledger, "net", 0)
    both = np.isfinite(net)
    if not both.any():
        return 0, None
    close = np.abs(stands["winner"].to_numpy(float)[both] - net[both]) <= TOLERANCE * np.maximum(
        np.abs(net[both]), 1.0
    )
    return int(both.sum()), float(close.mean())


def sum_years(tables: "Tables", as_of: str) -> pd.DataFrame:
    """account_id, year, net, gross: the orders' revenue with and without returns taken off,
    added up on the engine.
    """
    import ibis

    orders = tables.orders
    seen = orders.filter(orders.order_date.cast("date") <= ibis.date(as_of))
    year = seen.order_date.cast("date").year().cast("int64")
    frame = (
        seen.group_by("account_id", year=year)
        .agg(net=seen.revenue.sum(), gross=seen.revenue.sum(where=seen.revenue > 0))
        .execute()
    )
    frame = frame.astype({"net": "float64", "gross": "float64"}).fillna({"gross": 0.0})
    return frame.sort_values(["account_id", "year"], ignore_index=True)
