"""What the checks found: issues with count, revenue touched, first offenders and remedy; and
whether to go on.
"""

from dataclasses import dataclass, field

import pandas as pd

from kamresearch.data.checks.words import CHECKS, SEVERITIES
from kamresearch.errors import DataError
from kamresearch.language import Quantity, Text, render
from kamresearch.language import message as _

COLUMNS = (
    "check",
    "table",
    "column",
    "severity",
    "count",
    "n",
    "share_of_revenue",
    "first_offenders",
    "remedy",
)
BEFORE_LINKAGE = ("department_coverage",)
"""Checks that count before records are linked: what linking leaves of them, the study of data
quality says."""
HEAD_SHARE = 0.05
"""Share of revenue, or of records where no revenue is known, from which a warning stands at the
head of every page: what touches less moves no list of ten, and the study of data quality has it."""


@dataclass(frozen=True)
class Issue:
    """One hit of a check.

    ``count`` of ``n`` rows are touched; ``share_of_revenue`` is the part of all revenue (returns
    counted as positive)
    that stands on them, None where no revenue can be laid to them.
    """

    check: str
    table: str
    column: str
    severity: str
    count: int
    n: int
    share_of_revenue: float | None = None
    first_offenders: tuple[str, ...] = ()

    @property
    def title(self) -> Text:
        """What the check says."""
        return CHECKS[self.check].title

    @property
    def text(self) -> Text:
        """The issue in one line."""
        place = f"{self.table}.{self.column}" if self.column else self.table
        parts = {"place": place, "what": self.title, "count": Quantity(self.count, "count")}
        if self.share_of_revenue is None:
            return _("{place}: {what} ({count} of {n}).", n=Quantity(self.n, "count"), **parts)
        return _(
            "{place}: {what} ({count} of {n}; {share} of revenue).",
            n=Quantity(self.n, "count"),
            share=Quantity(self.share_of_revenue, "share"),
            **parts,
        )


@dataclass(frozen=True)
class CheckResult:
    """The audit of a company's tables.

    Parameters
    ----------
    issues : tuple of Issue
        Gravest first.
    completeness : float
        The weaker of accounts and orders: share of rows used times share of filled cells in the
        columns that the data
        carry (0–1). Rows that the mapping leaves out on purpose do not count, nor do columns whose
        emptiness has a
        meaning (``parent_id``).
    threshold : float
        A report on data less complete than this should not be used.
    tables : DataFrame
        table, rows_in, rows_used, rows_quarantined, rows_left_out (of the quarantined, those that
        the mapping leaves out),
        filled_share (columns known to the contract).
    fields : DataFrame
        table, column, required, n, n_filled, present, may_be_empty, filled_share.
    as_of : str or None
        The day of the checks on dates.
    """

    issues: tuple[Issue, ...]
    completeness: float
    threshold: float
    tables: pd.DataFrame = field(repr=False)
    fields: pd.DataFrame = field(repr=False)
    as_of: str | None = None

    def of_severity(self, severity: str) -> tuple[Issue, ...]:
        """The issues of a severity."""
        return tuple(issue for issue in self.issues if issue.severity == severity)

    @property
    def errors(self) -> tuple[Issue, ...]:
        """Issues that stop a run."""
        return self.of_severity("error")

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """Issues that a report's head shows."""
        return self.of_severity("warning")

    @property
    def has_errors(self) -> bool:
        """Whether a run must stop."""
        return bool(self.errors)

    @property
    def unusable(self) -> bool:
        """Whether a report on these data should not be used."""
        return self.has_errors or self.completeness < self.threshold

    @property
    def quarantined_share(self) -> float:
        """Rows that cannot be used over the rows that the mapping wants, all tables together."""
        wanted = int((self.tables["rows_in"] - self.tables["rows_left_out"]).sum())
        unusable = int((self.tables["rows_quarantined"] - self.tables["rows_left_out"]).sum())
        return unusable / wanted if wanted else 0.0

    def warnings_texts(self) -> tuple[Text, ...]:
        """What every report's head says of its data: that they should not be used, then the
        gravest warning that may change a decision: what stands on every page is read on none.
        """
        texts: list[Text] = []
        if self.unusable:
            texts.append(
                _(
                    "The data are too incomplete for this report to be used: completeness "
                    "{share}, and at least "
                    "{threshold} is needed.",
                    share=Quantity(self.completeness, "share"),
                    threshold=Quantity(self.threshold, "share"),
                )
                if self.completeness < self.threshold
                else _(
                    "The data hold {n} errors; this report should not be used.", n=len(self.errors)
                )
            )
        found = self.errors + self.warnings
        told = sorted((one for one in found if _is_grave(one)), key=_weight)
        if told and len(found) > 1:
            texts.append(
                _(
                    "{first} {n} more warnings stand in the study of data quality.",
                    first=told[0].text,
                    n=len(found) - 1,
                )
            )
        else:
            texts += [one.text for one in told]
        return tuple(texts)

    def to_frame(self, language: str | None = None) -> pd.DataFrame:
        """One row per issue; with a language, codes become words in it."""
        rows = [
            {
                "check": issue.check,
                "table": issue.table,
                "column": issue.column,
                "severity": issue.severity,
                "count": issue.count,
                "n": issue.n,
                "share_of_revenue": issue.share_of_revenue,
                "first_offenders": ", ".join(issue.first_offenders)
                + (" …" if issue.count > len(issue.first_offenders) > 0 else ""),
                "remedy": issue.check,
            }
            for issue in self.issues
        ]
        frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"share_of_revenue": "float64"})
        if language is None:
            return frame
        return frame.assign(
            remedy=[render(CHECKS[code].remedy, language) for code in frame["check"]],
            check=[render(CHECKS[code].title, language) for code in frame["check"]],
            severity=[render(SEVERITIES[code], language) for code in frame["severity"]],
        )

    def raise_errors(self) -> None:
        """Stop in words when there are errors."""
        if self.errors:
            first = self.errors[0]
            place = f"table {first.table!r}" + (
                f", column {first.column!r}" if first.column else ""
            )
            more = f" (and {len(self.errors) - 1} more errors)" if len(self.errors) > 1 else ""
            found = f"{render(first.title, 'en')}: {first.count} of {first.n}"
            offenders = f" ({', '.join(first.first_offenders)})" if first.first_offenders else ""
            remedy = render(CHECKS[first.check].remedy, "en")
            raise DataError(place, "data that pass the checks", found + offenders + more, remedy)


def _is_grave(issue: Issue) -> bool:
    if issue.check in BEFORE_LINKAGE:
        return False
    share = issue.share_of_revenue
    touched = issue.count / max(issue.n, 1) if share is None else share
    return issue.severity == "error" or touched >= HEAD_SHARE


def _weight(issue: Issue) -> tuple:
    return (
        issue.severity != "error",
        -(issue.share_of_revenue or 0.0),
        -issue.count / max(issue.n, 1),
    )


def in_order(issues: list[Issue]) -> tuple[Issue, ...]:
    """Gravest first; equal ones by revenue touched, then by place."""
    rank = {name: place for place, name in enumerate(SEVERITIES)}
    return tuple(
        sorted(
            issues,
            key=lambda issue: (
                rank[issue.severity],
                -(issue.share_of_revenue or 0.0),
                issue.table,
                issue.column,
                issue.check,
            ),
        )
    )
