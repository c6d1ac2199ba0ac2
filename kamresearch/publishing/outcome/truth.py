"""The truth gate: what no version may say, whatever its data are; asked before it is sealed.

Each rule takes what one study gave (`Outcome`) and names what it breaks, with the reason. A study
that breaks one stops as if it had left a figure out: a page that is missing misleads nobody.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite

from kamresearch.finding import is_number
from kamresearch.studies.declaration import Study
from kamresearch.studies.kinds import CaveatOutput, FindingsOutput, TableOutput, TextOutput
from kamresearch.studies.outputs import iterate_outputs

CLOSE = 1e-6
"""Relative difference up to which two numbers made on two ways count as the same."""

BOUNDED = {"share": (0.0, 1.0), "probability": (0.0, 1.0), "p_value": (0.0, 1.0)}
"""Units that end somewhere. A change is told as ``growth``, a share of a sum with negative parts
as ``net_share``: those say in words that they do not."""

_NO_NUMBER = re.compile(r"(?<![\w-])(?:nan|NaN|NaT|-?inf|(?<=[^.!?] )None)(?![\w-])")


@dataclass(frozen=True)
class Outcome:
    """What one study gave: findings and tables as their outputs hold them, sentences per language,
    the as-of day, the findings of the studies before it, and the study, which declares what must
    add up.
    """

    findings: Mapping[str, Mapping]
    tables: Mapping[str, TableOutput]
    sentences: tuple[str, ...] = ()
    as_of: str = ""
    earlier: Mapping[str, Mapping] = field(default_factory=dict)
    study: Study | None = None

    @classmethod
    def of_notebook(
        cls,
        notebook: Mapping,
        as_of: str = "",
        earlier: Mapping[str, Mapping] | None = None,
        study: Study | None = None,
    ) -> "Outcome":
        """The outcome that an executed notebook holds."""
        findings, tables, sentences = {}, {}, []
        for said in iterate_outputs(notebook):
            match said:
                case FindingsOutput():
                    findings |= {row["id"]: row for row in said.findings}
                case TableOutput():
                    tables[said.id] = said
                case TextOutput() | CaveatOutput():
                    sentences += said.paragraphs
        return cls(findings, tables, tuple(sentences), as_of, earlier or {}, study)


def find_untruths(outcome: Outcome) -> list[str]:
    """What must not be published of a study's outcome: rule by rule, each with its reason."""
    return [f"{where}: {why}" for rule in RULES for where, why in rule(outcome)]


Broken = Iterator[tuple[str, str]]


def _reason_beside_value(outcome: Outcome) -> Broken:
    for key, row in outcome.findings.items():
        if row["value"] is not None and row["reason"]:
            yield key, "it has a value and a reason for having none; only one can be so"
        if row["value"] is None and row["interval"]:
            yield key, "it has an interval without a value; nothing is known of what is not told"


def _interval(outcome: Outcome) -> Broken:
    for key, row in outcome.findings.items():
        interval, value = row["interval"], row["value"]
        if not interval:
            continue
        low, high = interval["low"], interval["high"]
        if not (isfinite(low) and isfinite(high)):
            yield key, "its interval has no end"
        elif low > high:
            yield key, f"its interval runs backwards, from {low:g} to {high:g}"
        elif low == high:
            yield key, f"its interval has width zero at {low:g}; no error of zero was measured"
        elif is_number(value) and not (low - _slack(low) <= value <= high + _slack(high)):
            yield key, f"its interval, {low:g} to {high:g}, excludes its own value, {value:g}"


def _bounds(outcome: Outcome) -> Broken:
    for key, row in outcome.findings.items():
        if row["unit"] not in BOUNDED:
            continue
        least, most = BOUNDED[row["unit"]]
        told = [row["value"]] if is_number(row["value"]) else []
        told += [row["interval"]["low"], row["interval"]["high"]] if row["interval"] else []
        outside = [one for one in told if not least - CLOSE <= one <= most + CLOSE]
        if outside:
            yield (
                key,
                f"a {row['unit']} of {outside[0]:g} lies outside {least:g} to {most:g}; a change "
                "is told as growth, a share of a sum with negative parts as net_share",
            )
    for table, column, values in _columns(outcome, ("probability", "p_value")):
        outside = [one for one in values if not -CLOSE <= one <= 1 + CLOSE]
        if outside:
            yield f"{table}.{column}", f"a probability of {outside[0]:g} lies outside 0 to 1"


def _rows_in_order(outcome: Outcome) -> Broken:
    """Bounds stand in order in every row of every table: lower before upper, 95 % around 80 %."""
    orders = (("low", "high"), ("lo_95", "lo_80", "hi_80", "hi_95"), ("rank_low", "rank_high"))
    for key, table in outcome.tables.items():
        names = table.names
        for order in orders:
            if not set(order) <= set(names):
                continue
            places = [names.index(name) for name in order]
            for number, row in enumerate(table.rows, 1):
                told = [row[place] for place in places if is_number(row[place])]
                if told != sorted(told):
                    yield key, f"row {number}: {' ≤ '.join(order)} does not hold"
                    break


