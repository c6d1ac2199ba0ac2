"""The simulated world: every number that a study could try to find again."""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

REGIONS = ("North", "Northeast", "Northwest", "East", "Central", "South", "Southwest", "Southeast")
REGION_SHARES = (0.17, 0.08, 0.07, 0.24, 0.11, 0.16, 0.10, 0.07)
CITIES = {
    "North": (
        ("北京", "Beijing", "010"),
        ("天津", "Tianjin", "022"),
        ("石家庄", "Shijiazhuang", "0311"),
        ("济南", "Jinan", "0531"),
    ),
    "Northeast": (
        ("沈阳", "Shenyang", "024"),
        ("大连", "Dalian", "0411"),
        ("哈尔滨", "Harbin", "0451"),
    ),
    "Northwest": (
        ("西安", "Xi'an", "029"),
        ("兰州", "Lanzhou", "0931"),
        ("乌鲁木齐", "Urumqi", "0991"),
    ),
    "East": (
        ("上海", "Shanghai", "021"),
        ("杭州", "Hangzhou", "0571"),
        ("南京", "Nanjing", "025"),
        ("苏州", "Suzhou", "0512"),
    ),
    "Central": (
        ("武汉", "Wuhan", "027"),
        ("长沙", "Changsha", "0731"),
        ("郑州", "Zhengzhou", "0371"),
    ),
    "South": (
        ("广州", "Guangzhou", "020"),
        ("深圳", "Shenzhen", "0755"),
        ("南宁", "Nanning", "0771"),
    ),
    "Southwest": (
        ("成都", "Chengdu", "028"),
        ("重庆", "Chongqing", "023"),
        ("昆明", "Kunming", "0871"),
    ),
    "Southeast": (
        ("福州", "Fuzhou", "0591"),
        ("厦门", "Xiamen", "0592"),
        ("南昌", "Nanchang", "0791"),
    ),
}
INDUSTRIES = (
    "Car rental",
    "Government fleet",
    "Manufacturing",
    "Finance",
    "Logistics",
    "Hotels",
    "Energy",
    "Technology",
)
INDUSTRY_SHARES = (0.20, 0.13, 0.18, 0.13, 0.12, 0.10, 0.07, 0.07)
CHANNELS = ("direct", "dealer")
SEGMENTS = ("steady", "bargain", "project", "prestige")
CAUSES = ("price", "product", "service", "competitor", "relocation")
OFFERS = ("none", "discount", "upgrade", "service_plan")
MODELS = ("S40", "S60", "S80", "XC60", "C30")
LIST_PRICES = (265_000, 330_000, 430_000, 455_000, 250_000)
SEASON = (1.10, 0.62, 1.02, 0.98, 0.95, 1.00, 0.84, 0.86, 1.10, 1.06, 1.12, 1.35)
BUDGET_SEASON = (0.60, 0.45, 0.85, 0.95, 1.00, 1.10, 0.85, 0.85, 1.10, 1.15, 1.40, 1.70)


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Months = Annotated[int, Field(ge=1, le=600)]


RESPONSES = ("persuadable", "sure", "lost_cause", "disturbed")
KEEPING_RATIOS = {
    # what a contact leaves of a persuadable account's hazards, by cause as in CAUSES
    "save": (0.50, 0.85, 0.50, 0.55, 1.0),
    "renew": (0.45, 1.0, 1.0, 0.80, 1.0),
    "mend": (1.0, 1.0, 0.40, 1.0, 1.0),
    "assign": (1.0, 1.0, 0.70, 0.70, 1.0),
}
_FOUR = tuple[Share, Share, Share, Share]


