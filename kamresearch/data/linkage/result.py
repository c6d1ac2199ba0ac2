"""What linking gives back."""

from dataclasses import dataclass, field

import pandas as pd

from kamresearch.data.linkage.kinds import Field
from kamresearch.language import Message


@dataclass(frozen=True)
class LinkResult:
    """Records linked to each other.

    Parameters
    ----------
    pairs : DataFrame
        left, right (record ids), probability, weight (log2 of the evidence), alone (the pair's
        probability by itself),
        together (in one cluster), likeliest first. ``probability`` reads a pair with its clusters:
        inside one it is at
        least the threshold, across two it lies below.
    clusters : Series
        Record id → cluster id (the first record's id of the cluster).
    review : DataFrame
        The doubtful: left, right, probability, together (whether they now share a cluster), why
        (``uncertain``,
        ``split``: likely by itself, kept apart by the rest of the cluster; ``joined``: unlikely,
        joined through others).
    fields : tuple of Field
        The columns compared, with the kind read from their values.
    threshold : float
        Probability from which a pair counts as the same.
    reason : Message, optional
        Why nothing was found; None where a pair was.
    """

    pairs: pd.DataFrame = field(repr=False)
    clusters: pd.Series = field(repr=False)
    review: pd.DataFrame = field(repr=False)
    fields: tuple[Field, ...]
    threshold: float
    reason: Message | None = None

    @property
    def labels(self) -> pd.Series:
        """The clusters, by the name that segment results use too."""
        return self.clusters

    @property
    def n_clusters(self) -> int:
        """How many different things the records speak of."""
        return int(self.clusters.nunique())
