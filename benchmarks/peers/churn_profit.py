"""Expected maximum profits by empulse, for the golden table of ``tests/analysis/test_money.py``.

Run in the peers' environment: ``benchmarks/.venv/bin/python benchmarks/peers/churn_profit.py``
prints the table.
"""

import numpy as np
from empulse.metrics import empb_score, empc_score


def ranking(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, score and value of 240 accounts, by arithmetic alone (no random numbers, so
    that any program agrees).
    """
    i = np.arange(240)
    y = ((i * i + 3 * i) % 11 < 3).astype(int)
    noise = ((i * 7919) % 1009) / 1009
    score = {
        "good": 0.6 * y + noise,
        "weak": 0.15 * y + noise,
        "tied": np.round(3 * (0.5 * y + noise)),
        "bad": noise - 0.5 * y,
    }[kind]
    value = 100.0 + (i * 37) % 400
    return y, score, value


def main() -> None:
    """Print one row a case: kind, EMPC with usual and other terms, EMPB with usual and other
    terms.
    """
    for kind in ("good", "weak", "tied", "bad"):
        y, score, value = ranking(kind)
        numbers = (
            empc_score(y, score),
            empc_score(y, score, clv=500, incentive_cost=40, contact_cost=5, alpha=3, beta=9),
            empb_score(y, score, clv=value),
            empb_score(
                y, score, clv=value, incentive_fraction=0.02, contact_cost=3, alpha=9, beta=11
            ),
        )
        print(f'    ("{kind}", ' + ", ".join(f"{number:.12f}" for number in numbers) + "),")


if __name__ == "__main__":
    main()