@dataclass(frozen=True)
class Life:
    """What makes a world more like life: accounts differ, show it, and answer differently.

    Each account has a strain of its own that rises and falls slowly. It moves the hazards and
    shows in complaints, late deliveries and orders that fade; nothing else foretells a loss.

    Parameters
    ----------
    strain : float
        Standard deviation of the logarithm of what strain multiplies an account's hazards by.
    strain_memory : float
        Share of a month's strain that is left in the next.
    strain_shows : float
        How strongly a unit of strain shows, on the logarithm of complaints and late deliveries;
        half of it, where strain is high, on the logarithm of orders.
    delay_effect : float
        What each late delivery of the last six months adds to the multiplier of the hazards of
        service and competitor.
    responses : dict
        Per segment, the shares of accounts that are persuadable, sure to stay, a lost cause, and
        disturbed by contact.
    disturbed_ratio : float
        What a contact multiplies the hazards of a disturbed account by.
    effect_months : int
        How long a contact works.
    return_ratio : float
        What an offer multiplies the chance of return of a lost persuadable account by.
    growth_won : float
        Share of what a persuadable account buys elsewhere that an effort wins for a year.
    loss_ended : float
        Share of a persuadable loss maker's yearly loss that new prices end.
    """

    strain: Annotated[float, Field(ge=0, le=3, allow_inf_nan=False)] = 0.9
    strain_memory: Share = 0.95
    strain_shows: Annotated[float, Field(ge=0, le=3, allow_inf_nan=False)] = 0.6
    delay_effect: Ratio = 0.5
    responses: dict[str, _FOUR] = field(
        default_factory=lambda: {
            "steady": (0.25, 0.50, 0.10, 0.15),
            "bargain": (0.45, 0.15, 0.25, 0.15),
            "project": (0.30, 0.30, 0.25, 0.15),
            "prestige": (0.40, 0.30, 0.05, 0.25),
        }
    )
    disturbed_ratio: Ratio = 1.4
    effect_months: Months = 6
    return_ratio: Ratio = 1.6
    growth_won: Share = 0.04
    loss_ended: Share = 0.2


@dataclass(frozen=True)
class Deals:
    """What is true of the deals in a world that has any.

    Parameters
    ----------
    yearly : float
        Deals opened a year by an account.
    rivals : dict
        Per rival, its share of the deals and what it adds to the log odds of winning.
    base : float
        Log odds of winning at a discount of 8 points against a rival of no effect.
    per_point : float
        What a point of discount adds to the log odds.
    pressure : float
        Points of discount given more for each unit of log odds that a rival takes.
    manager_spread : float
        Standard deviation of the managers' log odds.
    withdrawn : float
        Share of the deals that nobody wins.
    days : dict
        Mean days from opening to each end (a gamma distribution of shape 2).
    rival_unknown : float
        Share of the deals whose rival is not recorded.
    """

    yearly: Ratio = 2.0
    rivals: dict[str, tuple[Share, Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)]]] = (
        field(
            default_factory=lambda: {
                "Rival A": (0.40, 0.3),
                "Rival B": (0.35, 0.0),
                "Rival C": (0.25, -0.9),
            }
        )
    )
    base: Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)] = 0.1
    per_point: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] = 0.06
    pressure: Ratio = 3.0
    manager_spread: Annotated[float, Field(ge=0, le=3, allow_inf_nan=False)] = 0.25
    withdrawn: Share = 0.12
    days: dict[str, Annotated[float, Field(gt=0, le=3650, allow_inf_nan=False)]] = field(
        default_factory=lambda: {"won": 70.0, "lost": 130.0, "withdrawn": 220.0}
    )
    rival_unknown: Share = 0.0


@dataclass(frozen=True)
class Wallets:
    """What is true of the accounts' wallets in a world that has any.

    Parameters
    ----------
    stay : dict
        Per brand, the chance that an account whose main brand it is keeps it for another year. The
        first brand is ours.
    pull : dict
        Per brand, its weight among those to which an account goes that does not stay.
    main : float
        Share of what an account buys that its main brand holds; the others share the rest.
    told : float
        Share of the accounts whose wallet is told.
    judged : float
        Share of the told that people judged.
    """

    stay: dict[str, Share] = field(
        default_factory=lambda: {"Ours": 0.85, "Rival A": 0.75, "Rival B": 0.60}
    )
    pull: dict[str, Share] = field(
        default_factory=lambda: {"Ours": 0.3, "Rival A": 0.5, "Rival B": 0.2}
    )
    main: Share = 0.6
    told: Share = 0.6
    judged: Share = 0.25


