"""The reconciliation card: what was read, for a person to hold against the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from kamresearch.data.checks.result import CheckResult, Issue
from kamresearch.data.checks.words import CHECKS
from kamresearch.data.period import find_period
from kamresearch.language import LANGUAGES, Quantity, Text, render, render_all
from kamresearch.language import message as _

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

LARGEST = 5
REASONS_SHOWN = 10
QUARANTINE_SHOWN = 200

REASON_TEXTS = {
    "missing": lambda column: _("{column} is missing", column=column),
    "not_a_number": lambda column: _("{column} is not a number", column=column),
    "not_a_whole_number": lambda column: _("{column} is not a whole number", column=column),
    "not_a_date": lambda column: _("{column} is not a date", column=column),
    "far_date": lambda column: _("{column} lies outside the years 1900 to 2199", column=column),
    "unknown": lambda column: _("{column} names nothing that is known", column=column),
    "duplicate": lambda column: _("{column} repeats the key of another row", column=column),
    "repeated": lambda column: _("the whole row repeats another"),
    "head_again": lambda column: _("the line repeats the head"),
    "total": lambda column: _("the line is a total, not a record"),
    "broken": lambda column: _("the line does not have the head's columns"),
}
"""Why a row was set aside, for readers of both languages."""


@dataclass(frozen=True)
class Aside:
    """Rows set aside for one reason: how many, and the first of them as written."""

    table: str
    reason: Text | str
    count: int
    row: int | None
    value: str


@dataclass(frozen=True)
class Card:
    """What was read: rows, orders, accounts, days, money, the largest accounts, rows set aside."""

    source: str
    currency: str
    ledger: pd.DataFrame
    orders: int
    accounts: int
    first: str
    last: str
    by_year: pd.Series
    largest: pd.DataFrame
    aside: tuple[Aside, ...]
    checked: CheckResult
    quarantine: pd.DataFrame
    cells: tuple[tuple[str, str, str], ...] = ()

    @property
    def revenue(self) -> float:
        """Revenue in all."""
        return float(self.by_year.sum())

    def _exact(self, amount: float) -> str:
        """An amount to the cent: a ledger is compared figure by figure."""
        return f"{amount:,.2f} {self.currency}".strip()

    def lines(self, language: str) -> Iterator[str]:
        """The card as lines of text."""
        for row in self.ledger.itertuples():
            yield render(
                _(
                    "{table} ({file}): {n} rows in, {used} used, {aside} set aside",
                    table=row.table,
                    file=row.file,
                    n=Quantity(row.rows_in, "count"),
                    used=Quantity(row.rows_used, "count"),
                    aside=Quantity(row.rows_quarantined, "count"),
                ),
                language,
            )
        yield render(
            _(
                "{orders} orders of {accounts} accounts, {first} to {last}, revenue {revenue}",
                orders=Quantity(self.orders, "count"),
                accounts=Quantity(self.accounts, "count"),
                first=self.first,
                last=self.last,
                revenue=self._exact(self.revenue),
            ),
            language,
        )
        for year, amount in self.by_year.items():
            yield f"  {year}: {self._exact(float(amount))}"
        yield render(_("Largest accounts:"), language)
        for name, amount in self.largest.itertuples(index=False):
            yield f"  {name}: {self._exact(float(amount))}"
        if self.aside:
            yield render(_("Rows set aside:"), language)
        for one in self.aside:
            yield "  " + render(_aside_text(one), language)
        if self.cells:
            yield render(_("As written → as read:"), language)
        for column, written, read in self.cells:
            yield f"  {column}: {written} → {read}"
        yield from self._issues(language)

    def _issues(self, language: str) -> Iterator[str]:
        for severity, title in (("error", _("Errors:")), ("warning", _("Warnings:"))):
            issues = self.checked.of_severity(severity)
            if issues:
                yield render(title, language)
            for issue in issues:
                yield from (f"  {line}" for line in issue_lines(issue, language))
        notes = [one for one in self.checked.of_severity("info") if one.check == "open_ended"]
        for issue in notes:
            yield issue_lines(issue, language)[0]

    def facts(self, as_of: str) -> dict:
        """The card as plain values, for programs."""
        tables = {
            str(row.table): {
                "rows_in": int(row.rows_in),
                "rows": int(row.rows_used),
                "aside": int(row.rows_quarantined),
                "left_out": int(row.rows_left_out),
                "file": str(row.file),
            }
            for row in self.ledger.itertuples()
        }
        return {
            "source": self.source,
            "as_of": as_of,
            "tables": tables,
            "orders": self.orders,
            "accounts": self.accounts,
            "first": self.first,
            "last": self.last,
            "currency": self.currency,
            "revenue_by_year": {str(year): float(value) for year, value in self.by_year.items()},
            "doubts": [_issue_facts(one) for one in self.checked.issues],
            "errors": [render_all(one.text) for one in self.checked.errors],
            "warnings": [render_all(one) for one in self.checked.warnings_texts()],
            "quarantine": [
                {name: _plain(value) for name, value in row.items()}
                for row in self.quarantine.head(QUARANTINE_SHOWN).to_dict("records")
            ],
            "languages": list(LANGUAGES),
        }

    def html(self, language: str) -> str:
        """The card as a page of its own, complete in one file."""
        title = render(_("What was read, to be held against the ledger"), language)
        body = "\n".join(escape(line) for line in self.lines(language))
        return (
            f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(title)}</title><style>body{{font:16px/1.6 system-ui,sans-serif;"
            "max-width:60rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap;font:inherit}"
            f"</style><main><h1>{escape(title)}</h1><pre>{body}</pre></main></html>\n"
        )


def _issue_facts(issue: Issue) -> dict:
    """A doubt or a fault as plain values."""
    return {
        "check": issue.check,
        "severity": issue.severity,
        "table": issue.table,
        "column": issue.column,
        "count": issue.count,
        "n": issue.n,
        "share_of_revenue": issue.share_of_revenue,
        "first": list(issue.first_offenders),
        "text": render_all(issue.text),
        "remedy": render_all(CHECKS[issue.check].remedy),
    }


def _plain(value: Any) -> object:
    value = value.item() if hasattr(value, "item") else value
    if value is None or pd.isna(value):
        return None
    return value if isinstance(value, (int, float, str, bool)) else str(value)


def _aside_text(one: Aside) -> Text:
    parts = {
        "n": Quantity(one.count, "count"),
        "table": one.table,
        "reason": one.reason,
        "value": repr(one.value),
    }
    if not one.value and one.row is not None:  # left out for another column, or empty itself
        return _("{table}: {n}, {reason}; first in row {row}", row=one.row, **parts)
    if one.row is None:
        return _("{table}: {n}, {reason}; first: {value}", **parts)
    return _("{table}: {n}, {reason}; first: {value} in row {row}", row=one.row, **parts)


def issue_lines(issue: Issue, language: str) -> list[str]:
    """A doubt or a fault in two lines: what it is, with the first offenders; what to do."""
    first = ", ".join(issue.first_offenders)
    text = render(issue.text, language)
    if first:
        text += " " + render(_("First: {offenders}.", offenders=first), language)
    remedy = render(CHECKS[issue.check].remedy, language)
    return [text, "  " + render(_("To do: {remedy}", remedy=remedy), language)]


def make_card(tables: "Tables", checked: CheckResult) -> Card:
    """What a company's opened tables hold, in figures that its ledger has too.

    Tables and their audit → `Card`. Orders are added up on the engine.
    """
    orders = tables.orders
    sums = (
        orders.group_by(year=orders.order_date.cast("date").year())
        .agg(revenue=orders.revenue.sum())
        .to_pandas()
        .dropna(subset=["year"])
        .sort_values("year")
    )
    by_year = pd.Series(sums["revenue"].to_numpy(), index=sums["year"].astype(int))
    totals = orders.group_by("account_id").agg(revenue=orders.revenue.sum())
    names = tables.accounts.select("account_id", "account_name")
    largest = totals.join(names, "account_id")
    largest = largest.order_by(largest.revenue.desc(), "account_id").limit(LARGEST).to_pandas()
    period = find_period(tables)
    return Card(
        source=str(tables.source),
        currency=tables.currency,
        ledger=tables.ledger,
        orders=tables.n_orders,
        accounts=tables.loaded["accounts"].rows_used,
        first=period.first.date().isoformat() if period else "–",
        last=period.last.date().isoformat() if period else "–",
        by_year=by_year,
        largest=largest[["account_name", "revenue"]],
        aside=_asides(tables),
        checked=checked,
        quarantine=tables.quarantine,
    )


def _asides(tables: "Tables") -> tuple[Aside, ...]:
    quarantine = tables.quarantine
    found = []
    groups = quarantine.groupby(["table", "code", "reason"], sort=False, dropna=False)
    for (table, code, reason), rows in groups:
        first = rows.iloc[0]
        column = "" if pd.isna(first["column"]) else str(first["column"])
        text = REASON_TEXTS[code](column) if code in REASON_TEXTS else str(reason)
        row = None if pd.isna(first["row"]) else int(first["row"])
        value = "" if pd.isna(first["value"]) else str(first["value"])[:80]
        found.append(Aside(str(table), text, int(rows["count"].sum()), row, value))
    return tuple(sorted(found, key=lambda one: -one.count)[:REASONS_SHOWN])
