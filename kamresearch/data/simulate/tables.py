"""The chunk's arrays as the contract's tables."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate.lives import Lives

_REASONS = {
    "price": (
        "价格太高",
        "竞争对手报价更低",
        "price too high",
        "cheaper offer elsewhere",
        "价格没有优势",
        "Budget cut, price",
    ),
    "product": (
        "车型太旧",
        "产品不符合需求",
        "product quality",
        "no suitable model",
        "配置不如竞品",
        "wants larger sedan",
    ),
    "service": (
        "售后服务差",
        "维修等待时间太长",
        "poor service",
        "complaints not solved",
        "响应慢，投诉未解决",
        "slow repair",
    ),
    "competitor": (
        "转投其他品牌",
        "与德系品牌签约",
        "went to competitor",
        "rival signed frame contract",
        "被竞品截走",
        "switched brand",
    ),
    "relocation": (
        "公司搬迁",
        "业务撤出本地区",
        "moved away",
        "office relocated",
        "合并后总部迁址",
        "site closed",
    ),
    "unknown": ("", "不详", "unknown", "其他", "n/a", "未说明原因"),
}


def id_array(letter: str, number: np.ndarray, width: int = 7) -> pa.Array:
    """Ids as text: A0000001."""
    digits = pc.utf8_lpad(pa.array(number).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(letter, digits, "")


def accounts_table(
    profile: dict,
    calendar: s.Calendar,
    onboard_date: np.ndarray,
    potential: np.ndarray,
    messy: bool,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The accounts of a chunk; a few judgements are missing."""
    n = profile["n"]
    gap = rng.random((2, n)) < (0.07 if messy else 0)
    parent = profile["parent"]
    return pd.DataFrame(
        {
            "account_id": _ids(profile["first"] + 1 + np.arange(n)),
            "account_name": profile["account_name"],
            "industry": np.array(s.INDUSTRIES)[profile["industry"]],
            "region": np.array(s.REGIONS)[profile["region"]],
            "channel": np.array(s.CHANNELS)[profile["channel"]],
            "city": profile["city"],
            "address": profile["address"],
            "telephone": profile["telephone"],
            "tax_number": profile["tax_number"],
            "parent_id": pd.Series(_ids(parent + 1)).where(parent >= 0),
            "onboard_date": onboard_date,
            "potential_revenue": pd.Series(np.round(potential, -4)).mask(gap[0]),
            "strategic_fit": pd.Series(profile["strategic_fit"].astype(int), dtype="Int64").mask(
                gap[1]
            ),
        }
    )


def _ids(number: np.ndarray) -> np.ndarray:
    return id_array("A", number).to_numpy(zero_copy_only=False)


def orders_table(
    orders: dict,
    profile: dict,
    models: tuple[str, ...],
    first_order: int,
    dealer_ids: list[str | None] | None = None,
) -> pa.Table:
    """The orders of a chunk; a world with dealers names each order's."""
    n = len(orders["account"])
    ids = id_array("A", profile["first"] + 1 + np.arange(profile["n"]))
    table = pa.table(
        {
            "order_id": id_array("O", first_order + 1 + np.arange(n), 9),
            "account_id": ids.take(pa.array(orders["account"])),
            "order_date": pa.array(orders["date"]),
            "revenue": orders["revenue"],
            "units": orders["units"],
            "product": pa.array(models).take(pa.array(orders["product"])),
            "cost": orders["cost"],
        }
    )
    if dealer_ids is None:
        return table
    return table.append_column("dealer_id", pa.array(dealer_ids, pa.string()))


def churn_table(
    lives: Lives, profile: dict, calendar: s.Calendar, messy: bool, rng: np.random.Generator
) -> pd.DataFrame:
    """Losses as recorded; ``true_cause`` and ``in_programme`` are the truth (kept apart from
    the table).
    """
    loss = lives.losses
    k = len(loss["account"])
    true = loss["cause"].astype(int)
    draw = rng.random(k) if messy else np.zeros(k)
    coded = np.where(draw > 0.94, rng.integers(0, 5, k), true)
    names = np.array([*s.CAUSES, "unknown"])[np.where((draw > 0.88) & (draw <= 0.94), 5, coded)]
    wording = rng.integers(0, 6, k)
    back = loss["return_month"] >= 0
    returns = calendar.day(np.where(back, loss["return_month"], 0).astype(int), loss["return_day"])
    frame = pd.DataFrame(
        {
            "account_id": _ids(profile["first"] + 1 + loss["account"].astype(int)),
            "churn_date": calendar.day(loss["month"].astype(int), loss["day"]),
            "stated_reason": [_REASONS[name][word] or None for name, word in zip(names, wording)],
            "cause": pd.Series(names, dtype=object).mask(rng.random(k) < (0.08 if messy else 0)),
            "return_date": pd.Series(returns).where(back),
            "offer": np.array(s.OFFERS)[loss["offer"].astype(int)],
            "true_cause": np.array(s.CAUSES)[true],
            "in_programme": loss["in_programme"].astype(bool),
        }
    )
    return frame.sort_values(["churn_date", "account_id"], kind="stable", ignore_index=True)


