"""Findings: numbers with their passports, and the collection that studies hand on to each other."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

from kamresearch import rich
from kamresearch.errors import StudyError, near_matches
from kamresearch.language import Fixed, Message, Quantity, Text, current_language, render_all
from kamresearch.language import message as _
from kamresearch.language.format import UNITS, format_quantity

if TYPE_CHECKING:
    import pandas as pd

DIRECTIONS = ("up", "down", "neither")


@dataclass(frozen=True)
class Interval:
    """Lower and upper bound at a level: Interval(0.07, 0.29, 0.95)."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Finding:
    """A number with its passport.

    Parameters
    ----------
    id : str
        ``<study>.<name>`` in lower case with underscores: ``churn.rate``.
    value : number, text, bool or None
        None means undefined, and then ``reason`` says why; where there is a value, a reason given
        for its absence is not kept.
    unit : str
        One of `kamresearch.language.format.UNITS`.
    label : Text
        What the number is, as a table would head it.
    definition : Text
        How it is made: formula, grain, exclusions.
    interval : Interval, optional
        None where the number is a plain count or fact.
    n : int, optional
        How many cases stand behind it, counted in ``n_unit``.
    period : (str, str), optional
        First and last day that it speaks of, ISO dates.
    good : {"up", "down", "neither"}
        Which way is good for the company.
    figure : str, optional
        Id of the figure that shows it.
    sentence : Text, optional
        The finding in a sentence for the briefing. Placeholders come from the values given to the
        message.
    headline : bool
        Whether the shelf and the briefing show it first.
    simulated : bool
        Whether simulated data stand behind it. The study session sets it.
    words : Text, optional
        What readers see instead of a value that is a code: the name of a model.
    """

    id: str
    value: float | int | str | bool | None
    unit: str
    label: Text
    definition: Text
    interval: Interval | None = None
    n: int | None = None
    n_unit: str = "accounts"
    period: tuple[str, str] | None = None
    good: str = "neither"
    figure: str | None = None
    sentence: Text | None = None
    reason: Text | None = None
    headline: bool = False
    simulated: bool = False
    words: Text | None = None

    def __post_init__(self) -> None:
        if self.value is not None and self.reason is not None:
            # Whoever makes a finding states the reason for the case that there is no value; a
            # number that is there must not be published beside words that say it is not.
            object.__setattr__(self, "reason", None)
        problem = self._problem()
        if problem:
            raise StudyError(
                f"finding {self.id!r}", problem[0], problem[1], "mend the code that makes it"
            )

    def _problem(self) -> tuple[str, str] | None:
        study, _, name = self.id.partition(".")
        if not (study and name and self.id == self.id.lower() and " " not in self.id):
            return "an id of the form study.name", repr(self.id)
        if self.unit not in UNITS or self.n_unit not in UNITS:
            return f"a unit out of {', '.join(sorted(UNITS))}", f"{self.unit!r} and {self.n_unit!r}"
        if self.good not in DIRECTIONS:
            return f"good to be one of {', '.join(DIRECTIONS)}", repr(self.good)
        if self.value is None and self.reason is None:
            return "a reason where there is no value", "none"
        numbers = [self.value] if isinstance(self.value, float) else []
        numbers += [self.interval.low, self.interval.high] if self.interval else []
        if not all(isfinite(number) for number in numbers):
            return "finite numbers (None with a reason where undefined)", repr(numbers)
        return None

    def __repr__(self) -> str:
        value = (
            self.render("en")
            if self.value is not None
            else f"– ({cast(Text, self.reason).render('en')})"
        )
        return " ".join([f"{self.id} = {value}", *_bounds(self, "en")])

    def _repr_html_(self) -> str:
        return cards([self], current_language())

    @property
    def quantity(self) -> Quantity:
        """The value as a sentence shows it."""
        return Quantity(self.value, self.unit)

    def render(self, language: str) -> str:
        """The value in its unit, or in words where it is a code, so that a finding can stand
        in a message.
        """
        return (
            self.words.render(language)
            if self.words
            else format_quantity(self.value, self.unit, language)
        )

    def to_dict(self) -> dict:
        """Plain JSON values; every text in every language."""

        def texts(text: Text | None) -> dict | None:
            return None if text is None else render_all(text)

        return {
            "id": self.id,
            "value": plain(self.value),
            "unit": self.unit,
            "interval": self.interval
            and {
                "low": float(self.interval.low),
                "high": float(self.interval.high),
                "level": self.interval.level,
            },
            "n": None if self.n is None else int(self.n),
            "n_unit": self.n_unit,
            "period": self.period and list(self.period),
            "good": self.good,
            "figure": self.figure,
            "headline": self.headline,
            "simulated": self.simulated,
            "label": texts(self.label),
            "definition": texts(self.definition),
            "sentence": texts(self.sentence),
            "reason": texts(self.reason),
            "words": texts(self.words),
        }

    @classmethod
    def from_dict(cls, data: Mapping) -> "Finding":
        """The finding that `to_dict` wrote."""

        def text(name: str) -> Fixed | None:
            return None if data[name] is None else Fixed(data[name])

        interval = data["interval"] and Interval(**data["interval"])
        plain_parts = (
            "id",
            "value",
            "unit",
            "n",
            "n_unit",
            "good",
            "figure",
            "headline",
            "simulated",
        )
        return cls(
            **{name: data[name] for name in plain_parts},
            interval=interval or None,
            period=tuple(data["period"]) if data["period"] else None,
            label=Fixed(data["label"]),
            definition=Fixed(data["definition"]),
            sentence=text("sentence"),
            reason=text("reason"),
            words=text("words") if "words" in data else None,
        )


