"""Gather ``results/*.md`` into ``RESULTS.md``: ``python -m benchmarks.collect``."""

from benchmarks.common import RESULTS, ROOT, describe_machine

ORDER = (
    "forecast",
    "unseen",
    "churn",
    "unseen_churn",
    "lifetime",
    "unseen_lifetime",
    "totals",
    "clusters",
    "linkage",
    "unseen_linkage",
    "groups",
    "scale",
    "growth",
    "publish",
    "interactive",
    "backtest",
    "decisions",
    "recovery",
    "breaks",
    "experiment",
    "record",
    "case_record",
    "exports",
    "first_report",
    "accounts",
    "tables",
    "start",
    "faults",
    "candidates",
    "measure",
)

HEAD = """# Benchmark results

Written by `make bench`; each section by its own target (`make bench-forecast` …). Quality figures do not depend on the
machine; times are ratios of medians taken side by side in one run. Machine of this page: {machine}.
"""


def main() -> None:
    """Write the page; sections without results say how to get them."""
    parts = [HEAD.format(machine=describe_machine())]
    for topic in ORDER:
        path = RESULTS / f"{topic}.md"
        parts.append(
            path.read_text(encoding="utf-8") if path.exists() else f"## {topic}\n\nNot run yet.\n"
        )
    (ROOT / "benchmarks" / "RESULTS.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
