"""A version as an OpenLineage run event: which tables went in, which results came out.

Catalogues of data lineage (Marquez, DataHub, OpenMetadata) read it as it is; nothing is sent from
here. Form: https://openlineage.io/spec/2-0-2/OpenLineage.json
"""

import json
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import kamresearch
from kamresearch.publishing.sealed.manifest import Manifest
from kamresearch.publishing.sealed.store import Version

PRODUCER = f"https://pypi.org/project/kamresearch/{kamresearch.__version__}/"
EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
RUN_FACET = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet"
VERSION_FACET = (
    "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json"
    "#/$defs/DatasetVersionDatasetFacet"
)


def run_event(manifest: Manifest) -> dict:
    """The event of a version; equal manifests give equal events, the id of the run included."""
    data = manifest.data
    inputs = [_dataset(data.source, name, facts.fingerprint) for name, facts in data.tables.items()]
    outputs = [
        _dataset("kamresearch", f"{study}.findings", manifest.version) for study in manifest.studies
    ]
    made_of = {
        "version": manifest.version,
        "label": manifest.label,
        "as_of": manifest.as_of,
        "where": manifest.slice,
        "parameters": manifest.parameters,
        "code": manifest.code.model_dump(mode="json"),
    }
    return {
        "eventType": "COMPLETE",
        "eventTime": manifest.made,
        "producer": PRODUCER,
        "schemaURL": EVENT,
        "run": {
            "runId": str(uuid5(NAMESPACE_URL, f"kamresearch:{manifest.version}:{manifest.made}")),
            "facets": {
                "kamresearch_version": {
                    "_producer": PRODUCER,
                    "_schemaURL": RUN_FACET,
                    **made_of,
                }
            },
        },
        "job": {"namespace": "kamresearch", "name": "publish", "facets": {}},
        "inputs": inputs,
        "outputs": outputs,
    }


def write_event(version: Version, path: Path) -> None:
    """The event of a version as a JSON file."""
    text = json.dumps(run_event(version.manifest), ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _dataset(namespace: str, name: str, version: str) -> dict:
    facet = {"_producer": PRODUCER, "_schemaURL": VERSION_FACET, "datasetVersion": version}
    return {"namespace": namespace, "name": name, "facets": {"version": facet} if version else {}}
