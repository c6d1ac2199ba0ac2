"""The gate: what is wrong is found, counted, weighed by revenue, and says what to do."""

from types import SimpleNamespace

import ibis
import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.data.checks import CHECKS, check_tables
from kamresearch.data.checks.result import CheckResult, Issue
from kamresearch.data.period import count_days
from kamresearch.errors import DataError
from kamresearch.language import missing_translations

pytestmark = [pytest.mark.unit, pytest.mark.slow]


class Plain:
    """Frames as tables, without the rooms that open files."""

    def __init__(self, quarantine=None, **frames):
        connection = ibis.duckdb.connect()
        for name, frame in frames.items():
            connection.con.register(f"{name}_frame", frame)
            connection.con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM "{name}_frame"')
        self._tables = {name: connection.table(name) for name in frames}
        self.names = tuple(frames)
        # Frames come without notes of how a file was read, and nothing was called sure.
        self.loaded = {
            name: SimpleNamespace(notes=(), rows_in=len(frame)) for name, frame in frames.items()
        }
        self.sure = frozenset()
        orders = frames.get("orders")
        self.has_order_lines = orders is not None and bool(orders["order_id"].duplicated().any())
        self.quarantine = (
            quarantine
            if quarantine is not None
            else pd.DataFrame(columns=["table", "row", "reason"])
        )

    @property
    def ledger(self):
        counts = self.quarantine.groupby("table", sort=True).size()
        return pd.DataFrame(
            {"table": counts.index, "rows_quarantined": counts.to_numpy(), "rows_left_out": 0}
        )

    @property
    def order_days(self):
        return count_days(self.orders)

    def has(self, name):
        return name in self._tables

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._tables:
            raise AttributeError(name)
        return self._tables[name]


@pytest.fixture
def accounts():
    return pd.DataFrame(
        {
            "account_id": ["1", "2", "3", "4"],
            "account_name": ["Alpha", "Beta", "Gamma", "Delta"],
            "tax_number": ["T1", "T2", "T3", "T4"],
            "parent_id": [None, None, None, "1"],
            "onboard_date": pd.to_datetime(["2010-01-01"] * 4),
            "strategic_fit": [3.0, 4.0, 5.0, 1.0],
        }
    )


@pytest.fixture
def orders():
    """Thirty-six months, one order each, accounts in turn: 100 a piece, so that shares are easy."""
    months = pd.date_range("2010-01-01", periods=36, freq="MS") + pd.Timedelta(days=9)
    return pd.DataFrame(
        {
            "order_id": [f"O{i:02d}" for i in range(36)],
            "account_id": [str(i % 4 + 1) for i in range(36)],
            "order_date": months,
            "revenue": [100.0 + i % 3 for i in range(36)],
            "units": [1.0] * 36,
            "product": ["P"] * 36,
            "cost": [80.0] * 36,
        }
    )


def found(result: CheckResult, check: str) -> list[Issue]:
    return [issue for issue in result.issues if issue.check == check]


def check(accounts, orders, **more):
    return check_tables(Plain(accounts=accounts, orders=orders), as_of="2012-12-31", **more)


def test_clean_tables_raise_no_error_and_no_warning(accounts, orders):
    result = check(accounts, orders)
    assert not result.errors
    assert not result.warnings
    assert result.completeness == 1.0
    assert not result.unusable
    assert result.warnings_texts() == ()


def test_an_issue_is_weighed_by_the_revenue_that_stands_on_it(accounts, orders):
    orders.loc[0, "units"] = -1.0
    (issue,) = found(check(accounts, orders), "sign_mismatch")
    assert (issue.count, issue.n, issue.first_offenders) == (1, 36, ("O00",))
    assert issue.share_of_revenue == pytest.approx(orders["revenue"][0] / orders["revenue"].sum())


def test_an_account_is_weighed_by_all_its_orders(accounts, orders):
    accounts.loc[1, "strategic_fit"] = 9.0
    (issue,) = found(check(accounts, orders), "out_of_range")
    own = orders.loc[orders["account_id"] == "2", "revenue"].sum()
    assert issue.first_offenders == ("2",)
    assert issue.share_of_revenue == pytest.approx(own / orders["revenue"].sum())


