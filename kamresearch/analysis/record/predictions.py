"""Predictions: statements about the future with a due day, an outcome rule and a simple rival."""

import pandas as pd

from kamresearch.errors import StudyError, first_offenders
from kamresearch.language import Fixed, Text

FORMS = ("probability", "interval", "quantile", "point", "list")
COLUMNS: dict[str, str] = {
    "prediction": "str",  # which statement: churn.probability
    "account_id": "str",  # whom it is about; empty for the whole company
    "issued": "datetime64[us]",  # last day that was known
    "due": "datetime64[us]",  # day by which the outcome is settled
    "form": "str",  # one of FORMS
    "outcome": "str",  # rule in `outcomes.OUTCOMES` that reads later data
    "value": "float64",  # probability, centre of the interval, quantile, point, place in the list
    "low": "float64",  # of the interval; of a probability: what the outcome must reach to count
    "high": "float64",
    "level": "float64",  # of the interval; of a quantile the share that it leaves below
    "rival": "str",  # the simple rival: base_rate, last_year, lot
    "rival_value": "float64",
    "weight": "float64",  # money at stake (revenue of the year before); 0 where there is none
    "currency": "str",  # of money outcomes
    "definition": "str",  # what must be the same for the outcome to mean the same
    "source": "str",  # the model that made it; empty where there is but one
}
"""Column of a table of predictions → dtype; one row a statement about one account or company."""


def make_predictions(
    frame: pd.DataFrame,
    prediction: str,
    *,
    issued: str,
    due: str | pd.Timestamp | pd.Series,
    form: str,
    outcome: str | pd.Series,
    rival: str = "",
    definition: str = "",
    currency: str = "",
    source: str = "",
) -> pd.DataFrame:
    """Statements about the future in the one form in which they are sealed.

    A study's frame → one row a statement, with every column of `COLUMNS`.

    Parameters
    ----------
    frame : DataFrame
        ``value`` and, where there are any, account_id, low, high, level, rival_value, weight.
    prediction : str
        Which statement: ``churn.probability``.
    issued : str
        Last day known.
    due : str, Timestamp or Series
        Day by which the outcome is settled, of all or of each.
    form : {"probability", "interval", "quantile", "point", "list"}
        What ``value`` is. A probability with ``low`` or ``high`` is that of an outcome between
        them, bounds included.
    outcome : str or Series
        Name of a rule of `kamresearch.analysis.record.outcomes.OUTCOMES`, of all or of each.
    rival : str
        The simple rival's name; ``rival_value`` is what it says.
    definition : str
        What must still be so for a later outcome to be the same thing.
    currency : str
        Of outcomes in money.
    source : str
        The model that made it, where several could have.

    Raises
    ------
    StudyError
        An unknown form, a due day not after the day of issue, a probability or a quantile's level
        out of bounds, the same said twice.
    """
    out = frame.copy()
    out["prediction"], out["form"], out["outcome"] = prediction, form, outcome
    out["issued"], out["due"] = pd.Timestamp(issued), pd.to_datetime(due)
    out["rival"], out["definition"], out["currency"] = rival, definition, currency
    out["source"] = source
    for name in ("low", "high", "level", "rival_value"):
        out[name] = out[name] if name in out else float("nan")
    out["weight"] = out["weight"].fillna(0.0) if "weight" in out else 0.0
    out["account_id"] = out["account_id"].astype(str) if "account_id" in out else ""
    out = out[list(COLUMNS)].astype(COLUMNS).reset_index(drop=True)
    _check(out, prediction)
    return out


def name_predictions(frame: pd.DataFrame) -> dict[str, Text]:
    """The words under which sealed predictions were stated: prediction → text."""
    return {name: Fixed(texts) for name, texts in frame.attrs.get("labels", {}).items()}


_APART = {
    "probability": ("outcome", "due", "low", "high"),
    "interval": ("level",),
    "quantile": ("level",),
}
"""Form → what may differ between two statements about one account."""


def _form(frame: pd.DataFrame) -> str:
    return str(frame["form"].iloc[0]) if len(frame) else ""


def _check(frame: pd.DataFrame, prediction: str) -> None:
    where = f"prediction {prediction!r}"
    if len(frame) and frame["form"].iloc[0] not in FORMS:
        raise StudyError(
            where, f"a form out of {', '.join(FORMS)}", repr(frame["form"].iloc[0]), ""
        )
    if (frame["due"] <= frame["issued"]).any():
        raise StudyError(where, "a due day after the day of issue", "an earlier one", "mend it")
    twice = frame["account_id"][frame.duplicated(["account_id", *_APART.get(_form(frame), ())])]
    if len(twice):
        raise StudyError(where, "one statement an account", first_offenders(twice), "drop the rest")
    if _form(frame) == "quantile" and not frame["level"].between(0, 1, inclusive="neither").all():
        raise StudyError(where, "quantiles' levels between 0 and 1", "others", "mend them")
    if (frame["form"] == "probability").any() and not frame["value"].between(0, 1).all():
        wrong = frame.loc[~frame["value"].between(0, 1), "value"]
        raise StudyError(where, "probabilities from 0 to 1", first_offenders(wrong), "mend them")
