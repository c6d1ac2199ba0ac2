"""Clusters of accounts: as many as are both stable and apart, never one of a single account."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kamresearch.analysis.drawing import draw_ids, say_drawn
from kamresearch.analysis.segmentation.shape import FEATURES, shape_features
from kamresearch.display import Column, Table, make_table
from kamresearch.features.population import require_present
from kamresearch.finding import Finding
from kamresearch.language import Message, Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LEAST_ACCOUNTS = 20
LEAST_CLUSTER = 5
LEAST_SHARE = 0.03
LEAST_STABILITY = 0.6
METHODS = {"kmeans": _("k-means"), "gmm": _("Gaussian mixture")}


@dataclass(frozen=True)
class Segmentation(Result, frame="profile"):
    """Clusters with what sets each apart, and how k was chosen."""

    exports = (
        "segmentation.n_clusters",
        "segmentation.cluster_stability",
        "segmentation.cluster_silhouette",
    )
    shows = (Shown("segmentation.clusters"), Shown("segmentation.cluster_choice"))

    labels: pd.Series
    """account_id → cluster, 1 the largest by the first feature; 0: no order in twelve months"""
    k: int
    method: str | None
    stability: float | None
    """Mean adjusted Rand index between the clusters and those of bootstrap samples"""
    silhouette: float | None
    smallest: int
    choices: pd.DataFrame
    """method, k, stability, silhouette, smallest, eligible, reason, chosen"""
    profile: pd.DataFrame
    """cluster, n_accounts, feature, effect (in standard deviations from all others), mean"""
    features: tuple[str, ...]
    n_left_out: int
    reason: Message | None = None
    coordinates: pd.DataFrame | None = field(default=None, repr=False)
    """account_id, x, y (first two principal components), cluster"""

    @property
    def names(self) -> dict[int, Message]:
        """Each cluster named by the two features that set it apart most."""
        named = {}
        for cluster, rows in self.profile.groupby("cluster", observed=True, sort=True):
            top = rows.reindex(
                rows["effect"].abs().sort_values(ascending=False, kind="stable").index
            ).head(2)
            said = [
                _SAID[effect > 0](feature)
                for feature, effect in zip(top["feature"], top["effect"], strict=True)
            ]
            named[int(cluster)] = (
                _("{number}: {first}, {second}", number=cluster, first=said[0], second=said[1])
                if len(said) > 1
                else _("{number}: {first}", number=cluster, first=said[0])
                if said
                else _("{number}: all accounts", number=cluster)
            )
        return named or {1: _("{number}: all accounts", number=1)}

    def findings(self) -> list[Finding]:
        """How many clusters, how stable and how far apart."""
        n = int((self.labels > 0).sum())
        return [
            Finding(
                "segmentation.n_clusters",
                self.k,
                "count",
                _("Clusters in the data"),
                _(
                    "Number of clusters that is stable under bootstrap and separates best, "
                    "each with at least five accounts and "
                    "3% of all; 1 where no split holds."
                ),
                n=n,
                figure="segmentation.clusters",
                sentence=_(
                    "The data alone fall into {k} groups (stability {ari}).",
                    k=self.k,
                    ari=Quantity(self.stability, "score"),
                )
                if self.stability is not None
                else None,
            ),
            Finding(
                "segmentation.cluster_stability",
                self.stability,
                "score",
                _("Stability of the clusters"),
                _(
                    "Mean adjusted Rand index between the clusters and those found again "
                    "in bootstrap samples: 1 the same, 0 chance."
                ),
                n=n,
                good="up",
                figure="segmentation.cluster_choice",
                reason=self.reason if self.stability is None else None,
            ),
            Finding(
                "segmentation.cluster_silhouette",
                self.silhouette,
                "score",
                _("Separation of the clusters"),
                _("Mean silhouette width of the accounts: 1 far apart, 0 touching."),
                n=n,
                good="up",
                figure="segmentation.cluster_choice",
                reason=self.reason if self.silhouette is None else None,
            ),
        ]

    @property
    def caveats(self) -> tuple[Text, ...]:
        """Out of how many accounts some were drawn to look for groups."""
        return say_drawn(int((self.labels > 0).sum()))

    def choice_table(self) -> Table:
        """Every method and k that was tried, and why it was taken or left."""
        reasons = {
            "": _("–"),
            "too_small": _("a cluster is too small"),
            "unstable": _("not stable"),
            "not_separate": _("not apart"),
        }
        return make_table(
            "segmentation.cluster_choice",
            _("How many clusters"),
            self.choices,
            Column("method", _("Method"), terms=METHODS),
            Column("k", _("Clusters"), "count"),
            Column("stability", _("Stability"), "score"),
            Column("silhouette", _("Separation"), "score"),
            Column("smallest", _("Smallest cluster"), "accounts"),
            Column("reason", _("Left out because"), terms=reasons),
            Column("chosen", _("Chosen"), "flag"),
        )

    def profile_table(self) -> Table:
        """What sets each cluster apart, in standard deviations."""
        wide = self.profile.assign(name=self.profile["cluster"].astype(str))
        terms = {str(cluster): name for cluster, name in self.names.items()}
        return make_table(
            "segmentation.clusters",
            _("What sets each cluster apart"),
            wide,
            Column("name", _("Cluster"), terms=terms),
            Column("n_accounts", _("Accounts"), "accounts"),
            Column("feature", _("Feature"), terms=FEATURES),
            Column("effect", _("Effect size"), "score"),
            caption=_(
                "Effect size: difference of means between the cluster and all other "
                "accounts, in pooled standard deviations "
                "of the transformed feature. No p-values: clusters are made to differ."
            ),
        )


_SAID = {
    True: lambda feature: _("high {feature}", feature=FEATURES.get(feature, feature)),
    False: lambda feature: _("low {feature}", feature=FEATURES.get(feature, feature)),
}


def segment(
    snapshot: pd.DataFrame,
    features: tuple[str, ...] | None = None,
    k_range: tuple[int, int] = (2, 8),
    random_state: int = 0,
    n_resamples: int = 20,
) -> Segmentation:
    """Which groups of accounts do the data alone show?

    Parameters
    ----------
    snapshot : DataFrame
        One row per account. With the columns of `kamresearch.account_snapshot`, the buying features
        below; else all
        numeric columns that are no keys.
    features : tuple of str, optional
        Numeric columns to use instead.
    k_range : (int, int)
        Fewest and most clusters tried.
    random_state, n_resamples : int
        Of the bootstrap.

    Returns
    -------
    Segmentation

    Raises
    ------
    AnalysisError
        There is no account, or no numeric column.

    Notes
    -----
    Skewed amounts are taken in logarithms, outliers drawn in, and every feature scaled: raw amounts
    put single giants
    into "stable" clusters of one. Each k and method is fitted to the data and to bootstrap samples;
    a choice is eligible
    when no cluster is smaller than five accounts or 3 % of all and the adjusted Rand index is at
    least 0.6; the best
    mean of stability and separation wins. The index measures whether clusters come again, not
    whether they are real.
    Among very many accounts, groups are looked for in a draw of some thousand; the others join
    them.
    """
    snapshot = require_present(snapshot, "segmentation")
    ids, matrix, names, left_out = shape_features(snapshot, features)
    if len(ids) < LEAST_ACCOUNTS:
        return _single(
            snapshot,
            ids,
            matrix,
            names,
            _(
                "Fewer than {n} accounts ordered in twelve months: too few to look for groups.",
                n=LEAST_ACCOUNTS,
            ),
            None,
        )
    if not names:
        return _single(
            snapshot, ids, matrix, names, _("No feature differs between the accounts."), None
        )
    most = min(k_range[1], len(ids) // 5)
    if most < k_range[0]:
        few = _(
            "Fewer than {n} accounts ordered in twelve months: too few to look for groups.",
            n=5 * k_range[0],
        )
        return _single(snapshot, ids, matrix, names, few, None)
    learnt = matrix[pd.Index(ids).isin(draw_ids(ids))]
    candidates = [
        try_choice(learnt, method, k, random_state, n_resamples)
        for method in METHODS
        for k in range(k_range[0], most + 1)
    ]
    choices = pd.DataFrame([choice for choice, _assign in candidates])
    eligible = choices[choices["reason"] == ""]
    if eligible.empty:
        return _single(
            snapshot,
            ids,
            matrix,
            names,
            _("No split into groups is stable, apart and free of tiny groups."),
            choices,
        )
    best = (eligible["stability"] + eligible["silhouette"]).idxmax()
    choices["chosen"] = choices.index == best
    labels = _order_labels(candidates[best][1](matrix), matrix)
    full = pd.Series(labels, index=ids).reindex(snapshot.get("account_id", snapshot.index))
    row = choices.loc[best]
    return Segmentation(
        full.fillna(0).astype(int).rename("cluster"),
        int(row["k"]),
        row["method"],
        float(row["stability"]),
        float(row["silhouette"]),
        int(np.bincount(labels)[1:].min()),
        choices,
        profile_clusters(matrix, labels, names),
        tuple(names),
        left_out,
        None,
        _plane(ids, matrix, labels),
    )


def try_choice(
    matrix: np.ndarray, method: str, k: int, seed: int, draws: int
) -> tuple[dict, Callable]:
    """One method and k: stability, separation, smallest cluster and why it is out; and what
    assigns accounts to it.
    """
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    assign = _fit(matrix, method, k, seed)
    labels = assign(matrix)
    sizes = np.bincount(labels, minlength=k)
    rng = np.random.default_rng([seed, k, len(method)])
    found = []
    for draw in range(draws):
        rows = np.unique(rng.integers(0, len(matrix), len(matrix)))
        found.append(
            adjusted_rand_score(labels, _fit(matrix[rows], method, k, seed + draw + 1)(matrix))
        )
    some = np.random.default_rng(seed).permutation(len(matrix))[:3000]
    apart = (
        float(silhouette_score(matrix[some], labels[some]))
        if len(np.unique(labels[some])) > 1
        else 0.0
    )
    stability, least = (
        float(np.mean(found)),
        max(LEAST_CLUSTER, int(np.ceil(LEAST_SHARE * len(matrix)))),
    )
    reason = (
        "too_small"
        if sizes.min() < least
        else "unstable"
        if stability < LEAST_STABILITY
        else "not_separate"
        if apart < 0.1
        else ""
    )
    return {
        "method": method,
        "k": k,
        "stability": stability,
        "silhouette": apart,
        "smallest": int(sizes.min()),
        "reason": reason,
        "chosen": False,
    }, assign


def _fit(matrix: np.ndarray, method: str, k: int, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """A fitted assignment: matrix → cluster of each row."""
    if method == "kmeans":
        from sklearn.cluster import KMeans

        return KMeans(k, n_init=4, random_state=seed).fit(matrix).predict
    from sklearn.mixture import GaussianMixture

    kind = "full" if len(matrix) > 20 * k * matrix.shape[1] else "diag"
    return (
        GaussianMixture(
            k,
            covariance_type=kind,
            reg_covar=1e-2,
            n_init=1,
            random_state=seed,
            max_iter=60,
            tol=1e-2,
        )
        .fit(matrix)
        .predict
    )


def _order_labels(labels: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Clusters numbered from 1 by their mean of the first feature, largest first: equal runs
    give equal numbers.
    """
    means = [matrix[labels == cluster, 0].mean() for cluster in np.unique(labels)]
    order = {
        cluster: place + 1
        for place, cluster in enumerate(
            np.unique(labels)[np.argsort(-np.array(means), kind="stable")]
        )
    }
    return np.array([order[label] for label in labels])


