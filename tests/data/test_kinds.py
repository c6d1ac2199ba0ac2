"""Numbers, days and encodings as people write them, each kind in many forms."""

import pytest

from kamresearch.data.amounts import parse_amount
from kamresearch.data.days import is_number, is_period, parse_day
from kamresearch.data.encodings import judge_encodings
from kamresearch.data.textfile import read_form
from kamresearch.errors import DataError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("₹ 12,34,567.50", ".", 1234567.5),
        ("USD 1,234.50", ".", 1234.5),
        ("1.234,50 EUR", ",", 1234.5),
        ("R$ 1.234,50", ",", 1234.5),
        ("1’234.50", ".", 1234.5),
        ("CHF 1'234.50", ".", 1234.5),
        ("1 234,50 zł", ",", 1234.5),
        ("1\u202f234,50 €", ",", 1234.5),
        ("1,234.50 Cr", ".", -1234.5),
        ("1,234.50 Dr", ".", 1234.5),
        ("(1,234)", ".", -1234.0),
        ("\u22121,234.50", ".", -1234.5),
        ("1,234-", ".", -1234.0),
        ("-$1,234.50", ".", -1234.5),
        ("1.2万", ".", 12000.0),
        ("1.2万元", ".", 12000.0),
        ("3亿", ".", 3e8),
        ("45 %", ".", 0.45),
        ("12.5k", ".", 12500.0),
        ("1.2M", ".", 1.2e6),
        ("1,5 Mio. €", ",", 1.5e6),
        ("３，０００円", ".", 3000.0),
        ("1 234,50 руб.", ",", 1234.5),
        ("kr 1.234,50", ",", 1234.5),
        ("1,23,456", ".", 123456.0),
        ("120.-", ".", 120.0),
        ("CHF 1’234.–", ".", 1234.0),
        ("1.234,-", ",", 1234.0),
        ("120,- EUR", ",", 120.0),
        ("(5,-)", ",", -5.0),
        ("12,34,567/-", ".", 1234567.0),
        ("١٢٣٤٫٥", ".", 1234.5),
        ("\\1,234", ".", 1234.0),  # the yen sign of Shift-JIS
        ("1.234,50 TL", ",", 1234.5),
        ("1.234.000 đ", ",", 1234000.0),
    ],
)
def test_an_amount_is_read_however_it_is_written(text, decimal, value):
    assert parse_amount(text, decimal) == pytest.approx(value)


@pytest.mark.parametrize("text", ["abc", "12-34", "1,2,3", "1.2.3", "", "N/A", "Total", "1e999x"])
def test_what_is_no_amount_is_none(text):
    assert parse_amount(text, ".") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("05-Jan-24", "2024-01-05"),
        ("Jan 5, 2024", "2024-01-05"),
        ("January 5th, 2024 11:05 PM", "2024-01-05"),
        ("Fri, Jan 5 2024", "2024-01-05"),
        ("5 janvier 2024", "2024-01-05"),
        ("5 févr. 2024", "2024-02-05"),
        ("1er août 2024", "2024-08-01"),
        ("5. März 2024", "2024-03-05"),
        ("5 de enero de 2024", "2024-01-05"),
        ("5 января 2024 г.", "2024-01-05"),
        ("5 stycznia 2024", "2024-01-05"),
        ("5 Ocak 2024", "2024-01-05"),
        ("2024-Jan-05", "2024-01-05"),
        ("2024年1月5日", "2024-01-05"),
        ("45296", "2024-01-05"),
        ("1704412800", "2024-01-05"),
        ("1704412800000", "2024-01-05"),
        ("20240105093000", "2024-01-05"),
        ("2024-01", "2024-01-01"),
        ("202401", "2024-01-01"),
        ("2024年1月", "2024-01-01"),
        ("Jan 2024", "2024-01-01"),
        ("Jan-2024", "2024-01-01"),
        ("Q3 2024", "2024-07-01"),
        ("2024-Q3", "2024-07-01"),
        ("2024年第3季度", "2024-07-01"),
        ("3. Quartal 2024", "2024-07-01"),
        ("民國113年1月5日", "2024-01-05"),
        ("令和6年1月5日", "2024-01-05"),
        ("พ.ศ. 2567-01-05", "2024-01-05"),
        ("1/31/2024 11:05:09 PM", "2024-01-31"),
        ("2024-01-05T23:30:00+09:00", "2024-01-05"),
        ("2024-01-05 00:30:00+09:00", "2024-01-04"),
        ("Fri, 05 Jan 2024 23:30:00 -0500", "2024-01-06"),
        ("Fri Jan 05 2024 23:30:00 GMT-0500 (EST)", "2024-01-06"),
        ("Fri Jan 05 23:30:00 2024", "2024-01-05"),
        ("/Date(1704412800000)/", "2024-01-05"),
        ("2024. 1. 5.", "2024-01-05"),
        ("2024년 1월 5일", "2024-01-05"),
        ("Jan-24", "2024-01-01"),
        ("Jan'24", "2024-01-01"),
        ("Q3'24", "2024-07-01"),
        ("3Q24", "2024-07-01"),
    ],
)
def test_a_day_is_read_however_it_is_written(text, day):
    assert parse_day(text, day_first=False) == day


