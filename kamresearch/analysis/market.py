"""Against the market: facts with their sources, shares, and changes split into market, mix and
share effects.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.effects import split_change
from kamresearch.analysis.periods import add_bounds, month_ordinal
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError, DataError, near_matches
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

STATUS_ORDER = ("reported", "derived", "approximate", "rounded", "unverified", "claimed")
"""From the figure that is trusted most to the one that is trusted least."""
FIRM = ("reported",)
APPROXIMATE_WIDTH, DERIVED_WIDTH = 0.05, 0.005


def read_facts(market: pd.DataFrame, as_of: str) -> pd.DataFrame:
    """What was known by a day: rows whose period had ended by then, with their bounds.

    Market table (period, brand, market, measure, units, growth, status, source, …) → the same rows
    with first and last
    month, kind of period, and the range ``low`` to ``high`` that rounding leaves for ``units``.

    Raises
    ------
    DataError
        Periods that cannot be read, or text where numbers belong.
    """
    facts = add_bounds(market, "market")
    for column in ("units", "growth"):
        numbers = pd.to_numeric(facts[column], errors="coerce")
        bad = facts.loc[numbers.isna() & facts[column].notna(), column]
        if len(bad):
            raise DataError(
                f"market, column {column!r}",
                "numbers",
                f"{len(bad)} texts such as {bad.iloc[0]!r}",
                "clean them",
            )
        facts[column] = numbers.astype(float)
    facts = facts[facts["last"] <= month_ordinal(as_of)].reset_index(drop=True)
    width = [
        _width(value, status) for value, status in zip(facts["units"], facts["status"], strict=True)
    ]
    return facts.assign(low=facts["units"] - width, high=facts["units"] + width)


def _width(value: float, status: str) -> float:
    """Half the range that a figure's status leaves open."""
    if not np.isfinite(value) or status in ("reported", "claimed"):
        return 0.0
    if status == "derived":
        return DERIVED_WIDTH * value
    if status in ("approximate", "unverified"):
        return APPROXIMATE_WIDTH * value
    digits = str(int(round(value))).rstrip("0")
    return 0.5 * 10 ** (len(str(int(round(value)))) - len(digits)) if digits else 0.0


def choose_facts(facts: pd.DataFrame) -> pd.DataFrame:
    """One figure per period, brand and market: the best status, then the most digits, then the
    source's name.

    Nothing is averaged: the figure stands in its source exactly so. ``n_sources`` counts the
    figures there were.
    """
    levels = facts[(facts["measure"] == "units") & facts["units"].notna()]
    order = (
        levels["status"]
        .map({status: place for place, status in enumerate(STATUS_ORDER)})
        .fillna(len(STATUS_ORDER))
    )
    digits = [-len(str(int(round(value))).rstrip("0")) for value in levels["units"]]
    ranked = levels.assign(order=order, digits=digits).sort_values(
        ["brand", "market", "first", "last", "order", "digits", "source"]
    )
    keys = ["brand", "market", "first", "last"]
    sizes = (
        ranked.groupby(keys, observed=True, sort=True)["units"]
        .size()
        .rename("n_sources")
        .reset_index()
    )
    chosen = ranked.drop_duplicates(keys).merge(sizes, on=keys, validate="one_to_one")
    return chosen.drop(columns=["order", "digits"]).reset_index(drop=True)


