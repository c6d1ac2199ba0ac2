"""Did the list find what was lost afterwards? (``python -m benchmarks.bench_backtest``).

The list as `kam publish --as-of` would have made it at six earlier days, each with its year since,
beside orders that a person would make. ``--data`` asks the same of other data.
"""

import argparse
from typing import cast

import kamresearch as kam
from benchmarks.common import ROOT, describe_machine, describe_versions, write_result
from kamresearch.analysis.decisions.backtest import ORDERS, PART

CASE = ROOT / "data" / "cases" / "geely_volvo"
AS_OF = "2012-12-31"


def main() -> None:
    """Look back, and write results/backtest.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=str(CASE), help="a folder of the contract's tables")
    parser.add_argument("--as-of", default=AS_OF, help="the last day; the six lie before it")
    asked = parser.parse_args()
    tested = kam.decisions.backtest(kam.open_data(asked.data), asked.as_of)
    if tested.reason is not None:
        raise SystemExit(tested.reason.render("en"))
    write(tested, asked.as_of)


def write(tested: "kam.decisions.Backtest", as_of: str) -> None:
    """The result's page: all days together with intervals; day by day, with few losses each."""
    words = {name: text.render("en") for name, text in ORDERS.items()}
    days = [
        f"{row['day']}: {row['n_accounts']} accounts, {row['n_lost']} lost within the year; of "
        "their value held "
        + ", ".join(f"{100 * row[name]:.0f} % by {text}" for name, text in words.items())
        for row in tested.days.to_dict("records")
    ]
    gap, low, high = cast(tuple, tested.ahead)  # there, since there is no reason against
    write_result(
        "backtest",
        "The list of what to do, looked back on",
        f"The list's order at {len(days)} earlier days, made of what was known then (as `kam publish "
        "--as-of` makes it, before anybody's hours), and what was lost within the year after. Each "
        f"order names the first {PART:.0%} of the accounts present. `share`: of the value lost "
        "afterwards, what its names held; `precision`: of the named, how many were lost; `lift`: "
        "that over the share of all. 95 % intervals are a bootstrap over accounts.",
        [describe_machine(), describe_versions("kamresearch"), f"As of {as_of}", *days],
        tested.frame.assign(order=tested.frame["order"].map(words)),
        f"Held by the list less the best simple order ({words[str(tested.rival)]}): {gap:+.3f} "
        f"({low:+.3f} to {high:+.3f}). " + tested.verdict().render("en"),
    )


if __name__ == "__main__":
    main()
