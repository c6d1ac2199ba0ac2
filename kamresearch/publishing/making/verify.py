"""Trust, but verify: every file against its checksum, then the version made again from its
manifest.
"""

import json
import tempfile
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from kamresearch.data.addresses import is_address
from kamresearch.errors import KamError, ParameterError
from kamresearch.places import project_root, resolve_path
from kamresearch.publishing.asking.parameters import ParameterSet
from kamresearch.publishing.asking.request import SPARK, Request, make_request
from kamresearch.publishing.files import file_sha256, json_sha256
from kamresearch.publishing.making.earlier import EARLIER
from kamresearch.publishing.making.hands import Hands
from kamresearch.publishing.making.run import prepare
from kamresearch.publishing.making.swept import SWEPT
from kamresearch.publishing.making.version import Making, write_door
from kamresearch.publishing.planning.plan import Cache, Plan
from kamresearch.publishing.progress import Progress
from kamresearch.publishing.sealed.log import check_log
from kamresearch.publishing.sealed.manifest import MANIFEST, Manifest
from kamresearch.publishing.sealed.sealing import Workshop
from kamresearch.publishing.sealed.signature import SIGNATURE, check_signature
from kamresearch.publishing.sealed.store import Version, standing_version

PAGES_ALONE = "pages were not rendered again: {version}, which they compare with, is gone"


