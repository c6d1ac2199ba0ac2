"""Gradient boosting with symmetric trees: every level of a tree asks all rows one and the same
question.

Such trees are strongly regularised (a tree of depth six has six questions instead of sixty-three),
which suits churn
tables of some thousand rows. Plain NumPy on binned columns; missing values have a bin of their own.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

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
                # The middle between neighbours of the quantiles, so that a border falls between two
                # values.
                places = np.unique(
                    np.quantile(present, np.linspace(0, 1, self.bins + 1)[1:-1], method="nearest")
                )
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
            binned[:, j] = np.where(
                np.isnan(column), MISSING, np.searchsorted(borders, column, side="right") + 1
            )
        return binned


class SymmetricBoosting:
    """Boosted symmetric trees for a two-class outcome, grown in orders of the rows; gives log-odds.

    What a question is worth is judged by leaves that a row did not help to fill: in a random order
    of the rows, a model
    of the rows before a border is tried on the stretch behind it, as long as all before it
    together. What a tree has
    learned by heart then counts for nothing when the next question is chosen (ordered boosting:
    Prokhorenkova et al.,
    *CatBoost: unbiased boosting with categorical features*, NeurIPS 2018). Chance added to each
    worth keeps a question
    that leads by luck alone from being asked every time. The model that predicts fills the same
    trees from all rows.

    Parameters
    ----------
    trees, depth, rate : int, int, float
        Number of trees, questions per tree, and step size.
    penalty : float
        Pull of a leaf towards nothing: rows of gradient nought added where questions are judged,
        curvature added to the
        Newton step.
    columns_share : float
        Share of the columns that a tree may ask about.
    rows_share : float
        Share of the rows by which the questions of a tree are judged; its leaves are filled by all.
    chance : float
        Spread of what is added to a question's worth, in spreads of the gradient; fades as the
        model gets longer.
    bins : int
        Most bins of a column.
    orders : int
        Random orders of the rows, taken in turn.
    seed : int
        Of the orders, of the columns and rows drawn for each tree, and of chance.
    """

    def __init__(
        self,
        trees: int = 300,
        depth: int = 5,
        rate: float = 0.08,
        penalty: float = 3.0,
        columns_share: float = 1.0,
        rows_share: float = 1.0,
        chance: float = 1.0,
        bins: int = 200,
        orders: int = 3,
        seed: int = 0,
    ) -> None:
        self.trees, self.depth, self.rate, self.penalty = trees, depth, rate, penalty
        self.columns_share, self.rows_share, self.chance, self.bins = (
            columns_share,
            rows_share,
            chance,
            bins,
        )
        self.orders, self.seed = orders, seed

    def fit(
        self, X: np.ndarray, y: np.ndarray, watch: tuple[np.ndarray, np.ndarray] | None = None
    ) -> "SymmetricBoosting":
        """Grow the trees on numbers (NaN allowed) and 0/1 outcomes.

        With ``watch`` (held-out numbers and outcomes) growth stops once their log-loss has not
        fallen for long.
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
        models = _Models(y, self.start_, self.orders, rng)
        for number in range(self.trees):
            columns = (
                np.sort(rng.choice(X.shape[1], take, replace=False))
                if take < X.shape[1]
                else np.arange(X.shape[1])
            )
            trial = models.try_on(number % self.orders)
            if self.rows_share < 1:
                trial = trial.of(rng.random(len(y)) < self.rows_share)
            leaf = self._grow(number, binned, trial, columns, rng)
            self.leaves_[number] = models.learn(leaf, 2**self.depth, self.rate, self.penalty)
            if stop is not None and stop.after(number):
                self.trees = number + 1
                break
        return self

    def _grow(
        self,
        number: int,
        binned: np.ndarray,
        trial: "_Trial",
        columns: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """One tree: at each level the question whose leaves, filled by the rows before each border,
        best point the way
        in the stretch behind it → leaf of every row.
        """
        widths = np.array([len(self.binner_.borders_[j]) + 2 for j in columns])
        ends = widths.cumsum()
        bins, part = binned.T[columns], trial.model * 2 + trial.ahead
        spread, (packed, one) = (
            self._spread_of_chance(number, trial, len(binned)),
            _pack(trial.gradient, len(binned)),
        )
        leaf = np.zeros(len(binned), np.int64)
        sums = _add_up(bins, widths, trial.row, part, packed, (trial.models, 2, 1))
        for level in range(self.depth):
            if level:
                # Those that answered yes are counted; the others are what is left of those that
                # were asked.
                groups, asked = 2 ** (level - 1), leaf[trial.row]
                yes = np.flatnonzero(asked & 1)
                among = part[yes] * groups + (asked[yes] >> 1)
                added = _add_up(
                    bins, widths, trial.row[yes], among, packed[yes], (trial.models, 2, groups)
                )
                sums = np.stack([sums - added, added], axis=3).reshape(
                    trial.models, 2, 2 * groups, -1
                )
            count = np.rint(sums / one)
            total = sums - count * one
            # A column's last cell holds everybody: it leaves nobody on the other side, and no
            # question asks it.
            every, everyone = total[..., -1:], count[..., -1:]
            worth = _agreement(((total, count), (every - total, everyone - count)), self.penalty)
            worth += spread * rng.standard_normal(len(worth))
            worth[ends - 1] = -np.inf
            # Questions that part the rows alike are worth the same but for rounding, which differs
            # between machines.
            cell = int(np.argmax(worth.round(9)))
            place = int(np.searchsorted(ends, cell, side="right"))
            feature, border = int(columns[place]), cell - int(ends[place] - widths[place])
            self.questions_[number, level] = feature, border
            leaf = leaf * 2 + (binned[:, feature] > border)
        return leaf

    def _spread_of_chance(self, number: int, trial: "_Trial", n: int) -> float:
        """As CatBoost's: in full until the steps made add up to the logarithm of the rows,
        then fading.
        """
        remaining = n * np.exp(-number * self.rate)
        spread = np.sqrt((trial.gradient[trial.ahead] ** 2).mean()) if trial.ahead.any() else 0.0
        return float(self.chance * spread * remaining / (1 + remaining))

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


LEAST_STRETCH = 100
"""Rows before the first border of an order, at least (where there are so many)."""
HALVINGS = (2, 6)


def _borders(n: int) -> np.ndarray:
    """Rows before each border of an order, and last all of them: each twice as many as the one
    before.
    """
    halvings = int(np.clip(np.log2(n / LEAST_STRETCH), *HALVINGS))
    return np.round(n * 2.0 ** -np.arange(halvings, -1, -1)).astype(int)


def _pack(gradient: np.ndarray, n: int) -> tuple[np.ndarray, float]:
    """Each entry's gradient and the entry itself in one number, and what one entry counts there.

    One sum then gives both, and exactly: gradients are rounded to 2**-16, one entry counts more
    than twice what any
    gradients add up to, and for some hundred thousand rows all that fits into a float. Differences
    of sums are exact too.
    """
    one = 2.0 ** (np.ceil(np.log2(n)) + 1)
    return one + np.round(gradient * 2.0**16) / 2.0**16, one


def _add_up(
    bins: np.ndarray,
    widths: np.ndarray,
    row: np.ndarray,
    part: np.ndarray,
    packed: np.ndarray,
    shape: tuple[int, ...],
) -> np.ndarray:
    """Packed entries by part, in the given shape, and cell: running sums over each column's
    bins, columns side by side.
    """
    sums = [
        np.bincount(part * width + column[row], packed, np.prod(shape) * width)
        .reshape(*shape, width)
        .cumsum(axis=-1)
        for column, width in zip(bins, widths, strict=True)
    ]
    return np.concatenate(sums, axis=-1)


def _agreement(sides: tuple, penalty: float) -> np.ndarray:
    """How well leaves filled before each border point the way behind it: the cosine of the angle,
    for each cell.

    ``sides`` holds, for the rows on either side of each question, sums of gradients and counts of
    shape (models, before
    or behind the border, groups, cells).
    """
    along, length = 0.0, 0.0
    for total, count in sides:
        value = total[:, 0] / (count[:, 0] + penalty)
        along = along + np.einsum("mgc,mgc->c", total[:, 1], value)
        length = length + np.einsum("mgc,mgc->c", count[:, 1], value * value)
    return along / np.sqrt(length + 1e-9)


@dataclass(frozen=True)
class _Trial:
    """What the models of one order say of the rows before their borders and in the stretch
    behind, an entry each.
    """

    row: np.ndarray
    model: np.ndarray
    ahead: np.ndarray
    gradient: np.ndarray
    models: int

    def of(self, rows: np.ndarray) -> "_Trial":
        """The entries of some rows alone (a flag for each row)."""
        keep = rows[self.row]
        return replace(
            self,
            row=self.row[keep],
            model=self.model[keep],
            ahead=self.ahead[keep],
            gradient=self.gradient[keep],
        )


class _Models:
    """A model for each border of each order, of the rows before it, and last the one of all rows.

    Kept as entries, a model's score of a row each: a model scores those that fill it and those of
    the next stretch.
    """

    def __init__(self, y: np.ndarray, start: float, orders: int, rng: np.random.Generator) -> None:
        borders = _borders(len(y))
        self.each, self.orders = len(borders) - 1, orders
        row, model, ahead = [], [], []
        for order in range(orders):
            placed = rng.permutation(len(y))
            for number, (filled, seen) in enumerate(pairwise(borders)):
                row.append(placed[:seen])
                model.append(np.full(seen, order * self.each + number))
                ahead.append(np.arange(seen) >= filled)
        row.append(np.arange(len(y)))
        model.append(np.full(len(y), orders * self.each))
        ahead.append(np.zeros(len(y), bool))
        self.row, self.model, self.ahead = (
            np.concatenate(row),
            np.concatenate(model),
            np.concatenate(ahead),
        )
        self.y, self.score = y[self.row], np.full(len(self.row), start)
        self.fills, self.length = np.flatnonzero(~self.ahead), int(borders[1:].sum())

    def try_on(self, order: int) -> _Trial:
        """The models of one order, each with the gradients that it leaves."""
        part = slice(order * self.length, (order + 1) * self.length)
        gradient = self.y[part] - sigmoid(self.score[part])
        return _Trial(
            self.row[part],
            self.model[part] - order * self.each,
            self.ahead[part],
            gradient,
            self.each,
        )

    def learn(self, leaf: np.ndarray, leaves: int, rate: float, penalty: float) -> np.ndarray:
        """One Newton step of every model from the rows that fill it → the step of the one of
        all rows.
        """
        size, key = (self.orders * self.each + 1) * leaves, self.model * leaves + leaf[self.row]
        chance, filled = sigmoid(self.score[self.fills]), key[self.fills]
        top = np.bincount(filled, self.y[self.fills] - chance, size)
        bottom = np.bincount(filled, chance * (1 - chance), size)
        step = rate * top / (bottom + penalty)
        self.score += step[key]
        return step[-leaves:]


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
