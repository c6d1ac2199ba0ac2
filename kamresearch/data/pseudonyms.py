"""Pseudonyms: the same tables without people's and companies' own names, numbers and words.

A pseudonym is a keyed hash (HMAC's construction with SHA-256): the same key gives the same one, so
that versions still compare and tables still join; without the key nobody can try names out. What
stands in a table of ours decides what becomes of each column (`MARKS`, `OPEN`); a column that the
contract does not know is left out, since nobody has said what it holds.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from kamresearch.data.contract import TABLES, TableSpec
from kamresearch.errors import ParameterError
from kamresearch.language import LANGUAGES

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

KEY = "KAM_PSEUDONYM_KEY"
"""Variable in which the one process that opens data gets the key."""
LEAST = 32
"""Letters of a key: fewer can be tried out."""


def _in_each(stem: str, languages: Iterable[str] = LANGUAGES) -> dict[str, str]:
    return {f"{stem}_{code}": "words" for code in languages}


MARKS: dict[str, dict[str, str]] = {
    "accounts": {
        "account_id": "account",
        "account_name": "name",
        "city": "place",
        "address": "place",
        "telephone": "number",
        "tax_number": "number",
        "parent_id": "account",
    },
    "orders": {"order_id": "record", "account_id": "account", "dealer_id": "manager"},
    "dealers": {"dealer_id": "manager", "dealer_name": "name"},
    "contracts": {"contract_id": "record", "account_id": "account"},
    "service_events": {"event_id": "record", "account_id": "account"},
    "churn_events": {"account_id": "account", "stated_reason": "words"},
    "opportunities": {
        "opportunity_id": "record",
        "account_id": "account",
        "manager_id": "manager",
        "lost_reason": "words",
    },
    "wallet": {"account_id": "account", "judged_by": "manager"},
    "activities": {"account_id": "account", "person": "manager"},
    "value_delivered": {"account_id": "account"},
    "contacts": {"contact_id": "record", "account_id": "account"},
    "needs": {"account_id": "account", "words": "words", "told_by": "manager"},
    "surveys": {"account_id": "account"},
    "managers": {"manager_id": "manager", "manager_name": "name", "reports_to": "manager"},
    "assignments": {"account_id": "account", "manager_id": "manager"},
    "coverage": {"account_id": "account", "person_id": "manager"},
    "departments": {
        "record_id": "record",
        "account_id": "account",
        "account_name": "name",
        "address": "place",
        "telephone": "number",
        "tax_number": "number",
    },
    "judgements": {"rater": "manager"},
    "swot": {**_in_each("text"), "owner": "manager"},
    "goals": {**_in_each("text"), "owner": "manager"},
    "plans": {"account_id": "account", "objective": "record", "owner": "manager"},
    "programme": {"account_id": "account"},
    "overrides": {"account_id": "account", "who": "manager", "why": "words"},
    "actions": {
        "account_id": "account",
        "owner": "manager",
        "decided_by": "manager",
        "outcome": "words",
    },
    # Words of a value that is gone would tell it: what has none of its own stays as it is.
    "terms": {"value": "record", **dict.fromkeys(LANGUAGES, "words")},
    "pairs": {
        "left": "end",
        "right": "end",
        "who": "manager",
        "why": "words",
        **_in_each("why", LANGUAGES[1:]),
    },
    "strategies": {**_in_each("text"), "owner": "manager"},
}
"""Table → column → what stands in its place. ``words`` go: a required column gets its row's key."""

OPEN: dict[str, tuple[str, ...]] = {
    "accounts": ("industry", "region", "channel"),
    "orders": ("product",),
    "service_events": ("kind",),
    "churn_events": ("cause", "lost_to", "offer"),
    "opportunities": ("outcome", "stage", "product", "rival", "kind"),
    "wallet": ("brand", "source"),
    "activities": ("kind",),
    "value_delivered": ("kind",),
    "contacts": ("role", "function"),
    "needs": ("feature",),
    "surveys": ("kind",),
    "dealers": ("region", "grade"),
    "managers": ("region", "channel", "role", "grade"),
    "coverage": ("layer", "function", "role"),
    "departments": ("department", "region"),
    "market": ("period", "brand", "market", "measure", "status", "source", "note"),
    "events": ("event_id", *_in_each("title"), "kind", "source"),
    "claims": (
        *("claim_id", "who", *_in_each("text"), "quantity", "brand", "market", "period"),
        *("source", "quote", "reading"),
    ),
    "swot": ("item_id", "quadrant", "evidence", "condition"),
    "judgements": ("department", "left", "right"),
    "goals": ("goal_id", "finding", "parent", "lever"),
    "plans": ("state",),
    "overrides": ("tier",),
    "actions": ("kind", "version", "decided"),
    "pairs": ("verdict",),
    "strategies": ("strategy_id", "pairs", "finding", "attractiveness"),
}
"""Columns of texts that stay: sorts, public facts, ids of ours. A test holds that each column of
the contract that can hold words stands here or in `MARKS`.
"""

_FORMS = {"account": "A-", "manager": "M-", "record": "R-", "name": "N-", "place": "L-"}


