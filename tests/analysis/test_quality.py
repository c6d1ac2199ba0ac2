"""Data quality: departments find their accounts, conflicts get their kind, pages say what is
missing.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis.quality import (
    audit_tables,
    compare_departments,
    find_duplicates,
    link_departments,
    read_decisions,
    study_decisions,
    write_account_pages,
)
from kamresearch.analysis.quality.conflicts import sum_years
from kamresearch.data.contract import CONTACTS
from kamresearch.errors import AnalysisError

pytestmark = pytest.mark.unit
AS_OF = "2012-12-31"


@pytest.fixture(scope="module")
def tables(case_tables):
    return case_tables


@pytest.fixture(scope="module")
def accounts(tables):
    return tables.frame("accounts")


@pytest.fixture(scope="module")
def links(tables, accounts):
    return link_departments(accounts, tables.frame("departments"))


@pytest.fixture(scope="module")
def truth(case_folder):
    return pd.read_parquet(case_folder / "truth" / "records.parquet")


@pytest.fixture(scope="module")
def conflicts(links, accounts, tables):
    return compare_departments(links.records, accounts, sum_years(tables, AS_OF), as_of=AS_OF)


@pytest.mark.recovery
@pytest.mark.slow
def test_records_without_a_number_find_their_true_account(links, truth):
    both = links.records.merge(truth, on=["department", "record_id"], validate="1:1")
    free = both[both["known_id"].isna()]
    linked = free[free["how"] == "linked"]
    assert len(linked) / len(free) > 0.95
    assert (linked["account_id"] == linked["true_account_id"]).mean() > 0.98


def test_a_number_that_a_department_wrote_stands(links, tables):
    given = tables.frame("departments").dropna(subset=["account_id"])
    both = links.records.merge(
        given, on=["department", "record_id"], suffixes=("", "_given"), validate="1:1"
    )
    assert (both["account_id"] == both["account_id_given"]).all()


def test_coverage_counts_accounts_not_records(links, accounts):
    for row in links.coverage.itertuples():
        assert row.n_known + row.n_linked <= len(accounts) == row.n_accounts
        assert row.low <= row.covered_share <= row.high


@pytest.mark.recovery
@pytest.mark.parametrize(("kind", "least"), [("returns", 0.95), ("stale", 0.7), ("late", 0.85)])
def test_the_planted_kind_of_a_conflict_is_recognised(conflicts, links, truth, kind, least):
    planted = links.records.merge(truth, on=["department", "record_id"], validate="1:1")
    planted = (
        planted.groupby(["account_id", "year", "department"])["true_kind"]
        .agg(["first", "nunique"])
        .reset_index()
    )
    planted = planted[planted["nunique"] == 1].astype({"year": int})
    figures = conflicts.figures[
        conflicts.figures["department"] != conflicts.figures["winner_department"]
    ]
    both = figures.merge(planted, on=["account_id", "year", "department"], validate="1:1")
    # A planted difference that is too small to see, or lies on the figure that stands, is no
    # conflict.
    visible = both[(both["first"] == kind) & (both["kind"] != "agree")]
    assert len(visible) > 10
    assert (visible["kind"] == kind).mean() >= least


def ledger_of(*rows):
    return pd.DataFrame(rows, columns=["account_id", "year", "net", "gross"])


def records_of(*rows):
    return pd.DataFrame(rows, columns=["account_id", "year", "department", "revenue"])


def compare(records, ledger=None, **more):
    accounts = pd.DataFrame({"account_id": ["1", "2", "3"], "account_name": ["A", "B", "C"]})
    return compare_departments(records, accounts, ledger, as_of=AS_OF, **more)


@pytest.mark.parametrize(
    ("figure", "kind"),
    [
        (1_234_567.0, "agree"),
        (1_230_000.0, "rounded"),
        (1_300_567.0, "returns"),
        (12_345_670.0, "digits"),
        (123_456.7, "digits"),
        (2_000_111.0, "stale"),
        (1_150_321.0, "late"),
        (5_000_123.0, "unexplained"),
    ],
)
def test_a_hand_worked_difference_gets_its_kind(figure, kind):
    records = records_of(
        ("1", 2011, "finance", 2_000_111.0),
        ("1", 2012, "finance", 1_234_567.0),
        ("1", 2012, "sales", figure),
    )
    result = compare(records, ledger_of(("1", 2012, 1_234_567.0, 1_300_567.0)))
    assert result.figures.query("year == 2012 and department == 'sales'")["kind"].tolist() == [kind]


def test_the_figure_that_stands_is_that_of_the_first_department_that_has_one():
    records = records_of(
        ("1", 2012, "sales", 10.0), ("1", 2012, "finance", 20.0), ("2", 2012, "sales", 30.0)
    )
    stands = compare(records).figures.drop_duplicates("account_id").set_index("account_id")
    assert stands["winner"].to_dict() == {"1": 20.0, "2": 30.0}
    other = (
        compare(records, precedence=("sales", "finance"))
        .figures.drop_duplicates("account_id")
        .set_index("account_id")
    )
    assert other["winner"].to_dict() == {"1": 10.0, "2": 30.0}


def test_two_records_of_one_department_add_up():
    records = records_of(
        ("1", 2012, "sales", 70.0), ("1", 2012, "sales", 30.0), ("1", 2012, "finance", 100.0)
    )
    result = compare(records)
    assert result.findings()[0].value == 0.0
    assert result.figures["kind"].eq("agree").all()


def test_the_share_of_conflicts_counts_accounts_recorded_twice():
    records = records_of(
        ("1", 2012, "sales", 100.0),
        ("1", 2012, "finance", 100.5),
        ("2", 2012, "sales", 100.0),
        ("2", 2012, "finance", 150.0),
        ("3", 2012, "sales", 5.0),
    )
    share = compare(records).findings()[0]
    assert (share.value, share.n) == (0.5, 2)
    assert share.interval.low < 0.5 < share.interval.high


def test_another_source_can_change_who_leads():
    records = records_of(
        ("1", 2012, "finance", 100.0),
        ("2", 2012, "finance", 90.0),
        ("3", 2012, "finance", 10.0),
        ("1", 2012, "sales", 100.0),
        ("2", 2012, "sales", 50.0),
        ("3", 2012, "sales", 95.0),
    )
    result = compare(records, top=2)
    assert result.changed_at_top() == {"finance": 0, "sales": 1}


def test_a_record_changed_after_the_day_is_not_seen():
    records = records_of(("1", 2012, "sales", 1.0), ("1", 2012, "finance", 2.0)).assign(
        updated=pd.to_datetime(["2012-12-01", "2013-02-01"])
    )
    assert set(compare(records).figures["department"]) == {"sales"}


def test_a_year_that_is_not_over_is_not_compared():
    records = records_of(("1", 2012, "sales", 1.0), ("1", 2012, "finance", 2.0))
    accounts = pd.DataFrame({"account_id": ["1"], "account_name": ["A"]})
    assert compare_departments(records, accounts, as_of="2012-06-30") is None


def test_nothing_to_compare_is_none_and_not_a_crash():
    assert compare(records_of()) is None
    assert compare(records_of(("1", None, "sales", 1.0))) is None


def pairs_of(*rows):
    return pd.DataFrame(rows, columns=["left", "right", "verdict"])


@pytest.fixture(scope="module")
def two_volvos():
    """Two firms that share address and telephone, among forty others."""
    return pd.DataFrame(
        {
            "account_id": [str(i) for i in range(42)],
            "account_name": [
                "AB Volvo",
                "Volvo Cars",
                *[f"Firm {chr(65 + i % 26)}{i} Ltd" for i in range(40)],
            ],
            "telephone": ["021-5550000", "021-5550000", *[f"021-66600{i:02d}" for i in range(40)]],
            "address": ["Torslanda 1", "Torslanda 1", *[f"Street {i}" for i in range(40)]],
        }
    )


def relation_of(result, left, right):
    pair = result.pairs[(result.pairs["left"] == left) & (result.pairs["right"] == right)]
    return pair["relation"].tolist()


@pytest.mark.slow
def test_ab_volvo_is_not_volvo_cars_however_the_pair_is_spelt(two_volvos):
    decisions = read_decisions(
        pairs_of(
            ("Volvo Car(s)", "Volvo AB (publ)", "not_same"),
            ("VOLVO CARS", "ＡＢ Volvo", "not_same"),
        ),
        two_volvos,
        None,
        AS_OF,
    )
    assert decisions.frame["state"].tolist() == ["unmatched", "followed"]
    assert relation_of(find_duplicates(two_volvos, decisions), "0", "1") == ["not_same"]


@pytest.mark.slow
def test_a_decision_joins_what_looks_different_and_runs_out(two_volvos):
    pairs = pairs_of(("5", "30", "same")).assign(
        until=["2012-12-31"], who=["director"], why=["renamed in 2010"]
    )
    on_the_day, later = (
        read_decisions(pairs, two_volvos, None, day) for day in (AS_OF, "2013-01-01")
    )
    assert relation_of(find_duplicates(two_volvos, on_the_day), "5", "30") == ["decided"]
    assert later.frame["state"].tolist() == ["expired"]
    assert relation_of(find_duplicates(two_volvos, later), "5", "30") == []


@pytest.mark.slow
def test_of_two_decisions_that_contradict_each_other_the_one_that_parts_stands(two_volvos):
    decisions = read_decisions(
        pairs_of(("0", "1", "same"), ("1", "0", "not_same")), two_volvos, None, AS_OF
    )
    assert decisions.frame["state"].tolist() == ["overruled", "followed"]
    assert relation_of(find_duplicates(two_volvos, decisions), "0", "1") == ["not_same"]
    assert len(decisions.caveats) == 1


def test_a_number_of_two_departments_is_not_guessed(two_volvos):
    records = pd.DataFrame(
        {"department": ["sales", "finance"], "record_id": ["R1", "R1"], "account_name": ["X", "Y"]}
    )
    decisions = read_decisions(
        pairs_of(("R1", "3", "same"), ("finance/R1", "3", "same")), two_volvos, records, AS_OF
    )
    assert decisions.frame["state"].tolist() == ["ambiguous", "followed"]
    assert decisions.same == {("A3", "Rfinance/R1")}


@pytest.mark.slow
def test_what_a_person_decided_about_a_record_stands_above_its_number_and_its_looks(
    tables, accounts, links
):
    records = tables.frame("departments").head(400)
    own = links.records.head(400)
    known, free = own[own["how"] == "known"].iloc[0], own[own["how"] == "linked"].iloc[0]
    other = accounts.loc[
        ~accounts["account_id"].isin([known["account_id"], free["account_id"]]), "account_id"
    ].iloc[0]
    pairs = pairs_of(
        (f"{known['department']}/{known['record_id']}", other, "same"),
        (free["record_id"], free["account_id"], "not_same"),
    )
    decided = link_departments(
        accounts, records, read_decisions(pairs, accounts, records, AS_OF)
    ).records
    decided = decided.set_index(["department", "record_id"])
    one, two = (decided.loc[(row["department"], row["record_id"])] for row in (known, free))
    assert (one["account_id"], one["how"]) == (other, "decided")
    assert two["account_id"] != free["account_id"]


@pytest.mark.slow
def test_decisions_come_with_the_data(case_folder, tmp_path):
    for name in ("accounts", "orders"):
        (tmp_path / f"{name}.parquet").write_bytes((case_folder / f"{name}.parquet").read_bytes())
    (tmp_path / "pairs.csv").write_text(
        "left,right,verdict,who,why,until\nA0000001,A0000002,not_same,director,two legal "
        "persons,\nA0000003,,same,,,\n"
    )
    tables = kam.open_data(tmp_path)
    decisions = study_decisions(tables, tables.frame("accounts"), AS_OF)
    assert decisions.apart == {("AA0000001", "AA0000002")}
    aside = tables.quarantine
    assert aside.loc[aside["table"] == "pairs", "reason"].tolist() == ["right is missing"]
    assert decisions.table().frame["who"].tolist() == ["director"]


def test_the_case_keeps_the_truck_maker_and_the_car_maker_apart(tables):
    names = pd.DataFrame(
        {
            "account_id": ["1", "2", "3", "4"],
            "account_name": ["AB Volvo", "Volvo Cars", "沃尔沃集團", "沃尔沃汽车"],
        }
    )
    apart = read_decisions(tables.frame("pairs"), names, None, AS_OF).apart
    assert {("A1", "A2"), ("A3", "A4")} <= apart


@pytest.mark.slow
def test_an_account_recorded_twice_is_suspected(accounts):
    double = accounts.iloc[[5]].assign(account_id="B1", telephone=None)
    double["account_name"] = double["account_name"].str.replace("有限公司", "公司")
    result = find_duplicates(pd.concat([accounts, double], ignore_index=True))
    same = result.pairs[result.pairs["relation"] == "same"]
    assert {frozenset(pair) for pair in zip(same["left"], same["right"])} == {
        frozenset(("B1", accounts["account_id"][5]))
    }


def test_no_account_is_refused_in_words(accounts):
    with pytest.raises(AnalysisError, match="at least one account"):
        find_duplicates(accounts.head(0))
    with pytest.raises(AnalysisError, match="accounts and department records"):
        link_departments(accounts.head(0), pd.DataFrame())


@pytest.fixture(scope="module")
def snapshot(tables):
    return kam.account_snapshot(tables, as_of=AS_OF)


@pytest.mark.slow
def test_a_page_is_the_single_account_view_with_departments_words_beside_it(
    tables, snapshot, links
):
    pages = write_account_pages(tables, snapshot, links.records, AS_OF, 5, contacts=True)
    assert len(pages.views) == 5
    assert pages.views["revenue_12m"].is_monotonic_decreasing
    largest = pages.views["account_id"].iloc[0]
    page, view = (
        pages.lines[pages.lines["account_id"] == largest],
        kam.account(tables, largest, AS_OF),
    )
    own = page[~page["topic"].isin(["sales", "finance", "after_sales"])]
    pd.testing.assert_frame_equal(
        own.drop(columns=["account_id", "account_name"]).reset_index(drop=True), view.frame
    )
    assert pages.views["filled_share"].iloc[0] == view.filled_share
    differs = pages.lines[pages.lines["state"] == "differs"]
    assert set(differs["topic"]) <= {"sales", "finance", "after_sales"}
    assert differs["source"].eq("departments.parquet").all()
    assert (pages.lines["updated"].dropna() <= AS_OF).all()


@pytest.mark.slow
def test_pages_tell_that_contacts_are_recorded_and_write_none_out_unless_asked(
    tables, snapshot, links
):
    written = [
        value
        for name in ("accounts", "departments")
        for column in CONTACTS
        for value in tables.frame(name)[column].dropna()
    ]
    shown, open_ = (
        write_account_pages(tables, snapshot, links.records, AS_OF, 10, contacts=asked)
        for asked in (False, True)
    )
    told = set(shown.lines["value"].dropna())
    assert not told & set(written)
    assert len(set(open_.lines["value"].dropna()) & set(written)) > 30
    rest = ~open_.lines["field"].isin(CONTACTS)
    pd.testing.assert_frame_equal(shown.lines[rest], open_.lines[rest])
    pd.testing.assert_frame_equal(shown.views, open_.views)
    contacts = shown.lines[~rest & open_.lines["value"].notna()]
    assert set(contacts["state"]) == {"withheld", "differs"}


@pytest.mark.slow
def test_pages_do_without_departments_and_optional_tables(tables, snapshot):
    two = replace(tables, loaded={name: tables.loaded[name] for name in ("accounts", "orders")})
    lines = write_account_pages(two, snapshot, None, AS_OF, 3).lines
    assert set(lines.loc[lines["state"] != "absent", "topic"]) == {"accounts", "orders"}
    assert {"contracts", "assignments"} <= set(lines.loc[lines["state"] == "absent", "topic"])


@pytest.mark.slow
def test_rows_in_are_rows_used_and_rows_set_aside(tables):
    audit = audit_tables(tables, AS_OF)
    frame = audit.checks.tables
    assert (frame["rows_in"] == frame["rows_used"] + frame["rows_quarantined"]).all()
    assert audit.quarantine["n_rows"].sum() == frame["rows_quarantined"].sum()


@pytest.mark.slow
def test_every_finding_has_its_n_and_an_interval_where_it_is_a_share(links, conflicts, tables):
    findings = [*audit_tables(tables, AS_OF).findings(), *links.findings(), *conflicts.findings()]
    assert all(finding.n is not None for finding in findings)
    shares = {
        finding.id
        for finding in findings
        if finding.unit == "share" and finding.interval is not None
    }
    assert {"quality.linked_share", "quality.coverage_least", "quality.conflict_share"} <= shares


@pytest.mark.slow
def test_analyses_leave_their_input_alone(tables, accounts):
    records = tables.frame("departments")
    before = accounts.copy(), records.copy()
    compare_departments(
        link_departments(accounts.head(40), records.head(200)).records, accounts, as_of=AS_OF
    )
    pd.testing.assert_frame_equal(accounts, before[0])
    pd.testing.assert_frame_equal(records, before[1])


@pytest.mark.slow
def test_ten_accounts_are_enough_to_run(tables, accounts):
    few = accounts.head(10)
    records = tables.frame("departments")
    own = records[records["account_id"].isin(few["account_id"])]
    links = link_departments(few, own)
    result = compare_departments(links.records, few, as_of=AS_OF)
    assert all(
        np.isfinite(f.value)
        for f in [*links.findings(), *result.findings()]
        if f.value is not None and f.unit == "share"
    )