@dataclass(frozen=True)
class Actions:
    """What is true of a company that follows a part of its lists.

    Parameters
    ----------
    every_months : int
        Months between two lists; the first comes after a year.
    listed : float
        Share of the accounts that a list names, of those there and of those away, that no list of
        the year before has named.
    do, hold_out : float
        Shares of the proposals that a lot decides to act on, and to leave alone.
    refused : float
        Share of the others that is decided against; nobody decides on the rest.
    done : float
        Share of the actions decided on that is done.
    days : float
        Mean days from the decision to the deed.
    loss_ratio, return_ratio : float
        What acting multiplies the probability of a loss, and of a return, by.
    """

    every_months: Annotated[int, Field(ge=1, le=60)] = 6
    listed: Share = 0.5
    do: Share = 0.5
    hold_out: Share = 0.3
    refused: Share = 0.5
    done: Share = 0.85
    days: Annotated[float, Field(gt=0, le=3650, allow_inf_nan=False)] = 21.0
    loss_ratio: Ratio = 0.6
    return_ratio: Ratio = 1.5


@dataclass(frozen=True)
class Prices:
    """What is true of list prices and bonuses in a world that tells them.

    Parameters
    ----------
    bonus : float
        Share of the revenue that an account of median size is paid back.
    bonus_by_size : float
        What each unit of the logarithm of its size adds to that share.
    """

    bonus: Share = 0.01
    bonus_by_size: Annotated[float, Field(ge=0, le=0.1, allow_inf_nan=False)] = 0.004


@dataclass(frozen=True)
class Serving:
    """What is true of the work for accounts in a world that tells it.

    Parameters
    ----------
    yearly : float
        Pieces of work a year for an account of median size.
    by_size : float
        Power of the account's size with which they grow.
    heavy : float
        Share of the accounts that take many times as much.
    heavy_ratio : float
        How many times.
    hour_cost : float
        Cost of an hour.
    hours : dict
        Mean hours of a piece of work, by kind (a gamma distribution of shape 2).
    """

    yearly: Ratio = 9.0
    by_size: Share = 0.35
    heavy: Share = 0.08
    heavy_ratio: Ratio = 6.0
    hour_cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 450.0
    hours: dict[str, Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]] = field(
        default_factory=lambda: {
            "visit": 4.0,
            "call": 0.5,
            "service": 6.0,
            "travel": 5.0,
            "administration": 2.0,
        }
    )


@dataclass(frozen=True)
class Customers:
    """What is true of the accounts' own side in a world that tells it.

    Parameters
    ----------
    gains : float
        Gains a year of an account that are written down.
    gain : float
        Mean worth of one to an account of size 1.
    confirmed : float
        Share of them that the account confirmed.
    known : float
        Chance that each of five roles at an account is known.
    met : float
        Share of the known who were met within the last year.
    asked : float
        Needs a year that an account names.
    wishes : dict
        Per product or feature, its weight among the needs.
    answered : float
        Share of the needs that are answered.
    """

    gains: Ratio = 1.5
    gain: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 60_000.0
    confirmed: Share = 0.35
    known: Share = 0.55
    met: Share = 0.6
    asked: Ratio = 0.4
    wishes: dict[str, Share] = field(
        default_factory=lambda: {
            "long wheelbase": 0.4,
            "diesel engine": 0.25,
            "fleet telematics": 0.2,
            "seven seats": 0.15,
        }
    )
    answered: Share = 0.3


