"""How managers are called: by name where the data have it, by number only where not."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamresearch.language import LANGUAGES
from kamresearch.language.message import PERSON

if TYPE_CHECKING:
    from kamresearch.data.tables import Tables

PEOPLE = frozenset(
    ("manager_id", "manager", "manager_ids", "owner", "deputy", "successor", "person_id")
)
"""Columns of shown tables that hold numbers of managers."""


def name_managers(
    tables: "Tables", words: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Names of the managers as words of the data (`kamresearch.language.data_words`).

    Parameters
    ----------
    tables : Tables
        The data; without managers, or without their names, nothing is said.
    words : mapping
        Words of other data values: a name may have some too.

    Returns
    -------
    dict
        Number of a manager, as of a person → language → name, with the number behind it where
        another bears the same. A number with a letter in it that is no account's stands by itself
        too: it means the manager wherever it is read.
    """
    if not tables.has("managers"):
        return {}
    frame = tables.frame("managers")[["manager_id", "manager_name"]].dropna()
    frame = frame[frame["manager_name"].str.strip() != ""].drop_duplicates("manager_id")
    shared = frame["manager_name"].duplicated(keep=False)
    plain = {number for number in frame["manager_id"] if not number.isdigit()}
    plain -= _accounts_among(tables, plain)
    found = {}
    for number, name, twice in zip(frame["manager_id"], frame["manager_name"], shared, strict=True):
        own = words.get(name, {})
        told = {code: own.get(code) or name for code in LANGUAGES}
        told = {code: f"{text} ({number})" if twice else text for code, text in told.items()}
        found[PERSON + number] = told
        if number in plain:
            found[number] = told
    return found


def _accounts_among(tables: "Tables", numbers: set[str]) -> set[str]:
    accounts = tables["accounts"]
    same = accounts.filter(accounts.account_id.isin(sorted(numbers))) if numbers else None
    return set() if same is None else set(same.select("account_id").to_pandas()["account_id"])
