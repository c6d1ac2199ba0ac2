"""Units as a page shows them: which are numbers, which count cases, and how each is said."""

from kamresearch.language.message import message as _

NUMERIC = {
    "count",
    "accounts",
    "orders",
    "managers",
    "records",
    "sources",
    "units",
    "share",
    "growth",
    "net_share",
    "share_change",
    "probability",
    "p_value",
    "ratio",
    "score",
    "index",
    "cny",
    "money",
    "days",
    "months",
    "years",
    "hours",
}
COUNTS = {"count", "accounts", "orders", "managers", "records", "sources", "units"}
HEAD_UNITS = {
    "days": _("days"),
    "months": _("months"),
    "years": _("years"),
    "hours": _("hours"),
    "share_change": _("percentage points"),
    "cny": _("CNY"),
}
"""Units that a column's head names, because its cells show bare numbers."""

N_UNITS = {
    "count": _("n = {n}"),
    "accounts": _("n = {n} accounts"),
    "orders": _("n = {n} orders"),
    "managers": _("n = {n} managers"),
    "records": _("n = {n} records"),
    "sources": _("{n} sources"),
    "units": _("n = {n} units"),
    "months": _("n = {n} months"),
    "years": _("n = {n} years"),
    "days": _("n = {n} days"),
}
