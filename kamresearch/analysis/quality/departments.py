"""Departments' records → accounts: known numbers first, then linkage, with what stays doubtful
on a list.
"""

from dataclasses import dataclass, field

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamresearch.analysis.quality.decisions import (
    ACCOUNT,
    NOTHING,
    RECORD,
    Decisions,
    translate_keys,
)
from kamresearch.data.linkage import link
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

DEPARTMENTS: dict[str, Text] = {
    "sales": _("Sales"),
    "finance": _("Finance"),
    "after_sales": _("After-sales"),
}
IDENTITY = ("account_name", "address", "telephone", "tax_number", "region")
HOW: dict[str, Text] = {
    "decided": _("decided by a person"),
    "known": _("the department knows the number"),
    "linked": _("linked by name, address and numbers"),
    "none": _("no account found"),
}
WHY: dict[str, Text] = {
    "uncertain": _("neither likely nor unlikely, or likely of two accounts"),
    "nothing": _("no account is likely"),
    "contradicts": _("the department says one account, the record looks like another"),
}


@dataclass(frozen=True)
class DepartmentLinks(Result, frame="records"):
    """Which account each department's record speaks of.

    ``records`` (one row per record): department, record_id, account_id (resolved, None where none),
    known_id (as the
    department wrote it), account_name, how (decided, known, linked, none), probability.
    """

    exports = ("quality.linked_share", "quality.coverage_least", "quality.n_review")
    shows = (
        Shown("quality.coverage"),
        Shown("quality.coverage_table", "coverage_table"),
        Shown("quality.review", "review_table"),
    )

    records: pd.DataFrame = field(repr=False)
    coverage: pd.DataFrame
    """department, n_accounts, n_known, n_linked, known_share, covered_share, low, high
    (Wilson, 95 %, of covered)
    """
    review: pd.DataFrame = field(repr=False)
    """department, record_id, account_name, account_id, candidate_name, probability, why"""
    n_unnumbered: int
    n_linked: int

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What linkage does not show."""
        return (
            _(
                "A link is a judgement with a probability, not a fact; doubtful pairs on "
                "the review list: {n}.",
                n=len(self.review),
            ),
        )

    def findings(self) -> list[Finding]:
        """Share of unnumbered records linked, weakest coverage, pairs to review."""
        weakest = self.coverage.sort_values(["covered_share", "department"]).iloc[0]
        found = []
        if self.n_unnumbered:
            low, high = proportion_confint(self.n_linked, self.n_unnumbered, method="wilson")
            value, interval, reason = (
                self.n_linked / self.n_unnumbered,
                Interval(float(low), float(high)),
                None,
            )
        else:
            value, interval, reason = (
                None,
                None,
                _(
                    "No record here lacks an account number; a report on a part of the "
                    "accounts holds none that does."
                ),
            )
        found.append(
            Finding(
                "quality.linked_share",
                value,
                "share",
                _("Records without a number that found their account"),
                _(
                    "Department records without an account number that linkage laid to an "
                    "account, over all such records; 95% Wilson interval."
                ),
                interval=interval,
                n=self.n_unnumbered,
                n_unit="records",
                good="up",
                figure="quality.coverage",
                reason=reason,
            )
        )
        found.append(
            Finding(
                "quality.coverage_least",
                float(weakest["covered_share"]),
                "share",
                _("Weakest coverage by a department"),
                _(
                    "Accounts with a record, known or linked, in the department that "
                    "covers fewest, over all accounts; 95% Wilson interval. The "
                    "department: {department}.",
                    department=DEPARTMENTS.get(weakest["department"], weakest["department"]),
                ),
                interval=Interval(float(weakest["low"]), float(weakest["high"])),
                n=int(weakest["n_accounts"]),
                good="up",
                figure="quality.coverage",
                sentence=_(
                    "{department} covers fewest accounts: {share} of {n}.",
                    department=DEPARTMENTS.get(weakest["department"], weakest["department"]),
                    share=Quantity(float(weakest["covered_share"]), "share"),
                    n=int(weakest["n_accounts"]),
                ),
            )
        )
        found.append(
            Finding(
                "quality.n_review",
                len(self.review),
                "count",
                _("Links to be decided by a person"),
                _("Pairs of a record and an account whose link is doubtful."),
                n=len(self.records),
                n_unit="records",
                good="down",
            )
        )
        return found

    def coverage_table(self) -> Table:
        """Coverage by department."""
        return make_table(
            "quality.coverage_table",
            _("Which accounts each department knows"),
            self.coverage,
            Column("department", _("Department"), terms=DEPARTMENTS),
            "n_accounts",
            Column("n_known", _("By number"), "accounts"),
            Column("n_linked", _("Found by linkage"), "accounts"),
            Column("known_share", _("Known by number"), "share"),
            Column("covered_share", _("Known or linked"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        )

    def review_table(self) -> Table:
        """The doubtful links."""
        return make_table(
            "quality.review",
            _("Links that a person should decide"),
            self.review,
            Column("department", _("Department"), terms=DEPARTMENTS),
            Column("record_id", _("Record")),
            Column("account_name", _("Name in the record")),
            "account_id",
            Column("candidate_name", _("Name of the account")),
            Column("probability", _("Probability"), "probability"),
            Column("why", _("Why it is doubtful"), terms=WHY),
            caption=_(
                "Write what you decide into the table “pairs” (left: department/record, "
                "right: account, verdict: same or not_same): the next run follows it."
            ),
        )


def link_departments(
    accounts: pd.DataFrame,
    departments: pd.DataFrame,
    decisions: Decisions = NOTHING,
    threshold: float = 0.5,
) -> DepartmentLinks:
    """Which account does each department's record speak of?

    Parameters
    ----------
    accounts : DataFrame
        One row per account: account_id, account_name and, where known, address, telephone,
        tax_number, region.
    departments : DataFrame
        One row per department, record and year, as in the contract.
    decisions : Decisions
        What people decided about pairs; all different accounts are kept apart anyway.
    threshold : float
        Probability (0–1) from which a record is laid to an account.

    Returns
    -------
    DepartmentLinks

    Raises
    ------
    AnalysisError
        There is no account or no record.

    Notes
    -----
    A decision stands above all. Then an account number written by the department; linkage speaks
    only where there is none,
    and says where it disagrees. A record is laid to the account with the likeliest pair.
    """
    if accounts.empty or departments.empty:
        raise AnalysisError(
            "quality",
            "accounts and department records",
            "none",
            "check the slice and the table departments",
        )
    identity = _identity_keys(departments)
    records = _identities(departments, identity)
    pool = _pool(accounts, records)
    keys = _keys_in_pool(accounts, departments, identity)
    same, apart = translate_keys(decisions.same, keys), translate_keys(decisions.apart, keys)
    linked = link(
        pool, id_column="key", threshold=threshold, ignore=("kind",), same=same, not_same=apart
    )
    best = _best_account(_follow(linked.pairs, same, apart), records, accounts)
    whole = records.merge(best, on="key", how="left", validate="1:1")
    written = whole["account_id"].where(whole["account_id"].isin(accounts["account_id"]))
    denied = pd.Series(
        [("A" + str(one), key) in apart for one, key in zip(written, whole["key"], strict=True)],
        index=whole.index,
        dtype=bool,
    )
    decided = pd.Series(
        [
            ("A" + str(one), key) in same
            for one, key in zip(whole["best_id"], whole["key"], strict=True)
        ],
        index=whole.index,
        dtype=bool,
    )
    denied |= decided & (whole["best_id"] != written)
    whole["known_id"] = written.mask(denied)
    likely = whole["best_probability"].ge(threshold)
    whole["how"] = "none"
    whole.loc[whole["known_id"].isna() & likely, "how"] = "linked"
    whole.loc[whole["known_id"].notna(), "how"] = "known"
    whole.loc[decided, "how"] = "decided"
    whole["account_id"] = whole["known_id"].where(
        whole["how"] == "known", whole["best_id"].where(whole["how"].isin(["linked", "decided"]))
    )
    whole["probability"] = whole["best_probability"].where(whole["how"] == "linked")
    unnumbered = whole["known_id"].isna()
    return DepartmentLinks(
        _spread(departments, identity, whole),
        _coverage(accounts, whole),
        _review(whole, accounts, threshold),
        int(unnumbered.sum()),
        int((unnumbered & whole["how"].isin(["linked", "decided"])).sum()),
    )


def _keys_in_pool(
    accounts: pd.DataFrame, departments: pd.DataFrame, identity: list[str]
) -> dict[str, str]:
    """Keys of decisions → keys of the pool: years and records written alike are one identity."""
    keys = {ACCOUNT + one: "A" + one for one in accounts["account_id"].astype("str")}
    records = departments["department"].astype("str") + "/" + departments["record_id"].astype("str")
    return keys | {RECORD + record: key for record, key in zip(records, identity, strict=True)}


def _follow(
    pairs: pd.DataFrame, same: set[tuple[str, str]], apart: set[tuple[str, str]]
) -> pd.DataFrame:
    """Pairs with decisions above all evidence: those decided to be one first, those decided to
    be two left out.
    """
    if not same and not apart:
        return pairs
    ends = [tuple(sorted(pair)) for pair in zip(pairs["left"], pairs["right"], strict=True)]
    weight = [
        float("inf") if pair in same else value
        for pair, value in zip(ends, pairs["weight"], strict=True)
    ]
    kept = pd.Series([pair not in apart for pair in ends], index=pairs.index, dtype=bool)
    return pairs.assign(weight=weight)[kept]


def _identities(departments: pd.DataFrame, identity: list[str]) -> pd.DataFrame:
    """One row per way in which a department writes an account: years of one record are one
    identity.
    """
    parts = ["department", "account_id", *IDENTITY]
    frame = _with_identity(departments).assign(key=identity)
    first = frame.sort_values(["department", "record_id"], kind="stable").drop_duplicates("key")
    return first[["key", "record_id", *parts]].reset_index(drop=True)


def _with_identity(departments: pd.DataFrame) -> pd.DataFrame:
    return departments.assign(
        **{name: None for name in (*IDENTITY, "account_id") if name not in departments}
    )


def _identity_keys(departments: pd.DataFrame) -> list[str]:
    """Key of each row's identity: how the department writes the account."""
    parts = _with_identity(departments)[["department", "account_id", *IDENTITY]]
    return [
        "R" + "\x1f".join("" if value is None or value != value else str(value) for value in row)
        for row in parts.itertuples(index=False)
    ]


