"""What a page says about its own making: data, parameters, code, environment."""

from kamresearch.finding import Findings
from kamresearch.language import Text, translate
from kamresearch.language import message as _
from kamresearch.language.format import format_quantity
from kamresearch.publishing.pages.views import table_view
from kamresearch.publishing.sealed.manifest import Manifest, TableFacts
from kamresearch.studies import Study
from kamresearch.studies.kinds import ColumnHead, TableOutput
from kamresearch.studies.measured import find_coverage


def provenance_facts(
    manifest: Manifest, study: Study | None, language: str
) -> list[tuple[str, str]]:
    """Names and values for the page's last section; what the manifest does not know is left out."""
    code = manifest.code
    commit = (code.commit or "")[:12]
    state = _("with changes not committed") if code.clean is False else _("as committed")
    rows = [
        (_("Version"), manifest.version),
        (_("Label"), manifest.label),
        (_("Made"), manifest.made),
        (_("As of"), f"{manifest.as_of} ({_('hindcast').render(language)})")
        if manifest.hindcast
        else (_("As of"), manifest.as_of),
        (_("Code"), f"{commit} ({state.render(language)})" if commit else None),
        (_("Package"), manifest.packages.get("kamresearch")),
        (_("Python"), manifest.python),
        (_("Notebook"), f"notebooks/{study.notebook}.ipynb" if study else None),
        (_("Findings"), "findings.json"),
        (_("Everything"), "manifest.json"),
    ]
    return [(name.render(language), str(value)) for name, value in rows if value]


def provenance_tables(
    manifest: Manifest, study: Study, findings: Findings, language: str
) -> list[dict]:
    """What was measured of the intervals, parameters, and data as tables."""
    tables = []
    if measured := find_coverage(id for id, one in findings.items() if one.interval):
        rows = [
            [
                findings[one.finding].label.render(language),
                format_quantity(one.level, "share", language),
                format_quantity(one.held / one.companies, "share", language),
                format_quantity(one.companies, "count", language),
                format_quantity(one.size, "count", language),
            ]
            for one in measured
        ]
        heads = (
            _("Finding"),
            _("Level of the interval"),
            _("Held the truth"),
            _("Simulated companies"),
            _("Accounts of each"),
        )
        title = _("How often such intervals held the truth of simulated companies")
        tables.append(_table("intervals", title, heads, rows, language))
    parameters = manifest.parameters.get(study.name)
    if parameters:
        about = study.params.model_fields
        rows = [
            [
                name,
                _shown(value),
                translate(about[name].description or "", language) if name in about else "",
            ]
            for name, value in parameters.items()
        ]
        heads = (_("Parameter"), _("Value"), _("Meaning"))
        tables.append(_table("parameters", _("Parameters"), heads, rows, language))
    if manifest.data.tables:
        rows = [
            [name, *_table_facts(facts, language)] for name, facts in manifest.data.tables.items()
        ]
        heads = (_("Table"), _("Rows"), _("Fingerprint"), _("Kind"))
        tables.append(_table("data", _("Data"), heads, rows, language))
    return tables


def _table_facts(facts: TableFacts, language: str) -> tuple[str, str, str]:
    kind = _("simulated") if facts.simulated else _("real")
    rows = format_quantity(facts.rows, "records", language) if facts.rows is not None else ""
    return rows, facts.fingerprint[:16], kind.render(language)


def _shown(value: object) -> str:
    return "–" if value == "" else str(value)


def _table(id: str, title: Text, heads: tuple, rows: list, language: str) -> dict:
    columns = [
        ColumnHead(str(number), "text", {language: head.render(language)}, {})
        for number, head in enumerate(heads)
    ]
    told = {language: title.render(language)}
    table = TableOutput(id, told, None, tuple(columns), rows, len(rows), 0, simulated=False)
    return table_view(table, language, prefix="provenance")
