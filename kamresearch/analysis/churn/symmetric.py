"""Gradient boosting with symmetric trees: every level of a tree asks all rows one and the same question.

Such trees are strongly regularised (a tree of depth six has six questions instead of sixty-three), which suits churn
tables of some thousand rows. Plain NumPy on binned columns; missing values have a bin of their own.
"""

import numpy as np

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
    """Boosted symmetric trees for a two-class outcome; gives log-odds.

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
    seed : int
        Of the columns and rows drawn for each tree.
    """

    def __init__(self, trees: int = 400, depth: int = 5, rate: float = 0.05, penalty: float = 6.0,
                 columns_share: float = 1.0, rows_share: float = 1.0, bins: int = 48, seed: int = 0) -> None:  # fmt: skip
        self.trees, self.depth, self.rate, self.penalty = trees, depth, rate, penalty
        self.columns_share, self.rows_share, self.bins, self.seed = columns_share, rows_share, bins, seed

    def fit(
        self, X: np.ndarray, y: np.ndarray, watch: tuple[np.ndarray, np.ndarray] | None = None
    ) -> "SymmetricBoosting":
        """Grow the trees on numbers (NaN allowed) and 0/1 outcomes.

        With ``watch`` (held-out numbers and outcomes) growth stops once their log-loss has not fallen for long.
        """
        rng = np.random.default_rng(self.seed)
        self.binner_ = Binner(self.bins).fit(X)
        binned = self.binner_.transform(X)
        share = np.clip(y.mean(), 1e-3, 1 - 1e-3)
        self.start_ = float(np.log(share / (1 - share)))
        score, y = np.full(len(y), self.start_), y.astype(float)
        self.questions_ = np.zeros((self.trees, self.depth, 2), np.int64)
        self.leaves_ = np.zeros((self.trees, 2**self.depth))
        stop = _Stop(self, *watch) if watch is not None else None
        take = max(1, min(X.shape[1], round(self.columns_share * X.shape[1])))
        leaves = 2**self.depth
        for number in range(self.trees):
            chance = 1 / (1 + np.exp(-score))
            gradient, weight = y - chance, chance * (1 - chance)
            rows = np.flatnonzero(rng.random(len(y)) < self.rows_share) if self.rows_share < 1 else np.arange(len(y))
            columns = (
                np.sort(rng.choice(X.shape[1], take, replace=False)) if take < X.shape[1] else np.arange(X.shape[1])
            )
            leaf = self._grow(number, binned, gradient, rows, columns)
            inner = leaf[rows]
            top = np.bincount(inner, gradient[rows], leaves)
            bottom = np.bincount(inner, weight[rows], leaves)
            # The penalty counts rows; the weight of a row is a quarter at most.
            self.leaves_[number] = self.rate * top / (bottom + self.penalty / 4)
            score += self.leaves_[number][leaf]
            if stop is not None and stop.after(number):
                self.trees = number + 1
                break
        return self

    def _grow(
        self, number: int, binned: np.ndarray, gradient: np.ndarray, rows: np.ndarray, columns: np.ndarray
    ) -> np.ndarray:
        """One tree: at each level the question with the largest gain over all leaves together → leaf of every row."""
        widths = np.array([len(self.binner_.borders_[j]) + 2 for j in columns])
        widest = int(widths.max())
        size = len(columns) * widest
        # A column's last bin leaves nobody on the other side, and no question asks it.
        askable = np.arange(widest) < (widths - 1)[:, None]
        flat = binned[np.ix_(rows, columns)] + widest * np.arange(len(columns))
        pulled = np.repeat(gradient[rows], len(columns))
        leaf_in, leaf = np.zeros(len(rows), np.int64), np.zeros(len(binned), np.int64)
        for level in range(self.depth):
            groups = 2**level
            keys = (flat + (leaf_in * size)[:, None]).ravel() if level else flat.ravel()
            shape = (groups, len(columns), widest)
            total = np.bincount(keys, pulled, groups * size).reshape(shape).cumsum(axis=2)
            count = np.bincount(keys, minlength=groups * size).reshape(shape).cumsum(axis=2).astype(float)
            # Up to a column's last bin stand all rows of a leaf.
            gain = total**2 / (count + self.penalty)
            gain += (total[:, :, -1:] - total) ** 2 / (count[:, :, -1:] - count + self.penalty)
            place, border = divmod(int(np.argmax(np.where(askable, gain.sum(axis=0), -np.inf))), widest)
            feature = int(columns[place])
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
