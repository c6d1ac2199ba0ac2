"""The rules in Python as functions of the embedded engine: each distinct text is read once."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING

import ibis

from kamresearch.data.amounts import parse_amount, strip_amount
from kamresearch.data.days import is_number, is_period, parse_day

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

REMEMBERED = 1 << 18


@ibis.udf.scalar.builtin(name="kam_day")
def day_of(text: str, style: str) -> str:
    """The day of a text in ISO; ``style`` is ``d`` or ``m`` (what comes first) and a calendar."""
    ...


@ibis.udf.scalar.builtin(name="kam_amount")
def amount_of(text: str, decimal: str) -> float:
    """The number of an amount."""
    ...


@ibis.udf.scalar.builtin(name="kam_digits")
def digits_of(text: str) -> str:
    """The digits and marks of an amount."""
    ...


@ibis.udf.scalar.builtin(name="kam_kind_of_day")
def kind_of_day(text: str) -> str:
    """``period`` for a month or quarter alone, ``number`` for a day number, else empty."""
    ...


def register(connection: "Backend", time_zone: str) -> None:
    """Make the functions known to an embedded engine."""

    def day(text: str, style: str) -> str | None:
        return parse_day(text, style[:1] == "d", style[1:], time_zone)

    def kind(text: str) -> str:
        return "period" if is_period(text) else "number" if is_number(text) else ""

    functions: tuple[tuple[str, Callable, list[str], str], ...] = (
        ("kam_day", day, ["VARCHAR", "VARCHAR"], "VARCHAR"),
        ("kam_amount", parse_amount, ["VARCHAR", "VARCHAR"], "DOUBLE"),
        ("kam_digits", lambda text: strip_amount(text)[0], ["VARCHAR"], "VARCHAR"),
        ("kam_kind_of_day", kind, ["VARCHAR"], "VARCHAR"),
    )
    for name, function, takes, gives in functions:
        connection.con.create_function(
            name, _of_filled(function), takes, gives, null_handling="special", side_effects=False
        )


def _of_filled(function: Callable) -> Callable:
    """A function that reads each distinct text once, and nothing of a missing one."""
    remembered = lru_cache(REMEMBERED)(function)

    @wraps(function)
    def read(*arguments: str | None) -> str | float | None:
        return None if None in arguments else remembered(*arguments)

    return read