def profile_clusters(matrix: np.ndarray, labels: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Effect size of each feature in each cluster against all others (pooled standard
    deviations).
    """
    rows = []
    for cluster in np.unique(labels):
        inside, outside = matrix[labels == cluster], matrix[labels != cluster]
        for i, name in enumerate(names):
            effect = 0.0
            if len(outside):
                pooled = np.sqrt(
                    (len(inside) * inside[:, i].var() + len(outside) * outside[:, i].var())
                    / len(matrix)
                )
                effect = (
                    float((inside[:, i].mean() - outside[:, i].mean()) / pooled)
                    if pooled > 1e-9
                    else 0.0
                )
            rows.append((int(cluster), len(inside), name, effect))
    return pd.DataFrame(rows, columns=["cluster", "n_accounts", "feature", "effect"])


def _plane(ids: pd.Index, matrix: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Accounts on the first two principal components, for the picture; signs fixed so that
    equal runs look equal.
    """
    centred = matrix - matrix.mean(axis=0)
    _u, _s, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2, np.abs(axes[:2]).argmax(axis=1)].diagonal())[:, None]
    plane = (
        centred @ axes.T
        if len(axes) > 1
        else np.column_stack([centred @ axes[0], np.zeros(len(matrix))])
    )
    return pd.DataFrame({"account_id": ids, "x": plane[:, 0], "y": plane[:, 1], "cluster": labels})


def _single(
    snapshot: pd.DataFrame,
    ids: pd.Index,
    matrix: np.ndarray,
    names: list[str],
    reason: Message,
    choices: pd.DataFrame | None,
) -> Segmentation:
    """One cluster of all accounts, with the reason."""
    index = snapshot.get("account_id", snapshot.index)
    labels = pd.Series(1, index=ids).reindex(index).fillna(0).astype(int).rename("cluster")
    columns = ["method", "k", "stability", "silhouette", "smallest", "reason", "chosen"]
    empty = pd.DataFrame({name: [] for name in columns}) if choices is None else choices
    return Segmentation(
        labels,
        1,
        None,
        None,
        None,
        len(ids),
        empty,
        pd.DataFrame({name: [] for name in ("cluster", "n_accounts", "feature", "effect")}),
        tuple(names),
        int((labels == 0).sum()),
        reason,
    )
