"""The same account as sales, finance and after-sales each record it: spelling, gaps,
duplicates, figures that disagree.
"""

import numpy as np
import pandas as pd

from kamresearch.data.simulate import settings as s

DEPARTMENTS = ("sales", "finance", "after_sales")
_PREFIXES = ("SA", "FI", "AS")
_KNOWS_ACCOUNT = (1.0, 0.85, 0.70)
_TYPO, _MISSING, _DUPLICATE = (0.06, 0.10, 0.14), (0.04, 0.06, 0.15), (0.02, 0.02, 0.05)
_CONFUSED = dict(
    zip(
        "瑞恒泰祥盛安嘉博远达顺利丰源康新润联诚鼎锦荣凯",
        "端衡秦详胜按佳搏元大顺力风原康鑫闰连成顶绵容恺",
    )
)
_TRADITIONAL = str.maketrans(
    "汽车务团华远达顺丰润联诚锦荣凯龙电纺织资输业术软",
    "汽車務團華遠達順豐潤聯誠錦榮凱龍電紡織資輸業術軟",
)
_FULL_WIDTH = str.maketrans("().,", "（）．，")
_CITY_NAMES = tuple(city for cities in s.CITIES.values() for city, _, _ in cities)
KINDS = ("none", "rounded", "returns", "late", "digits", "stale")


