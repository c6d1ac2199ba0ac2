"""Which pairs are worth comparing: rules chosen by how few pairs each makes."""

from itertools import combinations

import pandas as pd

from kamresearch.data.linkage.kinds import Field

PAIRS_PER_RECORD, PAIRS_LEAST, PAIRS_MOST = 30, 100_000, 2_000_000
_PREFIX = {"name": 4, "company": 4, "text": 6}


def block_keys(cleaned: pd.DataFrame, fields: tuple[Field, ...]) -> dict[str, pd.Series]:
    """Keys by which records can be brought together: each field's value, and the beginning of
    longer texts.
    """
    keys = {}
    for place, field in enumerate(fields):
        name = f"f{place}"
        keys[name] = cleaned[name]
        if field.kind in _PREFIX:
            keys[f"{name}_start"] = cleaned[name].map(
                lambda text, n=_PREFIX[field.kind]: text[:n], na_action="ignore"
            )
        if field.kind == "phone":
            keys[f"{name}_end"] = cleaned[name].map(lambda text: text[-7:], na_action="ignore")
    return keys


def pair_budget(n: int) -> int:
    """Pairs that n records may be compared in."""
    return min(max(PAIRS_PER_RECORD * n, PAIRS_LEAST), PAIRS_MOST)


def count_pairs(key: pd.Series) -> int:
    """Pairs of records that share a key."""
    sizes = key.dropna().value_counts().to_numpy()
    return int((sizes * (sizes - 1) // 2).sum())


def choose_rules(cleaned: pd.DataFrame, fields: tuple[Field, ...]) -> list[tuple[str, ...]]:
    """Sets of keys that must agree, fewest pairs first, as long as the budget of pairs holds.

    Two fields that share a value seldom (a tax number, a telephone) each stand alone; common values
    (a first name, a
    post code) only in twos and threes.
    """
    n = len(cleaned)
    budget = pair_budget(n)
    keys = block_keys(cleaned, fields)
    alone: dict[tuple[str, ...], int] = {(name,): count_pairs(key) for name, key in keys.items()}
    rules = {rule: pairs for rule, pairs in alone.items() if 0 < pairs <= budget / 4}
    rest = [name for name in keys if (name,) not in rules and alone[(name,)] > 0]
    for size in (2, 3):
        for rule in combinations(rest, size):
            same_field = len({name.split("_")[0] for name in rule}) < size
            if same_field or any(set(known) <= set(rule) for known in rules):
                continue
            pairs = count_pairs(_join(keys, rule))
            if 0 < pairs <= budget / 6:
                rules[rule] = pairs
    chosen, spent = [], 0
    for rule, pairs in sorted(rules.items(), key=lambda item: (item[1], item[0])):
        if spent + pairs <= budget:
            chosen.append(rule)
            spent += pairs
    return chosen


def rare_tokens(tokens: pd.Series, budget: int) -> pd.Series:
    """Of each name's tokens those rare enough to bring records together: the more common ones
    are dropped until the pairs that the others make fit the budget.
    """
    counts = tokens.explode().value_counts()
    counts = counts[counts > 1].sort_values(kind="stable")
    pairs = (counts * (counts - 1) // 2).groupby(counts).sum().cumsum()
    fitting = pairs.index[pairs <= budget]
    kept = set(counts.index[counts <= (fitting.max() if len(fitting) else 1)])
    return tokens.map(lambda found: [one for one in found if one in kept], na_action="ignore")


def _join(keys: dict[str, pd.Series], rule: tuple[str, ...]) -> pd.Series:
    joined = keys[rule[0]].astype("str").where(keys[rule[0]].notna())
    for name in rule[1:]:
        joined = joined + "\x1f" + keys[name].astype("str").where(keys[name].notna())
    return joined