@dataclass(frozen=True)
class Surveys:
    """What is true of the marks that accounts give in a world that asks for them.

    A mark is a step of a hidden opinion, normal with variance 1 + ``spread``²: what ``late``,
    ``open``, ``visit`` and ``delay`` add is in units of its own chance (a probit's). Over all
    accounts an effect shows divided by √(1 + ``spread``²).

    Parameters
    ----------
    yearly : float
        How often a year an account is asked of the relation (0 to 10).
    occasions : float
        Share of the visits and repairs after which it is asked (1 to 5).
    answered : float
        Share of the questions that are answered, whatever the opinion.
    late_days : int
        Days after which an answer to a complaint is late.
    late, open, visit, delay : float
        What each complaint of the year that waited longer than that adds, a complaint open on the
        day, each visit and each late delivery of the year.
    spread : float
        Standard deviation of the accounts' own opinion.
    """

    yearly: Ratio = 1.0
    occasions: Share = 0.25
    answered: Share = 0.6
    late_days: Annotated[int, Field(ge=0, le=365)] = 10
    late: Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)] = -0.5
    open: Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)] = -0.8
    visit: Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)] = 0.25
    delay: Annotated[float, Field(ge=-5, le=5, allow_inf_nan=False)] = -0.3
    spread: Annotated[float, Field(ge=0, le=3, allow_inf_nan=False)] = 0.4


@dataclass(frozen=True)
class Leaving:
    """What is true of the rivals for whom accounts leave in a world that names them.

    Parameters
    ----------
    rivals : dict
        Per rival, its weight among the losses that are not relocations.
    stated : float
        Share of these losses whose record names the rival; no relocation does.
    """

    rivals: dict[str, Share] = field(
        default_factory=lambda: {"Rival A": 0.5, "Rival B": 0.3, "Rival C": 0.2}
    )
    stated: Share = 0.6


@dataclass(frozen=True)
class Dealers:
    """What is true of the dealers in a world that names them.

    Parameters
    ----------
    per_region : int
        Dealers of a region, among whom its accounts of the channel dealer are dealt by lot.
    bad : int
        How many are bad: one in each of so many regions, the largest first; 0 for none.
    margin_gap : float
        What a bad dealer's orders cost more, as a share of their revenue.
    loss_ratio : float
        What a bad dealer multiplies the hazards of its accounts by, all but relocation's.
    slow_ratio : float
        What it multiplies the days by that a complaint takes.
    """

    per_region: Annotated[int, Field(ge=1, le=100)] = 2
    bad: Annotated[int, Field(ge=0, le=len(REGIONS))] = 1
    margin_gap: Share = 0.08
    loss_ratio: Ratio = 3.0
    slow_ratio: Ratio = 3.0


@dataclass(frozen=True)
class Plans:
    """What is true of the accounts' plans in a world that writes any.

    Parameters
    ----------
    planned : float
        Share of the accounts that have a plan.
    reviewed : float
        Share of the plans that were gone through within the last 180 days.
    done : float
        Share of the objectives due by the last day that are done; half of it of those due later.
    dropped : float
        Share of the others that were dropped.
    """

    planned: Share = 0.6
    reviewed: Share = 0.5
    done: Share = 0.55
    dropped: Share = 0.1


Above = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


@dataclass(frozen=True)
class Sizes:
    """What an account's size depends on, in a world where it depends on anything.

    It moves orders and what hangs on them. Who leaves, when and why is as without it, but for what
    the desk does that looks after an account of its size.

    Parameters
    ----------
    by_industry, by_region : dict
        What the median size is multiplied by, per trade and per region; 1 for those not named. The
        spread about the median stays.
    ceiling : dict
        Per trade, the cars a year that its accounts come near to and, but for the luck of single
        orders, do not pass in their busiest year; none for those not named.
    """

    by_industry: dict[str, Above] = field(default_factory=dict)
    by_region: dict[str, Above] = field(default_factory=dict)
    ceiling: dict[str, Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]] = field(
        default_factory=dict
    )


