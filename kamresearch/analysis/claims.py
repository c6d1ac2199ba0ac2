"""The claim ledger: each claim about a quantity recomputed from the facts, with its arithmetic
in one line.
"""

from dataclasses import dataclass
from typing import cast

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
        "no figure for exactly this period; those for most of it move the other way"
    ),
    "overlap_only": _("no figure for exactly this period, only for one that overlaps"),
    "no_fact": _("no figure for this period in any source"),
    "own_figure": _("only the claimant’s own figures speak of it"),
    "within_rounding": _("rounded figures leave both open"),
    "sources_differ": _("the sources disagree: some bear it out, some do not"),
    "same_elsewhere": _("no figure for this period, but one for the same months of another year"),
    "no_period": _("the claim names no period"),
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
        claim_id, who, period, quantity, claimed, found_low, found_high, verdict, remark,
        arithmetic, clash (claims of the same source that say the opposite of the same months),
        quote (the claimant's own words), reading (what was chosen where they leave it open).
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
        """One sentence per contradicted claim, and one per pair of a source's claims that clash."""
        contradicted = tuple(
            _(
                "“{claim}” is contradicted: {arithmetic}.",
                claim=self.texts[row.claim_id],
                arithmetic=row.arithmetic,
            )
            for row in self.frame[self.frame["verdict"] == "contradicted"].itertuples()
        )
        pairs = {
            tuple(sorted((row.claim_id, other)))
            for row in self.frame.itertuples()
            for other in row.clash.split(", ")
            if other
        }
        return contradicted + tuple(
            _(
                "The same source says “{one}” and “{other}”: of overlapping months, the opposite.",
                one=self.texts[first],
                other=self.texts[second],
            )
            for first, second in sorted(pairs)
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
            Column("clash", _("Clashes with")),
            Column("quote", _("In the source’s words")),
            Column("reading", _("Read as")),
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
    growth rates as reported; a claim is supported where every source bears it out within the
    tolerance, contradicted where none does. A figure that only the claimant gives can contradict a
    claim, never support it. Where no figure is for exactly the period, one that overlaps can show
    the wrong sign, no more. Of claims of growth "of at least", the levels that they imply together
    for the years before are told beside what is known of those years.

    Raises
    ------
    DataError
        A claim whose value is text, or whose kind of quantity is unknown.
    """
    known = {"level", "growth", "growth_at_least", "rank", "sign", "difference", "follows"}
    known |= {"judgement"}
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
    implied, clashes = _imply_levels(claims, values), _find_clashes(claims, values)
    rows = []
    for claim, value in zip(claims.to_dict("records"), values, strict=True):
        row = _judge(claim, value, facts)
        name = str(claim["claim_id"])
        bound = _tell_implied(implied.get(name), claim, facts)
        row["arithmetic"] = "; ".join(part for part in (row["arithmetic"], bound) if part)
        row["clash"] = ", ".join(clashes.get(name, ()))
        rows.append(row)
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
        "clash",
        "quote",
        "reading",
    ]
    texts = {str(row["claim_id"]): Fixed.of_row(row, "text") for row in claims.to_dict("records")}
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
        "follows": _judge_follows,
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
            else "no_period"
            if not period
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
        "quote": _text(claim.get("quote")),
        "reading": _text(claim.get("reading")),
    }


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _same_source(claim: dict) -> tuple[str, str, str]:
    return _text(claim.get("who")), _text(claim.get("brand")), _text(claim.get("market"))


def _find_clashes(claims: pd.DataFrame, values: pd.Series) -> dict[str, list[str]]:
    """Claims of one source about one brand that give overlapping months opposite signs."""
    moving = [
        (str(claim["claim_id"]), _same_source(claim), span, np.sign(value))
        for claim, value in zip(claims.to_dict("records"), values, strict=True)
        if claim.get("quantity") in ("growth", "growth_at_least", "sign")
        and np.isfinite(value)
        and (span := read_period(_text(claim.get("period"))))
    ]
    clashes: dict[str, list[str]] = {}
    for name, source, (first, last, _kind), sign in moving:
        for other, its_source, (its_first, its_last, _its_kind), its_sign in moving:
            overlap = first <= its_last and its_first <= last
            if source == its_source and overlap and sign * its_sign < 0:
                clashes.setdefault(name, []).append(other)
    return clashes


def _imply_levels(claims: pd.DataFrame, values: pd.Series) -> dict[str, tuple[str, float, str]]:
    """What a level and growth "of at least" before it imply together for the year before each:
    claim → that year, its upper bound, and the arithmetic.
    """
    rows = list(zip(claims.to_dict("records"), values, strict=True))
    levels = {
        (_same_source(claim), _text(claim.get("period"))): (float(value), f"{value:,.0f}")
        for claim, value in rows
        if claim.get("quantity") == "level" and np.isfinite(value)
    }
    growing = [
        (claim, float(value))
        for claim, value in rows
        if claim.get("quantity") == "growth_at_least" and np.isfinite(value) and value > -1
    ]
    implied = {}
    # from the latest year backwards, since each bound rests on the next year's
    for claim, growth in sorted(growing, key=lambda one: _text(one[0].get("period")), reverse=True):
        source, period = _same_source(claim), _text(claim.get("period"))
        if read_period(period) is None or (source, period) not in levels:
            continue
        top, so_far = levels[source, period]
        before, bound = year_before(period), top / (1 + growth)
        steps = f"{so_far} / {1 + growth:.2f}"
        levels.setdefault((source, before), (bound, steps))
        implied[str(claim["claim_id"])] = (before, bound, steps)
    return implied


def _tell_implied(implied: tuple | None, claim: dict, facts: pd.DataFrame) -> str:
    if implied is None:
        return ""
    before, bound, steps = implied
    scope = facts[(facts["market"] == claim.get("market")) & (facts["status"] != "claimed")]
    known = _levels(scope, _text(claim.get("brand")), before)
    told = " ".join(
        f"[{row['units']:,.0f} {row['status']}]" for row in known.to_dict("records")[:1]
    )
    return f"{before} ≤ {steps} = {bound:,.0f} {told}".rstrip()


def _levels(facts: pd.DataFrame, brand: str, period: str) -> pd.DataFrame:
    """Levels of the best standing: reported, else worked out, else rounded and approximate, else
    unverified, else claimed ones.
    """
    rows = facts[(facts["brand"] == brand) & (facts["period"] == period) & facts["units"].notna()]
    for standing in (FIRM, ("derived",), ("approximate", "rounded"), ("unverified",), ("claimed",)):
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
        judged = _judge_overlap(brand, value, period, facts)
        elsewhere = _find_elsewhere(brand, period, facts) if quantity == "growth" else ""
        if judged[3] == "no_fact" and elsewhere:
            return np.nan, np.nan, "not_testable", "same_elsewhere", elsewhere
        return judged
    low, high = min(one.low for one in found), max(one.high for one in found)
    arithmetic = "; ".join(dict.fromkeys(one.arithmetic for one in found))
    bearing = [_bears_out(one, value, quantity) for one in found]
    agrees = all(one is True for one in bearing)
    differs = all(one is False for one in bearing)
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
    apart = True in bearing and False in bearing
    remark = "own_figure" if agrees else "sources_differ" if apart else "within_rounding"
    return low, high, "not_testable", remark, arithmetic


def _bears_out(growth: Growth, value: float, quantity: str) -> bool | None:
    """Whether one way of reckoning bears a claim out; None where rounding leaves it open."""
    low, high = growth.low, growth.high
    if quantity == "sign":
        agrees, differs = min(low * value, high * value) > 0, max(low * value, high * value) < 0
    elif quantity == "growth_at_least":
        agrees, differs = low >= value, high < value
    else:
        agrees = low - GROWTH_TOLERANCE <= value <= high + GROWTH_TOLERANCE
        differs = not agrees
    return True if agrees else False if differs else None


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


def _find_elsewhere(brand: str, period: str, facts: pd.DataFrame) -> str:
    """What the facts tell of the same part of a neighbouring year, where they tell nothing of the
    claimed one; empty where they are silent there too.
    """
    for years in (1, -1):
        other = shift_years(period, years)
        rows = facts[(facts["brand"] == brand) & (facts["period"] == other)]
        told = [
            f"{row['units']:,.0f} ({other}, {row['status']})"
            for row in rows[rows["units"].notna() & (rows["status"] != "claimed")].to_dict(
                "records"
            )
        ]
        if told:
            return "; ".join(told)
    return ""


def _judge_overlap(brand: str, value: float, period: str, facts: pd.DataFrame) -> tuple:
    """Growth rates of periods that overlap the claimed one: where they cover most of it they can
    show a wrong sign; they support nothing.
    """
    first, last, _kind = cast(tuple[pd.Period, pd.Period, str], read_period(period))
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
    seen = {
        month
        for row in rows.to_dict("records")
        for month in range(int(row["first"]), int(row["last"]) + 1)
    }
    claimed = set(range(first.ordinal, last.ordinal + 1))
    if max(low * value, high * value) < 0 and len(seen & claimed) > len(claimed) / 2:
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
    bearing = [
        row["low"] * (1 - LEVEL_TOLERANCE) <= value <= row["high"] * (1 + LEVEL_TOLERANCE)
        for row in others.to_dict("records")
    ]
    if all(bearing):
        return low, high, "supported", "agrees", arithmetic
    if not any(bearing):
        return low, high, "contradicted", "differs", arithmetic
    return low, high, "not_testable", "sources_differ", arithmetic


def _judge_follows(claim: dict, value: float, period: str, facts: pd.DataFrame) -> tuple:
    """One brand moved as another did, both in the claimed direction, written "A | B": it falls
    with either of the two.
    """
    brands = [part.strip() for part in str(claim.get("brand") or "").split("|")]
    if len(brands) != 2:
        return np.nan, np.nan, "not_testable", "no_fact", ""
    both = [
        _judge_growth({**claim, "brand": brand, "quantity": "sign"}, value, period, facts)
        for brand in brands
    ]
    arithmetic = " | ".join(f"{brand}: {one[4]}" for brand, one in zip(brands, both, strict=True))
    verdicts = [one[2] for one in both]
    if "contradicted" in verdicts:
        return np.nan, np.nan, "contradicted", "opposite_sign", arithmetic
    if set(verdicts) == {"supported"}:
        return np.nan, np.nan, "supported", "agrees", arithmetic
    return np.nan, np.nan, "not_testable", "within_rounding", arithmetic


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
