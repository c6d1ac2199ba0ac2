"""Commands about projects and studies: start one, list them, run notebooks again."""

from pathlib import Path
from typing import Annotated

import typer

from kamresearch.publishing.asking import TIMEOUT


def complete_studies() -> list[str]:
    """Names of studies for the shell."""
    from kamresearch.studies import all_studies

    return [study.name for study in all_studies()]


Name = Annotated[
    str, typer.Argument(help="A study by name or number.", autocompletion=complete_studies)
]
Names = Annotated[
    list[str] | None,
    typer.Argument(
        help="Studies by name or number; all where none is named.",
        autocompletion=complete_studies,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


def init(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one that holds only data/.")],
) -> None:
    """Write a company's own repository: data, parameters, studies, a shelf, and what runs it."""
    import kamresearch
    from kamresearch.publishing.scaffold.project import write_project

    for path in write_project(folder, kamresearch.__version__):
        typer.echo(path)


def new_study(
    name: Annotated[str, typer.Argument(help="Lower-case name with underscores.")],
) -> None:
    """Write a study of your own to start from: module, notebook and tests, in one folder."""
    from kamresearch.places import project_root
    from kamresearch.publishing.scaffold.new_study import write_new_study

    for path in write_new_study(name, project_root()):
        typer.echo(path)


def studies(json: Json = False) -> None:
    """List the studies: those built in, those of packages, those of this project."""
    from kamresearch.studies import all_studies

    found = [
        {
            "name": one.name,
            "title": one.title.render("en"),
            "question": one.question.render("en"),
            "needs": list(one.needs),
            "reads": list(one.reads),
            "notebook": str(one.path),
            "own": one.folder is not None,
        }
        for one in all_studies()
    ]
    if json:
        return _echo_json(found)
    for one in found:
        typer.echo(f"{one['name']}  {one['question']}{'  [own]' if one['own'] else ''}")
    return None


def params(study: Name, json: Json = False) -> None:
    """List what a study can be told: name, default, what it can be, and what it means."""
    from kamresearch.publishing.asking.parameters import find_asked_study, parameter_facts

    facts = parameter_facts(find_asked_study(study))
    if json:
        return _echo_json(facts)
    for one in facts:
        typer.echo(f"{one['name']} = {one['default']!r}  ({one['can_be']})  {one['meaning']}")
    return None


def refresh(
    studies: Names = None,
    jobs: Annotated[int | None, typer.Option(help="Kernels at once.", min=1)] = None,
    timeout: Annotated[
        float | None, typer.Option(help=f"Seconds that each study may take; {TIMEOUT:.0f}.")
    ] = None,
) -> None:
    """Run notebooks again in place, in the order in which they read each other, and save their
    English outputs.
    """
    from kamresearch.publishing.asking.parameters import find_asked_study
    from kamresearch.publishing.making.refresh import refresh_notebooks
    from kamresearch.publishing.progress import progress_for_terminal
    from kamresearch.publishing.surface import ask

    names = tuple(find_asked_study(name).name for name in studies or ())
    request = ask(names, jobs=jobs, timeout=timeout)
    for path in refresh_notebooks(request, progress_for_terminal()):
        typer.echo(path)


def tidy(
    notebooks: Annotated[list[Path], typer.Argument(help="Notebook files.", exists=True)],
) -> None:
    """Write saved notebooks in one form, so that a diff shows what changed; name those changed."""
    from kamresearch.publishing.kernels.execute import tidy_notebook

    for path in notebooks:
        if tidy_notebook(path):
            typer.echo(path)


def _echo_json(content: object) -> None:
    import json

    typer.echo(json.dumps(content, ensure_ascii=False, indent=1))


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(epilog="Example: kam init our-accounts")(init)
    app.command("new-study", epilog="Example: kam new-study visit_effect")(new_study)
    app.command(epilog="Example: kam studies --json")(studies)
    app.command(epilog="Example: kam params churn")(params)
    app.command(epilog="Example: kam refresh churn")(refresh)
    app.command(epilog="Example: kam tidy notebooks/*.ipynb")(tidy)
