"""What a page says about its own making: data, parameters, code, environment."""

from collections.abc import Mapping

from kamresearch.language import message as _
from kamresearch.language import translate
from kamresearch.language.format import format_quantity
from kamresearch.publishing.pages.views import table_view
from kamresearch.studies import Study


def provenance_facts(
    manifest: Mapping, study: Study | None, language: str
) -> list[tuple[str, str]]:
    """Names and values for the page's last section; what the manifest does not know is left out."""
    code = manifest.get("code") or {}
    commit = str(code.get("commit") or "")[:12]
    state = _("as committed") if code.get("clean", True) else _("with changes not committed")
    rows = [
        (_("Version"), manifest.get("version")),
        (_("Label"), manifest.get("label")),
        (_("Made"), manifest.get("made")),
        (_("As of"), manifest.get("as_of")),
        (_("Code"), f"{commit} ({state.render(language)})" if commit else None),
        (_("Package"), manifest.get("kamresearch")),
        (_("Python"), manifest.get("python")),
        (_("Notebook"), f"notebooks/{study.notebook}.ipynb" if study else None),
        (_("Findings"), "findings.json"),
        (_("Everything"), "manifest.json"),
    ]
    return [(name.render(language), str(value)) for name, value in rows if value]


def provenance_tables(manifest: Mapping, study: Study, language: str) -> list[dict]:
    """Parameters and data as tables."""
    tables = []
    parameters = (manifest.get("parameters") or {}).get(study.name) or {}
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
        tables.append(
            _table(
                "parameters",
                _("Parameters"),
                (_("Parameter"), _("Value"), _("Meaning")),
                rows,
                language,
            )
        )
    data = (manifest.get("data") or {}).get("tables") or {}
    if data:
        rows = [[name, *_table_facts(facts, language)] for name, facts in data.items()]
        heads = (_("Table"), _("Rows"), _("Fingerprint"), _("Kind"))
        tables.append(_table("data", _("Data"), heads, rows, language))
    return tables


def _table_facts(facts: object, language: str) -> tuple[str, str, str]:
    if not isinstance(facts, Mapping):
        return "", str(facts)[:16], ""
    kind = _("simulated") if facts.get("simulated") else _("real")
    rows = facts.get("rows")
    return (
        format_quantity(rows, "records", language) if rows is not None else "",
        str(facts.get("fingerprint", ""))[:16],
        kind.render(language),
    )


def _shown(value: object) -> str:
    return "–" if value == "" else str(value)


def _table(id: str, title: object, heads: tuple, rows: list, language: str) -> dict:
    columns = [
        {"name": str(number), "unit": "text", "label": head.render(language), "terms": {}}
        for number, head in enumerate(heads)
    ]
    content = {
        "id": id,
        "title": title.render(language),
        "columns": columns,
        "rows": rows,
        "rows_total": len(rows),
    }
    return table_view(content, language, prefix="provenance")