@dataclass(frozen=True)
class Pseudonyms:
    """A key, and what the engine is told to write instead of each column."""

    key: str = field(repr=False)

    @property
    def mark(self) -> str:
        """Tells one key from another, and nothing of either."""
        return hmac.new(self.key.encode(), b"kam: which key", sha256).hexdigest()[:8]

    def keys(self) -> tuple[str, str]:
        """The two keys of HMAC, as hexadecimal text that the engine can join to a value."""
        block = sha256(self.key.encode()).digest().ljust(64, b"\0")
        inner, outer = (bytes(one ^ pad for one in block).hex() for pad in (0x36, 0x5C))
        return inner, outer

    def tell(self, engine: "BaseBackend") -> None:
        """Hand the keys to an embedded engine as variables, so that no query holds them."""
        for name, value in zip(("kam_inner", "kam_outer"), self.keys(), strict=True):
            engine.raw_sql(f"SET VARIABLE {name} = '{value}'")

    def columns(self, table: str, names: Iterable[str], written: Mapping[str, str]) -> str:
        """What the engine selects of a table's rows, whether used or set aside.

        ``written``: table → the engine's name of one that has its pseudonyms already.
        """
        from kamresearch.data.quarantine import ROW

        spec, marks = TABLES[table], MARKS.get(table, {})
        chosen = []
        for name in names:
            column = spec.column(name)
            if name in ("__value__",):
                chosen.append(f"NULL::VARCHAR AS {_quoted(name)}")  # as written: it could be a name
            elif name in ("__code__", "__column__", ROW):
                chosen.append(_quoted(name))
            elif column is not None:
                told = _quoted(name)
                if name in marks:
                    told = _instead(marks[name], name, spec, written)
                chosen.append(f"{told} AS {_quoted(name)}")
        return ", ".join(chosen)


def read_key(path: str | Path) -> Pseudonyms:
    """The pseudonyms of the key in a file.

    Raises
    ------
    ParameterError
        There is no such file, or what it holds could be guessed.
    """
    path = Path(path)
    make = f'python -c "import secrets; print(secrets.token_hex(32))" > {path.name}'
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ParameterError(
            "--pseudonymise",
            "a file with a key",
            f"{path.name}: {type(error).__name__}",
            f"make one outside the project and keep it: {make}",
        ) from None
    if len(key) < LEAST or len(set(key)) < 8:
        raise ParameterError(
            "--pseudonymise",
            f"a key of at least {LEAST} letters drawn by chance",
            f"{len(key)} letters",
            f"make one: {make}",
        )
    return Pseudonyms(key)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _hash(kind: str, value: str) -> str:
    """HMAC-SHA-256 of a kind and a value, in hexadecimal digits.

    The keys are joined to the message as text: the construction is HMAC's, its bytes are not.
    """
    inner = f"sha256(getvariable('kam_inner') || '{kind}:' || {value})"
    return f"sha256(getvariable('kam_outer') || {inner})"


def _code(kind: str, value: str) -> str:
    return f"'{_FORMS[kind]}' || upper(left({_hash(kind, value)}, 12))"


def _plain(column: str) -> str:
    """A text as two spellings of it share it: no case, no blanks, no punctuation."""
    return f"lower(regexp_replace(nfc_normalize({column}), '[^\\p{{L}}\\p{{N}}]', '', 'g'))"


def _instead(kind: str, name: str, spec: TableSpec, written: Mapping[str, str]) -> str:
    """The expression that stands for a column; what is empty stays empty."""
    column = f"{_quoted(name)}::VARCHAR"
    if kind == "words":
        if not spec[name].required:
            return "NULL::VARCHAR"
        key = spec.key[0]
        marked = MARKS.get(spec.name, {}).get(key)
        return _instead(marked, key, spec, written) if marked else _quoted(key)
    if kind in ("name", "place"):
        told = _code(kind, _plain(column))
    elif kind == "number":  # digits, since what compares numbers looks at nothing else
        told = f"lpad((('0x' || left({_hash(kind, _plain(column))}, 12))::UBIGINT % 100000000000)::VARCHAR, 11, '0')"  # noqa: E501
    elif kind == "end":
        told = _end(column, written)
    else:
        told = _code(kind, column)
    return f"CASE WHEN {column} IS NULL OR {column} = '' THEN {column} ELSE {told} END"


def _end(column: str, written: Mapping[str, str]) -> str:
    """What one end of a decision means: an account, a department's record, or a name."""
    account, record = _code("account", column), _code("record", column)
    inside = _code("record", f"regexp_replace({column}, '^[^/]*/', '')")
    cases = [
        f"WHEN {account} IN (SELECT account_id FROM {written['accounts']}) THEN {account}",
        f"WHEN regexp_matches({column}, '^(sales|finance|after_sales)/') "
        f"THEN regexp_extract({column}, '^[^/]*/') || {inside}",
    ]
    if "departments" in written:
        of = f"SELECT record_id FROM {written['departments']}"
        cases.append(f"WHEN {record} IN ({of}) THEN {record}")
    return f"CASE {' '.join(cases)} ELSE {_code('name', _plain(column))} END"
