"""Names in two languages: what must be equal, and what must never be."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamresearch.data.names import find_groups, normalise_name, simplify, split_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("浙江吉利控股集團有限公司", "浙江吉利控股集团有限公司"),
        ("浙江吉利控股集团有限公司", "浙江吉利（控股）集团"),
        ("上海瑞恒物流有限公司", "上海瑞恒物流有限责任公司"),
        ("上海瑞恒物流股份有限公司", "上海瑞恒物流"),
        ("瑞恒物流（上海）有限公司", "上海瑞恒物流有限公司"),
        ("上海瑞恒物流有限公司(中国)", "上海瑞恒物流有限公司"),
        ("上海 瑞恒物流 有限公司 ", "上海瑞恒物流有限公司"),
        ("ＲＵＩＨＥＮＧ　Logistics Co．，Ltd．", "Ruiheng Logistics"),
        ("Ruiheng Logistics Co., Ltd.", "RUIHENG LOGISTICS COMPANY LIMITED"),
        ("Müller Maschinenbau GmbH", "Muller Maschinenbau"),
        ("Volvo Car Corporation", "Volvo Car Corp."),
        ("Lidong Textile (Guangzhou) Group Co., Ltd.", "Lidong Textile Guangzhou"),
        ("S.A. Dupont & Fils", "SA Dupont and Fils"),
    ],
)
def test_spellings_of_one_company_are_equal(left, right):
    assert normalise_name(left) == normalise_name(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("AB Volvo", "Volvo Car Corporation"),
        ("沃尔沃集团", "沃尔沃汽车公司"),
        ("上海瑞恒物流有限公司", "上海瑞恒物流有限公司北京分公司"),
        ("上海瑞恒物流有限公司北京分公司", "上海瑞恒物流有限公司广州分公司"),
        ("上海瑞恒物流有限公司", "北京瑞恒物流有限公司"),
        ("Company", "Group"),
    ],
)
def test_different_companies_stay_different(left, right):
    assert normalise_name(left) != normalise_name(right)


def test_a_branch_is_told_apart_wherever_its_brackets_stand():
    for name in (
        "长沙德苗机关车队集团有限公司广州分公司(中国)",
        "长沙德苗机关车队集团有限公司广州分公司",
        "德苗机关车队集团有限公司广州分公司（长沙）",
    ):
        parts = split_name(name)
        assert (parts.core, parts.branch, parts.group) == ("长沙德苗机关车队", "广州 branch", True)
    assert split_name("Boya Investment Co., Ltd. Beijing Branch").branch == "beijing branch"


@given(st.text(max_size=60))
@pytest.mark.slow
def test_any_text_has_a_normal_form_that_is_stable(name):
    once = simplify(name)
    assert simplify(once) == once or len(once) < len(name) + 3
    assert isinstance(normalise_name(name), str)


@given(
    st.text(alphabet="上海瑞恒物流科技", min_size=3, max_size=8),
    st.sampled_from(["有限公司", "股份有限公司", "集团有限公司", "有限责任公司"]),
)
def test_a_legal_form_never_changes_who_a_company_is(stem, form):
    assert normalise_name(stem + form) == normalise_name(stem)


def test_branches_find_their_group_and_nobody_elses(case_folder):
    accounts = pd.read_parquet(case_folder / "accounts.parquet")
    groups = find_groups(accounts).set_index("account_id")["parent_id"]
    known = accounts.dropna(subset=["parent_id"]).set_index("account_id")["parent_id"]
    assert dict(groups) == dict(known)


def test_a_name_that_two_accounts_bear_is_nobodys_group():
    accounts = pd.DataFrame(
        {
            "account_id": ["1", "2", "3"],
            "account_name": ["上海瑞恒集团", "上海瑞恒集团有限公司", "上海瑞恒集团北京分公司"],
        }
    )
    assert find_groups(accounts).empty
