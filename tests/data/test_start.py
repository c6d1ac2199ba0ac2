"""`kam start`: what an export's tables and columns are, told by names and contents; what is open
is asked, all at once.
"""

import sqlite3

import pandas as pd
import pytest
import yaml

from kamresearch import open_data
from kamresearch.cli.starting import Terminal, run_start
from kamresearch.data.start import draft_mapping, look, mapping_text
from kamresearch.data.start.looking import LOOKED_AT
from kamresearch.data.start.profiles import profile
from kamresearch.data.start.roles import assign, name_merit
from kamresearch.errors import DataError
from kamresearch.language import render

pytestmark = pytest.mark.unit

SALES = pd.DataFrame(
    {
        "Belegnummer": [f"R{n}" for n in range(30)],
        "Kunde": [f"Firma {n % 5} GmbH" for n in range(30)],
        "Datum": [f"{n % 28 + 1:02d}.0{n % 6 + 1}.2024" for n in range(30)],
        "Nettobetrag": [f"1.{n:03d},50" for n in range(30)],
    }
)


def save(folder, frame, name="umsatz.csv", **options):
    frame.to_csv(folder / name, index=False, **({"sep": ";"} | options))
    return folder / name


def written(draft, language="en"):
    return yaml.safe_load(mapping_text(draft, language))


def columns(draft, table="orders"):
    return written(draft)["tables"][table]["columns"]


class Words(list):
    """A terminal that remembers."""

    def terminal(self, language="en"):
        return Terminal(language, self.append, lambda *_a, **_k: "")

    @property
    def text(self):
        return "\n".join(self)


@pytest.mark.slow
def test_a_flat_file_becomes_a_mapping_that_opens(tmp_path):
    path = save(tmp_path, SALES)
    draft = draft_mapping(look(str(path)))
    assert columns(draft) == {
        "order_id": "Belegnummer",
        "account_id": "Kunde",
        "order_date": "Datum",
        "revenue": "Nettobetrag",
    }
    target = tmp_path / "own.yml"
    target.write_text(mapping_text(draft, "en"), encoding="utf-8")
    tables = open_data(path, target)
    assert tables.orders.count().to_pandas() == 30
    assert tables.orders.revenue.sum().to_pandas() == pytest.approx(
        sum(1000 + n + 0.5 for n in range(30))
    )


def test_each_line_bears_its_reason_in_the_readers_language(tmp_path):
    draft = draft_mapping(look(str(save(tmp_path, SALES))))
    for language, word in (("en", "named like the day of an order"), ("zh", "列名符合订单日期")):
        text = mapping_text(draft, language)
        assert word in text
        lines = [line for line in text.splitlines() if ": " in line and "#" not in line]
        assert lines == []
        assert yaml.safe_load(text)["tables"]["orders"]["from"] == "umsatz"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("CustomerID", "account_id"),
        ("Kundennr.", "account_id"),
        ("客户名称", "account_name"),
        ("N° de facture", "order_id"),
        ("ORDERDATE", "order_date"),
        ("Сумма без НДС", "revenue"),
        ("数量", "units"),
    ],
)
def test_a_name_says_one_role_more_clearly_than_any_other(name, role):
    from kamresearch.data.start.roles import roles

    assert max(roles(), key=lambda one: name_merit(name, one)) == role


def test_contents_decide_where_names_say_nothing():
    frame = pd.DataFrame(
        {
            "F1": [f"Firm {n % 7}" for n in range(40)],
            "F2": [f"2024-{n % 12 + 1:02d}-03" for n in range(40)],
            "F3": [f"{n * 3}.25" for n in range(40)],
        }
    )
    played = {role: one.column for role, one in assign(profile("t", frame)).items()}
    assert played["order_date"] == "F2"
    assert played["revenue"] == "F3"
    assert played["account_name"] == "F1"


