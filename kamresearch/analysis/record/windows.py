"""Sums told, window after window, beside what came, and how far the accounts had moved since."""

import numpy as np
import pandas as pd

BINS = 5
COLUMNS = [
    "prediction",
    "issued",
    "due",
    "n",
    "told",
    "rival",
    "came",
    "stayed",
    "shift",
    "by_chance",
]


def measure_windows(frame: pd.DataFrame) -> pd.DataFrame:
    """What did each version tell in all, what came, and had the accounts changed meanwhile?

    Scored probabilities, points and centres of intervals → one row a prediction and window,
    overlapping ones included.

    Parameters
    ----------
    frame : DataFrame
        As in `kamresearch.analysis.record.scoring.Scores`.

    Returns
    -------
    DataFrame
        prediction, issued, due, n, told (sum of the values: events or units expected), rival (the
        same of the simple rival), came, stayed (share of the accounts that the window before held
        too), shift (population stability index of the values against the window before),
        by_chance (the index to be expected of two samples of these sizes from one population).

    Notes
    -----
    Index: Σ(p − q) ln(p/q) over fifths of the earlier window, half a case added to each; under no
    change its mean is about (fifths − 1)(1/n + 1/m) (Yurdakul and Naranjo 2020).
    """
    rows = []
    told = frame[frame["form"].isin(["probability", "interval", "point"])]
    for prediction, group in told.groupby("prediction", sort=True):
        before = None
        for (issued, due), part in group.groupby(["issued", "due"], sort=True):
            # a rival that says nothing of some accounts has no sum to compare
            rival = part["rival_value"].sum(skipna=False)
            sums = (len(part), part["value"].sum(), rival, part["actual"].sum())
            moved = (np.nan,) * 3
            if before is not None and (part["account_id"] != "").any():
                moved = _movement(before, part)
            rows.append((prediction, issued, due, *map(float, sums), *moved))
            before = part
    return pd.DataFrame(rows, columns=COLUMNS).astype({"n": int})


def _movement(before: pd.DataFrame, now: pd.DataFrame) -> tuple[float, float, float]:
    stayed = float(now["account_id"].isin(before["account_id"]).mean())
    edges = np.unique(np.quantile(before["value"], np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, part["value"], side="right"), minlength=len(edges) + 1)
        for part in (before, now)
    ]
    q, p = ((count + 0.5) / (count + 0.5).sum() for count in counts)
    shift = float(((p - q) * np.log(p / q)).sum())
    return stayed, shift, len(edges) * (1 / len(before) + 1 / len(now))
