"""Linkage groups of managers: seconds, gap, and cost beside simpler rules (``python -m
benchmarks.bench_groups``).
"""

import time

import numpy as np
import pandas as pd

from benchmarks.common import describe_machine, describe_versions, write_result
from kamresearch.analysis.organisation.grouping import (
    Problem,
    group_greedily,
    group_randomly,
    improve,
)
from kamresearch.analysis.organisation.partition import solve
from kamresearch.analysis.organisation.similarity import book_similarity

SIZES = (25, 50, 100, 200)
FOCUS = {"mixed books": 0.3, "regional books": 0.8}
"""Share of a manager's accounts in one home region and channel; the others lie anywhere."""


def draw_team(n: int, focus: float, seed: int) -> Problem:
    """A team of n managers with 4 to 12 accounts each in 8 regions, 2 channels and 9
    industries, loaded 40 % to 160 %.
    """
    generator, rows = np.random.default_rng(seed), []
    for manager in range(n):
        home = (manager % 8, manager // 8 % 2)
        for _account in range(int(generator.integers(4, 13))):
            region, channel = (
                home if generator.random() < focus else generator.integers(0, (8, 2)).tolist()
            )
            rows.append(
                (
                    f"M{manager:03d}",
                    region,
                    channel,
                    int(generator.integers(9)),
                    generator.lognormal(3, 1),
                )
            )
    accounts = pd.DataFrame(
        rows, columns=["manager_id", "region", "channel", "industry", "revenue_12m"]
    )
    likeness = book_similarity(accounts, [f"M{manager:03d}" for manager in range(n)]).to_numpy()
    return Problem(1 - likeness, generator.uniform(0.4, 1.6, n), 0.5)


def measure(books: str, n: int, seed: int = 1) -> dict:
    """One team: ours, then the simpler rules on the same costs."""
    problem = draw_team(n, FOCUS[books], seed)
    began = time.process_time()
    solved = solve(problem)
    seconds = time.process_time() - began
    greedy = group_greedily(problem)
    drawn = min(map(problem.total, group_randomly(problem, np.random.default_rng(0))))
    return {
        "books": books,
        "managers": n,
        "seconds": seconds,
        "cost": solved.cost,
        "gap_percent": 100 * (solved.cost - solved.bound) / solved.cost,
        "proven": solved.proven,
        "greedy": problem.total(greedy),
        "greedy_with_swaps": problem.total(improve(problem, greedy)),
        "best_of_200_random": drawn,
    }


def _below(table: pd.DataFrame, rule: str) -> str:
    """How far the cost lies below a rule's, from the least to the most."""
    fall = 1 - table["cost"] / table[rule]
    return f"{100 * fall.min():.0f} % to {100 * fall.max():.0f} %"


def main() -> None:
    """Measure, and write results/groups.md."""
    table = pd.DataFrame([measure(books, n) for books in FOCUS for n in SIZES])
    largest = table[table["managers"] == max(SIZES)]
    write_result(
        "groups",
        "Linkage groups: three or four managers of similar accounts",
        "Simulated teams (`draw_team`). Seconds: CPU of one core for the whole search. "
        "Cost: unlikeness and imbalance per manager, less "
        "is better; gap: (cost − lower bound) / cost. The search is bounded in steps, so "
        "that cost and gap are the same in every run.",
        [describe_machine(), describe_versions("kamresearch", "scipy")],
        table,
        f"With {max(SIZES)} managers: at most {largest['seconds'].max():.0f} s of one "
        f"core, gap at most {largest['gap_percent'].max():.1f} %; "
        f"cost {_below(largest, 'greedy_with_swaps')} below greedy grouping with swaps, "
        f"{_below(largest, 'best_of_200_random')} below the "
        "best of 200 random groupings.",
    )


if __name__ == "__main__":
    main()
