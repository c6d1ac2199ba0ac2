"""The data audit alone, as ``kam check`` shows it."""

from kamresearch.data.addresses import split_password
from kamresearch.data.period import find_period
from kamresearch.data.reconcile import Card, make_card


def audit(source: str, mapping: str, as_of: str = "") -> tuple[dict, Card]:
    """What data hold and what is wrong with them: facts as plain values, and the card for people.

    Parameters
    ----------
    source : str
        Folder, file or address.
    mapping : str
        Path of a mapping.yml, empty for none.
    as_of : str
        The day of the report; empty for the last order day.
    """
    import os

    from kamresearch.data.checks import check_tables
    from kamresearch.data.sources import open_data

    clean, env = split_password(source)
    os.environ.update(env)
    tables = open_data(clean, mapping=mapping or None)
    period = find_period(tables)
    day = period.resolve(as_of, str(tables.source)) if period else None
    checked = check_tables(tables, as_of=day)
    card = make_card(tables, checked)
    return card.facts(str(day or "")), card