def contracts_table(
    lives: Lives, profile: dict, calendar: s.Calendar, yearly: np.ndarray
) -> pd.DataFrame:
    """Frame contracts; ``renewed`` is empty while one runs."""
    rows = {name: np.asarray(values) for name, values in lives.contracts.items()}
    keep = rows["start"] < len(calendar)
    rows = {name: values[keep] for name, values in rows.items()}
    months = calendar.start.astype("datetime64[M]")
    start, after = ((months + rows[name]).astype("datetime64[D]") for name in ("start", "end"))
    end = after - 1
    renewed = pd.Series(rows["renewed"], dtype="boolean").mask(end > calendar.end)
    frame = pd.DataFrame(
        {
            "account_id": _ids(profile["first"] + 1 + rows["account"]),
            "start_date": start,
            "end_date": end,
            "annual_value": np.round(yearly[rows["account"]], -4),
            "renewed": renewed,
        }
    )
    spell = frame.groupby("account_id", sort=False).cumcount() + 1
    frame.insert(0, "contract_id", "C" + frame["account_id"].str[1:] + "-" + spell.astype(str))
    return frame


def service_table(
    lives: Lives, profile: dict, calendar: s.Calendar, first_event: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Complaints as lived, and the daily bread: repairs, visits, calls, late deliveries."""
    kinds = ("complaint", "repair", "visit", "call", "delivery_delay")
    here = lives.high > lives.low
    rates = (None, 0.055, 0.07, 0.06, 0.022)
    parts = []
    for number, rate in enumerate(rates):
        counts = (
            lives.complaints
            if rate is None
            else profile["delays"] * here
            if kinds[number] == "delivery_delay" and "delays" in profile
            else rng.poisson(rate * np.sqrt(profile["rate"])[:, None] * here)
        )
        account, month = np.divmod(
            np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1]
        )
        parts.append((account, month, np.full(len(account), number)))
    account, month, kind = (np.concatenate(part) for part in zip(*parts))
    low, high = lives.low[account, month], lives.high[account, month]
    date = calendar.day(month, low + (high - low) * rng.random(len(account)))
    mark = (
        np.array([1.9, 3.6, 4.1, 3.8, 2.7])[kind]
        - 0.25 * (profile["frailty"][account] - 1)
        + rng.normal(0, 0.8, len(kind))
    )
    asked = rng.random(len(kind)) < 0.7
    days = np.round(rng.gamma(2, np.array([6.0, 2.5, 0.2, 0.3, 7.0])[kind]), 0)
    place = np.lexsort([account, date])
    return pd.DataFrame(
        {
            "event_id": id_array("E", first_event + 1 + np.arange(len(place)), 8).to_numpy(
                zero_copy_only=False
            ),
            "account_id": _ids(profile["first"] + 1 + account[place]),
            "event_date": date[place],
            "kind": np.array(kinds)[kind[place]],
            "satisfaction": pd.Series(
                np.clip(np.round(mark), 1, 5)[place].astype(int), dtype="Int64"
            ).where(asked[place]),
            "resolved_days": days[place],
        }
    )


_TEAM = (
    ("core", "sales", "key account manager", 0.97),
    ("core", "sales", "team leader", 0.80),
    ("core", "marketing", "marketing director", 0.70),
    ("support", "research", "product developer", 0.40),
    ("support", "finance", "credit controller", 0.65),
    ("support", "after_sales", "service follow-up", 0.60),
    ("support", "sales", "administrator", 0.75),
    ("periphery", "marketing", "image ambassador", 0.30),
    ("periphery", "finance", "indirect administrator", 0.45),
    ("support", "sales", "account developer", 0.50),
)
"""Layer, function, role, and how often it is filled."""


def coverage_table(profile: dict, rng: np.random.Generator) -> pd.DataFrame:
    """Who fills which role for the larger accounts (the upper 40 % by size); vacant roles have
    no person.
    """
    chosen = np.flatnonzero(profile["size"] >= np.quantile(profile["size"], 0.6))
    # The last role came later: of numbers of its own, it leaves all else as it was.
    drawn = [
        (numbers.random((len(chosen), count)), numbers.integers(0, 4, (len(chosen), count)))
        for numbers, count in ((rng, len(_TEAM) - 1), (rng.spawn(1)[0], 1))
    ]
    luck, desk = (np.hstack([part[place] for part in drawn]) for place in (0, 1))
    role = np.arange(len(_TEAM))
    filled = luck < np.array([part[3] for part in _TEAM])
    person = profile["region"][chosen][:, None] * 40 + role * 4 + desk + 1
    rows = np.repeat(chosen, len(_TEAM))
    frame = pd.DataFrame({"account_id": _ids(profile["first"] + 1 + rows)})
    for place, name in enumerate(("layer", "function", "role")):
        frame[name] = np.tile([part[place] for part in _TEAM], len(chosen))
    numbers = [f"P{number:03d}" for number in person.ravel()]
    frame["person_id"] = pd.Series(numbers, dtype=object).where(filled.ravel())
    return frame