def test_a_bound_written_with_three_digits_is_not_out_of_range():
    judgements = pd.DataFrame({"rater": ["a"], "left": ["x"], "right": ["y"], "value": [0.111]})
    accounts = pd.DataFrame({"account_id": ["1"], "account_name": ["A"]})
    orders = pd.DataFrame(
        {
            "order_id": ["1"],
            "account_id": ["1"],
            "order_date": pd.to_datetime(["2012-12-01"]),
            "revenue": [1.0],
        }
    )
    result = check_tables(
        Plain(accounts=accounts, orders=orders, judgements=judgements), as_of="2012-12-31"
    )
    assert not found(result, "out_of_range")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda a, o: o.__setitem__("account_id", o["account_id"].replace("4", "99")),
            "broken_reference",
        ),
        (
            lambda a, o: a.__setitem__("account_name", ["Alpha", " alpha ", "Gamma", "Delta"]),
            "same_name",
        ),
        (lambda a, o: a.__setitem__("tax_number", ["T1", "T1", "T3", "T4"]), "shared_tax_number"),
        (
            lambda a, o: a.__setitem__("onboard_date", pd.to_datetime(["2012-06-01"] * 4)),
            "order_before_onboarding",
        ),
        (lambda a, o: a.__setitem__("parent_id", ["1", None, None, None]), "self_parent"),
        (
            lambda a, o: o.__setitem__(
                "order_date", o["order_date"].mask(o.index == 5, pd.Timestamp("2109-01-01"))
            ),
            "implausible_date",
        ),
        (
            lambda a, o: o.__setitem__(
                "order_date", o["order_date"].mask(o.index == 5, pd.Timestamp("1900-01-01"))
            ),
            "implausible_date",
        ),
        (
            lambda a, o: o.__setitem__(
                "order_date", o["order_date"].mask(o.index.isin([7, 8]), o["order_date"][6])
            ),
            "month_gap",
        ),
        (
            lambda a, o: o.__setitem__(
                "order_date", o["order_date"].mask(o.index >= 30, o["order_date"][29])
            ),
            "stale",
        ),
        (
            lambda a, o: o.__setitem__("revenue", o["revenue"].mask(o.index == 3, 1e6)),
            "revenue_outlier",
        ),
        (
            lambda a, o: o.__setitem__("revenue", o["revenue"].mask(o.index == 3, 1e6)),
            "one_order_rules",
        ),
        (
            lambda a, o: o.__setitem__("order_id", o["order_id"].replace("O01", "O00")),
            "duplicate_key",
        ),
        (lambda a, o: o.__setitem__("revenue", o["revenue"].mask(o.index == 3)), "missing_values"),
        (
            lambda a, o: a.__setitem__("account_name", ["Al\ufffdha", "Beta", "Gamma", "Delta"]),
            "broken_text",
        ),
        (
            lambda a, o: a.__setitem__("account_name", ["MÃ¼ller", "Beta", "Gamma", "Delta"]),
            "broken_text",
        ),
        (
            lambda a, o: a.__setitem__("account_name", ["????", "Beta", "Gamma", "Delta"]),
            "broken_text",
        ),
        (
            lambda a, o: a.__setitem__("account_name", ["Customer", "Beta", "Gamma", "Delta"]),
            "no_account",
        ),
    ],
)
def test_each_flaw_is_found_by_its_check(accounts, orders, change, expected):
    change(accounts, orders)
    hits = found(check(accounts, orders), expected)
    assert hits, expected
    assert all(issue.count > 0 for issue in hits)


def test_orders_entered_twice_are_counted_without_their_first(accounts, orders):
    twice = orders.iloc[[4, 4]].assign(order_id=["O90", "O91"])
    (issue,) = found(
        check(accounts, pd.concat([orders, twice], ignore_index=True)), "repeated_orders"
    )
    assert (issue.count, issue.first_offenders) == (2, ("O04",))


