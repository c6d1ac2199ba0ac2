"""How alike two company names are: rare words count more than common ones, and a word may be
shortened, misspelt or reduced to its initial.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LEVELS = (0.35, 0.55, 0.75, 0.9)
"""Likeness from which a pair counts as one level up; the highest level is equality."""
EQUAL = len(LEVELS) + 1
AGREE = 2
"""Level from which two names count as agreeing."""
ALONE = (0.001, 0.02, 0.3, 0.8, 0.95, 0.98)
"""Probability of a match by level where names are all there is: conventions, rounded from what a
generated list showed (`benchmarks/company_names.py`, seed 0) and checked on other seeds."""
_INITIALS, _INITIALS_LIKE = (2, 5), 0.6
_WORTH_ALIGNING = 0.3
_GRAM = 4
_CJK = re.compile(r"[\u3400-\u9fff]")


def name_tokens(core: str) -> list[str]:
    """What two spellings of a name may share: words, runs of letters (of signs, in Chinese), and
    initials.

    >>> name_tokens("abc co")
    ['#ac', '4abcc', '4bcco', '=abc', '=co']
    """
    squeezed, words = core.replace(" ", ""), core.split()
    size = 2 if _CJK.search(core) else _GRAM
    found = {f"{size}{squeezed[at : at + size]}" for at in range(len(squeezed) - size + 1)}
    found |= {f"={word}" for word in words}
    low, high = _INITIALS
    if low <= len(words) <= high and squeezed.isascii():
        found.add("#" + "".join(word[0] for word in words))
    if len(words) == 1 and low <= len(squeezed) <= high and squeezed.isascii():
        found.add("#" + squeezed)
    return sorted(found)


class NameLikeness:
    """Compares the names of one column by rows.

    Parameters
    ----------
    cores : Series
        Names without legal form (None where missing).
    branches : Series
        The branch that each name says.
    """

    def __init__(self, cores: pd.Series, branches: pd.Series) -> None:
        self._cores = cores.to_numpy(object)
        self._branches = branches.fillna("").to_numpy(object)
        texts = [core or "" for core in self._cores]
        self._words = _matrix(texts, lambda text: _units(text))
        self._grams = _matrix(texts, _grams)
        self._rarity = _rarities(texts)
        self._initials = np.array([_initials_of(text) for text in texts], dtype=object)
        self._numbers = np.array([" ".join(re.findall(r"\d+", one)) for one in texts], dtype=object)

    def levels(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Level of each pair of rows: −1 missing, 0 unlike … ``EQUAL``."""
        alike = np.maximum(_cosine(self._words, left, right), _cosine(self._grams, left, right))
        for place in np.flatnonzero((alike >= _WORTH_ALIGNING) & (alike < LEVELS[-1])):
            one, two = self._cores[left[place]], self._cores[right[place]]
            alike[place] = self._read(one, two, alike[place])
        short = self._initials[left] == self._cores[right]
        short |= self._cores[left] == self._initials[right]
        alike = np.where(short, np.maximum(alike, _INITIALS_LIKE), alike)
        other = self._numbers[left] != self._numbers[right]
        alike = np.where(other, np.minimum(alike, LEVELS[0]), alike)
        found = np.searchsorted(LEVELS, alike, side="right").astype("int8")
        equal = self._cores[left] == self._cores[right]
        branch = self._branches[left] == self._branches[right]
        found[equal] = np.where(branch[equal], EQUAL, AGREE)
        found[~branch & ~equal] = np.minimum(found[~branch & ~equal], 1)
        missing = pd.isna(self._cores[left]) | pd.isna(self._cores[right])
        found[missing] = -1
        return found

    def _read(self, one: str, two: str, alike: float) -> float:
        """Likeness word by word, where it says more than letters do."""
        if _CJK.search(one) or _CJK.search(two):
            return (
                max(alike, LEVELS[-1]) if min(len(one), len(two)) > 4 and _typo(one, two) else alike
            )
        words = align(one, two, self._rarity)
        # Letters alone take Alder Foods for Calder Foods; words alone part Auto Mation, Automation.
        return max(words, (alike + words) / 2)


