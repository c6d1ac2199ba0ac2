"""Addresses of servers, read by SQLAlchemy's parser of URLs; the password is kept apart from all
that is shown, and travels by the environment of the one process that asks the server.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kamresearch.errors import ParameterError

PASSWORD_VARIABLE = "KAM_PASSWORD"  # noqa: S105  (the name of a variable)
"""Variable that carries the password of a data address."""
POSTGRES_VARIABLE = "PGPASSWORD"
"""The same for PostgreSQL, whose own programs know this name."""

_HIDDEN = ("password", "passwd", "pwd", "sslpassword")
"""Options of an address that hold a secret."""
_PORT_AND_OPTIONS = re.compile(r"\d+(/[^?]*)?\?[A-Za-z_]+=")
"""A password that reads so may as well be a port, a path and options before an @ in them."""
_OPTIONS_BEHIND_HOST = re.compile(r"@.*\?[A-Za-z_]+=")
"""An @ after these may be the password's end, or part of an option."""


@dataclass(frozen=True)
class Address:
    """A server's address in parts.

    Parameters
    ----------
    scheme : str
        ``postgresql``, ``mysql``, ``clickhouse``, as written.
    shown : str
        The whole address without any password: fit for messages, manifests and reports.
    options : mapping
        What follows the ``?``, but for secrets.
    secret : str
        The password as the server wants it; empty where the address holds none.
    """

    scheme: str
    shown: str
    user: str = ""
    host: str = ""
    port: int | None = None
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)

    @property
    def variable(self) -> str:
        """The variable of the environment by which its password travels."""
        postgres = self.scheme.startswith(("postgresql", "postgres"))
        return POSTGRES_VARIABLE if postgres else PASSWORD_VARIABLE

    @property
    def password(self) -> str:
        """The password: of the address, else of the environment, else empty."""
        return self.secret or os.environ.get(self.variable, "")


def is_address(text: str) -> bool:
    """Whether a text is an address (``scheme://…``) and no path."""
    return "://" in text


def read_address(text: str) -> Address:
    """An address in parts.

    People paste passwords as they are, with ``#``, ``?``, ``[``, ``/`` or ``@`` in them; an ``@``
    of the password is told from the one before the host by being an earlier one.

    >>> read_address("postgresql://me:a#b?c[d@db/sales").shown
    'postgresql://me@db/sales'
    >>> read_address("mysql://me:a@b@db:3306/sales?charset=utf8mb4").secret
    'a@b'

    Raises
    ------
    ParameterError
        It is no address, or its password cannot be told from the rest. Nothing of it is shown.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    scheme = text.partition("://")[0]
    last = text.rpartition("@")
    written = last[0].replace("@", "%40") + last[1] + last[2]
    try:
        url = make_url(written)
    except (ArgumentError, ValueError):
        raise _unclear(scheme) from None
    if _PORT_AND_OPTIONS.match(url.password or "") or _OPTIONS_BEHIND_HOST.search(last[0]):
        raise _unclear(scheme)
    hidden = [name for name in url.query if name.lower() in _HIDDEN]
    secret = url.password or next(
        (str(url.query[name]) for name in hidden if name.lower() != "sslpassword"), ""
    )
    clean = url._replace(password=None).difference_update_query(hidden)
    shown = clean.render_as_string(hide_password=False) if url.password or hidden else text
    return Address(
        scheme,
        shown,
        url.username or "",
        url.host or "",
        url.port,
        url.database or "",
        {name: str(value) for name, value in clean.query.items()},
        secret,
    )


def split_password(text: str) -> tuple[str, dict[str, str]]:
    """A source without its password, and the environment that carries the password instead.

    >>> split_password("postgresql://me:secret@db/sales")
    ('postgresql://me@db/sales', {'PGPASSWORD': 'secret'})
    >>> split_password("postgresql://me@db/sales?password=a%26b&sslmode=require")
    ('postgresql://me@db/sales?sslmode=require', {'PGPASSWORD': 'a&b'})
    >>> split_password("data/orders.csv")
    ('data/orders.csv', {})
    """
    if not is_address(text):
        return text, {}
    address = read_address(text)
    return address.shown, {address.variable: address.secret} if address.secret else {}


def _unclear(scheme: str) -> ParameterError:
    return ParameterError(
        "--data",
        f"an address as {scheme}://user:password@host:port/database",
        "one whose parts cannot be told from each other",
        "write @, /, ? and = of the password as %40, %2F, %3F and %3D",
    )
