"""The commands of ``kam`` and their options; what they do lives in `kamresearch.publishing`,
loaded when needed.
"""

from typing import Annotated

import typer

app = typer.Typer(
    name="kam",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Key account management, researched: account data in, sealed and versioned reports out.",
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        import kamresearch

        typer.echo(f"kamresearch {kamresearch.__version__}")
        raise typer.Exit


@app.callback()
def _kam(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and stop.", callback=_tell_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


def _add_commands() -> None:
    from kamresearch.cli import actions, data, publish, series, shelf, study

    for module in (publish, shelf, series, actions, data, study):
        module.add_to(app)


_add_commands()
