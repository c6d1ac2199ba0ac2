"""Workflows run what was read, may read this repository alone, and end."""

import re
import tomllib

import pytest
import yaml

from kamresearch.publishing.scaffold.new_study import fill

pytestmark = pytest.mark.architecture

PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")


@pytest.fixture(params=["own", "project"])
def workflow(request, root) -> str:
    if request.param == "own":
        return (root / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    return fill("project/workflow.yml.txt", {"title": "Acme", "name": "acme", "data": "data"})


def test_every_action_is_pinned_by_its_hash_with_its_version_beside_it(workflow):
    used = [line.strip().removeprefix("- ") for line in workflow.splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_permissions_are_stated_and_every_job_ends(workflow):
    told = yaml.safe_load(workflow)
    assert set(told["permissions"]) == {"contents"}
    assert all(job["timeout-minutes"] <= 240 for job in told["jobs"].values())


def test_the_checks_of_the_makefile_are_all_run_and_the_long_ones_once(root):
    text = (root / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    for target in ("lint", "workflows", "docs", "test", "test-kernels", "reports"):
        assert len(re.findall(rf"make {target}\b(?!-)", text)) == 1, target
    jobs = yaml.safe_load(text)["jobs"]
    (long,) = [job for job in jobs.values() if "test-long" in str(job["steps"])]
    assert "strategy" not in long
    assert "cache: pip" in text


def test_kernels_are_tried_at_both_ends_of_what_the_project_takes(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (root / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    low, high = yaml.safe_load(text)["jobs"]["kernels"]["strategy"]["matrix"]["client"]
    bounds = {one.split(">=")[0]: one.split(">=")[1] for one in project["dependencies"]}
    least, below = bounds["jupyter-client"].split(",<")
    assert low.startswith(f"jupyter_client=={least}.0 ipykernel=={bounds['ipykernel']} ")
    assert high == f"jupyter_client>={least},<{below}"