def make_records(
    profile: dict, figures: dict, calendar: s.Calendar, messy: bool, rng: np.random.Generator
) -> pd.DataFrame:
    """Departments' records of a chunk's accounts (grain: department, record, year), with the
    truth in columns true_*.
    """
    parts = [
        _records_of(number, profile, figures, calendar, messy, rng)
        for number in range(len(DEPARTMENTS))
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values(["department", "record_id"], kind="stable", ignore_index=True)


def _records_of(
    number: int,
    profile: dict,
    figures: dict,
    calendar: s.Calendar,
    messy: bool,
    rng: np.random.Generator,
) -> pd.DataFrame:
    n, first = profile["n"], profile["first"]
    identity = pd.DataFrame(
        {
            name: profile[name]
            for name in ("account_name", "english", "address", "telephone", "tax_number")
        }
    )
    identity["account"], identity["copy"] = np.arange(n), 0
    if messy:
        copies = identity[rng.random(n) < _DUPLICATE[number]].assign(copy=1)
        identity = pd.concat([identity, copies], ignore_index=True)
        _write_differently(identity, number, rng)
    account = identity["account"].to_numpy()
    years = figures["net"].shape[1]
    rows = identity.loc[identity.index.repeat(years)].reset_index(drop=True)
    rows["year"] = figures["first_year"] + np.tile(np.arange(years), len(identity))
    revenue, units, kind = _disagree(number, account, figures, messy, rng)
    copy = np.repeat(identity["copy"].to_numpy(), years)
    split = np.where(
        np.isin(rows["account"], account[identity["copy"] == 1]), np.where(copy == 1, 0.3, 0.7), 1.0
    )
    rows["revenue"], rows["units"] = (
        np.round(revenue.ravel() * split, 0),
        np.round(units.ravel() * split, 0),
    )
    rows["true_kind"] = np.array(KINDS)[kind.ravel()]
    kept = (revenue.ravel() != 0) | (units.ravel() != 0)
    rows = rows[kept].reset_index(drop=True)
    known = (
        np.ones(len(identity), bool)
        if not messy
        else rng.random(len(identity)) < _KNOWS_ACCOUNT[number]
    )
    who = rows["account"].to_numpy()
    rows["true_account_id"] = [f"A{first + i + 1:07d}" for i in who]
    rows["account_id"] = rows["true_account_id"].where(
        known[who] & (rows["copy"] == 0)
    )  # a second record is never linked
    rows["region"] = np.array(s.REGIONS)[profile["region"][who]]
    rows["department"] = DEPARTMENTS[number]
    own_number = (
        first * 2 + 1 + rng.permutation(len(identity))
    )  # a department numbers its records in its own way
    rows["record_id"] = [
        f"{_PREFIXES[number]}{own:07d}-{year}"
        for own, year in zip(np.repeat(own_number, years)[kept], rows["year"])
    ]
    ends = (rows["year"] - 1970).to_numpy().astype("datetime64[Y]").astype("datetime64[D]") + 365
    delay = rng.integers(5, (30, 60, 200)[number], len(rows))
    rows["updated"] = np.minimum(ends + delay, calendar.end)
    names = [
        "department",
        "record_id",
        "account_id",
        "account_name",
        "address",
        "telephone",
        "tax_number",
        "region",
        "year",
        "revenue",
        "units",
        "updated",
        "true_account_id",
        "true_kind",
    ]
    return rows[names]


def _disagree(
    number: int, account: np.ndarray, figures: dict, messy: bool, rng: np.random.Generator
) -> tuple:
    """Figures as the department has them: sales gross, finance net, after-sales late; and
    plain errors.
    """
    net, units = figures["net"][account], figures["units"][account]
    kind = np.zeros(net.shape, dtype=int)
    if not messy:
        return net, units, kind
    if number == 0:
        revenue, units = figures["gross"][account], figures["gross_units"][account]
        kind[revenue != net] = 2
    elif number == 1:
        revenue = net
    else:
        part = 0.12 * (rng.random(net.shape) < 0.5)
        before = np.concatenate([np.zeros((len(net), 1)), (net * part)[:, :-1]], axis=1)
        before_units = np.concatenate(
            [np.zeros((len(net), 1)), np.round(units * part)[:, :-1]], axis=1
        )
        revenue, units = net * (1 - part) + before, units - np.round(units * part) + before_units
        kind[np.abs(revenue - net) > 0.5] = 3
    rounded = rng.random(net.shape) < (0.25, 0.0, 0.15)[number]
    revenue = np.where(rounded, np.round(revenue, -4), revenue)
    kind[rounded & (np.abs(revenue - net) > 0.5)] = 1
    wrong = (rng.random(net.shape) < (0.010, 0.004, 0.012)[number]) & (revenue > 0)
    revenue = np.where(wrong, revenue * rng.choice([0.1, 10.0, 0.9, 1.09], net.shape), revenue)
    kind[wrong] = 4
    stale = (rng.random(net.shape) < (0.01, 0.0, 0.02)[number]) & (net > 0)
    stale[:, 0] = False
    older = np.concatenate([net[:, :1], net[:, :-1]], axis=1)
    kind[stale] = 5
    return np.where(stale, older, revenue), units, kind


def _write_differently(identity: pd.DataFrame, number: int, rng: np.random.Generator) -> None:
    """Spell names, addresses and numbers as people do, in place; duplicates always differ in
    something.
    """
    n = len(identity)
    again = identity["copy"].to_numpy() == 1
    draw = rng.random(n)
    style = np.where(draw < 0.62, 0, 1 + (rng.random(n) * 8).astype(int))
    style = np.where(again & (style == 0), 1 + (rng.random(n) * 8).astype(int), style)
    typo = rng.random(n) < _TYPO[number]
    place = rng.random(n)
    identity["account_name"] = [
        _misspell(_restyle(name, english, kind), where) if bad else _restyle(name, english, kind)
        for name, english, kind, bad, where in zip(
            identity["account_name"], identity["english"], style, typo, place
        )
    ]
    how = rng.integers(0, 4, n)
    identity["address"] = [
        _restyle_address(text, kind) for text, kind in zip(identity["address"], how)
    ]
    looks = rng.integers(0, 3, n)
    identity["telephone"] = [
        _restyle_phone(text, kind) for text, kind in zip(identity["telephone"], looks)
    ]
    swapped = rng.random(n) < 0.02
    identity["tax_number"] = [
        _swap_digits(text, where) if bad else text
        for text, bad, where in zip(identity["tax_number"], swapped, place)
    ]
    for name, factor in (("address", 1), ("telephone", 1.5), ("tax_number", 1.2)):
        identity[name] = identity[name].where(rng.random(n) >= _MISSING[number] * factor)


def _restyle(name: str, english: str, style: int) -> str:
    if style == 1:
        return name.replace("有限公司", "").replace("股份", "").replace(" Co., Ltd.", "")
    if style == 2:
        return name.replace("有限公司", "公司").replace("Co., Ltd.", "Company Limited")
    if style == 3:
        return name.translate(_FULL_WIDTH) if name.isascii() else _city_behind(name)
    if style == 4:
        return name.upper() if name.isascii() else name.translate(_TRADITIONAL)
    if style == 5:
        return english
    if style == 6:
        return name.replace("集团", "").replace("有限责任公司", "有限公司").replace(",", "")
    if style == 7:
        return f"{name[:2]} {name[2:]} " if not name.isascii() else f"  {name.lower()}"
    return f"{name}(中国)" if style == 8 and not name.isascii() else name


def _city_behind(name: str) -> str:
    city = next((city for city in _CITY_NAMES if name.startswith(city)), "")
    return f"{name[len(city) :]}（{city}）" if city else name


def _misspell(name: str, where: float) -> str:
    places = [i for i, letter in enumerate(name) if letter in _CONFUSED]
    if places:
        i = places[int(where * len(places))]
        return name[:i] + _CONFUSED[name[i]] + name[i + 1 :]
    i = 1 + int(where * max(1, len(name) - 3))
    return name[:i] + name[i + 1 : i + 2] + name[i : i + 1] + name[i + 2 :]


def _restyle_address(address: str, kind: int) -> str:
    if kind == 1:
        return address.replace("市", "")
    if kind == 2:
        return address.replace("号", "")
    return (
        address.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
        if kind == 3
        else address
    )


def _restyle_phone(phone: str, kind: int) -> str:
    return (phone, phone.replace("-", ""), f"+86 {phone[1:]}")[kind]


def _swap_digits(text: str, where: float) -> str:
    i = 4 + int(where * (len(text) - 6))
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
