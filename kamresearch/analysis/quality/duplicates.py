"""One account under two numbers: accounts that look like each other, and how they may be
related.
"""

from dataclasses import dataclass, field

import pandas as pd

from kamresearch.analysis.quality.decisions import NOTHING, Decisions
from kamresearch.data.linkage import link
from kamresearch.data.names import find_groups, split_name
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding
from kamresearch.language import Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

RELATIONS: dict[str, Text] = {
    "same": _("probably one account twice"),
    "family": _("group and branch, or branches of one group"),
    "not_same": _("decided: not the same"),
    "decided": _("decided: one account"),
    "unsure": _("undecided"),
}
COLUMNS = ("account_name", "address", "telephone", "tax_number", "city", "region")


@dataclass(frozen=True)
class Duplicates(Result, frame="pairs"):
    """Pairs of accounts that look like one.

    ``pairs``: left, left_name, right, right_name, probability, relation; ``groups``: account_id,
    parent_id, how
    (read from names); ``known_groups`` accounts whose parent_id already says so.
    """

    exports = ("quality.n_duplicates", "quality.n_group_links")
    shows = (Shown("quality.duplicates", "table"),)

    pairs: pd.DataFrame = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    n_accounts: int
    n_agreeing: int
    """branches read from names whose parent_id says the same"""
    n_new: int
    """branches read from names whose parent_id is empty"""

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What a likeness does not show."""
        return (
            _(
                "Names alone decide nothing: companies of one group share names, addresses "
                "and telephones without being one account. Pairs of a group are therefore "
                "shown apart."
            ),
        )

    def findings(self) -> list[Finding]:
        """Suspected doubles and group links."""
        doubles = int(self.pairs["relation"].isin(["same", "decided"]).sum())
        return [
            Finding(
                "quality.n_duplicates",
                doubles,
                "count",
                _("Suspected double accounts"),
                _(
                    "Pairs of accounts that linkage finds more likely one than two or "
                    "somebody decided to be one, without those of one group and those "
                    "decided to be two."
                ),
                n=self.n_accounts,
                good="down",
            ),
            Finding(
                "quality.n_group_links",
                self.n_new,
                "accounts",
                _("Branches that names reveal and the data do not"),
                _(
                    "Accounts whose name says that they belong to another account's group "
                    "while parent_id is empty."
                ),
                n=self.n_accounts,
                good="down",
            ),
        ]

    def table(self) -> Table:
        """The look-alikes."""
        return make_table(
            "quality.duplicates",
            _("Accounts that look alike"),
            self.pairs,
            Column("left", _("Account")),
            Column("left_name", _("Name")),
            Column("right", _("Other account")),
            Column("right_name", _("Its name")),
            Column("probability", _("Probability"), "probability"),
            Column("relation", _("Relation"), terms=RELATIONS),
            caption=_(
                "Merge what is one account; write what is not into the table “pairs” as "
                "not_same, and it stays apart."
            ),
        )


def find_duplicates(
    accounts: pd.DataFrame, decisions: Decisions = NOTHING, threshold: float = 0.5
) -> Duplicates:
    """Which accounts are one account under two numbers?

    Parameters
    ----------
    accounts : DataFrame
        One row per account: account_id, account_name and, where known, address, telephone,
        tax_number, city, region,
        parent_id.
    decisions : Decisions
        What people decided about pairs: it stands, whatever the two look like.
    threshold : float
        Probability (0–1) from which a pair is shown as probable.
    """
    if accounts.empty:
        raise AnalysisError(
            "quality", "at least one account", "none", "check the slice and the as-of date"
        )
    names = accounts.set_index("account_id")["account_name"]
    decided = {
        **dict.fromkeys(decisions.of_accounts("same"), "decided"),
        **dict.fromkeys(decisions.of_accounts("not_same"), "not_same"),
    }
    linked = link(
        accounts.reindex(columns=["account_id", *COLUMNS]),
        id_column="account_id",
        threshold=threshold,
        same=decisions.of_accounts("same"),
    )
    groups = find_groups(accounts)
    parent = (
        accounts.set_index("account_id")["parent_id"]
        if "parent_id" in accounts
        else pd.Series(None, index=names.index, dtype="str")
    )
    read = groups.set_index("account_id")["parent_id"] if len(groups) else pd.Series(dtype="str")
    family = parent.where(parent.notna(), read.reindex(parent.index))
    top = family.where(family.notna(), pd.Series(family.index, index=family.index)).to_dict()
    pairs = linked.pairs[linked.pairs["probability"] >= 0.1]
    rows = [
        (
            left,
            names[left],
            right,
            names[right],
            probability,
            decided.get(tuple(sorted((left, right))))
            or _relation(left, right, probability, names, top, threshold),
        )
        for left, right, probability in pairs[["left", "right", "probability"]].itertuples(
            index=False
        )
    ]
    frame = pd.DataFrame(
        rows, columns=["left", "left_name", "right", "right_name", "probability", "relation"]
    )
    both = (
        groups.assign(known=groups["account_id"].map(parent))
        if len(groups)
        else groups.assign(known=None)
    )
    agreeing = int((both["known"] == both["parent_id"]).fillna(False).sum())
    return Duplicates(frame, groups, len(accounts), agreeing, int(both["known"].isna().sum()))


def _relation(
    left: str, right: str, probability: float, names: pd.Series, top: dict, threshold: float
) -> str:
    one, two = split_name(str(names[left])), split_name(str(names[right]))
    if top[left] == top[right] and one.key != two.key:
        return "family"
    return "same" if probability >= threshold else "unsure"
