"""Splink models tuned by hand, one for each set: the peer of `kam.linkage.link`.

Comparisons, blocking rules, training sessions and deterministic rules are written for each set by
somebody who has
looked at its columns (never at its labels), after Splink's own tutorials. Runs in the project's
environment, since
Splink is part of it.
"""

import logging
import re
from itertools import combinations

import numpy as np
import pandas as pd


def tune(name: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Pairs (left, right, probability) and cluster labels of a set by its hand-written model."""
    prepare, settings = {
        "chicago": (prepare_chicago, chicago),
        "fake_1000": (prepare_fake, fake),
    }.get(name, (prepare_febrl, febrl))
    return run(prepare(frame), *settings())


MOST_PAIRS = 3e6
"""Pairs that a rule of blocking may make before it is left out."""


def start_out(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Pairs and cluster labels of a model that nobody tuned: each column compared by equality and
    by likeness, records compared that share a column's value or two, trained on the two columns
    with most values; those sure to be of one that share three of the four columns with most.
    """
    import splink.comparison_library as cl

    frame = frame.apply(lambda column: column.str.strip().str.lower())
    frame = frame.loc[:, frame.nunique() > 1]
    # Some of its statements do not quote names: a column "by" ends the run.
    frame = frame.set_axis([f"column_{place}" for place in range(frame.shape[1])], axis=1)
    pairs = {name: float((frame[name].value_counts() ** 2).sum() / 2) for name in frame}
    by_values = sorted(frame, key=lambda name: -frame[name].nunique())
    blocking = [[name] for name in by_values if pairs[name] <= MOST_PAIRS]
    blocking += [by_values[at : at + 2] for at in range(len(by_values) - 1)]
    comparisons = [
        cl.JaroWinklerAtThresholds(name, [0.9, 0.7]).configure(term_frequency_adjustments=True)
        for name in frame
    ]
    training = [[name] for name in by_values[:2]]
    certain = [list(names) for names in combinations(by_values[:4], 3)]
    return run(frame, comparisons, blocking, training, certain, 0.6)


def run(
    frame: pd.DataFrame,
    comparisons: list,
    blocking: list,
    training: list,
    certain: list,
    recall: float,
) -> tuple:
    """Train and predict as Splink's tutorials do."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.CRITICAL)
    frame = (
        frame.assign(unique_id=np.arange(len(frame)))
        .astype(object)
        .where(lambda t: t.notna(), None)
    )
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in blocking],
    )
    linker = Linker(
        DuckDBAPI().register(frame.astype({"unique_id": int})), settings, log_level=None
    )
    linker.training.estimate_probability_two_random_records_match(
        [block_on(*rule) for rule in certain], recall=recall
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=1)
    for rule in training:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule), record_sample_proportion=1.0
        )
    predicted = linker.inference.predict(threshold_match_probability=0.001, warning_mode="never")
    pairs = predicted.as_duckdbpyrelation().df()
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predicted, threshold_match_probability=0.95
    )
    labels = clustered.as_duckdbpyrelation().df().set_index("unique_id")["cluster_id"].sort_index()
    pairs = pd.DataFrame(
        {
            "left": pairs["unique_id_l"],
            "right": pairs["unique_id_r"],
            "probability": pairs["match_probability"],
        }
    )
    return pairs, labels


def prepare_febrl(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: column.str.strip().str.lower())


def febrl() -> tuple:
    import splink.comparison_library as cl

    comparisons = [
        cl.ForenameSurnameComparison("given_name", "surname"),
        cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]).configure(
            term_frequency_adjustments=True
        ),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        cl.DamerauLevenshteinAtThresholds("street_number", [1]).configure(
            term_frequency_adjustments=True
        ),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(
            term_frequency_adjustments=True
        ),
        cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]).configure(
            term_frequency_adjustments=True
        ),
        cl.JaroWinklerAtThresholds("address_2", [0.9, 0.7]).configure(
            term_frequency_adjustments=True
        ),
        cl.JaroWinklerAtThresholds("suburb", [0.9, 0.7]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("state").configure(term_frequency_adjustments=True),
    ]
    blocking = [
        ["soc_sec_id"],
        ["date_of_birth"],
        ["given_name", "surname"],
        ["given_name", "postcode"],
        ["surname", "postcode"],
        ["address_1", "street_number"],
        ["given_name", "suburb"],
        ["surname", "suburb"],
    ]
    certain = [
        ["soc_sec_id"],
        ["given_name", "surname", "date_of_birth"],
        ["given_name", "surname", "address_1"],
    ]
    return (
        comparisons,
        blocking,
        [["date_of_birth"], ["postcode"], ["given_name", "surname"]],
        certain,
        0.9,
    )


def prepare_fake(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: column.str.strip().str.lower())


def fake() -> tuple:
    import splink.comparison_library as cl

    comparisons = [
        cl.ForenameSurnameComparison("first_name", "surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.EmailComparison("email"),
    ]
    blocking = [
        ["first_name", "city"],
        ["surname"],
        ["dob"],
        ["email"],
        ["first_name", "surname"],
        ["city", "substr(dob,1,4)"],
    ]
    certain = [["first_name", "dob"], ["surname", "dob"], ["email"]]
    return comparisons, blocking, [["first_name", "surname"], ["dob"], ["email"]], certain, 0.7


def prepare_chicago(frame: pd.DataFrame) -> pd.DataFrame:
    def plain(text: object) -> str | None:
        words = re.sub(r"[^a-z0-9]+", " ", str(text).lower()).split()
        return " ".join(words) or None

    clean = pd.DataFrame(
        {
            "site": frame["Site name"].map(plain, na_action="ignore"),
            "address": frame["Address"].map(plain, na_action="ignore"),
            "zip": frame["Zip"].str[:5],
            "phone": frame["Phone"].str.replace(r"\D", "", regex=True).str[-7:],
        }
    )
    clean["number"] = clean["address"].str.extract(r"^(\d+)", expand=False)
    clean["street"] = clean["address"].str.extract(r"^\d+ (?:[nsew] )?(\w+)", expand=False)
    clean["first"] = clean["site"].str.split().str[0]
    return clean.where(clean.notna() & (clean != ""), None)


def chicago() -> tuple:
    import splink.comparison_library as cl

    comparisons = [
        cl.JaroWinklerAtThresholds("site", [0.95, 0.88, 0.75]).configure(
            term_frequency_adjustments=True
        ),
        cl.JaroWinklerAtThresholds("address", [0.97, 0.9, 0.8]).configure(
            term_frequency_adjustments=True
        ),
        cl.ExactMatch("number").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("phone", [1]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("zip").configure(term_frequency_adjustments=True),
    ]
    blocking = [
        ["phone"],
        ["site"],
        ["address"],
        ["number", "street"],
        ["first", "number"],
        ["first", "zip"],
    ]
    certain = [["site", "phone"], ["site", "address"], ["address", "phone"]]
    return comparisons, blocking, [["phone"], ["site"], ["address"]], certain, 0.8
