"""Gradient boosting with symmetric trees: every level of a tree asks all rows one and the same question.

Such trees are strongly regularised (a tree of depth six has six questions instead of sixty-three), which suits churn
tables of some thousand rows. Plain NumPy on binned columns; missing values have a bin of their own.
"""

import numpy as np

from kamresearch.analysis.churn.blend import sigmoid

MISSING = 0
"""Bin of missing values; present values have bins from 1 up."""


class Binner:
    """Columns of numbers → small whole numbers, by quantiles of the training rows."""

    def __init__(self, bins: int = 48) -> None:
        self.bins = bins

    def fit(self, X: np.ndarray) -> "Binner":
        """Learn each column's borders."""
        self.borders_ = []
        for column in X.T:
            present = column[~np.isnan(column)]
            values = np.unique(present)
            if len(values) > self.bins:
                # The middle between neighbours of the quantiles, so that a border falls between two values.
                places = np.unique(np.quantile(present, np.linspace(0, 1, self.bins + 1)[1:-1], method="nearest"))
                at = np.searchsorted(values, places).clip(1, len(values) - 1)
                borders = np.unique((values[at] + values[at - 1]) / 2)
            else:
                borders = (values[1:] + values[:-1]) / 2
            self.borders_.append(borders)
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Bins of each value, as small whole numbers (columns contiguous)."""
        binned = np.empty(X.shape, np.int64, order="F")
        for j, borders in enumerate(self.borders_):
            column = X[:, j]
            binned[:, j] = np.where(np.isnan(column), MISSING, np.searchsorted(borders, column, side="right") + 1)
        return binned


class SymmetricBoosting:
    """Boosted symmetric trees for a two-class outcome, grown in an order of the rows; gives log-odds.

    A row's error, and what a question is worth, is judged by leaves that the row did not help to fill: in a random
    order of the rows, each stretch (as long as all before it together) is scored by a model of the rows before it. What
    a tree has learned by heart then counts for nothing when the next question is chosen (ordered boosting:
    Prokhorenkova et al., *CatBoost: unbiased boosting with categorical features*, NeurIPS 2018). The model that
    predicts fills the same trees from all rows.

    Parameters
    ----------
    trees, depth, rate, penalty : int, int, float, float
        Number of trees, questions per tree, step size, and weight of the pull of a leaf towards nothing.
    columns_share : float
        Share of the columns that a tree may ask about.
    rows_share : float
        Share of the rows that a tree sees.
    bins : int
        Most bins of a column.
    orders : int
        Random orders of the rows, taken in turn.
    seed : int
        Of the orders, and of the columns and rows drawn for each tree.
    """

    def __init__(self, trees: int = 300, depth: int = 5, rate: float = 0.08, penalty: float = 6.0, columns_share: float = 1.0,
                 rows_share: float = 1.0, bins: int = 200, orders: int = 3, seed: int = 0) -> None:  # fmt: skip
        self.trees, self.depth, self.rate, self.penalty = trees, depth, rate, penalty
        self.columns_share, self.rows_share, self.bins = columns_share, rows_share, bins
        self.orders, self.seed = orders, seed

    def fit(
        self, X: np.ndarray, y: np.ndarray, watch: tuple[np.ndarray, np.ndarray] | None = None
    ) -> "SymmetricBoosting":
        """Grow the trees on numbers (NaN allowed) and 0/1 outcomes.

        With ``watch`` (held-out numbers and outcomes) growth stops once their log-loss has not fallen for long.
        """
        rng = np.random.default_rng(self.seed)
        self.binner_ = Binner(self.bins).fit(X)
        binned, y = self.binner_.transform(X), y.astype(float)
        share = np.clip(y.mean(), 1e-3, 1 - 1e-3)
        self.start_ = float(np.log(share / (1 - share)))
        self.questions_ = np.zeros((self.trees, self.depth, 2), np.int64)
        self.leaves_ = np.zeros((self.trees, 2**self.depth))
        stop = _Stop(self, *watch) if watch is not None else None
        take = max(1, min(X.shape[1], round(self.columns_share * X.shape[1])))
        models = _Models(y, self.start_, _stretches(len(y), self.orders, rng))
        for number in range(self.trees):
            rows = np.flatnonzero(rng.random(len(y)) < self.rows_share) if self.rows_share < 1 else np.arange(len(y))
            columns = (
                np.sort(rng.choice(X.shape[1], take, replace=False)) if take < X.shape[1] else np.arange(X.shape[1])
            )
            stretch, gradient = models.judge(number % self.orders)
            leaf = self._grow(number, binned, gradient, stretch, rows, columns)
            self.leaves_[number] = models.learn(leaf, rows, 2**self.depth, self.rate, self.penalty)
            if stop is not None and stop.after(number):
                self.trees = number + 1
                break
        return self

    def _grow(
        self,
        number: int,
        binned: np.ndarray,
        gradient: np.ndarray,
        stretch: np.ndarray,
        rows: np.ndarray,
        columns: np.ndarray,
    ) -> np.ndarray:
        """One tree: at each level the question whose leaves, filled from earlier stretches, best point the way in the
        next → leaf of every row.
        """
        widths = np.array([len(self.binner_.borders_[j]) + 2 for j in columns])
        ends = widths.cumsum()
        starts, size, stretches = ends - widths, int(ends[-1]), int(stretch.max()) + 1
        # The cells of a column stand side by side, and each row falls once into each column's cells: a running sum over
        # all cells is too high by what all rows of the group add up to, once for each column before.
        before = np.repeat(np.arange(len(columns), dtype=float), widths)
        # A column's last cell leaves nobody on the other side, and no question asks it.
        closed = ends - 1
        flat = binned[np.ix_(rows, columns)] + starts
        pulled = np.repeat(gradient[rows], len(columns))
        leaf_in, leaf = np.zeros(len(rows), np.int64), np.zeros(len(binned), np.int64)
        for level in range(self.depth):
            groups = 2**level
            keys = (flat + ((stretch[rows] * groups + leaf_in) * size)[:, None]).ravel()
            shape = (stretches, groups, size)
            total = np.bincount(keys, pulled, stretches * groups * size).reshape(shape).cumsum(axis=2)
            count = np.bincount(keys, minlength=stretches * groups * size).reshape(shape).cumsum(axis=2).astype(float)
            every, everyone = total[:, :, -1:] / len(columns), count[:, :, -1:] / len(columns)
            total -= every * before
            count -= everyone * before
            gain = _agreement(((total, count), (every - total, everyone - count)), self.penalty)
            gain[closed] = -np.inf
            # Questions that part the rows alike are worth the same but for rounding, which differs between machines.
            cell = int(np.argmax(gain.round(9)))
            place = int(np.searchsorted(ends, cell, side="right"))
            feature, border = int(columns[place]), cell - int(starts[place])
            self.questions_[number, level] = feature, border
            leaf = leaf * 2 + (binned[:, feature] > border)
            leaf_in = leaf[rows]
        return leaf

    def stages(self, X: np.ndarray, every: int = 25) -> np.ndarray:
        """Log-odds after every so many trees: one column a stage."""
        binned = self.binner_.transform(X)
        score, columns = np.full(len(X), self.start_), []
        for number in range(self.trees):
            score = score + self.leaves_[number][self._leaf(number, binned)]
            if (number + 1) % every == 0:
                columns.append(score)
        return np.stack(columns, axis=1)

    def decision_function(self, X: np.ndarray, trees: int | None = None) -> np.ndarray:
        """Log-odds of class one, from the first ``trees`` trees (all by default)."""
        binned = self.binner_.transform(X)
        score = np.full(len(X), self.start_)
        for number in range(min(trees or self.trees, self.trees)):
            score += self.leaves_[number][self._leaf(number, binned)]
        return score

    def _leaf(self, number: int, binned: np.ndarray) -> np.ndarray:
        leaf = np.zeros(len(binned), np.int64)
        for feature, border in self.questions_[number]:
            leaf = leaf * 2 + (binned[:, feature] > border)
        return leaf


LEAST_STRETCH = 32
"""Rows of the first stretch of an order, at least (where there are so many)."""
MOST_HALVINGS = 6


def _stretches(n: int, orders: int, rng: np.random.Generator) -> np.ndarray:
    """The stretch of each row in each random order, (orders, n): 0 is the first, each later one as long as all before."""
    halvings = int(np.clip(np.log2(n / LEAST_STRETCH), 1, MOST_HALVINGS))
    ends = np.round(n * 2.0 ** -np.arange(halvings, 0, -1)).astype(int)
    return np.stack([np.searchsorted(ends, rng.permutation(n), side="right") for _ in range(orders)])


def _agreement(sides: tuple, penalty: float) -> np.ndarray:
    """How well leaves filled from earlier stretches point the way in the next: the cosine of the angle, for each cell.

    ``sides`` holds, for the rows on either side of each border, sums of gradients and counts of shape (stretches,
    groups, cells).
    """
    along, length = 0.0, 0.0
    for total, count in sides:
        value = total[:-1].cumsum(axis=0) / (count[:-1].cumsum(axis=0) + penalty)
        along = along + np.einsum("sgc,sgc->c", total[1:], value)
        length = length + np.einsum("sgc,sgc->c", count[1:], value * value)
    return along / np.sqrt(length + 1e-9)


class _Models:
    """The log-odds of all rows by the model of each stretch (of the rows before it) and, last, by that of all rows."""

    def __init__(self, y: np.ndarray, start: float, stretches: np.ndarray) -> None:
        self.y, self.start, self.stretches = y, start, stretches
        self.each = int(stretches.max())
        known = [stretch < number for stretch in stretches for number in range(1, self.each + 1)]
        self.knows = np.stack([*known, np.ones(len(y), bool)]).astype(float)
        self.scores = np.full(self.knows.shape, start)

    def judge(self, order: int) -> tuple[np.ndarray, np.ndarray]:
        """Each row's stretch in an order, and its gradient by the model that does not know it."""
        stretch = self.stretches[order]
        score = self.scores[order * self.each + stretch - 1, np.arange(len(self.y))]
        # Before the first stretch there is no row to learn from.
        return stretch, self.y - sigmoid(np.where(stretch > 0, score, self.start))

    def learn(self, leaf: np.ndarray, rows: np.ndarray, leaves: int, rate: float, penalty: float) -> np.ndarray:
        """One Newton step of every model from the rows that it knows → the step of the one that knows all."""
        size, number = len(self.knows), np.arange(len(self.knows))[:, None]
        chance = sigmoid(self.scores[:, rows])
        knows, keys = self.knows[:, rows], (leaf[rows] + leaves * number).ravel()
        top = np.bincount(keys, ((self.y[rows] - chance) * knows).ravel(), size * leaves).reshape(size, leaves)
        bottom = np.bincount(keys, (chance * (1 - chance) * knows).ravel(), size * leaves).reshape(size, leaves)
        # The penalty counts rows; the weight of a row is a quarter at most.
        step = rate * top / (bottom + penalty / 4)
        self.scores += step[:, leaf]
        return step[-1]


class _Stop:
    """Watches held-out rows while trees grow."""

    PATIENCE = 60

    def __init__(self, booster: SymmetricBoosting, X: np.ndarray, y: np.ndarray) -> None:
        self.booster, self.binned, self.y = booster, booster.binner_.transform(X), y
        self.score = np.full(len(X), booster.start_)
        self.best, self.when = np.inf, 0

    def after(self, number: int) -> bool:
        """True once the log-loss has not fallen for long."""
        self.score += self.booster.leaves_[number][self.booster._leaf(number, self.binned)]
        loss = float((np.logaddexp(0, self.score) - self.y * self.score).mean())
        if loss < self.best:
            self.best, self.when = loss, number
        return number - self.when >= self.PATIENCE
