"""How often the interval of a finding held the truth, where that was measured."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from kamresearch.yamlfile import read_yaml

MEASURED = Path(__file__).with_name("measured.yml")
"""Written by ``make bench-recovery``."""


class Coverage(BaseModel):
    """Of so many simulated companies of a size (accounts), in how many a finding's interval held
    the truth.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    finding: str
    level: float
    size: int
    companies: int
    held: int


@lru_cache
def _measured() -> tuple[Coverage, ...]:
    return tuple(Coverage.model_validate(one) for one in read_yaml(MEASURED))


def find_coverage(ids: Iterable[str]) -> list[Coverage]:
    """What was measured of these findings, in their order, large companies first."""
    return [one for id in ids for one in _measured() if one.finding == id]
