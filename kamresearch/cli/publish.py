"""``kam publish``: one version, or one for each value of a column."""

from functools import partial
from inspect import Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kamresearch.cli.study import complete_studies
from kamresearch.publishing.asking import TIMEOUT
from kamresearch.publishing.exports import FORMS

if TYPE_CHECKING:
    from kamresearch.errors import KamError
    from kamresearch.publishing.asking.request import Request
    from kamresearch.publishing.progress import Progress
    from kamresearch.publishing.sealed.store import Version

EXAMPLES = """
Examples:

  kam publish

  kam publish churn --as-of 2012-06-30 -p churn.seed=7 --lang en,zh

  kam publish --data export/ --mapping mapping.yml --each region
"""

WATCHING = """
Example:

  kam watch churn --data export/ -p churn.window_days=180
"""

WATCHED = ("studies", "data", "mapping", "params", "parameter", "as_of", "where", "lang")
WATCHED += ("jobs", "reports", "label")
"""Options of ``kam publish`` that ``kam watch`` takes too."""

Data = Annotated[str | None, typer.Option(help="Folder, file or address of the account data.")]
Mapping = Annotated[
    str | None, typer.Option(help="A mapping.yml that renames a company's own columns.")
]
AsOf = Annotated[
    str | None, typer.Option(help="Nothing later than this day is seen.", metavar="DATE")
]
Studies = Annotated[
    list[str] | None,
    typer.Argument(
        help="Studies by name or number; all of them where none is named.",
        autocompletion=complete_studies,
    ),
]
Params = Annotated[
    str | None, typer.Option(help="A parameters file, or the name of one in params/.")
]
Parameter = Annotated[
    list[str] | None,
    typer.Option(
        "-p",
        "--parameter",
        metavar="STUDY.NAME=VALUE",
        help="One parameter; all.NAME sets it everywhere.",
        autocompletion=lambda incomplete: complete_parameters(incomplete),
    ),
]
Where = Annotated[
    str | None, typer.Option(help="One slice of the accounts.", metavar="COLUMN=VALUE")
]
Lang = Annotated[str | None, typer.Option(help="Languages, the first one first: en,zh.")]
Jobs = Annotated[
    int | None, typer.Option(help="Kernels at once; one a core where not given.", min=1)
]
Reports = Annotated[
    Path | None, typer.Option(help="The shelf; reports/ of the project where not given.")
]
Label = Annotated[str | None, typer.Option(help="A text for people beside the version's name.")]


def publish(
    studies: Studies = None,
    data: Data = None,
    mapping: Mapping = None,
    params: Params = None,
    parameter: Parameter = None,
    as_of: AsOf = None,
    where: Where = None,
    lang: Lang = None,
    each: Annotated[
        str | None,
        typer.Option(
            help="One version for each value of this column of accounts.", metavar="COLUMN"
        ),
    ] = None,
    hindcast: Annotated[
        str | None,
        typer.Option(
            help="First versions as of earlier days, from the same data cut back: 6x6m, or days.",
            metavar="DAYS",
        ),
    ] = None,
    jobs: Jobs = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="With --each: hand the slices to a Dask scheduler, tcp://host:8786.",
            metavar="ADDRESS",
        ),
    ] = None,
    reports: Reports = None,
    label: Label = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run everything again even where nothing changed.")
    ] = False,
    pseudonymise: Annotated[
        Path | None,
        typer.Option(
            help="Put pseudonyms for names and numbers, and drop free text, by the key in a file.",
            metavar="FILE",
        ),
    ] = None,
    suppress_small: Annotated[
        int,
        typer.Option(
            help="Publish no slice of fewer accounts, nor one from which such a slice follows.",
            metavar="N",
            min=0,
        ),
    ] = 0,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            help="Show on a study's page how far it hangs on a parameter, run with each value.",
            metavar="STUDY.NAME=VALUE,VALUE",
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why each study would run or not, and stop.")
    ] = False,
    export: Annotated[
        str | None,
        typer.Option(help=f"Take it along too, beside the version: {','.join(FORMS)}."),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help=f"Seconds that each study may take; {TIMEOUT:.0f}.")
    ] = None,
    memory: Annotated[float | None, typer.Option(help="GiB that each kernel may hold.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print what was published as JSON, not only its path.")
    ] = False,
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
        pseudonymise=pseudonymise,
        suppress_small=suppress_small,
        timeout=timeout,
        memory=memory,
    )
    forms = [form.strip() for form in export.split(",")] if export else []
    for form in forms:
        _check_form(form)
    progress = progress_for_terminal()
    if sweep:
        _refuse_beside_sweep(each, hindcast, where, pseudonymise)
        request = _sweep(request, sweep, data, mapping, progress)
    if explain:
        _explain(request, each, progress)
    elif each or cluster:
        _publish_each(request, each, cluster, progress, json)
    else:
        from kamresearch.publishing.making.hands import Hands
        from kamresearch.publishing.making.run import run

        with Hands() as hands:
            if hindcast:
                from kamresearch.publishing.making.hindcasts import publish_hindcasts

                publish_hindcasts(request, hindcast, progress, hands)
            version = run(request, progress, hands)
        _export(version, forms)
        _tell([version.summary() | {"path": str(version.path)}] if json else [version.path], json)


