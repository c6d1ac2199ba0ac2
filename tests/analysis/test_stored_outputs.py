"""What the studies said of the case, they say again, in both languages: findings, tables, captions,
caveats.

nbval compares the same in kernels of their own (`notebooks/conftest.py`), in every `make test`; here
the cells run in this process, because the mutation check sees only what runs in its own.
"""

import json

import pytest

from kamresearch.studies import all_studies, session
from kamresearch.studies.outputs import MIME
from tests.alike import assert_alike

pytestmark = [pytest.mark.golden, pytest.mark.slow]


@pytest.mark.long
@pytest.mark.stored
@pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)
def test_a_study_says_of_the_case_what_its_notebook_holds(study, root, monkeypatch):
    published = []
    monkeypatch.chdir(root / "notebooks")
    monkeypatch.setattr(
        session, "_publish", lambda text, content, more=None: published.append((text, content))
    )
    notebook = json.loads(
        (root / "notebooks" / f"{study.notebook}.ipynb").read_text(encoding="utf-8")
    )
    namespace = {"__name__": "__main__"}
    for number, cell in enumerate(
        cell for cell in notebook["cells"] if cell["cell_type"] == "code"
    ):
        published.clear()
        exec(
            compile("".join(cell["source"]), f"{study.notebook}, code cell {number}", "exec"),
            namespace,
        )  # noqa: S102
        stored = [output["data"] for output in cell["outputs"] if MIME in output.get("data", {})]
        assert [text for text, _ in published] == ["".join(data["text/plain"]) for data in stored]
        for (_text, content), data in zip(published, stored, strict=True):
            place = f"{study.name}, cell {number}, {content['kind']} {content.get('id', '')}"
            assert_alike(json.loads(json.dumps(content)), data[MIME], place)


@pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.name)
def test_the_stored_notebooks_say_nothing_that_the_truth_gate_refuses(study, root):
    from kamresearch.publishing.outcome.truth import Outcome, find_untruths
    from kamresearch.studies.outputs import read_notebook

    notebook = read_notebook(root / "notebooks" / f"{study.notebook}.ipynb")
    assert not find_untruths(Outcome.of_notebook(notebook, "2012-12-31", study=study))
