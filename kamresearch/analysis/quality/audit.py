"""The audit of a company's tables as a result: what came in, what was used, what the checks
found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.data.checks import CHECKS, SEVERITIES, CheckResult, check_tables
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

REASONS: dict[str, Text] = {
    "missing": _("a required value is missing"),
    "not_a_number": _("not a number"),
    "not_a_whole_number": _("not a whole number"),
    "not_a_date": _("not a date"),
    "not_a_flag": _("neither yes nor no"),
    "unknown": _("names an unknown account or manager"),
    "duplicate": _("repeats the key of another row"),
    "repeated": _("repeats another row in everything"),
    "filtered": _("left out by the mapping"),
    "broken": _("the line does not have the head's columns"),
}
"""Why rows are set aside, in both languages."""


@dataclass(frozen=True)
class Audit(Result, frame="checks.tables"):
    """Checks, row counts and rows set aside of one company's tables."""

    exports = (
        "quality.completeness",
        "quality.n_errors",
        "quality.n_warnings",
        "quality.rows_in",
        "quality.quarantined_share",
    )
    shows = (
        Shown("quality.issues", "issues_table"),
        Shown("quality.completeness_by_column"),
        Shown("quality.fields", "fields_table"),
        Shown("quality.rows", "rows_table", part="rows"),
        Shown("quality.quarantine", "quarantine_table", part="rows"),
    )
    cautions = False

    checks: CheckResult = field(repr=False)
    quarantine: pd.DataFrame = field(repr=False)
    """table, column, reason (a code of `REASONS`), n_rows"""
    as_of: str

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What the report's head says of these data."""
        return self.checks.warnings_texts()

    def findings(self) -> list[Finding]:
        """Completeness, errors, warnings, rows in and set aside."""
        checks = self.checks
        rows_in = int(checks.tables["rows_in"].sum())
        used = Quantity(checks.completeness, "share")
        return [
            Finding(
                "quality.completeness",
                checks.completeness,
                "share",
                _("Completeness of the data"),
                _(
                    "The weaker of accounts and orders: share of rows used times share of "
                    "filled cells in the columns that the data carry. Below {threshold} a "
                    "report should not be used.",
                    threshold=Quantity(checks.threshold, "share"),
                ),
                n=rows_in,
                n_unit="records",
                good="up",
                figure="quality.completeness_by_column",
                headline=True,
                sentence=_(
                    "The data are {share} complete; the checks found {errors} errors and "
                    "{warnings} warnings.",
                    share=used,
                    errors=len(checks.errors),
                    warnings=len(checks.warnings),
                ),
            ),
            Finding(
                "quality.n_errors",
                len(checks.errors),
                "count",
                _("Errors"),
                _("Checks whose result stops a run."),
                n=rows_in,
                n_unit="records",
                good="down",
            ),
            Finding(
                "quality.n_warnings",
                len(checks.warnings),
                "count",
                _("Warnings"),
                _("Checks whose result stands in every report's head."),
                n=rows_in,
                n_unit="records",
                good="down",
            ),
            Finding(
                "quality.rows_in",
                rows_in,
                "records",
                _("Rows that came in"),
                _("Rows of all tables as exported: rows used and rows set aside."),
                n=rows_in,
                n_unit="records",
            ),
            Finding(
                "quality.quarantined_share",
                checks.quarantined_share,
                "share",
                _("Rows set aside"),
                _(
                    "Rows that cannot be used, each kept with its reason, over the rows "
                    "that the mapping does not leave out on purpose."
                ),
                n=rows_in,
                n_unit="records",
                good="down",
            ),
        ]

    def opening(self) -> tuple[Text, ...]:
        """How complete the data are."""
        sentence = self.findings()[0].sentence
        return () if sentence is None else (sentence,)

    def issues_table(self) -> Table:
        """What the checks found, gravest first."""
        titles = {code: check.title for code, check in CHECKS.items()}
        remedies = {code: check.remedy for code, check in CHECKS.items()}
        return make_table(
            "quality.issues",
            _("What the checks found"),
            self.checks.to_frame(),
            Column("severity", _("Severity"), terms=SEVERITIES),
            Column("check", _("Finding of the check"), terms=titles),
            Column("table", _("Table")),
            Column("column", _("Column")),
            Column("count", _("Hits"), "count"),
            Column("n", _("Out of"), "count"),
            Column("share_of_revenue", _("Share of revenue touched"), "share"),
            Column("first_offenders", _("First offenders")),
            Column("remedy", _("Remedy"), terms=remedies),
            caption=_(
                "Errors stop a run, warnings stand in every report's head, notes only "
                "here. The share of revenue counts returns as positive; a dash means that "
                "no revenue can be laid to the rows."
            ),
        )

    def rows_table(self) -> Table:
        """Rows in, used and set aside by table."""
        return make_table(
            "quality.rows",
            _("Rows in, rows used, rows set aside"),
            self.checks.tables,
            Column("table", _("Table")),
            Column("rows_in", _("Rows in"), "records"),
            Column("rows_used", _("Rows used"), "records"),
            Column("rows_quarantined", _("Rows set aside"), "records"),
            Column("rows_left_out", _("Of these, left out by the mapping"), "records"),
            Column("filled_share", _("Filled cells"), "share"),
            caption=_(
                "Rows in = rows used + rows set aside, in every table. Filled cells: of "
                "the columns that the contract knows and the table carries, without those "
                "whose emptiness has a meaning."
            ),
        )

    def quarantine_table(self) -> Table:
        """Why rows were set aside."""
        return make_table(
            "quality.quarantine",
            _("Why rows were set aside"),
            self.quarantine,
            Column("table", _("Table")),
            Column("column", _("Column")),
            Column("reason", _("Reason"), terms=REASONS),
            Column("n_rows", _("Rows"), "records"),
            caption=_(
                "Nothing is dropped silently: every row stands in the quarantine with the "
                "reason and the value that condemned it."
            ),
        )

    def fields_table(self) -> Table:
        """Filled cells by column."""
        fields = self.checks.fields
        present = fields[fields["present"] & (fields["n"] > 0)].sort_values(
            ["filled_share", "table", "column"], ignore_index=True
        )
        return make_table(
            "quality.fields",
            _("How full each column is"),
            present,
            Column("table", _("Table")),
            Column("column", _("Column")),
            Column("required", _("Required"), "flag"),
            Column("n", _("Rows"), "records"),
            Column("n_filled", _("Filled"), "records"),
            Column("filled_share", _("Share filled"), "share"),
        )


def audit_tables(
    tables: "Tables", as_of: str, previous: Mapping[str, int] | None = None, threshold: float = 0.5
) -> Audit:
    """What came in, what can be used, and what is wrong with it?

    Tables → `Audit`; parameters as of `kamresearch.data.checks.check_tables`.
    """
    checks = check_tables(tables, as_of=as_of, previous=previous, threshold=threshold)
    return Audit(checks, _summarise(tables.quarantine), as_of)


def _summarise(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Rows set aside by table, column and reason."""
    frame = pd.DataFrame(
        {
            "table": quarantine["table"].astype("str"),
            "column": quarantine["column"].fillna("").astype("str"),
            "reason": quarantine["code"].astype("str"),
            "n_rows": quarantine["count"],
        }
    )
    return (
        frame.groupby(["table", "column", "reason"], sort=True, observed=True)["n_rows"]
        .sum()
        .reset_index()
    )
