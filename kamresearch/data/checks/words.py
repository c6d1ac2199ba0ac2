"""Every check by its code: how grave a hit is, what it says, and what to do."""

from dataclasses import dataclass

from kamresearch.language import Text
from kamresearch.language import message as _

SEVERITIES: dict[str, Text] = {"error": _("error"), "warning": _("warning"), "info": _("note")}
"""Errors stop a run, warnings stand in a report's head, notes in the study of data quality
alone.
"""


@dataclass(frozen=True)
class Check:
    """A check: its usual severity, its name for readers, and the remedy."""

    severity: str
    title: Text
    remedy: Text


CHECKS: dict[str, Check] = {
    "table_missing": Check(
        "error", _("required table missing"), _("Export the table, or name it in mapping.yml.")
    ),
    "table_empty": Check(
        "error", _("table without rows"), _("Check the export, its filter and the as-of date.")
    ),
    "column_missing": Check(
        "error", _("required column missing"), _("Add the column, or map it in mapping.yml.")
    ),
    "wrong_type": Check(
        "error", _("values of the wrong type"), _("Give the column's format in mapping.yml.")
    ),
    "missing_values": Check(
        "warning",
        _("required values missing"),
        _("Fill them at their source; these rows count as unknown."),
    ),
    "gaps": Check(
        "info", _("optional values missing"), _("Fill them where a decision needs them.")
    ),
    "duplicate_key": Check(
        "error", _("key used more than once"), _("Keep one row per key, or map the true key.")
    ),
    "order_lines": Check(
        "info",
        _("several rows of one order"),
        _("Nothing, if these are invoice lines: orders are counted once."),
    ),
    "repeated_orders": Check(
        "warning",
        _("orders equal in everything but their key"),
        _("Look for invoices that were entered twice."),
    ),
    "repeated_rows": Check(
        "warning",
        _("rows that repeat another row in everything"),
        _("Remove the copies; until then they count twice."),
    ),
    "out_of_range": Check(
        "warning",
        _("values out of range"),
        _("Correct them at their source; the contract names the range."),
    ),
    "unknown_value": Check(
        "warning",
        _("values that the contract does not know"),
        _("Map them to known values in mapping.yml."),
    ),
    "broken_reference": Check(
        "warning", _("references to nothing"), _("Add the missing rows, or correct the references.")
    ),
    "self_parent": Check(
        "warning",
        _("accounts that are their own group"),
        _("Clear or correct parent_id; a group must not contain itself."),
    ),
    "implausible_date": Check(
        "warning",
        _("dates out of all proportion"),
        _("Correct the dates; years before 1950 or long after the rest are slips."),
    ),
    "after_as_of": Check(
        "info", _("rows later than the as-of date"), _("Nothing: what is later is not seen.")
    ),
    "order_before_onboarding": Check(
        "warning",
        _("orders before the account was opened"),
        _("Correct onboard_date; tenure counts from the earlier of the two."),
    ),
    "ends_before_start": Check(
        "warning", _("spells that end before they start"), _("Correct the two dates.")
    ),
    "month_gap": Check(
        "warning",
        _("months without a single order"),
        _("Ask whether the export is whole; forecasts read a gap as no demand."),
    ),
    "stale": Check(
        "warning",
        _("no order for long before the as-of date"),
        _("Export newer orders, or set an earlier as-of date."),
    ),
    "revenue_outlier": Check(
        "warning",
        _("orders of extraordinary size"),
        _("Confirm them; a slipped decimal point looks like this."),
    ),
    "one_order_rules": Check(
        "warning",
        _("one order makes a large part of the revenue"),
        _("Confirm the order before any share is read."),
    ),
    "sign_mismatch": Check(
        "warning",
        _("revenue and units of opposite sign"),
        _("Correct the sign: returns are negative in both."),
    ),
    "no_revenue": Check(
        "error",
        _("no positive revenue at all"),
        _("Check which column is mapped to revenue, and its sign."),
    ),
    "accounts_without_orders": Check(
        "info", _("accounts that never ordered"), _("Nothing, if these are prospects.")
    ),
    "shared_tax_number": Check(
        "warning",
        _("one tax number on several accounts"),
        _("Merge the accounts, or mark them as branches with parent_id."),
    ),
    "same_name": Check(
        "warning",
        _("one name on several accounts"),
        _("Merge the accounts, or list them as not the same."),
    ),
    "broken_text": Check(
        "warning",
        _("text damaged by a wrong encoding"),
        _("State the file's encoding in mapping.yml."),
    ),
    "guessed_encoding": Check(
        "warning",
        _("letters beyond ASCII too few to tell the file's encoding: other readings fit as well"),
        _("Look at the readings below, and state the encoding in mapping.yml."),
    ),
    "department_coverage": Check(
        "warning",
        _("accounts without a record in a department"),
        _("Link or add the department's records of these accounts."),
    ),
    "rows_lost": Check(
        "warning",
        _("fewer rows than in the last version"),
        _("Ask whether the export is whole before comparing versions."),
    ),
    "many_currencies": Check(
        "error",
        _("several currencies in one column"),
        _("Choose one with a keep rule, or give rates and currency for revenue in mapping.yml."),
    ),
    "currency_beside": Check(
        "error",
        _("accounts in several currencies, and amounts that name none"),
        _(
            "Add the line shown to the orders and choose one currency with a keep rule, or give "
            "rates and currency for revenue; sure: [currency_beside] if all amounts are in one."
        ),
    ),
    "scaled_name": Check(
        "warning",
        _("a name that says thousands, millions or cents, over figures that are read as written"),
        _("Write the amount as a formula such as = 1000 * [the column] in mapping.yml."),
    ),
    "unmapped_amount": Check(
        "warning",
        _("a column that looks like revenue and that no rule reads"),
        _(
            "Map revenue to it, or write both as a formula such as = [one] + [other] (a credit "
            "side with -); sure: [unmapped_amount] if it is something else."
        ),
    ),
    "unread_returns": Check(
        "warning",
        _("a column of what was returned or refunded that no rule reads"),
        _(
            "Take it off in a formula such as = [amount] - [returned]; sure: [unread_returns] "
            "if the amounts are net of it."
        ),
    ),
    "scaled_title": Check(
        "warning",
        _("a title above the table that says thousands or millions, over figures read as written"),
        _("Write the amount as a formula such as = 1000 * [the column] in mapping.yml."),
    ),
    "repeated_total": Check(
        "warning",
        _("one amount on every line of an order: its total would count once a line"),
        _(
            "Write one_row_per: [order_id] for the orders in mapping.yml; sure: [repeated_total] "
            "if each line has this amount of its own."
        ),
    ),
    "order_over_days": Check(
        "warning",
        _("one order number on days more than half a year apart"),
        _(
            "Map the true order number; where numbers begin anew each year or branch, make it of "
            "several columns with concat."
        ),
    ),
    "unsigned_credits": Check(
        "error",
        _("rows that this column calls credits or returns, with amounts that bear no sign"),
        _("Add negative_where with this column and these values to revenue in mapping.yml."),
    ),
    "unsold_rows": Check(
        "warning",
        _("rows that this column calls cancelled, drafts or the like, counted as orders"),
        _("Leave them out with a keep rule (not_in); sure: [unsold_rows] if they are orders."),
    ),
    "grouped": Check(
        "error",
        _("an account only in the first line of its group"),
        _("Write fill_down: [the column] for the table in mapping.yml."),
    ),
    "period_as_day": Check(
        "warning",
        _("months or quarters instead of days: each is read as its first day"),
        _("Nothing, if the figures are meant by month; else export the days."),
    ),
    "number_as_day": Check(
        "warning",
        _("numbers read as days (of a spreadsheet, or Unix time)"),
        _("Hold some of them against the source; else export dates as texts."),
    ),
    "cr_alone": Check(
        "warning",
        _("amounts marked Cr in a column that marks none with Dr: read as credits, below zero"),
        _("Nothing, if Cr says credit; where it says crore, export the figures in full."),
    ),
    "uncalculated": Check(
        "warning",
        _("formulas of the workbook that no program has calculated: read as empty"),
        _("Open the workbook in Excel or LibreOffice, save it, and read it again."),
    ),
    "second_table": Check(
        "warning",
        _("another table below or beside the first: kept apart under a name of its own"),
        _(
            "Map it with from: and the name shown; nothing, if it is not needed. Where its rows "
            "are rows of the first, remove the line that looks like a head."
        ),
    ),
    "controls": Check(
        "warning",
        _("invisible control characters: taken out"),
        _("Nothing, if the texts read right; else export them again."),
    ),
    "total_account": Check(
        "error",
        _("an account that is called a total: its revenue would count twice"),
        _("Leave its lines out with a keep rule; sure: [total_account] if it is a company."),
    ),
    "no_account": Check(
        "warning",
        _("an account that is called as if nobody had named it"),
        _("Leave its lines out with a keep rule; sure: [no_account] if it is a company."),
    ),
    "damaged_id": Check(
        "error",
        _("keys that a spreadsheet has turned into powers of ten"),
        _("Export the keys as texts; what is lost cannot be read back."),
    ),
    "nought_ids": Check(
        "warning",
        _("keys that differ by leading noughts or full-width signs alone"),
        _("Ask whether they are one account; a spreadsheet drops leading noughts."),
    ),
    "order_of_many": Check(
        "warning",
        _("one order number on several accounts"),
        _("Map the true order number, or make it of several columns with concat."),
    ),
    "open_ended": Check(
        "info",
        _("far-off end dates: taken as open"),
        _("Nothing: programs write 9999-12-31 where no end is set."),
    ),
    "left_out": Check(
        "info",
        _("rows that the mapping leaves out"),
        _("Nothing, if the rules of mapping.yml say what you mean."),
    ),
    "quarantined": Check(
        "warning",
        _("rows set aside"),
        _("Read quarantine.csv: each row stands there with its reason."),
    ),
}
