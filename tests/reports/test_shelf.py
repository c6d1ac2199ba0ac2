"""The shelf lists every version and compares them; a comparison says what moved, how far, and
what could have moved it.
"""

import dataclasses
import json
import re

import pandas as pd
import pytest

from kamresearch.display import Column, Followed, make_table
from kamresearch.finding import Findings, Interval
from kamresearch.language import Fixed, message
from kamresearch.publishing.making.verify import check_files
from kamresearch.publishing.outcome.followed import followed_tables
from kamresearch.publishing.pages.changes import comparison_view, render_comparison
from kamresearch.publishing.sealed.compare import compare, judge, predecessor
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.store import (
    State,
    Version,
    all_versions,
    list_versions,
    shelf_is_written,
)
from kamresearch.publishing.shelf.entries import pack
from kamresearch.publishing.shelf.portal import write_shelf
from kamresearch.publishing.shelf.pruning import prune_shelf
from kamresearch.studies import all_studies
from kamresearch.studies.outputs import MIME
from kamresearch.studies.session import table_content
from tests.reports import shelves, synthetic

pytestmark = pytest.mark.reports

RATE = synthetic.FINDINGS[0]


def rate(value, low=None, high=None, **more):
    interval = None if low is None else Interval(low, high)
    return dataclasses.replace(RATE, value=value, interval=interval, **more)


class Made:
    def __init__(self, findings=(), tables=None, **manifest):
        self.findings, self.followed = Findings(findings), tables or {}
        self.manifest = synthetic.context(manifest=manifest).manifest


@pytest.mark.parametrize(
    ("before", "after", "judgement"),
    [
        (rate(0.1, 0.05, 0.15), rate(0.3, 0.25, 0.35), "beyond"),
        (rate(0.1, 0.05, 0.15), rate(0.14, 0.09, 0.19), "within"),
        (rate(0.1, 0.09, 0.11), rate(0.14, 0.05, 0.25), "within"),
        (rate(0.1, 0.05, 0.15), rate(0.1, 0.0, 0.9), "same"),
        (rate(0.1), rate(0.11), "changed"),
        (rate(0.1), rate(0.11, 0.105, 0.115), "beyond"),
        (rate(None, reason=Fixed({"en": "x"})), rate(0.1), "defined"),
        (rate(0.1), rate(None, reason=Fixed({"en": "x"})), "undefined"),
        (None, rate(0.1), "appeared"),
        (rate(0.1), None, "gone"),
        (rate(0.1), rate(0.2, unit="score"), "changed"),
    ],
)
def test_a_finding_moved_only_when_both_values_lie_outside_the_others_interval(
    before, after, judgement
):
    assert judge(before, after) == judgement


def test_a_fall_is_good_where_less_is_better():
    move = compare(Made([rate(0.3, 0.25, 0.35)]), Made([rate(0.1, 0.05, 0.15)])).move(
        "synthetic.rate"
    )
    assert (move.tone, round(move.difference, 3)) == ("better", -0.2)
    up = dataclasses.replace(RATE, good="up")
    worse = compare(
        Made([dataclasses.replace(up, value=0.9)]), Made([dataclasses.replace(up, value=0.0)])
    )
    assert worse.move("synthetic.rate").tone == "worse"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (
            {
                "data": {
                    "source": "data/cases/geely_volvo",
                    "tables": {"orders": {"fingerprint": "new"}},
                }
            },
            "data",
        ),
        (
            {"data": {"source": "elsewhere", "tables": {"orders": {"fingerprint": "ab" * 16}}}},
            "data",
        ),
        ({"parameters": {"synthetic": {"as_of": "2011-12-31"}}}, "parameters"),
        ({"code": {"commit": "fedcba", "clean": True}}, "code"),
        ({"packages": {"numpy": "9"}}, "environment"),
        ({"python": "3.99"}, "environment"),
    ],
)
def test_each_difference_of_the_manifests_is_named_under_its_kind(change, kind):
    found = compare(Made([RATE]), Made([rate(0.9, 0.8, 0.95)], **change))
    assert {cause.kind for cause in found.causes} == {kind}
    rests_on_orders = "tables" not in str(change) or "elsewhere" in str(change)
    assert found.move("synthetic.rate").causes == ((kind,) if rests_on_orders else ())


def test_a_changed_table_touches_the_studies_that_read_it_and_those_that_read_them():
    tables = {"source": "data/cases/geely_volvo", "tables": {"contracts": {"fingerprint": "new"}}}
    (gone, cause) = sorted(
        compare(Made(), Made(data=tables)).causes, key=lambda one: str(one.text)
    )[::-1]
    readers = {study.name for study in all_studies() if "contracts" in (*study.needs, *study.wants)}
    assert cause.studies == readers or gone.studies == readers
    assert not readers or any(one.touches("briefing") for one in (cause, gone))


