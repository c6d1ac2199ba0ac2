"""Linkage: what is one is found, what is two stays two, and people have the last word."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.company_names import company_names, firms_in_buildings
from kamresearch.data.linkage import link, model
from kamresearch.data.linkage.blocking import choose_rules, count_pairs
from kamresearch.data.linkage.cleaning import clean_records
from kamresearch.data.linkage.clusters import cluster_pairs
from kamresearch.data.linkage.kinds import infer_fields
from kamresearch.data.linkage.likeness import NameLikeness
from kamresearch.data.linkage.redundancy import drop_redundant
from kamresearch.data.simulate import simulate
from kamresearch.errors import DataError

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Records of 150 accounts by three departments, with the account that each truly speaks of."""
    folder = simulate(
        tmp_path_factory.mktemp("world"), accounts=90, random_state=5, start="2011-01-01"
    )
    records = pd.read_parquet(folder / "departments.parquet")
    truth = pd.read_parquet(folder / "truth" / "records.parquet")
    whole = records.merge(truth, on=["department", "record_id"], validate="1:1")
    whole["person"] = whole["record_id"].str.rsplit("-", n=1).str[0]
    return whole.drop_duplicates("person").reset_index(drop=True)


COLUMNS = ["account_name", "address", "telephone", "tax_number", "region"]


@pytest.fixture(scope="module")
def linked(world):
    return link(world[COLUMNS])


