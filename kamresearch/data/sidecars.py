"""Sidecars: the small YAML file beside each raw file that says where it came from."""

from dataclasses import dataclass
from pathlib import Path

from kamresearch.yamlfile import read_yaml

FIELDS = ("title", "source", "licence", "date", "sha256")
"""What every sidecar says; ``simulated`` and ``note`` may follow."""


@dataclass(frozen=True)
class Sidecar:
    """What a file's sidecar says."""

    title: str = ""
    source: str = ""
    licence: str = ""
    date: str = ""
    sha256: str = ""
    simulated: bool = False
    note: str = ""


def read_sidecar(path: Path) -> Sidecar:
    """The sidecar of a data file (``orders.yml`` beside ``orders.parquet``); an empty one
    where there is none.
    """
    beside = path.with_suffix(".yml")
    if beside == path or not beside.is_file():
        return Sidecar()
    content = read_yaml(beside)
    if not isinstance(content, dict):
        return Sidecar()
    # Values alone: lists that name each other are small as read and endless as text.
    texts = {
        name: str(content[name])
        for name in (*FIELDS, "note")
        if content.get(name) is not None and not isinstance(content[name], (list, dict, set))
    }
    return Sidecar(**texts, simulated=content.get("simulated") is True)
