"""``kam publish``: one version, or one for each value of a column."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Examples:

  kam publish

  kam publish churn --as-of 2012-06-30 -p churn.seed=7 --lang en,zh

  kam publish --data export/ --mapping mapping.yml --each region
"""


def publish(
    studies: Annotated[
        list[str] | None,
        typer.Argument(help="Studies by name or number; all of them where none is named."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Folder, file or address of the account data.")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="A mapping.yml that renames a company's own columns.")
    ] = None,
    params: Annotated[
        str | None, typer.Option(help="A parameters file, or the name of one in params/.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "-p",
            "--parameter",
            metavar="STUDY.NAME=VALUE",
            help="One parameter; all.NAME sets it everywhere.",
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Nothing later than this day is seen.", metavar="DATE")
    ] = None,
    where: Annotated[
        str | None, typer.Option(help="One slice of the accounts.", metavar="COLUMN=VALUE")
    ] = None,
    lang: Annotated[str | None, typer.Option(help="Languages, the first one first: en,zh.")] = None,
    each: Annotated[
        str | None,
        typer.Option(
            help="One version for each value of this column of accounts.", metavar="COLUMN"
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Kernels at once; one a core where not given.", min=1)
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="With --each: hand the slices to a Dask scheduler, tcp://host:8786.",
            metavar="ADDRESS",
        ),
    ] = None,
    reports: Annotated[
        Path | None, typer.Option(help="The shelf; reports/ of the project where not given.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="A text for people beside the version's name.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run everything again even where nothing changed.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why each study would run or not, and stop.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds that each study may take.")] = 1800.0,
    memory: Annotated[float | None, typer.Option(help="GiB that each kernel may hold.")] = None,
) -> None:
    """Publish a version of the reports; the last line on stdout is its path."""
    from kamresearch.publishing.progress import progress_for_terminal
    from kamresearch.publishing.surface import ask

    request = ask(
        tuple(studies or ()),
        data=data,
        mapping=mapping,
        params=params,
        assignments=tuple(parameter or ()),
        as_of=as_of,
        where=where,
        lang=lang,
        jobs=jobs,
        reports=reports,
        label=label,
        force=force,
        timeout=timeout,
        memory=memory,
    )
    progress = progress_for_terminal()
    if explain:
        from kamresearch.publishing.making.run import explain as say_why

        for line in say_why(request, progress):
            typer.echo(line)
    elif each or cluster:
        _publish_each(request, each, cluster, progress)
    else:
        from kamresearch.publishing.making.run import run

        typer.echo(run(request, progress).path)


def _publish_each(request: object, each: str | None, cluster: str | None, progress: object) -> None:
    from kamresearch.errors import ParameterError

    if not each:
        raise ParameterError(
            "--cluster",
            "--each COLUMN beside it",
            "none",
            "name the column whose values are handed out",
        )
    from kamresearch.publishing.making.slices import publish_each

    outcome = publish_each(request, each, cluster or "", progress)
    for version in outcome.paths:
        typer.echo(version)
    if outcome.failures:
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(epilog=EXAMPLES)(publish)
