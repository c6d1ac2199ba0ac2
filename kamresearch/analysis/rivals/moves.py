"""From brand to brand: whose accounts stay, who takes from us, and from whom we take."""

from dataclasses import dataclass

import pandas as pd
from scipy.stats import beta

from kamresearch.analysis.rivals.wallet import Wallet
from kamresearch.display import Column, Table, make_table
from kamresearch.finding import Finding, Interval
from kamresearch.language import Message, Quantity
from kamresearch.language import message as _
from kamresearch.result import Result, Shown

LEAST = 10
"""Accounts of a brand without which no share of it is told."""
PRIOR = 0.5
"""Of each cell: Jeffreys' Dirichlet prior."""
FRAME = ["from", "to", "n", "share", "low", "high"]
_FEW = _("Fewer than {n} accounts of the brand are told in two years running.", n=LEAST)


@dataclass(frozen=True)
class Moves(Result):
    """Main brands of one year against those of the next.

    Parameters
    ----------
    frame : DataFrame
        from, to, n, share, low, high: one row per pair of brands; the shares of a row add up to
        one, and are missing below ten accounts.
    """

    exports = ("rivals.stay_own", "rivals.stay_rivals", "rivals.taken", "rivals.won_over")
    shows = (Shown("rivals.moves"), Shown("rivals.moves", "table"))
    cautions = False

    frame: pd.DataFrame
    brand: str
    reason: Message | None = None

    def _cells(self, own: bool, stays: bool) -> pd.DataFrame:
        frame = self.frame
        return frame[
            ((frame["from"] == self.brand) == own) & ((frame["from"] == frame["to"]) == stays)
        ]

    def findings(self) -> list[Finding]:
        """How loyal our accounts and the rivals' are, and how many moved each way."""
        mine, theirs = self._cells(own=True, stays=True), self._cells(own=False, stays=True)
        row = mine.iloc[0] if len(mine) and mine["share"].notna().all() else None
        of_rivals = self.frame[self.frame["from"] != self.brand]["n"].sum()
        stay = theirs["n"].sum()
        bounds = beta.ppf([0.025, 0.975], stay + PRIOR, of_rivals - stay + PRIOR)
        told = self.reason is None and of_rivals >= LEAST
        lost, came = self._cells(own=True, stays=False), self._cells(own=False, stays=False)
        came = came[came["to"] == self.brand]
        yearly = _(
            "Of accounts whose main brand it was, the share whose main brand it is the year after "
            "(Dirichlet interval, Jeffreys’ prior)."
        )
        counted = _("Accounts whose main brand moved so from one year told to the next.")
        return [
            Finding(
                "rivals.stay_own",
                None if row is None else float(row["share"]),
                "share",
                _("Stay with us"),
                yearly,
                interval=None if row is None else Interval(float(row["low"]), float(row["high"])),
                n=int(self.frame.loc[self.frame["from"] == self.brand, "n"].sum()),
                good="up",
                figure="rivals.moves",
                sentence=None
                if row is None
                else _(
                    "{share} of the accounts that buy most of us do so a year later.",
                    share=Quantity(float(row["share"]), "share"),
                ),
                reason=self.reason or _FEW,
            ),
            Finding(
                "rivals.stay_rivals",
                float(stay / of_rivals) if told else None,
                "share",
                _("Stay with a rival"),
                yearly,
                interval=Interval(float(bounds[0]), float(bounds[1])) if told else None,
                n=int(of_rivals),
                figure="rivals.moves",
                reason=self.reason or _FEW,
            ),
            *(
                Finding(
                    f"rivals.{name}",
                    None if self.reason else int(part["n"].sum()),
                    "accounts",
                    label,
                    counted,
                    good=good,
                    figure="rivals.moves",
                    reason=self.reason,
                )
                for name, part, label, good in (
                    ("taken", lost, _("Taken from us"), "down"),
                    ("won_over", came, _("Won over from rivals"), "up"),
                )
            ),
        ]

    def table(self) -> Table:
        """Every pair of brands."""
        return make_table(
            "rivals.moves",
            _("Main brand of one year and of the next"),
            self.frame,
            Column("from", _("From")),
            Column("to", _("To")),
            Column("n", _("Accounts"), "accounts"),
            Column("share", _("Share"), "share"),
            Column("low", _("Lower bound"), "share"),
            Column("high", _("Upper bound"), "share"),
        )


def measure_moves(wallet: Wallet) -> Moves:
    """Whose accounts stay, and where do the others go?

    Wallets of two years running → main brand (the one bought most; of equals the first by name)
    then and a year later, over all such pairs of years. Share of a cell: n / N of its row; bounds
    are quantiles of Beta(n + ½, N − n + (K − 1)/2), the Dirichlet's margin under Jeffreys' prior
    with K brands. An account told in several years counts in each of them, so bounds are somewhat
    too narrow where the same accounts move again and again.

    Parameters
    ----------
    wallet : Wallet
        From `read_wallet`.
    """
    if wallet.reason is not None:
        return Moves(pd.DataFrame(columns=FRAME), wallet.brand, wallet.reason)
    told = wallet.years[wallet.years["amount"] > 0]
    main = told.sort_values(
        ["account_id", "year", "amount", "brand"], ascending=[True, True, False, True]
    ).drop_duplicates(["account_id", "year"])[["account_id", "year", "brand"]]
    later = main.assign(year=main["year"] - 1).rename(columns={"brand": "to"})
    pairs = main.rename(columns={"brand": "from"}).merge(
        later, on=["account_id", "year"], how="inner", validate="one_to_one"
    )
    if pairs.empty:
        return Moves(
            pd.DataFrame(columns=FRAME),
            wallet.brand,
            _("No account’s wallet is told in two years running."),
        )
    brands = sorted({*pairs["from"], *pairs["to"]}, key=lambda one: (one != wallet.brand, one))
    counts = pd.crosstab(pairs["from"], pairs["to"]).reindex(
        index=brands, columns=brands, fill_value=0
    )
    rows = [
        _cell(start, end, int(counts.loc[start, end]), int(counts.loc[start].sum()), len(brands))
        for start in brands
        for end in brands
    ]
    return Moves(pd.DataFrame(rows, columns=FRAME), wallet.brand)


def _cell(start: str, end: str, n: int, total: int, brands: int) -> tuple:
    if total < LEAST:
        return start, end, n, None, None, None
    low, high = beta.ppf([0.025, 0.975], n + PRIOR, total - n + PRIOR * max(brands - 1, 1))
    return start, end, n, n / total, float(low), float(high)
