"""The page of one subject: what its study hands on of it, on one sheet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from markupsafe import Markup

from kamresearch.figures.theme import clean
from kamresearch.language import tongue
from kamresearch.language.format import format_quantity
from kamresearch.publishing.pages.context import RenderContext
from kamresearch.publishing.pages.shell import fill, finish_page
from kamresearch.publishing.pages.subjects import Subjects, index_of
from kamresearch.publishing.pages.surroundings import Surroundings
from kamresearch.publishing.pages.views import choose, facts_of, table_view
from kamresearch.studies import Study
from kamresearch.studies.kinds import (
    ColumnHead,
    FactsPart,
    ProfilesOutput,
    RowsPart,
    TableOutput,
)
from kamresearch.studies.outputs import iterate_outputs

SHARING = 25
"""Pages that share one cut of the font: cutting is what takes longest, and what weighs most."""

WIDE, HIGH = 720, 96
"""Size of a picture of bars, without its labels."""


def render_profiles(
    notebook: Mapping, study: Study, language: str, context: RenderContext
) -> Iterator[tuple[str, str]]:
    """The pages of all subjects that a notebook hands on.

    Parameters
    ----------
    notebook : mapping
        The executed notebook.
    study : Study
        Whose it is.
    language : str
        One of the version's languages.
    context : RenderContext
        The version around the pages.

    Yields
    ------
    tuple of str
        Address within the version, and the page.
    """
    for profiles in iterate_outputs(notebook, ProfilesOutput):
        subjects = next(one for one in context.subjects if one.id == profiles.id)
        index = index_of(notebook, profiles)
        rows = {str(row[0]): row for row in index.rows}
        for start in range(0, len(subjects.keys), SHARING):
            keys = subjects.keys[start : start + SHARING]
            with context.manifest.data.told():
                pages = [
                    _Profile(context, study, language, subjects, profiles, index, rows[key])
                    for key in keys
                ]
                bodies = [fill("profile.html.j2", language, page=page) for page in pages]
            titles = [f"{page.title} · {page.label}" for page in pages]
            glyphs = "".join((*bodies, *titles))  # one text for all: its font is looked up once
            for key, title, body in zip(keys, titles, bodies, strict=True):
                html = finish_page(body, language, title, kind="profile", glyphs=glyphs)
                yield cast(str, subjects.page(key, language)), html


class _Profile(Surroundings):
    """What the template asks of a subject's page, which lies one folder down."""

    def __init__(
        self,
        context: RenderContext,
        study: Study,
        language: str,
        subjects: Subjects,
        profiles: ProfilesOutput,
        index: TableOutput,
        row: list,
    ) -> None:
        super().__init__(context, language, study)
        self.subjects, self.profiles, self.index, self.row = subjects, profiles, index, row
        self.key = str(row[0])
        self.title = clean(str(row[1] or row[0]))
        self.lead = choose(profiles.lead, language)
        self.simulated = profiles.simulated

    @property
    def home(self) -> str:
        """The version's front door."""
        return "../" + super().home

    @property
    def shelf(self) -> str | None:
        """The shelf of all versions."""
        return super().shelf and "../" + cast(str, super().shelf)

    @property
    def all(self) -> str:
        """The table of all subjects."""
        page = self.context.page(cast(Study, self.study).name, self.language)
        return f"../{page}#table-{self.profiles.id}"

    @property
    def language_links(self) -> list[tuple[str, str, str | None]]:
        """Code, name and address of each language; no address for this page's own."""
        own = [(code, self.subjects.page(self.key, code)) for code in self.context.languages]
        return [
            (code, tongue(code).name, None if code == self.language else f"../{page}")
            for code, page in own
        ]

    @property
    def parts(self) -> list[dict]:
        """What is said of the subject, in order; a part without anything is left out."""
        made = [self._part(part) for part in self.profiles.parts]
        return [one for one in made if one]

    def _part(self, part: FactsPart | RowsPart) -> dict | None:
        title, language = choose(part.title, self.language), self.language
        if isinstance(part, FactsPart):
            facts = facts_of(self.index.columns, self.row, part.names, language)
            return {"form": part.form, "title": title, "facts": facts} if facts else None
        rows = part.rows.get(self.key)
        if not rows:
            return None
        told = {"form": part.form, "title": title}
        if part.form == "bars":
            return {**told, **bars_view(rows, part.columns, language)}
        id = f"{self.profiles.id}-{self.profiles.parts.index(part)}"
        total = (part.totals or {}).get(self.key, len(rows))
        table = TableOutput(
            id, part.title, part.caption, part.columns, rows, total, len(rows), simulated=False
        )
        return {**told, "table": table_view(table, language)}


def bars_view(rows: list[list], columns: Sequence[ColumnHead], language: str) -> dict:
    """Periods and heights as bars, with a mark where something happened, and the same in words.

    Parameters
    ----------
    rows : list
        Period, height and, where there is a third, the code of what happened.
    columns : sequence of ColumnHead
        Their heads, units and terms.
    language : str
        Of the labels.
    """
    heights = [float(row[1] or 0.0) for row in rows]
    top, bottom = max(0.0, *heights), min(0.0, *heights)
    span = (top - bottom) or 1.0
    step = WIDE / len(rows)
    zero = HIGH * top / span

    def label(value: float) -> str:
        return format_quantity(value, columns[1].unit, language)

    bars = []
    for place, (row, height) in enumerate(zip(rows, heights, strict=True)):
        code = row[2] if len(row) > 2 else ""
        terms = columns[2].terms if len(row) > 2 else {}
        told = choose(terms[code], language) if code in terms else clean(str(code or ""))
        period = format_quantity(row[0], columns[0].unit, language)
        bars.append(
            {
                "x": round(place * step + step * 0.12, 1),
                "middle": round((place + 0.5) * step, 1),
                "width": round(step * 0.76, 1),
                "y": round(min(zero, zero - HIGH * height / span), 1),
                "height": round(abs(HIGH * height / span), 1),
                "title": f"{period}: {label(height)}" + (f" ({told})" if told else ""),
                "mark": bool(told),
                "period": period if place in (0, len(rows) - 1) or _turns(rows, place) else "",
            }
        )
    return {
        "bars": bars,
        "top": label(top),
        "zero": round(zero, 1),
        "width": WIDE,
        "high": HIGH,
        "marked": any(bar["mark"] for bar in bars),
        "alt": " ".join(Markup.escape(bar["title"]) + ";" for bar in bars),
    }


def _turns(rows: list[list], place: int) -> bool:
    """Whether a year begins here, far enough from both ends to be named."""
    period = str(rows[place][0])
    return period.endswith("-01") and 2 < place < len(rows) - 3
