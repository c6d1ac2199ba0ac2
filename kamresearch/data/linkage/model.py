"""Splink on DuckDB finds and compares pairs; their weights are learnt here, from the records
themselves.
"""

import logging
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamresearch.data.embedded import draw_no_bar
from kamresearch.data.linkage.blocking import block_keys, choose_rules, pair_budget, rare_tokens
from kamresearch.data.linkage.comparing import comparisons_of
from kamresearch.data.linkage.kinds import Field
from kamresearch.data.linkage.likeness import AGREE, ALONE, EQUAL, NameLikeness

if TYPE_CHECKING:
    from splink.internals.comparison import Comparison

RANDOM_PAIRS = 100_000
LEAST_PROBABILITY = 0.01
ROUNDS = 100
LEAST_MATCHES = 0.02
"""Matches per record that are expected whatever was found: a floor under the prior."""
_PRIOR_COUNT = 0.1
"""Pseudo-matches per record that draw each level's share among matches towards its first guess.
Without them the learning
finds the strongest likeness in the data whatever it is: where nothing is recorded twice, the
companies of one city."""


@contextmanager
def _quietly():
    """Splink tells its progress to loggers of its own; a library says nothing."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@dataclass(frozen=True)
class Scored:
    """Pairs worth a look (left, right, weight, probability), and for each row the probability
    that another row with the very same values is the same.
    """

    pairs: pd.DataFrame
    equal: np.ndarray


@dataclass
class Evidence:
    """Pairs of rows with the level of each comparison (−1 missing, 0 unlike, highest equal),
    and what equal values weigh.
    """

    left: np.ndarray
    right: np.ndarray
    levels: np.ndarray
    rarity: np.ndarray
    """log2 of (chance that two values are equal / frequency of this value), where equal; 0
    elsewhere
    """
    among_all: list[np.ndarray]
    """share of each level among random pairs, matches included"""
    filled: np.ndarray
    """share of all pairs in which both values are there, by comparison"""


def score_records(cleaned: pd.DataFrame, fields: tuple[Field, ...]) -> Scored:
    """Cleaned records, no two alike in everything → scored pairs of their row numbers."""
    rules = choose_rules(cleaned, fields)
    if not rules and all(field.kind != "company" for field in fields):
        return Scored(NO_PAIRS, np.zeros(len(cleaned)))
    evidence = gather_evidence(cleaned, fields, rules)
    if [field.kind for field in fields] == ["company"]:
        return _judge_names(evidence, len(cleaned))
    weights, equal, prior = learn_weights(evidence, cleaned, fields)
    most = most_probable(evidence.levels, fields)
    frame = pd.DataFrame({"left": evidence.left, "right": evidence.right, "weight": weights})
    frame["probability"] = np.minimum(to_probability(weights, prior), most)
    whole = np.where(cleaned[_names(fields)].notna(), _top(fields), -1)
    alone = np.minimum(to_probability(equal, prior), most_probable(whole, fields))
    return Scored(frame.sort_values(["left", "right"], ignore_index=True), alone)


NO_PAIRS = pd.DataFrame({"left": [], "right": [], "weight": [], "probability": []}).astype(
    {"left": "int64", "right": "int64"}
)


def _names(fields: tuple[Field, ...]) -> list[str]:
    return [f"f{place}" for place in range(len(fields))]


def _top(fields: tuple[Field, ...]) -> np.ndarray:
    """The highest level of each comparison: equality."""
    return np.array([len(one["comparison_levels"]) - 2 for one in comparisons_of(fields)])


NAME, IDENTIFIER, PLACE = "name", "identifier", "place"
WITNESS = {
    "company": NAME,
    "name": NAME,
    "code": IDENTIFIER,
    "phone": IDENTIFIER,
    "email": IDENTIFIER,
    "date": IDENTIFIER,
    "text": PLACE,
    "number": PLACE,
    "category": PLACE,
}
"""What kind of evidence a field's likeness is."""


def _judge_names(evidence: Evidence, n: int) -> Scored:
    """Names alone: with one comparison nothing can be learnt about how matches look (any split
    into matches and others fits the data), so that each level has its probability.
    """
    probability = np.array(ALONE)[evidence.levels[:, 0]]
    weight = np.log2(probability / (1 - probability))
    frame = pd.DataFrame({"left": evidence.left, "right": evidence.right, "weight": weight})
    frame = frame.assign(probability=probability).sort_values(["left", "right"], ignore_index=True)
    return Scored(frame, np.full(n, ALONE[EQUAL]))


REVIEW, NEIGHBOURS, ONE_KIND = 0.45, 0.05, 0.98
"""Highest probability of a pair that only a person can decide, of two that share no more than a
place, and of one told by one kind of evidence."""


