"""Broken tables thrown at the gate: never a traceback, never a silent drop."""

import csv
import io
import os
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, given, seed, settings
from hypothesis import strategies as st

import kamresearch as kam
from kamresearch.data.checks import check_tables
from kamresearch.data.contract import TABLES
from kamresearch.errors import KamError

pytestmark = pytest.mark.faults

CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "1",
            "2",
            "-3",
            "1,234.5",
            "1.234,5",
            "１２",
            "1e400",
            "nan",
            "NaN",
            "inf",
            "NULL",
            "n/a",
            "true",
            "否",
            "2012-02-30",
            "2012-01-31",
            "31/01/2012",
            "01.02.2012",
            "2012年1月5日",
            "9999-12-31",
            "0000-00-00",
            "A1",
            "A2",
            "001",
            "1.0",
            "=1+1",
            "'; DROP TABLE",
            '"quoted"',
            "a\nb",
            "a;b",
            "锟斤拷",
            "\ufeff",
            "\u202e",
            "x" * 300,
            "😀",
            "<b>",
            "{x}",
            "%s",
            "$1",
            "-0",
            "+5",
            "(5)",
            "5%",
            "¥5",
        ]
    ),
    st.integers(-(10**12), 10**12).map(str),
    st.floats(allow_nan=True).map(str),
    st.dates().map(str),
    st.text(max_size=8),
)
EXTRA = st.sampled_from(
    ["note", "Revenue", "revenue ", "account id", "select", "1", "日期", "__row__", "", "revenue"]
)


PLAUSIBLE = {
    "id": st.sampled_from(["1", "2", "A1", "A2", "003"]),
    "date": st.dates(min_value=date(2009, 1, 1), max_value=date(2013, 6, 1)).map(str),
    "number": st.floats(-1e6, 1e9, allow_nan=False).map(lambda value: f"{value:.2f}"),
    "integer": st.integers(0, 9).map(str),
    "flag": st.sampled_from(["true", "false"]),
    "text": st.sampled_from(["Alpha", "上海瑞恒有限公司", "a,b"]),
    "category": st.sampled_from(["East", "direct", "sales"]),
    "month": st.just("2012-01"),
}


@st.composite
def tables(draw, name):
    """Head and rows of a table of the contract: mostly plausible, with strange cells, lost
    columns and odd ones added.
    """
    spec = TABLES[name]
    head = [column.name for column in spec.columns if column.required or draw(st.booleans())]
    if draw(st.integers(0, 19)) == 0 and head:
        head.remove(draw(st.sampled_from(head)))
    if draw(st.integers(0, 5)) == 0:
        head.append(draw(EXTRA))
    kinds = {column.name: column.kind for column in spec.columns}
    strange = draw(st.integers(0, 12))

    def cell(column):
        wild = draw(st.integers(0, 99)) < strange
        return draw(CELLS if wild else PLAUSIBLE[kinds.get(column, "text")])

    least = 0 if draw(st.integers(0, 9)) == 0 else 2
    return head, [
        tuple(cell(column) for column in head) for _ in range(draw(st.integers(least, 6)))
    ]


@st.composite
def folders(draw):
    """File name → bytes: accounts and orders, sometimes more, in any delimiter and encoding,
    sometimes no table at all.
    """
    names = ["accounts", "orders"]
    if draw(st.integers(0, 4)) == 0:
        names.append(
            draw(
                st.sampled_from(
                    [
                        "contracts",
                        "departments",
                        "churn_events",
                        "managers",
                        "assignments",
                        "market",
                    ]
                )
            )
        )
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    files, rows_in = {}, {}
    for name in names:
        head, rows = draw(tables(name))
        text = io.StringIO()
        # With "\n" at line ends the writer leaves a lone "\r" in a cell unquoted, which ends a line
        # for every reader.
        ending, quoting = draw(
            st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)])
        )
        writer = csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=quoting)
        writer.writerow(head)
        writer.writerows(rows)
        files[f"{name}.csv"] = text.getvalue().encode(encoding, errors="replace")
        rows_in[name] = len(rows)
    damage = draw(st.integers(0, 19))
    whole = damage > 2
    if damage == 0:
        victim = draw(st.sampled_from(sorted(files)))
        files[victim] = files[victim][: draw(st.integers(0, 60))]
    elif damage == 1:
        files[draw(st.sampled_from(sorted(files)))] = draw(st.binary(max_size=80))
    elif damage == 2:
        files["accounts.parquet"] = b"PAR1" + draw(st.binary(max_size=40))
    return files, rows_in if whole else None


def throw(files, rows_in):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        try:
            opened = kam.open_data(folder)
            result = check_tables(opened, as_of="2012-12-31", previous={"orders": 3})
            frame = result.to_frame("zh")
        except KamError:
            event("refused in words")
            return
        event("opened and checked")
        assert frame.notna()[["check", "table", "severity", "remedy"]].all(axis=None)
        assert 0 <= result.completeness <= 1
        counts = result.tables.set_index("table")
        assert (counts["rows_in"] == counts["rows_used"] + counts["rows_quarantined"]).all()
        for issue in result.issues:
            assert issue.count >= 0
            assert issue.share_of_revenue is None or -1e-9 <= issue.share_of_revenue <= 1 + 1e-9
        for text in result.warnings_texts():
            assert text.render("zh")
        if rows_in is not None:
            ledger = opened.ledger.set_index("table")["rows_in"]
            for name in ledger.index.intersection(list(rows_in)):
                assert ledger[name] == rows_in[name], name


PHASES = [
    Phase.explicit,
    Phase.reuse,
    Phase.generate,
]  # shrinking broken folders takes longer than reading one
QUIET = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.function_scoped_fixture,
]


@pytest.mark.slow
@settings(
    max_examples=int(os.environ.get("KAM_FUZZ_EXAMPLES", "15")),
    phases=PHASES,
    suppress_health_check=QUIET,
    derandomize=True,
)
@given(folders())
def test_broken_tables_give_words_and_counts_never_a_traceback(broken):
    throw(*broken)


PARTS = 20
TABLES_WANTED = int(os.environ.get("KAM_FUZZ_LONG", "10000"))


@pytest.mark.long
@pytest.mark.skipif(
    "KAM_FUZZ_LONG" not in os.environ, reason="takes the better part of an hour: make test-fuzz"
)
@pytest.mark.parametrize("part", range(PARTS))
def test_thousands_of_broken_tables_give_words_and_counts_never_a_traceback(part):
    """KAM_FUZZ_LONG tables in parts of their own seeds, so that several processes can share
    them (pytest -n).
    """
    thrown = 0

    @seed(part)
    @settings(
        max_examples=TABLES_WANTED // PARTS,
        phases=PHASES,
        suppress_health_check=QUIET,
        database=None,
    )
    @given(folders())
    def throw_some(broken):
        nonlocal thrown
        if thrown < TABLES_WANTED / PARTS:
            thrown += len(broken[0])
            throw(*broken)

    throw_some()
    assert thrown >= TABLES_WANTED // PARTS
