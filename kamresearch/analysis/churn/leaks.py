"""Features that know the future: questioned by their names, their dates and by being too good."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.language import message as _
from kamresearch.result import Result

SUSPICIOUS = re.compile(
    r"churn|attrit|\blost\b|\bleft\b|cancel|terminat|exit|\breason\b|\bscore\b|predict|probab|\blabel\b|\btarget\b|win.?back"
    r"|return.date|away|end.?of.?contract.?reason|流失|原因|评分|预测|离开|终止",
    re.IGNORECASE,
)
HARMLESS = {"n_churns"}
"""Named like an outcome, but counted up to the cut-off."""
TOO_GOOD = 0.95
"""AUC of a single feature from which it is refused until somebody explains it."""
QUESTIONABLE = 0.80
"""AUC from which a feature with a suspicious name is refused."""

_WHY = {
    "after": _("holds dates after the cut-off"),
    "too_good": _("tells the outcome almost alone"),
    "name_and_power": _("is named like the outcome and tells much of it"),
    "missing": _("is filled in for one outcome only"),
    "name": _("is named like the outcome"),
}
_VERDICT = {"refuse": _("refused"), "question": _("to be questioned"), "pass": _("passes")}


@dataclass(frozen=True)
class Leaks(Result):
    """What was found: feature, auc, why, verdict — one row a feature, the worst first."""

    frame: pd.DataFrame

    @property
    def refused(self) -> tuple[str, ...]:
        """Features that must not be used."""
        return tuple(self.frame.loc[self.frame["verdict"] == "refuse", "feature"])

    def table(self) -> Table:
        """The features that tell most, with the verdict on each."""
        from kamresearch.analysis.churn.explain import FEATURE_TERMS

        return make_table(
            "churn.leaks",
            _("Could a feature know the future?"),
            self.frame,
            Column("feature", _("Feature"), terms=FEATURE_TERMS),
            Column("auc", _("AUC alone"), "score"),
            Column("why", _("Why"), terms=_WHY),
            Column("verdict", _("Verdict"), terms=_VERDICT),
            caption=_(
                "AUC of each feature alone (0.5 = nothing, 1 = everything); above {high} a "
                "feature is refused.",
                high=TOO_GOOD,
            ),
        )


NO_LEAKS = Leaks(pd.DataFrame(columns=["feature", "auc", "why", "verdict"]))
"""Nothing was looked for: there is no model to protect."""


def find_leaks(X: pd.DataFrame, y: np.ndarray, cutoff: pd.Series | None = None) -> Leaks:
    """Does a feature know the future?

    Parameters
    ----------
    X : DataFrame
        Features, any kind, one row a case.
    y : array of 0/1
        The outcome.
    cutoff : Series, optional
        Day up to which each case may know; dates after it are refused.

    Returns
    -------
    Leaks
        A feature is refused when it holds a date after the cut-off, when it tells the outcome
        almost alone
        (AUC ≥ 0.95), when it is filled in for one outcome only, or when its name speaks of the
        outcome and its AUC
        alone is at least 0.80; a suspicious name alone is questioned.

    Notes
    -----
    It cannot find a leak that is weak and well named: the panel's construction has to prevent
    those.
    """
    y = np.asarray(y).astype(int)
    rows = [_judge(name, X[name], y, cutoff) for name in X.columns]
    frame = pd.DataFrame(rows, columns=["feature", "auc", "why", "verdict"])
    rank = frame["verdict"].map({"refuse": 0, "question": 1, "pass": 2})
    order = np.lexsort([frame["feature"], -frame["auc"].fillna(0), rank])
    return Leaks(frame.iloc[order].reset_index(drop=True))


def refuse_leaks(X: pd.DataFrame, y: np.ndarray, cutoff: pd.Series | None = None) -> Leaks:
    """`find_leaks`, raising where a feature has to be refused."""
    leaks = find_leaks(X, y, cutoff)
    if leaks.refused:
        first = leaks.frame.iloc[0]
        raise AnalysisError(
            f"feature {first['feature']!r}",
            "features known at the cut-off",
            f"{len(leaks.refused)} that may know the outcome (it "
            f"{_WHY[first['why']].render('en')}, AUC {first['auc']:.3f})",
            f"leave out {', '.join(leaks.refused[:5])}, or date them before the cut-off",
        )
    return leaks


def _judge(name: str, column: pd.Series, y: np.ndarray, cutoff: pd.Series | None) -> tuple:
    auc = single_auc(column, y)
    words = re.sub(r"[_\W]+", " ", str(name))
    named = bool(SUSPICIOUS.search(words)) and name not in HARMLESS
    dated = pd.api.types.is_datetime64_any_dtype(column) and cutoff is not None
    if dated and (column.to_numpy() > pd.to_datetime(cutoff).to_numpy()).any():
        return name, auc, "after", "refuse"
    gap = column.isna().to_numpy()
    if 0 < gap.sum() < len(gap) and min(y.sum(), len(y) - y.sum()) >= 5:
        filled = (~gap[y == 1]).mean(), (~gap[y == 0]).mean()
        if min(filled) < 0.02 and max(filled) > 0.5:
            return name, auc, "missing", "refuse"
    if auc >= TOO_GOOD:
        return name, auc, "too_good", "refuse"
    if named:
        return (
            name,
            auc,
            *(("name_and_power", "refuse") if auc >= QUESTIONABLE else ("name", "question")),
        )
    return name, auc, None, "pass"


def single_auc(column: pd.Series, y: np.ndarray) -> float:
    """How well one feature alone ranks the outcome, in whichever direction (0.5 to 1).

    Categories are ranked by the outcome's rate of the *other* half of the rows, so that many levels
    do not look good
    by chance.
    """
    from scipy.stats import rankdata

    positives = int(y.sum())
    if positives == 0 or positives == len(y):
        return 0.5
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
        values = pd.to_numeric(column, errors="coerce").astype(float).to_numpy()
    elif pd.api.types.is_datetime64_any_dtype(column):
        values = column.to_numpy("datetime64[s]").astype(float)
        values[column.isna().to_numpy()] = np.nan
    else:
        values = _rate_of_other_half(column.astype(object).where(column.notna(), "").astype(str), y)
    values = np.where(
        np.isnan(values), np.nanmin(values) - 1 if not np.isnan(values).all() else 0, values
    )
    ranks = rankdata(values)
    auc = (ranks[y == 1].sum() - positives * (positives + 1) / 2) / (
        positives * (len(y) - positives)
    )
    return float(max(auc, 1 - auc))


def _rate_of_other_half(labels: pd.Series, y: np.ndarray) -> np.ndarray:
    half = np.arange(len(y)) % 2
    values, mean = np.zeros(len(y)), y.mean()
    for part in (0, 1):
        other = half != part
        sums = (
            pd.Series(y[other]).groupby(labels.to_numpy()[other], sort=False).agg(["sum", "size"])
        )
        rates = (sums["sum"] + 5 * mean) / (sums["size"] + 5)
        values[~other] = labels[~other].map(rates).fillna(mean)
    return values