def pair_scores(clusters, truth):
    def pairs(labels):
        sizes = labels.value_counts()
        return (sizes * (sizes - 1) // 2).sum()

    both = pairs(clusters.astype("str") + "|" + truth.astype("str"))
    return both / pairs(clusters), both / pairs(truth)


@pytest.mark.recovery
@pytest.mark.slow
def test_records_of_one_account_are_found_without_a_written_comparison(world, linked):
    precision, recall = pair_scores(linked.clusters, world["true_account_id"])
    assert precision > 0.98
    assert recall > 0.97


@pytest.mark.slow
def test_no_engine_of_linkage_draws_a_bar_into_a_report(world, monkeypatch):
    """It does under queries that take long, where a kernel is no file: on a busy machine a sealed
    notebook held other bytes each time.
    """
    import duckdb

    connect, told = duckdb.connect, []

    def connect_as_in_a_notebook(*arguments, **options):
        opened = connect(*arguments, **options)
        opened.execute("SET enable_progress_bar = true")
        return opened

    class Closing(model.closing):
        def __exit__(self, *error):
            asked = self.thing.execute("SELECT current_setting('enable_progress_bar')")
            told.append(asked.fetchone()[0])
            super().__exit__(*error)

    monkeypatch.setattr(duckdb, "connect", connect_as_in_a_notebook)
    monkeypatch.setattr(model, "closing", Closing)
    link(world[COLUMNS].head(40))
    assert told == [False]


def test_kinds_are_read_from_values(world, linked):
    kinds = {field.column: field.kind for field in infer_fields(world[COLUMNS]) if not field.part}
    assert kinds["account_name"] == "company"
    assert kinds["telephone"] == "phone"
    assert kinds["tax_number"] == "code"
    assert kinds["region"] == "category"
    assert kinds["address"] == "text"
    assert [field.column for field in infer_fields(world[COLUMNS]) if field.part == "number"] == [
        "address"
    ]


def test_people_are_linked_as_well_as_companies():
    frame = pd.DataFrame(
        {
            "born": ["1970-01-02", "19700102", "1980-05-06", "1990-07-08"] * 30,
            "mail": [f"a{i % 40}@x.org" for i in range(120)],
        }
    )
    assert {field.column: field.kind for field in infer_fields(frame)} == {
        "born": "date",
        "mail": "email",
    }


def test_probabilities_lie_between_nought_and_one_and_each_pair_stands_once(linked):
    assert linked.pairs["probability"].between(0, 1).all()
    ends = np.sort(linked.pairs[["left", "right"]].to_numpy(), axis=1)
    assert len(np.unique(ends, axis=0)) == len(linked.pairs)


@pytest.mark.slow
def test_two_runs_give_the_same_numbers(world, linked):
    again = link(world[COLUMNS])
    pd.testing.assert_frame_equal(linked.pairs, again.pairs)
    pd.testing.assert_series_equal(linked.clusters, again.clusters)


@pytest.mark.properties
@pytest.mark.slow
def test_the_order_of_records_and_the_names_of_columns_do_not_matter(world, linked):
    shuffled = (
        world[COLUMNS].sample(frac=1, random_state=1).rename(columns=dict(zip(COLUMNS, "abcde")))
    )
    other = link(shuffled).clusters.reindex(world.index)
    together = pd.crosstab(linked.clusters, other)
    assert (together.gt(0).sum(axis=1) == 1).mean() > 0.99


@pytest.mark.slow
def test_the_input_stays_as_it_was(world):
    before = world[COLUMNS].head(50).copy()
    frame = before.copy()
    link(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.slow
def test_pairs_that_are_not_the_same_split_their_cluster(world, linked):
    sizes = linked.clusters.value_counts()
    members = linked.clusters.index[linked.clusters == sizes.index[0]]
    left, right = members[0], members[1]
    split = link(world[COLUMNS], not_same=[(left, right)])
    assert split.clusters[left] != split.clusters[right]
    assert not split.pairs.query("left == @left and right == @right and probability > 0").shape[0]


@pytest.mark.slow
def test_pairs_that_are_the_same_join_whatever_they_look_like(world, linked):
    left = world.index[0]
    right = next(i for i in world.index if linked.clusters[i] != linked.clusters[left])
    joined = link(world[COLUMNS], same=[(left, right)])
    assert joined.clusters[left] == joined.clusters[right]


def test_a_pair_with_an_unknown_id_is_refused(world):
    with pytest.raises(DataError, match="ids of the records"):
        link(world[COLUMNS].head(20), not_same=[(0, 10**9)])


def test_ids_that_are_not_unique_are_refused():
    frame = pd.DataFrame({"id": ["1", "1"], "name": ["a", "b"]})
    with pytest.raises(DataError, match="a unique id per record"):
        link(frame, id_column="id")


@pytest.mark.slow
def test_ids_of_a_column_name_pairs_and_clusters(world):
    result = link(world[["person", *COLUMNS]], id_column="person")
    assert set(result.pairs["left"]) <= set(world["person"])
    assert list(result.clusters.index) == list(world["person"])
    assert set(result.clusters) <= set(world["person"])


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_records_are_no_trouble(n):
    frame = pd.DataFrame(
        {
            "name": ["Alpha Ltd", "Alpha Limited", "Beta GmbH"],
            "phone": ["021-5550000", "0215550000", None],
        }
    ).head(n)
    result = link(frame)
    assert len(result.clusters) == n


def test_empty_columns_constants_and_running_numbers_are_left_out():
    frame = pd.DataFrame(
        {
            "nothing": [None] * 40,
            "same": ["x"] * 40,
            "row": [str(i) for i in range(40)],
            "name": [f"Firm {i % 20} Ltd" for i in range(40)],
        }
    )
    assert [field.column for field in infer_fields(frame)] == ["name"]


@pytest.mark.slow
def test_companies_of_one_city_are_not_taken_for_one_where_nothing_is_recorded_twice(case_folder):
    accounts = pd.read_parquet(case_folder / "accounts.parquet")
    columns = ["account_name", "address", "telephone", "tax_number", "city", "region"]
    assert (link(accounts[columns]).pairs["probability"] >= 0.5).sum() == 0


def test_a_city_that_stands_in_the_address_does_not_count_twice(case_folder):
    accounts = pd.read_parquet(case_folder / "accounts.parquet")[
        ["account_name", "address", "city", "region"]
    ]
    fields = infer_fields(accounts)
    kept = drop_redundant(clean_records(accounts, fields), fields)
    assert [fields[place].column for place in kept] == ["account_name", "address", "address"]


def test_one_doubtful_pair_does_not_join_two_families():
    """Transitive closure would: AB Volvo and Volvo Cars meet through one record that names both."""
    pairs = pd.DataFrame(
        [
            (0, 1, 0.999),
            (0, 2, 0.999),
            (1, 2, 0.999),
            (3, 4, 0.999),
            (3, 5, 0.999),
            (4, 5, 0.999),
            (2, 3, 0.7),
        ],
        columns=["left", "right", "probability"],
    )
    labels = cluster_pairs(pairs, 6)
    assert labels.tolist() == [0, 0, 0, 3, 3, 3]


def test_a_chain_of_sure_pairs_is_one_cluster():
    pairs = pd.DataFrame([(0, 1, 1.0), (1, 2, 1.0)], columns=["left", "right", "probability"])
    assert cluster_pairs(pairs, 4).tolist() == [0, 0, 0, 3]


def test_apart_holds_through_merges():
    pairs = pd.DataFrame(
        [(0, 1, 1.0), (1, 2, 1.0), (0, 2, 1.0)], columns=["left", "right", "probability"]
    )
    labels = cluster_pairs(pairs, 3, apart={(0, 2)})
    assert labels[0] != labels[2]


def test_blocking_stays_within_its_budget(world):
    fields = infer_fields(world[COLUMNS])
    cleaned = clean_records(world[COLUMNS], fields)
    rules = choose_rules(cleaned, fields)
    assert rules
    assert (
        sum(
            count_pairs(cleaned[rule[0]])
            for rule in rules
            if rule in [(f"f{i}",) for i in range(5)]
        )
        <= 100_000
    )


@pytest.mark.slow
def test_a_name_alone_is_a_bad_witness():
    """Splink's own warning: with nothing but names, equal names stay doubtful rather than sure."""
    rng = np.random.default_rng(0)
    names = [f"{a}{b}" for a in "瑞恒泰祥盛安嘉博远达" for b in "顺利丰源康新润联诚鼎"]
    frame = pd.DataFrame({"name": [names[i] + "有限公司" for i in rng.integers(0, 100, 300)]})
    result = link(frame)
    equal = result.pairs.merge(frame, left_on="left", right_index=True).merge(
        frame, left_on="right", right_index=True, suffixes=("_l", "_r")
    )
    assert (equal.loc[equal["name_l"] == equal["name_r"], "probability"] < 0.999).all()


@pytest.mark.shared
@pytest.mark.golden
@pytest.mark.parametrize(("name", "least"), [("febrl1", 0.99)])
@pytest.mark.slow
def test_published_sets_are_linked(name, least, shared_eval):
    import sys

    sys.path.insert(0, str(shared_eval))
    try:
        import er_eval
    finally:
        sys.path.remove(str(shared_eval))
    records, truth = er_eval.load(name)
    scores = er_eval.score_pairs(link(records).pairs, truth)
    assert scores["f1"] >= least


def f1(result, truth):
    counts = truth.value_counts()
    found = result.pairs[result.pairs["together"]]
    same = (truth.loc[found["left"]].to_numpy() == truth.loc[found["right"]].to_numpy()).sum()
    return 2 * same / (len(found) + (counts * (counts - 1) // 2).sum())


@pytest.mark.recovery
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.slow
def test_firms_are_found_by_names_alone(seed):
    """Two thousand spellings of a hundred firms gave no pair: the more copies, the fewer."""
    names = company_names(seed=seed)
    assert f1(link(names[["name"]]), names["firm"]) > 0.9


@pytest.mark.recovery
@pytest.mark.slow
def test_firms_in_one_building_are_not_merged():
    records = firms_in_buildings(300, seed=3)
    result = link(records.drop(columns="firm"))
    found = result.pairs[result.pairs["together"]]
    firm = records["firm"]
    right = firm.loc[found["left"]].to_numpy() == firm.loc[found["right"]].to_numpy()
    assert right.mean() > 0.9
    assert f1(result, firm) > 0.94


TWENTY = [
    "AVIS CHINA",
    "Avis China",
    "Huawei Technologies",
    "Huawei Technologies Co Ltd",
    "Koninklijke Philips",
    "Konink. Philips N.V.",
    "International Business Machines",
    "IBM",
    "上海市德盛贸易有限公司",
    "德盛贸易（上海）",
    "Siemens",
    "Bosch",
    "Lenovo",
    "Sinopec",
    "Haier",
    "Shell",
    "Michelin",
    "Continental Tyres",
    "Ping An Insurance",
    "杭州海纳物流有限公司",
]


@pytest.mark.slow
def test_twenty_ordinary_names_are_names():
    result = link(pd.DataFrame({"customer": TWENTY}))
    assert result.fields[0].kind == "company"
    pairs = {(0, 1), (2, 3), (4, 5), (8, 9)}
    found = set(
        map(tuple, result.pairs.loc[result.pairs["together"], ["left", "right"]].to_numpy())
    )
    assert found == pairs
    assert (6, 7) in set(map(tuple, result.review[["left", "right"]].to_numpy()))  # initials


def test_copies_of_a_name_are_one_firm_however_many():
    frame = pd.DataFrame({"name": ["Alpha Ltd"] * 300 + ["Beta Trading GmbH"] * 150})
    assert link(frame).n_clusters == 2


@pytest.mark.slow
def test_copies_that_people_keep_apart_stay_apart():
    frame = pd.DataFrame({"name": ["Alpha Ltd"] * 4 + ["Beta Trading GmbH"] * 4})
    clusters = link(frame, not_same=[(0, 2)]).clusters
    assert clusters[0] != clusters[2]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"name": ["Alpha Ltd"]}), "Fewer than two records"),
        (pd.DataFrame({"name": ["x"] * 9, "row": range(9)}), "No column can be compared"),
        (pd.DataFrame({"name": ["Nordal", "Brixton", "Quorum", "Fentyx"]}), "No two records"),
        (pd.DataFrame({"name": ["Alder Foods", "Brix Foods", "Calder Foods"]}), "none reaches"),
    ],
)
def test_a_call_that_finds_nothing_says_why(frame, said):
    result = link(frame)
    assert not result.pairs.get("together", pd.Series(dtype=bool)).any()
    assert said in str(result.reason)


