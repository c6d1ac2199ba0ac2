"""An executed notebook made by hand: every kind of output, both languages, with data values as
hostile as asked for.
"""

from dataclasses import replace
from unittest.mock import patch

import pandas as pd

from kamresearch.display import Column, Figure, make_table
from kamresearch.figures import parts
from kamresearch.finding import Finding, Findings, Interval
from kamresearch.language import Fixed, message
from kamresearch.publishing.pages.context import RenderContext
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.studies import Study, StudyParams, session
from kamresearch.studies.kinds import ColumnHead, TableOutput

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>document.title='owned'</script>",
    "[click](javascript:alert(1))",
    '=HYPERLINK("http://example.org","x")',
    "abc\u202egnp.exe",
    "长" * 2500 + "x" * 2500,
    "🚗 Fleet 客户 \U0001f468\u200d\U0001f4bc",
    "'\"><svg onload=alert(1)>",
    "{{ 7*7 }} {% raw %}",
    "$x^2$ \\frac{a}{b}",
    "@import url(http://example.org)",
    "&lt;b&gt; &amp;",
)


def text(en: str, zh: str) -> Fixed:
    return Fixed({"en": en, "zh": zh})


STUDY = Study(
    "synthetic",
    "09_synthetic",
    text("A study made by hand", "手工构造的研究"),
    text("Does a page show everything that it should?", "页面是否完整呈现了应有的内容？"),
    StudyParams,
    "synthetic",
    sections=("accounts", "limits"),
    findings=("synthetic.rate", "synthetic.unknown"),
    figures=("synthetic.bars",),
    tables=("synthetic.accounts",),
)

FINDINGS = (
    Finding(
        "synthetic.rate",
        0.15,
        "share",
        text("Churn rate", "流失率"),
        text("Lost accounts over all accounts.", "流失客户占比。"),
        Interval(0.07, 0.29),
        40,
        period=("2012-01-01", "2012-12-31"),
        good="down",
        figure="synthetic.bars",
        sentence=text("Six of forty accounts left.", "四十家客户中有六家流失。"),
        headline=True,
        simulated=True,
    ),
    Finding(
        "synthetic.unknown",
        None,
        "days",
        text("Time to return", "回流时间"),
        text("Median days.", "中位天数。"),
        reason=text("Nobody has returned.", "尚无客户回流。"),
        headline=True,
    ),
)


def frame(names: tuple[str, ...]) -> pd.DataFrame:
    rows = len(names)
    return pd.DataFrame(
        {
            "account_id": [f"{number:04d}" for number in range(rows)],
            "account_name": list(names),
            "revenue": [(-1) ** number * 1234567.891 * (number + 1) for number in range(rows)],
            "share": [0.5 / (number + 1) for number in range(rows)],
            "date": pd.Timestamp("2012-03-04"),
            "tier": ["A" if number % 2 else "B" for number in range(rows)],
        }
    )


def table(names: tuple[str, ...], rows_shown: int = 100) -> object:
    tiers = Column(
        "tier", text("Tier", "等级"), terms={"A": text("key", "大客户"), "B": text("other", "其他")}
    )
    return make_table(
        "synthetic.accounts",
        text("Accounts", "客户"),
        frame(names),
        "account_id",
        "account_name",
        "revenue",
        "share",
        "date",
        tiers,
        caption=text("Every account of the case.", "案例中的全部客户。"),
        rows_shown=rows_shown,
    )


def figure(names: tuple[str, ...]) -> Figure:
    def draw() -> object:
        drawn, axes = parts.new_figure()
        axes.barh(
            [parts.shorten(name) for name in names],
            range(1, len(names) + 1),
            color=parts.PALETTE[0],
        )
        parts.format_axis(axes, "share", "x")
        axes.set_xlabel(parts.say(text("Share of revenue", "收入占比")))
        return drawn

    return Figure(
        "synthetic.bars",
        text("Who leads?", "谁领先？"),
        text(f"The leader is {names[0]}.", f"领先者为 {names[0]}。"),
        text("Bars of falling length.", "长度递减的条形。"),
        draw,
        replace(table(names), id="synthetic.bars_data"),
    )


def column_output(values: list, unit: str, rows_shown: int = 0) -> TableOutput:
    """A table of one column, as it leaves a kernel."""
    heads, rows = (ColumnHead("x", unit, {"en": "X"}, {}),), [[value] for value in values]
    return TableOutput("a.b", {"en": "T"}, None, heads, rows, len(rows), rows_shown, False)


def executed(
    names: tuple[str, ...] = ("Eastern Rental", "华东租赁"),
    *,
    prose: str = "",
    rows_shown: int = 100,
    languages: str = "en,zh",
) -> dict:
    """The executed notebook."""
    outputs: list[dict] = []

    def publish(plain: str, content: dict, more: dict | None = None) -> None:
        data = {"text/plain": plain, **(more or {}), session.MIME: content}
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})

    def taken() -> list[dict]:
        done = outputs.copy()
        outputs.clear()
        return done

    run = session.Session(STUDY, StudyParams(lang=languages))
    with (
        patch.object(session, "_publish", publish),
        patch.object(run, "_simulated", lambda uses: True),
    ):
        run.export(*FINDINGS)
        run.say(text(f"Churn of {names[0]} matters.", f"{names[0]} 的流失很重要。"))
        first = taken()
        run.show(figure(names), table(names, rows_shown))
        shown = taken()
        run.caution(message("{n} accounts", n=3))
        run.absent("synthetic.accounts", reason=text("No contracts.", "没有合同。"))
        last = taken()
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            markdown("title-en", "# A study made by hand", "en"),
            markdown("title-zh", "# 手工构造的研究", "zh"),
            code("parameters", "lang = 'en'  # </script>", [], "parameters"),
            markdown(
                "accounts-en",
                "## Which accounts lead?\n\nWe *expect* few. " + prose,
                "en",
                "section:accounts",
            ),
            markdown(
                "accounts-zh",
                "## 哪些客户领先？\n\n预计*少数*客户领先。" + prose,
                "zh",
                "section:accounts",
            ),
            code("find", "study.export(result.findings())", first),
            code("show", "study.show(figure)", shown),
            markdown("limits-en", "## What can this not tell?", "en", "section:limits"),
            markdown("limits-zh", "## 哪些问题无法回答？", "zh", "section:limits"),
            code("caution", "study.caution(text)", last),
        ],
    }


def markdown(id: str, source: str, *tags: str) -> dict:
    return {"id": id, "cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": source}


def code(id: str, source: str, outputs: list[dict], *tags: str) -> dict:
    return {
        "id": id,
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": outputs,
        "execution_count": 1,
    }


def context(**more: object) -> RenderContext:
    manifest = {
        "version": "2012-12-31-abc123",
        "label": "test",
        "as_of": "2012-12-31",
        "made": "2026-11-24T15:00:00Z",
        "data": {
            "source": "data/cases/geely_volvo",
            "tables": {"orders": {"rows": 100, "fingerprint": "ab" * 16, "simulated": True}},
        },
        "parameters": {"synthetic": {"data": "data/cases/geely_volvo", "as_of": "2012-12-31"}},
        "code": {"commit": "0123456789abcdef", "clean": True},
    }
    manifest = Manifest.model_validate({**manifest, **more.pop("manifest", {})})
    values = {
        "manifest": manifest,
        "languages": ("en", "zh"),
        "studies": (STUDY,),
        "findings": Findings(FINDINGS),
    }
    return RenderContext(**{**values, **more})
