"""The one door through which a study sees what others gave: questions with answers, and a list of
those that a run asked, so that it need not run again while each answer is the same.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kamresearch.finding import Finding, Findings
from kamresearch.studies.kinds import FactsOutput, FindingsOutput, ProposalsOutput, TableOutput
from kamresearch.studies.outputs import account_rows, iterate_outputs, read_notebook, table_frame

if TYPE_CHECKING:
    import pandas as pd

Question = tuple[str, str]
"""What is asked, one of `QUESTIONS`, and about which id; empty where it is about all."""


@dataclass(frozen=True)
class Given:
    """What one study gave that another may ask for, as its executed notebook holds it."""

    findings: tuple[Mapping, ...] = ()
    tables: Mapping[str, TableOutput] = field(default_factory=dict)
    facts: tuple[list, ...] = ()
    proposals: tuple[list, ...] = ()

    @classmethod
    def of_notebook(cls, notebook: Mapping) -> "Given":
        """What an executed notebook gave."""
        kinds = (FindingsOutput, TableOutput, FactsOutput, ProposalsOutput)
        said = list(iterate_outputs(notebook, *kinds))
        tables = [one for one in said if isinstance(one, TableOutput)]
        return cls(
            tuple(row for one in said if isinstance(one, FindingsOutput) for row in one.findings),
            {one.id: one for one in reversed(tables)},
            tuple(row for one in said if isinstance(one, FactsOutput) for row in one.rows),
            tuple(row for one in said if isinstance(one, ProposalsOutput) for row in one.rows),
        )


class Others(dict[str, Given]):
    """What the studies gave that one reads, by name, in the order in which it names them."""

    @classmethod
    def named(cls, reads: Iterable[str], given: Mapping[str, Given]) -> "Others":
        """Of what studies gave, that of those which are named, in that order."""
        return cls((name, given[name]) for name in reads if name in given)

    def answer(self, question: Question) -> Any:
        """The answer to a question, as plain values."""
        kind, about = question
        return QUESTIONS[kind](self, about)

    def rows(self) -> Iterable[Mapping]:
        """All their findings, one row each."""
        return (row for given in self.values() for row in given.findings)

    def table(self, id: str) -> TableOutput | None:
        """The first table of an id."""
        return next((given.tables[id] for given in self.values() if id in given.tables), None)


def _columns_and_rows(others: Others, id: str) -> list | None:
    table = others.table(id)
    heads = table and [[one.name, one.terms] for one in table.columns]
    return table and [heads, table.rows]


QUESTIONS: Mapping[str, Callable[[Others, str], Any]] = {
    "finding": lambda others, name: next((row for row in others.rows() if row["id"] == name), None),
    "is there": lambda others, name: any(row["id"] == name for row in others.rows()),
    "ids": lambda others, _: [row["id"] for row in others.rows()],
    "headlines": lambda others, _: [row for row in others.rows() if row["headline"]],
    "table": _columns_and_rows,
    "facts": lambda others, _: {name: list(given.facts) for name, given in others.items()},
    "proposals": lambda others, _: {name: list(given.proposals) for name, given in others.items()},
}
"""What a study may ask of others."""


class Readings:
    """What was asked in this process, and whether anybody went past the door."""

    def __init__(self) -> None:
        self.asked: set[Question] = set()
        self.past: list[str] = []
        """Files in the others' folder that were opened otherwise"""
        self._at_the_door = False

    def note(self, kind: str, about: str = "") -> None:
        """Remember a question."""
        self.asked.add((kind, about))

    @contextmanager
    def door(self) -> Any:
        """While the door itself opens notebooks."""
        self._at_the_door = True
        try:
            yield
        finally:
            self._at_the_door = False

    def guard(self, folder: str) -> None:
        """Notice every file of a folder that Python opens or lists past the door, from now on."""
        inside = (os.path.abspath(folder), os.path.realpath(folder))  # noqa: PTH100

        def look(event: str, arguments: tuple) -> None:
            if event not in ("open", "os.listdir", "os.scandir") or self._at_the_door:
                return
            path = arguments[0]
            if isinstance(path, (str, bytes, os.PathLike)):
                place = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
                if place.startswith(inside):
                    self.past.append(place)

        sys.addaudithook(look)

    def told(self) -> list[Question] | None:
        """Every question; None where these are not all that was read."""
        return None if self.past else sorted(self.asked)


READINGS = Readings()
"""Those of this process: a kernel runs one study."""


class AskedFindings(Findings):
    """Findings of others that notice which of them are asked for."""

    def __init__(self, rows: Iterable[Mapping], note: Callable[..., None]) -> None:
        super().__init__(Finding.from_dict(row) for row in rows)
        self._note = note

    def __getitem__(self, finding_id: str) -> Finding:
        self._note("finding", finding_id)
        if finding_id not in self._by_id:
            self._note("ids")  # the error names near ones
        return super().__getitem__(finding_id)

    def get(self, finding_id: str, default: Any = None) -> Any:
        """The finding of an id, or what stands for none."""
        self._note("finding", finding_id)
        return super().get(finding_id, default)

    def __contains__(self, finding_id: object) -> bool:
        self._note("is there", str(finding_id))
        return super().__contains__(finding_id)

    def __iter__(self) -> Any:
        self._note("ids")
        return super().__iter__()

    def __len__(self) -> int:
        self._note("ids")
        return super().__len__()

    def headlines(self) -> list[Finding]:
        """Those that the shelf and the briefing show first."""
        self._note("headlines")
        return [one for one in self._by_id.values() if one.headline]


class Door:
    """What a running study asks of those that it reads; each question is noted.

    Parameters
    ----------
    paths : mapping
        Name → notebook of each study that it reads, where there is one.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        with READINGS.door():
            self._others = Others(
                {name: Given.of_notebook(read_notebook(path)) for name, path in paths.items()}
            )
        self.findings = AskedFindings(self._others.rows(), READINGS.note)

    def table(self, id: str) -> "pd.DataFrame | None":
        """A table as a frame; None where none of them showed one of this id."""
        READINGS.note("table", id)
        table = self._others.table(id)
        return None if table is None else table_frame(table)

    def accounts(self, kind: Literal["facts", "proposals"]) -> "pd.DataFrame":
        """What they told of accounts, or would do for them, with the column ``study``."""
        import pandas as pd

        READINGS.note(kind)
        parts = [
            account_rows(getattr(given, kind), kind).assign(study=name)
            for name, given in self._others.items()
        ]
        return pd.concat([account_rows((), kind).assign(study=[]), *parts], ignore_index=True)
