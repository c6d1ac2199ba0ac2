"""Whom we know at an account: people met, their weight and how they stand to us."""

from dataclasses import dataclass

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.features.orders import YEAR
from kamresearch.features.population import keep_present
from kamresearch.features.snapshot import account_snapshot
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

DECIDES = 4
"""Influence from which somebody decides."""
LEAST = 10
NO_TABLE = _("This needs the table “contacts”: people at the accounts, by role.")
NO_CONTACT = _("No account that is here has a contact.")
NO_DECIDER = _("No contact’s influence is written down.")
FRAME = [
    *("account_id", "account_name", "revenue", "n_contacts", "n_met", "n_functions"),
    *("decider_met", "stance", "n_against", "last_met"),
]


@dataclass(frozen=True)
class Relations(Explained):
    """Contacts by account.

    Parameters
    ----------
    frame : DataFrame
        account_id, account_name, revenue, n_contacts, n_met (within the year), n_functions (of
        those met), decider_met (missing where nobody is known to decide), stance (mean), n_against
        (deciders who stand against us), last_met: accounts that are here, the largest first.
    """

    exports = ("customer.one_contact", "customer.decider_met", "customer.n_against")
    shows = (Shown("customer.relations", "table"),)

    frame: pd.DataFrame
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """Accounts that hang on one person of theirs, deciders met, and deciders against us."""
        frame = self.frame
        single = frame["n_met"] <= 1
        known = frame["decider_met"].dropna().astype(bool)
        told = self.reason is None
        n_against = int((frame["n_against"] > 0).sum())
        return [
            _share(
                "customer.one_contact",
                single,
                (
                    _("Hang on one person of theirs"),
                    _("Accounts of whom at most one person was met within a year (Wilson)."),
                    "down",
                ),
                _(
                    "At {share} of the accounts we met nobody, or one person alone, within a year.",
                    share=Quantity(float(single.mean()) if len(single) else None, "share"),
                ),
                self.reason,
            ),
            _share(
                "customer.decider_met",
                known,
                (
                    _("Deciders met"),
                    _(
                        "Accounts with somebody of influence 4 or 5, of whom one was met within a "
                        "year (Wilson)."
                    ),
                    "up",
                ),
                None,
                self.reason or (NO_DECIDER if known.empty else None),
            ),
            Finding(
                "customer.n_against",
                n_against if told else None,
                "accounts",
                _("A decider stands against us"),
                _("Accounts where somebody of influence 4 or 5 has a stance below nought."),
                n=len(frame),
                good="down",
                reason=self.reason,
            ),
        ]

    def table(self) -> Table:
        """Accounts by size, with whom we know there."""
        return make_table(
            "customer.relations",
            _("Whom we know at each account"),
            self.frame,
            "account_id",
            "account_name",
            "revenue",
            Column("n_contacts", _("People known"), "count"),
            Column("n_met", _("Met within a year"), "count"),
            Column("n_functions", _("Functions met"), "count"),
            Column("decider_met", _("Decider met"), "flag"),
            Column("stance", _("Mean stance (−2 to 2)"), "score"),
            Column("n_against", _("Deciders against us"), "count"),
            Column("last_met", _("Last met"), "date"),
            rows_shown=15,
        )

    def minding(self) -> tuple[Message, ...]:
        """Whose judgement this is."""
        return (
            _(
                "Influence and stance are what our own people judged; nobody asked the persons "
                "themselves."
            ),
        )


def _share(
    id: str,
    flags: pd.Series,
    words: tuple[Message, Message, str],
    sentence: Message | None,
    reason: Message | None,
) -> Finding:
    label, definition, good = words
    n, count = len(flags), int(flags.sum())
    bounds = proportion_confint(count, n, method="wilson") if n >= LEAST else None
    return Finding(
        id,
        None if reason else count / n,
        "share",
        label,
        definition,
        interval=Interval(*(float(one) for one in bounds)) if bounds and not reason else None,
        n=n,
        good=good,
        sentence=None if reason else sentence,
        reason=reason,
    )


def measure_relations(tables: Tables, as_of: str) -> Relations:
    """Whom do we know at each account, and do we know those who decide?

    ``contacts`` → per account that is here: people known and met within the 365 days to ``as_of``,
    deciders met, mean stance. A meeting after the day is not known.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``contacts`` the result holds the reason.
    as_of : str
        Nothing later is seen.
    """
    if not tables.has("contacts"):
        return Relations(pd.DataFrame(columns=FRAME), NO_TABLE)
    day = pd.Timestamp(as_of).normalize()
    snapshot = keep_present(account_snapshot(tables, as_of)).set_index("account_id")
    rows = tables.frame("contacts")
    rows = rows[rows["account_id"].isin(snapshot.index)]
    if rows.empty:
        return Relations(pd.DataFrame(columns=FRAME), NO_CONTACT)
    last = rows["last_met"].where(rows["last_met"] <= day)
    rows = rows.assign(
        last_met=last,
        met=last > day - pd.Timedelta(days=YEAR),
        decides=rows["influence"] >= DECIDES,
    )
    rows["against"] = rows["decides"] & (rows["stance"] < 0)
    rows["function_met"] = rows["function"].where(rows["met"])
    groups = rows.groupby("account_id", observed=True)
    frame = groups.agg(
        n_contacts=("contact_id", "size"),
        n_met=("met", "sum"),
        n_functions=("function_met", "nunique"),
        stance=("stance", "mean"),
        n_against=("against", "sum"),
        last_met=("last_met", "max"),
    ).reindex(snapshot.index)
    deciders = rows[rows["decides"]].groupby("account_id", observed=True)["met"].max()
    met = deciders.astype(object).reindex(frame.index)
    frame["decider_met"] = met.where(met.notna(), None)
    counts = ["n_contacts", "n_met", "n_functions", "n_against"]
    frame[counts] = frame[counts].fillna(0).astype(int)
    frame["account_name"] = snapshot["account_name"]
    frame["revenue"] = snapshot["revenue_12m"].fillna(0.0)
    frame = frame.reset_index().sort_values(
        ["revenue", "account_id"], ascending=[False, True], ignore_index=True
    )
    return Relations(frame[FRAME])
