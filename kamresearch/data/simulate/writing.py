"""Tables streamed to Parquet, each beside its sidecar; moved into place only when all are whole."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from kamresearch.errors import DataError, first_offenders
from kamresearch.yamlfile import read_yaml

_COMPRESSION = "zstd"
WRITTEN = "truth/written.yml"
"""Inside a simulated company: each file's checksum, by which its own output is known again."""
_ASIDE = ".simulating-"


class Writer:
    """Collects tables in a folder aside; `finish` moves them into place. Use as a context
    manager.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise DataError(
                str(folder), "a folder to write into", "a file of that name", "choose another name"
            )
        refuse_foreign(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> "Writer":
        self.aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self.folder))
        (self.aside / "truth").mkdir()
        return self

    def __exit__(self, *error: object) -> None:
        for writer in self._open.values():
            writer.close()
        shutil.rmtree(self.aside, ignore_errors=True)

    def append(self, name: str, table: pa.Table) -> None:
        """Add rows to a Parquet table; its first rows fix its columns."""
        if name not in self._open:
            self._open[name] = pq.ParquetWriter(
                self.aside / f"{name}.parquet", table.schema, compression=_COMPRESSION
            )
        self._open[name].write_table(table.cast(self._open[name].schema), row_group_size=1_000_000)
        self.rows[name] = self.rows.get(name, 0) + len(table)

    def write_csv(self, name: str, frame: pd.DataFrame) -> None:
        """A small table, for people to read."""
        frame.to_csv(
            self.aside / f"{name}.csv", index=False, lineterminator="\n", date_format="%Y-%m-%d"
        )
        self.rows[name] = len(frame)

    def write_yaml(self, name: str, content: dict) -> None:
        """Facts that are no table."""
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)
        (self.aside / f"{name}.yml").write_text(text, encoding="utf-8")

    def finish(self, titles: dict[str, str], date: str, note: str) -> None:
        """Write the sidecars and move everything into place."""
        for writer in self._open.values():
            writer.close()
        self._open.clear()
        for path in sorted(self.aside.glob("*.parquet")) + sorted(self.aside.glob("*.csv")):
            self.write_yaml(
                path.stem,
                {
                    "title": titles[path.stem],
                    "source": "seeded simulator of kamresearch",
                    "licence": "BSD-3-Clause",
                    "date": date,
                    "sha256": _sha256(path),
                    "simulated": True,
                    "note": note,
                },
            )
        self.write_yaml(
            WRITTEN.removesuffix(".yml"),
            {
                str(path.relative_to(self.aside)): _sha256(path)
                for path in sorted(self.aside.rglob("*"))
                if path.is_file()
            },
        )
        # asked again: a million accounts take long enough for somebody to save a file meanwhile
        earlier = refuse_foreign(self.folder)
        (self.folder / "truth").mkdir(exist_ok=True)
        for path in sorted(self.aside.rglob("*")):
            if path.is_file():
                name = path.relative_to(self.aside)
                path.replace(self.folder / name)
                earlier.discard(str(name))
        for name in earlier:  # a table that the new company lacks would be read as its own
            (self.folder / name).unlink()


def refuse_foreign(folder: Path) -> set[str]:
    """Refuse a folder that holds a file which the simulator did not write, or not as it stands.

    What a killed run left aside is in nobody's way. Returns the names of the files that are there.

    Raises
    ------
    DataError
        Names the first files that would have been overwritten or mixed with simulated ones.
    """
    found = (
        sorted(path for path in folder.rglob("*") if not path.is_dir()) if folder.exists() else []
    )
    names = {
        str(path.relative_to(folder)): path
        for path in found
        if not path.relative_to(folder).parts[0].startswith(_ASIDE)
    }
    if not names:
        return set()
    try:
        known = read_yaml(folder / WRITTEN)
    except DataError:
        known = None
    written = known if isinstance(known, dict) else {}
    foreign = [
        name
        for name, path in names.items()
        if name != WRITTEN and (path.is_symlink() or written.get(name) != _sha256(path))
    ]
    if foreign:
        raise DataError(
            str(folder),
            "an empty folder, or one that holds nothing but an earlier simulation",
            first_offenders(foreign),
            "choose another folder: what is there is not overwritten",
        )
    return set(names)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
