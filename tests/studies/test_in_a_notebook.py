"""What a notebook shows of each noun, and what Tab offers there."""

import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.analysis.churn import clean_losses
from kamresearch.analysis.market import MarketPosition
from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.finding import Finding, Findings, Interval
from kamresearch.language import Fixed, use_language
from kamresearch.language import message as _
from kamresearch.places import find_path
from kamresearch.result import Result

pytestmark = pytest.mark.unit


def text(en: str) -> Fixed:
    return Fixed({"en": en, "zh": "中文"})


def table(rows: int = 3, shown: int = 2):
    frame = pd.DataFrame({"tier": ["a", "b", "a"][:rows], "revenue": [5.8659e8, 12.5, 0.0][:rows]})
    words = Column("tier", _("Tier"), terms={"a": text("A & first")})
    return make_table(
        "toy.t", text("Money"), frame, words, "revenue", caption=text("Below"), rows_shown=shown
    )


def bars():
    drawn, axes = parts.new_figure()
    axes.bar([0], [1])
    return drawn


def figure() -> Figure:
    return Figure("toy.f", text("A title"), text("A caption"), text("alt"), bars, table())


def made() -> Finding:
    bounds = Interval(5e8, 6e8)
    return Finding("toy.m", 5.8659e8, "money", text("Sum"), text("All."), bounds, n=1234)


def test_a_finding_is_a_card_with_numbers_as_a_reader_writes_them():
    html = Findings([made()])._repr_html_()
    assert html == Findings([made()])["toy.m"]._repr_html_()
    for words in ("Sum", "586.6M", "n = 1,234", "95%", "toy.m", 'title="All."'):
        assert words in html
    assert "e+08" not in html
    assert repr(made()) == "toy.m = 586.6M 500M – 600M (95%)"
    with use_language("zh"):
        assert "中文" in made()._repr_html_()


def test_a_table_shows_its_first_rows_as_the_page_does_and_says_how_many_there_are():
    html = table()._repr_html_()
    for words in ("Money", "Tier", "A &amp; first", "586.6M", "The first 2 of 3 rows.", "Below"):
        assert words in html
    assert html.count("<tr>") == 3
    assert "The first" not in table(2)._repr_html_()
    assert repr(table()) == "Table toy.t: Money (3 rows)"


def test_a_figure_is_drawn_between_its_title_and_its_caption(monkeypatch):
    from IPython.core import display_functions

    seen = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda data: seen.append(data))
    assert display_functions
    figure()._ipython_display_()
    title, picture, caption = seen
    assert "A title" in title["text/html"]
    assert "A caption" in caption["text/html"]
    assert picture["text/plain"] == "Figure toy.f: A title (3 rows)"
    assert "<svg" in picture["image/svg+xml"]


def test_a_result_prints_its_findings_and_what_it_shows_and_no_frame():
    class Toy(Result):
        caveats = (text("small"),)

        def findings(self):
            return [made()]

    assert repr(Toy()) == "Toy: 1 findings\ntoy.m = 586.6M"
    assert "586.6M" in Toy()._repr_html_()
    assert "small" in Toy()._repr_html_()
    assert MarketPosition.__repr__ is Result.__repr__


@pytest.mark.slow
def test_tables_losses_and_a_case_tell_themselves_in_a_few_lines(case_tables):
    from kamresearch.analysis.churn import open_case

    lines = repr(case_tables).splitlines()
    assert lines[0].startswith("Tables of ")
    assert "orders: 16,242 rows, 6 set aside, simulated" in lines
    assert "16,242 rows" in case_tables._repr_html_()
    case = open_case(case_tables, "2012-12-31")
    assert repr(case).startswith("Case: as of 2012-12-31, ")
    assert "<table>" in case._repr_html_()
    assert repr(case.losses).startswith("Losses (recorded): as of 2012-12-31, losses 210")
    assert "recorded losses" in case.losses._repr_html_()
    first_seen = case.accounts.set_index("account_id")["first_seen"]
    twice = pd.concat([case.losses.frame, case.losses.frame])
    assert "<li>" in clean_losses(twice, first_seen, "2012-12-31")._repr_html_()


def offered(code: str, **names: object) -> list[str]:
    from IPython.core.completer import IPCompleter, provisionalcompleter

    with provisionalcompleter():
        found = IPCompleter(namespace=names, use_jedi=True).completions(code, len(code))
        return [one.text for one in found]


@pytest.mark.slow
def test_tab_offers_every_public_name_and_no_other(case_tables):
    assert set(offered("kam.", kam=kam)) == set(kam.__all__)
    assert {"orders", "accounts", "frame"} <= set(offered("tables.", tables=case_tables))
    assert set(offered('tables["', tables=case_tables)) == set(case_tables.names)
    assert case_tables["orders"].equals(case_tables.orders)
    assert offered('findings["', findings=Findings([made()])) == ["toy.m"]
    assert "churn" in offered("kam.figures.", kam=kam)


@pytest.mark.parametrize("name", [name for name in kam.__all__ if not callable(getattr(kam, name))])
def test_no_room_of_the_library_offers_what_it_imports_itself(name):
    room = getattr(kam, name)
    assert not {"np", "pd", "dataclass", "Mapping", "import_module"} & set(dir(room))
    assert all(hasattr(room, one) for one in dir(room))


@pytest.mark.slow
def test_the_snippet_of_the_readme_runs_where_notebooks_start(root, monkeypatch, case_tables):
    import re

    readme = (root / "README.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    monkeypatch.chdir(root / "notebooks")
    asked = []
    monkeypatch.setattr(kam, "open_data", lambda source: asked.append(source) or case_tables)
    names: dict = {}
    exec(snippet, names)
    assert len(names["snapshot"]) == 400
    assert (root / "data" / "cases" / "geely_volvo").samefile(find_path(*asked))