def most_probable(levels: np.ndarray, fields: tuple[Field, ...]) -> np.ndarray:
    """The highest probability that a pair's kinds of evidence allow.

    Firms in one building share an address and often a switchboard: where names of firms disagree,
    and no code (a tax number) is alike, a person decides; where they have nothing in common and
    no telephone either, they are neighbours. Names that agree in part are left to a person where
    telephones and codes differ. Where no name and no identifier agrees, a place alone
    never makes two records one.
    """
    kinds = np.array([WITNESS[field.kind] for field in fields])
    firm = np.array([field.kind == "company" for field in fields])
    code = np.array([field.kind == "code" for field in fields])
    agree = levels >= np.where(firm, AGREE, 1)
    most = np.ones(len(levels))
    if len(set(kinds)) == 1:
        return np.minimum(most, ONE_KIND)
    witness = {kind: agree[:, kinds == kind].any(axis=1) for kind in (NAME, IDENTIFIER, PLACE)}
    if NAME in kinds:
        most[~witness[NAME] & ~witness[IDENTIFIER]] = REVIEW
    if firm.any():
        unlike = (levels[:, firm] >= 0).any(axis=1) & ~agree[:, firm].any(axis=1)
        most[unlike & ~agree[:, code].any(axis=1)] = REVIEW
        partly = (levels[:, firm] <= AGREE).all(axis=1) & (levels[:, firm] >= 0).any(axis=1)
        told = levels[:, kinds == IDENTIFIER]
        denied = (told >= 0).any(axis=1) & (told <= 0).all(axis=1)
        most[partly & denied] = REVIEW
        most[(levels[:, firm] <= 0).all(axis=1) & unlike & ~witness[IDENTIFIER]] = NEIGHBOURS
    return most


def gather_evidence(
    cleaned: pd.DataFrame, fields: tuple[Field, ...], rules: list[tuple[str, ...]]
) -> Evidence:
    """Block and compare with Splink; names of firms are compared by what is rare in them."""
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    keys = block_keys(cleaned, fields)
    used = {name for rule in rules for name in rule}
    firms = [place for place, field in enumerate(fields) if field.kind == "company"]
    budget = pair_budget(len(cleaned)) // (3 if rules else 1)
    table = cleaned.drop(columns=[f"f{place}_tokens" for place in firms]).assign(
        **{f"k_{name}": key for name, key in keys.items() if name in used},
        **{f"t{place}": rare_tokens(cleaned[f"f{place}_tokens"], budget) for place in firms},
    )
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        comparisons=[*comparisons_of(fields)],
        blocking_rules_to_generate_predictions=[
            *(block_on(*(f"k_{name}" for name in rule)) for rule in rules),
            *(block_on(f"t{place}", arrays_to_explode=[f"t{place}"]) for place in firms),
        ],
        retain_matching_columns=True,  # the levels are kept with them
    )
    # Splink's objects hold each other, and with them the connection until Python looks for cycles.
    with closing(duckdb.connect()) as engine, _quietly():
        draw_no_bar(engine)
        linker = Linker(
            DuckDBAPI(engine).register(table), settings, log_level=None, validate_settings=False
        )
        linker.training.estimate_u_using_random_sampling(
            max_pairs=RANDOM_PAIRS, seed=1, min_count_per_level=None, num_chunks=1
        )
        scored = linker.inference.predict(warning_mode="never").as_duckdbpyrelation()
        columns = ", ".join(f"gamma_f{place}::TINYINT AS g{place}" for place in range(len(fields)))
        found = scored.select(f"unique_id_l, unique_id_r, {columns}").fetchnumpy()
        comparisons = linker._settings_obj.core_model_settings.comparisons
    left, right = found["unique_id_l"].astype("int64"), found["unique_id_r"].astype("int64")
    levels = np.column_stack(
        [np.asarray(found[f"g{place}"]) for place in range(len(fields))]
    ).astype("int8")
    order = np.lexsort((right, left))
    left, right, levels = left[order], right[order], levels[order]
    shares = [_shares(comparison) for comparison in comparisons]
    for place in firms:
        likeness = NameLikeness(cleaned[f"f{place}"], cleaned[f"f{place}_branch"])
        levels[:, place] = likeness.levels(left, right)
        shares[place] = _random_shares(likeness, len(cleaned))
    rarity = np.zeros(levels.shape)
    for place in range(len(fields)):
        values = cleaned[f"f{place}"]
        frequency = values.map(values.value_counts(normalize=True)).to_numpy(dtype="float64")
        equal = levels[:, place] == len(shares[place]) - 1
        chance = _chance_of_equal(values)
        shares[place][-1] = max(chance, 1e-12)
        rarity[equal, place] = np.log2(
            max(chance, 1e-12) / np.maximum(frequency[left[equal]], 1e-12)
        )
    filled = np.array([cleaned[f"f{place}"].notna().mean() ** 2 for place in range(len(fields))])
    return Evidence(left, right, levels, rarity, shares, filled)