@dataclass(frozen=True)
class Model:
    """What is true of a model: of one of `MODELS`, or of one more.

    Parameters
    ----------
    since, until : date, optional
        First and last day on sale; it is ordered in the whole months between them. None: before
        the first, after the last. What would have been orders for it goes to the others.
    price : float, optional
        List price in the first month; None: as in `LIST_PRICES`.
    beside : str, optional
        For one more alone: the model that it stands beside.
    share : float
        Share of the orders for that one which go to it while it is on sale.
    """

    since: date | None = None
    until: date | None = None
    price: Annotated[float, Field(gt=0, le=1e8, allow_inf_nan=False)] | None = None
    beside: str | None = None
    share: Share = 0.0


@dataclass(frozen=True)
class Rule:
    """A rule that binds the accounts of one trade from a day on.

    Parameters
    ----------
    since : date
        First day; it works from the first month that begins then or later.
    industry : str
        The trade that it binds.
    orders : float
        What it multiplies the orders of that trade by.
    """

    since: date
    industry: str
    orders: Ratio


@dataclass(frozen=True)
class World:
    """What is true in the simulated world.

    Parameters
    ----------
    hazards : dict
        Yearly hazard of losing an average account, per cause.
    returns : dict
        Share of the accounts lost for a cause that come back, and the months (from, to) that it
        takes.
    programme_ratio : float
        What the programme multiplies the hazards of price, service and competitor by.
    complaint_effect : float
        What each complaint of the last three months adds to the multiplier of the service hazard.
    departure_ratio : float
        What a manager's departure multiplies the hazards of service and competitor by, for six
        months.
    contract_end_ratio : float
        What the months around a contract's end multiply the price hazard by.
    break_at, break_factor : float
        Share of the span after which monthly orders jump for good, and by what.
    slump_at, slump_factor : float
        Share of the span after which the whole market falls, and by what.
    size_spread : float
        Standard deviation of the logarithm of an account's size: 1.25 puts about 70 % of revenue on
        the top fifth.
    monthly_units : float
        Units a month of the median account.
    departments_most : int
        For how many accounts, at most, the departments' records are written.
    life : Life, optional
        Accounts that differ, show it and answer to contact; None, as in the built-in case: hazards
        that hardly differ, and orders that fade before each loss.
    deals : Deals, optional
        Deals with rivals and discounts; None: no such table.
    wallets : Wallets, optional
        What accounts buy of each brand; None: no such table.
    prices : Prices, optional
        List prices, discounts and bonuses of the orders, in a file of their own that the mapping
        joins; None: no such columns.
    serving : Serving, optional
        What was done for accounts, with its hours; None: no such table.
    customers : Customers, optional
        What accounts gain, whom we know there, what they ask for; None: no such tables.
    surveys : Surveys, optional
        Marks that accounts give; None: no such table.
    leaving : Leaving, optional
        For which rival accounts left, in a file of its own that the mapping joins; None: no such
        column.
    dealers : Dealers, optional
        Dealers, and which delivers each order; None: no such table and no such column.
    plans : Plans, optional
        Plans of the accounts; None: no such table.
    actions : Actions, optional
        What was proposed, decided and done; None: no such table.
    sizes : Sizes, optional
        Sizes by trade and region, and ceilings; None: size depends on neither.
    models : dict, optional
        Per model, its years; None: `MODELS` are on sale in all months.
    rules : dict, optional
        Per rule, whom it binds from when on; None: no rule.
    """

    hazards: dict[str, Ratio] = field(
        default_factory=lambda: {
            "price": 0.068,
            "product": 0.032,
            "service": 0.040,
            "competitor": 0.042,
            "relocation": 0.012,
        }
    )
    returns: dict[str, tuple[Share, Months, Months]] = field(
        default_factory=lambda: {
            "price": (0.50, 2, 12),
            "product": (0.02, 12, 24),
            "service": (0.25, 3, 15),
            "competitor": (0.15, 6, 20),
            "relocation": (0.01, 12, 24),
        }
    )
    programme_ratio: Ratio = 0.60
    complaint_effect: Ratio = 0.90
    departure_ratio: Ratio = 1.80
    contract_end_ratio: Ratio = 2.50
    break_at: Share = 0.534
    break_factor: Ratio = 1.40
    slump_at: Share = 0.90
    slump_factor: Ratio = 0.76
    size_spread: Annotated[float, Field(gt=0, le=3, allow_inf_nan=False)] = 1.25
    monthly_units: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 0.90
    departments_most: Annotated[int, Field(ge=0)] = 20_000
    life: Life | None = None
    deals: Deals | None = None
    wallets: Wallets | None = None
    prices: Prices | None = None
    serving: Serving | None = None
    customers: Customers | None = None
    surveys: Surveys | None = None
    leaving: Leaving | None = None
    dealers: Dealers | None = None
    plans: Plans | None = None
    actions: Actions | None = None
    sizes: Sizes | None = None
    models: dict[str, Model] | None = None
    rules: dict[str, Rule] | None = None


