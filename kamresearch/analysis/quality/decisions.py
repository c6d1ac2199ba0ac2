"""What people decided about pairs: these two are one account, those two never are (firms
that bear one name and have nothing to do with each other).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

import pandas as pd

from kamresearch.data.names import normalise_name
from kamresearch.data.pairs import read_pairs
from kamresearch.display import Column, Table, make_table
from kamresearch.language import LANGUAGES, Fixed, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown, needs_table

VERDICTS: dict[str, Text] = {"same": _("one and the same"), "not_same": _("not the same")}
STATES: dict[str, Text] = {
    "followed": _("followed"),
    "expired": _("has run out"),
    "unmatched": _("names nobody in the data"),
    "unreadable": _("neither same nor not_same"),
    "ambiguous": _("the number stands in several departments"),
    "overruled": _("another decision keeps the two apart"),
}
ACCOUNT, RECORD = "A", "R"
"""First letter of a key: an account's number, or a department's record (department/record_id)."""
TOLD = ("why", *(f"why_{code}" for code in LANGUAGES[1:]))
"""The reason, and the same in other languages."""
COLUMNS = ("left", "right", "verdict", "who", *TOLD, "until")


@dataclass(frozen=True)
class Decisions(Result):
    """Decisions as of a day, and what became of each.

    ``frame``: left, right, verdict, who, why (and in other languages), until, state (a code
    of `STATES`), n_pairs; ``same`` and ``apart``: pairs of keys, ``A`` + account_id or ``R`` +
    department/record_id.
    """

    shows = (Shown("quality.decisions", "table"),)

    frame: pd.DataFrame = field(repr=False)
    same: frozenset[tuple[str, str]] = frozenset()
    apart: frozenset[tuple[str, str]] = frozenset()
    reason: Text | None = None

    @property
    def caveats(self) -> tuple[Text, ...]:
        """Decisions that could not be followed; two names kept apart of whom the data know
        none do no harm.
        """
        harmless = (self.frame["state"] == "unmatched") & (self.frame["verdict"] == "not_same")
        idle = self.frame[
            self.frame["state"].isin(["unmatched", "ambiguous", "overruled", "unreadable"])
            & ~harmless
        ]
        return (
            (
                _(
                    "{n} of {all} decisions about pairs could not be followed; the table says why.",
                    n=len(idle),
                    all=len(self.frame),
                ),
            )
            if len(idle)
            else ()
        )

    def of_accounts(self, verdict: str) -> set[tuple[str, str]]:
        """Pairs of account numbers under a verdict."""
        pairs = self.same if verdict == "same" else self.apart
        return {(left[1:], right[1:]) for left, right in pairs if left[0] == right[0] == ACCOUNT}

    def table(self) -> Table:
        """Every decision with its state."""
        reasons = {
            row["why"]: Fixed.of_row({f"why_{LANGUAGES[0]}": row["why"], **row}, "why")
            for row in self.frame[list(TOLD)].dropna(subset="why").to_dict("records")
        }
        return make_table(
            "quality.decisions",
            _("Decisions about pairs"),
            self.frame,
            Column("left", _("This")),
            Column("right", _("and that")),
            Column("verdict", _("Decision"), terms=VERDICTS),
            Column("who", _("Who")),
            Column("why", _("Why"), terms=reasons),
            Column("until", _("Until"), "date"),
            Column("state", _("What became of it"), terms=STATES),
            Column("n_pairs", _("Pairs in the data"), "count"),
            caption=_(
                "From the table “pairs”. A name stands for every account and record that "
                "bears it, in any spelling; where two decisions contradict each other, the "
                "two stay apart."
            ),
        )


NOTHING = Decisions(
    pd.DataFrame(columns=[*COLUMNS, "state", "n_pairs"]), reason=needs_table("pairs")
)
"""No decision at all: the data have no table of them."""


def read_decisions(
    pairs: pd.DataFrame, accounts: pd.DataFrame, records: pd.DataFrame | None, as_of: str
) -> Decisions:
    """Which accounts and records do people's decisions speak of?

    Parameters
    ----------
    pairs : DataFrame
        One row per decision: left, right, verdict (same, not_same) and, where known, who, why,
        until.
    accounts : DataFrame
        account_id, account_name.
    records : DataFrame, optional
        The departments' records: department, record_id, account_name.
    as_of : str
        The day; decisions that ran out before it are not followed.

    Returns
    -------
    Decisions

    Notes
    -----
    An end is looked up as an account's number, as ``department/record_id``, as a record's number if
    one department alone has
    it, and last as a name in its normal form. Two accounts of one name are one end: a verdict
    between two names
    holds for every pair across them.
    """
    book = _Book(accounts, records)
    rows, found = [], {"same": set(), "not_same": set()}
    for row in read_pairs(pairs.reindex(columns=list(COLUMNS)), as_of).itertuples(index=False):
        left, right = book.find(str(row.left)), book.find(str(row.right))
        across = {
            tuple(sorted((one, two))) for one in left or () for two in right or () if one != two
        }
        if row.verdict not in found:
            state = "unreadable"
        elif row.over:
            state = "expired"
        elif None in (left, right):
            state = "ambiguous"
        else:
            state = "followed" if across else "unmatched"
        if state == "followed":
            found[row.verdict] |= across
        rows.append((*row[: len(COLUMNS)], state, across if state == "followed" else set()))
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "state", "across"])
    lost = [
        one == "same" and bool(across & found["not_same"])
        for one, across in zip(frame["verdict"], frame["across"])
    ]
    frame["state"] = frame["state"].mask(
        pd.Series(lost, index=frame.index, dtype=bool), "overruled"
    )
    frame["n_pairs"] = frame.pop("across").map(len)
    frame["until"] = pd.to_datetime(frame["until"])
    frame["why"] = frame[list(TOLD)].bfill(axis=1)["why"]
    return Decisions(
        frame, frozenset(found["same"] - found["not_same"]), frozenset(found["not_same"])
    )


class _Book:
    """Numbers and names → keys of accounts and records."""

    def __init__(self, accounts: pd.DataFrame, records: pd.DataFrame | None) -> None:
        self.accounts, self.numbers, self.records = accounts, defaultdict(set), set()
        self.rows = (
            pd.DataFrame(columns=["department", "record_id", "account_name"])
            if records is None
            else records
        )
        for department, record in self.rows[["department", "record_id"]].itertuples(index=False):
            self.records.add(f"{department}/{record}")
            self.numbers[str(record)].add(f"{RECORD}{department}/{record}")
        self.ids = set(accounts["account_id"].astype("str"))
        self.names: Mapping[str, set[str]] | None = None

    def find(self, end: str) -> set[str] | None:
        """Keys of an end; empty where it names nobody, None where it is ambiguous."""
        if end in self.ids:
            return {ACCOUNT + end}
        if end in self.records:
            return {RECORD + end}
        if end in self.numbers:
            return self.numbers[end] if len(self.numbers[end]) == 1 else None
        if self.names is None:
            self.names = self._index_names()
        return self.names.get(normalise_name(end), set())

    def _index_names(self) -> Mapping[str, set[str]]:
        names = defaultdict(set)
        for key, name in self.accounts[["account_id", "account_name"]].itertuples(index=False):
            names[normalise_name(str(name))].add(f"{ACCOUNT}{key}")
        for department, record, name in self.rows[
            ["department", "record_id", "account_name"]
        ].itertuples(index=False):
            names[normalise_name(str(name))].add(f"{RECORD}{department}/{record}")
        names.pop("", None)
        return names


def translate_keys(
    pairs: Iterable[tuple[str, str]], names: Mapping[str, str]
) -> set[tuple[str, str]]:
    """Pairs of keys as pairs of other names, those without one left out."""
    return {
        cast(tuple[str, str], tuple(sorted((names[left], names[right]))))
        for left, right in pairs
        if left in names and right in names and names[left] != names[right]
    }