def cards(findings: Iterable[Finding], language: str) -> str:
    """Findings as a notebook shows them: a card each, with formatted numbers."""
    return rich.beside(_card(finding, language) for finding in findings)


def _card(finding: Finding, language: str) -> str:
    known = finding.value is not None
    value = finding.render(language) if known else cast(Text, finding.reason).render(language)
    about = _bounds(finding, language)
    about += [] if finding.n is None else [f"n = {finding.n:,}"]
    about += [" – ".join(dict.fromkeys(finding.period))] if finding.period else []
    about += [_("simulated").render(language)] if finding.simulated else []
    texts = (finding.label.render(language), finding.definition.render(language))
    return rich.card(texts[0], value, about, finding.id, texts[1], known)


def _bounds(finding: Finding, language: str) -> list[str]:
    if finding.interval is None:
        return []
    bounds = (finding.interval.low, finding.interval.high)
    low, high = (format_quantity(one, finding.unit, language) for one in bounds)
    return [f"{low} – {high} ({finding.interval.level:.0%})"]


def plain(value: Any) -> Any:
    """A NumPy or pandas scalar as the plain Python value that JSON can hold."""
    return value.item() if hasattr(value, "item") else value


def is_number(value: object) -> bool:
    """Whether a value is a number, NumPy's included; true and false are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


class Findings(Mapping[str, Finding]):
    """Findings by id, in the order in which they were exported."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._by_id: dict[str, Finding] = {}
        for finding in findings:
            if finding.id in self._by_id:
                raise StudyError(
                    f"finding {finding.id!r}", "one finding of each id", "two", "rename one of them"
                )
            self._by_id[finding.id] = finding

    def __getitem__(self, finding_id: str) -> Finding:
        if finding_id not in self._by_id:
            raise UnknownFindingError(finding_id, self._by_id)
        return self._by_id[finding_id]

    def get(self, finding_id: str, default: Any = None) -> Any:
        """The finding of an id, or what stands for none: no error looks for near ones."""
        return self._by_id.get(finding_id, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, finding_id: object) -> bool:
        return finding_id in self._by_id

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        shown = [f"{id} = {one.render('en')}" for id, one in self.items()]
        more = [f"… {len(shown) - 12} more"] if len(shown) > 12 else []
        return "\n".join([f"{len(shown)} findings", *shown[:12], *more])

    def to_frame(self) -> "pd.DataFrame":
        """One row per finding: id, label, value, low, high, level, unit, n, n_unit, period_first,
        period_last, good, figure, simulated, reason (English texts; what is unknown is missing).
        """
        import pandas as pd

        rows = []
        for id, one in self.items():
            low, high, level = (
                (one.interval.low, one.interval.high, one.interval.level)
                if one.interval
                else (None,) * 3
            )
            first, last = one.period or (None, None)
            rows.append(
                {
                    "id": id,
                    "label": one.label.render("en"),
                    "value": one.value,
                    "low": low,
                    "high": high,
                    "level": level,
                    "unit": one.unit,
                    "n": one.n,
                    "n_unit": one.n_unit,
                    "period_first": first,
                    "period_last": last,
                    "good": one.good,
                    "figure": one.figure,
                    "simulated": one.simulated,
                    "reason": one.reason.render("en") if one.reason else None,
                }
            )
        return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["id", "label", "value"])

    def _repr_html_(self) -> str:
        return cards(self.values(), current_language())

    def headlines(self) -> list[Finding]:
        """Those that the shelf and the briefing show first."""
        return [finding for finding in self.values() if finding.headline]

    def to_json(self) -> str:
        """All findings as JSON text; equal findings give equal bytes."""
        rows = [finding.to_dict() for finding in self.values()]
        return json.dumps(rows, ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Findings":
        """The findings that `to_json` wrote."""
        return cls(Finding.from_dict(row) for row in json.loads(text))


class UnknownFindingError(StudyError, KeyError):
    """A finding was asked for by an id that nobody exported."""

    def __init__(self, finding_id: str, known: Iterable[str]) -> None:
        self.finding_id, self.known = finding_id, list(known)
        super().__init__(
            f"finding {finding_id!r}",
            "a finding that a study exports",
            "none of this id",
            near_matches(finding_id, self.known),
        )

    def __reduce__(self) -> tuple:
        return type(self), (self.finding_id, self.known)

    __str__ = Exception.__str__


def mark_simulated(finding: Finding) -> Finding:
    """The same finding, marked as resting on simulated data."""
    return replace(finding, simulated=True)


__all__ = [
    "DIRECTIONS",
    "Finding",
    "Findings",
    "Interval",
    "Message",
    "UnknownFindingError",
    "mark_simulated",
    "plain",
]