def _pool(accounts: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    own = accounts.reindex(columns=["account_id", *IDENTITY]).assign(
        key="A" + accounts["account_id"].astype("str"), kind="account"
    )
    columns = ["key", "kind", *IDENTITY]
    return pd.concat(
        [own[columns].astype(object), records.assign(kind="record")[columns].astype(object)],
        ignore_index=True,
    )


def _best_account(
    pairs: pd.DataFrame, records: pd.DataFrame, accounts: pd.DataFrame
) -> pd.DataFrame:
    """Key → best_id, best_probability, second_probability: the likeliest account of each record."""
    left, right = pairs["left"].astype("str"), pairs["right"].astype("str")
    forward = left.str.startswith("A") & right.str.startswith("R")
    backward = left.str.startswith("R") & right.str.startswith("A")
    frame = pd.DataFrame(
        {
            "key": right.where(forward, left),
            "best_id": left.where(forward, right).str[1:],
            "best_probability": pairs["probability"],
            "weight": pairs["weight"],
        }
    )[forward | backward]
    frame = frame.sort_values(
        ["key", "weight", "best_id"], ascending=[True, False, True], kind="stable"
    )
    second = frame.groupby("key", sort=True)["best_probability"].nth(1)
    second = pd.Series(
        second.to_numpy(), index=frame.loc[second.index, "key"], name="second_probability"
    )
    best = frame.drop_duplicates("key").drop(columns="weight")
    return best.merge(second.reset_index(), on="key", how="left", validate="1:1")


def _spread(departments: pd.DataFrame, identity: list[str], whole: pd.DataFrame) -> pd.DataFrame:
    """The resolved account beside every row of the departments' table."""
    found = whole.set_index("key").loc[identity]
    return _with_identity(departments).assign(
        known_id=found["known_id"].to_numpy(),
        account_id=found["account_id"].to_numpy(),
        how=found["how"].to_numpy(),
        probability=found["probability"].to_numpy(),
    )


def _coverage(accounts: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    n, rows = len(accounts), []
    for department, own in whole.groupby("department", sort=True, observed=True):
        known = set(own["known_id"].dropna())
        covered = set(own["account_id"].dropna())
        low, high = proportion_confint(len(covered), n, method="wilson")
        rows.append(
            (
                department,
                n,
                len(known),
                len(covered - known),
                len(known) / n,
                len(covered) / n,
                float(low),
                float(high),
            )
        )
    names = [
        "department",
        "n_accounts",
        "n_known",
        "n_linked",
        "known_share",
        "covered_share",
        "low",
        "high",
    ]
    return pd.DataFrame(rows, columns=names)


def _review(whole: pd.DataFrame, accounts: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Records between two chairs: uncertain, two likely accounts, or a number that the rest
    contradicts.
    """
    free = whole["known_id"].isna()
    uncertain = free & whole["best_probability"].between(0.1, 0.9)
    rival = free & (whole["second_probability"] >= threshold)
    wrong = ~free & (whole["best_id"] != whole["known_id"]) & (whole["best_probability"] >= 0.9)
    still_open = whole["how"] != "decided"
    why = (
        pd.Series("", index=whole.index)
        .mask((uncertain | rival) & still_open, "uncertain")
        .mask(wrong & still_open, "contradicts")
    )
    why = why.mask(free & (whole["how"] == "none"), "nothing")
    names = accounts.drop_duplicates("account_id").set_index("account_id")["account_name"]
    full = whole.assign(
        why=why,
        account_id=whole["best_id"],
        probability=whole["best_probability"],
        candidate_name=whole["best_id"].map(names),
    )
    columns = [
        "department",
        "record_id",
        "account_name",
        "account_id",
        "candidate_name",
        "probability",
        "why",
    ]
    return full.loc[why != "", columns].sort_values(
        ["probability", "department", "record_id"], ignore_index=True
    )