def _random_shares(likeness: NameLikeness, n: int) -> np.ndarray:
    """Share of each level of likeness among random pairs of rows."""
    rng = np.random.default_rng(1)
    left, right = rng.integers(0, n, (2, RANDOM_PAIRS))
    found = likeness.levels(left[left != right], right[left != right])
    counts = np.bincount(found[found >= 0], minlength=EQUAL + 1).astype(float)
    return counts / max(counts.sum(), 1.0)


def _shares(comparison: "Comparison") -> np.ndarray:
    """Share of each level among random pairs, from unlike upwards."""
    levels = [level for level in comparison.comparison_levels if not level.is_null_level]
    found = {}
    for level in levels:
        trained = [one["probability"] for one in level._trained_u_probabilities]
        known = [one for one in trained if not isinstance(one, str)]
        found[level.comparison_vector_value] = float(np.mean(known)) if known else 0.0
    return np.array([found[value] for value in sorted(found)])


def _chance_of_equal(values: pd.Series) -> float:
    """Chance that two different records with a value have the same."""
    counts = values.value_counts().to_numpy(dtype="float64")
    total = counts.sum()
    return float((counts * (counts - 1)).sum() / (total * (total - 1))) if total > 1 else 0.0


def learn_weights(
    evidence: Evidence, cleaned: pd.DataFrame, fields: tuple[Field, ...]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Weight of each pair (log2 of the likelihood ratio), weight of each row against its own
    copy, and the share of matches among all pairs of records.

    Expectation maximisation over *all* pairs of records: those that no rule brought together count
    as different, so
    that shares among random pairs hold without correction for blocking. Matches among the random
    pairs are taken out
    of the shares of the different.
    """
    n = len(cleaned)
    every = max(n * (n - 1) / 2, 1.0)
    start = [_first_guess(len(shares)) for shares in evidence.among_all]
    same, different = (
        [guess.copy() for guess in start],
        [_smooth(shares, every) for shares in evidence.among_all],
    )
    prior = max(0.5 * n, 1.0) / every
    weights, pseudo = np.zeros(len(evidence.left)), max(2.0, _PRIOR_COUNT * n)
    for _ in range(ROUNDS):
        weights = evidence.rarity.sum(axis=1) + _weigh(evidence.levels, same, different)
        probability = to_probability(weights, prior)
        matches = max(probability.sum(), 1.0)
        change = abs(matches / every - prior) / prior
        prior = min(max(matches, LEAST_MATCHES * n) / every, 0.5)
        for place, shares in enumerate(evidence.among_all):
            counts = np.array(
                [
                    probability[evidence.levels[:, place] == level].sum()
                    for level in range(len(shares))
                ]
            )
            same[place] = (counts + pseudo * start[place]) / (counts.sum() + pseudo)
            pairs = evidence.filled[place] * every
            different[place] = _smooth(
                np.maximum(shares * pairs - counts, 0) / max(pairs - counts.sum(), 1), pairs
            )
        if change < 1e-4:
            break
    return weights, _weigh_copies(cleaned, same, different), prior


def _weigh_copies(
    cleaned: pd.DataFrame, same: list[np.ndarray], different: list[np.ndarray]
) -> np.ndarray:
    """What the equality of a row with its own copy weighs: a rare value more than a common one."""
    weights = np.zeros(len(cleaned))
    for place in range(len(same)):
        values = cleaned[f"f{place}"]
        chance = max(_chance_of_equal(values), different[place][-1])
        frequency = values.map(values.value_counts(normalize=True)).to_numpy(dtype="float64")
        equal = np.log2(same[place][-1] / np.maximum(frequency, chance))
        weights += np.where(values.notna(), equal, 0.0)
    return weights


def _first_guess(n_levels: int) -> np.ndarray:
    """Matches are mostly equal, seldom unlike."""
    middle = np.full(n_levels, 0.2 / max(n_levels - 2, 1))
    middle[0], middle[-1] = 0.1, 0.7
    return middle / middle.sum()


def _smooth(shares: np.ndarray, pairs: float) -> np.ndarray:
    """Half a pair more in every level, so that nothing is impossible."""
    seen = min(pairs, RANDOM_PAIRS)
    smooth = shares * seen + 0.5
    smooth[-1] = shares[-1] * seen + min(
        0.5, 0.5 * seen / max(pairs, 1)
    )  # equality is counted over all pairs
    return smooth / smooth.sum()


def _weigh(levels: np.ndarray, same: list[np.ndarray], different: list[np.ndarray]) -> np.ndarray:
    weights = np.zeros(len(levels))
    for place, (one, two) in enumerate(zip(same, different, strict=True)):
        ratio = np.append(
            np.log2(one / two), 0.0
        )  # the last is reached by −1: a missing value says nothing
        weights += ratio[levels[:, place]]
    return weights


def to_probability(weights: np.ndarray, prior: float) -> np.ndarray:
    """Evidence and prior → probability."""
    odds = np.clip(weights + np.log2(prior / (1 - prior)), -60, 60)
    return 1 / (1 + 2.0**-odds)
