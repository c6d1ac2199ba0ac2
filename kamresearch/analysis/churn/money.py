"""What it pays to do: expected maximum profit of a ranking, whom to contact under a budget,
and doing nothing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betainc

from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

CURVE = ["n_contacted", "gain", "by_value"]
SENSITIVITY = ["acceptance", "incentive_share", "n_contacted", "gain"]
NO_RATE = _(
    "the history is too short: no account was present at the start of the window, so "
    "nobody has a probability of leaving"
)
NO_PROBABILITY = _(
    "nobody has a probability of leaving of their own: the history is too short for a model, or "
    "none did better than the rate of all, which says nothing of a single account"
)


def expected_maximum_profit(
    y: np.ndarray,
    score: np.ndarray,
    *,
    value: float = 200.0,
    incentive: float = 10.0,
    contact: float = 1.0,
    alpha: float = 6.0,
    beta: float = 14.0,
) -> float:
    """What does a ranking earn per account, when the offer's acceptance is uncertain? (EMPC)

    Parameters
    ----------
    y : array of 0/1
        Who left.
    score : array
        Higher = likelier to leave.
    value, incentive, contact : float
        Worth of an account kept, cost of the incentive, cost of a contact.
    alpha, beta : float
        Beta distribution of the share of leavers who accept.

    Returns
    -------
    float
        ∫ max over thresholds of value·(γ(1 − δ) − φ)·π·F(t) − value·(δ + φ)·(1 − π)·G(t), over γ.

    Raises
    ------
    AnalysisError
        Lengths differ, one outcome alone, or an incentive of at least the account's worth.

    Notes
    -----
    The usual numbers (6, 14, 200, 10, 1) are telephone folklore: show the sensitivity.

    References
    ----------
    Verbraken, Verbeke, Baesens (2013), IEEE TKDE 25(5).
    """
    y, score = _check_ranking(y, score)
    if incentive >= value:
        raise AnalysisError(
            "incentive",
            "less than the value of an account",
            f"{incentive} against {value}",
            "lower it",
        )
    share, delta, phi = y.mean(), incentive / value, contact / value
    loyal, leaving = _roc_hull(y, score)
    d_loyal, d_leaving = np.diff(loyal), np.diff(leaving)
    # γ from which the next stretch of the hull pays for itself.
    with np.errstate(divide="ignore", invalid="ignore"):
        pays = ((1 - share) * (delta + phi) * d_loyal + share * phi * d_leaving) / (
            share * (1 - delta) * d_leaving
        )
    borders = np.maximum.accumulate(
        np.clip(np.r_[0, np.where(d_leaving > 0, pays, np.inf), 1], 0, 1)
    )
    mass = np.diff(betainc(alpha, beta, borders))
    moment = alpha / (alpha + beta) * np.diff(betainc(alpha + 1, beta, borders))
    gain = (1 - delta) * share * leaving * moment - (
        phi * share * leaving + (delta + phi) * (1 - share) * loyal
    ) * mass
    return float(value * gain.sum())


def expected_maximum_profit_b2b(
    y: np.ndarray,
    score: np.ndarray,
    value: np.ndarray,
    *,
    incentive_share: float = 0.05,
    contact: float = 15.0,
    alpha: float = 6.0,
    beta: float = 14.0,
) -> float:
    """The same where accounts are worth different amounts and the incentive is a share of each
    one's worth (EMPB).

    Accounts are contacted from the highest score down; equal scores together; the best stop counts.
    Per account.

    References
    ----------
    Janssens, Bogaert, Bagué, Van den Poel (2022), Annals of Operations Research.
    """
    y, score = _check_ranking(y, score)
    value = np.asarray(value, float)
    accepts = alpha / (alpha + beta)
    earned = np.where(
        y == 1,
        accepts * (1 - incentive_share) * value - contact,
        -incentive_share * value - contact,
    )
    order = np.argsort(-score, kind="stable")
    total = np.cumsum(earned[order])
    last = np.r_[score[order][1:] != score[order][:-1], True]
    return float(max(0.0, total[last].max()) / len(y))


def _check_ranking(y: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, score = np.asarray(y).astype(int), np.asarray(score, float)
    if len(y) != len(score):
        raise AnalysisError(
            "ranking", "a score for each account", f"{len(score)} scores for {len(y)}", "align them"
        )
    if y.min(initial=1) == y.max(initial=0):
        raise AnalysisError(
            "ranking",
            "accounts that left and accounts that stayed",
            "one outcome alone",
            "choose a longer window",
        )
    return y, score


def _roc_hull(y: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convex hull of the ROC curve → shares of the loyal and of the leaving above each
    threshold.
    """
    order = np.argsort(-score, kind="stable")
    last = np.r_[score[order][1:] != score[order][:-1], True]
    leaving = np.r_[0, np.cumsum(y[order])[last]] / y.sum()
    loyal = np.r_[0, np.cumsum(1 - y[order])[last]] / (len(y) - y.sum())
    hull: list[tuple[float, float]] = []
    for point in zip(loyal, leaving, strict=True):
        while len(hull) >= 2:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0) < 0:
                break
            hull.pop()
        hull.append(point)
    return tuple(np.array(hull).T)