def test_a_number_that_goes_on_for_days_is_no_order():
    frame = pd.DataFrame(
        {
            "sample_id": [n // 4 for n in range(40)],
            "customer_id": [n // 4 for n in range(40)],
            "date": [f"2024-01-{n % 28 + 1:02d}" for n in range(40)],
            "spend": [n + 0.5 for n in range(40)],
        }
    )
    assert "order_id" not in assign(profile("t", frame))


@pytest.mark.slow
def test_without_an_order_number_one_is_made_and_stated(tmp_path):
    frame = SALES.drop(columns="Belegnummer")
    frame.loc[1, "Kunde"], frame.loc[1, "Datum"] = frame.loc[0, "Kunde"], frame.loc[0, "Datum"]
    path = save(tmp_path, frame)
    draft = draft_mapping(look(str(path)))
    assert columns(draft)["order_id"] == {"made_of": ["Kunde", "Datum"]}
    assert "no order number" in mapping_text(draft, "en")
    (tmp_path / "own.yml").write_text(mapping_text(draft, "en"), encoding="utf-8")
    orders = open_data(path, tmp_path / "own.yml").orders
    assert orders.order_id.nunique().to_pandas() == 29


@pytest.mark.slow
def test_lines_take_their_heads_and_accounts_their_list(tmp_path):
    heads = pd.DataFrame(
        {
            "OrderID": range(100, 130),
            "CustomerID": [f"C{n % 6}" for n in range(30)],
            "OrderDate": [f"2024-02-{n % 28 + 1:02d}" for n in range(30)],
        }
    )
    lines = pd.DataFrame(
        {
            "OrderID": [100 + n // 2 for n in range(60)],
            "ProductName": ["Pump", "Valve"] * 30,
            "UnitPrice": [2.5 + n for n in range(60)],
            "Quantity": [n % 4 + 1 for n in range(60)],
        }
    )
    people = pd.DataFrame(
        {"CustomerID": [f"C{n}" for n in range(6)], "CompanyName": list("uvwxyz"), "Country": "PT"}
    )
    for name, frame in (("Orders", heads), ("Order Details", lines), ("Customers", people)):
        save(tmp_path, frame, f"{name}.csv", sep=",")
    draft = draft_mapping(look(str(tmp_path)))
    orders = written(draft)["tables"]["orders"]
    assert orders["from"] == "Order Details"
    assert orders["join"] == {"with": "Orders", "on": {"OrderID": "OrderID"}}
    assert orders["columns"]["revenue"] == "= [Quantity] * [UnitPrice]"
    accounts = written(draft)["tables"]["accounts"]
    assert accounts["from"] == "Customers"
    assert accounts["columns"]["account_name"] == "CompanyName"
    (tmp_path / "mapping.yml").write_text(mapping_text(draft, "en"), encoding="utf-8")
    tables = open_data(tmp_path)
    wanted = (lines["UnitPrice"] * lines["Quantity"]).sum()
    assert tables.orders.revenue.sum().to_pandas() == pytest.approx(wanted)


def test_a_list_whose_keys_kept_their_leading_noughts_is_named_not_passed_over(tmp_path):
    orders = pd.DataFrame(
        {
            "OrderID": range(100, 130),
            "CustomerID": [str(100 + n % 6) for n in range(30)],
            "OrderDate": [f"2024-02-{n % 28 + 1:02d}" for n in range(30)],
            "Revenue": [2.5 + n for n in range(30)],
        }
    )
    people = pd.DataFrame(
        {"CustomerID": [f"{100 + n:05d}" for n in range(6)], "CompanyName": list("uvwxyz")}
    )
    save(tmp_path, orders, "orders.csv", sep=",")
    save(tmp_path, people, "customers.csv", sep=",")
    draft = draft_mapping(look(str(tmp_path)))
    assert written(draft)["tables"]["accounts"]["from"] == "orders"
    text = " ".join(mapping_text(draft, "en").replace("#", " ").split())
    assert "customers writes the same accounts with other leading noughts (00100, here 100)" in text


@pytest.mark.slow
def test_months_side_by_side_become_rows(tmp_path):
    frame = pd.DataFrame({"Customer": list("abcdef"), "Region": list("nsnsns")})
    for at, month in enumerate(("Jan 2024", "Feb 2024", "Mar 2024", "Apr 2024", "May 2024")):
        frame[month] = [10.5 * (at + 1) + n for n in range(6)]
    path = save(tmp_path, frame, sep=",")
    draft = draft_mapping(look(str(path)))
    (tmp_path / "own.yml").write_text(mapping_text(draft, "en"), encoding="utf-8")
    orders = open_data(path, tmp_path / "own.yml").orders
    assert orders.count().to_pandas() == 30
    total = frame.drop(columns=["Customer", "Region"]).sum().sum()
    assert orders.revenue.sum().to_pandas() == pytest.approx(total)


def test_files_that_differ_by_figures_are_one_table(tmp_path):
    for year in (2022, 2023):
        save(tmp_path, SALES, f"umsatz_{year}.csv")
    draft = draft_mapping(look(str(tmp_path)))
    assert written(draft)["tables"]["orders"]["from"] == ["umsatz_2022", "umsatz_2023"]


def test_files_that_differ_by_months_in_words_are_one_table(tmp_path):
    for month in ("January", "February", "March"):
        save(tmp_path, SALES, f"sales {month}.csv")
    looked = look(str(tmp_path))
    assert [one.sources for one in looked.tables] == [
        ("sales February", "sales January", "sales March")
    ]


def test_a_total_on_each_line_is_not_added_up(tmp_path):
    frame = pd.DataFrame(
        {
            "Invoice": [n // 3 for n in range(60)],
            "Customer": [f"Firm {n // 12}" for n in range(60)],
            "Date": [f"2024-03-{n // 3 + 1:02d}" for n in range(60)],
            "Quantity": [n % 5 + 1 for n in range(60)],
            "Unit Price": [1.25 * (n % 7 + 1) for n in range(60)],
            "Total": [100.5 + n // 3 for n in range(60)],
        }
    )
    draft = draft_mapping(look(str(save(tmp_path, frame, sep=","))))
    assert columns(draft)["revenue"] == "= [Quantity] * [Unit Price]"


@pytest.mark.parametrize("name", ["Einkaufspreis", "Prix d'achat", "成本单价", "Unit Cost"])
def test_a_cost_that_is_named_as_a_price_is_that_of_one_unit(tmp_path, name):
    frame = SALES.assign(Menge=[n % 5 + 1 for n in range(30)], **{name: [2.5] * 29 + [3.5]})
    draft = draft_mapping(look(str(save(tmp_path, frame))))
    assert columns(draft)["cost"] == f"= [Menge] * [{name}]"


@pytest.mark.slow
def test_what_is_open_is_asked_at_once_and_answers_are_followed(tmp_path):
    frame = SALES.assign(
        Datum=[f"{n % 12 + 1:02d}/0{n % 9 + 1}/2024" for n in range(30)],
        Währung=["EUR", "USD"] * 15,
        Status=["Bezahlt", "Storniert", "Bezahlt"] * 10,
    )
    looked = look(str(save(tmp_path, frame)))
    asked = {one.id: one for one in draft_mapping(looked).questions}
    assert set(asked) == {"order_date_order", "currency", "not_orders"}
    assert asked["not_orders"].usual == "Storniert"
    draft = draft_mapping(looked, {"order_date_order": "day_first", "currency": "USD"})
    orders = written(draft)["tables"]["orders"]
    assert orders["columns"]["order_date"] == {"from": "Datum", "day_first": True}
    assert [rule.get("in") or rule["not_in"] for rule in orders["keep"]] == [["USD"], ["Storniert"]]
    assert not draft.open


@pytest.mark.slow
def test_an_answer_that_is_none_is_refused_with_those_near(tmp_path):
    frame = SALES.assign(Datum=[f"{n % 12 + 1:02d}/0{n % 9 + 1}/2024" for n in range(30)])
    looked = look(str(save(tmp_path, frame)))
    with pytest.raises(DataError, match=r"answer 'order_date_order'.*did you mean 'day_first'"):
        draft_mapping(looked, {"order_date_order": "dayfirst"})
    with pytest.raises(DataError, match=r"ids of questions.*did you mean 'currency'"):
        draft_mapping(looked, {"curency": "EUR"})


@pytest.mark.slow
def test_several_measures_are_kept_apart(tmp_path):
    frame = SALES.assign(Menge=range(1, 31), Einheit=["ST", "KG", "ST"] * 10)
    path = save(tmp_path, frame)
    draft = draft_mapping(look(str(path)))
    assert {one.id for one in draft.questions} >= {"units_measure"}
    (tmp_path / "own.yml").write_text(mapping_text(draft, "en"), encoding="utf-8")
    units = open_data(path, tmp_path / "own.yml").orders.units
    pieces = frame.loc[frame["Einheit"] == "ST", "Menge"].sum()
    assert units.sum().to_pandas() == pieces


def test_a_database_is_looked_at_like_a_folder(tmp_path):
    with sqlite3.connect(tmp_path / "erp.db") as connection:
        SALES.to_sql("rechnungen", connection, index=False)
    draft = draft_mapping(look(str(tmp_path / "erp.db")))
    assert written(draft)["tables"]["orders"]["from"] == "rechnungen"


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_taken(tmp_path):
    save(tmp_path, SALES)
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    looked = look(str(tmp_path))
    assert [one.name for one in looked.tables] == ["umsatz"]
    assert "broken.xlsx" in looked.unread[0]


@pytest.mark.slow
def test_the_conversation_ends_with_the_card_and_the_one_command(tmp_path):
    path, words = save(tmp_path, SALES), Words()
    assert run_start(str(path), None, None, True, False, words.terminal())
    assert "30 orders of 5 accounts" in words.text
    assert "kam publish --data" in words[-1]
    assert "  Datum: 01.01.2024 → 2024-01-01" in words
    assert "  Nettobetrag: 1.000,50 → 1000.5" in words
    page = (tmp_path / "umsatz.mapping.card.html").read_text(encoding="utf-8")
    assert "30 orders of 5 accounts" in page
    with pytest.raises(DataError, match="--force"):
        run_start(str(path), None, None, True, False, words.terminal())


@pytest.mark.slow
def test_without_answers_nothing_is_written_and_the_file_to_write_is_shown(tmp_path):
    frame = SALES.assign(Datum=[f"{n % 12 + 1:02d}/0{n % 9 + 1}/2024" for n in range(30)])
    path, words = save(tmp_path, frame), Words()
    assert not run_start(str(path), None, None, True, False, words.terminal())
    assert "order_date_order: day_first" in words.text
    assert not (tmp_path / "umsatz.mapping.yml").exists()
    answers = tmp_path / "answers.yml"
    answers.write_text("order_date_order: day_first\n")
    told = Words()
    assert run_start(str(path), None, answers, True, False, told.terminal("zh"))
    assert "5 个客户共 30 笔订单" in told.text
    assert "列名符合" in (tmp_path / "umsatz.mapping.yml").read_text(encoding="utf-8")


def test_a_question_speaks_both_languages(tmp_path):
    questions = draft_mapping(look(str(save(tmp_path, SALES)))).questions
    for one in questions:
        assert render(one.text, "en") != render(one.text, "zh")


@pytest.mark.slow
def test_a_column_that_contradicts_itself_is_no_question(tmp_path):
    frame = SALES.assign(Datum=[f"{n % 28 + 1:02d}/{29 - n % 28:02d}/2024" for n in range(30)])
    frame.loc[0, "Datum"], frame.loc[1, "Datum"] = "31/01/2024", "01/31/2024"
    draft = draft_mapping(look(str(save(tmp_path, frame))))
    assert [one.id for one in draft.questions] == ["currency"]


def test_an_account_that_nothing_names_is_asked_for_with_all_else(tmp_path):
    frame = SALES.assign(Kunde=None, Datum=[f"0{n % 9 + 1}/0{n % 9 + 1}/2024" for n in range(30)])
    draft = draft_mapping(look(str(save(tmp_path, frame))))
    assert {one.id for one in draft.open} == {"account", "order_date_order"}


@pytest.mark.slow
def test_a_server_is_asked_for_the_rows_that_are_looked_at_and_no_more(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as file:
        file.execute("CREATE TABLE sales (number TEXT, customer TEXT, day TEXT, amount REAL)")
        file.executemany(
            "INSERT INTO sales VALUES (?, ?, '2024-01-05', 9.5)",
            ((f"S{n}", f"Firm {n % 9}") for n in range(LOOKED_AT + 7)),
        )
        file.execute("CREATE TABLE nothing_yet (number TEXT)")
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    looked = look(address)
    assert looked.raw["sales"].table.count().to_pandas() == LOOKED_AT
    assert [one.name for one in looked.tables] == ["sales"]


@pytest.mark.parametrize("answer", ["", "yes", "no"])
@pytest.mark.slow
def test_accounts_side_by_side_are_asked_about_and_become_rows(tmp_path, answer):
    frame = pd.DataFrame({"Month": [f"2024-0{n}" for n in range(1, 9)]})
    names = ("Alpha Tools", "Beta Foods", "Gamma Steel")
    frame = frame.assign(**{name: [100.5 + n for n in range(8)] for name in names}, Total=[1.5] * 8)
    looked = look(str(save(tmp_path, frame, sep=",")))
    draft = draft_mapping(looked, {"accounts_across": answer} if answer else {})
    asked = {one.id for one in draft.open} - {"currency"}
    assert asked == {"": {"accounts_across"}, "yes": set(), "no": {"account"}}[answer]
    if answer == "yes":
        (tmp_path / "mapping.yml").write_text(mapping_text(draft, "en"), encoding="utf-8")
        tables = open_data(tmp_path)
        assert set(tables.frame("accounts")["account_name"]) == set(names)
        assert float(tables.orders.revenue.sum().to_pandas()) == 3 * (8 * 100.5 + 28)


def test_orders_without_an_amount_leave_that_question_open(tmp_path):
    frame = SALES.drop(columns="Nettobetrag")
    draft = draft_mapping(look(str(save(tmp_path, frame))))
    assert {one.id for one in draft.open} - {"currency"} == {"revenue"}
