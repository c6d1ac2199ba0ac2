"""Verdicts on SWOT items: what the findings of other studies say about each statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from kamresearch.analysis.named import caveats_of_unknown, near_findings
from kamresearch.analysis.swot.condition import Condition, judge_condition
from kamresearch.analysis.swot.items import QUADRANT_NAMES, QUADRANTS, ROLES, Item
from kamresearch.analysis.swot.weights import ItemWeights
from kamresearch.display import Column, Followed, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding
from kamresearch.language import LANGUAGES, Fixed, Message, Text, format_quantity, tongue
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

INDIRECT = " (~)"
"""Mark of evidence that only touches the subject of its item."""

LIMITS = (
    _(
        "A supported statement meets its threshold; that does not make it a cause of "
        "anything, nor important."
    ),
    _(
        "The thresholds and ratings are judgements of the project; another threshold can "
        "give another verdict."
    ),
    _("Statements on judgement alone may be right: nobody has measured them here."),
)

VERDICTS = {
    "supported": _("supported"),
    "contradicted": _("contradicted"),
    "cannot_tell": _("cannot be told yet"),
    "judgement": _("judgement only"),
    "unknown": _("evidence not found"),
}
"""What can be said of an item; ``cannot_tell`` when the interval of its finding reaches over
the threshold.
"""


@dataclass(frozen=True)
class ItemVerdicts(Result):
    """Each item with its verdict and the numbers behind it."""

    exports = (
        "swot.n_supported",
        "swot.n_contradicted",
        "swot.n_judgement",
        "swot.n_cannot_tell",
        "swot.n_unknown",
    )
    shows = (
        Shown("swot.quadrants", part="evidence"),
        Shown("swot.items", "table", part="evidence"),
    )
    cautions = False

    items: tuple[Item, ...]
    frame: pd.DataFrame
    """A row per item and piece of evidence: item_id, quadrant, verdict (of the item), said (of this
    piece), finding,
    condition, falsified, measures, value, low, high, n, figure, simulated, near"""
    caveats: tuple[Text, ...]
    importance: Mapping[str, float] = field(default_factory=dict)
    """Item → how much the raters say that it matters; empty where nobody judged"""

    @property
    def verdicts(self) -> dict[str, str]:
        """Item id → verdict."""
        return dict(zip(self.frame["item_id"], self.frame["verdict"], strict=True))

    def text_of(self, item_id: str) -> Fixed:
        """What an item says."""
        return next(item.text for item in self.items if item.id == item_id)

    def count(self, verdict: str) -> int:
        """How many items have a verdict."""
        return list(self.verdicts.values()).count(verdict)

    @property
    def uses(self) -> tuple[str, ...]:
        """Tables that make what is shown simulated: the accounts, where some evidence rests on
        simulated ones.
        """
        return (
            ("accounts", "orders", "goals", "judgements") if self.frame["simulated"].any() else ()
        )

    def verdict(self) -> Message:
        """What the evidence says of the SWOT as a whole."""
        return self._sentence()

    def findings(self) -> list[Finding]:
        """How many items stand on evidence, against it, on judgement alone."""
        simulated = bool(self.frame["simulated"].any())
        labels = {
            "supported": (
                _("Items that the evidence supports"),
                "up",
                _("The condition holds over the finding's whole interval."),
            ),
            "contradicted": (
                _("Items that the evidence contradicts"),
                "down",
                _("The condition fails over the finding's whole interval."),
            ),
            "judgement": (
                _("Items that rest on judgement alone"),
                "neither",
                _("The item names no finding."),
            ),
            "cannot_tell": (
                _("Items that cannot be told yet"),
                "neither",
                _("The finding's interval reaches over the threshold."),
            ),
            "unknown": (
                _("Items whose evidence is not there"),
                "down",
                _("No study exported the finding that the item names, or it has no value."),
            ),
        }
        return [
            Finding(
                f"swot.n_{verdict}",
                self.count(verdict),
                "count",
                label,
                definition,
                n=len(self.items),
                n_unit="count",
                good=good,
                figure="swot.quadrants",
                headline=verdict == "contradicted",
                simulated=simulated,
                sentence=self._sentence() if verdict == "contradicted" else None,
            )
            for verdict, (label, good, definition) in labels.items()
        ]

    def _sentence(self) -> Message:
        values = {
            "n": len(self.items),
            "supported": self.count("supported"),
            "contradicted": self.count("contradicted"),
            "rest": len(self.items) - self.count("supported") - self.count("contradicted"),
        }
        by_item = self.frame[self.frame["said"].isin(["supported", "contradicted"])]
        by_item = by_item[by_item["verdict"].isin(["supported", "contradicted"])]
        simulated = by_item.groupby("item_id", sort=False)["simulated"].any()
        if not simulated.any():
            return _(
                "Of {n} statements of the SWOT, the evidence supports {supported} and "
                "contradicts {contradicted}; {rest} "
                "rest on judgement or cannot be told yet.",
                **values,
            )
        return _(
            "Of {n} statements of the SWOT, the evidence supports {supported} and contradicts "
            "{contradicted}: {simulated} of these verdicts rest on simulated data, {real} on real "
            "ones; {rest} rest on judgement or cannot be told yet.",
            simulated=int(simulated.sum()),
            real=int((~simulated.astype(bool)).sum()),
            **values,
        )

    def _measures(self) -> dict[str, Fixed]:
        """What the pieces of evidence of an item measure, in English → in every language."""
        told = {}
        for _item, pieces in self.frame.groupby("item_id", sort=False):
            labels = list(pieces["measures"].dropna())
            texts = {
                language: tongue(language).semicolon.join(one.render(language) for one in labels)
                for language in LANGUAGES
            }
            told[texts[LANGUAGES[0]]] = Fixed(texts)
        return told

    def table(self) -> Table:
        """One row per item and piece of evidence's first: what readers see and the next
        version is compared with.
        """
        rows = []
        for item in sorted(self.items, key=lambda item: QUADRANTS.index(item.quadrant)):
            pieces = self.frame[self.frame["item_id"] == item.id]
            rows.append(
                {
                    "item_id": item.id,
                    "quadrant": item.quadrant,
                    "text": item.text.render("en"),
                    "verdict": pieces["verdict"].iloc[0],
                    "owner": item.owner or None,
                    "date": item.date or None,
                    "evidence": "; ".join(
                        f"{row.finding} {row.condition}" + INDIRECT * (row.said == "indirect")
                        for row in pieces.itertuples()
                        if row.finding
                    )
                    or None,
                    "measures": "; ".join(one.render("en") for one in pieces["measures"].dropna())
                    or None,
                    "falsified": "; ".join(
                        f"{row.finding} {row.falsified}"
                        for row in pieces.itertuples()
                        if row.finding and row.said != "indirect"
                    )
                    or None,
                    "number": "; ".join(pieces["shown"].dropna()) or None,
                    "figure": "; ".join(dict.fromkeys(pieces["figure"].dropna())) or None,
                    "near": "; ".join(pieces["near"].dropna()) or None,
                }
            )
        return make_table(
            "swot.items",
            _("SWOT items and what the evidence says"),
            pd.DataFrame(rows),
            Column("item_id", _("Item")),
            Column("quadrant", _("Quadrant"), terms=QUADRANT_NAMES),
            Column(
                "text",
                _("Statement"),
                terms={item.text.render("en"): item.text for item in self.items},
            ),
            Column("verdict", _("Verdict"), terms=VERDICTS),
            Column("evidence", _("Evidence and condition")),
            Column("measures", _("What is measured"), terms=self._measures()),
            Column("falsified", _("Would be contradicted by")),
            Column("number", _("Number with interval")),
            Column("figure", _("Shown in figure")),
            Column("near", _("Near matches")),
            Column("owner", _("Owner"), terms=ROLES),
            "date",
            caption=_(
                "The interval decides: an item is supported or contradicted only where the "
                "condition holds or fails over the whole interval of its finding. Evidence marked "
                "(~) only touches the subject and decides nothing."
            ),
            followed=Followed(_("SWOT items"), "item_id", "text", "verdict"),
        )


def judge_items(
    items: tuple[Item, ...],
    findings: Mapping[str, Finding],
    weights: ItemWeights | None = None,
    *,
    strict: bool = False,
) -> ItemVerdicts:
    """Which statements stand on evidence, which does the evidence contradict, and which are
    judgement alone?

    Parameters
    ----------
    items : tuple of Item
        As `read_items` gives them.
    findings : mapping of str to Finding
        Findings of other studies by id.
    weights : ItemWeights, optional
        How much each item matters: the weightiest stand first in the picture.
    strict : bool
        Refuse to go on when an item contradicts its evidence.

    Returns
    -------
    ItemVerdicts
        Several pieces of evidence join by *and*: one contradiction contradicts the item; else an
        unknown piece leaves it
        unknown; else one that cannot be told leaves it open. Indirect evidence is shown and decides
        nothing: an item that has no other rests on judgement.

    Raises
    ------
    AnalysisError
        In strict mode, when at least one item is contradicted; it names them with their numbers.

    Notes
    -----
    A supported item is one whose threshold is met, not one that matters; and a threshold is itself
    a judgement.
    """
    frame = pd.concat([_judge_item(item, findings) for item in items], ignore_index=True)
    contradicted = frame[frame["said"] == "contradicted"]
    if strict and len(contradicted):
        offenders = [
            f"{row.item_id}: {row.finding} {row.shown} (asked {row.condition})"
            for row in contradicted.itertuples()
        ]
        raise AnalysisError(
            "swot, strict mode",
            "no item that contradicts its evidence",
            f"{len(offenders)}: " + "; ".join(offenders[:5]),
            "reword or drop these items, or publish with strict=False",
        )
    importance = weights.importance if weights is not None and weights.n_raters else {}
    return ItemVerdicts(items, frame, _caveats(items, frame), importance)


def _judge_item(item: Item, findings: Mapping[str, Finding]) -> pd.DataFrame:
    rows = [_judge_piece(item, name, condition, findings) for name, condition in item.evidence]
    said = [row["said"] for row in rows if row["said"] != "indirect"]
    verdict = next(
        (one for one in ("contradicted", "unknown", "cannot_tell", "supported") if one in said),
        "judgement",
    )
    empty = {
        "said": "judgement",
        "finding": None,
        "condition": None,
        "falsified": None,
        "measures": None,
        "value": None,
        "low": None,
        "high": None,
        "n": None,
        "shown": None,
        "figure": None,
        "simulated": False,
        "near": None,
    }
    return pd.DataFrame(
        [
            {"item_id": item.id, "quadrant": item.quadrant, "verdict": verdict, **row}
            for row in rows or [empty]
        ],
        dtype=object,
    )


def _judge_piece(
    item: Item, name: str, condition: Condition, findings: Mapping[str, Finding]
) -> dict:
    row = {
        "finding": name,
        "condition": str(condition),
        "falsified": condition.falsified(),
        "measures": None,
        "value": None,
        "low": None,
        "high": None,
        "n": None,
        "shown": None,
        "figure": None,
        "simulated": False,
        "near": None,
    }
    if name not in findings:
        said = "indirect" if name in item.indirect else "unknown"
        return row | {"said": said, "near": near_findings(name, findings)}
    finding = findings[name]
    interval = finding.interval
    return row | {
        "said": "indirect" if name in item.indirect else judge_condition(condition, finding),
        "measures": finding.label,
        "value": finding.value,
        "n": finding.n,
        "figure": finding.figure,
        "low": interval and float(interval.low),
        "high": interval and float(interval.high),
        "shown": _shown(finding),
        "simulated": finding.simulated,
    }


def _shown(finding: Finding) -> str | None:
    """The number with interval and n, in figures alone, so that it reads the same in every
    language.
    """
    if finding.value is None:
        return None
    text = format_quantity(finding.value, finding.unit, "en", bare=True)
    if finding.interval:
        bounds = (
            format_quantity(bound, finding.unit, "en", bare=True)
            for bound in (finding.interval.low, finding.interval.high)
        )
        text += " [" + ", ".join(bounds) + "]"
    return text if finding.n is None else f"{text}, n = {finding.n:,}"


def _caveats(items: tuple[Item, ...], frame: pd.DataFrame) -> tuple[Text, ...]:
    caveats: list[Text] = []
    empty = [
        quadrant for quadrant in QUADRANTS if quadrant not in {item.quadrant for item in items}
    ]
    for quadrant in empty:
        caveats.append(
            _(
                "The quadrant “{quadrant}” holds no item: nothing can be paired with it.",
                quadrant=QUADRANT_NAMES[quadrant],
            )
        )
    if len(items) == 1:
        caveats.append(_("The SWOT holds a single item: there is nothing to weigh it against."))
    return (*caveats, *caveats_of_unknown(frame[frame["said"] == "unknown"], "item_id"))


__all__ = ["VERDICTS", "ItemVerdicts", "judge_items"]