def list_conflicts(facts: pd.DataFrame) -> pd.DataFrame:
    """Where sources differ by more than rounding: period, brand, market, lowest, highest,
    spread, n_sources, sources.
    """
    rows = []
    levels = facts[(facts["measure"] == "units") & facts["units"].notna()]
    for (brand, market, period), group in levels.groupby(
        ["brand", "market", "period"], observed=True, sort=True
    ):
        if group["low"].max() > group["high"].min():
            lowest, highest = group.loc[group["units"].idxmin()], group.loc[group["units"].idxmax()]
            rows.append(
                {
                    "period": period,
                    "brand": brand,
                    "market": market,
                    "lowest": lowest["units"],
                    "highest": highest["units"],
                    "spread": highest["units"] / lowest["units"] - 1
                    if lowest["units"] > 0
                    else np.nan,
                    "n_sources": len(group),
                    "lowest_source": lowest["source"],
                    "highest_source": highest["source"],
                }
            )
    columns = [
        "period",
        "brand",
        "market",
        "lowest",
        "highest",
        "spread",
        "n_sources",
        "lowest_source",
        "highest_source",
    ]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class SourceConflicts(Result):
    """Where sources disagree.

    Parameters
    ----------
    frame : DataFrame
        As `list_conflicts` gives it.
    facts : DataFrame
        All figures compared.
    brand : str
        Ours.
    """

    exports = ("trend.n_conflicts",)
    shows = (Shown("trend.conflicts", "table"),)

    frame: pd.DataFrame
    facts: pd.DataFrame
    brand: str

    def findings(self) -> list[Finding]:
        """How many figures have sources that disagree by more than rounding."""
        n = int(
            self.facts.loc[self.facts["measure"] == "units", ["brand", "market", "period"]]
            .drop_duplicates()
            .shape[0]
        )
        own = int((self.frame["brand"] == self.brand).sum())
        found = Finding(
            "trend.n_conflicts",
            len(self.frame),
            "count",
            _("Figures on which sources disagree"),
            _(
                "Periods and brands whose sources differ by more than rounding explains, of "
                "all with a figure."
            ),
            n=n,
            n_unit="records",
            good="down",
            sentence=_(
                "Sources disagree on {k} of {n} figures, {own} of them {brand}’s.",
                k=len(self.frame),
                n=n,
                own=own,
                brand=self.brand,
            ),
        )
        return [found]

    def table(self) -> Table:
        """Figures on which sources disagree by more than rounding."""
        return make_table(
            "trend.conflicts",
            _("Figures on which sources disagree"),
            self.frame,
            "period",
            Column("brand", _("Brand")),
            Column("market", _("Market")),
            Column("lowest", _("Lowest"), "units"),
            Column("highest", _("Highest"), "units"),
            Column("spread", _("Spread"), "share"),
            Column("n_sources", _("Sources"), "count"),
            Column("lowest_source", _("Source of the lowest")),
            Column("highest_source", _("Source of the highest")),
            caption=_(
                "Differences that rounding cannot explain. The study uses the figure of the "
                "best standing; none is averaged."
            ),
        )


def find_conflicts(facts: pd.DataFrame, brand: str) -> SourceConflicts:
    """On which figures do the sources disagree, and how many of them are ours?"""
    return SourceConflicts(list_conflicts(facts), facts, brand)


def brand_series(chosen: pd.DataFrame, brand: str, market: str, kind: str = "year") -> pd.DataFrame:
    """A brand's chosen figures of one kind of period, oldest first.

    Raises
    ------
    AnalysisError
        The table holds no such brand or market.
    """
    for column, wanted in (("market", market), ("brand", brand)):
        known = (
            chosen.loc[chosen["market"] == market, "brand"]
            if column == "brand"
            else chosen["market"]
        )
        if wanted not in set(known):
            raise AnalysisError(
                f"market table, {column}",
                f"figures of {wanted!r}",
                "none by the as-of date",
                near_matches(str(wanted), map(str, known)),
            )
    rows = chosen[
        (chosen["brand"] == brand) & (chosen["market"] == market) & (chosen["kind"] == kind)
    ]
    return rows.sort_values("first").reset_index(drop=True)


