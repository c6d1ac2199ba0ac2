"""How many leave: the churn rate under a stated definition, what moved it, and how far it
hangs on the definition.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamresearch.analysis.churn.losses import KINDS, Losses
from kamresearch.analysis.pooling import pool_shares
from kamresearch.display import Column, Table, make_table
from kamresearch.errors import AnalysisError
from kamresearch.finding import Finding, Interval
from kamresearch.language import Quantity, Text
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

if TYPE_CHECKING:
    from kamresearch.analysis.churn.validation import Judgement

LIMITS = (
    _(
        "Who would have stayed without a contact, and whom a contact would keep, is not in "
        "these data: only offers drawn by lot could tell."
    ),
    _("A cause is what somebody wrote down; what the customer did not say is in no table."),
    _(
        "Rates and models describe this company's accounts in this window; another "
        "company, year or definition gives other numbers."
    ),
    _(
        "A risk of leaving is no judgement on the account or its manager, and must not be "
        "used as one."
    ),
)
LOW, HIGH = Column("low", _("Lower bound"), "share"), Column("high", _("Upper bound"), "share")


NOBODY = _("no account was present at the start of the window")


@dataclass(frozen=True)
class ChurnRate(Result, frame="by_group"):
    """Losses among the accounts present at the start of a window, against the window before."""

    exports = (
        "churn.rate",
        "churn.n_lost",
        "churn.rate_change",
        "churn.rate_effect",
        "churn.mix_effect",
    )
    shows = (Shown("churn.rates"), Shown("churn.rates", "table"))

    kind: str
    as_of: str
    window_days: int
    n_accounts: int
    n_lost: int
    n_before: int
    lost_before: int
    by_group: pd.DataFrame
    """group, n_accounts, n_lost, rate, low, high (partial pooling), n_before, rate_before,
    mix_effect, rate_effect
    """
    column: str
    n_returned: int
    notes: tuple[Text, ...] = ()
    """Losses that had to be set aside"""

    @property
    def caveats(self) -> tuple[Text, ...]:
        """Returns count as losses all the same; what was set aside."""
        back = _(
            "{n} of the accounts lost within the window were back by its end; they count as lost.",
            n=self.n_returned,
        )
        return (back, *self.notes)

    @property
    def rate(self) -> float | None:
        """Lost over present; None without anybody present."""
        return self.n_lost / self.n_accounts if self.n_accounts else None

    @property
    def interval(self) -> Interval | None:
        """Wilson, 95 %."""
        return wilson(self.n_lost, self.n_accounts)

    @property
    def change(self) -> float | None:
        """Rate minus the rate of the window before."""
        return (
            cast(float, self.rate) - self.lost_before / self.n_before
            if self.n_accounts and self.n_before
            else None
        )

    @property
    def period(self) -> tuple[str, str]:
        """First and last day of the window."""
        start = pd.Timestamp(self.as_of) - pd.Timedelta(days=self.window_days - 1)
        return start.date().isoformat(), self.as_of

    @property
    def reason(self) -> Text | None:
        """Why there is no rate; None where there is one."""
        return NOBODY if self.rate is None else None

    def findings(self) -> list[Finding]:
        """The rate, the count, and the two effects behind the change."""
        shared = {"n": self.n_accounts, "period": self.period, "figure": "churn.rates"}
        rate, nobody = self.rate, NOBODY
        sentence = (
            _(
                "{lost} of {n} accounts left within {days} days: {rate} (95% interval "
                "{low} to {high}).",
                lost=self.n_lost,
                n=self.n_accounts,
                days=self.window_days,
                rate=Quantity(rate, "share"),
                low=Quantity(cast(Interval, self.interval).low, "share"),
                high=Quantity(cast(Interval, self.interval).high, "share"),
            )
            if rate is not None
            else None
        )
        no_before = _("no account was present at the start of the window before")
        mix = float(self.by_group["mix_effect"].sum()) if self.change is not None else None
        return [
            Finding(
                "churn.rate",
                rate,
                "share",
                _("Churn rate"),
                _(
                    "Accounts lost within {days} days of the window, over those present at "
                    "its start; a loss means: {kind}.",
                    days=self.window_days,
                    kind=KINDS[self.kind],
                ),
                interval=self.interval,
                good="down",
                sentence=sentence,
                headline=True,
                reason=nobody,
                **shared,
            ),
            Finding(
                "churn.n_lost",
                self.n_lost,
                "accounts",
                _("Accounts lost"),
                _("Accounts present at the start of the window and lost within it."),
                good="down",
                **shared,
            ),
            Finding(
                "churn.rate_change",
                self.change,
                "share_change",
                _("Change of the churn rate"),
                _("Churn rate minus that of the window before."),
                interval=self._change_interval(),
                good="down",
                reason=no_before,
                **shared,
            ),
            Finding(
                "churn.rate_effect",
                cast(float, self.change) - mix if mix is not None else None,
                "share_change",
                _("Rate effect"),
                _("Part of the change that comes from rates within groups, at the mean mix."),
                good="down",
                reason=no_before,
                **shared,
            ),
            Finding(
                "churn.mix_effect",
                mix,
                "share_change",
                _("Mix effect"),
                _(
                    "Part of the change that comes from other shares of the groups, at the "
                    "mean rates."
                ),
                good="down",
                reason=no_before,
                **shared,
            ),
        ]

    def verdict(self, judgement: "Judgement") -> Text:
        """The study in a sentence."""
        if self.rate is None:
            return _("Nobody was present at the start of the window: there is no rate to speak of.")
        interval = cast(Interval, self.interval)
        values = {
            "rate": Quantity(self.rate, "share"),
            "low": Quantity(interval.low, "share"),
            "high": Quantity(interval.high, "share"),
            "n": self.n_accounts,
        }
        if judgement.refused:
            return _(
                "Verdict: {rate} of {n} accounts left (95% interval {low} to {high}); who "
                "will leave next was not modelled: {reason}.",
                reason=judgement.reason,
                **values,
            )
        bounds = judgement.findings()[0].interval
        if judgement.chosen == "base" or bounds is None or bounds.low <= 0:
            return _(
                "Verdict: {rate} of {n} accounts left (95% interval {low} to {high}); that "
                "any model's probabilities of who will be next beat the base rate is not "
                "shown.",
                **values,
            )
        return _(
            "Verdict: {rate} of {n} accounts left (95% interval {low} to {high}); a model "
            "tells somewhat better than the base rate who will be next, and only an "
            "experiment can tell what would keep them.",
            **values,
        )

    def _change_interval(self) -> Interval | None:
        """Newcombe's interval of a difference of two shares."""
        if self.change is None:
            return None
        now, before = (
            cast(Interval, self.interval),
            cast(Interval, wilson(self.lost_before, self.n_before)),
        )
        p, q = cast(float, self.rate), self.lost_before / self.n_before
        low = self.change - ((p - now.low) ** 2 + (before.high - q) ** 2) ** 0.5
        high = self.change + ((now.high - p) ** 2 + (q - before.low) ** 2) ** 0.5
        return Interval(low, high)

    def table(self) -> Table:
        """Rates by group, partially pooled, with what each adds to the change."""
        return make_table(
            "churn.rates",
            _("Churn by group, and what each adds to the change"),
            self.by_group,
            Column("group", _("Group")),
            "n_accounts",
            Column("n_lost", _("Lost"), "accounts"),
            Column("rate", _("Churn rate"), "share"),
            Column("pooled", _("Pooled rate"), "share"),
            LOW,
            HIGH,
            Column("rate_before", _("Rate before"), "share"),
            Column("mix_effect", _("Mix effect"), "share_change"),
            Column("rate_effect", _("Rate effect"), "share_change"),
            caption=_(
                "Small groups are pulled towards the others as far as the groups are alike "
                "(beta-binomial); bounds are 95%, belong to the pooled rate, and allow for "
                "not knowing how alike they are."
            ),
        )


