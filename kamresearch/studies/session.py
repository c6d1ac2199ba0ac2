"""The session of one study: what a notebook opens in its first cell and talks to until its last.

study = kam.open_study("sales_trend", vars())
result = kam.trend.study_trend(study.tables, study.params)
study.present(result)
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property, partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from kamresearch import rich
from kamresearch.data.people import PEOPLE, name_managers
from kamresearch.display import Column, Figure, Followed, Part, Profiles, Table, table_html
from kamresearch.errors import StudyError
from kamresearch.figures.theme import draw_svg
from kamresearch.finding import Finding, Findings, cards, mark_simulated, plain
from kamresearch.language import LANGUAGES, Text, data_words, render, render_all, words_of
from kamresearch.language.format import money_in
from kamresearch.result import Missing, Result, Shown, needs_table
from kamresearch.studies.case import case_folder, own_values, read_story
from kamresearch.studies.declaration import Study, StudyParams, find_study
from kamresearch.studies.kinds import (
    AbsentOutput,
    CardsOutput,
    CaveatOutput,
    ColumnHead,
    FactsOutput,
    FactsPart,
    FigureOutput,
    FindingsOutput,
    FollowedBy,
    OutcomesOutput,
    Output,
    PredictionsOutput,
    ProfilesOutput,
    ProposalsOutput,
    RowsPart,
    StoryOutput,
    TableOutput,
    TextOutput,
    Texts,
    read_output,
)
from kamresearch.studies.outputs import (
    FACTS,
    MIME,
    PROPOSALS,
    read_outcomes,
    read_predictions,
)
from kamresearch.studies.places import findings_folder, resolve_path
from kamresearch.studies.readings import Door

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

ROWS_KEPT = 10_000
"""Rows of a table that travel through the notebook into ``tables/*.csv``; a longer one says
that it was cut.
"""


class Session:
    """A running study. Shows, exports and reads; computes nothing."""

    def __init__(self, study: Study, params: StudyParams) -> None:
        self.study, self.params = study, params

    @cached_property
    def tables(self) -> "Tables":
        """The account data, opened once, sliced by the ``where`` parameter."""
        tables = _open(self.params.data, self.params.mapping)
        return tables.where(self.params.where) if self.params.where else tables

    @property
    def module(self) -> ModuleType:
        """The module that declares the study: where one outside the package keeps its functions."""
        return sys.modules[self.study.params.__module__]

    @cached_property
    def _door(self) -> Door:
        read = {name: find_study(name) for name in self.study.reads}
        saved = not self.params.findings
        folder = findings_folder(self.params.findings)
        found = {
            name: one.path if saved else folder / f"{one.notebook}.ipynb"
            for name, one in read.items()
        }
        return Door({name: path for name, path in found.items() if path.exists()})

    @property
    def evidence(self) -> Findings:
        """The findings of the studies that this one reads (from the version being made, else
        as last saved).
        """
        return self._door.findings

    def read_table(self, table_id: str) -> pd.DataFrame | None:
        """A table of one of the studies that this one reads; None where it did not run or had
        none.
        """
        return self._door.table(table_id)

    def read_accounts(self, kind: Literal["facts", "proposals"]) -> pd.DataFrame:
        """What the studies that this one reads told of accounts (``facts``) or would do for them
        (``proposals``), with the column ``study``.
        """
        return self._door.accounts(kind)

    def export(
        self, *findings: Finding | Iterable[Finding], uses: tuple[str, ...] | None = None
    ) -> None:
        """Hand findings on; those that rest on simulated tables are marked so."""
        flat = [one for item in findings for one in ([item] if isinstance(item, Finding) else item)]
        if self._simulated(uses):
            flat = [mark_simulated(finding) for finding in flat]
        lines = [_plain_line(finding) for finding in Findings(flat).values()]
        with self._reading():
            written = [finding.to_dict() for finding in flat]
            looks = {"text/html": cards(flat, self.params.languages[0])}
        _give("\n".join(lines), FindingsOutput(written), looks)

    def tell(self, facts: pd.DataFrame) -> None:
        """Hand on what the study knows of each account, for its record.

        ``facts``: account_id, fact, value, unit, source, as_of; one row a fact.
        """
        self._hand_on(FactsOutput, facts, FACTS)

    def propose(self, proposals: pd.DataFrame) -> None:
        """Hand on what the study would do for each account.

        ``proposals``: account_id, kind, why, expected_gain, low, high, cost, hours, due, owner,
        evidence; one row a proposal.
        """
        self._hand_on(ProposalsOutput, proposals, PROPOSALS)

    def _hand_on(
        self,
        output: type[FactsOutput | ProposalsOutput],
        frame: pd.DataFrame,
        columns: tuple[str, ...],
    ) -> None:
        missing = [name for name in columns if name not in frame]
        if missing:
            raise StudyError(
                f"{output.kind} of {self.study.name}",
                f"the columns {', '.join(columns)}",
                f"no {', '.join(missing)}",
                "add them to the frame",
            )
        kept = frame[list(columns)].head(ROWS_KEPT)
        rows = [[_cell(value) for value in row] for row in kept.itertuples(index=False)]
        _give(f"{output.kind}: {len(frame)} rows", output(list(columns), rows, len(frame)))

    def highlight(self, *findings: Finding) -> None:
        """Show findings of this or another study as cards; they stay exported by the study
        that made them.
        """
        lines = [_plain_line(finding) for finding in findings]
        with self._reading():
            looks = {"text/html": cards(findings, self.params.languages[0])}
        _give("\n".join(lines), CardsOutput([one.to_dict() for one in findings]), looks)

    def show(self, *items: Figure | Table, uses: tuple[str, ...] | None = None) -> None:
        """Show figures and tables, each figure once per language."""
        for item in items:
            if isinstance(item, Figure):
                for language in self.params.languages:
                    with data_words(self._words):
                        picture = draw_svg(item, language)
                    with self._reading():
                        _show_figure(item, picture, language, self._simulated(uses))
            else:
                with self._reading():
                    _show_table(item, self.params.languages[0], self._simulated(uses))

    def profile(self, profiles: Profiles) -> None:
        """Show all subjects as a table, and hand on what stands on the page of each."""
        self.show(profiles.index)
        with self._reading():
            parts = tuple(_part_content(part, set(profiles.keys)) for part in profiles.parts)
        id, keys, lead = profiles.index.id, list(profiles.keys), render_all(profiles.lead)
        tables = [part for part in parts if isinstance(part, RowsPart)]
        told = [row for part in tables for rows in part.rows.values() for row in rows]
        line = f"profiles {id}: {len(keys)} pages, digest {content_digest(told)}"
        _give(line, ProfilesOutput(id, keys, lead, parts, self._simulated(None)))

    def say(self, *texts: Text) -> None:
        """Show paragraphs made from findings, so that prose stays true when parameters change."""
        self._notice(TextOutput, texts)

    def caution(self, *texts: Text) -> None:
        """Show caveats: what the numbers above cannot carry."""
        self._notice(CaveatOutput, texts)

    def absent(self, *ids: str, reason: Text) -> None:
        """Say why declared figures, tables or sections are not here: a table is missing, too
        few accounts.
        """
        self._notice(partial(AbsentOutput, ids=list(ids)), (reason,))

    def predict(self, frame: pd.DataFrame, label: Text) -> None:
        """Seal statements about the future, so that a later version can score them.

        Parameters
        ----------
        frame : DataFrame
            From `kamresearch.analysis.record.make_predictions`; one statement an account.
        label : Text
            What is stated, as the record will name it.
        """
        if frame.empty:
            return
        name, due = frame["prediction"].iloc[0], frame["due"].max().date().isoformat()
        known = self._revenue_by(frame["issued"].iloc[0])
        values = frame.drop(columns="account_id").nunique(dropna=False)
        same = {column: _cell(frame[column].iloc[0]) for column in values.index[values == 1]}
        told = frame.drop(columns=list(same))
        stated = PredictionsOutput(
            prediction=name,
            label=render_all(label),
            columns=list(told.columns),
            rows=[[_cell(value) for value in row] for row in told.itertuples(index=False)],
            same=same,
            known_revenue=round(float(known.sum()), 4),
            known_by_account=frame["account_id"].map(known).fillna(0.0).round(4).tolist(),
            simulated=self._simulated(None),
        )
        _give(f"predictions {name}: {len(frame)} until {due}", stated)

    def _revenue_by(self, day: pd.Timestamp) -> pd.Series:
        """Revenue of each account up to a day: by it the record tells whether the past changed."""
        orders = self.tables.orders
        upto = orders.filter(orders.order_date <= day.date())
        sums = upto.group_by("account_id").agg(revenue=upto.revenue.sum()).to_pandas()
        return sums.set_index(sums["account_id"].astype(str))["revenue"].fillna(0.0).sort_index()

    @cached_property
    def earlier_predictions(self) -> pd.DataFrame:
        """What earlier versions of the same company stated; publishing hands it over, and without
        it there is nothing to score. Words for each prediction stand in ``attrs["labels"]``.
        """
        return read_predictions(one for one in self._earlier if isinstance(one, PredictionsOutput))

    @cached_property
    def earlier_outcomes(self) -> pd.DataFrame:
        """What earlier versions saw come of earlier statements; empty where none looked."""
        return read_outcomes(one for one in self._earlier if isinstance(one, OutcomesOutput))

    @cached_property
    def _earlier(self) -> list[Output | None]:
        path = os.environ.get("KAM_PREDICTIONS", "")
        stated = json.loads(Path(path).read_text("utf-8")) if path else []
        return [read_output(one) for one in stated]

    def settle(self, frame: pd.DataFrame) -> None:
        """Seal what came of earlier statements, so that a later version tells if data changed.

        Parameters
        ----------
        frame : DataFrame
            outcome, account_id, issued, due, actual: what no earlier version saw, or saw otherwise.
        """
        if frame.empty:
            return
        rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
        _give(f"outcomes: {len(frame)}", OutcomesOutput(rows=rows))

    def tell_story(self) -> None:
        """Show what the case itself says about this study; a page lays each part to its section.
        Where pseudonyms stand for names it says nothing: its words may hold them.
        """
        if os.environ.get("KAM_NO_STORY"):
            return
        folder = case_folder(self.params.data, self.params.mapping)
        for language in self.params.languages:
            story = read_story(folder, self.study.name, language, self.params.as_of)
            if story is None:
                continue
            for section, paragraphs in story.parts.items():
                head = f"{story.who}: {section}" if section else f"{story.who}:"
                said = StoryOutput(language, section, story.who, list(paragraphs))
                _give("\n".join([head, *paragraphs]), said)

    def lacks(self, table: str, *ids: str) -> bool:
        """True, with a notice in place of the ids, when an optional table is missing."""
        if self.tables.has(table):
            return False
        self.absent(*ids, reason=needs_table(table))
        return True

    def has(self, *tables: str, of: type[Result]) -> bool:
        """Whether the data have these optional tables; where not, says so in place of the result
        that needs them.
        """
        return not any(self.lacks(table, *of.promised()) for table in tables)

    def present(
        self, result: Result, part: str = "", *, uses: tuple[str, ...] | None = None
    ) -> None:
        """Export, show, say and caution what a result declares, or say why not.

        Parameters
        ----------
        result : Result
            What an analysis gave; a `Missing` is told as absent.
        part : str
            Where a result fills several sections, which of its tables and figures are due here. Its
            findings, sentences and caveats come with the first, which has no name.
        uses : tuple of str, optional
            The tables that it rests on, where these are not all of the study's.
        """
        if isinstance(result, Missing):
            self.absent(*result.ids, reason=result.reason)
            return
        left = [] if part else self._present_findings(result, uses)
        shown = [one for one in result.shows if one.part == part]
        for reason, group in groupby(shown, lambda one: result.why_not(one.id)):
            if reason is None:
                self.show(*(_make(result, one) for one in group), uses=uses)
            else:
                self.absent(*left, *(one.id for one in group), reason=reason)
                left = []
        if not part:
            self.say(*result.closing())
            self.caution(*(getattr(result, "caveats", ()) if result.cautions else ()))

    def conclude(self, *results: Result) -> None:
        """Say what the findings of these results say in words; one that is missing says nothing."""
        told = [finding.sentence for result in results for finding in result.findings()]
        self.say(*(sentence for sentence in told if sentence is not None))

    def _present_findings(self, result: Result, uses: tuple[str, ...] | None) -> list[str]:
        """Export a result's findings; gives the ids that it declares and does not have."""
        found = result.findings() if result.exports else []
        if found:
            self.export(found, uses=uses)
        self.say(*result.opening())
        return [id for id in result.exports if id not in {one.id for one in found}]

    def _notice(self, make: Callable[..., Output], texts: Iterable[Text]) -> None:
        """Show texts once per language, in the output that ``make`` makes of them."""
        texts = tuple(texts)
        if not texts:
            return
        for language in self.params.languages:
            with self._reading():
                spoken = [render(text, language) for text in texts]
            _give("\n".join(spoken), make(lang=language, paragraphs=spoken))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Inside, sentences name the data's currency and say data values in their own words;
        pictures do only the latter, whose axes have no room for a currency.
        """
        own = self.study.needs or self.study.wants or self.study.reads
        spoken = money_in(self.tables.currency, self.tables.measure) if own else nullcontext()
        with data_words(self._words), spoken:
            yield

    @cached_property
    def _words(self) -> dict[str, dict[str, str]]:
        """Data value → language → word, out of the table ``terms``; number of a manager → name."""
        reads = self.study.needs or self.study.wants or self.study.reads
        if not reads:
            return {}
        rows = self.tables.frame("terms").to_dict("records") if self.tables.has("terms") else []
        told = {row["value"]: {code: row.get(code) for code in LANGUAGES} for row in rows}
        words = {
            value: {code: text for code, text in texts.items() if isinstance(text, str)}
            for value, texts in told.items()
        }
        return {**name_managers(self.tables, words), **words}

    def _simulated(self, uses: tuple[str, ...] | None) -> bool:
        names = self.study.needs + self.study.wants if uses is None else uses
        return any(name in self.tables.simulated for name in names)


def _make(result: Result, shown: Shown) -> Figure | Table:
    from kamresearch.figures.registry import draw_figure

    return getattr(result, shown.by)() if shown.by else draw_figure(result, shown.id)


def _open(data: str, mapping: str) -> "Tables":
    """Account data: as publishing prepared them where it did so for these parameters, else
    from their source.
    """
    prepared = os.environ.get("KAM_PREPARED", "")
    if prepared and os.environ.get("KAM_PREPARED_FOR") == f"{data}|{mapping}":
        from kamresearch.data.prepared import open_prepared

        return open_prepared(Path(prepared))
    from kamresearch.data.sources import open_data

    return open_data(resolve_path(data), mapping=resolve_path(mapping) or None)


def open_study(name: str, namespace: Mapping[str, object]) -> Session:
    """Open a study's session from the notebook's parameters.

    Parameters
    ----------
    name : str
        The study's name.
    namespace : mapping
        The notebook's variables (``vars()``); those that are parameters of the study are validated
        and taken.
    """
    study = find_study(name)
    missing = [field for field in study.params.model_fields if field not in namespace]
    if missing:
        raise StudyError(
            f"notebook of {name}",
            "a parameters cell that names every parameter",
            f"no {', '.join(missing)}",
            "add them to the cell tagged 'parameters'",
        )
    params = study.parameters({field: namespace[field] for field in study.params.model_fields})
    # What nobody set, the case may: its brand is true of its data whoever runs the study.
    own = own_values(params.data, params.mapping, study.name)
    unset = {name: value for name, value in own.items() if namespace.get(name) == ""}
    session = Session(
        study, study.parameters({**params.model_dump(), **unset}) if unset else params
    )
    session.tell_story()
    return session


def _plain_line(finding: Finding) -> str:
    """One line of stable text for nbval: five significant digits, no clock, no path."""

    def number(value: object) -> str:
        return format(plain(value), ".5g") if isinstance(plain(value), float) else str(value)

    interval = finding.interval
    bounds = f" [{number(float(interval.low))}, {number(float(interval.high))}]" if interval else ""
    return f"{finding.id} = {number(finding.value)}{bounds} {finding.unit} (n={finding.n})"


def _give(text: str, output: Output, more: dict | None = None) -> None:
    """Leave an output in the notebook, with a text for whoever has no form for its kind."""
    _publish(text, output.to_dict(), more)


def _publish(text: str, content: dict, more: dict | None = None) -> None:
    from IPython.display import publish_display_data

    publish_display_data({"text/plain": text, **(more or {}), MIME: content})


def _frame(html: str) -> None:
    """What stands above or below a picture in a notebook; a page makes its own of the content."""
    from IPython import get_ipython

    shell = get_ipython()
    if html and shell is not None:  # outside a notebook nobody looks, and none is started for it
        shell.display_pub.publish({"text/html": html})


def _caption(table: Table) -> Texts | None:
    return None if table.caption is None else render_all(table.caption)


def _columns_content(table: Table) -> tuple[ColumnHead, ...]:
    return tuple(
        ColumnHead(
            column.name,
            column.unit,
            render_all(column.label),
            {code: render_all(term) for code, term in _terms(table, column).items()},
        )
        for column in table.columns
    )


def _terms(table: Table, column: Column) -> Mapping[str, Text]:
    """Words of a column's codes, and of those of its values that the data give words; names of
    tables and columns are no values.
    """
    if column.unit != "text" or column.name in ("table", "column"):
        return column.terms
    values = table.frame[column.name].tolist()
    people = words_of(values, people=True) if column.name in PEOPLE else {}
    return {**words_of(values), **people, **column.terms}


def _part_content(part: Part, keys: set[str]) -> FactsPart | RowsPart:
    """A part of the pages of subjects: its rows by subject, those with a page alone."""
    title = render_all(part.title)
    if part.table is None:
        return FactsPart(title, "facts", list(part.columns))
    columns = _columns_content(part.table)
    used = {column.name: set() for column in columns}
    rows: dict[str, list[list]] = {}
    held = part.table.frame[list(used)]
    held = held[held.iloc[:, 0].isin(keys)]
    subject = held.groupby(held.iloc[:, 0], sort=False)
    totals: dict[str, int] = {}
    if part.most is not None:
        totals = {_cell(key): n for key, n in subject.size().items() if n > part.most}
        held = subject.head(part.most)
    for row in held.itertuples(index=False):
        cells = [_cell(value) for value in row]
        rows.setdefault(cells[0], []).append(cells[1:])
        for name, cell in zip(used, cells, strict=True):
            used[name].add(cell)
    spoken = tuple(
        replace(one, terms={code: one.terms[code] for code in one.terms if code in used[one.name]})
        for one in columns[1:]
    )
    form = "bars" if part.bars else "rows"
    return RowsPart(title, form, _caption(part.table), spoken, rows, totals or None)


def table_content(table: Table, simulated: bool) -> TableOutput:
    """A table as it leaves the kernel: rows as data, heads and coded values in every language."""
    frame = table.frame.head(ROWS_KEPT)
    columns = _columns_content(table)
    rows = [
        [_cell(value) for value in row]
        for row in frame[[c.name for c in table.columns]].itertuples(index=False)
    ]
    return TableOutput(
        table.id,
        render_all(table.title),
        _caption(table),
        columns,
        rows,
        rows_total=len(table.frame),
        rows_shown=table.rows_shown,
        simulated=simulated,
        cards=table.cards,
        followed=None if table.followed is None else _followed_by(table.followed),
    )


def _followed_by(one: Followed) -> FollowedBy:
    left = {key: render_all(word) for key, word in one.left.items()}
    return FollowedBy(render_all(one.title), one.key, one.name, one.state, left)


def _cell(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat() if value == value.normalize() else value.isoformat()
    value = plain(value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _show_table(table: Table, language: str, simulated: bool) -> None:
    output = table_content(table, simulated)
    html = table_html(table, language)
    _give(_table_line("table", table.id, output), output, {"text/html": html})


def figure_output(figure: Figure, language: str, simulated: bool) -> FigureOutput:
    """A figure as a notebook keeps it in a language, beside its picture."""
    return FigureOutput(
        figure.id,
        language,
        simulated,
        title=render(figure.title, language),
        caption=render(figure.caption, language),
        alt=render(figure.alt, language),
        data=table_content(figure.data, simulated),
        says=render(figure.says, language) if figure.says is not None else "",
    )


def _show_figure(figure: Figure, picture: str, language: str, simulated: bool) -> None:
    output = figure_output(figure, language, simulated)
    _frame(rich.heading(output.title))
    _give(_table_line("figure", figure.id, output.data), output, {"image/svg+xml": picture})
    _frame(rich.below(output.caption))


def _table_line(kind: str, id: str, table: TableOutput) -> str:
    """Stable text for nbval: how many rows, and a digest of all they hold."""
    return f"{kind} {id}: {table.rows_total} rows, digest {content_digest(table.rows)}"


def content_digest(rows: list[list]) -> str:
    """Eight hex digits that change when a cell of a table changes: numbers count with three
    significant digits, since the last ones differ from one processor to another.

    >>> content_digest([["a", 586.04]]) == content_digest([["a", 586.04 * (1 + 1e-9)]])
    True
    >>> content_digest([["a", 586.04]]) == content_digest([["a", 3 * 586.04]])
    False
    """
    rounded = [
        [format(cell, ".3g") if isinstance(cell, float) else cell for cell in row] for row in rows
    ]
    return sha256(json.dumps(rounded, ensure_ascii=False).encode()).hexdigest()[:8]
