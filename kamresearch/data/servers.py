"""Servers: PostgreSQL by its address, Apache Spark over a folder, others through Ibis; a password
never leaves the house.
"""

import os
from typing import TYPE_CHECKING, Any

from kamresearch.data.addresses import read_address
from kamresearch.data.answers import answering, first_line, shown_address
from kamresearch.data.files import Raw
from kamresearch.errors import DataError, near_matches

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

    from kamresearch.data.mapfile import Mapping as Rules

SECONDS_TO_CONNECT = 10
SECONDS_TO_ANSWER = 600
"""A query that a server does not answer in this time is given up; ``KAM_SERVER_SECONDS`` sets
another time.
"""

GRACE = 5
"""Seconds after that at which we hang up ourselves, should the server not have called its
query off.
"""

_SCHEMES = ("postgresql://", "postgres://", "spark://", "spark:")


def is_server(source: str) -> bool:
    """Whether a source is a server's address."""
    if source.startswith(_SCHEMES):
        return True
    if "://" not in source:
        return False
    from kamresearch.data.remote import KINDS

    scheme, known = source.split("://")[0], ("postgresql", "spark", "sqlite", *KINDS)
    if scheme not in known:
        raise DataError(
            shown_address(source),
            "an address of a server that is known, " + ", ".join(f"{one}://" for one in known),
            f"{scheme}://",
            f"{near_matches(scheme, known)} Or export the tables to files",
        )
    return True


def connect_server(
    source: str, rules: "Rules", snapshot: bool = False, most: int | None = None
) -> "tuple[BaseBackend, dict[str, Raw]]":
    """Connection to a server, and its raw tables by name; of those that are copied at once, so many
    rows as are wanted (``most``).
    """
    if source.startswith("spark"):
        from kamresearch.data.spark import connect_spark

        return connect_spark(source, rules)
    if not source.startswith(_SCHEMES):
        from kamresearch.data.remote import connect_remote

        return connect_remote(source, rules, most)
    return _connect_postgres(source, rules, snapshot)


def _connect_postgres(
    source: str, rules: "Rules", snapshot: bool
) -> "tuple[BaseBackend, dict[str, Raw]]":
    import ibis

    address, shown = read_address(source), shown_address(source)
    seconds = int(float(os.environ.get("KAM_SERVER_SECONDS", SECONDS_TO_ANSWER)))
    options = (
        f"-c statement_timeout={1000 * seconds} -c TimeZone={rules.time_zone or 'UTC'} -c "
        f"default_transaction_read_only=on"
    )
    try:
        import psycopg
    except ImportError:
        raise DataError(
            shown, "the PostgreSQL driver", "none installed", "pip install 'kamresearch[postgres]'"
        ) from None
    keep_alive = {
        "keepalives": 1,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 1000 * seconds,
    }
    try:
        driver = _watched(psycopg.Connection, seconds + GRACE).connect(
            address.shown,
            password=address.password or None,
            connect_timeout=SECONDS_TO_CONNECT,
            options=options,
            autocommit=True,
            **keep_alive,
        )
    except (psycopg.Error, UnicodeError, ValueError) as error:
        raise DataError(
            shown,
            "a PostgreSQL server that lets us in",
            first_line(error, source),
            "check address, user and password",
        ) from None
    connection = ibis.postgres.from_connection(driver)
    with answering(shown, source):
        if snapshot:
            driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        names = connection.list_tables()
        return connection, {
            name: Raw(connection.table(name), f"{shown}, table {name!r}", embedded=False)
            for name in names
        }


def _watched(base: type, seconds: float) -> type:
    """A connection that hangs up on a server which neither answers nor calls its query off."""
    import socket
    from threading import Timer

    def hang_up(descriptor: int) -> None:
        with socket.socket(fileno=os.dup(descriptor)) as line:
            line.shutdown(socket.SHUT_RDWR)

    class WatchedConnection(base):
        def wait(self, *arguments: Any, **options: Any) -> Any:
            watch = Timer(seconds, hang_up, [self.fileno()])
            watch.daemon = True
            watch.start()
            try:
                return super().wait(*arguments, **options)
            finally:
                watch.cancel()

    return WatchedConnection
