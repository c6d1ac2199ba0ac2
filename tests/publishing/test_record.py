"""What a version states about the future is sealed with it, and a later one scores it."""

import json

import pytest

from kamresearch.errors import ParameterError, StoreError
from kamresearch.publishing.making.earlier import EARLIER, STATED
from kamresearch.publishing.making.hindcasts import publish_hindcasts, read_days
from kamresearch.publishing.surface import ask, publish

pytestmark = [pytest.mark.reports, pytest.mark.slow]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Two hindcasts of a small company and the version that looks back on them."""
    from kamresearch.data.simulate import simulate

    folder = tmp_path_factory.mktemp("company")
    data = simulate(folder / "data", accounts=60, random_state=3, messy=False)
    reports = folder / "reports"
    request = ask(("segmentation", "track_record"), data=str(data), reports=reports)
    made = publish_hindcasts(request, "2010-12-31,2011-12-31")
    return reports, data, made, publish(["track_record"], data=data, reports=reports)


def test_a_version_seals_what_its_studies_state_and_the_next_one_scores_it(shelf):
    _reports, _data, made, version = shelf
    stated = json.loads((made[0].path / STATED).read_text(encoding="utf-8"))
    told = {one["prediction"] for one in stated}
    assert told >= {"segmentation.expected_orders", "segmentation.expected_revenue"}
    assert all(one.manifest.hindcast for one in made)
    assert STATED in made[0].manifest.files
    assert version.findings["record.n_due"].value > 50
    assert EARLIER in version.manifest.files
    seen = json.loads((version.path / STATED).read_text(encoding="utf-8"))
    assert [one["kind"] for one in seen] == ["outcomes"], "what came is sealed too"
    assert not version.manifest.hindcast


def test_publishing_again_starts_nothing_and_a_new_hindcast_is_a_new_input(shelf):
    reports, data, _made, version = shelf
    assert publish(["track_record"], data=data, reports=reports).id == version.id


def test_versions_of_another_source_or_slice_say_nothing(shelf):
    from kamresearch.publishing.making.earlier import gather
    from kamresearch.publishing.progress import Silent

    reports, _data, _made, version = shelf
    manifest = version.manifest
    assert gather(reports, manifest, Silent())
    elsewhere = manifest.data.model_copy(update={"source": "another/company"})
    for other in ({"data": elsewhere}, {"where": "region=East"}):
        assert gather(reports, manifest.model_copy(update=other), Silent()) == []


def test_statements_altered_by_one_byte_are_refused_and_named(shelf):
    from kamresearch.publishing.making.earlier import gather
    from kamresearch.publishing.making.verify import check_files
    from kamresearch.publishing.progress import Silent

    reports, _data, made, version = shelf
    notes = []

    class Heard(Silent):
        def note(self, text):
            notes.append(text)

    whole = gather(reports, version.manifest, Heard())
    path = made[1].path / STATED
    sealed = path.read_bytes()
    path.write_bytes(sealed.replace(b"0", b"1", 1))
    try:
        left = gather(reports, version.manifest, Heard())
        assert len(left) < len(whole)
        assert made[1].id in notes[-1]
        assert check_files(made[1]).changed == (STATED,)
    finally:
        path.write_bytes(sealed)


def test_the_shelf_opens_with_the_record_and_keeps_hindcasts_apart(shelf):
    reports, _data, made, version = shelf
    for page, words in (
        ("index.html", "predictions come due, 0 were sealed"),
        ("index.zh.html", "0 条当时即已封存"),
    ):
        text = (reports / page).read_text(encoding="utf-8")
        first = text[text.index('<section id="held">') : text.index('<section id="versions">')]
        assert words in first
        assert f"{version.findings['record.n_due'].value:,}" in first
        listed, hindcasts = text.split('<section id="hindcasts">')
        assert version.id in listed
        assert all(f'<li id="{one.id}">' in hindcasts for one in made)
        assert not any(f'<li id="{one.id}">' in listed for one in made)


def test_the_record_is_printed_and_given_as_json(shelf, capsys):
    from kamresearch.cli.shelf import record

    reports, _data, made, version = shelf
    record(reports=reports, json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == version.id
    found = {one["id"]: one["value"] for one in told["findings"]}
    assert found["record.n_due"] == version.findings["record.n_due"].value
    assert found["record.n_sealed"] == 0
    assert told["tables"]["record.calibration"]
    record(reports=reports)
    assert "record.n_due" in capsys.readouterr().out
    with pytest.raises(StoreError, match="a study that looks back"):
        record(made[0].id, reports=reports)


@pytest.mark.parametrize(("text", "words"), [("2013-01-31", "days before"), ("0x6m", "1 to 60")])
def test_days_that_are_no_hindcast_are_refused(text, words):
    with pytest.raises(ParameterError, match=words):
        read_days(text, "2012-12-31")
