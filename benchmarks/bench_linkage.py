"""Linkage beside Splink models tuned by hand: ``make bench-linkage``."""

import os
import sys
import time
from types import ModuleType

import pandas as pd

from benchmarks.common import (
    describe_machine,
    describe_versions,
    fingerprint,
    load_protocol,
    write_result,
)
from benchmarks.fetch import present
from benchmarks.peers.linkage_splink import tune
from benchmarks.protocols.places import data_file
from kamresearch.data.linkage import link

FILES = {
    "febrl1": "febrl1.csv",
    "febrl2": "febrl2.csv",
    "febrl3": "febrl3.csv",
    "fake_1000": "splink_fake_1000.csv",
    "chicago": "chicago_early_childhood_orgs.csv",
}
LARGE = 50_000


def load(protocol: ModuleType, name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Records without any label, and the truth."""
    if name == "fake_1000":
        frame = pd.read_csv(data_file(FILES[name]), dtype=str)
        return frame.drop(columns=["unique_id", "cluster"]), frame["cluster"]
    return protocol.load(name)


def large_set() -> tuple[pd.DataFrame, pd.Series]:
    """Department records of simulated accounts, as many as the goal names."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from kamresearch.data.simulate import simulate

    with TemporaryDirectory() as folder:
        simulate(Path(folder), accounts=18_000, random_state=1, start="2012-01-01")
        records = pd.read_parquet(Path(folder) / "departments.parquet")
        truth = pd.read_parquet(Path(folder) / "truth" / "records.parquet")
    whole = records.merge(truth, on=["department", "record_id"], validate="1:1").head(LARGE)
    return whole[["account_name", "address", "telephone", "tax_number", "region"]], whole[
        "true_account_id"
    ]


def score(protocol: ModuleType, pairs: pd.DataFrame, labels: pd.Series, truth: pd.Series) -> dict:
    """Pair and cluster scores of the protocol."""
    return {
        **protocol.score_pairs(pairs, truth).to_dict(),
        **protocol.score_clusters(labels, truth).to_dict(),
    }


def _gaps(frame: pd.DataFrame, measure: str) -> pd.Series:
    """Ours less the peer's, by set."""
    ours = frame[frame["method"] == "kam.linkage.link"].set_index("set")[measure]
    theirs = frame[frame["method"] != "kam.linkage.link"].set_index("set")[measure]
    return (ours.reindex(theirs.index) - theirs).round(4)


def main() -> None:
    """Score both on every set; time ours on 50,000 records."""
    protocol, rows = load_protocol("er_eval"), []
    sets = present("linkage")
    for name in sets:
        records, truth = load(protocol, name)
        for who in ("kam.linkage.link", "Splink tuned by hand"):
            start = time.perf_counter(), time.process_time()
            if who == "kam.linkage.link":
                result = link(records)
                pairs, labels = result.pairs, result.clusters
            else:
                pairs, labels = tune(name, records)
            seconds = time.perf_counter() - start[0], time.process_time() - start[1]
            rows.append(
                {
                    "set": name,
                    "records": len(records),
                    "method": who,
                    **score(protocol, pairs, labels, truth),
                    "seconds": seconds[0],
                    "processor seconds": seconds[1],
                }
            )
            print(rows[-1], file=sys.stderr)
    records, truth = large_set()
    start = time.perf_counter(), time.process_time()
    result = link(records)
    seconds, processor = time.perf_counter() - start[0], time.process_time() - start[1]
    rows.append(
        {
            "set": "simulated departments",
            "records": len(records),
            "method": "kam.linkage.link",
            **score(protocol, result.pairs, result.clusters, truth),
            "seconds": seconds,
            "processor seconds": processor,
        }
    )
    frame = pd.DataFrame(rows)
    gaps = _gaps(frame, "f1")
    verdict = (
        "Difference in F1 at probability 0.5 (ours less tuned by hand): "
        + ", ".join(f"{name} {gap:+.4f}" for name, gap in gaps.items())
        + f". Goal, within 0.01 on each set: {'met' if (gaps >= -0.01).all() else 'missed'}. "
        + "The same for B³ F1 of the clusters: "
        + ", ".join(f"{name} {gap:+.4f}" for name, gap in _gaps(frame, "b3_f1").items())
        + ". "
        + (
            f"{len(records):,} records took {seconds:.0f} s by the clock at a load of "
            f"{os.getloadavg()[0]:.0f}, {processor:.0f} s of "
        )
        + f"processor time; goal, a minute: {'met' if seconds <= 60 else 'missed by the clock'}."
    )
    write_result(
        "linkage",
        "Linkage",
        "No label is used to fit. The peer's comparisons, blocking rules and training "
        "sessions were written "
        "by hand for each set; ours reads all of that from the records. Pairs at "
        "probability 0.5 and at the best threshold, "
        "clusters by B³.",
        [
            describe_machine(),
            describe_versions("splink", "duckdb"),
            "data: " + ", ".join(f"{name} {fingerprint(data_file(FILES[name]))}" for name in sets),
            "seconds: by the clock and of the processor (all threads); one run each, "
            "single machine, for orientation",
        ],
        frame,
        verdict,
    )
    print(verdict)


if __name__ == "__main__":
    main()
