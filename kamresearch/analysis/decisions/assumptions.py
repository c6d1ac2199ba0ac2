"""What the list assumes: nothing in a company's tables tells whom a contact would keep."""

from dataclasses import dataclass, field, fields

from kamresearch.errors import ParameterError, near_matches
from kamresearch.language import message as _

KINDS = {
    "save": _("save: contact before it leaves"),
    "renew": _("renew: prepare the contract's renewal"),
    "win_back": _("win back: make an offer to return"),
    "assign": _("assign: give it a manager who can serve it"),
    "grow": _("grow: win back demand that it once placed here"),
    "reprice": _("reprice: end the loss on it"),
    "mend": _("mend: close the open complaint"),
    "review": _("review: settle what the records leave open"),
}
"""Kind of an instruction → its words."""

KEEPING = ("save", "renew", "assign", "mend")
"""Kinds that all guard the same money: what an account would take with it. It is counted once."""

AT_RISK = (*KEEPING, "win_back")
"""Kinds whose stake is what is at risk or was lost: the value that can be acted on."""

CONTRADICTIONS = frozenset(
    frozenset(pair)
    for pair in (
        ("save", "grow"),
        ("save", "reprice"),
        ("renew", "reprice"),
        ("win_back", "save"),
        ("win_back", "renew"),
        ("win_back", "grow"),
        ("win_back", "reprice"),
        ("win_back", "assign"),
        ("win_back", "mend"),
        ("grow", "reprice"),
        ("mend", "grow"),
        ("mend", "reprice"),
    )
)
"""Pairs of kinds that one account cannot be told together: nobody asks for more business, or a
higher price, where a complaint lies open or the account is about to leave; a lost account can only
be won back."""


@dataclass(frozen=True)
class Assumptions:
    """What is assumed of effects, costs and hours. Each can be replaced by one's own.

    Parameters
    ----------
    acceptance, acceptance_low, acceptance_high : float
        Share of those about to leave (or able to return) whom a contact moves; the other two make
        the interval of every gain.
    disturbed : float
        What an offer that nobody asked for adds to the chance of leaving, as a share of it: some
        are reminded that they could go. In a field experiment of Ascarza, Iyengar and Schleicher
        (2016) 10 % of those contacted left against 6 % of the others.
    incentive_share : float
        Cost of an offer as a share of the yearly value of whoever takes it or would have stayed.
    contact_cost : float
        Money that a contact costs, in the data's currency.
    horizon_days : int
        Days within which a loss or a return counts.
    renewal_days, complaint_days, override_days : int
        A contract ends within so many days; a complaint is overdue after so many; an override runs
        out within so many.
    done_days, not_days : int
        What was done is not proposed again within so many days, what somebody decided against not
        within so many.
    growth_share : float
        Share of the evidenced headroom that an effort wins within the horizon.
    price_share : float
        Share of a loss maker's yearly loss that a new price or service level ends.
    hours : dict
        Kind → hours of a manager that one instruction takes.
    hours_share : float
        Share of a manager's monthly hours that is free for the list, where no capacity is given.
    """

    acceptance: float = 0.30
    acceptance_low: float = 0.10
    acceptance_high: float = 0.50
    disturbed: float = 0.10
    incentive_share: float = 0.02
    contact_cost: float = 2_000.0
    horizon_days: int = 365
    renewal_days: int = 90
    complaint_days: int = 30
    override_days: int = 90
    done_days: int = 31
    not_days: int = 182
    growth_share: float = 0.05
    price_share: float = 0.10
    hours_share: float = 0.25
    hours: dict = field(
        default_factory=lambda: {
            "save": 6.0,
            "renew": 5.0,
            "win_back": 8.0,
            "assign": 3.0,
            "grow": 8.0,
            "reprice": 10.0,
            "mend": 4.0,
            "review": 1.0,
        }
    )

    def __post_init__(self) -> None:
        shares = ("acceptance", "acceptance_low", "acceptance_high", "incentive_share")
        shares += ("disturbed", "growth_share", "price_share", "hours_share")
        wrong = [name for name in shares if not 0 <= getattr(self, name) <= 1]
        if not self.acceptance_low <= self.acceptance <= self.acceptance_high:
            wrong.append("acceptance_low ≤ acceptance ≤ acceptance_high")
        days = ("horizon_days", "renewal_days", "complaint_days", "override_days")
        days += ("done_days", "not_days")
        wrong += [name for name in days if not getattr(self, name) > 0]
        wrong += ["contact_cost"] if not self.contact_cost >= 0 else []
        wrong += [f"hours of {kind}" for kind, one in self.hours.items() if not one > 0]
        wrong += [f"hours of {kind}" for kind in KINDS if kind not in self.hours]
        if wrong:
            raise ParameterError(
                "decisions, assumptions",
                "shares from 0 to 1, days and hours above 0, costs from 0 up",
                ", ".join(wrong),
                "mend them",
            )


def read_assumptions(given: dict) -> Assumptions:
    """Assumptions out of named values; a name that nobody knows is refused with its neighbours."""
    known = [one.name for one in fields(Assumptions)]
    for name in given:
        if name not in known:
            raise ParameterError(
                f"decisions, {name}", "an assumption", "no such one", near_matches(name, known)
            )
    return Assumptions(**given)