def wilson(k: int, n: int, level: float = 0.95) -> Interval | None:
    """Wilson's interval of a share, None without cases.

    >>> wilson(6, 40)
    Interval(low=0.0706..., high=0.2907..., level=0.95)
    """
    if n <= 0:
        return None
    low, high = proportion_confint(k, n, alpha=1 - level, method="wilson")
    return Interval(float(low), float(high), level)


def present_at(first_seen: pd.Series, losses: Losses, day: pd.Timestamp) -> pd.Index:
    """Accounts that were there on a day: known by then and not away (nor, where silence tells,
    still without an order).
    """
    known = first_seen.index[(first_seen <= day).to_numpy(bool)]
    return known[losses.here_at(known, day)]


def measure_rate(
    accounts: pd.DataFrame,
    losses: Losses,
    as_of: str,
    window_days: int = 365,
    column: str = "region",
) -> ChurnRate:
    """Which share of the accounts leaves within a window?

    Parameters
    ----------
    accounts : DataFrame
        One row per account: account_id, first_seen (date), and the grouping column.
    losses : Losses
        As one of the definitions gives them.
    as_of : str
        Last day of the window.
    window_days : int
        Its length.
    column : str
        By which groups the change is taken apart into mix and rate.

    Returns
    -------
    ChurnRate

    Raises
    ------
    AnalysisError
        Two rows of one account, or no account.

    Notes
    -----
    Mix effect of a group: (w₁ − w₀)(r₀ + r₁)/2; rate effect: (r₁ − r₀)(w₀ + w₁)/2, with w the
    group's share of the
    accounts present at the start and r its rate; together they are the change exactly.
    """
    check_accounts(accounts)
    day, window = pd.Timestamp(as_of), pd.Timedelta(days=window_days)
    first_seen = accounts.set_index("account_id")["first_seen"]
    groups = accounts.set_index("account_id")[column].fillna("–").astype(str)
    parts, starters = [], present_at(first_seen, losses, day - window)
    for end, present in (
        (day, starters),
        (day - window, present_at(first_seen, losses, day - 2 * window)),
    ):
        lost = pd.Series(
            present.isin(losses.lost_within(end - window, end)), index=present, dtype=float
        )
        parts.append(
            lost.groupby(groups.reindex(present), observed=True, sort=True).agg(
                n="size", lost="sum"
            )
        )
    now, before = parts
    both = now.join(before.add_suffix("_before"), how="outer").fillna(0.0)
    total, total_before = both["n"].sum(), both["n_before"].sum()
    rate = (both["lost"] / both["n"]).where(both["n"] > 0)
    rate_before = (both["lost_before"] / both["n_before"]).where(both["n_before"] > 0)
    # A group that is empty in one window has no rate there: all it does is mix.
    r1, r0 = rate.fillna(rate_before), rate_before.fillna(rate)
    w1, w0 = both["n"] / max(total, 1), both["n_before"] / max(total_before, 1)
    frame = pd.DataFrame(
        {"n_accounts": both["n"].astype(int), "n_lost": both["lost"].astype(int), "rate": rate}
    )
    frame = frame.join(pool_shares(both["lost"], both["n"])[0]).assign(
        n_before=both["n_before"].astype(int),
        rate_before=rate_before,
        mix_effect=(w1 - w0) * (r0 + r1) / 2,
        rate_effect=(r1 - r0) * (w0 + w1) / 2,
    )
    frame = frame.rename_axis("group").reset_index()
    inside = losses.frame[
        losses.frame["churn_date"].gt(day - window) & losses.frame["return_date"].le(day)
    ]
    returned = int(starters.isin(inside["account_id"]).sum())
    return ChurnRate(
        losses.kind,
        as_of,
        window_days,
        int(total),
        int(both["lost"].sum()),
        int(total_before),
        int(both["lost_before"].sum()),
        frame,
        column,
        returned,
        losses.caveats,
    )


