"""Partition into groups of three and four at least cost: column generation with exact prices, then
one MILP (HiGHS).

Work is counted in steps (rounds, columns, nodes of the MILP), never in seconds of the clock: the
same team gets the same
groups, whatever else a machine has to do.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from kamresearch.analysis.organisation.grouping import Problem, group_greedily, improve
from kamresearch.analysis.organisation.pricing import Priced, price_groups

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ROUNDS = 60
"""Most rounds of column generation."""
FULL_SEARCHES = 6
"""Most searches through all groups; the quick ones find most."""
DIVES = 2
"""Groupings put together by hand before each MILP."""
WIDENINGS = 12
"""Most MILPs, each over more columns than the one before."""
MILP_COLUMNS = 10_000
"""Most columns of a MILP; beyond, the bound stands and the gap is stated."""
MILP_NODES = 20
"""Most nodes that HiGHS visits for one MILP: nearly all are solved at the first, and what is
not is seldom worth more.
"""


@dataclass(frozen=True)
class Solved:
    """A grouping, its cost per manager, a lower bound, and whether both meet."""

    groups: list[tuple[int, ...]]
    cost: float
    bound: float
    proven: bool
    n_columns: int = 0


def _dive(
    problem: Problem, priced: dict[int, Priced], generator: np.random.Generator
) -> list[tuple[int, ...]]:
    """A grouping from groups of small reduced cost, disjoint, a little shuffled; who is left
    over is grouped greedily.
    """
    groups = [tuple(group) for part in priced.values() for group in part.groups.tolist()]
    costs = np.concatenate([part.reduced for part in priced.values()])
    order = np.argsort(
        costs + generator.exponential(0.3 * costs.std() + 1e-9, len(costs)), kind="stable"
    )
    taken, chosen = set(), []
    for number in order:
        if taken.isdisjoint(groups[number]):
            chosen.append(groups[number])
            taken.update(groups[number])
    while problem.n - len(taken) in (1, 2, 5):
        taken -= set(chosen.pop())
    left = np.array(sorted(set(range(problem.n)) - taken), dtype=int)
    if len(left):
        rest = Problem(problem.distance[np.ix_(left, left)], problem.loads[left], problem.balance)
        chosen += [tuple(left[list(group)].tolist()) for group in group_greedily(rest)]
    return improve(problem, chosen)


def solve(problem: Problem) -> Solved:
    """The cheapest partition found, with a lower bound on any."""
    n = problem.n
    if n in (3, 4, 5):
        groups = [tuple(range(n))]
        cost = problem.total(groups)
        return Solved(groups, cost, cost, True, 1)
    start = improve(problem, group_greedily(problem))
    columns = {3: _near_groups(problem, 3), 4: _near_groups(problem, 4)}
    columns = {
        size: _join(part, [group for group in start if len(group) == size])
        for size, part in columns.items()
    }
    priced = _generate(problem, columns)
    return _finish(problem, priced, start)


@dataclass(frozen=True)
class _Generated:
    """Columns worth having, the last prices with the bound that they give, and the best bound
    seen.
    """

    columns: dict
    duals: np.ndarray
    floor: float
    lower: float


def _generate(problem: Problem, columns: dict) -> _Generated:
    """Add groups of negative reduced cost until there are none, quickly while that finds some,
    then by a full search.
    """
    most_groups, lower, floor, full = problem.n // 3, -np.inf, -np.inf, 0
    for _round in range(ROUNDS):
        duals, value = _relax(problem, columns)
        found = {size: price_groups(problem, duals, size, 0.0, quick=True) for size in (3, 4)}
        if (
            not any((part.reduced < -1e-7).any() for part in found.values())
            and full < FULL_SEARCHES
        ):
            full += 1
            found[4] = price_groups(problem, duals, 4, 0.0)
        # Each group of a grouping costs at least its prices plus the least reduced cost; none holds
        # more groups than n / 3.
        floor = value + min(0.0, *(part.least for part in found.values())) * most_groups
        lower = max(lower, floor)
        new = {size: _most_negative(part) for size, part in found.items()}
        if not any(map(len, new.values())):
            break
        columns = {size: _join(columns[size], new[size]) for size in columns}
    return _Generated(columns, duals, floor, lower)


def _most_negative(part: Priced, most: int = 4000) -> np.ndarray:
    order = np.argsort(part.reduced, kind="stable")[:most]
    return part.groups[order[part.reduced[order] < -1e-7]]


def _finish(problem: Problem, generated: _Generated, start: list) -> Solved:
    """MILPs over all columns within a margin of the prices, wider until nothing outside can matter.

    The reduced costs of a grouping's groups sum to its cost less the prices, and none lies below
    the least: whatever is
    better than the best known is made of columns within (best known − floor), so an optimum over
    those is one over all.
    """
    n, best, count, unclosed, settled = problem.n, start, 0, 0, False
    upper, floor = n * problem.total(start), generated.floor
    margin = 0.002 * max(abs(floor), 1e-3)
    generator = np.random.default_rng(0)
    for _widening in range(WIDENINGS):
        margin = min(margin, upper - floor)
        if margin <= 1e-9 * max(1.0, abs(upper)):
            return Solved(best, upper / n, min(floor, upper) / n, True, count)
        priced = {size: price_groups(problem, generated.duals, size, margin) for size in (3, 4)}
        count = sum(len(part.groups) for part in priced.values())
        whole = count <= MILP_COLUMNS and all(
            part.floor >= margin - 1e-9 for part in priced.values()
        )
        if (
            settled and not whole
        ):  # A MILP over a part would prove nothing, and a narrower one has been solved.
            break
        best = min(
            [best, *(_dive(problem, priced, generator) for _one in range(DIVES))], key=problem.total
        )
        upper = known = n * problem.total(best)
        best, upper, closed = _integer(problem, _cheapest(priced), best, upper)
        if whole and closed and upper - floor <= margin + 1e-9:
            return Solved(best, upper / n, upper / n, True, count)
        unclosed, settled = unclosed + (not closed), settled or (closed and upper < known - 1e-9)
        if not whole or unclosed == 2:
            break
        margin = upper - floor if closed and 3 * margin > upper - floor else 2 * margin
    return Solved(best, upper / n, generated.lower / n, False, count)


def _cheapest(priced: dict[int, Priced]) -> dict[int, np.ndarray]:
    """The groups of the least reduced costs, as many as one MILP takes."""
    costs = np.concatenate([part.reduced for part in priced.values()])
    cut = np.inf if len(costs) <= MILP_COLUMNS else np.partition(costs, MILP_COLUMNS)[MILP_COLUMNS]
    return {size: part.groups[part.reduced < cut] for size, part in priced.items()}


def _near_groups(problem: Problem, size: int, most: int = 8) -> np.ndarray:
    """Groups among each manager's nearest, to begin with (all of them where there are few
    managers).
    """
    if problem.n <= 14:
        return np.array(list(combinations(range(problem.n), size)), dtype=int).reshape(-1, size)
    groups = set()
    for one in range(problem.n):
        near = [
            other
            for other in np.argsort(problem.distance[one], kind="stable").tolist()
            if other != one
        ][:most]
        groups |= {tuple(sorted((one, *rest))) for rest in combinations(near, size - 1)}
    return np.array(sorted(groups), dtype=int)


def _join(columns: np.ndarray, more: "ArrayLike") -> np.ndarray:
    more = np.asarray(more, dtype=int).reshape(-1, columns.shape[1])
    return np.unique(np.vstack([columns, more]), axis=0)


def _incidence(columns: dict, n: int) -> object:
    from scipy.sparse import csr_matrix

    members = [group for size in columns for group in columns[size].tolist()]
    place = np.concatenate([np.full(len(group), number) for number, group in enumerate(members)])
    return csr_matrix(
        (np.ones(len(place)), (np.concatenate(members), place)), shape=(n, len(members))
    )


def _relax(problem: Problem, columns: dict) -> tuple[np.ndarray, float]:
    """Prices of managers and value of the linear relaxation."""
    from scipy.optimize import linprog

    costs = np.concatenate([problem.costs(columns[size]) for size in columns])
    solved = linprog(
        costs,
        A_eq=_incidence(columns, problem.n),
        b_eq=np.ones(problem.n),
        bounds=(0, None),
        method="highs",
    )
    return solved.eqlin.marginals, float(solved.fun)


def _integer(problem: Problem, columns: dict, best: list, upper: float) -> tuple[list, float, bool]:
    """The cheapest partition out of the columns, and whether HiGHS proved that among them
    there is none better.
    """
    from scipy.optimize import Bounds, LinearConstraint

    from kamresearch.analysis.solving import solve_whole

    columns = {size: part for size, part in columns.items() if len(part)}
    if not columns:
        return best, upper, True
    costs = np.concatenate([problem.costs(columns[size]) for size in columns])
    members = [tuple(group) for size in columns for group in columns[size].tolist()]
    solved = solve_whole(
        costs,
        integrality=np.ones(len(costs)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(_incidence(columns, problem.n), 1, 1),
        options={"node_limit": MILP_NODES, "mip_rel_gap": 1e-9},
    )
    if solved.x is not None and solved.fun < upper - 1e-9:
        best = [members[number] for number in np.flatnonzero(solved.x > 0.5)]
        upper = problem.total(best) * problem.n
    # Infeasible means that nothing among them partitions the team at all: the best known stands.
    return best, upper, solved.status in (0, 2)