@dataclass(frozen=True)
class Verification:
    """What was found about a version. Empty lists everywhere mean that it can be trusted."""

    version: str
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    manifest_changed: bool = False
    damage: str = ""
    """Why it cannot be read at all."""
    executed: bool = False
    """Whether it was made again."""
    hindered: str = ""
    """Why it could not be made again."""
    differs: tuple[str, ...] = ()
    """Findings and tables that came out otherwise."""
    pictures: tuple[str, ...] = ()
    """Notebooks whose findings and tables are the same and whose bytes are not."""
    pages: tuple[str, ...] = ()
    """Pages that, rendered again, read otherwise."""
    exact: bool = False
    """Whether code and environment are those that made it, so that figures and pages must be
    equal to the byte too.
    """
    logged: tuple[str, ...] = ()
    """What the shelf's log says against it."""
    unsigned: str = ""
    """What speaks against its signature, where a key was named."""
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether every file is as sealed and everything that was made again came out the same."""
        return not (
            self.changed
            or self.missing
            or self.added
            or self.manifest_changed
            or self.damage
            or self.logged
            or self.unsigned
            or (self.exact and (self.pictures or self.pages))
            or self.hindered
            or self.differs
        )

    def to_dict(self) -> dict:
        """Plain values."""
        return {
            "ok": self.ok,
            **{
                name: list(value) if isinstance(value, tuple) else value
                for name, value in asdict(self).items()
            },
        }

    def lines(self) -> list[str]:
        """The verdict for people."""
        words = {
            "changed": "was changed after sealing",
            "missing": "is missing",
            "added": "was added after sealing",
            "differs": "came out otherwise",
            "pictures": "has other bytes (figures), findings and tables are the same",
            "pages": "reads otherwise when it is rendered again",
        }
        lines = [f"{name} {text}" for kind, text in words.items() for name in getattr(self, kind)]
        lines += [f"{MANIFEST} was changed after sealing"] if self.manifest_changed else []
        lines += [self.damage] if self.damage else []
        lines += [self.unsigned] if self.unsigned else []
        lines += [*self.logged, *self.notes]
        lines += [f"not made again: {self.hindered}"] if self.hindered else []
        made = (
            "every file is as sealed"
            if not self.executed
            else "every file is as sealed; made again, findings and tables are equal to the byte"
            + (", figures and pages too" if self.exact and not self.pages else "")
        )
        return [
            *lines,
            f"{self.version}: {made}"
            if self.ok
            else f"{self.version}: NOT as sealed or not reproduced",
        ]


def check_files(version: Version) -> Verification:
    """Every file of a version against the checksums of its manifest."""
    if version.damage:
        return Verification(version.id, damage=version.damage)
    listed = version.manifest.files
    there = {
        path.relative_to(version.path).as_posix(): path
        for path in version.path.rglob("*")
        if path.is_file() or path.is_symlink()
    }
    for name in (MANIFEST, SIGNATURE):
        there.pop(name, None)
    changed = [
        name
        for name, path in there.items()
        if name in listed and (path.is_symlink() or file_sha256(path) != listed[name])
    ]
    written = json.loads((version.path / MANIFEST).read_text(encoding="utf-8"))
    content = {name: value for name, value in written.items() if name != "sha256"}
    against, rest = check_log(version.path, version.manifest.log)
    return Verification(
        version.id,
        tuple(sorted(changed)),
        tuple(sorted(set(listed) - set(there))),
        tuple(sorted(set(there) - set(listed))),
        manifest_changed=written.get("sha256") != json_sha256(content)
        or written.get("version") != version.id,
        logged=tuple(against),
        notes=tuple(rest),
    )


def verify_version(
    version: Version,
    progress: Progress,
    *,
    quick: bool = False,
    data: str | None = None,
    trust: Path | None = None,
    pseudonymise: Path | None = None,
) -> Verification:
    """Can this version be trusted? Its files are checked; then it is made again from its manifest
    and compared.

    Parameters
    ----------
    version : Version
        The version.
    progress : Progress
        What the work reports to.
    quick : bool
        Checksums alone.
    data : str, optional
        Where the data lie, when not where the manifest says. A server is asked only when it is
        named here: a manifest may come from anybody, and a password belongs to the host that its
        owner named.
    trust : Path, optional
        A public key; the version must be signed by it.
    pseudonymise : Path, optional
        The key of its pseudonyms, where it was made with one.
    """
    result = check_files(version)
    if trust is not None:
        result = replace(result, unsigned=check_signature(version.path, trust))
    if quick or result.damage:
        return result
    try:
        return _make_again(version, result, progress, data, pseudonymise)
    except KamError as error:
        return replace(result, hindered=str(error))


def request_of(
    manifest: Manifest, reports: Path, data: str | None = None, pseudonymise: Path | None = None
) -> Request:
    """The request that a manifest records, its data taken from elsewhere where that is said."""
    parameters = manifest.parameters
    one_for_all = ("data", "mapping", "lang", "findings", "where", "as_of")
    first = next(iter(parameters.values()))
    values = {
        study: {name: value for name, value in part.items() if name not in one_for_all}
        for study, part in parameters.items()
    }
    root = project_root()
    source = data or str(first["data"])
    if data is None and is_address(source):
        raise ParameterError(
            f"data {source.partition('://')[0]}://…",
            "a server named by you",
            "one that the manifest names",
            "give the address: kam verify VERSION --data ADDRESS",
        )
    request = replace(
        make_request(
            root,
            reports=reports,
            studies=manifest.asked,
            asked=ParameterSet(values),
            as_of=first["as_of"],
            where=first["where"] or None,
            lang=",".join(manifest.languages),
            force=True,
            data=source if source.startswith(SPARK) else resolve_path(source),
            mapping=resolve_path(first["mapping"]) or None,
            pseudonymise=pseudonymise,
        ),
        label=manifest.label,
        hindcast=manifest.hindcast,
    )
    if request.pseudonyms != manifest.data.pseudonyms:
        raise ParameterError(
            "--pseudonymise",
            "the key under which it was made" if manifest.data.pseudonyms else "no key",
            "another" if request.pseudonyms else "none",
            "give the file that holds its key, and none where it was made without",
        )
    return request


def _sealed(version: Version, name: str) -> Any:
    """What a version was made from beside its data, as it is sealed with it; None where nothing."""
    path = version.path / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _make_again(
    version: Version,
    result: Verification,
    progress: Progress,
    data: str | None,
    pseudonymise: Path | None,
) -> Verification:
    manifest = version.manifest
    with tempfile.TemporaryDirectory(prefix="kam-verify-") as aside, Hands() as hands:
        request = request_of(manifest, Path(aside) / "reports", data, pseudonymise)
        request = replace(request, swept=_sealed(version, SWEPT) or {})
        before = _sealed(version, EARLIER) or []
        plan = prepare(request, hands, earlier=before, progress=progress)
        hindered = other_data(manifest, plan)
        if hindered:
            return replace(result, hindered=hindered)
        with Workshop(request.reports) as workshop:
            previous = manifest.previous and standing_version(
                version.path.parent, manifest.previous
            )
            rendered = bool(previous) or not manifest.previous
            making = Making(
                plan,
                version.id,
                workshop.path,
                hands,
                Cache(request.cache),
                progress,
                render=rendered,
                sealed=manifest,
                previous=str(previous.path) if previous else "",
            )
            making.run()
            if rendered and not making.failed:
                write_door(making)
            progress.end()
            if making.failed:
                return replace(
                    result, hindered="; ".join(text for text in making.failed.values() if text)
                )
            making.write_findings()
            notes = _notes(manifest, plan)
            return replace(
                result,
                executed=True,
                exact=not notes,
                notes=(
                    *result.notes,
                    *notes,
                    *([] if rendered else [PAGES_ALONE.format(version=manifest.previous)]),
                ),
                **_compare(version, workshop.path),
            )


def other_data(manifest: Manifest, plan: Plan) -> str:
    """In words, which tables are not those that a version was made from; empty where all are."""
    then = {name: facts.fingerprint for name, facts in manifest.data.tables.items()}
    now = {name: facts["fingerprint"] for name, facts in plan.data["tables"].items()}
    other = sorted(name for name in {*then, *now} if then.get(name) != now.get(name))
    return f"the data are others by now: {', '.join(other)}" if other else ""


def _notes(manifest: Manifest, plan: Plan) -> tuple[str, ...]:
    """What else is not as it was when the version was made."""
    notes = []
    for name in ("python", "platform"):
        if getattr(manifest, name) != plan.environment[name]:
            notes.append(f"{name} is {plan.environment[name]} now, was {getattr(manifest, name)}")
    if manifest.code.fingerprint != plan.code:
        notes.append(
            "the code is not the one that made it ("
            + (manifest.code.commit or "unknown commit")[:12]
            + ")"
        )
    for name, value in manifest.packages.items():
        now = plan.environment["packages"].get(name)
        if now != value:
            notes.append(f"{name} is {now} now, was {value}")
    return tuple(notes)


def _compare(version: Version, made: Path) -> dict[str, tuple[str, ...]]:
    """Names of what is not equal to the byte."""
    differs = (
        [] if _same(version.path, made, "findings.json") else _differing_findings(version, made)
    )
    for folder in (version.path, made):
        for path in sorted((folder / "tables").glob("*.csv")):
            name = f"tables/{path.name}"
            if name not in differs and not _same(version.path, made, name):
                differs.append(name)
    names = [f"notebooks/{path.name}" for path in sorted((made / "notebooks").glob("*.ipynb"))]
    pages = [path.relative_to(made).as_posix() for path in sorted(made.rglob("*.html"))]
    return {
        "differs": tuple(differs),
        "pictures": tuple(name for name in names if not _same(version.path, made, name)),
        "pages": tuple(name for name in pages if not _same(version.path, made, name)),
    }


def _same(one: Path, other: Path, name: str) -> bool:
    paths = (one / name, other / name)
    return all(path.is_file() for path in paths) and paths[0].read_bytes() == paths[1].read_bytes()


def _differing_findings(version: Version, made: Path) -> list[str]:
    then, now = version.findings, Version(made).findings
    ids = [
        one
        for one in {**then, **now}
        if (one in then) != (one in now) or then[one].to_dict() != now[one].to_dict()
    ]
    return [f"finding {one}" for one in ids] or ["findings.json"]
