"""Sidecars: the small YAML file beside each raw file that says where it came from."""

from dataclasses import dataclass
from pathlib import Path

from kamresearch.yamlfile import as_noun, read_yaml


@dataclass(frozen=True)
class Sidecar:
    """What a file's sidecar says; what else stands there is not ours to read."""

    __pydantic_config__ = {"coerce_numbers_to_str": True}

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
    said = {str(name): value for name, value in content.items() if value is not None}
    return as_noun(Sidecar, said, str(beside), "see data/README.md: one value to each name")