@dataclass(frozen=True)
class MarketPosition(Result, frame="shares"):
    """A brand beside its named rivals.

    Parameters
    ----------
    shares : DataFrame
        period, brand, units, share: of the brand and its rivals together, in periods for which all
        have figures.
    effects : DataFrame
        period, change, market_effect, share_effect: each full period against the year before.
    totals : DataFrame
        period, units, total, share: of whole markets (all passenger cars, the segment), where
        figures are.
    """

    exports = (
        "trend.share_last_year",
        "trend.rivals_share",
        "trend.leader_share",
        "trend.hhi",
        "trend.market_effect",
        "trend.share_effect",
    )
    shows = (Shown("trend.shares"), Shown("trend.effects"))

    brand: str
    rivals: tuple[str, ...]
    market: str
    shares: pd.DataFrame
    effects: pd.DataFrame
    caveats: tuple[Message, ...]

    @property
    def reason(self) -> Message | None:
        """Why no shares and effects are shown; None where they are."""
        return (
            None
            if len(self.effects)
            else _("No two years in a row in which the brand and all its rivals have figures.")
        )

    def findings(self) -> list[Finding]:
        """Share, rivals' share, and the last change split."""
        last = self.shares["period"].iloc[-1] if len(self.shares) else None
        now = self.shares[self.shares["period"] == last]
        nothing = _("No year in which the brand and all its rivals have figures.")
        own = now.loc[now["brand"] == self.brand, "share"]
        rest = now.loc[now["brand"] != self.brand].sort_values("share", ascending=False)
        group = _(
            "units of {brand} and its rivals {rivals}",
            brand=self.brand,
            rivals=", ".join(self.rivals),
        )
        period = _span(last)
        share = float(own.iloc[0]) if len(own) else None
        found = [
            Finding(
                "trend.share_last_year",
                share,
                "share",
                _("Share among the named rivals"),
                _(
                    "Units of {brand} over all {group}, {year}.",
                    brand=self.brand,
                    group=group,
                    year=last or "–",
                ),
                period=period,
                n=len(now) or None,
                n_unit="records",
                good="up",
                figure="trend.shares",
                headline=True,
                reason=nothing if share is None else None,
                sentence=_(
                    "{brand} held {share} of the sales that it shares with its named "
                    "rivals in {year}.",
                    brand=self.brand,
                    share=Quantity(share, "share"),
                    year=last or "–",
                ),
            ),
            Finding(
                "trend.rivals_share",
                None if share is None else 1 - share,
                "share",
                _("Share of the named rivals"),
                _("Units of the rivals over all {group}, {year}.", group=group, year=last or "–"),
                period=period,
                n=len(rest) or None,
                n_unit="records",
                good="down",
                figure="trend.shares",
                reason=nothing if share is None else None,
            ),
            Finding(
                "trend.leader_share",
                float(rest["share"].iloc[0]) if len(rest) else None,
                "share",
                _("Share of the leading rival"),
                _(
                    "Units of the largest rival over all {group}, {year}.",
                    group=group,
                    year=last or "–",
                ),
                period=period,
                n=len(rest) or None,
                n_unit="records",
                good="down",
                figure="trend.shares",
                reason=None if len(rest) else nothing,
            ),
        ]
        return [*found, self._concentration(now, group, nothing), *self._effect_findings()]

    def _concentration(self, now: pd.DataFrame, group: Message, nothing: Message) -> Finding:
        """Herfindahl index of the last year: a fact of the table, so without an interval."""
        hhi = float((now["share"] ** 2).sum()) if len(now) else None
        year = now["period"].iloc[0] if len(now) else "–"
        return Finding(
            "trend.hhi",
            hhi,
            "index",
            _("Concentration of the market"),
            _(
                "Herfindahl index, {year}: Σ squared shares of {group}; one over their number "
                "where all are alike, 1 where one sells everything. Makers that are not named "
                "count for nothing.",
                group=group,
                year=year,
            ),
            period=_span(year),
            n=len(now) or None,
            n_unit="records",
            reason=nothing if hhi is None else None,
            sentence=None
            if hhi is None
            else _(
                "The sales of {brand} and its named rivals are as concentrated as those of "
                "{alike} makers of one size.",
                brand=self.brand,
                alike=Quantity(1 / hhi, "score"),
            ),
        )

    def _effect_findings(self) -> list[Finding]:
        last = self.effects.iloc[-1] if len(self.effects) else None
        nothing = _("No two years in a row in which the brand and all its rivals have figures.")
        year = "–" if last is None else str(last["period"])
        values = {
            name: None if last is None else float(last[name])
            for name in ("market_effect", "share_effect")
        }
        sentence = _(
            "In {year} the rivals’ market alone would have moved {brand} by {market}; its "
            "share moved it by {share}.",
            year=year,
            brand=self.brand,
            market=Quantity(_whole(values["market_effect"]), "units", signed=True),
            share=Quantity(_whole(values["share_effect"]), "units", signed=True),
        )
        definitions = {
            "market_effect": (
                _("Market effect"),
                _(
                    "Units that the change of the rivals’ total would have brought at last "
                    "year’s share."
                ),
            ),
            "share_effect": (
                _("Share effect"),
                _("Units that the change of the share brought, at this year’s rivals’ total."),
            ),
        }
        return [
            Finding(
                f"trend.{name}",
                values[name],
                "units",
                label,
                definition,
                period=_span(year),
                n=None if last is None else 2,
                n_unit="records",
                good="up",
                figure="trend.effects",
                reason=nothing if last is None else None,
                headline=name == "share_effect",
                sentence=sentence if name == "share_effect" else None,
            )
            for name, (label, definition) in definitions.items()
        ]


