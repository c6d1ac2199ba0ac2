"""What engines and servers say when they cannot answer, as one line for people and without any
password.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kamresearch.errors import DataError

_SECRET = re.compile(
    r"(?i)(://[^:/@\s]*):(.*)@|((?:password|passwd|pwd|secret|token)\s*[=:]\s*)[^\s&,;'\"]+"
)
"""What lies between the user's colon and the last @: a password may hold any character,
written rightly or not.
"""


def shown_address(source: str) -> str:
    """An address or a connection string without its password, and a path as it is: fit for
    messages, manifests and reports.
    """
    return _SECRET.sub(
        lambda match: f"{match[1]}@" if match[1] is not None else f"{match[3]}***", source
    )


def without_secrets(text: str, source: str = "") -> str:
    """A message without the password of an address, however it was written."""
    from urllib.parse import unquote

    text = shown_address(text)
    for secret in (match[2] for match in _SECRET.finditer(source) if match[2]):
        # A driver that read a badly written address names parts of the password as host, port or
        # path.
        parts = [part for part in re.split(r"[@/?#%:\s]", secret) if len(part) > 2]
        for written in sorted({secret, unquote(secret), *parts}, key=len, reverse=True):
            text = text.replace(written, "***")
    return text


def first_line(error: BaseException, source: str) -> str:
    """The first line of an error, without secrets."""
    lines = str(error).strip().splitlines()
    return without_secrets(lines[0] if lines else type(error).__name__, source)[:300]


_ENGINES = frozenset(
    (
        *("duckdb", "_duckdb", "psycopg", "pyspark", "py4j", "ibis", "MySQLdb", "pyodbc"),
        *("clickhouse_connect", "snowflake", "google", "trino", "requests", "urllib3"),
    )
)
"""Packages whose errors are what an engine says."""


@contextmanager
def answering(where: str, source: str = "") -> Iterator[None]:
    """Turn whatever an engine says while it answers into one line for people; our own errors
    pass.
    """
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        if not _is_engine_error(error):
            raise
        found = first_line(error, source)
        remedy = (
            "the server gave no answer in time; try again or ask for less"
            if "timeout" in found or "closed" in found or "lost" in found
            else "check the source and open it again"
        )
        raise DataError(where, "an engine that answers", found, remedy) from None


def _is_engine_error(error: BaseException) -> bool:
    roots = {cls.__module__.split(".")[0] for cls in type(error).__mro__}
    return bool(roots & _ENGINES) or isinstance(error, OSError)
