"""A page per account: everything known, from where, how fresh, what is missing, and what
departments write otherwise.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from kamresearch.analysis.quality.departments import DEPARTMENTS
from kamresearch.data.contract import CONTACTS
from kamresearch.display import Column, Table, make_table
from kamresearch.features.account import AccountView, show_value, view_accounts
from kamresearch.features.labels import FIELDS, STATES, TOPICS
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

COMPARED = ("account_name", "address", "telephone", "tax_number", "region")
"""Fields of the account list that departments write too."""
_ALL_STATES = {
    **STATES,
    "differs": _("written otherwise"),
    "withheld": _("recorded, not shown"),
}
_ALL_TOPICS = {**TOPICS, **DEPARTMENTS}
_ALL_FIELDS = {**FIELDS, "revenue": _("Revenue of the latest year")}


@dataclass(frozen=True)
class AccountPages(Result, frame="views"):
    """The single view of the largest accounts.

    ``lines``: account_id, account_name and the columns of `AccountView.frame`, with departments'
    own words after each field
    that they write otherwise (state ``differs``) or alone (``known``); ``views``: one row per
    account with counts of these.
    """

    shows = (
        Shown("quality.account_views", "views_table"),
        Shown("quality.account_pages", "pages_table"),
    )

    lines: pd.DataFrame = field(repr=False)
    views: pd.DataFrame
    """account_id, account_name, revenue_12m, filled_share, n_sources, n_spellings,
    n_differing, n_empty, updated
    """
    as_of: str

    def views_table(self) -> Table:
        """One row per account: how many sources, how fresh, what is missing."""
        return make_table(
            "quality.account_views",
            _("The largest accounts at a glance"),
            self.views,
            "account_id",
            "account_name",
            Column("revenue_12m", _("Revenue of 12 months"), "money"),
            Column("filled_share", _("Fields known"), "share"),
            Column("n_sources", _("Sources"), "count"),
            Column("n_spellings", _("Spellings of the name"), "count"),
            Column("n_differing", _("Fields on which sources differ"), "count"),
            Column("n_empty", _("Fields not recorded"), "count"),
            Column("updated", _("Freshest record"), "date"),
        )

    def pages_table(self) -> Table:
        """Every line of every page."""
        return make_table(
            "quality.account_pages",
            _("Account by account: what is known, from where, how fresh"),
            self.lines,
            "account_id",
            "account_name",
            Column("topic", _("From"), terms=_ALL_TOPICS),
            Column("field", _("Field"), terms=_ALL_FIELDS),
            Column("value", _("Value")),
            Column("state", _("State"), terms=_ALL_STATES),
            Column("updated", _("Last entry"), "date"),
            Column("age_days", _("Age (days)"), "count"),
            Column("source", _("Source")),
            rows_shown=int(self.lines["account_id"].isin(self.views["account_id"].head(2)).sum()),
            caption=_(
                "One page per account, largest first; sort or filter by account. “Written "
                "otherwise” stands where a department's record says something else than "
                "the account list. Telephones, tax numbers and addresses are shown only where "
                "the parameter contacts asks for them."
            ),
        )


def write_account_pages(
    tables: "Tables",
    snapshot: pd.DataFrame,
    records: pd.DataFrame | None,
    as_of: str,
    most: int = 10,
    *,
    contacts: bool = False,
) -> AccountPages:
    """What does the whole house know of its largest accounts?

    `kamresearch.account` of each, with what departments write beside it.

    Parameters
    ----------
    tables : Tables
        Opened account data.
    snapshot : DataFrame
        As `kamresearch.account_snapshot` gives it; says which accounts are the largest.
    records : DataFrame, optional
        `DepartmentLinks.records`: what departments write, with the account it was laid to.
    as_of : str
        The day of the snapshot; records changed later are not seen.
    most : int
        Number of accounts, by revenue of the last 12 months.
    contacts : bool
        Whether telephones, tax numbers and addresses are written out. That they are recorded, and
        whether departments write them otherwise, is told in any case.
    """
    order = snapshot.sort_values(
        ["revenue_12m", "account_id"], ascending=[False, True], na_position="last"
    )
    largest = order.head(most)
    views = view_accounts(tables, largest["account_id"], as_of)
    file = (
        tables.loaded["departments"].file
        if records is not None and tables.has("departments")
        else ""
    )
    latest = _latest_records(records, as_of)
    pages = [_page(view, latest[latest["account_id"] == view.account_id], file) for view in views]
    rows = [
        _summarise(view, page, revenue)
        for view, page, revenue in zip(views, pages, largest["revenue_12m"], strict=True)
    ]
    names = [
        "account_id",
        "account_name",
        "revenue_12m",
        "filled_share",
        "n_sources",
        "n_spellings",
        "n_differing",
        "n_empty",
        "updated",
    ]
    if not contacts:
        pages = [_without_contacts(page) for page in pages]
    return AccountPages(
        pd.concat(pages, ignore_index=True), pd.DataFrame(rows, columns=names), as_of
    )


def _without_contacts(page: pd.DataFrame) -> pd.DataFrame:
    """The page without what leads to a person: its state stays, its words go."""
    told = page["field"].isin(CONTACTS) & page["value"].notna()
    state = page["state"].mask(told & (page["state"] == "known"), "withheld")
    return page.assign(value=page["value"].mask(told), state=state)


def _latest_records(records: pd.DataFrame | None, as_of: str) -> pd.DataFrame:
    """Each department's newest row of each account that was there by the day."""
    columns = ["account_id", "department", "updated", "year", "revenue", *COMPARED]
    if records is None:
        return pd.DataFrame(columns=columns)
    frame = records.reindex(columns=columns).dropna(subset=["account_id"])
    frame = frame.assign(updated=pd.to_datetime(frame["updated"], errors="coerce"))
    frame = frame[~(frame["updated"] > pd.Timestamp(as_of))]
    order = ["account_id", "department", "year", "updated"]
    return frame.sort_values(order, kind="stable").drop_duplicates(
        ["account_id", "department"], keep="last"
    )


