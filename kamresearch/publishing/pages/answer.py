"""What a study's page says first: its answer, and what each of its figures shows, both built from
findings.
"""

import re
from collections.abc import Iterable
from typing import cast

from kamresearch.finding import Finding, Findings
from kamresearch.language import Text
from kamresearch.studies import Study

SENTENCES = 3
"""Sentences of an answer at most: what a reader takes in before deciding to read on."""


def answering(study: Study, findings: Findings, language: str) -> list[Finding]:
    """The findings whose sentences answer a study's question, as many as three sentences hold.

    A study that names none is answered by its headlines. One without a value has no sentence, and
    is passed over; empty where none has one.
    """
    named = [findings[id] for id in study.answer if id in findings] or findings.headlines()
    chosen, room = [], SENTENCES
    for finding in named:
        if finding.value is None or finding.sentence is None:
            continue
        length = count_sentences(finding.sentence.render(language))
        if length <= room:
            chosen.append(finding)
            room -= length
    return chosen


def unanswered(study: Study, findings: Findings) -> Finding | None:
    """The finding that says why a study without an answer has none."""
    named = [findings[id] for id in study.answer if id in findings] or findings.headlines()
    return next((one for one in named if one.value is None), None)


def count_sentences(text: str) -> int:
    """Sentences of a text, in either language.

    >>> count_sentences("It fell by 1.5%. Why? Price."), count_sentences("下降了 1.5%。原因未知。")
    (3, 2)
    """
    return len(re.findall(r"[.!?…](?=\s|$)|[。！？]", text)) or 1


def pictured(study: Study, answer: Iterable[Finding], shown: Iterable[str]) -> str:
    """Id of the figure beside the answer: the one that the study names, else one that shows a
    finding of the answer; empty where the page holds neither.
    """
    held = set(shown)
    wanted = [study.answer_figure, *(one.figure for one in answer)]
    return next((id for id in wanted if id in held), "")


def statements(findings: Findings, language: str) -> dict[str, str]:
    """Figure → what it shows, in the words of the first finding that it pictures; headlines come
    before the others.
    """
    told = [
        one for one in findings.values() if one.figure and one.sentence and one.value is not None
    ]
    ordered = sorted(told, key=lambda one: not one.headline)
    return {
        cast(str, one.figure): cast(Text, one.sentence).render(language)
        for one in reversed(ordered)
    }
