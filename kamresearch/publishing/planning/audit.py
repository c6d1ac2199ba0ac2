"""The data audit alone, as ``kam check`` shows it."""

from kamresearch.language import LANGUAGES
from kamresearch.publishing.asking.addresses import split_password
from kamresearch.publishing.planning.datafacts import check_opened


def audit(source: str, mapping: str) -> dict:
    """What data hold and what is wrong with them: tables with rows and rows set aside, errors and
    warnings.

    Parameters
    ----------
    source : str
        Folder, file or address.
    mapping : str
        Path of a mapping.yml, empty for none.
    """
    import os

    from kamresearch.data.sources import open_data

    clean, env = split_password(source)
    os.environ.update(env)
    tables = open_data(clean, mapping=mapping or None)
    errors, warnings = check_opened(tables)
    ledger = tables.ledger.set_index("table")
    facts = {
        name: {
            "rows": int(row["rows_used"]),
            "aside": int(row["rows_quarantined"]),
            "left_out": int(row["rows_left_out"]),
            "file": str(row["file"]),
        }
        for name, row in ledger.iterrows()
    }
    aside = [
        {name: _plain(value) for name, value in row.items()}
        for row in tables.quarantine.head(200).to_dict("records")
    ]
    return {
        "source": str(tables.source),
        "tables": facts,
        "errors": errors,
        "warnings": warnings,
        "quarantine": aside,
        "languages": list(LANGUAGES),
    }


def _plain(value: object) -> object:
    value = value.item() if hasattr(value, "item") else value
    return (
        None
        if value is None or value != value
        else value
        if isinstance(value, (int, float, str, bool))
        else str(value)
    )
