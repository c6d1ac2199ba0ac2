"""Apache Spark over a folder of files, for those who outgrow one machine: ``spark:folder`` or
``spark://master:7077/folder``.
"""

import os
from pathlib import Path
from socket import create_connection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kamresearch.data.contract import TABLES
from kamresearch.data.files import TEXTS, Raw, check_head
from kamresearch.data.sidecars import read_sidecar
from kamresearch.data.textfile import read_form
from kamresearch.errors import DataError

if TYPE_CHECKING:
    from ibis.backends import BaseBackend
    from pyspark.sql import SparkSession

    from kamresearch.data.mapfile import Mapping as Rules

_CORRUPT = "__line__"
SECONDS_TO_CONNECT = 10


def split_address(source: str) -> tuple[str, Path]:
    """Master and folder of a Spark address; without a master, this machine's cores
    (``KAM_SPARK_MASTER`` sets another).
    """
    if source.startswith("spark://"):
        parts = urlsplit(source)
        return f"spark://{parts.netloc}", Path(parts.path)
    return os.environ.get("KAM_SPARK_MASTER", "local[*]"), Path(source.removeprefix("spark:"))


def connect_spark(source: str, rules: "Rules") -> "tuple[BaseBackend, dict[str, Raw]]":
    """A Spark session with the same settings wherever it runs, and the raw tables of the folder."""
    import ibis

    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise DataError(
            source, "Apache Spark", "none installed", "make setup-spark, and install Java 17"
        ) from None
    master, folder = split_address(source)
    if not folder.is_dir():
        raise DataError(
            str(folder),
            "a folder of tables",
            "nothing there",
            "write spark: and the path of a folder",
        )
    _check_master(source, master)
    builder = SparkSession.builder.master(master).appName("kamresearch")
    settings = {
        "spark.sql.session.timeZone": rules.time_zone or "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": os.environ.get("KAM_SPARK_PARTITIONS", "8"),
        "spark.sql.ansi.enabled": "true",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # noqa: BLE001  (a missing Java shows itself in many ways)
        first = (
            str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        )
        raise DataError(
            source, "a running Spark", first, "install Java 17 (apt install default-jre-headless)"
        ) from None
    session.sparkContext.setLogLevel("ERROR")
    connection = ibis.pyspark.connect(session)
    wanted = {*TABLES, *rules.sources}
    paths = [
        path
        for path in sorted(folder.iterdir())
        if path.stem in wanted and not path.name.startswith((".", "_"))
    ]
    return connection, {
        path.stem: raw
        for path in paths
        if (raw := _read(connection, session, path, rules)) is not None
    }


def _check_master(source: str, master: str) -> None:
    """Refuse at once where no master listens: Spark would try for minutes, and then tell of a
    context that was stopped.
    """
    if not master.startswith("spark://"):
        return
    found = ""
    for place in master.removeprefix("spark://").split(","):  # several where one may take over
        host, _, port = place.rpartition(":")
        try:
            with create_connection((host, int(port)), SECONDS_TO_CONNECT):
                return
        except (OSError, ValueError) as error:
            found = str(error)
    raise DataError(
        source,
        "a Spark master that listens",
        found,
        "check host and port (7077 where nothing else was said); is its master there?",
    )


def _read(
    connection: "BaseBackend", session: "SparkSession", path: Path, rules: "Rules"
) -> Raw | None:
    ending, view = path.suffix.lower(), f"raw_{path.stem}"
    simulated = read_sidecar(path).simulated
    if ending == ".parquet" or (path.is_dir() and any(path.glob("*.parquet"))):
        frame = session.read.parquet(str(path))
        check_head(path.name, frame.columns)
        frame.createOrReplaceTempView(view)
        return Raw(connection.table(view), path.name, simulated, embedded=False)
    if ending not in TEXTS or not path.is_file():
        return None
    form = read_form(path, rules.encodings.get(path.stem, rules.encodings.get("", "")))
    encoding = {"utf-8-sig": "utf-8", "cp1252": "windows-1252"}.get(form.encoding, form.encoding)
    schema = ", ".join(f"`{name}` STRING" for name in (*form.head, _CORRUPT))
    frame = session.read.csv(
        str(path),
        schema=schema,
        header=True,
        sep=form.delimiter,
        encoding=encoding,
        quote='"',
        escape='"',
        multiLine=True,
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=_CORRUPT,
        enforceSchema=True,
    ).cache()
    frame.createOrReplaceTempView(view)
    whole = connection.table(view)
    lines = whole.filter(whole[_CORRUPT].notnull()).select(__value__=whole[_CORRUPT].substr(0, 200))
    n_broken = int(lines.count().to_pandas())
    table = whole.filter(whole[_CORRUPT].isnull()).drop(_CORRUPT)
    return Raw(
        table,
        path.name,
        simulated,
        form.delimiter == ";",
        lines if n_broken else None,
        n_broken,
        embedded=False,
    )
