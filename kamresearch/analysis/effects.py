"""A change taken apart: market, mix and share effects of units; volume, mix and price effects
of revenue.
"""

import pandas as pd

from kamresearch.errors import AnalysisError


def split_change(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series:
    """Split a company's change into market, mix and share effects that sum to it.

    Frames indexed by segment (model, region, channel, or one row for all) with columns ``company``
    and ``market`` →
    change, market_effect, mix_effect, share_effect.

    With share s = company / market by segment and M the whole market: market effect = S₀ · (M₁ −
    M₀); mix effect =
    Σ s₀ · (m₁ − m₀ · M₁ / M₀); share effect = Σ (s₁ − s₀) · m₁. With a single segment there is no
    mix effect.

    Raises
    ------
    AnalysisError
        A market without sales, or sales of the company where the market has none.

    Examples
    --------
    >>> old = pd.DataFrame({"company": [47140.0], "market": [739632.0]}, index=["all"])
    >>> new = pd.DataFrame({"company": [41989.0], "market": [928493.0]}, index=["all"])
    >>> split_change(old, new).round(-1).astype(int).to_dict()
    {'change': -5150, 'market_effect': 12040, 'mix_effect': 0, 'share_effect': -17190}
    """
    segments = before.index.union(after.index)
    old, new = before.reindex(segments, fill_value=0.0), after.reindex(segments, fill_value=0.0)
    for name, frame in (("before", old), ("after", new)):
        if frame["market"].sum() <= 0 or ((frame["market"] <= 0) & (frame["company"] != 0)).any():
            raise AnalysisError(
                f"split_change, {name}",
                "a market wherever the company sells",
                "a market of zero",
                "leave out segments without market figures, or report them apart",
            )
    total_old, total_new = old["market"].sum(), new["market"].sum()
    share_old = (old["company"] / old["market"].where(old["market"] > 0)).fillna(0.0)
    change = float(new["company"].sum() - old["company"].sum())
    market_effect = float(old["company"].sum() / total_old * (total_new - total_old))
    mix_effect = (
        float((share_old * (new["market"] - old["market"] * (total_new / total_old))).sum())
        if len(segments) > 1
        else 0.0
    )
    return pd.Series(
        {
            "change": change,
            "market_effect": market_effect,
            "mix_effect": mix_effect,
            "share_effect": change - market_effect - mix_effect,
        }
    )


def split_revenue(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series:
    """Split a change of revenue into volume, mix and price effects that sum to it.

    Frames indexed by segment with columns ``units`` and ``revenue`` → change, volume_effect,
    mix_effect, price_effect.
    Volume: what more or fewer units at the old average price bring; mix: that they are other goods;
    price: that the
    same goods sell at other prices. A segment that did not sell before enters at its new price: all
    of it is mix.
    """
    segments = before.index.union(after.index)
    old, new = before.reindex(segments, fill_value=0.0), after.reindex(segments, fill_value=0.0)
    units_old, units_new = float(old["units"].sum()), float(new["units"].sum())
    if units_old <= 0:
        raise AnalysisError(
            "split_revenue",
            "units in the first period",
            f"{units_old:g}",
            "choose a period with sales",
        )
    price_new = (new["revenue"] / new["units"].where(new["units"] != 0)).fillna(0.0)
    price_old = (old["revenue"] / old["units"].where(old["units"] > 0)).fillna(price_new)
    average = float(old["revenue"].sum()) / units_old
    change = float(new["revenue"].sum() - old["revenue"].sum())
    volume = (units_new - units_old) * average
    mix = float((new["units"] * price_old).sum()) - units_new * average
    return pd.Series(
        {
            "change": change,
            "volume_effect": volume,
            "mix_effect": mix,
            "price_effect": change - volume - mix,
        }
    )
