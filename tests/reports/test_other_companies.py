"""Other companies are published in both languages, and no word of the built-in case is on a page."""

import json
import shutil

import pandas as pd
import pytest

import kamresearch as kam
from kamresearch.data.simulate import simulate
from tests.words.test_one_company import NOUNS, prose

pytestmark = [pytest.mark.reports, pytest.mark.long]


def said(path) -> str:
    """All that a file says: of a notebook its prose and outputs, for its code names a default."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    notebook = json.loads(text)
    outputs = [cell.get("outputs") for cell in notebook["cells"]]
    return "\n".join([*prose(notebook), json.dumps(outputs, ensure_ascii=False)])


def simulated(folder):
    made = simulate(folder / "simulated", accounts=60, random_state=5)
    for path in made.glob("*.yml"):
        path.unlink()  # as an export: nothing says that it is simulated
    return made


def bare(folder):
    made = simulate(folder / "all", accounts=40, random_state=7, start="2010-01-01")
    (folder / "bare").mkdir()
    for name in ("accounts", "orders"):
        shutil.copy(made / f"{name}.parquet", folder / "bare")
    return folder / "bare"


def with_market(folder):
    """A brewer with a market table, claims and events of its own."""
    made = bare(folder)
    years = [str(year) for year in range(2004, 2013)]
    rows = [
        {"period": year, "brand": brand, "market": "Bavaria", "measure": "units"}
        | {"units": base + step * place, "status": "reported", "source": "brewers' yearbook"}
        for brand, base, step in (("Own Brew", 900, 40), ("Other Brew", 2000, -30))
        for place, year in enumerate(years)
    ]
    pd.DataFrame(rows).to_csv(made / "market.csv", index=False)
    event = {"event_id": "E1", "date": "2011-05-01", "kind": "policy"}
    titles = {"title_en": "A new bottle", "title_zh": "新瓶装", "source": "own records"}
    pd.DataFrame([event | titles]).to_csv(made / "events.csv", index=False)
    (made / "params.yml").write_text(
        "sales_trend: {brand: Own Brew, rivals: Other Brew, market: Bavaria}\n", encoding="utf-8"
    )
    return made


@pytest.mark.parametrize("company", [simulated, bare, with_market])
def test_a_report_on_another_company_says_no_word_of_the_case(company, tmp_path):
    data = company(tmp_path)
    version = kam.publish(
        data=data, lang="en,zh", as_of="2012-12-31", reports=tmp_path / "reports"
    ).path
    read = [path for path in version.rglob("*") if path.suffix in (".html", ".csv", ".ipynb")]
    assert any(path.suffix == ".html" for path in read)
    # A product name of the simulator is data of the simulated company, not a word of the case.
    own = set(kam.open_data(data).orders.product.execute().dropna())
    found = {
        (path.name, hit[0])
        for path in read
        for hit in NOUNS.finditer(said(path))
        if hit[0] not in own
    }
    assert found == set()