def align(one: str, two: str, rarity: Callable[[str], float]) -> float:
    """Twice the weight of words that agree over the weight of all words.

    >>> round(align("konink philips", "koninklijke philips", lambda word: 1.0), 2)
    0.95
    >>> align("alpha trading", "beta trading", lambda word: 1.0)
    0.5
    """
    left, right = one.split(), two.split()
    weight = sum(map(rarity, left)) + sum(map(rarity, right))
    shared = 0.0
    for word in left:
        likeness, other = max(
            ((_same_word(word, other), other) for other in right), default=(0, "")
        )
        if likeness:
            right.remove(other)
            shared += likeness * (rarity(word) + rarity(other))
    return shared / weight if weight else 0.0


@lru_cache(maxsize=500_000)
def _same_word(one: str, two: str) -> float:
    """1 for equal words, 0.9 for one shortened or misspelt, else 0."""
    if one == two:
        return 1.0
    short, long = sorted((one, two), key=len)
    return 0.9 if _shortened(short, long) or _typo(short, long) else 0.0


def _shortened(short: str, long: str) -> bool:
    """Whether a word's letters stand in the longer one in their order: intl in international."""
    if len(short) < 3 or short[0] != long[0] or len(long) - len(short) < 2:
        return False
    if long.startswith(short):
        return True
    letters = iter(long)
    return short[-1] == long[-1] and all(letter in letters for letter in short)


def _typo(one: str, two: str) -> bool:
    """Whether one letter was dropped, doubled, replaced or exchanged with its neighbour; not the
    first, which people seldom get wrong (Alder, Calder).
    """
    short, long = sorted((one, two), key=len)
    if len(long) < 4 or len(long) - len(short) > 1 or short[0] != long[0]:
        return False
    start = next((i for i, (a, b) in enumerate(zip(short, long)) if a != b), len(short))
    rest_short, rest_long = short[start:], long[start:]
    if len(long) > len(short):
        return rest_short == rest_long[1:]
    if rest_short[1:] == rest_long[1:]:
        return True
    return rest_short[:2] == rest_long[1::-1] and rest_short[2:] == rest_long[2:]


def _initials_of(core: str) -> str:
    """First letters of a name of two to five words; what no name is where it has none."""
    words, (low, high) = core.split(), _INITIALS
    return "".join(word[0] for word in words) if low <= len(words) <= high else "\0"


def _units(text: str) -> list[str]:
    """Words; of Chinese text, pairs of neighbouring signs."""
    return [one[1:] for one in name_tokens(text) if one[0] == ("2" if _CJK.search(text) else "=")]


def _grams(text: str) -> list[str]:
    squeezed = f" {text} "
    size = 1 if _CJK.search(text) else 3
    return [squeezed[at : at + size] for at in range(len(squeezed) - size + 1)]


def _matrix(texts: list[str], analyse: Callable[[str], list[str]]) -> "csr_matrix | None":
    """Rows of unit length: how much of each text lies in each token, rare ones more."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(analyse(text) for text in texts):
        return None
    return TfidfVectorizer(analyzer=analyse, dtype=np.float32).fit_transform(texts)


def _rarities(texts: list[str]) -> Callable[[str], float]:
    counts = pd.Series([word for text in texts for word in set(text.split())]).value_counts()
    known = np.log((1 + len(texts)) / (1 + counts)).clip(lower=0.5).to_dict()
    most = float(np.log(1 + len(texts)))
    return lambda word: known.get(word, most)


def _cosine(
    matrix: "csr_matrix | None", left: np.ndarray, right: np.ndarray, step: int = 200_000
) -> np.ndarray:
    found = np.zeros(len(left), dtype="float64")
    if matrix is None:
        return found
    for start in range(0, len(left), step):
        part = slice(start, start + step)
        products = matrix[left[part]].multiply(matrix[right[part]])
        found[part] = np.asarray(products.sum(axis=1)).ravel()
    return found
