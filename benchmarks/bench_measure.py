"""How large are modules and functions, beside kept packages of the field?
(``python -m benchmarks.bench_measure``).

Counted from the sources alone: lines of modules; lines of functions and methods without their
docstrings (nested ones are part of theirs); cyclomatic complexity as ruff counts it (C901).
"""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from benchmarks.common import ROOT, write_result

PEERS = ROOT / "benchmarks" / ".cache" / "measured"
PACKAGES = {
    "ruptures": "ruptures",
    "lifelines": "lifelines",
    "sklego": "scikit-lego",
    "papermill": "papermill",
}
MOST = 10
"""Complexity beyond which a function counts as complex."""
RUFF = (
    *(sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--exit-zero"),
    *("--select", "C901", "--config", f"lint.mccabe.max-complexity={MOST}"),
    *("--output-format", "json"),
)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions and methods of a module, not those inside another function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef | ast.If | ast.Try):
            yield from functions(node)


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, less the docstring's."""
    lines = cast(int, function.end_lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        lines -= cast(int, function.body[0].end_lineno) - function.body[0].lineno + 1
    return lines


def count_complex(folder: Path) -> int:
    """Functions whose complexity lies above `MOST`, as ruff counts them."""
    done = subprocess.run(
        [*RUFF, folder],
        capture_output=True,
        text=True,
        check=True,
    )
    return len(json.loads(done.stdout))


def measure(folder: Path) -> dict[str, object]:
    """One row of the table: a package's sizes."""
    modules, sizes = [], []
    for path in sorted(folder.rglob("*.py")):
        if "tests" in path.parts or "test" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        modules.append(len(text.splitlines()))
        sizes += [length(one) for one in functions(ast.parse(text))]
    return {
        "modules": len(modules),
        "lines": sum(modules),
        "module_median": int(np.median(modules)),
        "module_p90": int(np.quantile(modules, 0.9)),
        "module_most": max(modules),
        "functions": len(sizes),
        "function_median": int(np.median(sizes)),
        "function_p90": int(np.quantile(sizes, 0.9)),
        "function_most": max(sizes),
        "complex_share": count_complex(folder) / len(sizes),
    }


def main() -> None:
    """Measure, and write results/measure.md."""
    found = {one.name: one.version for one in distributions(path=[str(PEERS)])}
    rows = [{"package": "kamresearch"} | measure(ROOT / "kamresearch")]
    rows += [
        {"package": f"{name} {found[name]}"} | measure(PEERS / folder)
        for folder, name in PACKAGES.items()
    ]
    ours = rows[0]
    write_result(
        "measure",
        "Sizes of modules and functions",
        "Lines of modules, and of functions and methods without docstrings, tests left out. "
        f"`complex_share`: functions of a cyclomatic complexity above {MOST}.",
        ["`make measure`; counted from the sources, on any machine alike"],
        pd.DataFrame(rows),
        f"Of {ours['functions']:,} functions {ours['complex_share']:.1%} are more complex than "
        f"{MOST} (the house's limit: 2 %). Modules and functions of peers differ in what they do; "
        "the table shows only that ours are no larger than what people read elsewhere.",
    )


if __name__ == "__main__":
    main()
