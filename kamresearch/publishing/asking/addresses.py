"""Addresses of data with their passwords taken out: a secret travels by the environment and by
no other way.
"""

from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

SECRET_NAMES = ("password", "passwd", "pwd", "sslpassword")


def split_password(address: str) -> tuple[str, dict[str, str]]:
    """An address without its password, and the environment that carries the password instead.

    >>> split_password("postgresql://me:secret@db/sales")
    ('postgresql://me@db/sales', {'PGPASSWORD': 'secret'})
    >>> split_password("postgresql://me@db/sales?password=a%26b&sslmode=require")
    ('postgresql://me@db/sales?sslmode=require', {'PGPASSWORD': 'a&b'})
    >>> split_password("data/orders.csv")
    ('data/orders.csv', {})
    """
    if "://" not in address:
        return address, {}
    parts = urlsplit(address)
    query = parse_qsl(parts.query, keep_blank_values=True)
    hidden = [value for name, value in query if name.lower() in SECRET_NAMES]
    user, at, host = parts.netloc.rpartition("@")
    name, colon, written = user.partition(":")
    password = unquote(written) if colon and written else (hidden[0] if hidden else "")
    if not password:
        return address, {}
    kept = [(key, value) for key, value in query if key.lower() not in SECRET_NAMES]
    clean = urlunsplit(parts._replace(netloc=name + at + host, query=urlencode(kept)))
    return clean, {"PGPASSWORD": password}
