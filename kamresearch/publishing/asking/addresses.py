"""Addresses of data with their passwords taken out: a secret travels by the environment and by
no other way.
"""

import re
from urllib.parse import parse_qsl, unquote, urlencode

from kamresearch.errors import ParameterError

SECRET_NAMES = ("password", "passwd", "pwd", "sslpassword")


def split_password(address: str) -> tuple[str, dict[str, str]]:
    """An address without its password, and the environment that carries the password instead.

    People paste passwords as they are, with ``#``, ``?``, ``[`` or ``@`` in them, and a parser of
    URLs by the book takes what follows such a character for a fragment or a port and would leave
    half a password in the open. So what lies before the last ``@`` is taken off first.

    >>> split_password("postgresql://me:secret@db/sales")
    ('postgresql://me@db/sales', {'PGPASSWORD': 'secret'})
    >>> split_password("postgresql://me:a#b?c[d@db/sales")
    ('postgresql://me@db/sales', {'PGPASSWORD': 'a#b?c[d'})
    >>> split_password("postgresql://me@db/sales?password=a%26b&sslmode=require")
    ('postgresql://me@db/sales?sslmode=require', {'PGPASSWORD': 'a&b'})
    >>> split_password("data/orders.csv")
    ('data/orders.csv', {})
    """
    scheme, mark, rest = address.partition("://")
    if not mark:
        return address, {}
    body, asked = _body_and_query(rest)
    user, at, place = body.rpartition("@")
    name, colon, written = user.partition(":")
    pairs = parse_qsl(asked, keep_blank_values=True)
    hidden = [value for key, value in pairs if key.lower() in SECRET_NAMES and value]
    password = unquote(written) if colon and written else (hidden[0] if hidden else "")
    if not password:
        _refuse_hidden_user(scheme, body, asked)
        return address, {}
    kept = urlencode([(key, value) for key, value in pairs if key.lower() not in SECRET_NAMES])
    clean = f"{scheme}://{name}{at}{place}" + (f"?{kept}" if kept else "")
    return clean, {"PGPASSWORD": password}


def _body_and_query(rest: str) -> tuple[str, str]:
    """User, host and path; and the options behind them. A ``?`` opens options only where a host
    or a path stands before it; before those, it is part of a password.
    """
    for mark in re.finditer(r"\?(?=[A-Za-z_]+=)", rest):
        body = rest[: mark.start()]
        if "@" in body or "/" in body:
            return body, rest[mark.end() :]
    return rest, ""


def _refuse_hidden_user(scheme: str, body: str, asked: str) -> None:
    """What may be a password in a form that cannot be told from options is refused, unseen."""
    host = body.partition("/")[0]
    port = host.rpartition(":")[2] if ":" in host else ""
    if "@" not in body and "@" in asked and port and not port.isdigit():
        raise ParameterError(
            "--data",
            f"an address as {scheme}://user:password@host/database",
            "one whose password cannot be told from the rest",
            "write /, ? and = of the password as %2F, %3F and %3D",
        )
