"""How earlier predictions did, as the newest version of a company tells it: in a line for the
shelf, in lines for a terminal, as JSON.
"""

from collections.abc import Iterator, Sequence

from kamresearch.errors import StoreError
from kamresearch.finding import Finding
from kamresearch.language import LANGUAGES, Text
from kamresearch.publishing.sealed.compare import same_series
from kamresearch.publishing.sealed.listing import show_finding
from kamresearch.publishing.sealed.store import Version
from kamresearch.studies import Study, all_studies


def find_records(versions: Sequence[Version]) -> list[Version]:
    """The newest version of each series in which a study looks back; a hindcast speaks for nobody.

    Parameters
    ----------
    versions : sequence of Version
        Newest first.
    """
    found: list[Version] = []
    for version in versions:
        held = not version.manifest.hindcast and _findings(version)
        if held and not any(same_series(one.manifest, version.manifest) for one in found):
            found.append(version)
    return found


def choose_record(versions: Sequence[Version]) -> Version:
    """The version whose record is meant where none is named: the newest that holds one.

    Raises
    ------
    StoreError
        There is none.
    """
    found = find_records(versions)
    if not found:
        raise StoreError(
            "kam record",
            "a version with a study that looks back",
            f"none among {len(versions)}",
            "run `kam publish`, and `kam publish --hindcast 6x6m` for a record from the first day",
        )
    return found[0]


def say_record(version: Version) -> tuple[Text, ...]:
    """The record in sentences: those of the findings of studies that look back."""
    return tuple(one.sentence for one in _findings(version) if one.sentence is not None)


def describe_record(version: Version) -> Iterator[str]:
    """The record as lines for a terminal: sentences, findings, and the rows of each table."""
    yield f"{version.id}  as of {version.manifest.as_of}"
    yield from (f"  {text.render('en')}" for text in say_record(version))
    yield from (f"  {one.id:<34} {show_finding(one)}" for one in _findings(version))
    for name in _table_names():
        frame = version.table(name)
        if frame is not None and len(frame):
            yield f"  {name}"
            yield from (f"    {line}" for line in frame.to_string(index=False).splitlines())


def record_content(version: Version) -> dict:
    """The record as plain values: sentences in every language, findings, rows of tables."""
    tables = {name: version.table(name) for name in _table_names()}
    return {
        "version": version.id,
        "as_of": version.manifest.as_of,
        "said": {one: [text.render(one) for text in say_record(version)] for one in LANGUAGES},
        "findings": [one.to_dict() for one in _findings(version)],
        "tables": {
            name: frame.astype(object).where(frame.notna(), None).to_dict("records")
            for name, frame in tables.items()
            if frame is not None
        },
    }


def _looking_back() -> list[Study]:
    """Studies that hold the record; one that predicts too only learns from it."""
    return [study for study in all_studies() if study.looks_back and not study.predicts]


def _table_names() -> list[str]:
    return [name for study in _looking_back() for name in study.promised.tables]


def _findings(version: Version) -> list[Finding]:
    """A version's findings of studies that look back, in their order."""
    looking = _looking_back()
    found = version.findings.values()
    return [one for study in looking for one in found if study.owns(one.id)]