def _page(view: AccountView, records: pd.DataFrame, file: str) -> pd.DataFrame:
    """The view's lines, each followed by what departments write otherwise; their latest year
    at the end.
    """
    lines = []
    for line in view.frame.to_dict("records"):
        lines.append(line)
        if line["topic"] == "accounts" and line["field"] in COMPARED:
            own = line["value"] if line["state"] == "known" else None
            lines += [
                _line(record, line["field"], view, file, own)
                for record in records.to_dict("records")
                if show_value(record[line["field"]]) not in (None, own)
            ]
    lines += [
        _line(record, "revenue", view, file, None)
        for record in records.to_dict("records")
        if show_value(record["revenue"])
    ]
    page = pd.DataFrame(lines, columns=view.frame.columns).astype(view.frame.dtypes.to_dict())
    page.insert(0, "account_id", view.account_id)
    page.insert(1, "account_name", view.account_name)
    return page


def _line(record: dict, name: str, view: AccountView, file: str, own: str | None) -> dict:
    age = (
        (pd.Timestamp(view.as_of) - record["updated"]).days
        if not pd.isna(record["updated"])
        else float("nan")
    )
    return {
        "topic": record["department"],
        "field": name,
        "value": show_value(record[name]),
        "state": "known" if own is None else "differs",
        "updated": record["updated"],
        "age_days": age,
        "source": file,
    }


def _summarise(view: AccountView, page: pd.DataFrame, revenue: float) -> tuple:
    told = page[page["state"].isin(["known", "differs"])]
    return (
        view.account_id,
        view.account_name,
        revenue,
        view.filled_share,
        told["topic"].nunique(),
        told.loc[told["field"] == "account_name", "value"].nunique(),
        page.loc[page["state"] == "differs", "field"].nunique(),
        int((page["state"] == "empty").sum()),
        page["updated"].max(),
    )