def watch(**asked: Any) -> None:
    """Publish now and on every change of notebooks, parameters, data or code; Ctrl-C ends it."""
    from kamresearch.cli import start_again
    from kamresearch.publishing.making.watching import watch as keep_watch
    from kamresearch.publishing.progress import progress_for_terminal
    from kamresearch.publishing.surface import ask

    studies, assignments = (tuple(asked.pop(name) or ()) for name in ("studies", "parameter"))

    def tell(found: "Version | KamError") -> None:
        typer.echo(getattr(found, "path", found), err=isinstance(found, Exception))

    ask_anew = partial(ask, studies, assignments=assignments, **asked)
    moved = keep_watch(ask_anew, asked["data"], progress_for_terminal(), tell)
    typer.echo(f"{moved} changed: starting anew", err=True)
    start_again()


# What is watched is asked for as in ``kam publish``: its own options, declared there alone.
_asked = signature(publish).parameters
vars(watch)["__signature__"] = Signature([_asked[name] for name in WATCHED])


def _check_form(form: str) -> None:
    from kamresearch.publishing.exports.run import check_form

    check_form(form)


def _export(version: "Version", forms: list[str]) -> None:
    """Each form in ``<shelf>/exports/<version>/``; where they are goes to stderr."""
    from kamresearch.publishing.exports.run import export_version

    for form in forms:
        folder = version.path.parent / "exports" / version.id
        for path in export_version(version, form, folder=folder):
            typer.echo(path, err=True)


def complete_parameters(incomplete: str) -> list[str]:
    """Beginnings ``study.name=`` for the shell."""
    from kamresearch.studies import all_studies

    told = [f"{one.name}.{name}=" for one in all_studies() for name in one.params.model_fields]
    return [text for text in told if text.startswith(incomplete)]


def _tell(found: list, as_json: bool) -> None:
    import json

    for one in found:
        typer.echo(json.dumps(one, ensure_ascii=False) if as_json else one)


def _refuse_beside_sweep(*others: object) -> None:
    from kamresearch.errors import ParameterError

    if any(others):
        raise ParameterError(
            "--sweep",
            "none of --each, --hindcast, --where and --pseudonymise beside it",
            "one of them",
            "publish it apart",
        )


def _sweep(
    request: "Request",
    texts: list[str],
    data: str | None,
    mapping: str | None,
    progress: "Progress",
) -> "Request":
    """The same request, with the sweeps that its pages shall show."""
    from dataclasses import replace

    from kamresearch.errors import ParameterError, near_matches
    from kamresearch.publishing.asking.parameters import choose_studies
    from kamresearch.publishing.making.swept import read_choices, show_sweep
    from kamresearch.publishing.series import try_choices

    swept, shown = {}, [one.name for one in choose_studies(request.studies)]
    for study, choices in read_choices(texts).items():
        if study not in shown:
            raise ParameterError(
                "--sweep", "a study that is published", study, near_matches(study, shown)
            )
        frame = try_choices(
            study,
            choices,
            data=data or request.asked.data,
            mapping=mapping or request.asked.mapping,
            as_of=request.as_of,
            params=request.asked.values,
            reports=request.reports / "sweeps",
            progress=progress,
        )
        simulated = any(one.simulated for one in frame.attrs["findings"].values())
        swept[study] = show_sweep(study, frame, request.languages, simulated)
    return replace(request, swept=swept)


def _explain(request: "Request", each: str | None, progress: "Progress") -> None:
    from kamresearch.publishing.making.run import explain
    from kamresearch.publishing.making.slices import explain_each

    told = explain_each(request, each, progress) if each else explain(request, progress=progress)
    for line in told:
        typer.echo(line)


def _publish_each(
    request: "Request", each: str | None, cluster: str | None, progress: "Progress", as_json: bool
) -> None:
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
    _tell([{"path": str(one)} if as_json else one for one in outcome.paths], as_json)
    if outcome.failures:
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(epilog=EXAMPLES)(publish)
    app.command(epilog=WATCHING)(watch)
