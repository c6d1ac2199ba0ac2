"""What a notebook holds beside what it gives now: equal but for the last digits."""

import pytest

DIGITS = 5
"""Significant digits compared: the last ones differ from one processor to another."""


def assert_alike(found, stored, place):
    """Equal but for the last digits."""
    if isinstance(stored, dict) and isinstance(found, dict):
        assert sorted(found) == sorted(stored), place
        for key in stored:
            assert_alike(found[key], stored[key], f"{place}, {key}")
    elif isinstance(stored, list) and isinstance(found, list):
        assert len(found) == len(stored), place
        for number, (one, other) in enumerate(zip(found, stored, strict=True)):
            assert_alike(one, other, f"{place}, {number}")
    elif isinstance(stored, float) or isinstance(found, float):
        assert found == pytest.approx(stored, rel=10**-DIGITS * 2, abs=1e-9), place
    else:
        assert found == stored, place
