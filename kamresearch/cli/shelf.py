"""Commands about versions on the shelf: list, show, compare, verify, record, open, prune."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kamresearch.publishing.exports import FORMS

if TYPE_CHECKING:
    pass

Reports = Annotated[
    Path | None, typer.Option(help="The shelf; reports/ of the project where not given.")
]
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
Name = Annotated[
    str,
    typer.Argument(
        help="A version: its name, the beginning of it, or latest.",
        autocompletion=lambda: complete(),
    ),
]


def complete() -> list[str]:
    """Names of versions for the shell."""
    from kamresearch.places import shelf_folder

    return [*(path.name for path in shelf_folder(None).glob("[0-9]*-*") if path.is_dir()), "latest"]


def echo_json(content: object) -> None:
    """Print facts as JSON."""
    import json

    typer.echo(json.dumps(content, ensure_ascii=False, indent=1))


def versions(reports: Reports = None, json: Json = False) -> None:
    """List every version, newest first."""
    from kamresearch.places import shelf_folder
    from kamresearch.publishing.sealed.store import all_versions

    everything = all_versions(shelf_folder(reports))
    found = [version.summary() for version in everything if not version.damage]
    for version in everything:
        if version.damage:
            typer.echo(f"set aside: {version.damage}", err=True)
    if json:
        return echo_json(found)
    for one in found:
        label = f"  {one['label']}" if one["label"] else ""
        where = f"  [{one['where']}]" if one["where"] else ""
        typer.echo(
            f"{one['version']}  {one['made']}  {len(one['studies'])} studies, "
            f"{one['findings']} findings{where}{label}"
        )
    return None


def show(version: Name, reports: Reports = None, json: Json = False) -> None:
    """Show what a version holds: data, studies, and its headline findings with their intervals."""
    from kamresearch.publishing.sealed.listing import describe
    from kamresearch.publishing.surface import find

    found = find(version, reports)
    if json:
        return echo_json(
            {
                **found.manifest.plain(),
                "findings": [finding.to_dict() for finding in found.findings.values()],
            }
        )
    for line in describe(found):
        typer.echo(line)
    return None


def diff(older: Name, newer: Name = "latest", reports: Reports = None, json: Json = False) -> None:
    """Compare two versions: what moved beyond its interval, and what could have moved it."""
    from kamresearch.publishing.progress import waiting
    from kamresearch.publishing.sealed.listing import describe_comparison
    from kamresearch.publishing.series import compare

    with waiting("Comparing the two versions"):
        comparison = compare(older, newer, reports=reports)
        lines = [] if json else list(describe_comparison(comparison))
    if json:
        return echo_json(comparison.to_dict())
    for line in lines:
        typer.echo(line)
    return None


def verify(
    version: Name,
    reports: Reports = None,
    json: Json = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Checksums alone, without running it again.")
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(help="Where its data lie now; a server is asked only when named here."),
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(help="A public key of ssh-keygen that must have signed it.", metavar="KEY"),
    ] = None,
    pseudonymise: Annotated[
        Path | None,
        typer.Option(help="The key of its pseudonyms, where it has some.", metavar="FILE"),
    ] = None,
) -> None:
    """Check every file of a version, then run it again from its manifest and compare findings
    and tables.
    """
    from kamresearch.publishing.making.verify import verify_version
    from kamresearch.publishing.progress import progress_for_terminal
    from kamresearch.publishing.surface import find

    result = verify_version(
        find(version, reports),
        progress_for_terminal(),
        quick=quick,
        data=data,
        trust=trust,
        pseudonymise=pseudonymise,
    )
    if json:
        echo_json(result.to_dict())
    else:
        for line in result.lines():
            typer.echo(line)
    if not result.ok:
        raise typer.Exit(1)


def record(
    version: Annotated[
        str, typer.Argument(help="A version; the newest that holds a record where not given.")
    ] = "",
    reports: Reports = None,
    json: Json = False,
) -> None:
    """Show how earlier predictions did: what came due, what came of it, and beside which rival."""
    from kamresearch.places import shelf_folder
    from kamresearch.publishing.progress import waiting
    from kamresearch.publishing.sealed.store import list_versions
    from kamresearch.publishing.shelf.record import choose_record, describe_record, record_content
    from kamresearch.publishing.surface import find

    with waiting("Reading the versions"):
        found = [find(version, reports)] if version else list_versions(shelf_folder(reports))
        chosen = choose_record(found)
    if json:
        return echo_json(record_content(chosen))
    for line in describe_record(chosen):
        typer.echo(line)
    return None


def open_(version: Name = "", reports: Reports = None, json: Json = False) -> None:
    """Open a version, or the shelf of all, in the browser."""
    import webbrowser

    from kamresearch.places import shelf_folder
    from kamresearch.publishing.surface import find

    page = (find(version, reports).path if version else shelf_folder(reports)) / "index.html"
    if json:
        return echo_json({"page": str(page)})
    if not page.exists():
        from kamresearch.errors import StoreError

        raise StoreError(str(page), "a page to open", "none", "run `kam publish` first")
    typer.echo(page)
    webbrowser.open(page.resolve().as_uri())
    return None


def export(
    version: Name,
    studies: Annotated[
        list[str] | None, typer.Argument(help="Studies; all of the version where none is named.")
    ] = None,
    to: Annotated[str, typer.Option(help=f"One of {', '.join(FORMS)}.")] = "pdf",
    out: Annotated[
        Path | None, typer.Option(help="Where the files go; the working folder where not given.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option(help="A language of the version; its first where not given.")
    ] = None,
    reports: Reports = None,
    json: Json = False,
) -> None:
    """Take a version along: printed, as slides, a workbook, one file to mail, or its pictures."""
    from kamresearch.publishing.progress import waiting
    from kamresearch.publishing.surface import find

    found = find(version, reports)
    with waiting(f"Writing {found.id} as {to}"):
        from kamresearch.publishing.exports.run import export_version

        made = export_version(found, to, studies or (), folder=out, language=lang)
    if json:
        return echo_json([str(path) for path in made])
    for path in made:
        typer.echo(path)
    return None


def prune(
    reports: Reports = None,
    keep: Annotated[int, typer.Option(min=0, help="Newest versions that stay.")] = 10,
    before: Annotated[
        str | None, typer.Option(help="Only versions made before this day.", metavar="DATE")
    ] = None,
    cache: Annotated[
        bool, typer.Option("--cache", help="Forget kept notebooks and data facts too.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, only say what would go.")
    ] = False,
    json: Json = False,
) -> None:
    """Remove old versions and the notebooks of failed runs; says what would go until --yes is
    given.
    """
    from kamresearch.places import shelf_folder
    from kamresearch.publishing.progress import waiting
    from kamresearch.publishing.shelf.pruning import prune_shelf

    with waiting("Looking through the shelf"):
        gone = prune_shelf(shelf_folder(reports), keep=keep, before=before, cache=cache, really=yes)
    if json:
        return echo_json({"done": yes, "removed": gone})
    for name in gone:
        typer.echo(name)
    typer.echo(f"{len(gone)} removed" if yes else f"{len(gone)} would go; add --yes", err=True)
    return None


def add_to(app: typer.Typer) -> None:
    """Register the commands, each with an example."""
    for name, function, example in (
        ("versions", versions, "kam versions --json"),
        ("show", show, "kam show latest"),
        ("diff", diff, "kam diff 2012-06-30 latest"),
        ("verify", verify, "kam verify latest"),
        ("record", record, "kam record --json"),
        ("open", open_, "kam open"),
        ("export", export, "kam export latest churn --to pptx"),
        ("prune", prune, "kam prune --keep 5 --yes"),
    ):
        app.command(name, epilog=f"Example: {example}")(function)
