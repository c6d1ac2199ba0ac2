"""What every study must say first, whatever the company: shared by tests of the case and of others."""

import re

from kamresearch.language import LANGUAGES
from kamresearch.publishing.pages.answer import (
    SENTENCES,
    answering,
    count_sentences,
    pictured,
    statements,
    unanswered,
)
from kamresearch.studies.kinds import FigureOutput
from kamresearch.studies.outputs import iterate_outputs, read_findings

SCHOLARLY = re.compile(
    r"log.?loss|brier|\bslope|\bauc\b|p.?value|\bgini|\bhhi\b|silhouette|对数损失|布里尔|斜率|p 值|基尼",
    re.IGNORECASE,
)
"""Terms of statisticians, which belong into the evidence."""


def opens_with_an_answer(study, notebook) -> bool:
    """Whether a study has an answer here; fails where what it says first breaks the rules."""
    findings = read_findings(notebook)
    shown = [one.id for one in iterate_outputs(notebook, FigureOutput)]
    told = {}
    for language in LANGUAGES:
        answer = answering(study, findings, language)
        words = [one.sentence.render(language) for one in answer]
        assert sum(map(count_sentences, words)) <= SENTENCES
        assert not [text for text in words if SCHOLARLY.search(text)]
        assert study.decides is not None
        if not words:
            assert unanswered(study, findings) is not None, (
                "neither an answer nor why there is none"
            )
        told[language] = answer
        assert set(statements(findings, language)) <= set(study.promised.figures)
        assert pictured(study, answer, shown) in (*shown, "")
    if shown and told["en"] and study.answer_figure in shown:
        assert pictured(study, told["en"], shown) == study.answer_figure
    return bool(told["en"])