def check_accounts(accounts: pd.DataFrame) -> None:
    """Refuse frames without a row per account."""
    if accounts.empty:
        raise AnalysisError(
            "churn", "at least one account", "none", "check the slice and the as-of date"
        )
    twice = accounts.loc[accounts["account_id"].duplicated(), "account_id"]
    if len(twice):
        raise AnalysisError(
            "accounts",
            "one row per account",
            f"{len(twice)} repeated: {', '.join(twice[:3])}",
            "link or drop the duplicates first",
        )


def compare_definitions(
    accounts: pd.DataFrame, definitions: dict[str, Losses], as_of: str, window_days: int = 365
) -> Table:
    """How far the rate hangs on the definition of a loss → table, one row a definition."""
    rows = []
    for name, losses in definitions.items():
        one = measure_rate(accounts.assign(all="all"), losses, as_of, window_days, "all")
        interval = one.interval
        rows.append(
            {
                "definition": name,
                "n_accounts": one.n_accounts,
                "n_lost": one.n_lost,
                "rate": one.rate,
                "low": interval and interval.low,
                "high": interval and interval.high,
            }
        )
    terms = {
        "recorded": KINDS["recorded"],
        "contract": KINDS["contract"],
        **{
            f"silence {factor}": _(
                "silence beyond {factor} times the account's own gap", factor=factor
            )
            for factor in (2, 3, 4, 6)
        },
    }
    return make_table(
        "churn.sensitivity",
        _("The rate under other definitions of a loss"),
        pd.DataFrame(rows, columns=["definition", "n_accounts", "n_lost", "rate", "low", "high"]),
        Column("definition", _("A loss is"), terms=terms),
        "n_accounts",
        Column("n_lost", _("Lost"), "accounts"),
        Column("rate", _("Churn rate"), "share"),
        LOW,
        HIGH,
        caption=_(
            "All over the same window of {days} days; bounds are 95% (Wilson).", days=window_days
        ),
    )


def definition_card(rate: ChurnRate, gap_days: int) -> Table:
    """What exactly is counted, as a table to read before the numbers."""
    items = {
        "loss": KINDS[rate.kind],
        "relation": _("contractual or recorded: the loss is an event of its own")
        if rate.kind != "silence"
        else _("non-contractual: nobody says goodbye, silence has to tell"),
        "cohort": _("accounts present on the first day of the window: known by then and not away"),
        "window": _(
            "{days} days up to {date}", days=rate.window_days, date=Quantity(rate.as_of, "date")
        ),
        "gap": _("{days} days between the features of the model and its outcome", days=gap_days),
        "exclusions": _(
            "accounts that joined within the window; losses set aside as impossible (named "
            "under the rate)"
        ),
    }
    labels = {
        "loss": _("A loss is"),
        "relation": _("Kind of relation"),
        "cohort": _("Who is counted"),
        "window": _("Window"),
        "gap": _("Gap"),
        "exclusions": _("Left out"),
    }
    frame = pd.DataFrame(
        {"item": list(items), "meaning": [text.render("en") for text in items.values()]}
    )
    terms = {text.render("en"): text for text in items.values()}
    return make_table(
        "churn.definition",
        _("Definition card"),
        frame,
        Column("item", _("Item"), terms=labels),
        Column("meaning", _("Meaning"), terms=terms),
    )