def test_a_move_without_any_difference_says_that_it_wants_a_look():
    view = comparison_view(
        compare(Made([RATE]), Made([rate(0.9, 0.8, 0.95)])), "en", lambda _: None
    )
    assert view["unexplained"]
    assert "wants a look" in render_comparison(Made([RATE]), Made([rate(0.9, 0.8, 0.95)]), "en")


def test_rows_that_came_went_and_turned_are_named_in_the_readers_words():
    def items(verdicts):
        frame = pd.DataFrame(
            {
                "item_id": list(verdicts),
                "text": [f"text {key}" for key in verdicts],
                "verdict": list(verdicts.values()),
            }
        )
        text = Column("text", message("Text"), terms={"text c": Fixed({"en": "c", "zh": "丙"})})
        verdict = Column(
            "verdict",
            message("Verdict"),
            terms={"supported": Fixed({"en": "supported", "zh": "有证据支持"})},
        )
        table = make_table(
            "synthetic.items",
            message("Items"),
            frame,
            Column("item_id", message("Item")),
            text,
            verdict,
            followed=Followed(
                message("Items"),
                "item_id",
                "text",
                "verdict",
                left={"a": Fixed({"en": "dropped", "zh": "已删除"})},
            ),
        )
        content = {"data": {MIME: table_content(table, False).to_dict()}}
        return followed_tables([{"cells": [{"outputs": [content]}]}])

    comparison = compare(
        Made(tables=items({"a": "open", "b": "open"})),
        Made(tables=items({"b": "supported", "c": "open"})),
    )
    (rows,) = comparison_view(comparison, "zh", lambda _: None)["rows"]
    assert [part["texts"] for part in rows["parts"]] == [
        ["丙 (c)"],
        ["text a (a): 已删除"],
        ["text b (b): open → 有证据支持"],
    ]


def test_a_difference_that_rounds_to_nothing_is_none():
    found = compare(Made([rate(0.25041)]), Made([rate(0.25049)]))
    assert found.move("synthetic.rate").judgement == "same"
    assert comparison_view(found, "en", lambda _: None)["top"] == []


def test_two_events_under_one_id_are_not_one_thing_that_moved():
    def event(name, day, value):
        return rate(value, label=Fixed({"en": f"{name}, June {day}", "zh": f"{name}"}))

    other = compare(Made([event("Price cut", 2011, 0.1)]), Made([event("Recall", 2012, 0.4)]))
    assert other.move("synthetic.rate").judgement == "other"
    assert other.move("synthetic.rate").difference is None
    same = compare(Made([event("Recall", 2011, 0.1)]), Made([event("Recall", 2012, 0.4)]))
    assert same.move("synthetic.rate").judgement == "changed"


def test_money_in_another_currency_did_not_move():
    data = synthetic.context().manifest.data.model_dump()
    money = rate(4e9, unit="money")
    found = compare(
        Made([money], data={**data, "currency": "CNY"}),
        Made([dataclasses.replace(money, value=5e9)], data={**data, "currency": "EUR"}),
    )
    assert found.move("synthetic.rate").judgement == "other"
    assert "Money is in EUR instead of CNY" in [str(cause.text) for cause in found.causes]


def test_what_matters_most_comes_first_in_at_most_ten_lines_with_its_cause():
    def many(step):
        shares = [
            rate(0.1 + step * number / 40, id=f"synthetic.r{number}") for number in range(1, 15)
        ]
        return [*shares, rate(1e6 + step * 3e5, 9e5, 1.5e6, id="synthetic.revenue", unit="money")]

    after = [
        dataclasses.replace(one, interval=Interval(2.9e6, 3.1e6), value=3e6)
        if one.unit == "money"
        else one
        for one in many(1)
    ]
    found = compare(Made(many(0)), Made(after, code={"commit": "fedcba", "clean": True}))
    top = comparison_view(found, "en", lambda _: None)["top"]
    assert len(top) == 10
    assert "3M" in top[0]["text"]
    assert top[0]["why"] == ["Commit fedcba instead of 0123456789"]
    assert "→ 45.0%" in top[1]["text"]


def test_a_version_is_compared_with_the_newest_one_before_it_of_its_series():
    def manifest(version, made, source="s", label="", where=""):
        return Manifest(
            version=version, made=made, data={"source": source}, label=label, where=where
        )

    new = manifest("e", "2026-05")
    others = [
        manifest("a", "2026-01"),
        manifest("b", "2026-03"),
        manifest("c", "2026-04", where="region=East"),
        manifest("d", "2026-04", source="other"),
        manifest("f", "2026-06"),
        new,
    ]
    assert predecessor(new, others).version == "b"
    named = manifest("e", "2026-05", source="march", label="Acme")
    assert (
        predecessor(named, [manifest("x", "2026-04", source="february", label="Acme")]).version
        == "x"
    )
    assert predecessor(named, [manifest("x", "2026-04", source="february", label="Other")]) is None


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    folder = shelves.shelf(tmp_path_factory.mktemp("reports"))
    write_shelf(folder)
    return folder


