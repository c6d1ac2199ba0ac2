"""Tables streamed to Parquet, each beside its sidecar; moved into place only when all are whole."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from kamresearch.errors import DataError

_COMPRESSION = "zstd"


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
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> "Writer":
        self.aside = Path(tempfile.mkdtemp(prefix=".simulating-", dir=self.folder))
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
                    "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                    "simulated": True,
                    "note": note,
                },
            )
        (self.folder / "truth").mkdir(exist_ok=True)
        for path in sorted(self.aside.rglob("*")):
            if path.is_file():
                path.replace(self.folder / path.relative_to(self.aside))
