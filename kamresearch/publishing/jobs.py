"""What one process hands to another: a dataclass on both sides, plain values in between."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

Job = TypeVar("Job")


@lru_cache(maxsize=32)
def _form(kind: type) -> TypeAdapter:
    return TypeAdapter(kind)


def to_plain(job: Any) -> dict[str, Any]:
    """A dataclass as JSON holds it: paths are texts, tuples lists."""
    return _form(type(job)).dump_python(job, mode="json")


def read_job(kind: type[Job], plain: Mapping[str, Any]) -> Job:
    """The dataclass that such plain values were."""
    return _form(kind).validate_python(plain)
