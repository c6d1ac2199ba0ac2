"""Invented companies: names, addresses, telephone and tax numbers that belong to nobody."""

import numpy as np

from kamresearch.data.simulate.settings import CITIES, INDUSTRIES, REGIONS

_SYLLABLES = (
    "瑞rui 恒heng 泰tai 祥xiang 盛sheng 安an 宁ning 嘉jia 博bo 远yuan 达da 通tong 顺shun "
    "和he 利li 丰feng 源yuan 康kang "
    "新xin 润run 联lian 信xin 诚cheng 鼎ding 锦jin 荣rong 卓zhuo 凯kai 亚ya 天tian 海hai "
    "江jiang 川chuan 云yun 峰feng 林lin "
    "松song 柏bai 竹zhu 兰lan 金jin 银yin 玉yu 珠zhu 宝bao 晶jing 星xing 辰chen 光guang "
    "明ming 辉hui 阳yang 晨chen 旭xu "
    "昊hao 宇yu 宏hong 伟wei 东dong 西xi 南nan 北bei 春chun 秋qiu 风feng 雨yu 山shan "
    "水shui 石shi 岩yan 木mu 禾he 苗miao "
    "谷gu 田tian 园yuan 城cheng 桥qiao 港gang 湾wan 岛dao 洋yang 波bo 涛tao 帆fan 舟zhou "
    "航hang 翔xiang 飞fei 腾teng 跃yue "
    "启qi 创chuang 智zhi 慧hui 诺nuo 德de 仁ren 义yi 礼li 佳jia"
)
CHARACTERS = tuple(syllable[0] for syllable in _SYLLABLES.split())
PINYIN = tuple(syllable[1:] for syllable in _SYLLABLES.split())

_BUSINESS = {
    "Car rental": (("汽车租赁", "Car Rental"), ("汽车服务", "Car Service")),
    "Government fleet": (("公务用车", "Official Fleet"), ("机关车队", "Public Fleet")),
    "Manufacturing": (("机械制造", "Machinery"), ("电子", "Electronics"), ("纺织", "Textile")),
    "Finance": (("融资租赁", "Leasing"), ("投资", "Investment")),
    "Logistics": (("物流", "Logistics"), ("运输", "Transport")),
    "Hotels": (("酒店管理", "Hotels"), ("旅游", "Travel")),
    "Energy": (("能源", "Energy"), ("电力设备", "Power Equipment")),
    "Technology": (("科技", "Technology"), ("软件", "Software")),
}
_FORMS = (
    ("有限公司", "Co., Ltd."),
    ("股份有限公司", "Corp., Ltd."),
    ("集团有限公司", "Group Co., Ltd."),
    ("有限责任公司", "Ltd."),
)
_ROADS = (
    "人民路",
    "解放路",
    "中山路",
    "建设路",
    "长江路",
    "和平路",
    "新华路",
    "文化路",
    "工业大道",
    "滨河路",
    "迎宾大道",
    "科技路",
)


def make_companies(
    region: np.ndarray, industry: np.ndarray, first: int, seed: int, rng: np.random.Generator
) -> dict:
    """Identity of companies number first, first + 1, … → name, English name, city, address,
    telephone, tax number.

    Stems walk through all pairs (or triples, beyond 5,000 accounts) of syllables, so that equal
    names are rare.
    A few companies share stem and city with their neighbour but not their trade: different firms
    that look alike.
    """
    n = len(region)
    stems = _stems(np.arange(first, first + n), seed)
    twin = np.flatnonzero(rng.random(n) < 0.03)
    twin = twin[twin > 0]
    city = (rng.random(n) * np.array([len(CITIES[name]) for name in REGIONS])[region]).astype(int)
    stems[twin], city[twin] = (
        stems[twin - 1],
        np.where(region[twin] == region[twin - 1], city[twin - 1], city[twin]),
    )
    business, form = rng.integers(0, 6, n), rng.choice(4, n, p=[0.62, 0.18, 0.10, 0.10])
    foreign = rng.random(n) < 0.07
    road, number, line = (
        rng.integers(0, len(_ROADS), n),
        rng.integers(1, 999, n),
        rng.integers(0, 10_000_000, n),
    )
    names, english, cities, addresses, phones = [], [], [], [], []
    for i in range(n):
        city_zh, city_en, area = CITIES[REGIONS[region[i]]][city[i]]
        words = _BUSINESS[INDUSTRIES[industry[i]]]
        word_zh, word_en = words[business[i] % len(words)]
        stem_zh = "".join(CHARACTERS[k] for k in stems[i])
        stem_en = "".join(PINYIN[k] for k in stems[i]).capitalize()
        form_zh, form_en = _FORMS[form[i]]
        english.append(f"{stem_en} {word_en} ({city_en}) {form_en}")
        names.append(english[-1] if foreign[i] else f"{city_zh}{stem_zh}{word_zh}{form_zh}")
        cities.append(city_zh)
        addresses.append(f"{city_zh}市{_ROADS[road[i]]}{number[i]}号")
        phones.append(
            f"{area}-0{line[i]:07d}"
        )  # a local number never starts with 0: these ring nowhere
    tax = [
        f"99{region[i] + 1:02d}{first + i:08d}{check:03d}"
        for i, check in enumerate(rng.integers(0, 1000, n))
    ]
    return {
        "account_name": names,
        "english": english,
        "city": cities,
        "address": addresses,
        "telephone": phones,
        "tax_number": tax,
        "group": (form == 2) & ~foreign,
    }


def _stems(number: np.ndarray, seed: int) -> np.ndarray:
    base = len(CHARACTERS)
    length = 2 if number[-1] < 5_000 else 3
    size = base**length
    step = 7919 if length == 2 else 704_969  # primes that share no factor with the number of stems
    code = (number * step + seed * 101) % size
    return np.stack([code // base**place % base for place in range(length)], axis=1)


def name_branches(company: dict, branch: np.ndarray, parent: np.ndarray) -> None:
    """Give branches the name of their group, their own city and 分公司, in place."""
    for i, j in zip(branch, parent):
        company["account_name"][i] = f"{company['account_name'][j]}{company['city'][i]}分公司"
        company["english"][i] = f"{company['english'][j]} {company['city'][i]} Branch"
