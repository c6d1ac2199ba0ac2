"""Pseudonyms: nothing of a person or company is left, and whatever joined still joins."""

import pytest

import kamresearch as kam
from kamresearch.data.contract import CONTACTS, TABLES
from kamresearch.data.prepared import open_prepared, write_prepared
from kamresearch.data.pseudonyms import MARKS, OPEN, Pseudonyms, read_key
from kamresearch.errors import ParameterError

pytestmark = pytest.mark.unit

KEY = "0123456789abcdef0123456789abcdef"
FILES = {
    "accounts": """account_id,account_name,region,address,telephone,tax_number,parent_id,mail
007,Ünal & Söhne GmbH,East,Weg 1,021-555 01,99-1,,a@b.example
008,星河物流有限公司,East,人民路8号,021-555 02,99-2,007,
009,"Third, ""quoted"" Ltd",West,,,,,
""",
    "orders": """order_id,account_id,order_date,revenue
o1,007,2012-01-01,100
o2,008,2012-02-01,200
o3,009,2012-03-01,300
o4,Nobody Ltd,2012-03-01,5
""",
    "departments": """department,record_id,account_id,account_name,telephone
finance,F1,,Uenal,02155501
sales,S1,008,星河物流有限公司,021 555-02
""",
    "pairs": """left,right,verdict,who,why
007,finance/F1,same,Ms Secret,seen on the invoice
F1,S1,not_same,Ms Secret,another town
星河物流有限公司,009,not_same,Ms Secret,another town
""",
    "managers": "manager_id,manager_name,region\nm1,Ms Secret,East\n",
    "assignments": "account_id,manager_id,from\n007,m1,2012-01-01\n",
    "overrides": "account_id,tier,who,why,date,until\n007,A,Ms Secret,golf,2012-01-01,2013-01-01\n",
}
RAW = (
    *("007", "008", "009", "Ünal", "nal & S", "星河", "Third", "Weg", "人民路", "555", "99-1"),
    *("a@b", "o1", "Nobody", "F1", "S1", "Uenal", "Secret", "invoice", "town", "m1", "golf"),
)


def veiled(folder, key: str = KEY) -> object:
    source = folder / "data"
    source.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    path = folder / f"{key[:4]}.duckdb"
    write_prepared(kam.open_data(source), path, Pseudonyms(key))
    return open_prepared(path)


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> object:
    return veiled(tmp_path_factory.mktemp("veiled"))


def test_every_column_that_can_hold_words_is_decided_on():
    undecided = {
        (table, column.name)
        for table, spec in TABLES.items()
        for column in spec.columns
        if column.kind in ("id", "text", "category", "month")
        and column.name not in {*MARKS.get(table, ()), *OPEN.get(table, ())}
    }
    assert not undecided
    known = {(table, name) for part in (MARKS, OPEN) for table in part for name in part[table]}
    assert all(TABLES[table].column(name) for table, name in known)
    assert set(MARKS["accounts"]) >= CONTACTS


@pytest.mark.slow
def test_nothing_of_a_name_a_number_or_a_word_is_left_in_rows_used_or_set_aside(tables):
    for name in tables.names:
        one = tables.loaded[name]
        texts = one.used.to_pandas().to_csv()
        texts += one.aside.to_pandas().to_csv() if one.aside is not None else ""
        assert not [raw for raw in RAW if raw in texts], name
    assert tables.loaded["orders"].rows_used == 3
    assert tables.loaded["orders"].aside.count().to_pandas() == 1
    assert "mail" not in tables.accounts.columns


def test_what_joined_still_joins(tables):
    orders, accounts = tables.frame("orders", limit=9), tables.frame("accounts")
    assert set(orders["account_id"]) == set(accounts["account_id"])
    assert sorted(orders["revenue"]) == [100, 200, 300]
    by_revenue = orders.set_index("revenue")["account_id"]
    parents = accounts.set_index("account_id")["parent_id"]
    assert parents[by_revenue[200]] == by_revenue[100]
    names = accounts.set_index("account_id")["account_name"]
    records = tables.frame("departments").set_index("department")
    assert records.loc["sales", "account_name"] == names[by_revenue[200]]
    numbers = accounts.set_index("account_id")["telephone"]
    assert records["telephone"].tolist() == [numbers[by_revenue[100]], numbers[by_revenue[200]]]
    pairs = tables.frame("pairs")
    f1, s1 = (records.loc[name, "record_id"] for name in ("finance", "sales"))
    assert set(pairs["left"]) == {by_revenue[100], f1, names[by_revenue[200]]}
    assert set(pairs["right"]) == {f"finance/{f1}", s1, by_revenue[300]}


@pytest.mark.slow
def test_the_same_key_gives_the_same_pseudonyms_and_another_key_others(tables, tmp_path):
    again, other = veiled(tmp_path), veiled(tmp_path, KEY[::-1])
    assert again.fingerprints() == tables.fingerprints()
    assert not set(other.frame("accounts")["account_id"]) & set(
        tables.frame("accounts")["account_id"]
    )
    assert Pseudonyms(KEY).mark != Pseudonyms(KEY[::-1]).mark
    assert KEY not in repr(Pseudonyms(KEY))


def test_a_key_that_could_be_guessed_is_refused_with_the_way_to_make_one(tmp_path):
    for text in ("", "password", "a" * 64):
        (tmp_path / "key").write_text(text)
        with pytest.raises(ParameterError, match=r"secrets\.token_hex"):
            read_key(tmp_path / "key")
    with pytest.raises(ParameterError, match="a file with a key"):
        read_key(tmp_path / "none")
