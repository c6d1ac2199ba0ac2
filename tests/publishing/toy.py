"""A project small enough to publish in a second or two: the package with three toy studies,
notebooks and a few rows.
"""

import compileall
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import kamresearch
from kamresearch.studies.declaration import HOUSE_MODULES

PACKAGE = Path(kamresearch.__file__).parent
HOUSE = {f"{name}.py" for name in (*HOUSE_MODULES, "__init__")}

STUDY = '''"""A toy study."""

from pydantic import Field

from kamresearch.language import Fixed
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Toy parameters."""

    data: str = Field("data/toy", description="Data.")
    factor: float = Field(1.0, ge=0, le=1000, description="What revenue is multiplied by.")
    text: str = Field("plain", description="Any text.")
    days: int = Field(30, ge=1, description="Days.")


STUDY = Study(
    name="{name}", notebook="{notebook}", title=Fixed({{"en": "Toy {name}", "zh": "玩具 {name}"}}),
    question=Fixed({{"en": "Does it work?", "zh": "行得通吗？"}}), params=Params, prefix="{name}",
    needs={needs!r}, wants={wants!r}, reads={reads!r}, sections=("sum", "limits"),
    findings=("{name}.total",), figures={figures!r}, tables=("{name}.accounts",),
)
'''

PARAMETERS = """data = "data/toy"
mapping = ""
where = ""
as_of = "2012-12-31"
findings = ""
lang = "en"
seed = 0
factor = 1.0
text = "plain"
days = 30
"""

SUM = """accounts = study.tables.accounts.execute().sort_values("account_id").reset_index(drop=True)
orders = study.tables.orders.execute()
total = float(orders["revenue"].sum()) * factor {extra}
study.export(Finding("{name}.total", total, "money", Fixed({{"en": "Total", "zh": "合计"}}),
                     Fixed({{"en": "Sum of revenue in {name}.", "zh": "{name} 的收入合计。"}}), n=len(accounts), good="up", headline=True,
                     sentence=Fixed({{"en": f"In all {{total:.1f}}: {{text}}", "zh": f"共 {{total:.1f}}：{{text}}"}})))
study.show(make_table("{name}.accounts", Fixed({{"en": "Accounts", "zh": "客户"}}), accounts, "account_id", "account_name"))
"""

OPEN = """import kamresearch as kam
from kamresearch.display import Figure, make_table
from kamresearch.finding import Finding
from kamresearch.language import Fixed

study = kam.open_study("{name}", vars())
"""

FIGURE = """import matplotlib.pyplot as plt
from kamresearch.figures import parts

drawing = lambda: parts.new_figure()[1].bar(["a", "b"], [1, total])[0].figure
study.show(Figure("{name}.bars", Fixed({{"en": "Bars", "zh": "柱"}}), Fixed({{"en": "Two bars.", "zh": "两根柱。"}}),
                  Fixed({{"en": "Bars.", "zh": "柱形。"}}), drawing,
                  make_table("{name}.bars_data", Fixed({{"en": "Data", "zh": "数据"}}), accounts, "account_id")))
"""


def markdown(id: str, source: str, *tags: str) -> dict:
    return {
        "cell_type": "markdown",
        "id": id,
        "metadata": {"tags": list(tags)},
        "source": source.splitlines(keepends=True),
    }


def code(id: str, source: str, *tags: str) -> dict:
    return {
        "cell_type": "code",
        "id": id,
        "metadata": {"tags": list(tags)} if tags else {},
        "execution_count": None,
        "outputs": [],
        "source": source.rstrip("\n").splitlines(keepends=True),
    }


def notebook(name: str, *, extra: str = "", figure: bool = False, more: str = "") -> dict:
    cells = [
        markdown("title-en", f"# Toy {name}\n\nWe expect little.", "en"),
        markdown("title-zh", f"# 玩具 {name}", "zh"),
        code("parameters", PARAMETERS, "parameters"),
        code("open", OPEN.format(name=name)),
        markdown("sum-en", "## How much is it?", "en", "section:sum"),
        markdown("sum-zh", "## 有多少？", "zh", "section:sum"),
        code("sum", SUM.format(name=name, extra=extra)),
    ]
    cells += [code("figure", FIGURE.format(name=name))] if figure else []
    cells += [code("more", more)] if more else []
    cells += [
        markdown("limits-en", "## What can this not tell?", "en", "section:limits"),
        markdown("limits-zh", "## 这不能说明什么？", "zh", "section:limits"),
        code(
            "limits",
            'study.caution(Fixed({"en": "Nothing is certain.", "zh": "没有什么是确定的。"}))',
        ),
    ]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


