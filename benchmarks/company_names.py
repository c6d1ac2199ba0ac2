"""A list of company names as finance keeps them: the same firms written many ways, truth beside.

Made by a seeded generator, so that no public set is used up. What it contains was written down
before linkage was changed: legal forms come and go, words are shortened, misspelt, put in brackets,
left out or reduced to initials; different firms share words, cities and trades.
"""

import numpy as np
import pandas as pd

_COINED = [
    "Alder",
    "Brixton",
    "Calder",
    "Dorvan",
    "Elmira",
    "Fentor",
    "Galvex",
    "Harmon",
    "Ivaris",
    "Jorvik",
    "Kestrel",
    "Lumina",
    "Morwen",
    "Nordal",
    "Orvia",
    "Pellar",
    "Quorum",
    "Ravell",
    "Sorrel",
    "Tavish",
    "Ulmer",
    "Vantor",
    "Westin",
    "Yarrow",
    "Zephra",
    "Arcadia",
    "Beacon",
    "Cobalt",
    "Delta",
    "Everest",
    "Falcon",
    "Granite",
    "Horizon",
    "Imperial",
    "Jupiter",
    "Keystone",
    "Liberty",
    "Meridian",
]
_TRADES = [
    "Logistics",
    "Car Rental",
    "Technologies",
    "Trading",
    "Machinery",
    "Foods",
    "Insurance",
    "Pharmaceuticals",
    "Transport",
    "Leasing",
    "Chemicals",
    "Textiles",
    "Hotels",
    "Consulting",
    "Power Systems",
    "Construction Materials",
]
_PLACES = ("Pacific", "Northern", "Global", "United", "International", "First", "National")
_FORMS = (
    "Ltd",
    "Co., Ltd.",
    "Limited",
    "Inc.",
    "GmbH",
    "AG",
    "Corp.",
    "LLC",
    "PLC",
    "S.A.",
    "B.V.",
)
_SHORT = {
    "International": "Intl",
    "Technologies": "Tech",
    "Pharmaceuticals": "Pharma",
    "Construction": "Constr.",
    "Insurance": "Ins.",
    "Transport": "Transp.",
    "National": "Natl",
    "Consulting": "Consult.",
    "Machinery": "Mach.",
}
_CITIES = ["上海", "北京", "杭州", "宁波", "深圳", "广州", "成都", "武汉", "苏州", "天津"]
_SIGNS = [
    "瑞恒",
    "德盛",
    "嘉远",
    "宏达",
    "金鼎",
    "华润泰",
    "博雅",
    "天成",
    "永兴",
    "中科信",
    "东方明",
    "远景",
    "力源",
    "海纳",
    "同辉",
    "万通",
]
_ZH_TRADES = [
    "物流",
    "汽车租赁",
    "科技",
    "贸易",
    "机械设备",
    "食品",
    "保险经纪",
    "医药",
    "运输",
    "化工",
    "纺织",
    "酒店管理",
]
_ZH_FORMS = ("有限公司", "股份有限公司", "有限责任公司", "集团有限公司")


def company_names(n_firms: int = 100, n_records: int = 2_000, seed: int = 0) -> pd.DataFrame:
    """Names of so many records of so many firms, some firms far more often than others.

    Returns
    -------
    DataFrame
        name, firm (the truth).
    """
    rng = np.random.default_rng(seed)
    firms = sorted(
        {_chinese(rng) if rng.random() < 0.3 else _latin(rng) for _n in range(4 * n_firms)}
    )
    firms = [firms[place] for place in rng.permutation(len(firms))[:n_firms]]
    shares = 1 / np.arange(1, len(firms) + 1) ** 0.7
    drawn = rng.choice(len(firms), n_records, p=shares / shares.sum())
    names = [_write(firms[firm], rng) for firm in drawn]
    return pd.DataFrame({"name": names, "firm": drawn})


def _latin(rng: np.random.Generator) -> tuple[str, ...]:
    words = [str(rng.choice(_COINED))]
    if rng.random() < 0.35:
        words.append(str(rng.choice(_PLACES)))
    if rng.random() < 0.25:
        words.append(str(rng.choice(_COINED)))
    return ("en", " ".join([*words, str(rng.choice(_TRADES))]), str(rng.choice(_FORMS)))