def test_the_shelf_lists_every_version_newest_first_in_both_languages(shelf):
    for name in ("index.html", "index.zh.html"):
        html = (shelf / name).read_text(encoding="utf-8")
        assert re.findall(r'<li id="2012-12-31-abc000000(\d)"', html) == ["4", "3", "2", "1", "0"]
        assert 'href="2012-12-31-abc0000004/' in html


def test_the_shelf_tells_of_runs_that_failed_and_of_no_place_on_the_machine(shelf):
    html = (shelf / "index.html").read_text(encoding="utf-8")
    assert "study churn: expected rows; found none." in html
    assert "somewhere" not in html


def test_a_trend_grows_with_each_version_and_ends_at_its_own(shelf):
    html = (shelf / "index.html").read_text(encoding="utf-8")
    lengths = [len(points.split()) for points in re.findall(r'polyline points="([^"]+)"', html)]
    assert lengths == [5, 4, 3, 2]


def test_consecutive_versions_have_a_page_that_compares_them(shelf):
    names = {path.name for path in (shelf / "comparisons").glob("*.html")}
    assert len(names) == 8
    html = (
        shelf / "comparisons" / "2012-12-31-abc0000001--2012-12-31-abc0000002.en.html"
    ).read_text(encoding="utf-8")
    assert "moved beyond its interval" in html
    assert "</script><b>" not in html.partition("<body>")[2].partition("<script>")[0]


def test_writing_the_shelf_again_changes_no_byte_and_no_version(shelf):
    before = {path: path.read_bytes() for path in shelf.rglob("*") if path.is_file()}
    write_shelf(shelf)
    assert {path: path.read_bytes() for path in shelf.rglob("*") if path.is_file()} == before


def test_the_data_of_the_shelf_cannot_leave_their_element(shelf):
    html = (shelf / "index.html").read_text(encoding="utf-8")
    block = re.search(
        r'<script type="application/json" id="kam-shelf">(.*?)</script>', html, re.DOTALL
    )[1]
    assert not set("<>&") & set(block)
    assert json.loads(block)["versions"][2]["name"] == "</script><b>bold"


def test_packed_rows_hold_names_as_they_are_without_the_apostrophe_of_the_file(shelf):
    packed = pack(list_versions(shelf), "en")
    assert packed["pool"][packed["versions"][0]["r"][0]][0] == ["0004", "=Account 4", ""]


def test_an_empty_shelf_says_so(tmp_path):
    write_shelf(tmp_path)
    assert "No version yet." in (tmp_path / "index.html").read_text(encoding="utf-8")


DAMAGES = {
    "manifest.json": [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"languages": 7}'],
    "findings.json": [b"", b"[[]]", b"null", b'[{"id": 3}]', b"\x80", b"{}}"],
    "followed.json": [b"[]", b'{"a": {"rows": 3}}', b"\x80"],
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, one) for name, many in DAMAGES.items() for one in many]
)
def test_a_damaged_version_is_set_aside_and_closes_nothing(tmp_path, name, content):
    """Whatever a disk or a hand made of one version, the others are listed, shown and compared."""
    folder = shelves.shelf(tmp_path)
    victim = folder / "2012-12-31-abc0000002"
    (victim / name).write_bytes(content)
    states = {version.id[-1]: version.state for version in all_versions(folder)}
    assert states == {
        number: State.DAMAGED if number == "2" else State.SEALED for number in "01234"
    }
    assert [version.id[-1] for version in list_versions(folder)] == list("4310")
    write_shelf(folder)
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert "Damaged versions" in html
    assert name in html
    verified = check_files(Version(victim))
    assert not verified.ok
    assert name in verified.lines()[0]
    assert prune_shelf(folder, keep=1, really=True)[:3] == [
        f"2012-12-31-abc000000{number}" for number in "310"
    ]
    assert victim.exists()


def test_a_missing_page_of_the_shelf_is_made_again(shelf):
    (shelf / "index.zh.html").unlink()
    assert not shelf_is_written(shelf, [])
    write_shelf(shelf)
    assert shelf_is_written(shelf, ["2012-12-31-abc0000001"])


def test_nothing_that_clears_the_shelf_follows_a_link(tmp_path):
    outside = tmp_path / "mine"
    for name in ("kept", "studies/kept", "data/kept"):
        (outside / name).mkdir(parents=True)
    for name in ("failed", ".cache"):
        folder = tmp_path / name / "reports"
        folder.mkdir(parents=True)
        shelves.seal(folder, 0)
        (folder / name).symlink_to(outside)
        prune_shelf(folder, keep=0, cache=True, really=True)
        assert {"kept", "studies", "data"} <= {path.name for path in outside.iterdir()}
        assert (outside / "studies" / "kept").is_dir()