def test_a_call_that_finds_something_gives_no_reason(linked):
    assert linked.reason is None


@pytest.mark.slow
def test_material_that_does_not_tell_records_apart_is_refused_in_words():
    rng = np.random.default_rng(0)
    words = [
        "black",
        "white",
        "digital",
        "wireless",
        "portable",
        "compact",
        "series",
        "remote",
        "kit",
        "pack",
    ]
    texts = [" ".join(rng.choice(words, 5, replace=False)) for _row in range(300)]
    result = link(pd.DataFrame({"title": texts}))
    assert "nothing is linked" in str(result.reason)
    assert result.n_clusters == 300
    assert result.review.empty


@pytest.mark.parametrize(
    ("one", "two", "least", "most"),
    [
        ("konink philips", "koninklijke philips", 3, 5),
        ("kestrel intl trading", "kestrel international trading", 3, 5),
        ("harmon car rental", "harmon acr rental", 2, 5),
        ("ivaris united trading", "iut", 2, 2),
        ("store 12 alder", "store 13 alder", 0, 1),
        ("瑞恒酒店管理", "瑞恒酒店管里", 3, 5),
        ("alder foods", "kestrel logistics", 0, 0),
    ],
)
def test_shortened_and_misspelt_names_are_alike(one, two, least, most):
    others = ["beacon foods", "cobalt logistics", "delta trading", "瑞安物流", "falcon car rental"]
    cores = pd.Series([one, two, *others])
    level = NameLikeness(cores, pd.Series([None] * 7)).levels(np.array([0]), np.array([1]))[0]
    assert least <= level <= most
