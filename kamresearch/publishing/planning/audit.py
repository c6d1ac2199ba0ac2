"""The data audit alone, as ``kam check`` shows it."""

from kamresearch.data.checks.result import Issue
from kamresearch.data.checks.words import CHECKS
from kamresearch.data.period import find_period
from kamresearch.data.reconcile import Card, make_card
from kamresearch.language import LANGUAGES, Text, render
from kamresearch.publishing.asking.addresses import split_password


def audit(source: str, mapping: str, as_of: str = "") -> tuple[dict, Card]:
    """What data hold and what is wrong with them: facts as plain values, and the card for people.

    Parameters
    ----------
    source : str
        Folder, file or address.
    mapping : str
        Path of a mapping.yml, empty for none.
    as_of : str
        The day of the report; empty for the last order day.
    """
    import os

    from kamresearch.data.checks import check_tables
    from kamresearch.data.sources import open_data

    clean, env = split_password(source)
    os.environ.update(env)
    tables = open_data(clean, mapping=mapping or None)
    period = find_period(tables)
    day = period.resolve(as_of, str(tables.source)) if period else None
    checked = check_tables(tables, as_of=day)
    card = make_card(tables, checked)
    ledger = tables.ledger.set_index("table")
    facts = {
        name: {
            "rows_in": int(row["rows_in"]),
            "rows": int(row["rows_used"]),
            "aside": int(row["rows_quarantined"]),
            "left_out": int(row["rows_left_out"]),
            "file": str(row["file"]),
        }
        for name, row in ledger.iterrows()
    }
    aside = [
        {name: _plain(value) for name, value in row.items()}
        for row in tables.quarantine.head(200).to_dict("records")
    ]
    return {
        "source": str(tables.source),
        "as_of": day,
        "tables": facts,
        "orders": card.orders,
        "accounts": card.accounts,
        "first": card.first,
        "last": card.last,
        "currency": card.currency,
        "revenue_by_year": {str(year): float(value) for year, value in card.by_year.items()},
        "doubts": [_issue(one) for one in checked.issues],
        "errors": [_in_languages(one.text) for one in checked.errors],
        "warnings": [_in_languages(one) for one in checked.warnings_texts()],
        "quarantine": aside,
        "languages": list(LANGUAGES),
    }, card


def _in_languages(text: Text) -> dict[str, str]:
    return {language: render(text, language) for language in LANGUAGES}


def _issue(issue: Issue) -> dict:
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
        "text": _in_languages(issue.text),
        "remedy": _in_languages(CHECKS[issue.check].remedy),
    }


def _plain(value: object) -> object:
    value = value.item() if hasattr(value, "item") else value
    return (
        None
        if value is None or value != value
        else value
        if isinstance(value, (int, float, str, bool))
        else str(value)
    )
