"""nbval compares the text of outputs: it must see a number that moves in a table or a picture."""

import pandas as pd
import pytest

from kamresearch.display import Figure, make_table
from kamresearch.finding import Finding, Findings, Interval
from kamresearch.language import Fixed
from kamresearch.studies import session

pytestmark = pytest.mark.unit


def text(en: str) -> Fixed:
    return Fixed({"en": en, "zh": en})


def table(revenue: float):
    frame = pd.DataFrame({"region": ["East", "West"], "revenue": [revenue, 12.5]})
    return make_table("toy.revenue", text("Revenue"), frame, "region", "revenue")


def line_of(item, monkeypatch) -> str:
    lines = []
    monkeypatch.setattr(session, "_publish", lambda line, content, more=None: lines.append(line))
    if isinstance(item, Figure):
        session._show_figure(item, "<svg/>", "en", False)
    else:
        session._show_table(item, "en", False)
    return lines[0]


def figure(revenue: float) -> Figure:
    return Figure("toy.bars", text("t"), text("c"), text("a"), lambda: None, table(revenue))


@pytest.mark.parametrize("shown", [table, figure])
def test_a_tripled_revenue_changes_the_text_and_a_last_digit_does_not(shown, monkeypatch):
    line = line_of(shown(586.04), monkeypatch)
    assert "2 rows, digest " in line
    assert line_of(shown(586.04 * (1 + 1e-12)), monkeypatch) == line
    assert line_of(shown(3 * 586.04), monkeypatch) != line


def test_findings_are_a_frame_a_list_of_names_and_a_table_to_look_at():
    made = Findings(
        [
            Finding("toy.rate", 0.2, "share", text("Rate"), text("d"), Interval(0.1, 0.3), n=40),
            Finding("toy.none", None, "share", text("<b>"), text("d"), reason=text("too few")),
        ]
    )
    frame = made.to_frame().set_index("id")
    assert frame.loc["toy.rate", ["value", "low", "high", "n"]].tolist() == [0.2, 0.1, 0.3, 40]
    assert frame.loc["toy.none", "reason"] == "too few"
    assert made._ipython_key_completions_() == ["toy.rate", "toy.none"]
    assert "20.0%" in made._repr_html_()
    assert "&lt;b&gt;" in made._repr_html_()
    assert repr(made).splitlines()[:2] == ["2 findings", "toy.rate = 20.0%"]
    assert Findings().to_frame().empty