@pytest.mark.parametrize(
    "text", ["00/00/0000", "1900-01-00", "2024-02-30", "Listopad", "12", "yesterday", "Q5 2024"]
)
def test_what_is_no_day_is_none(text):
    assert parse_day(text, day_first=False) is None


def test_another_calendar_is_read_where_it_is_stated():
    assert parse_day("113/01/05", False, "minguo") == "2024-01-05"
    assert parse_day("05/01/2567", True, "buddhist") == "2024-01-05"
    assert parse_day("24-01-05", False, "year_first") == "2024-01-05"
    assert parse_day("1130105", False, "minguo") == "2024-01-05"
    assert parse_day("240105", False, "year_first") == "2024-01-05"


def test_a_moment_falls_on_the_day_of_the_stated_zone():
    for text in ("2024-01-05T20:00:00Z", "2024-01-05 20:00 UTC", "Fri, 5 Jan 2024 20:00:00 GMT"):
        assert parse_day(text, False, zone="Asia/Shanghai") == "2024-01-06"


def test_months_and_day_numbers_are_told_from_days():
    assert is_period("2024-01")
    assert is_period("Q1 2024")
    assert not is_period("2024-01-05")
    assert is_number("45296")
    assert not is_number("20240105")


NAMES = {
    "cp1250": ["Škoda Plzeň", "Dvořák a syn", "Česká pošta", "Přerov Říčany"],
    "cp1251": ["Северсталь", "Лукойл", "Газпром нефть"],
    "cp1252": ["Müller", "Société Générale", "Peña", "Größe AG", "Façade SARL"],
    "cp1253": ["Ελληνική Τράπεζα", "Κρήτη Λάδι"],
    "cp1254": ["İstanbul Çelik", "Şişecam", "Gıda Ağı", "Yıldız Holding"],
    "cp1255": ["חברת החשמל", "תנובה", "אסם השקעות", "אלביט מערכות", "בנק לאומי"],
    "cp1256": ["شركة الراجحي", "مصنع الحديد", "المراعي"],
    "cp1257": ["Šiaulių bankas", "Lietuvos paštas", "Žemaitijos pienas", "Vilniaus šilumos tinklų"],
    "mac_roman": ["Müller", "Société Générale", "Peña", "Größe AG"],
    "cp932": ["株式会社山本製作所", "トヨタ部品販売", "大阪商事", "東京ガラス工業"],
    "euc_jp": ["株式会社山本製作所", "トヨタ部品販売", "大阪商事", "東京ガラス工業"],
    "euc_kr": ["삼성전자", "현대자동차", "서울식품", "부산철강"],
    "big5": ["台灣積體電路", "鴻海精密", "台北食品", "高雄鋼鐵"],
    "gb18030": ["上海钢铁", "北京玻璃", "广州食品", "深圳电子"],
    "iso8859_15": ["Œuvre SA", "Société Générale", "Peña", "Cœur de Ville"],
    "koi8_r": ["Северсталь", "Лукойл", "Газпром нефть"],
    "cp866": ["Северсталь", "Лукойл", "Газпром нефть"],
}


@pytest.mark.parametrize("encoding", NAMES)
def test_names_arrive_as_they_were_written_in_any_old_encoding(encoding):
    names = NAMES[encoding]
    text = "".join(f"SO{n};{names[n % len(names)]};01.02.2024;1.000,50\r\n" for n in range(36))
    raw = text.encode(encoding)
    merit, found = judge_encodings(raw)[0]
    assert raw.decode(found) == text
    assert merit > 0.4


def few(folder, encoding, name):
    lines = "".join(f"SO{n};{name if n == 3 else 'Alpha'};2024-02-01;1000,50\n" for n in range(9))
    path = folder / "sales.csv"
    path.write_bytes(f"No;Who;Day;Amount\n{lines}".encode(encoding))
    return path


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        *(("cp1254", "Şişecam"), ("mac_roman", "Müller"), ("cp1250", "Plzeň"), ("big5", "台北")),
        *(("euc_kr", "삼성"), ("cp932", "山本")),
    ],
)
def test_one_word_that_several_encodings_read_is_asked_about(tmp_path, encoding, name):
    with pytest.raises(DataError, match="state its encoding in mapping.yml"):
        read_form(few(tmp_path, encoding, name))


def test_one_usual_word_is_read_and_other_readings_of_it_are_said(tmp_path):
    assert read_form(few(tmp_path, "cp1252", "Müller")).guessed == ""
    form = read_form(few(tmp_path, "cp1252", "Façade"))
    assert form.encoding == "cp1252"
    assert form.guessed.startswith("cp1252: Façade · cp1257: Faēade")


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"])
def test_wide_encodings_without_a_mark_are_told_by_their_noughts(tmp_path, encoding):
    assert read_form(few(tmp_path, encoding, "Müller")).encoding == encoding