def test_lines_of_one_order_are_a_note_and_no_repeat(accounts, orders):
    lines = orders.assign(order_id=["O" + str(i // 2) for i in range(36)], account_id="1")
    result = check(accounts, lines)
    assert found(result, "order_lines")[0].severity == "info"
    assert not found(result, "repeated_rows")
    assert not found(result, "duplicate_key")


def test_a_branch_may_share_the_tax_number_of_its_group(accounts, orders):
    accounts.loc[3, "tax_number"] = "T1"
    assert not found(check(accounts, orders), "shared_tax_number")


def test_what_is_later_than_the_as_of_date_is_a_note_not_a_warning(accounts, orders):
    result = check_tables(Plain(accounts=accounts, orders=orders), as_of="2012-06-30")
    assert [issue.severity for issue in found(result, "after_as_of")] == ["info"]
    assert found(result, "after_as_of")[0].count == 6


def test_a_sudden_loss_of_rows_warns_and_a_collapse_stops(accounts, orders):
    assert (
        found(check(accounts, orders, previous={"orders": 40}), "rows_lost")[0].severity
        == "warning"
    )
    assert (
        found(check(accounts, orders, previous={"orders": 100}), "rows_lost")[0].severity == "error"
    )
    assert not found(check(accounts, orders, previous={"orders": 36}), "rows_lost")
    assert found(check(accounts, orders, previous={"contracts": 10}), "rows_lost")[0].count == 10


def test_errors_stop_in_words(accounts, orders):
    result = check(accounts, orders.assign(revenue=0.0))
    assert result.has_errors
    with pytest.raises(DataError, match="no positive revenue at all.*To do: Check which column"):
        result.raise_errors()


def test_an_account_without_a_required_table_is_an_error(accounts):
    result = check_tables(Plain(accounts=accounts))
    assert [issue.check for issue in result.errors] == ["table_missing"]
    assert result.unusable


def test_rows_set_aside_lower_completeness_and_the_report_says_that_it_should_not_be_used(
    accounts, orders
):
    aside = pd.DataFrame(
        {
            "table": ["orders"] * 60,
            "row": range(60),
            "code": ["missing"] * 60,
            "reason": ["revenue is missing"] * 60,
        }
    )
    result = check_tables(Plain(aside, accounts=accounts, orders=orders), as_of="2012-12-31")
    assert result.completeness == pytest.approx(36 / 96)
    assert result.unusable
    assert "should not be used" not in result.warnings_texts()[0].render("zh")
    assert "for this report to be used" in result.warnings_texts()[0].render("en")
    row = result.tables.set_index("table").loc["orders"]
    assert row["rows_in"] == row["rows_used"] + row["rows_quarantined"] == 96


def test_rows_that_the_mapping_leaves_out_are_no_fault_of_the_data(tmp_path, accounts):
    accounts.to_csv(tmp_path / "accounts.csv", index=False)
    stages = ["won"] * 20 + ["lost"] * 60
    deals = pd.DataFrame(
        {
            "order_id": [f"O{i}" for i in range(80)],
            "account_id": "1",
            "order_date": "2012-05-01",
            "revenue": 100.0,
            "stage": stages,
        }
    )
    deals.loc[0, "revenue"] = None
    deals.to_csv(tmp_path / "deals.csv", index=False)
    mapping = tmp_path / "mapping.yml"
    mapping.write_text(
        "tables:\n  orders:\n    from: deals\n    columns: {order_id: order_id}\n    keep:\n"
        "      - {column: stage, in: [won], why: only won deals are orders}\n"
    )
    result = check_tables(kam.open_data(tmp_path), as_of="2012-12-31")
    row = result.tables.set_index("table").loc["orders"]
    assert (row["rows_in"], row["rows_used"], row["rows_quarantined"], row["rows_left_out"]) == (
        80,
        19,
        61,
        60,
    )
    assert result.quarantined_share == pytest.approx(1 / 24)  # 20 deals and 4 accounts are wanted
    found = {issue.check: issue for issue in result.issues if issue.table == "orders"}
    assert (found["left_out"].severity, found["left_out"].count) == ("info", 60)
    assert (found["quarantined"].severity, found["quarantined"].count, found["quarantined"].n) == (
        "warning",
        1,
        20,
    )
    assert found["quarantined"].first_offenders == ("revenue is missing",)
    assert result.completeness > 0.5
    assert not result.unusable


def test_completeness_is_that_of_the_weaker_table(accounts, orders):
    accounts["strategic_fit"] = [
        None,
        None,
        5.0,
        1.0,
    ]  # 22 of 24 … parent_id does not count: 18 of 20
    assert check(accounts, orders).completeness == pytest.approx(18 / 20)


def test_the_input_stays_as_it_was(accounts, orders):
    before = accounts.copy(), orders.copy()
    check(accounts, orders)
    pd.testing.assert_frame_equal(accounts, before[0])
    pd.testing.assert_frame_equal(orders, before[1])


def test_every_check_speaks_both_languages():
    texts = {text.template for one in CHECKS.values() for text in (one.title, one.remedy)}
    assert missing_translations(texts, "zh") == set()


def test_a_wrong_type_is_an_error_where_the_column_is_required(accounts, orders):
    result = check(accounts, orders.assign(revenue="a lot"))
    assert [(issue.check, issue.column) for issue in result.errors] == [("wrong_type", "revenue")]


def test_the_built_in_case_has_the_flaws_that_were_planted_and_no_error(case_tables):
    result = check_tables(case_tables, as_of="2012-12-31")
    assert not result.has_errors
    counts = {(issue.check, issue.table): issue.count for issue in result.issues}
    assert counts["order_before_onboarding", "accounts"] == 2
    assert counts["out_of_range", "accounts"] == 1
    assert counts["implausible_date", "orders"] == 1
    assert counts["repeated_rows", "orders"] == 2
    assert counts["quarantined", "orders"] == 6


def test_a_users_own_column_may_bear_any_name(accounts, orders):
    """The engine reads names without regard to case: Revenue beside the ledger's revenue must
    not meet it.
    """
    result = check(accounts.assign(Revenue="a lot", n="x", first_date="y"), orders)
    assert not result.errors


@pytest.mark.unit
def test_a_pages_head_says_the_gravest_remark_alone_and_none_that_linkage_answers():
    def said(*issues):
        result = CheckResult(issues, 1.0, 0.9, pd.DataFrame(), pd.DataFrame())
        return [text.render("en") for text in result.warnings_texts()]

    unlinked = Issue("department_coverage", "departments", "finance", "warning", 79, 400, 0.17)
    grave = Issue("same_name", "accounts", "account_name", "warning", 20, 400, 0.08)
    small = Issue("repeated_rows", "orders", "order_id", "warning", 2, 9000, 1e-5)
    assert said(unlinked) == []
    assert said(small) == []  # moves no decision
    assert said(grave) == [grave.text.render("en")]
    (head,) = said(unlinked, small, grave)
    assert head.startswith(grave.text.render("en"))
    assert "2 more warnings" in head
