"""``kam start``: the conversation about an export, from its questions to the card."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kamresearch.data.start import Looked, Question, draft_mapping, look, mapping_text, read_cells
from kamresearch.errors import DataError
from kamresearch.language import Text, render, use_language
from kamresearch.language import message as _
from kamresearch.places import find_path
from kamresearch.publishing.progress import waiting
from kamresearch.yamlfile import read_keys


@dataclass(frozen=True)
class Terminal:
    """Where words go and answers come from, in one language."""

    language: str
    echo: Callable
    prompt: Callable

    def say(self, text: Text) -> None:
        """One line."""
        self.echo(render(text, self.language))

    @property
    def listens(self) -> bool:
        """Whether somebody can answer."""
        return sys.stdin.isatty()


def run_start(
    export: str,
    mapping: Path | None,
    answers: Path | None,
    yes: bool,
    force: bool,
    terminal: Terminal,
) -> bool:
    """Look, ask, write, show; whether what was read can be published.

    Raises
    ------
    DataError
        Nothing can be read, an answer is none, or a mapping is there already.
    """
    with use_language(terminal.language):  # reasons become part of the mapping
        return _start(find_path(export), mapping, answers, yes, force, terminal)


def _start(
    source: str,
    mapping: Path | None,
    answers: Path | None,
    yes: bool,
    force: bool,
    terminal: Terminal,
) -> bool:
    target = mapping or _place(source)
    if target.exists() and not force:
        raise DataError(
            str(target), "no mapping yet", "one that is there", "add --force to write over it"
        )
    with waiting("Looking at the export"):
        looked = look(source)
    for line in looked.unread:
        terminal.say(_("not read: {file}", file=line))
    for line in _doubts(looked):
        terminal.say(line)
    told = _read_answers(answers)
    with waiting("Drafting a mapping"):
        draft = draft_mapping(looked, told)
    open_questions = [one for one in draft.questions if one.id not in told]
    if open_questions:
        _list(open_questions, terminal)
    if open_questions and not yes:
        if not terminal.listens:
            return _tell_answers(open_questions, terminal)
        draft = draft_mapping(looked, told | _ask(open_questions, terminal))
    if draft.open:
        return _tell_answers(draft.open, terminal)
    target.write_text(mapping_text(draft, terminal.language), encoding="utf-8")
    terminal.say(_("written: {file}", file=str(target)))
    return _show(source, target, read_cells(looked, draft), terminal)


def _doubts(looked: Looked) -> list[Text]:
    """What is doubted of the files themselves, before their columns are looked at."""
    from kamresearch.data.checks.words import CHECKS

    return [
        _(
            "{file}: {doubt} ({first}). {remedy}",
            file=raw.where,
            doubt=CHECKS[code].title,
            first=first,
            remedy=CHECKS[code].remedy,
        )
        for raw in looked.raw.values()
        for code, _column, _n, first in raw.notes
    ]


def _place(source: str) -> Path:
    """Beside the export: inside a folder, where it is used unasked; else named after the file."""
    if "://" in source or source.startswith("spark:"):
        return Path("mapping.yml")
    path = Path(source)
    return path / "mapping.yml" if path.is_dir() else path.with_name(f"{path.stem}.mapping.yml")


def _read_answers(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    content = read_keys(path, "write `id: answer`", texts=True)
    return {name: str(value) for name, value in content.items()}


def _list(questions: Sequence[Question], terminal: Terminal) -> None:
    """Every open question at once."""
    terminal.say(_("Open questions: {n}", n=len(questions)))
    for number, one in enumerate(questions, 1):
        terminal.echo(f"  {number}. [{one.id}] {render(one.text, terminal.language)}")
        if one.options:
            terminal.echo("     " + " | ".join(one.options))
        if one.usual:
            usual = _("usual: {answer}", answer=one.usual)
            terminal.echo("     " + render(usual, terminal.language))


def _ask(questions: Sequence[Question], terminal: Terminal) -> dict[str, str]:
    """Answers one by one; an empty one takes what is usual."""
    found = {}
    for number, one in enumerate(questions, 1):
        answer = str(terminal.prompt(f"{number}. {one.id}", default=one.usual)).strip()
        if answer:
            found[one.id] = answer
    return found


def _tell_answers(questions: Sequence[Question], terminal: Terminal) -> bool:
    """Nothing is written: how the questions are answered by a file."""
    terminal.say(_("Nothing was written. Answer in a file such as:"))
    for one in questions:
        answer = one.usual or (one.options[0] if one.options else "")
        terminal.echo(f"  {one.id}: {answer}")
    terminal.say(_("and call kam start again with --answers FILE, or take what is usual: --yes."))
    return False


def _show(
    source: str, target: Path, cells: tuple[tuple[str, str, str], ...], terminal: Terminal
) -> bool:
    """The card on screen and as a page, and the one command that publishes."""
    from kamresearch.publishing.planning.audit import audit

    with waiting("Opening and checking the data"):
        facts, card = audit(source, str(target))
    card = replace(card, cells=cells)
    for line in card.lines(terminal.language):
        terminal.echo(line)
    page = target.with_name(target.name.removesuffix(".yml") + ".card.html")
    page.write_text(card.html(terminal.language), encoding="utf-8")
    terminal.say(_("as a page: {file}", file=str(page)))
    if facts["errors"]:
        terminal.say(
            _("Mend what stands under errors, then: {command}", command=_check(source, target))
        )
        return False
    terminal.say(_("Hold it against the ledger, then: {command}", command=_publish(source, target)))
    return True


def _check(source: str, target: Path) -> str:
    return f"kam check {_quoted(source)} --mapping {_quoted(str(target))}"


def _publish(source: str, target: Path) -> str:
    return f"kam publish --data {_quoted(source)} --mapping {_quoted(str(target))}"


def _quoted(text: str) -> str:
    from shlex import quote

    return quote(text)