def _chinese(rng: np.random.Generator) -> tuple[str, ...]:
    return (
        "zh",
        str(rng.choice(_CITIES)),
        str(rng.choice(_SIGNS)) + str(rng.choice(_ZH_TRADES)),
        str(rng.choice(_ZH_FORMS)),
    )


def _write(firm: tuple[str, ...], rng: np.random.Generator) -> str:
    return (_write_latin if firm[0] == "en" else _write_chinese)(firm, rng)


def _write_latin(firm: tuple[str, ...], rng: np.random.Generator) -> str:
    words, form = firm[1].split(), firm[2]
    if rng.random() < 0.25:
        words = [_SHORT.get(word, word) for word in words]
    if rng.random() < 0.12:
        place = int(rng.integers(len(words)))
        words[place] = _misspell(words[place], rng)
    if rng.random() < 0.05 and len(words) > 2:
        words = words[:-1]
    if rng.random() < 0.04 and len(words) > 2:
        words = ["".join(word[0] for word in words).upper()]
    chance = rng.random()
    if chance < 0.35:
        words.append(form)
    elif chance < 0.5:
        words.append(str(rng.choice(_FORMS)))
    if rng.random() < 0.1:
        words.append("(China)")
    text = " ".join(words)
    how = rng.random()
    return text.upper() if how < 0.25 else text.lower() if how < 0.3 else text


def _write_chinese(firm: tuple[str, ...], rng: np.random.Generator) -> str:
    _script, city, core, form = firm
    if rng.random() < 0.08:
        core = _misspell(core, rng)
    ending = form if rng.random() < 0.6 else str(rng.choice(("", "公司", "有限公司")))
    how = rng.random()
    if how < 0.6:
        return city + core + ending
    if how < 0.8:
        return f"{core}（{city}）{ending}"
    return f"{city}市{core}{ending}"


def _misspell(word: str, rng: np.random.Generator) -> str:
    """One letter dropped, doubled or exchanged with its neighbour."""
    place = int(rng.integers(1, max(len(word) - 1, 2)))
    how = int(rng.integers(3))
    if how == 0 and len(word) > 3:
        return word[:place] + word[place + 1 :]
    if how == 1:
        return word[:place] + word[place] * 2 + word[place + 1 :]
    return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]


def firms_in_buildings(n_firms: int = 600, seed: int = 0) -> pd.DataFrame:
    """Records of firms, many of them in one building and some behind one switchboard.

    Returns
    -------
    DataFrame
        name, address, city, telephone, firm (the truth); one to three records of each firm.
    """
    rng = np.random.default_rng(seed)
    buildings = [_building(rng) for _n in range(n_firms // 3)]
    rows = []
    for firm in range(n_firms):
        address, city = buildings[int(rng.integers(len(buildings)))]
        shared = rng.random() < 0.15
        telephone = (
            f"021-{55500000 + _number_of(address) if shared else rng.integers(10**7, 10**8)}"
        )
        parts = _latin(rng)
        for _copy in range(int(rng.choice((1, 2, 3), p=(0.5, 0.35, 0.15)))):
            rows.append(
                {
                    "name": _write_latin(parts, rng),
                    "address": address if rng.random() < 0.8 else _misspell(address, rng),
                    "city": city if rng.random() < 0.9 else None,
                    "telephone": telephone if rng.random() < 0.8 else None,
                    "firm": firm,
                }
            )
    return pd.DataFrame(rows).sample(frac=1, random_state=seed).reset_index(drop=True)


def _building(rng: np.random.Generator) -> tuple[str, str]:
    street = f"{rng.choice(_COINED)} {rng.choice(('Road', 'Street', 'Avenue'))}"
    return (
        f"{rng.integers(1, 400)} {street}",
        str(rng.choice(("Shanghai", "Beijing", "Shenzhen", "Chengdu"))),
    )


def _number_of(text: str) -> int:
    """A number for a text, the same in every run."""
    return sum(ord(letter) * (place + 1) for place, letter in enumerate(text)) % 10_000
