"""Commands about many versions: a finding through time, under other choices, by other code."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kamresearch.cli.publish import AsOf, Data, Mapping
from kamresearch.cli.shelf import Json, Reports, echo_json

if TYPE_CHECKING:
    import pandas as pd


def _tell(frame: "pd.DataFrame", json: bool) -> None:
    if json:
        from json import loads

        echo_json(loads(frame.to_json(orient="records", date_format="iso")))
    else:
        typer.echo(frame.to_string(index=False, na_rep="–"))


def history(
    finding: Annotated[str, typer.Argument(help="A finding's id: churn.rate.")],
    reports: Reports = None,
    json: Json = False,
) -> None:
    """Show how a finding went from version to version, with its intervals."""
    from kamresearch.publishing.progress import waiting
    from kamresearch.publishing.series import history as read

    with waiting("Reading the versions"):
        frame = read(finding, reports=reports)
    shown = ["as_of", "value", "low", "high", "n", "version", "label"]
    _tell(frame if json else frame[shown], json)


def sweep(
    study: Annotated[str, typer.Argument(help="A study.")],
    choices: Annotated[
        list[str],
        typer.Argument(help="Parameters with the values to try: window_days=90,180,365 …"),
    ],
    data: Data = None,
    mapping: Mapping = None,
    as_of: AsOf = None,
    reports: Annotated[
        Path | None,
        typer.Option(help="Where its versions go; reports/sweeps of the project if not given."),
    ] = None,
    finding: Annotated[
        str | None, typer.Option(help="One finding alone, smallest value first.")
    ] = None,
    json: Json = False,
) -> None:
    """Run a study with every combination of some parameters, and show how far its findings hang
    on them.
    """
    from kamresearch.errors import ParameterError, near_matches
    from kamresearch.publishing.progress import progress_for_terminal
    from kamresearch.publishing.series import try_choices

    values: dict[str, list[str]] = {}
    for text in choices:
        name, equals, some = text.partition("=")
        if not equals or not name or not some:
            raise ParameterError(
                text, "name=value,value,…", "another form", "write window_days=180,365"
            )
        values[name.strip()] = [one.strip() for one in some.split(",")]
    frame = try_choices(
        study,
        values,
        data=data,
        mapping=mapping,
        as_of=as_of,
        reports=reports,
        progress=progress_for_terminal(),
    )
    if finding is not None:
        known = frame.attrs["findings"]
        if finding not in known:
            raise ParameterError(
                "--finding", "a finding of the study", finding, near_matches(finding, list(known))
            )
        frame = frame[frame["finding"] == finding].sort_values("value", kind="stable")
    columns = [*values, "finding", "value", "low", "high", "n", "version"]
    _tell(frame if json else frame[columns], json)


def upgrade(
    version: Annotated[
        str, typer.Argument(help="A version; the newest of each series where not given.")
    ] = "",
    reports: Reports = None,
    data: Annotated[
        str | None,
        typer.Option(help="Where its data lie now; a server is asked only when named here."),
    ] = None,
    json: Json = False,
) -> None:
    """Ask the newest versions again of the same data with this release, and show what moves."""
    from kamresearch.publishing.progress import progress_for_terminal
    from kamresearch.publishing.sealed.listing import describe_comparison
    from kamresearch.publishing.series import upgrade as ask_again

    found = ask_again(version or None, reports=reports, data=data, progress=progress_for_terminal())
    if json:
        return echo_json([one.to_dict() for one in found])
    for comparison in found:
        for line in describe_comparison(comparison):
            typer.echo(line)
    return None


def add_to(app: typer.Typer) -> None:
    """Register the commands, each with an example."""
    for name, function, example in (
        ("history", history, "kam history churn.rate"),
        ("sweep", sweep, "kam sweep churn window_days=180,365 --finding churn.revenue_at_risk"),
        ("upgrade", upgrade, "kam upgrade"),
    ):
        app.command(name, epilog=f"Example: {example}")(function)
