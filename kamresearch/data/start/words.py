"""What roles are called for people."""

from kamresearch.language import Text
from kamresearch.language import message as _

ROLES: dict[str, Text] = {
    "order_id": _("an order's number"),
    "account_id": _("an account's number"),
    "account_name": _("an account's name"),
    "order_date": _("the day of an order"),
    "revenue": _("an amount of revenue"),
    "unit_price": _("a price per unit"),
    "discount": _("a discount"),
    "units": _("a number of units"),
    "product": _("a product"),
    "cost": _("a cost"),
    "region": _("a region"),
    "industry": _("an industry"),
    "channel": _("a channel"),
    "city": _("a city"),
    "currency": _("a currency"),
    "measure": _("a measure of units"),
    "status": _("an order's state"),
    "manager": _("an account manager"),
    "parent": _("a parent company"),
}
TOLD: dict[str, Text] = {
    "currency_column": _("the only currency of its column"),
    "currency_chosen": _("the one of several that was chosen"),
    "currency_sign": _("the amounts bear its sign"),
    "currency_answer": _("as answered; named wherever money is shown"),
}
"""Why a currency is named."""
