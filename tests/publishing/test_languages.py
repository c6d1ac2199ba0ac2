"""One more language is a folder in the project, and no code."""

import json
import re
import subprocess
import sys
from html import unescape

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from kamresearch.language.tongues import CATALOGUES
from tests.publishing.toy import make_project

pytestmark = [pytest.mark.reports, pytest.mark.slow]

PROSE = ("# Toy alpha\n\nWe expect little.", "## How much is it?", "## What can this not tell?")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A toy project that speaks French: every text of the house is put between guillemets."""
    project = make_project(tmp_path_factory.mktemp("languages"))
    folder = project.root / "languages" / "fr"
    folder.mkdir(parents=True)
    (folder / "language.yml").write_text(
        'name: Français\nhtml: fr\nlocale: fr_FR\nmoney: "{amount} {currency}"\n', encoding="utf-8"
    )
    words = Catalog("fr")
    for path in sorted((CATALOGUES / "zh").glob("*.po")):
        with path.open("rb") as file:
            for entry in read_po(file):
                if entry.id:
                    words.add(entry.id, f"«{entry.id}»")
    for source in PROSE:
        words.add(source, re.sub(r"(?m)^(#+ )?(.+)$", r"\1«\2»", source))
    with (folder / "words.po").open("wb") as file:
        write_po(file, words)
    return project


@pytest.fixture(scope="module")
def version(project):
    project.publish("alpha", "--lang", "en,fr")
    return project.versions()[0]


def test_a_language_of_the_project_is_published_like_those_of_the_package(version):
    page = (version / "alpha.fr.html").read_text(encoding="utf-8")
    assert '<html lang="fr"' in page
    assert "«How much is it?»" in page
    assert "«We expect little.»" in page
    assert "«Findings»" in page
    assert "only." not in page  # no banner that says it were English
    assert 'hreflang="fr"' in (version / "alpha.en.html").read_text(encoding="utf-8")
    assert "Français" in (version / "alpha.en.html").read_text(encoding="utf-8")


def test_numbers_are_written_as_the_language_writes_them(version):
    page = (version / "alpha.fr.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page)))
    total = json.loads((version / "findings.json").read_text(encoding="utf-8"))[0]["value"]
    assert 20_000 < total < 30_000
    assert f"{total / 1000:.1f}".replace(".", ",") + " k" in text


def test_words_of_a_language_are_an_input_of_a_version(project, version):
    done = project.publish("alpha", "--lang", "en,fr")
    assert "has these inputs already" in done.stdout + done.stderr
    path = project.root / "languages" / "fr" / "words.po"
    path.write_text(
        path.read_text(encoding="utf-8").replace("«How much is it?»", "«Combien?»"),
        encoding="utf-8",
    )
    project.publish("alpha", "--lang", "en,fr")
    newest = next(one for one in project.versions() if one != version)
    assert "«Combien?»" in (newest / "alpha.fr.html").read_text(encoding="utf-8")


def test_tables_take_texts_in_it(project):
    asked = (
        "from kamresearch.data.contract import TABLES\n"
        "from kamresearch.language import Fixed\n"
        "assert 'text_fr' in [one.name for one in TABLES['goals'].columns]\n"
        "told = Fixed.of_row({'text_en': 'Keep', 'text_fr': 'Garder'}, 'text')\n"
        "print(told.render('fr'), told.render('zh'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["Garder", "Keep"], done.stderr


def test_a_language_without_its_name_is_refused_in_words(project):
    folder = project.root / "languages" / "de"
    folder.mkdir()
    (folder / "language.yml").write_text(
        "name: Deutsch\nhtml: de\nlocal: de_DE\n", encoding="utf-8"
    )
    done = project.publish("alpha", "--lang", "en,de", code=2)
    assert "found local. To do: did you mean 'locale'?" in done.stderr
    (folder / "language.yml").unlink()
