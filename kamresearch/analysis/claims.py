"""The claim ledger: each claim about a quantity recomputed from the facts, with its arithmetic
in one line.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.market import FIRM
from kamresearch.analysis.periods import read_period, shift_years, year_before
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import DataError, first_offenders
from kamresearch.finding import Finding
from kamresearch.language import Fixed, Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

GROWTH_TOLERANCE = 0.05
"""Points of growth by which a claim may miss ("nearly", "about")."""
LEVEL_TOLERANCE = 0.05
"""Share of a level by which a claim may miss."""

VERDICTS = {
    "supported": _("supported"),
    "contradicted": _("contradicted"),
    "not_testable": _("not testable"),
}
REMARKS = {
    "agrees": _("the facts agree"),
    "other_year": _("the facts say otherwise; the claimed growth is that of another year"),
    "differs": _("the facts say otherwise"),
    "opposite_sign": _("the facts move the other way"),
    "overlap_opposite": _(
        "no figure for exactly this period; the one that overlaps moves the other way"
    ),
    "overlap_only": _("no figure for exactly this period, only for one that overlaps"),
    "no_fact": _("no figure for this period in any source"),
    "own_figure": _("only the claimant’s own figures speak of it"),
    "within_rounding": _("rounded figures leave both open"),
    "judgement": _("a judgement, not a quantity"),
    "needs_all": _("a rank needs figures of every competitor"),
}


@dataclass(frozen=True)
class Growth:
    """Growth of a brand over a year as the facts bound it, with the arithmetic behind it."""

    low: float
    high: float
    arithmetic: str
    own: bool
    """Whether it rests on a figure that the claimant made."""


@dataclass(frozen=True)
class ClaimLedger(Result):
    """Every claim with its verdict.

    Parameters
    ----------
    frame : DataFrame
        claim_id, who, text, period, quantity, claimed, found_low, found_high, verdict, remark,
        arithmetic, source.
    texts : dict
        The claims' wording by claim_id.
    """

    exports = ("trend.claims_supported", "trend.claims_contradicted", "trend.claims_not_testable")
    shows = (Shown("trend.claims", "table"), Shown("trend.claimed"))

    frame: pd.DataFrame
    texts: dict[str, Fixed]
    caveats: tuple[Message, ...] = ()

    def counts(self) -> dict[str, int]:
        """Claims per verdict."""
        return {verdict: int((self.frame["verdict"] == verdict).sum()) for verdict in VERDICTS}

    def closing(self) -> tuple[Message, ...]:
        """One sentence per contradicted claim."""
        return tuple(
            _(
                "“{claim}” is contradicted: {arithmetic}.",
                claim=self.texts[row.claim_id],
                arithmetic=row.arithmetic,
            )
            for row in self.frame[self.frame["verdict"] == "contradicted"].itertuples()
        )

    def findings(self) -> list[Finding]:
        """How many claims stand, fall, and cannot be tested."""
        counts, n = self.counts(), len(self.frame)
        labels = {
            "supported": _("Claims supported by the facts"),
            "contradicted": _("Claims contradicted by the facts"),
            "not_testable": _("Claims that the facts cannot test"),
        }
        definition = _(
            "Claims recomputed from the market table; growth may miss by 5 points, levels by 5%."
        )
        sentence = _(
            "Of {n} claims the facts contradict {contradicted} and support {supported}; "
            "{open} cannot be tested.",
            n=n,
            contradicted=counts["contradicted"],
            supported=counts["supported"],
            open=counts["not_testable"],
        )
        return [
            Finding(
                f"trend.claims_{verdict}",
                counts[verdict],
                "count",
                label,
                definition,
                n=n,
                n_unit="records",
                headline=verdict == "contradicted",
                sentence=sentence if verdict == "contradicted" else None,
            )
            for verdict, label in labels.items()
        ]

    def table(self) -> Table:
        """The ledger."""
        frame = self.frame.assign(text=self.frame["claim_id"])
        return make_table(
            "trend.claims",
            _("The claim ledger"),
            frame,
            Column("claim_id", _("Claim")),
            Column("text", _("What is claimed"), terms=self.texts),
            "period",
            Column("claimed", _("Claimed value"), "score"),
            Column("found_low", _("Found, at least"), "score"),
            Column("found_high", _("Found, at most"), "score"),
            Column("verdict", _("Verdict"), terms=VERDICTS),
            Column("remark", _("Why"), terms=REMARKS),
            Column("arithmetic", _("Arithmetic")),
            Column("who", _("Who says it")),
            caption=_(
                "Growth as a number (0.8 = +80%), levels in units. Figures of the claimant "
                "do not support the claim."
            ),
        )


def judge_claims(claims: pd.DataFrame, facts: pd.DataFrame) -> ClaimLedger:
    """Which claims do the facts bear out?

    Claims table and facts (`kamresearch.analysis.market.read_facts`) → one verdict per claim.

    A growth claim is tested on levels (this year's over last year's, with the range that rounding
    leaves) and on
    growth rates as reported; a figure that only the claimant gives can contradict a claim, never
    support it. Where no
    figure is for exactly the period, one that overlaps can show the wrong sign, no more.

    Raises
    ------
    DataError
        A claim whose value is text, or whose kind of quantity is unknown.
    """
    known = {"level", "growth", "growth_at_least", "rank", "sign", "difference", "judgement"}
    bad = claims.loc[~claims["quantity"].fillna("judgement").isin(known), "quantity"]
    if len(bad):
        raise DataError(
            "claims, column 'quantity'",
            ", ".join(sorted(known)),
            first_offenders(bad),
            "choose one of them",
        )
    values = pd.to_numeric(claims["value"], errors="coerce")
    bad = claims.loc[
        values.isna() & claims["value"].notna() & (claims["value"].astype(str) != ""), "value"
    ]
    if len(bad):
        raise DataError(
            "claims, column 'value'", "numbers", first_offenders(bad), "write 0.8 for +80 %"
        )
    rows = [
        _judge(claim, value, facts)
        for claim, value in zip(claims.to_dict("records"), values, strict=True)
    ]
    columns = [
        "claim_id",
        "who",
        "period",
        "quantity",
        "claimed",
        "found_low",
        "found_high",
        "verdict",
        "remark",
        "arithmetic",
    ]
    texts = {
        str(row["claim_id"]): Fixed({"en": str(row["text_en"]), "zh": str(row["text_zh"])})
        for row in claims.to_dict("records")
    }
    return ClaimLedger(pd.DataFrame(rows, columns=columns), texts)


def _judge(claim: dict, value: float, facts: pd.DataFrame) -> dict:
    quantity = claim.get("quantity") or "judgement"
    period = "" if pd.isna(claim.get("period")) else str(claim["period"])
    judges = {
        "level": _judge_level,
        "growth": _judge_growth,
        "growth_at_least": _judge_growth,
        "sign": _judge_growth,
        "difference": _judge_difference,
    }
    if quantity in judges and np.isfinite(value) and read_period(period):
        scope = facts[facts["market"] == claim.get("market")]
        low, high, verdict, remark, arithmetic = judges[quantity](
            claim, float(value), period, scope
        )
    else:
        remark = (
            "needs_all"
            if quantity == "rank"
            else "judgement"
            if quantity == "judgement"
            else "no_fact"
        )
        low, high, verdict, arithmetic = np.nan, np.nan, "not_testable", ""
    return {
        "claim_id": str(claim["claim_id"]),
        "who": claim["who"],
        "period": period,
        "quantity": quantity,
        "claimed": value,
        "found_low": low,
        "found_high": high,
        "verdict": verdict,
        "remark": remark,
        "arithmetic": arithmetic,
    }


def _levels(facts: pd.DataFrame, brand: str, period: str) -> pd.DataFrame:
    """Levels of the best standing: firm figures, else rounded and approximate ones, else
    claimed ones.
    """
    rows = facts[(facts["brand"] == brand) & (facts["period"] == period) & facts["units"].notna()]
    for standing in (FIRM, ("approximate", "rounded"), ("claimed",)):
        some = rows[rows["status"].isin(standing)]
        if len(some):
            return some
    return rows


def measure_growth(facts: pd.DataFrame, brand: str, period: str) -> list[Growth]:
    """Every way in which the facts give a brand's growth over a year: from levels, and as
    reported.
    """
    found = []
    now, before = _levels(facts, brand, period), _levels(facts, brand, year_before(period))
    if len(now) and len(before) and before["low"].min() > 0:
        top, base = now.iloc[0], before.iloc[0]
        arithmetic = (
            f"{top['units']:,.0f} / {base['units']:,.0f} − 1 = "
            f"{top['units'] / base['units'] - 1:+.1%} ({period})"
        )
        own = "claimed" in {top["status"], base["status"]}
        found.append(
            Growth(
                float(now["low"].min() / before["high"].max() - 1),
                float(now["high"].max() / before["low"].min() - 1),
                arithmetic,
                own,
            )
        )
    rows = facts[(facts["brand"] == brand) & (facts["period"] == period) & facts["growth"].notna()]
    for row in rows[rows["status"] != "claimed"].to_dict("records"):
        found.append(
            Growth(
                row["growth"],
                row["growth"],
                f"{row['growth']:+.1%} ({period}, {row['status']})",
                own=False,
            )
        )
    return found


def _judge_growth(claim: dict, value: float, period: str, facts: pd.DataFrame) -> tuple:
    brand, quantity = str(claim.get("brand") or ""), claim["quantity"]
    found = measure_growth(facts, brand, period)
    if not found:
        return _judge_overlap(brand, value, period, facts)
    low, high = min(one.low for one in found), max(one.high for one in found)
    arithmetic = "; ".join(dict.fromkeys(one.arithmetic for one in found))
    tolerance = 0.0 if quantity == "growth_at_least" else GROWTH_TOLERANCE
    if quantity == "sign":
        agrees, differs = min(low * value, high * value) > 0, max(low * value, high * value) < 0
    elif quantity == "growth_at_least":
        agrees, differs = low >= value, high < value
    else:
        agrees, differs = (
            low - tolerance <= value <= high + tolerance,
            not low - tolerance <= value <= high + tolerance,
        )
    if differs:
        remark, more = _explain_miss(claim, value, period, facts)
        return (
            low,
            high,
            "contradicted",
            remark,
            "; ".join(part for part in (arithmetic, more) if part),
        )
    if agrees and not all(one.own for one in found):
        return low, high, "supported", "agrees", arithmetic
    return low, high, "not_testable", "own_figure" if agrees else "within_rounding", arithmetic


def _explain_miss(claim: dict, value: float, period: str, facts: pd.DataFrame) -> tuple[str, str]:
    """Why a growth claim misses: is it another year's growth, the wrong sign, or plainly
    different?
    """
    brand = str(claim.get("brand") or "")
    if claim["quantity"] == "sign":
        return "opposite_sign", ""
    implied = _levels(facts, brand, year_before(period))
    more = ""
    if len(implied):
        base = float(implied.iloc[0]["units"])
        more = f"{base:,.0f} × {1 + value:.2f} = {base * (1 + value):,.0f}"
    for years in (1, -1, 2, -2):
        other = shift_years(period, years)
        near = [
            one
            for one in measure_growth(facts, brand, other)
            if not one.own and one.low - GROWTH_TOLERANCE <= value <= one.high + GROWTH_TOLERANCE
        ]
        if near and claim["quantity"] == "growth":
            closest = min(near, key=lambda one: abs((one.low + one.high) / 2 - value))
            return "other_year", "; ".join(
                part
                for part in dict.fromkeys((more, near[0].arithmetic, closest.arithmetic))
                if part
            )
    return "differs", more


def _judge_overlap(brand: str, value: float, period: str, facts: pd.DataFrame) -> tuple:
    """Growth rates of periods that overlap the claimed one: they can show a wrong sign, and
    support nothing.
    """
    first, last, _kind = read_period(period)
    rows = facts[
        (facts["brand"] == brand)
        & facts["growth"].notna()
        & (facts["status"] != "claimed")
        & (facts["first"] <= last.ordinal)
        & (facts["last"] >= first.ordinal)
        & (facts["kind"] != "year")
    ]
    if rows.empty:
        return np.nan, np.nan, "not_testable", "no_fact", ""
    low, high = float(rows["growth"].min()), float(rows["growth"].max())
    arithmetic = "; ".join(
        f"{row['growth']:+.1%} ({row['period']}, {row['status']})"
        for row in rows.to_dict("records")
    )
    if max(low * value, high * value) < 0:
        return low, high, "contradicted", "overlap_opposite", arithmetic
    return low, high, "not_testable", "overlap_only", arithmetic


def _judge_level(claim: dict, value: float, period: str, facts: pd.DataFrame) -> tuple:
    rows = facts[
        (facts["brand"] == claim.get("brand"))
        & (facts["period"] == period)
        & facts["units"].notna()
    ]
    if rows.empty:
        return np.nan, np.nan, "not_testable", "no_fact", ""
    others = _levels(facts[facts["status"] != "claimed"], str(claim.get("brand")), period)
    if others.empty:
        only = float(rows["units"].iloc[0])
        return only, only, "not_testable", "own_figure", f"{only:,.0f} ({period}, claimed)"
    low, high = float(others["low"].min()), float(others["high"].max())
    arithmetic = "; ".join(
        f"{row['units']:,.0f} ({period}, {row['status']})" for row in others.to_dict("records")
    )
    agrees = low * (1 - LEVEL_TOLERANCE) <= value <= high * (1 + LEVEL_TOLERANCE)
    return (
        low,
        high,
        "supported" if agrees else "contradicted",
        "agrees" if agrees else "differs",
        arithmetic,
    )


def _judge_difference(claim: dict, value: float, period: str, facts: pd.DataFrame) -> tuple:
    """Growth of one brand minus growth of another, written "A | B" in the claim's brand."""
    brands = [part.strip() for part in str(claim.get("brand") or "").split("|")]
    both = [measure_growth(facts, brand, period) for brand in brands]
    if len(both) != 2 or not all(both):
        return np.nan, np.nan, "not_testable", "no_fact", ""
    low = min(one.low for one in both[0]) - max(one.high for one in both[1])
    high = max(one.high for one in both[0]) - min(one.low for one in both[1])
    arithmetic = f"{both[0][0].arithmetic} | {both[1][0].arithmetic}"
    own = all(one.own for one in both[0]) or all(one.own for one in both[1])
    agrees = low - GROWTH_TOLERANCE <= value <= high + GROWTH_TOLERANCE
    verdict = "contradicted" if not agrees else "not_testable" if own else "supported"
    return (
        low,
        high,
        verdict,
        "differs" if not agrees else "own_figure" if own else "agrees",
        arithmetic,
    )


__all__ = [
    "ClaimLedger",
    "Growth",
    "Quantity",
    "measure_growth",
    "judge_claims",
]
