"""A world written down is the world that is simulated, and a slip in it is told with a remedy."""

import pytest
import yaml

from kamresearch.data.simulate import World, read_world, simulate
from kamresearch.errors import ParameterError

pytestmark = pytest.mark.unit


def write(folder, text):
    path = folder / "world.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_a_file_leaves_out_keeps_its_usual_value(tmp_path):
    world = read_world(write(tmp_path, "returns: {price: [0.9, 1, 3]}\nslump_factor: 1"))
    assert world.returns["price"] == (0.9, 1, 3)
    assert world.returns["service"] == World().returns["service"]
    assert (world.slump_factor, world.break_factor) == (1.0, World().break_factor)
    assert read_world(write(tmp_path, "")) == World()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("slump_facter: 1", "did you mean 'slump_factor'"),
        ("hazards: {prise: 0.1}", "did you mean 'price'"),
        ("slump_at: 0.5\nslump_at: 0.6", "'slump_at' stands twice"),
        ("hazards: {price: 0.1, price: 0.2}", "'price' stands twice"),
        ("break_at: 1.5", "break_at: expected less than or equal to 1"),
        ("hazards: {price: much}", "hazards.price: expected a valid number"),
        ("hazards: {price: .nan}", "hazards.price: expected a finite number"),
        ("hazards: 3", "hazards: expected a valid dictionary"),
        ("returns: {price: [0.5, 9, 2]}", "the earlier first"),
        ("returns: {price: [0.5]}", "returns.price"),
        ("size_spread: 0", "greater than 0"),
        ("sizes: {by_trade: {}}", "choose one of 'by_industry'"),
        ("sizes: {by_industry: {Hotel: 2}}", "did you mean 'Hotels'"),
        ("sizes: {by_region: {Easst: 2}}", "regions that exist.*did you mean 'East'"),
        ("sizes: {ceiling: {Hotels: 0}}", "sizes.ceiling.Hotels: expected greater than 0"),
        ("models: {S60: {from: 2011-03-01}}", "models.S60, from: .*choose one of.*'since'"),
        ("models: {S60: {since: spring}}", "models.S60.since"),
        ("models: {S60: {since: 2012-03-01, until: 2011-03-01}}", "since before until"),
        ("models: {S6: {since: 2011-03-01}}", "models.S6: .*did you mean 'S60'"),
        ("models: {XC90: {price: 1, beside: XC6}}", "models.XC90: .*did you mean 'XC60'"),
        ("models: {S60: {beside: S40, share: 1}}", "models.S60: .*neither beside nor share"),
        ("rules: {r: {since: 2011-11-18, industry: Government, orders: 0}}", "'Government fleet'"),
        ("rules: {r: {since: 2011-11-18, industry: Hotels}}", "rules.r.orders"),
        ("rules: {r: {sinse: 2011-11-18}}", "did you mean 'since'"),
        ("- 1", "names and values"),
        ("a: [", "plain YAML"),
    ],
)
def test_a_slip_is_refused_with_its_place_and_a_remedy(tmp_path, text, words):
    with pytest.raises(ParameterError, match=words):
        read_world(write(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="check the path"):
        read_world(tmp_path / "none.yml")


def test_a_world_made_in_code_is_held_to_the_same_ranges(tmp_path):
    with pytest.raises(ParameterError, match="a value for product"):
        simulate(tmp_path / "w", 20, world=World(hazards={"price": 0.1}))
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    "text",
    [
        "hazards: {price: 0.2}\nbreak_factor: 1.1",
        "sizes: {by_industry: {Hotels: 0.5}, ceiling: {Hotels: 40}}\n"
        "models: {S60: {since: 2011-03-01}, XC90: {price: 780000, beside: XC60, share: 0.2}}\n"
        "rules: {r: {since: 2011-11-18, industry: Government fleet, orders: 0.6}}",
    ],
)
def test_the_world_that_a_company_wrote_into_its_truth_can_be_read_again(tmp_path, text):
    world = read_world(write(tmp_path, text))
    folder = simulate(tmp_path / "company", 20, world=world)
    truth = yaml.safe_load((folder / "truth" / "world.yml").read_text())["world"]
    assert read_world(write(tmp_path, yaml.safe_dump(truth))) == world
