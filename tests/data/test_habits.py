"""Habits of exporting programs that change what an amount means: noticed, asked about, told."""

import pytest
import yaml

from kamresearch import open_data
from kamresearch.data.checks import check_tables
from kamresearch.data.habits import credit_values, scale_of
from kamresearch.data.heads import find_head
from kamresearch.data.start import draft_mapping, look, mapping_text

pytestmark = [pytest.mark.unit, pytest.mark.slow]

FIRMS = ("Alpha Tools", "Beta Foods", "Gamma Steel")
ROWS = [
    (f"R{n}", FIRMS[n % 3], f"2024-{n % 12 + 1:02d}-{n % 27 + 1:02d}", 1000.25 + n, n in (4, 9))
    for n in range(24)
]
NET = sum(-amount if back else amount for *_, amount, back in ROWS)


def write(folder, head, line, name="sales.csv"):
    path = folder / name
    path.write_text("\n".join([head, *map(line, ROWS)]) + "\n", encoding="utf-8")
    return path


def started(path, answers=None):
    draft = draft_mapping(look(str(path)), answers)
    target = path.with_suffix(".yml")
    target.write_text(mapping_text(draft, "en"), encoding="utf-8")
    return draft, yaml.safe_load(target.read_text(encoding="utf-8")), open_data(path, target)


def revenue(tables):
    return round(float(tables.orders.revenue.sum().to_pandas()), 2)


def doubts(tables):
    return {issue.check for issue in check_tables(tables, "2024-12-31").issues}


def credit_notes(folder):
    return write(
        folder,
        "Type,Invoice,Customer,Date,Net amount",
        lambda r: f"{'Credit Note' if r[4] else 'Invoice'},{r[0]},{r[1]},{r[2]},{r[3]}",
    )


def test_credit_notes_without_a_sign_are_asked_about_and_count_as_negative(tmp_path):
    draft, mapping, tables = started(credit_notes(tmp_path))
    assert "credits" in [one.id for one in draft.questions]
    rule = mapping["tables"]["orders"]["columns"]["revenue"]
    assert rule == {"from": "Net amount", "negative_where": {"Type": ["Credit Note"]}}
    assert revenue(tables) == round(NET, 2)
    assert "unsigned_credits" not in doubts(tables)


def test_where_nobody_says_so_they_stay_and_are_doubted(tmp_path):
    _draft, mapping, tables = started(credit_notes(tmp_path), {"credits": "no"})
    assert mapping["tables"]["orders"]["columns"]["revenue"] == "Net amount"
    assert revenue(tables) > NET
    assert "unsigned_credits" in doubts(tables)


def test_a_state_that_comes_after_the_rows_looked_at_is_seen_and_else_doubted(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("kamresearch.data.start.looking.LOOKED_AT", 4)
    path = write(
        tmp_path,
        "Status,Invoice,Customer,Date,Net amount",
        lambda r: f"{'Cancelled' if r[4] else 'Completed'},{r[0]},{r[1]},{r[2]},{r[3]}",
    )
    _draft, mapping, tables = started(path)
    assert mapping["tables"]["orders"]["keep"][0]["not_in"] == ["Cancelled"]
    assert "unsold_rows" not in doubts(tables)
    _draft, _mapping, tables = started(path, {"not_orders": "-"})
    assert "unsold_rows" in doubts(tables)


def test_the_side_of_a_ledger_is_a_sign_only_in_a_column_named_for_it(tmp_path):
    path = write(
        tmp_path,
        "Umsatz;Soll/Haben-Kennzeichen;Beleg;Kunde;Datum",
        lambda r: f"{r[3]:.2f};{'H' if r[4] else 'S'};{r[0]};{r[1]};{r[2]}".replace(".", ",", 1),
    )
    _draft, mapping, tables = started(path)
    rule = mapping["tables"]["orders"]["columns"]["revenue"]
    assert rule["negative_where"] == {"Soll/Haben-Kennzeichen": ["H"]}
    assert revenue(tables) == round(NET, 2)
    assert "h" not in credit_values("Size")


def test_amounts_that_bear_their_sign_are_left_alone(tmp_path):
    path = write(
        tmp_path,
        "Type,Invoice,Customer,Date,Amount",
        lambda r: f"{'Refund' if r[4] else 'Sale'},{r[0]},{r[1]},{r[2]},{'-' * r[4]}{r[3]}",
    )
    draft, _mapping, tables = started(path)
    assert "credits" not in [one.id for one in draft.questions]
    assert revenue(tables) == round(NET, 2)
    assert "unsigned_credits" not in doubts(tables)


def test_a_name_that_says_thousands_multiplies_and_is_doubted_where_nothing_does(tmp_path):
    path = write(
        tmp_path,
        "Customer,Order,Date,Revenue (k EUR)",
        lambda r: f"{r[1]},{r[0]},{r[2]},{r[3] / 1000:.5f}",
    )
    _draft, mapping, tables = started(path)
    columns = mapping["tables"]["orders"]["columns"]
    assert columns["revenue"] == "= 1000 * [Revenue (k EUR)]"
    assert revenue(tables) == round(sum(row[3] for row in ROWS), 2)
    assert "scaled_name" not in doubts(tables)
    columns["revenue"] = "Revenue (k EUR)"
    path.with_suffix(".yml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    assert "scaled_name" in doubts(open_data(path, path.with_suffix(".yml")))


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        *(("Sales in thousands", 1e3), ("Umsatz TEUR", 1e3), ("Sales ($000)", 1e3)),
        *(
            ("销售额（万元）", 1e4),
            ("金额(百万元)", 1e6),
            ("CA en milliers", 1e3),
            ("Umsatz Mio. €", 1e6),
            ("amount_cents", 0.01),
            ("金额（分）", 0.01),
            ("Discount per cent", 1),
        ),
        *(
            ("Amount", 1),
            ("Umsatz EUR", 1),
            ("金额（元）", 1),
            ("Kosten", 1),
            ("Takt", 1),
            ("Stk", 1),
        ),
    ],
)
def test_a_scale_is_read_from_a_name(name, scale):
    assert scale_of(name) == scale


