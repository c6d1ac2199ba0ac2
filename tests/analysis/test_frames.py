"""``.frame`` is the main table of every result; where one holds numbers alone, those."""

import dataclasses
from importlib import import_module
from pkgutil import walk_packages

import pandas as pd
import pytest

from kamresearch import analysis
from kamresearch.analysis.causes import CausePrediction
from kamresearch.finding import Interval
from kamresearch.result import Missing, Result, needs_table

pytestmark = pytest.mark.unit


def results(of: type[Result] = Result) -> list[type[Result]]:
    """Every class of result in the analyses."""
    for one in walk_packages(analysis.__path__, "kamresearch.analysis."):
        import_module(one.name)
    found = [one for one in of.__subclasses__() for one in (one, *results(one))]
    return [one for one in found if one.__module__.startswith("kamresearch.analysis")]


def annotation(cls: type, name: str) -> str:
    """The written type of a field or property."""
    for one in dataclasses.fields(cls):
        if one.name == name:
            return str(one.type)
    written = getattr(cls, name)
    getter = getattr(written, "fget", None) or written.func  # a property, or a cached one
    return str(getter.__annotations__["return"])


NUMBERS_ALONE = {"CausePrediction", "Discount"}


@pytest.mark.slow
def test_every_result_has_its_main_table_or_numbers_alone():
    assert len(results()) > 80
    alone = set()
    for cls in results():
        names = {one.name for one in dataclasses.fields(cls)}
        if "frame" in names or hasattr(cls, "frame"):
            assert "DataFrame" in annotation(cls, "frame"), cls
            assert not cls._frame, f"{cls.__name__} says twice where its frame is"
            continue
        first, _dot, rest = cls._frame.partition(".")
        if first and not rest:
            assert "DataFrame" in annotation(cls, first), cls
        elif first:
            assert annotation(cls, first), cls
        else:
            alone.add(cls.__name__)
            frames = [one.name for one in dataclasses.fields(cls) if "DataFrame" in str(one.type)]
            assert frames == [], f"{cls.__name__}: say which is its frame"
    assert alone == NUMBERS_ALONE


def test_a_frame_is_the_table_that_the_class_points_at_also_inside_another_result():
    @dataclasses.dataclass(frozen=True)
    class Inner(Result):
        frame: pd.DataFrame

    @dataclasses.dataclass(frozen=True)
    class Outer(Result, frame="inner.frame"):
        inner: Inner | None

    rows = pd.DataFrame({"n": [1]})
    assert Outer(Inner(rows)).frame is rows
    assert Outer(None).frame.empty
    assert "frame" in dir(Outer(None))
    with pytest.raises(AttributeError, match="'Outer' has no attribute 'fram'"):
        Outer(None).fram  # noqa: B018


def test_a_result_of_numbers_alone_gives_those_as_rows():
    told = CausePrediction(120, 0.1, Interval(0.0, 0.2))
    assert list(told.frame["id"]) == ["churn.cause_skill"]
    assert told.frame["value"].item() == told.findings()[0].value
    assert Missing(needs_table("goals"), ()).frame.empty
