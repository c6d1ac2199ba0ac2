"""Weights from pairwise judgements: principal eigenvector, consistency, the worst triad and
the answer to revisit.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kamresearch.errors import AnalysisError, DataError

RANDOM_INDEX = {
    1: 0.0,
    2: 0.0,
    3: 0.58,
    4: 0.90,
    5: 1.12,
    6: 1.24,
    7: 1.32,
    8: 1.41,
    9: 1.45,
    10: 1.49,
    11: 1.51,
    12: 1.54,
    13: 1.56,
    14: 1.57,
    15: 1.59,
}
"""Mean consistency index of random matrices, by size (Saaty 1980, some 500 matrices a size). Twelve
is printed as 1.48 in
many copies and as 1.54 in others; drawing tells for 1.54. Larger simulations (Alonso and Lamata
2006) give 0.5245 at three
and lie within two hundredths elsewhere; the table of the books is kept because the mark of 0.1 was
set with it."""
ACCEPTABLE = 0.10
"""A consistency ratio above this asks for a second look."""


def principal_weights(
    matrix: np.ndarray, tolerance: float = 1e-14, most: int = 100_000
) -> tuple[np.ndarray, float]:
    """Principal eigenvector (sum 1) and eigenvalue of a positive reciprocal matrix, by power
    iteration.

    Parameters
    ----------
    matrix : array, n × n
        ``matrix[i, j]`` says how much more i weighs than j; missing judgements are NaN, above and
        below the diagonal.
        With gaps, each row's diagonal becomes one plus the number of its gaps (Harker 1987), and
        the judgements given
        must still join all items.
    tolerance : float
        Stop when no weight moves by more.

    Returns
    -------
    (array, float)
        Weights and the principal eigenvalue.

    Raises
    ------
    AnalysisError
        The judgements leave items unjoined, or the iteration does not settle.

    Examples
    --------
    >>> weights, eigenvalue = principal_weights(np.array([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]]))
    >>> [round(float(weight), 4) for weight in weights], round(eigenvalue, 6)
    ([0.5714, 0.2857, 0.1429], 3.0)
    """  # noqa: E501
    filled = fill_gaps(matrix)
    weights = np.full(len(filled), 1 / len(filled))
    for _ in range(most):
        following = filled @ weights
        eigenvalue = following.sum()
        following = following / eigenvalue
        if np.abs(following - weights).max() < tolerance:
            return following, float(eigenvalue)
        weights = following
    raise AnalysisError(
        "pairwise judgements",
        "weights that settle",
        f"none after {most} steps",
        "check the judgements for errors",
    )


def fill_gaps(matrix: np.ndarray) -> np.ndarray:
    """The matrix with gaps as Harker fills them: zero off the diagonal, the count of gaps on
    top of it.
    """
    missing = np.isnan(matrix)
    if missing.any() and len(_component(~missing)) < len(matrix):
        raise AnalysisError(
            "pairwise judgements",
            "judgements that join all items, directly or over others",
            "items that no chain of judgements joins",
            "ask the rater for one more pair",
        )
    filled = np.where(missing, 0.0, matrix)
    filled[np.diag_indices(len(matrix))] = 1 + missing.sum(axis=1)
    return filled


def _component(joined: np.ndarray) -> set[int]:
    """Items that the first one reaches."""
    reached, waiting = {0}, [0]
    while waiting:
        for other in np.flatnonzero(joined[waiting.pop()]).tolist():
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    return reached


def random_index(n: int, n_missing: int = 0) -> float:
    """Mean consistency index of random judgements; with gaps it shrinks to nothing as they leave a
    tree (Ágoston and Csató 2022).

    Beyond 15 items from the line that Alonso and Lamata (2006) fitted to the mean eigenvalue.
    """
    full = RANDOM_INDEX[n] if n in RANDOM_INDEX else (1.7699 * n - 4.3513) / (n - 1)
    loops = (n - 1) * (n - 2) / 2
    return 0.0 if loops == 0 else full * max(0.0, 1 - n_missing / loops)


def consistency_ratio(matrix: np.ndarray) -> float:
    """Saaty's consistency ratio: (λ − n) / (n − 1) over that of random judgements; 0 where nothing
    can disagree.

    >>> consistency_ratio(np.array([[1, 9], [1 / 9, 1]]))
    0.0
    """
    n = len(matrix)
    index = random_index(n, int(np.isnan(matrix).sum()) // 2)
    if n < 3 or index < 1e-12:
        return 0.0
    return max(0.0, (principal_weights(matrix)[1] - n) / (n - 1) / index)


@dataclass(frozen=True)
class Triad:
    """Three judgements that fit each other worst, and the one of them to revisit with the
    value that would fit.
    """

    items: tuple[int, int, int]
    error: float
    revisit: tuple[int, int]
    given: float
    fitting: float


def worst_triad(matrix: np.ndarray) -> Triad | None:
    """The triad whose product ``a_ij · a_jk · a_ki`` lies farthest from 1, and the answer in it
    farthest from the weights.

    The answer to revisit is the one of the three whose own repair (what the rater's other
    judgements imply for it) helps
    the consistency of the whole most. None below three items or where no triad is complete or every
    triad fits.
    """
    n, logs = len(matrix), np.log(matrix)
    triads = [
        (abs(logs[i, j] + logs[j, k] + logs[k, i]), (i, j, k))
        for i, j, k in combinations(range(n), 3)
    ]
    triads = [triad for triad in triads if triad[0] == triad[0]]
    if not triads or max(triads)[0] < 1e-9:
        return None
    error, items = max(
        triads, key=lambda triad: (round(triad[0], 12), [-item for item in triad[1]])
    )
    options = [_repair(matrix, *pair) for pair in combinations(items, 2)]
    ratio, pair, fitting = min(options, key=lambda option: (round(option[0], 12), option[1]))
    return Triad(items, float(error), pair, float(matrix[pair]), fitting)


def _repair(matrix: np.ndarray, left: int, right: int) -> tuple[float, tuple[int, int], float]:
    """Inconsistency left when one answer is replaced by what the others imply."""
    others = matrix.copy()
    others[left, right] = others[right, left] = np.nan
    weights = principal_weights(others)[0]
    fitting = float(weights[left] / weights[right])
    others[left, right], others[right, left] = fitting, 1 / fitting
    return principal_weights(others)[1], (left, right), fitting


def build_matrix(
    items: tuple[str, ...], judgements: list[tuple[str, str, float]], where: str
) -> np.ndarray:
    """One rater's judgements as a reciprocal matrix with NaN where a pair was not judged.

    Raises
    ------
    DataError
        A value outside 1/9 to 9; an item judged against itself as anything but 1; a pair judged
        twice with values that
        contradict each other (3 one way and 3 the other).
    """
    place = {item: number for number, item in enumerate(items)}
    matrix = np.full((len(items), len(items)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    for left, right, value in judgements:
        if not 1 / 9 - 1e-6 <= value <= 9 + 1e-6:
            raise DataError(
                f"{where}, {left} against {right}",
                "a judgement from 1/9 to 9",
                f"{value:g}",
                "use Saaty's scale: 1 equal, 3, 5, 7, 9 more, 1/3 … 1/9 less",
            )
        row, column = place[left], place[right]
        if row == column and abs(value - 1) > 1e-6:
            raise DataError(f"{where}, {left} against itself", "1", f"{value:g}", "drop the row")
        known = matrix[row, column]
        if row != column and known == known and abs(np.log(known / value)) > 0.02:
            raise DataError(
                f"{where}, {left} against {right}",
                "one judgement of a pair",
                f"{known:g} and {value:g}, which contradict each other",
                "ask the rater which one holds",
            )
        matrix[row, column], matrix[column, row] = value, 1 / value
    return matrix


def group_matrix(matrices: list[np.ndarray]) -> np.ndarray:
    """Geometric mean of several raters' matrices, each pair over those who judged it (keeps
    reciprocity).
    """
    logs = np.log(np.stack(matrices))
    judged = ~np.isnan(logs)
    counts = judged.sum(axis=0)
    total = np.where(judged, logs, 0).sum(axis=0)
    return np.exp(np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0))