class Project:
    """A toy project in a folder of its own, spoken to as a user would: by the command line."""

    def __init__(self, root: Path) -> None:
        self.root, self.reports = root, root / "reports"

    def add(
        self,
        number: int,
        name: str,
        *,
        needs: tuple = ("accounts", "orders"),
        wants: tuple = (),
        reads: tuple = (),
        extra: str = "",
        figure: bool = False,
        more: str = "",
    ) -> None:
        file = f"{number:02d}_{name}"
        figures = (f"{name}.bars",) if figure else ()
        text = STUDY.format(
            name=name, notebook=file, needs=needs, wants=wants, reads=reads, figures=figures
        )
        (self.root / "kamresearch" / "studies" / f"{name}.py").write_text(text, encoding="utf-8")
        content = notebook(name, extra=extra, figure=figure, more=more)
        path = self.root / "notebooks" / f"{file}.ipynb"
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def write_data(
        self, folder: str = "data/toy", regions: tuple = ("East", "West"), per_region: int = 3
    ) -> Path:
        path = self.root / folder
        path.mkdir(parents=True, exist_ok=True)
        accounts, orders, number = (
            ["account_id,account_name,region,city"],
            ["order_id,account_id,order_date,revenue,units"],
            0,
        )
        for place, region in enumerate(regions):
            for one in range(per_region):
                number += 1
                account = f"{7000 + 31 * number:05d}"
                accounts.append(f"{account},Firm {region} {one} Ltd,{region},City{place}")
                for month in (3, 6, 9):
                    orders.append(
                        f"o{number}-{month},{account},2012-{month:02d}-01,{1000 + 37 * number + month},2"
                    )
        (path / "accounts.csv").write_text("\n".join(accounts) + "\n", encoding="utf-8")
        (path / "orders.csv").write_text("\n".join(orders) + "\n", encoding="utf-8")
        return path

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1", **more}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "kamresearch.cli", *arguments]

    def kam(
        self, *arguments: str, code: int | None = 0, timeout: float = 300, **more: str
    ) -> subprocess.CompletedProcess:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=timeout,
            encoding="utf-8",
            errors="replace",
        )
        if code is not None:
            assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def publish(
        self, *arguments: str, code: int | None = 0, **more: object
    ) -> subprocess.CompletedProcess:
        return self.kam("publish", "--jobs", "2", *arguments, code=code, **more)

    def versions(self) -> list[Path]:
        return sorted(path for path in self.reports.glob("[0-9]*") if path.is_dir())


def _without(path: Path, lines: str) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(lines, "", text, flags=re.MULTILINE), encoding="utf-8")


def make_project(folder: Path) -> Project:
    """The package without its own studies (nor what only they import), and three toys: alpha, beta that reads alpha, gamma
    that needs contracts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "kamresearch"
    compileall.compile_dir(PACKAGE, quiet=2)  # else each process of each project compiles it all
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("*.part"))
    warm = target / "publishing" / "kernels" / "forking.py"
    _without(warm, r'^ +"((scipy|statsmodels|sklearn)\..*|seaborn)",\n')
    # Seaborn brings SciPy, which takes longer than all that a toy does.
    _without(target / "figures" / "theme.py", r".*(seaborn|sns).*\n")
    for path in (target / "studies").glob("*.py"):
        if path.name not in HOUSE:
            path.unlink()
    for name in ("notebooks", "params"):
        (folder / name).mkdir()
    project = Project(folder)
    project.write_data()
    project.add(1, "alpha", figure=True)
    project.add(2, "beta", reads=("alpha",), extra='+ study.evidence["alpha.total"].value')
    project.add(3, "gamma", needs=("accounts", "orders", "contracts"))
    return project
