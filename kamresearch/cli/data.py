"""Commands about data: a first mapping, the audit alone, and a simulated company."""

from pathlib import Path
from typing import Annotated

import typer


def check(
    source: Annotated[str, typer.Argument(help="Folder, file or address of the account data.")],
    mapping: Annotated[
        str | None, typer.Option(help="A mapping.yml that renames a company's own columns.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="The day of the report; the last order day where not given.")
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of the words: en or zh.")] = "en",
    json: Annotated[bool, typer.Option("--json", help="Print facts as JSON.")] = False,
) -> None:
    """Audit data without publishing: what was read, what is doubted, what was set aside."""
    from kamresearch.publishing.asking.parameters import as_languages
    from kamresearch.publishing.progress import waiting

    language = as_languages(lang)[0]
    with waiting("Opening and checking the data"):
        from kamresearch.publishing.planning.audit import audit

        facts, card = audit(source, mapping or "", as_of or "")
    if json:
        import json as writer

        typer.echo(writer.dumps(facts, ensure_ascii=False, indent=1))
    else:
        for line in card.lines(language):
            typer.echo(line)
    if facts["errors"]:
        raise typer.Exit(2)


def simulate(
    folder: Annotated[Path, typer.Argument(help="Where the tables go.", metavar="DIR")],
    accounts: Annotated[int, typer.Option(help="How many accounts.", min=20, max=1_000_000)] = 400,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.", min=0)] = 2012,
    world: Annotated[
        Path | None,
        typer.Option(help="A YAML file with fields of the world: hazards, returns, break_at …"),
    ] = None,
) -> None:
    """Write a simulated company with its truth beside it."""
    from kamresearch.data.simulate import read_world
    from kamresearch.data.simulate import simulate as run
    from kamresearch.publishing.progress import waiting

    truths = read_world(world) if world else None
    with waiting(f"Drawing {accounts:,} accounts"):
        made = run(folder, accounts=accounts, random_state=seed, world=truths)
    typer.echo(made)


def start(
    export: Annotated[
        str,
        typer.Argument(help="File, folder, workbook, archive, database or address of an export."),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(help="Where the mapping goes; beside the export where not given."),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="A YAML file that answers questions by their ids.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Take what is usual where a question has it.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a mapping that is there.")
    ] = False,
    lang: Annotated[str, typer.Option(help="Language of the words: en or zh.")] = "en",
) -> None:
    """Look at an export, write its first mapping.yml, and show what was read."""
    from kamresearch.cli.starting import Terminal, run_start
    from kamresearch.publishing.asking.parameters import as_languages

    terminal = Terminal(as_languages(lang)[0], typer.echo, typer.prompt)
    done = run_start(export, mapping, answers, yes, force, terminal)
    if not done:
        raise typer.Exit(2)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(epilog="Example: kam start exports/sales.xlsx")(start)
    app.command(epilog="Example: kam check export/ --mapping mapping.yml")(check)
    app.command(epilog="Example: kam simulate demo/ --accounts 1000 --seed 7")(simulate)