def _forecast_of_the_past(outcome: Outcome) -> Broken:
    """A row with forecast bounds speaks of a period of which no more than half is over."""
    if not outcome.as_of:
        return
    for key, table in outcome.tables.items():
        names = table.names
        if "period" not in names or "lo_95" not in names:
            continue
        import pandas as pd  # half a second: of the few that forecast

        for row in table.rows:
            period = pd.Period(str(row[names.index("period")]))
            middle = period.start_time + (period.end_time - period.start_time) / 2
            if middle < pd.Timestamp(outcome.as_of):
                yield (
                    key,
                    f"{period} is mostly past on {outcome.as_of}; what is seen is no forecast",
                )
                break


def _parts_and_wholes(outcome: Outcome) -> Broken:
    for whole, parts in outcome.study.totals if outcome.study else ():
        values = [_value(outcome, part) for part in parts]
        told = _value(outcome, whole) if whole else outcome.findings.get(parts[0], {}).get("n")
        known = [value for value in values if value is not None]
        if told is None or len(known) < len(values):
            continue
        if abs(sum(known) - told) > CLOSE * max(1.0, abs(told)):
            yield whole or parts[0], f"the parts add up to {sum(known):g}, not to {told:g}"
    for share, count in outcome.study.counted if outcome.study else ():
        value, part = _value(outcome, share), _value(outcome, count)
        n = outcome.findings.get(share, {}).get("n")
        if value is not None and part is not None and n and abs(part / n - value) > CLOSE:
            yield share, f"{part:g} of {n} are not {value:g}: its n is not that of its definition"


def _told_twice(outcome: Outcome) -> Broken:
    """The same label and definition over the same period on as many cases give one number."""
    yield from _differing([*outcome.earlier.items(), *outcome.findings.items()])


def contradicts_others(notebook: Mapping, others: Iterable[Mapping]) -> bool:
    """Whether a notebook that ran beside other findings tells one of these otherwise."""
    own = [row for one in iterate_outputs(notebook, FindingsOutput) for row in one.findings]
    return any(_differing((row["id"], row) for row in (*others, *own)))


def _differing(findings: Iterable[tuple[str, Mapping]]) -> Broken:
    seen: dict[tuple, tuple[str, float]] = {}
    for key, row in findings:
        if not is_number(row["value"]):
            continue
        words = (row["label"]["en"], row["definition"]["en"])
        same = (*words, row["unit"], str(row["period"]), row["n"], row["n_unit"])
        first, value = seen.setdefault(same, (key, row["value"]))
        if abs(value - row["value"]) > CLOSE * max(1.0, abs(value)):
            yield key, f"it is {row['value']:g} where {first}, defined alike, is {value:g}"


def _headline_without_n(outcome: Outcome) -> Broken:
    for key, row in outcome.findings.items():
        if row["headline"] and row["interval"] and not row["n"]:
            yield key, "a headline with an interval names no n that the interval comes from"
        if row["n"] is not None and row["n"] < 0:
            yield key, f"its n is {row['n']}"


def _lists(outcome: Outcome) -> Broken:
    """A list holds each account (its first column) once, and as many as the count beside it
    states.
    """
    for count, key in outcome.study.listed if outcome.study else ():
        table, n = outcome.tables.get(key), _value(outcome, count)
        if table is None:
            continue
        ids = [row[0] for row in table.rows]
        if len(set(ids)) != len(ids):
            yield key, "an account stands in it twice"
        if n is not None and table.rows_total != n:
            yield key, f"it lists {table.rows_total} accounts where {count} tells {n:g}"
        cases = outcome.findings.get(count, {}).get("n")
        if cases is not None and table.rows_total > cases:
            yield key, f"it lists {table.rows_total} accounts out of {cases}"


def _words(outcome: Outcome) -> Broken:
    """No sentence holds a number that is none."""
    told = [
        (key, text)
        for key, row in outcome.findings.items()
        for name in ("sentence", "reason")
        for text in (row[name] or {}).values()
    ]
    for where, text in [*told, *(("a sentence", one) for one in outcome.sentences)]:
        if _NO_NUMBER.search(text):
            yield where, f"it reads {text!r}: a number that is none stands in it"


RULES: tuple[Callable[[Outcome], Broken], ...] = (
    _reason_beside_value,
    _interval,
    _bounds,
    _rows_in_order,
    _forecast_of_the_past,
    _parts_and_wholes,
    _told_twice,
    _headline_without_n,
    _lists,
    _words,
)


def _slack(bound: float) -> float:
    return CLOSE * max(1e-6, abs(bound))


def _value(outcome: Outcome, key: str) -> float | None:
    value = outcome.findings.get(key, {}).get("value")
    return float(value) if value is not None and is_number(value) else None


def _columns(outcome: Outcome, units: tuple[str, ...]) -> Iterator[tuple[str, str, list[float]]]:
    for key, table in outcome.tables.items():
        for place, column in enumerate(table.columns):
            if column.unit in units:
                values = [row[place] for row in table.rows if is_number(row[place])]
                yield key, column.name, values