def test_an_account_written_once_above_its_lines_is_filled_down(tmp_path):
    """As ledgers of Kingdee and Yonyou print it, with subtotals in the column of numbers."""
    lines, before = [], ""
    for number, firm, day, amount, _back in sorted(ROWS, key=lambda row: (row[1], row[2])):
        if before and firm != before:
            lines.append(",小计,,9999.00")
        lines.append(f"{day},{number},{firm if firm != before else ''},{amount}")
        before = firm
    path = tmp_path / "销售.csv"
    text = "\n".join(["日期,单据编号,购货单位,价税合计", *lines, "合计,,,99999.00"])
    path.write_text(text, encoding="utf-8")
    _draft, mapping, tables = started(path)
    assert mapping["tables"]["orders"]["fill_down"] == ["购货单位"]
    assert revenue(tables) == round(sum(row[3] for row in ROWS), 2)
    assert sorted(tables.frame("accounts")["account_name"]) == sorted(FIRMS)


def test_what_a_program_says_of_its_export_is_no_head():
    """The first line of DATEV's format: values alone, above the names."""
    rows = [
        ["EXTF", "700", "21", "Buchungsstapel", "20240101", "20240101"],
        ["Umsatz", "Kennzeichen", "Konto", "Belegdatum", "Belegfeld 1", "Text"],
        ["1000,25", "S", "10001", "0101", "R1", "Alpha Tools"],
    ]
    assert find_head(rows)[:2] == (1, rows[1])
    years = [["Customer", "2023", "2024"], ["Alpha", "10", "20"], ["Beta", "30", "40"]]
    assert find_head(years)[:2] == (0, years[0])


@pytest.mark.parametrize("line", [True, False])
def test_whether_a_price_is_that_of_one_or_of_the_line_is_asked_and_guessed_from_the_data(
    tmp_path, line
):
    """Marketplaces call the amount of a line its price."""
    path = tmp_path / "orders.txt"
    rows = [
        f"{number}\t{day}\t{firm}\tP{at % 4}\t{at % 3 + 1}\t{(5 + at % 4) * (at % 3 + 1 if line else 1)}.00"
        for at, (number, firm, day, *_rest) in enumerate(ROWS)
    ]
    head = "order-id\tpurchase-date\tbuyer-name\tsku\tquantity-purchased\titem-price"
    path.write_text("\n".join([head, *rows]))
    draft, mapping, tables = started(path)
    (asked,) = [one for one in draft.questions if one.id == "price_of"]
    assert asked.usual == ("line" if line else "one")
    rule = mapping["tables"]["orders"]["columns"]["revenue"]
    assert rule == ("item-price" if line else "= [quantity-purchased] * [item-price]")
    assert revenue(tables) == sum((5 + at % 4) * (at % 3 + 1) for at in range(24))


