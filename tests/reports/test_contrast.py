"""Letters in pictures can be read: axe does not look into them."""

import re

import pandas as pd
import pytest
from markupsafe import Markup

from kamresearch.display import Figure, make_table
from kamresearch.figures import parts, theme
from kamresearch.figures.theme import draw_svg
from kamresearch.language import message as _
from kamresearch.publishing.pages.shell import TEMPLATES, finish_page
from kamresearch.publishing.pages.svg import TOO_LIGHT, VARIABLES, inline_svg

pytestmark = pytest.mark.reports

STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
BLOCKS = [one for one in re.findall(r"{([^{}]*--c1:[^{}]*)}", STYLE) if "--paper" in one]
LETTERS = ("ink", "muted", "good", "bad", "neutral", "c1", "c3", "c4", "c6", "c7", "t2", "t5")


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("block", range(len(BLOCKS)))
def test_each_colour_of_letters_stands_out_on_every_paper(block):
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", BLOCKS[block]))
    weak = {
        name: round(contrast(colours[name], colours["paper"]), 2)
        for name in LETTERS
        if name in colours and contrast(colours[name], colours["paper"]) < 4.5
    }
    assert not weak
    assert {"t2", "t5"} <= set(colours)


def test_a_picture_is_drawn_once(monkeypatch):
    from matplotlib.figure import Figure as Picture

    def draw():
        figure, axes = parts.new_figure()
        axes.plot([1, 2, 3])
        return figure

    drawn, plain = [], Picture.draw
    monkeypatch.setattr(Picture, "draw", lambda *given: drawn.append(plain(*given)))
    data = make_table("a", _("A"), pd.DataFrame({"account_id": ["1"]}), "account_id")
    assert "<path" in draw_svg(Figure("a", _("A"), _("B"), _("C"), draw, data), "en")
    assert len(drawn) == 1


def test_an_area_over_a_hundred_thousand_accounts_weighs_no_more_than_its_pixels():
    def draw(places):
        figure, axes = parts.new_figure()
        axes.fill_between(range(places), [1 / (place + 1) for place in range(places)], step="mid")
        return figure

    few, many = (
        draw_svg(Figure("a", _("A"), _("B"), _("C"), lambda n=n: draw(n), None), "en")
        for n in (100, 100_000)
    )
    assert "<image" not in few
    assert "<image" in many
    assert len(many) < 60_000


@pytest.mark.parametrize("block", range(len(BLOCKS)))
def test_each_number_in_a_heat_map_stands_out_on_its_cell(block):
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", BLOCKS[block]))
    told = []
    for step in range(len(theme.SEQUENTIAL)):
        letters = colours["on-dark" if step >= theme.FIRST_DARK else "ink"]
        told.append(round(contrast(colours[f"s{step + 1}"], letters), 2))
    assert min(told) >= 4.5, told


def test_a_text_in_a_colour_too_light_for_letters_gets_the_darker_one_and_a_bar_keeps_it():
    names = {f"var(--{name})": colour for colour, name in VARIABLES.items()}
    for light, dark in TOO_LIGHT.items():
        style = f'style="fill: {names[light]}"'
        source = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="4" height="4" '
            f'{style}/><text x="1" y="1" {style}>a</text></svg>'
        )
        shown, _foreign = inline_svg(source, "figure-a", "a")
        assert re.search(rf"<rect[^>]*{re.escape(light)}", shown)
        assert re.search(rf"<text[^>]*{re.escape(dark)}", shown)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_apostrophe_is_as_narrow_as_its_word(language):
    """The font for Chinese draws ’ as wide as a character."""

    def draw() -> object:
        figure, axes = parts.new_figure(height=1)
        axes.set_title("Volvo’s share of the rivals’ “market”")
        return figure

    numbers = make_table("a", _("A"), pd.DataFrame({"account_id": ["1"]}), "account_id")
    picture = draw_svg(Figure("a", _("A"), _("B"), _("C"), draw, numbers), language)
    assert "Volvo's" in picture
    assert "rivals'" in picture
    assert language == "zh" or not set(picture) & set("‘’“”")
    page = finish_page(Markup("<p>Volvo’s，所谓“二八”</p>"), language, "a")
    assert ("Volvo's" in page) == (language == "zh")
    assert "“二八”" in page
