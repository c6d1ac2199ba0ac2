"""How linkage is judged: see “Linkage” in benchmarks/README.md."""

import numpy as np
import pandas as pd
from places import data_file

TRUTH = {"chicago": ("chicago_early_childhood_orgs.csv", ["True Id"])}
"""Set → file, and the columns that tell the truth; the last of them is it."""


def load(name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Records without any label, and who each is of."""
    file, hidden = TRUTH.get(name, (f"{name}.csv", ["rec_id", "true_id"]))
    frame = pd.read_csv(data_file(file), dtype=str)
    return frame.drop(columns=hidden), frame[hidden[-1]]


def score_pairs(pairs: pd.DataFrame, truth: pd.Series) -> pd.Series:
    """Precision, recall and F1 of the pairs at probability 0.5, and the best F1 of any threshold."""
    sizes = truth.value_counts().to_numpy()
    right = int((sizes * (sizes - 1)).sum() // 2)
    ends = np.sort(pairs[["left", "right"]].to_numpy(), axis=1)
    told = pd.DataFrame({"a": ends[:, 0], "b": ends[:, 1], "p": pairs["probability"].astype(float)})
    told = told.drop_duplicates(["a", "b"]).sort_values("p", ascending=False, kind="mergesort")
    hits = np.cumsum(truth.loc[told["a"]].to_numpy() == truth.loc[told["b"]].to_numpy())
    taken, p = np.arange(1, len(told) + 1), told["p"].to_numpy()
    f1 = 2 * hits / (taken + right)
    # A threshold takes all pairs of one probability or none of them.
    last = np.append(p[1:] != p[:-1], True) if len(p) else np.array([], bool)
    n = int((p >= 0.5).sum())
    half = (hits[n - 1] / n, hits[n - 1] / right, f1[n - 1]) if n else (np.nan, 0.0, 0.0)
    best = f1[last].max(initial=0.0)
    return pd.Series([*half, best], index=["precision", "recall", "f1", "best_f1"], dtype=float)


def score_clusters(labels: pd.Series, truth: pd.Series) -> pd.Series:
    """B-cubed: for each record, how pure its cluster is and how whole its identity; means, and F1."""
    both = pd.DataFrame({"label": labels, "truth": truth}).value_counts(sort=False)
    precision = (both**2 / both.groupby("label").transform("sum")).sum() / len(truth)
    recall = (both**2 / both.groupby("truth").transform("sum")).sum() / len(truth)
    f1 = 2 * precision * recall / (precision + recall)
    return pd.Series({"b3_precision": precision, "b3_recall": recall, "b3_f1": f1})