@pytest.mark.parametrize(
    ("name", "answer", "formula"),
    [
        ("Discount %", {}, "= [Qty] * [Unit price] * (1 - [Discount %] / 100)"),
        ("Discount", {}, "= [Qty] * [Unit price] - [Discount]"),
        ("Discount", {"discount": "neither"}, "= [Qty] * [Unit price]"),
    ],
)
def test_what_a_discount_in_whole_figures_means_is_asked(tmp_path, name, answer, formula):
    path = write(
        tmp_path,
        f"Invoice,Customer,Date,Qty,Unit price,{name}",
        lambda r: f"{r[0]},{r[1]},{r[2]},4,{r[3]},25",
    )
    draft = draft_mapping(look(str(path)), answer)
    assert "discount" in [one.id for one in draft.questions]
    columns = yaml.safe_load(mapping_text(draft, "en"))["tables"]["orders"]["columns"]
    assert columns["revenue"] == formula


def test_columns_may_be_called_as_arguments_of_a_program_are(tmp_path):
    (tmp_path / "accounts.csv").write_text(
        'account_id,account_name,by,self\nA1,One,k\x0b,="1"\nA2,Two,m,n\n', encoding="utf-8"
    )
    (tmp_path / "orders.csv").write_text(
        'order_id,account_id,order_date,revenue,by,self,having\n1,A1,2024-01-05,"1,000.50",x\x0b,'
        '="a",2\n2,A2,2024-02-05,20,y,="b",3\n',
        encoding="utf-8",
    )
    tables = open_data(tmp_path)
    assert tables.orders.revenue.sum().execute() == pytest.approx(1020.5)
    assert list(tables.accounts.order_by("account_id").account_name.execute()) == ["One", "Two"]


@pytest.mark.parametrize(
    ("case", "revenue", "rows"),
    [
        ("two_head_rows", 31572, 24),
        ("order_and_return", 31172, 24),
        ("thousands_in_title", 31572, 24),
        ("net_vat_gross", 31572, 24),
        ("cancelled_by_flag", 26410, 20),
        ("totals_on_lines", 31572, 24),
        ("plan_beside_actual", 31572, 24),
    ],
)
def test_a_first_mapping_reads_what_changes_an_amounts_meaning(tmp_path, case, revenue, rows):
    from benchmarks.made_exports import MADE

    MADE[case](tmp_path)
    draft = draft_mapping(look(str(tmp_path)))
    (tmp_path / "mapping.yml").write_text(mapping_text(draft, "en"), encoding="utf-8")
    found = open_data(tmp_path).orders.revenue.to_pandas()
    assert (round(float(found.sum()), 2), len(found)) == (revenue, rows)


@pytest.mark.parametrize(
    ("head", "check"),
    [
        ("Who,Day,Net,Returned amount", "unread_returns"),
        ("Who,Day,Net,Cancelled", "unsold_rows"),
        ("Sums in thousands EUR,,,\nWho,Day,Net,x", "scaled_title"),
    ],
)
def test_what_no_rule_of_a_mapping_heeds_is_doubted(tmp_path, head, check):
    cells = {"unread_returns": ("12.5", "0"), "unsold_rows": ("X", "")}.get(check, ("", ""))
    rows = "".join(f"Firm {n % 3},2024-0{n + 1}-05,{n}0.5,{cells[n > 1]}\n" for n in range(9))
    (tmp_path / "sales.csv").write_text(f"{head}\n{rows}", encoding="utf-8")
    (tmp_path / "mapping.yml").write_text(
        "tables:\n  orders: {from: sales, columns: {order_id: Day, account_id: Who, "
        "order_date: Day, revenue: Net}}\n  accounts: {from: sales, one_row_per: [account_id], "
        "columns: {account_id: Who, account_name: Who}}\n",
        encoding="utf-8",
    )
    checks = [one.check for one in check_tables(open_data(tmp_path), "2024-12-31").issues]
    assert checks.count(check) == 1


@pytest.mark.parametrize(("amounts", "doubted"), [(lambda n: n // 2, True), (lambda n: n, False)])
def test_a_total_on_each_line_is_doubted_and_lines_of_their_own_are_not(tmp_path, amounts, doubted):
    lines = "".join(
        f"R{n // 2},Firm {n % 3 and 1},2024-01-{n // 2 + 1:02d},{100 + amounts(n)}.5,Item {n % 2}\n"
        for n in range(40)
    )
    head = "order_id,account_id,order_date,revenue,product\n"
    (tmp_path / "orders.csv").write_text(head + lines, encoding="utf-8")
    names = "account_id,account_name\nFirm 0,Alpha\nFirm 1,Beta\n"
    (tmp_path / "accounts.csv").write_text(names, encoding="utf-8")
    checks = {one.check for one in check_tables(open_data(tmp_path), "2024-12-31").issues}
    assert ("repeated_total" in checks) is doubted