@dataclass(frozen=True)
class Calendar:
    """The months of a simulation, and how busy each is."""

    start: np.datetime64
    end: np.datetime64

    @classmethod
    def between(cls, start: str, end: str) -> "Calendar":
        """Calendar from the first day of start's month to the last day of end's month."""
        first, last = pd.Timestamp(start).to_period("M"), pd.Timestamp(end).to_period("M")
        return cls(np.datetime64(first.start_time, "D"), np.datetime64(last.end_time, "D"))

    @property
    def months(self) -> np.ndarray:
        """First day of each month."""
        first, last = self.start.astype("datetime64[M]"), self.end.astype("datetime64[M]")
        return np.arange(first, last + 1).astype("datetime64[D]")

    @property
    def lengths(self) -> np.ndarray:
        """Days in each month."""
        return np.diff(np.append(self.months, self.end + 1)).astype(int)

    def __len__(self) -> int:
        return len(self.months)

    def index_at(self, share: float) -> int:
        """Number of the month that a share of the span has passed before."""
        return min(int(share * len(self)), len(self) - 1)

    def day(self, month: np.ndarray, fraction: np.ndarray | float) -> np.ndarray:
        """The date that lies a fraction of the way through a month."""
        return self.months[month] + np.minimum(
            (fraction * self.lengths[month]).astype(int), self.lengths[month] - 1
        )

    def trend(self, world: World) -> np.ndarray:
        """Common factor of all accounts' orders: flat, growth, the planted break, growth, the
        slump.
        """
        place = (np.arange(len(self)) + 0.5) / len(self)
        growth = np.interp(place, [0, 0.2, 0.4, 0.54, 0.8, 1], [0, 0, 0.34, 0.34, 0.42, 0.42])
        level = np.exp(growth)
        level[self.index_at(world.break_at) :] *= world.break_factor
        level[self.index_at(world.slump_at) :] *= world.slump_factor
        return level

    def season(self) -> np.ndarray:
        """Two rows of monthly factors: trade's year, and the year of those who spend a budget."""
        month = self.months.astype("datetime64[M]").astype(int) % 12
        return np.array([SEASON, BUDGET_SEASON])[:, month]

    def programme_starts(self) -> np.ndarray:
        """Month in which the programme reaches each region; the last two are never reached."""
        order = np.array([3, 5, 0, 4, 6, 1, 2, 7])
        starts = np.full(len(REGIONS), len(self) + 1)
        starts[order[:6]] = [self.index_at(share) for share in (0.42, 0.49, 0.56, 0.63, 0.70, 0.77)]
        return starts