def _whole(value: float | None) -> float | None:
    return None if value is None else float(round(value))


def _span(year: object) -> tuple[str, str] | None:
    return (f"{year}-01-01", f"{year}-12-31") if str(year).isdigit() else None


def measure_position(
    facts: pd.DataFrame, brand: str, rivals: tuple[str, ...], market: str
) -> MarketPosition:
    """Did the market move the brand, or did its share?

    Facts (`read_facts`) → shares among brand and rivals, and each year's change split into market
    and share effect.
    The market is the rivals' total *without* the brand, so that its own fall does not shrink the
    market.

    Raises
    ------
    AnalysisError
        No figures of the brand, or no rival named.
    """
    rivals = tuple(name.strip() for name in rivals if name.strip())
    if not rivals or brand in rivals:
        raise AnalysisError(
            "measure_position, rivals",
            "rivals beside the brand",
            ", ".join(rivals) or "none",
            "name at least one other brand of the market table",
        )
    chosen = choose_facts(facts)
    series = {
        name: brand_series(chosen, name, market).set_index("period")["units"]
        for name in (brand, *rivals)
    }
    units = pd.DataFrame(series).sort_index()
    whole = units.dropna()
    caveats = [
        _(
            "{brand} has no figure for {years}: those years are left out of the comparison.",
            brand=name,
            years=", ".join(missing),
        )
        for name in units
        if (
            missing := [
                year
                for year in units.index
                if pd.isna(units.loc[year, name]) and pd.notna(units.loc[year, brand])
            ]
        )
    ]
    long = (
        whole.reset_index()
        .melt("period", var_name="brand", value_name="units")
        .sort_values(["period", "brand"])
    )
    shares = long.assign(
        share=long["units"]
        / long.groupby("period", observed=True, sort=True)["units"].transform("sum")
    )
    rows = []
    for year in whole.index:
        before = str(int(year) - 1)
        if before in whole.index:
            old, new = (
                pd.DataFrame(
                    {
                        "company": [whole.loc[one, brand]],
                        "market": [whole.loc[one, list(rivals)].sum()],
                    },
                    index=["all"],
                )
                for one in (before, year)
            )
            rows.append({"period": year, **split_change(old, new)})
    effects = pd.DataFrame(
        rows, columns=["period", "change", "market_effect", "mix_effect", "share_effect"]
    )
    return MarketPosition(
        brand,
        rivals,
        market,
        shares.reset_index(drop=True),
        effects.drop(columns="mix_effect"),
        tuple(caveats),
    )


__all__ = [
    "FIRM",
    "MarketPosition",
    "SourceConflicts",
    "brand_series",
    "choose_facts",
    "find_conflicts",
    "list_conflicts",
    "measure_position",
    "read_facts",
]
