"""Awkward exports made here: the same orders, written as programs and people write them.

``exports.yml`` says under ``made`` what is right of each; `bench_exports` judges the first mapping
that ``kam start --yes`` writes of them.
"""

import datetime
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

WHO = ("Alpha Tools", "Beta Foods", "Delta Trade", "Gamma Steel")
WEEKDAYS = {
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
MADE: dict[str, Callable[[Path], None]] = {}
"""Name of a case → what writes its files into a folder."""


def orders() -> pd.DataFrame:
    """Twenty-four orders of four accounts, one a month, over two years."""
    rows = []
    for n in range(24):
        day = datetime.date(2023 + n // 12, n % 12 + 1, 3 + n)
        rows.append((f"R{1001 + n}", WHO[n % 4], day, 2 + n % 3, 1200.5 + 10 * n))
    return pd.DataFrame(rows, columns=["Order no", "Customer", "Date", "Qty", "Net amount"])


def made(write: Callable[[Path], None]) -> Callable[[Path], None]:
    """Enter a writer under its own name."""
    MADE[write.__name__] = write
    return write


def save(folder: Path, frame: pd.DataFrame, name: str = "sales.csv", **how: object) -> None:
    """A frame as a text."""
    frame.to_csv(folder / name, **{"index": False, **how})


def book(folder: Path, rows: list[list], name: str = "sales.xlsx") -> None:
    """Rows as a workbook of one sheet."""
    from openpyxl import Workbook

    made_of = Workbook()
    sheet = made_of.worksheets[0]
    for row in rows:
        sheet.append(row)
    made_of.save(folder / name)


def with_days(frame: pd.DataFrame, form: Callable[[datetime.date], str]) -> pd.DataFrame:
    """Days written in another form."""
    return frame.assign(Date=[form(day) for day in frame["Date"]])


def german(value: float) -> str:
    """1234.5 as 1.234,50."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


@made
def two_head_rows(folder: Path) -> None:
    months = MONTHS["en"].split()
    rows: list[list] = [["Customer", "2023", *[None] * 11, "2024", *[None] * 11]]
    rows.append([None, *[month[:3] for month in months] * 2])
    for who in WHO:
        rows.append([who, *[None] * 24])
    for at, one in enumerate(orders().itertuples(index=False)):
        rows[2 + at % 4][1 + at] = one[4]
    book(folder, rows)


@made
def order_and_return(folder: Path) -> None:
    frame = orders()
    frame["Returned amount"] = [100 if n % 6 == 0 else 0 for n in range(24)]
    save(folder, frame.rename(columns={"Net amount": "Sold amount"}))


@made
def thousands_in_title(folder: Path) -> None:
    frame = orders().drop(columns="Qty")
    rows = [["Sales 2023-2024, amounts in thousands EUR"], [], list(frame.columns)]
    rows += [[*row[:3], row[3] / 1000] for row in frame.itertuples(index=False)]
    book(folder, rows)


@made
def negative_units(folder: Path) -> None:
    frame = orders()
    frame["Qty"] = [-2 if n % 6 == 0 else 2 for n in range(24)]
    save(folder, frame)


@made
def fiscal_years(folder: Path) -> None:
    frame = orders()
    frame["Date"] = ["FY23/24" if n < 12 else "FY24/25" for n in range(24)]
    save(folder, frame.rename(columns={"Date": "Fiscal year"}))


@made
def weekday_zh(folder: Path) -> None:
    form = lambda d: f"{d.year}年{d.month}月{d.day}日 {WEEKDAYS['zh'][d.weekday()]}"  # noqa: E731
    save(folder, with_days(orders(), form))


@made
def weekday_de(folder: Path) -> None:
    names = MONTHS["de"].split()
    form = lambda d: f"{WEEKDAYS['de'][d.weekday()]}, {d.day}. {names[d.month - 1]} {d.year}"  # noqa: E731
    save(folder, with_days(orders(), form), sep=";")


@made
def weekday_de_short(folder: Path) -> None:
    form = lambda d: f"{WEEKDAYS['de'][d.weekday()][:2]}. {d:%d.%m.%Y}"  # noqa: E731
    save(folder, with_days(orders(), form), sep=";")


@made
def weekday_fr(folder: Path) -> None:
    names = MONTHS["fr"].split()
    form = lambda d: f"{WEEKDAYS['fr'][d.weekday()]} {d.day} {names[d.month - 1]} {d.year}"  # noqa: E731
    save(folder, with_days(orders(), form), sep=";")


@made
def ids_wide_and_blank(folder: Path) -> None:
    wide = str.maketrans("C0123456789", "Ｃ０１２３４５６７８９")
    frame = orders()
    keys = [f"C{100 + n % 4}" for n in range(24)]
    frame.insert(
        1, "Customer no", [(k, f"{k} ", k.translate(wide))[n // 8] for n, k in enumerate(keys)]
    )
    save(folder, frame)


@made
def tabs_as_csv(folder: Path) -> None:
    save(folder, orders(), sep="\t")


@made
def zip_with_folder(folder: Path) -> None:
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        archive.writestr("export/2024/sales.csv", orders().to_csv(index=False))


@made
def json_nested(folder: Path) -> None:
    records = [
        {
            "order": one[0],
            "customer": {"name": one[1]},
            "date": str(one[2]),
            "lines": [{"item": "Pump", "amount": one[4] - 200}, {"item": "Hose", "amount": 200}],
        }
        for one in orders().itertuples(index=False)
    ]
    (folder / "sales.json").write_text(json.dumps({"orders": records}), encoding="utf-8")


@made
def debit_credit(folder: Path) -> None:
    frame = orders().drop(columns="Qty").rename(columns={"Net amount": "Debit"})
    frame["Credit"] = ""
    more = frame.iloc[::8].assign(Debit="", Credit=100, **{"Order no": ["C1", "C2", "C3"]})
    save(folder, pd.concat([frame, more]))


@made
def accounts_as_columns(folder: Path) -> None:
    frame = orders()
    frame["Month"] = [f"{day:%Y-%m}" for day in frame["Date"]]
    wide = frame.pivot(index="Month", columns="Customer", values="Net amount")
    save(folder, wide.reset_index())


@made
def mixed_languages(folder: Path) -> None:
    names = ["订单号 Order No.", "客户名称 Customer", "日期 Date", "数量 Qty", "净额 Net amount"]
    save(folder, orders().set_axis(names, axis=1))


@made
def sign_in_head(folder: Path) -> None:
    save(folder, orders().rename(columns={"Net amount": "Net amount (€)"}))


@made
def two_currency_columns(folder: Path) -> None:
    frame = orders().rename(columns={"Net amount": "Amount USD"})
    frame["Amount EUR"] = frame["Amount USD"] * 0.9
    save(folder, frame)


@made
def narrow_blanks(folder: Path) -> None:
    frame = orders()
    frame["Net amount"] = [
        f"{x:,.2f}".replace(",", "\u202f").replace(".", ",") for x in frame["Net amount"]
    ]
    save(folder, frame, sep=";")


@made
def serial_days(folder: Path) -> None:
    first = datetime.date(1899, 12, 30)
    save(folder, with_days(orders(), lambda d: str((d - first).days)))


@made
def twice_amount(folder: Path) -> None:
    text = orders().assign(gross=orders()["Net amount"] * 1.2).to_csv(index=False)
    (folder / "sales.csv").write_text(text.replace("gross", "Net amount", 1), encoding="utf-8")


@made
def lines_quoted_whole(folder: Path) -> None:
    lines = orders().to_csv(index=False).splitlines()
    text = "".join(f'"{line}"\n' for line in lines)
    (folder / "sales.csv").write_text(text, encoding="utf-8")


@made
def trailing_marks(folder: Path) -> None:
    head, *lines = orders().to_csv(index=False).splitlines()
    (folder / "sales.csv").write_text("\n".join([head, *(f"{one}," for one in lines)]), "utf-8")


@made
def swiss_marks(folder: Path) -> None:
    frame = orders()
    frame["Net amount"] = [f"{x:,.2f}".replace(",", "'") for x in frame["Net amount"]]
    save(folder, frame, sep=";")


@made
def brackets_and_signs(folder: Path) -> None:
    frame = orders()
    frame["Net amount"] = [
        f"(${x:,.2f})" if n % 6 == 0 else f"${x:,.2f}" for n, x in enumerate(frame["Net amount"])
    ]
    save(folder, frame)


@made
def credits_behind(folder: Path) -> None:
    frame = orders()
    frame["Net amount"] = [
        f"{x:,.2f} {'CR' if n % 6 == 0 else 'DR'}" for n, x in enumerate(frame["Net amount"])
    ]
    save(folder, frame)


@made
def day_in_parts(folder: Path) -> None:
    frame = orders()
    for name in ("Day", "Month", "Year"):
        frame.insert(2, name, [getattr(day, name.lower()) for day in frame["Date"]])
    save(folder, frame.drop(columns="Date"))


@made
def day_without_year(folder: Path) -> None:
    save(folder, with_days(orders(), lambda d: f"{d:%d.%m.}"), sep=";")


@made
def totals_of_groups(folder: Path) -> None:
    parts = []
    for who, part in orders().groupby("Customer"):
        parts += [
            part,
            pd.DataFrame({"Customer": [f"{who} Total"], "Net amount": [part["Net amount"].sum()]}),
        ]
    whole = pd.DataFrame(
        {"Customer": ["Grand Total"], "Net amount": [orders()["Net amount"].sum()]}
    )
    save(folder, pd.concat([*parts, whole])[list(orders().columns)])


@made
def total_without_word(folder: Path) -> None:
    whole = pd.DataFrame(
        {"Qty": [orders()["Qty"].sum()], "Net amount": [orders()["Net amount"].sum()]}
    )
    save(folder, pd.concat([orders(), whole]))


@made
def total_under_name(folder: Path) -> None:
    whole = orders().groupby("Customer", as_index=False)["Net amount"].sum()
    whole = whole.assign(**{"Order no": "", "Date": "", "Qty": ""})[list(orders().columns)]
    text = orders().to_csv(index=False) + "\n" + whole.to_csv(index=False, header=False)
    (folder / "sales.csv").write_text(text, encoding="utf-8")


@made
def mixed_days_in_book(folder: Path) -> None:
    frame = orders()
    rows = [list(frame.columns)]
    for n, row in enumerate(frame.itertuples(index=False)):
        rows.append([*row[:2], row[2] if n % 2 else f"{row[2]:%d.%m.%Y}", *row[3:]])
    book(folder, rows)


@made
def texts_in_book(folder: Path) -> None:
    frame = orders()
    rows = [list(frame.columns)]
    rows += [[*row[:4], german(row[4])] for row in frame.itertuples(index=False)]
    book(folder, rows)


@made
def orders_as_powers(folder: Path) -> None:
    frame = orders()
    frame["Order no"] = ["1.23457E+11" if n % 2 else "1.23458E+11" for n in range(24)]
    save(folder, frame)


@made
def iso_weeks(folder: Path) -> None:
    save(folder, with_days(orders(), lambda d: "{}-W{:02d}".format(*d.isocalendar()[:2])))


@made
def german_weeks(folder: Path) -> None:
    form = lambda d: "KW {1:02d}/{0}".format(*d.isocalendar()[:2])  # noqa: E731
    save(folder, with_days(orders(), form), sep=";")


@made
def half_years(folder: Path) -> None:
    save(folder, with_days(orders(), lambda d: f"H{(d.month + 5) // 6} {d.year}"))


@made
def two_digits_first(folder: Path) -> None:
    frame = orders()
    frame = frame[[day.day <= 12 for day in frame["Date"]]]
    save(folder, with_days(frame, lambda d: f"{d:%y-%m-%d}"))


@made
def sheets_of_months(folder: Path) -> None:
    with pd.ExcelWriter(folder / "sales.xlsx") as out:
        frame = orders()
        for month, part in frame.groupby([f"{day:%b %Y}" for day in frame["Date"]], sort=False):
            part.to_excel(out, sheet_name=month, index=False)


@made
def sheets_of_accounts(folder: Path) -> None:
    with pd.ExcelWriter(folder / "sales.xlsx") as out:
        for who, part in orders().groupby("Customer"):
            part.drop(columns="Customer").to_excel(out, sheet_name=who, index=False)


@made
def files_of_accounts(folder: Path) -> None:
    for who, part in orders().groupby("Customer"):
        save(folder, part.drop(columns="Customer"), f"{who}.csv")


@made
def net_vat_gross(folder: Path) -> None:
    frame = orders().rename(columns={"Net amount": "Net"})
    save(folder, frame.assign(VAT=frame["Net"] * 0.2, Gross=frame["Net"] * 1.2))


@made
def cancelled_by_flag(folder: Path) -> None:
    save(folder, orders().assign(Cancelled=["X" if n % 6 == 0 else "" for n in range(24)]))


@made
def deleted_by_flag(folder: Path) -> None:
    save(folder, orders().assign(is_deleted=["true" if n % 6 == 0 else "false" for n in range(24)]))


@made
def storno_by_flag(folder: Path) -> None:
    save(
        folder, orders().assign(Storno=["ja" if n % 6 == 0 else "nein" for n in range(24)]), sep=";"
    )


@made
def millions_in_cells(folder: Path) -> None:
    frame = orders()
    frame["Net amount"] = [
        f"{x / 1000:.4f} Mio. €".replace(".", ",", 1) for x in frame["Net amount"]
    ]
    save(folder, frame, sep=";")


@made
def arabic_digits(folder: Path) -> None:
    digits = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")
    frame = orders()
    frame["Net amount"] = [f"{x:.2f}".translate(digits) for x in frame["Net amount"]]
    save(folder, frame)


@made
def japanese_eras(folder: Path) -> None:
    save(folder, with_days(orders(), lambda d: f"令和{d.year - 2018}年{d.month}月{d.day}日"))


@made
def ordinal_days(folder: Path) -> None:
    names = MONTHS["en"].split()
    ends = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}
    form = lambda d: f"{d.day}{ends.get(d.day, 'th')} {names[d.month - 1]} {d.year}"  # noqa: E731
    save(folder, with_days(orders(), form))


@made
def run_together_days(folder: Path) -> None:
    save(folder, with_days(orders(), lambda d: f"{d:%d%b%Y}".upper()))


@made
def markdown_table(folder: Path) -> None:
    frame = orders()
    lines = [list(frame.columns), ["---"] * 5, *frame.astype(str).to_numpy().tolist()]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    (folder / "sales.txt").write_text(text, encoding="utf-8")


@made
def fixed_widths(folder: Path) -> None:
    (folder / "sales.txt").write_text(orders().to_string(index=False), encoding="utf-8")


@made
def list_of_a_screen(folder: Path) -> None:
    frame = orders()
    lines = [list(frame.columns), *frame.astype(str).to_numpy().tolist()]
    rows = [f"|{'|'.join(cell.ljust(14) for cell in line)}|" for line in lines]
    rule = "-" * len(rows[0])
    text = "\n".join(["Sales list", "", rule, rows[0], rule, *rows[1:], rule, ""])
    (folder / "sales.txt").write_text(text, encoding="utf-8")


@made
def nothing_for_nought(folder: Path) -> None:
    frame = orders()
    frame["Net amount"] = [
        "free" if n % 6 == 0 else str(x) for n, x in enumerate(frame["Net amount"])
    ]
    save(folder, frame)


@made
def amount_and_code_apart(folder: Path) -> None:
    save(folder, orders().assign(Cur=["RMB" if n % 2 else "USD" for n in range(24)]))


@made
def signs_of_two_dollars(folder: Path) -> None:
    frame = orders()
    frame["Net amount"] = [
        f"{'US$' if n % 2 else 'HK$'}{x:,.2f}" for n, x in enumerate(frame["Net amount"])
    ]
    save(folder, frame)


@made
def table_below(folder: Path) -> None:
    limits = pd.DataFrame({"Customer": WHO, "Since": ["2020-01-01"] * 4, "Limit": [9000] * 4})
    text = orders().to_csv(index=False) + ",,,,\n" + limits.to_csv(index=False)
    (folder / "sales.csv").write_text(text, encoding="utf-8")


@made
def totals_on_lines(folder: Path) -> None:
    frame = orders().rename(columns={"Net amount": "Order total"})
    lines = pd.concat([frame.assign(Item="Pump"), frame.iloc[::2].assign(Item="Hose")])
    save(folder, lines.sort_values("Order no", kind="stable"))


@made
def plan_beside_actual(folder: Path) -> None:
    plan = orders().assign(Version="Budget", **{"Order no": [f"P{n}" for n in range(24)]})
    save(folder, pd.concat([orders().assign(Version="Actual"), plan]))


@made
def payments_among_invoices(folder: Path) -> None:
    paid = orders().iloc[::3].assign(Type="Payment")
    paid = paid.assign(**{"Order no": [f"Z{n}" for n in range(8)], "Qty": 0})
    save(folder, pd.concat([orders().assign(Type="Invoice"), paid]))


@made
def balance_above(folder: Path) -> None:
    first = pd.DataFrame({"Customer": ["Opening balance"], "Net amount": [99999]})
    save(folder, pd.concat([first, orders()])[list(orders().columns)])


@made
def sales_over_the_counter(folder: Path) -> None:
    who = ["Walk-in customer" if n % 4 == 3 else one for n, one in enumerate(orders()["Customer"])]
    save(folder, orders().assign(Customer=who))
