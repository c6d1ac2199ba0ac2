"""Share of wallet: what each account bought of all brands, how old that knowledge is, and what is
left.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamresearch.analysis.resampling import sums_of_draws
from kamresearch.data.tables import Tables
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Explained, Shown

FRESH_YEARS = 2
"""Years after which a wallet is too old to let expect anything of the next."""
LEAST = 10
DRAWS = 1000
NO_TABLE = _("This needs the table “wallet”: what an account bought of each brand in a year.")
NO_BRAND = _("Name our brand as the table “wallet” writes it: parameter rivals.brand.")
NO_YEAR = _("No year of the table “wallet” has ended by the day, or none holds our brand.")
NO_KIND = _("No wallet of the last {n} years is of this kind.", n=FRESH_YEARS)
FRAME = [
    *("account_id", "account_name", "year", "age", "own", "total", "share", "left"),
    *("largest_rival", "judged"),
]


@dataclass(frozen=True)
class Wallet(Explained):
    """What accounts buy of all brands.

    Parameters
    ----------
    frame : DataFrame
        account_id, account_name, year (the latest told), age (years), own, total, share, left (what
        rivals hold), largest_rival, judged (by people, not counted): one row per account, most left
        first.
    years : DataFrame
        account_id, year, brand, amount, judged: one row per account, year and brand.
    unit : str
        ``units``, or ``money`` where the table tells revenue alone.
    """

    exports = (
        "rivals.share_of_wallet",
        "rivals.wallet_age",
        "rivals.left_counted",
        "rivals.left_judged",
    )
    shows = (Shown("rivals.wallet", "table"),)
    cautions = False

    frame: pd.DataFrame
    years: pd.DataFrame
    brand: str
    unit: str
    share: float | None
    interval: Interval | None
    reason: Message | None = None

    def findings(self) -> list[Finding]:
        """Our share, its age, and what rivals hold: counted, and judged."""
        frame = self.frame
        fresh = frame[frame["age"] <= FRESH_YEARS]
        common = {"n": len(frame), "reason": self.reason}
        told = self.reason is None
        left = [
            Finding(
                f"rivals.left_{name}",
                float(part["left"].sum()) if told and len(part) else None,
                self.unit,
                label,
                definition,
                n=len(part),
                reason=self.reason or NO_KIND,
            )
            for name, part, label, definition in (
                (
                    "counted",
                    fresh[~fresh["judged"].astype(bool)],
                    _("With rivals, counted"),
                    _("Bought of rivals in wallets no older than two years that were counted."),
                ),
                (
                    "judged",
                    fresh[fresh["judged"].astype(bool)],
                    _("With rivals, judged"),
                    _("The same in wallets that people judged: an opinion, not a count."),
                ),
            )
        ]
        return [
            Finding(
                "rivals.share_of_wallet",
                self.share,
                "share",
                _("Share of wallet"),
                _(
                    "Σ bought of us over Σ bought of all brands, each account in the latest year "
                    "told of it. Interval over accounts."
                ),
                interval=self.interval,
                good="up",
                headline=self.share is not None,
                sentence=None
                if self.share is None
                else _(
                    "Of what these accounts buy, {share} is ours.",
                    share=Quantity(self.share, "share"),
                ),
                **common,
            ),
            Finding(
                "rivals.wallet_age",
                float(frame["age"].median()) if told else None,
                "years",
                _("Age of the wallets"),
                _("Median years from the year told to the year of the day."),
                good="down",
                **common,
            ),
            *left,
        ]

    def table(self) -> Table:
        """Accounts by what rivals hold there."""
        return make_table(
            "rivals.wallet",
            _("Wallets, most with rivals first"),
            self.frame,
            "account_id",
            "account_name",
            "year",
            Column("age", _("Years old"), "years"),
            Column("own", _("Bought of us"), self.unit),
            Column("left", _("Bought of rivals"), self.unit),
            Column("share", _("Share of wallet"), "share"),
            Column("largest_rival", _("Largest rival")),
            Column("judged", _("Judged"), "flag"),
            rows_shown=20,
        )

    def minding(self) -> tuple[Message, ...]:
        """What wallets cannot carry."""
        return (
            _(
                "Accounts whose wallet is known are those that somebody asked: the others may buy "
                "otherwise."
            ),
            _("What rivals hold is no promise: not all of it could be ours at any price."),
        )


def read_wallet(tables: Tables, as_of: str, brand: str, random_state: int = 0) -> Wallet:
    """What do the accounts buy of us, and what of others?

    ``wallet`` of the years that have ended by ``as_of`` → per account the latest year told, our
    share in it, and what is left. A brand named twice for an account and year counts once with the
    sum. Where an account's year holds a row that people judged, the whole of it counts as judged.

    Parameters
    ----------
    tables : Tables
        Opened account data; without ``wallet`` the result holds the reason.
    as_of : str
        Nothing later is seen.
    brand : str
        Our brand as the table writes it.
    random_state : int
        Of the bootstrap over accounts.
    """
    day = pd.Timestamp(as_of)
    nothing = pd.DataFrame(columns=FRAME), pd.DataFrame(columns=YEARS)
    if not tables.has("wallet"):
        return Wallet(*nothing, brand, "units", None, None, NO_TABLE)
    if not brand:
        return Wallet(*nothing, brand, "units", None, None, NO_BRAND)
    raw = tables.frame("wallet")
    ended = day.year if (day.month, day.day) == (12, 31) else day.year - 1
    raw = raw[raw["year"] <= ended]
    unit = "units" if raw["units"].notna().sum() >= raw["revenue"].notna().sum() else "money"
    raw = raw.assign(
        amount=raw["units" if unit == "units" else "revenue"].clip(lower=0),
        judged=raw["judged_by"].notna(),
        year=raw["year"].astype(int),
    )
    named = brand in set(raw["brand"])
    raw = raw[raw["amount"] > 0]
    years = (
        raw.groupby(["account_id", "year", "brand"], observed=True, sort=True)
        .agg(amount=("amount", "sum"), judged=("judged", "max"))
        .reset_index()
    )
    if years.empty or not named:
        return Wallet(*nothing, brand, unit, None, None, NO_YEAR)
    frame = _latest(years, brand, day.year)
    names = tables.frame("accounts").set_index("account_id")["account_name"]
    frame["account_name"] = names.reindex(frame["account_id"]).to_numpy()
    share, interval = _share(frame, random_state)
    return Wallet(frame[FRAME], years, brand, unit, share, interval)


YEARS = ["account_id", "year", "brand", "amount", "judged"]


def _latest(years: pd.DataFrame, brand: str, now: int) -> pd.DataFrame:
    last = years["year"] == years.groupby("account_id", observed=True)["year"].transform("max")
    told = years[last]
    rivals = told[(told["brand"] != brand) & (told["amount"] > 0)]
    largest = rivals.sort_values(["amount", "brand"], ascending=[False, True])
    largest = largest.drop_duplicates("account_id").set_index("account_id")["brand"]
    own = told[told["brand"] == brand].set_index("account_id")["amount"]
    frame = (
        told.groupby("account_id", observed=True, sort=True)
        .agg(year=("year", "max"), total=("amount", "sum"), judged=("judged", "max"))
        .reset_index()
    )
    frame["own"] = own.reindex(frame["account_id"]).fillna(0.0).to_numpy()
    frame["largest_rival"] = largest.reindex(frame["account_id"]).to_numpy()
    frame["left"], frame["age"] = frame["total"] - frame["own"], now - frame["year"]
    frame["share"] = (frame["own"] / frame["total"]).where(frame["total"] > 0)
    return frame.sort_values(["left", "account_id"], ascending=[False, True], ignore_index=True)


def _share(frame: pd.DataFrame, seed: int) -> tuple[float | None, Interval | None]:
    own, total = frame["own"].to_numpy(float), frame["total"].to_numpy(float)
    if not total.sum() > 0:
        return None, None
    share = float(own.sum() / total.sum())
    if len(own) < LEAST:
        return share, None
    ours, totals = sums_of_draws((own, total), DRAWS, np.random.default_rng(seed))
    low, high = np.quantile(ours[totals > 0] / totals[totals > 0], [0.025, 0.975])
    return share, Interval(float(low), float(high)) if high > low else None
