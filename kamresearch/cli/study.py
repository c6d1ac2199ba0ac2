"""Commands about studies: start a new one, run the notebooks again."""

from typing import Annotated

import typer


def new_study(
    name: Annotated[str, typer.Argument(help="Lower-case name with underscores.")],
) -> None:
    """Write a notebook, params class, analysis, figure, page and tests to start from."""
    from kamresearch.publishing.scaffold.new_study import write_new_study
    from kamresearch.studies.places import project_root

    for path in write_new_study(name, project_root()):
        typer.echo(path)


def refresh(
    studies: Annotated[
        list[str] | None, typer.Argument(help="Studies by name or number; all where none is named.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Kernels at once.", min=1)] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that each study may take.")] = 1800.0,
) -> None:
    """Run notebooks again in place, in the order in which they read each other, and save their
    English outputs.
    """
    from kamresearch.publishing.making.refresh import refresh_notebooks
    from kamresearch.publishing.progress import progress_for_terminal
    from kamresearch.publishing.surface import ask

    request = ask(tuple(studies or ()), jobs=jobs, timeout=timeout)
    for path in refresh_notebooks(request, progress_for_terminal()):
        typer.echo(path)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("new-study", epilog="Example: kam new-study visit_effect")(new_study)
    app.command(epilog="Example: kam refresh churn")(refresh)
