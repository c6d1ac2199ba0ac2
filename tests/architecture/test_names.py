"""What a researcher types bears one name everywhere: scikit-learn's word where it has one."""

import inspect
from collections.abc import Callable, Iterator

import pytest

import kamresearch as kam

pytestmark = pytest.mark.architecture

INSTEAD = {
    "random_state": ("seed", "rng", "generator", "random_seed"),
    "n_resamples": ("resamples", "draws", "n_draws", "n_boot", "replicates", "samples", "rounds"),
    "n_permutations": ("permutations", "n_perm"),
    "n_repeats": ("repeats", "n_rounds"),
    "n_jobs": ("workers", "threads", "n_workers"),
    "as_of": ("asof", "day", "today", "reference_date", "snapshot_date"),
    "alpha": ("significance",),
    "level": ("confidence", "confidence_level", "conf_level"),
}


def callables(room: object, name: str) -> Iterator[tuple[str, Callable]]:
    """Functions, constructors and methods that a name of the library leads to."""
    if inspect.ismodule(room):
        for one in getattr(room, "__all__", ()):
            yield from callables(getattr(room, one), f"{name}.{one}")
    elif inspect.isclass(room):
        yield name, room.__init__
        for method, function in inspect.getmembers(room, inspect.isfunction):
            if not method.startswith("_") and function.__module__.startswith("kamresearch"):
                yield f"{name}.{method}", function
    elif inspect.isfunction(room):
        yield name, room


def test_a_parameter_of_one_meaning_has_one_name_wherever_it_is_asked_for():
    wrong = {bad: good for good, some in INSTEAD.items() for bad in some}
    seen = [found for name in kam.__all__ for found in callables(getattr(kam, name), name)]
    asked = [
        (name, one) for name, function in seen for one in inspect.signature(function).parameters
    ]
    assert len(seen) > 300
    assert {one for _name, one in asked} >= {"random_state", "n_resamples", "as_of", "n_jobs"}
    assert [f"{name}: {one} is {wrong[one]}" for name, one in asked if one in wrong] == []
