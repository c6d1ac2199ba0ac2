"""Currencies that stand beside the amounts and not with them are asked about, never added up."""

import pytest
import yaml

from kamresearch.data.checks import check_tables
from kamresearch.data.coins import code_of
from kamresearch.data.reconcile import make_card
from kamresearch.data.sources import open_data
from kamresearch.data.start import draft_mapping, look, mapping_text

pytestmark = [pytest.mark.unit, pytest.mark.slow]

LINES = "No,Customer No,Date,Net amount\n" + "".join(
    f"R{n},C{n % 4},2024-0{n % 9 + 1}-1{n % 9},{100 + n}.50\n" for n in range(40)
)
CUSTOMERS = "Customer No,Name,Coin\nC0,Alpha,EUR\nC1,Beta,Euro\nC2,Gamma,RMB\nC3,Delta,人民币\n"
MAPPING = """
tables:
  orders:
    from: lines
    columns: {order_id: No, account_id: Customer No, order_date: Date, revenue: Net amount}
  accounts: {from: customers, columns: {account_id: Customer No, account_name: Name}}
"""


def checked(folder, mapping=MAPPING, customers=CUSTOMERS, lines=LINES):
    (folder / "lines.csv").write_text(lines, encoding="utf-8")
    (folder / "customers.csv").write_text(customers, encoding="utf-8")
    (folder / "mapping.yml").write_text(mapping, encoding="utf-8")
    tables = open_data(folder)
    issues = check_tables(tables, "2024-12-31").issues
    found = {
        one.check: one for one in issues if one.check in ("currency_beside", "many_currencies")
    }
    return tables, found


def test_currencies_of_the_list_of_customers_are_doubted_with_the_line_that_brings_them(tmp_path):
    _tables, found = checked(tmp_path)
    one = found["currency_beside"]
    assert (one.severity, one.count, one.n) == ("error", 20, 40)
    assert "join: {with: customers, on: {Customer No: Customer No}}" in one.first_offenders[0]


@pytest.mark.parametrize(
    "customers",
    [
        CUSTOMERS.replace("RMB", "EUR").replace("人民币", "€"),  # one, in three spellings
        CUSTOMERS.replace("C2,", "C8,").replace("C3,", "C9,"),  # the others never ordered
    ],
)
def test_one_currency_among_those_who_order_is_no_doubt(tmp_path, customers):
    assert checked(tmp_path, customers=customers)[1] == {}


def test_amounts_that_name_their_own_currency_are_not_doubted(tmp_path):
    assert checked(tmp_path, lines=LINES.replace(".50\n", ".50 EUR\n"))[1] == {}


def test_the_line_and_rates_answer_it_also_where_a_second_table_is_joined(tmp_path):
    join = "[{with: customers, on: Customer No}, {with: places, on: {Name: Who}}]"
    rates = "{from: Net amount, currency: Coin, rates: {EUR: 1, EURO: 1, RMB: 0.5, 人民币: 0.5}}"
    mapping = MAPPING.replace("from: lines", f"from: lines\n    join: {join}")
    mapping = mapping.replace("revenue: Net amount", f"revenue: {rates}, channel: Way")
    (tmp_path / "places.csv").write_text("Who,Way\nAlpha,Web\nBeta,Web\nGamma,Shop\nDelta,Shop\n")
    tables, found = checked(tmp_path, mapping)
    assert found == {}
    assert float(tables.orders.revenue.sum().to_pandas()) == pytest.approx(
        sum((100.5 + n) * (1 if n % 4 < 2 else 0.5) for n in range(40))
    )
    assert set(tables.orders.channel.to_pandas()) == {"Web", "Shop"}


def test_a_cost_that_no_rate_turns_is_doubted_beside_a_revenue_that_one_does(tmp_path):
    lines = LINES.replace("Net amount", "Net amount,Cost").replace(".50\n", ".50,9\n")
    mapping = MAPPING.replace(
        "from: lines", "from: lines\n    join: {with: customers, on: Customer No}"
    )
    rates = "{from: Net amount, currency: Coin, rates: {EUR: 1, EURO: 1, RMB: 0.5, 人民币: 0.5}}"
    mapping = mapping.replace("revenue: Net amount", f"revenue: {rates}, cost: Cost")
    assert list(checked(tmp_path, mapping, lines=lines)[1]) == ["many_currencies"]


def test_tables_that_bear_the_contracts_names_are_doubted_too(tmp_path):
    head = LINES.replace("No,Customer No,Date,Net amount", "order_id,account_id,order_date,revenue")
    (tmp_path / "orders.csv").write_text(head, encoding="utf-8")
    names = CUSTOMERS.replace("Customer No,Name", "account_id,account_name")
    (tmp_path / "accounts.csv").write_text(names, encoding="utf-8")
    issues = check_tables(open_data(tmp_path), "2024-12-31").issues
    assert "currency_beside" in {one.check for one in issues}
    coin = head.replace("revenue", "revenue,Coin").replace("0.50\n", "0.50,EUR\n")
    coin = "\n".join(f"{row},USD" if row.endswith(".50") else row for row in coin.split("\n"))
    (tmp_path / "orders.csv").write_text(coin, encoding="utf-8")
    issues = check_tables(open_data(tmp_path), "2024-12-31").issues
    assert "many_currencies" in {one.check for one in issues}


@pytest.mark.parametrize("answer", ["EUR", "one"])
def test_a_first_mapping_asks_and_follows(tmp_path, answer):
    (tmp_path / "lines.csv").write_text(LINES, encoding="utf-8")
    (tmp_path / "customers.csv").write_text(CUSTOMERS.replace("Coin", "Currency"), encoding="utf-8")
    looked = look(str(tmp_path))
    asked = {one.id: one for one in draft_mapping(looked).questions}
    assert asked["currency_beside"].options == ("EUR", "Euro", "RMB", "人民币", "one")
    draft = draft_mapping(looked, {"currency_beside": answer})
    (tmp_path / "mapping.yml").write_text(mapping_text(draft, "en"), encoding="utf-8")
    tables = open_data(tmp_path)
    errors = [one for one in check_tables(tables, "2024-12-31").issues if one.severity == "error"]
    assert not errors
    assert int(tables.orders.count().to_pandas()) == {"EUR": 20, "one": 40}[answer]
    card = make_card(tables, check_tables(tables, "2024-12-31"))
    aside = [line for line in card.lines("en") if "left out" in line]
    assert bool(aside) == (answer == "EUR")
    assert all("first in row 3" in line for line in aside), "not an empty cell: ''"
    said = yaml.safe_load((tmp_path / "mapping.yml").read_text(encoding="utf-8"))
    assert said["tables"]["accounts"]["columns"]["account_name"] == "Name"


@pytest.mark.parametrize(
    ("cell", "code"), [("RMB", "CNY"), ("us dollar", "USD"), ("zł", "PLN"), ("$", ""), ("x", "")]
)
def test_a_word_names_a_currency(cell, code):
    assert code_of(cell) == code