@dataclass(frozen=True)
class OfferTerms:
    """What a contact is assumed to cost and to bring.

    Parameters
    ----------
    acceptance : float
        Share of those about to leave who stay because of the offer.
    incentive_share : float
        Cost of the incentive as a share of an account's yearly value, paid to whoever is contacted
        and stays.
    contact_cost : float
        Cost of a contact, in the data's currency.
    most_contacts : int
        How many accounts can be contacted.
    """

    acceptance: float = 0.30
    incentive_share: float = 0.02
    contact_cost: float = 2_000.0
    most_contacts: int = 40

    def gain(self, chance: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Expected gain of contacting an account over leaving it alone."""
        kept = chance * (self.acceptance * (1 - self.incentive_share) * value - self.contact_cost)
        return kept - (1 - chance) * (self.incentive_share * value + self.contact_cost)


@dataclass(frozen=True)
class Contacts(Explained):
    """Whom to contact under a budget, if the offer works as assumed."""

    exports = ("churn.n_contacts", "churn.contact_gain", "churn.expected_loss")
    shows = (
        Shown("churn.contact_curve"),
        Shown("churn.contacts", "table"),
        Shown("churn.contact_sensitivity", "sensitivity_table"),
    )

    frame: pd.DataFrame
    """account_id, account_name, region, churn_probability, value, gain, break_even — chosen
    accounts, best first
    """
    curve: pd.DataFrame
    """n_contacted, gain (cumulative, best first), by_value (cumulative, largest first)"""
    sensitivity: pd.DataFrame
    """acceptance, incentive_share, n_contacted, gain"""
    terms: OfferTerms
    n_accounts: int
    exposed: float | None
    currency: str = ""
    reason: Text | None = None
    """why there is nothing to choose by; then the frames are empty"""

    @property
    def gain(self) -> float | None:
        """Expected gain of the whole list."""
        return None if self.reason else float(self.frame["gain"].sum())

    def minding(self) -> tuple[Text, ...]:
        """The guard: risk is not persuadability."""
        return (
            _(
                "High risk does not mean persuadable: in field experiments contacting "
                "those most at risk changed nothing or drove more of them away. The "
                "gain holds only if the offer works as assumed; try it on accounts "
                "drawn by lot first."
            ),
            _(
                "Acceptance, incentive and contact cost are assumptions, not "
                "measurements; the table shows the gain under others."
            ),
        )

    def findings(self) -> list[Finding]:
        """How many contacts pay, what they bring, and what doing nothing leaves exposed."""
        terms = _(
            "acceptance {a}, incentive {d} of the yearly value, {c} a contact, at most {n} "
            "contacts",
            a=Quantity(self.terms.acceptance, "share"),
            d=Quantity(self.terms.incentive_share, "share"),
            c=Quantity(self.terms.contact_cost, "money"),
            n=self.terms.most_contacts,
        )
        return [
            Finding(
                "churn.n_contacts",
                None if self.reason else len(self.frame),
                "accounts",
                _("Contacts that pay"),
                _(
                    "Accounts whose expected gain from a contact is above nothing, best "
                    "first, within the budget ({terms}).",
                    terms=terms,
                ),
                n=self.n_accounts,
                figure="churn.contact_curve",
                reason=self.reason,
            ),
            Finding(
                "churn.contact_gain",
                self.gain,
                "money",
                _("Expected gain of contacting them"),
                _(
                    "Sum over the contacted of P(leave)·(acceptance·(1 − incentive)·value "
                    "− contact) − P(stay)·(incentive·value + contact), if the offer works "
                    "as assumed ({terms}).",
                    terms=terms,
                ),
                n=len(self.frame),
                good="up",
                figure="churn.contact_curve",
                reason=self.reason,
            ),
            Finding(
                "churn.expected_loss",
                self.exposed,
                "money",
                _("Last year’s value of those expected to leave"),
                _(
                    "Sum of P(leave) times the value of the last twelve months over all accounts "
                    "present; the line to compare with."
                ),
                n=self.n_accounts,
                good="down",
                figure="churn.contact_curve",
                reason=self.reason,
            ),
        ]

    def table(self) -> Table:
        """The list."""
        return make_table(
            "churn.contacts",
            _("Whom to contact, if the offer works as assumed"),
            self.frame,
            "account_id",
            "account_name",
            "region",
            Column("churn_probability", _("Risk of leaving"), "probability"),
            Column("value", _("Yearly value"), "money"),
            Column("gain", _("Expected gain"), "money"),
            Column("break_even", _("Acceptance that breaks even"), "share"),
            caption=_(
                "Best expected gain first. “Risk” says who may leave, not whom a contact "
                "would keep."
            ),
            rows_shown=20,
        )

    def sensitivity_table(self) -> Table:
        """The gain under other assumptions."""
        return make_table(
            "churn.contact_sensitivity",
            _("The gain under other assumptions"),
            self.sensitivity,
            Column("acceptance", _("Acceptance"), "share"),
            Column("incentive_share", _("Incentive"), "share"),
            Column("n_contacted", _("Contacts"), "accounts"),
            Column("gain", _("Expected gain"), "money"),
            caption=_(
                "Doing nothing has a gain of 0; with an acceptance of 0 every contact loses."
            ),
        )


def choose_contacts(accounts: pd.DataFrame, terms: OfferTerms, currency: str = "") -> Contacts:
    """Whom does it pay to contact, under a budget of contacts?

    Parameters
    ----------
    accounts : DataFrame
        account_id, account_name, region, churn_probability, value (a year): one row per account
        present. Where nobody has
        a probability, nobody is chosen, and the result says why.
    terms : OfferTerms
        What is assumed of the offer.

    Returns
    -------
    Contacts

    Raises
    ------
    AnalysisError
        Probabilities outside 0 to 1, or terms that cannot be.
    """
    chance = accounts["churn_probability"].to_numpy(float)
    nobody = len(chance) > 0 and np.isnan(chance).all()
    if not (nobody or ((chance >= 0) & (chance <= 1)).all()):
        raise AnalysisError(
            "churn_probability",
            "numbers from 0 to 1",
            f"{int((~((chance >= 0) & (chance <= 1))).sum())} others",
            "give probabilities, not scores",
        )
    if not (
        0 <= terms.acceptance <= 1
        and 0 <= terms.incentive_share < 1
        and terms.contact_cost >= 0
        and terms.most_contacts >= 0
    ):
        raise AnalysisError(
            "offer terms", "shares from 0 to 1 and costs from 0 up", repr(terms), "mend them"
        )
    names = [
        "account_id",
        "account_name",
        "region",
        "churn_probability",
        "value",
        "gain",
        "break_even",
    ]
    if nobody:
        frame, curve, tried = (
            pd.DataFrame(columns=columns, dtype=float) for columns in (names, CURVE, SENSITIVITY)
        )
        return Contacts(frame, curve, tried, terms, len(accounts), None, currency, NO_PROBABILITY)
    value = accounts["value"].fillna(0).clip(lower=0).to_numpy(float)
    gain = terms.gain(chance, value)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = (terms.contact_cost + (1 - chance) * terms.incentive_share * value) / (
            chance * (1 - terms.incentive_share) * value
        )
    frame = accounts.assign(
        value=value, gain=gain, break_even=np.where(needed <= 1, needed, np.nan)
    )
    order = np.lexsort([frame["account_id"].to_numpy(str), -gain])
    chosen = frame.iloc[order][: terms.most_contacts]
    chosen = chosen[chosen["gain"] > 0].reset_index(drop=True)
    best, largest = (
        np.sort(gain)[::-1],
        gain[np.lexsort([frame["account_id"].to_numpy(str), -value])],
    )
    steps = np.arange(len(gain) + 1), np.r_[0, np.cumsum(best)], np.r_[0, np.cumsum(largest)]
    curve = pd.DataFrame(dict(zip(CURVE, steps, strict=True)))
    rows = []
    for acceptance in (0.0, 0.1, 0.2, 0.3, 0.5):
        for incentive in (0.01, 0.02, 0.05):
            other = OfferTerms(acceptance, incentive, terms.contact_cost, terms.most_contacts).gain(
                chance, value
            )
            top = np.sort(other)[::-1][: terms.most_contacts]
            rows.append((acceptance, incentive, int((top > 0).sum()), float(top[top > 0].sum())))
    sensitivity = pd.DataFrame(rows, columns=SENSITIVITY)
    return Contacts(
        chosen[names],
        curve,
        sensitivity,
        terms,
        len(accounts),
        float((chance * value).sum()),
        currency,
    )
