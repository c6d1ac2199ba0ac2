"""Hindcasts: versions as of earlier days, made now from data cut back to what was known then."""

import re
from contextlib import nullcontext
from dataclasses import replace

import pandas as pd

from kamresearch.errors import ParameterError
from kamresearch.publishing.asking.parameters import as_date
from kamresearch.publishing.asking.request import Request
from kamresearch.publishing.making.hands import Hands
from kamresearch.publishing.making.run import make_shelf, prepare, run
from kamresearch.publishing.progress import Progress, Silent
from kamresearch.publishing.sealed.store import Version

EVERY = re.compile(r"^(\d+)x(\d+)m$")
"""``6x6m``: six days, six months apart, back from the version's own."""
MOST = 60


def read_days(text: str, as_of: str) -> tuple[str, ...]:
    """The days asked for, the earliest first.

    >>> read_days("2x6m", "2012-12-31")
    ('2011-12-31', '2012-06-30')
    >>> read_days("2011-06-30,2010-12-31", "2012-12-31")
    ('2010-12-31', '2011-06-30')
    """
    every = EVERY.match(text.strip())
    if every:
        count, months = int(every[1]), int(every[2])
        if not 1 <= count <= MOST or months < 1:
            raise ParameterError("--hindcast", f"1 to {MOST} days a month apart", text, "6x6m")
        last = pd.Timestamp(as_of)
        ends = last == last + pd.offsets.MonthEnd(0)
        days = [last - pd.DateOffset(months=months * step) for step in range(1, count + 1)]
        # Counted back from a month's end, each day is a month's end.
        days = [day + pd.offsets.MonthEnd(0) if ends else day for day in days]
        return tuple(sorted(day.date().isoformat() for day in days))
    found = [part.strip() for part in text.split(",") if part.strip()]
    for day in found:
        as_date(day, "--hindcast")
    late = [day for day in found if day >= as_of]
    if late or not found:
        raise ParameterError(
            "--hindcast",
            f"days before {as_of}, or a form such as 6x6m",
            ", ".join(late) or repr(text),
            "a hindcast says what would have been said earlier",
        )
    return tuple(sorted(set(found)))


def publish_hindcasts(
    request: Request, text: str, progress: Progress | None = None, hands: Hands | None = None
) -> list[Version]:
    """A version for each earlier day, of the studies that state something about the future."""
    progress = progress or Silent()
    make_shelf(request)
    with nullcontext(hands) if hands else Hands() as own:
        plan = prepare(request, own, earlier=[], progress=progress)
        studies = tuple(step.study.name for step in plan.steps if step.study.predicts)
        if not studies:
            raise ParameterError(
                "--hindcast", "a study that predicts", "none among those asked for", "add churn"
            )
        one = replace(request, studies=studies, hindcast=True)
        days = read_days(text, plan.as_of)
        return [run(replace(one, as_of=day), progress, own) for day in days]
