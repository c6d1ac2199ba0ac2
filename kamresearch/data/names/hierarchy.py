"""Groups and branches read from names: 分公司, Branch, and names that begin with a group's name."""

import pandas as pd

from kamresearch.data.names.normal import split_name


def find_groups(accounts: pd.DataFrame) -> pd.DataFrame:
    """Which accounts look like branches of which others?

    Frame with account_id and account_name → account_id, parent_id, how (``branch``: the name says
    so; ``prefix``: it
    begins with the name of a group). Nobody gets two parents; a name that several accounts bear is
    nobody's parent.

    Examples
    --------
    >>> accounts = pd.DataFrame({"account_id": ["1", "2", "3"],
    ...                          "account_name": ["杭州瑞智集团有限公司", "杭州瑞智集团有限公司上海分公司", "瑞恒物流有限公司"]})
    >>> find_groups(accounts).to_dict("records")
    [{'account_id': '2', 'parent_id': '1', 'how': 'branch'}]
    """  # noqa: E501
    named = accounts.dropna(subset=["account_id", "account_name"])
    parts = {
        key: split_name(name)
        for key, name in zip(named["account_id"], named["account_name"], strict=True)
    }
    heads: dict[str, list[str]] = {}
    for key, part in parts.items():
        if not part.branch:
            heads.setdefault(part.core, []).append(key)
    groups = {
        core: keys[0]
        for core, keys in heads.items()
        if len(keys) == 1 and parts[keys[0]].group and len(core) >= 4
    }
    rows = []
    for key, part in parts.items():
        if part.branch and len(heads.get(part.core, ())) == 1:
            rows.append((key, heads[part.core][0], "branch"))
        elif not part.branch and part.core not in groups:
            parent = _longest_prefix(part.core, groups)
            if parent is not None:
                rows.append((key, parent, "prefix"))
    return pd.DataFrame(rows, columns=["account_id", "parent_id", "how"]).astype("str")


def _longest_prefix(core: str, groups: dict[str, str]) -> str | None:
    for length in range(len(core) - 2, 3, -1):
        # A Latin name begins another only where a word ends: Ford is no parent of Fordham.
        if core[:length] in groups and not (
            core[length - 1].isascii() and core[length].isascii() and core[length] != " "
        ):
            return groups[core[:length]]
    return None
