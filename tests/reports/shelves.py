"""A folder of versions made by hand: five of one series, as publishing would seal them."""

import dataclasses
import json
from pathlib import Path

from kamresearch.finding import Findings, Interval
from kamresearch.publishing.outcome.followed import FollowedTable, write_followed
from kamresearch.publishing.pages.render import render_study
from tests.reports import synthetic

VALUES = (
    (0.15, 0.07, 0.29),
    (0.16, 0.08, 0.30),
    (0.50, 0.40, 0.60),
    (0.50, 0.40, 0.60),
    (0.05, 0.02, 0.10),
)
LABELS = ("first", "", "</script><b>bold", "fourth", "newest")


def seal(folder: Path, number: int) -> Path:
    """One version in its folder."""
    version = folder / f"2012-12-31-abc000000{number}"
    for name in ("notebooks", "tables"):
        (version / name).mkdir(parents=True)
    value, low, high = VALUES[number]
    rate = dataclasses.replace(synthetic.FINDINGS[0], value=value, interval=Interval(low, high))
    count = dataclasses.replace(
        synthetic.FINDINGS[0],
        id="synthetic.lost",
        value=number,
        unit="accounts",
        interval=None,
        label=synthetic.text("Lost accounts", "流失客户数"),
        headline=False,
    )
    found = (rate, count) if number == 0 else (rate, count, synthetic.FINDINGS[1])
    manifest = {
        **synthetic.context().manifest.plain(),
        "version": version.name,
        "label": LABELS[number],
        "languages": ["en", "zh"],
        "made": f"2026-11-2{number}T10:00:00Z",
        "packages": {"numpy": "2.1" if number < 3 else "2.2"},
        "python": "3.11",
        "parameters": {"synthetic": {"as_of": "2012-12-31", "seed": number // 2}},
    }
    (version / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (version / "findings.json").write_text(Findings(found).to_json(), encoding="utf-8")
    alerts = FollowedTable(
        title={"en": "Accounts with an alert", "zh": "有预警的客户"},
        rows={f"{key:04d}": (f"=Account {key}", "") for key in range(number, number + 15)},
        left={f"{number - 1:04d}": {"en": "lost", "zh": "已流失"}},
    )
    write_followed({"synthetic.alerts": alerts}, version)
    return version


def shelf(folder: Path, pages: bool = False) -> Path:
    """All five of them; ``pages`` writes their front doors too."""
    notebook = synthetic.executed() if pages else None
    for number in range(5):
        version = seal(folder, number)
        if pages:
            manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
            for language, name in (("en", "index.html"), ("zh", "index.zh.html")):
                html = render_study(
                    notebook, synthetic.STUDY, language, synthetic.context(manifest=manifest)
                )
                (version / name).write_text(html, encoding="utf-8")
    failed = folder / "failed" / "2012-12-31-abc0000009"
    failed.mkdir(parents=True)
    (failed / "reason.txt").write_text(
        "study churn: expected rows; found none. Kept: somewhere\n", encoding="utf-8"
    )
    return folder
