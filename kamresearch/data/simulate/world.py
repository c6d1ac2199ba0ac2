"""Putting the world together, chunk by chunk, so that a million accounts fit into little memory."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from kamresearch.data.simulate import settings as s
from kamresearch.data.simulate import tables as t
from kamresearch.data.simulate.actions import make_actions
from kamresearch.data.simulate.customers import make_customers
from kamresearch.data.simulate.dealers import (
    deal_out,
    dealer_ids,
    make_dealers,
    slow_down,
    take_margin,
)
from kamresearch.data.simulate.deals import make_deals, sitting_managers
from kamresearch.data.simulate.departments import make_records
from kamresearch.data.simulate.dirt import spoil_accounts, spoil_orders
from kamresearch.data.simulate.lives import Lives, live
from kamresearch.data.simulate.offering import list_prices, model_names, on_sale
from kamresearch.data.simulate.ordering import make_orders, yearly_figures
from kamresearch.data.simulate.plans import make_plans
from kamresearch.data.simulate.profiles import make_profiles
from kamresearch.data.simulate.serving import make_activities, make_prices
from kamresearch.data.simulate.staff import Staff, make_assignments, make_staff
from kamresearch.data.simulate.surveys import make_surveys, make_takers
from kamresearch.data.simulate.wallets import make_wallets
from kamresearch.data.simulate.worldfile import check_world
from kamresearch.data.simulate.writing import Writer
from kamresearch.errors import ParameterError

CHUNK = 20_000
_TITLES = {
    "accounts": "Key accounts (simulated)",
    "orders": "Orders of key accounts (simulated)",
    "contracts": "Frame contracts (simulated)",
    "service_events": "Complaints, repairs, visits, calls (simulated)",
    "churn_events": "Losses and returns of accounts (simulated)",
    "opportunities": "Deals with rivals and discounts (simulated)",
    "wallet": "What accounts buy of each brand (simulated)",
    "order_prices": "List prices, discounts and bonuses of the orders (simulated)",
    "activities": "Work for accounts, with its hours (simulated)",
    "value_delivered": "What accounts gained from us (simulated)",
    "contacts": "Whom we know at the accounts, by role (simulated)",
    "needs": "What accounts asked for (simulated)",
    "surveys": "Marks that accounts gave (simulated)",
    "churn_rivals": "For which rival accounts left, where it is told (simulated)",
    "dealers": "Dealers (simulated)",
    "plans": "Plans of the accounts (simulated)",
    "actions": "What was proposed, decided and done (simulated)",
    "managers": "Key account managers (simulated)",
    "assignments": "Who looked after whom, and when (simulated)",
    "coverage": "Team roles filled per account (simulated)",
    "departments": "Accounts as three departments record them (simulated)",
    "programme": "When the key account programme reached each account (simulated)",
    "overrides": "Tiers set by hand (simulated)",
}


def simulate(
    folder: str | Path,
    accounts: int = 400,
    random_state: int = 2012,
    start: str = "2008-01-01",
    end: str = "2012-12-31",
    *,
    messy: bool = True,
    world: s.World | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Which company would give the studies something true to find? This one, written to a folder.

    Parameters
    ----------
    folder : path
        Where the tables go: an empty folder, or one that holds nothing but an earlier simulation,
        which is replaced once all tables are whole.
    accounts : int
        How many accounts, 20 to 1,000,000. Memory stays that of 20,000 accounts.
    random_state : int
        Same seed and parameters, same bytes.
    start, end : str
        First and last day; whole months are simulated, at least 12.
    messy : bool
        With typos, gaps, duplicates, misrecorded causes and a handful of rows for the quarantine;
        False leaves them out.
    world : World, optional
        Other truths than the usual ones.
    progress : callable, optional
        Called with (accounts done, accounts in all).

    Returns
    -------
    Path
        The folder: a file per table, each with a sidecar that says it is simulated, and ``truth/``.

    Examples
    --------
    >>> import tempfile
    >>> folder = simulate(tempfile.mkdtemp(), accounts=20, random_state=1)
    >>> sorted(path.name for path in folder.glob("o*.*"))
    ['orders.parquet', 'orders.yml', 'overrides.csv', 'overrides.yml']
    """
    world = check_world(world or s.World())
    calendar = s.Calendar.between(start, end)
    _check_request(accounts, random_state, calendar, world)
    staff = make_staff(accounts, calendar, np.random.default_rng([random_state, 0]))
    with Writer(Path(folder)) as writer:
        writer.write_csv("managers", staff.table)
        dealers = make_dealers(world.dealers, calendar, random_state) if world.dealers else None
        if dealers is not None:
            writer.write_csv("dealers", dealers.drop(columns="bad"))
            writer.write_csv("truth/dealers", dealers[["dealer_id", "bad"]])
        # Many companies keep price conditions apart from the orders; so does this one.
        joined = {}
        if world.prices:
            joined["orders"] = {"join": {"with": "order_prices", "on": "order_id"}}
        if world.leaving:
            keys = {name: name for name in ("account_id", "churn_date")}
            joined["churn_events"] = {"join": {"with": "churn_rivals", "on": keys}}
        writer.write_yaml("mapping", {"currency": "CNY", "tables": joined})
        first_order = first_event = 0
        for number, first in enumerate(range(0, accounts, CHUNK)):
            size = min(CHUNK, accounts - first)
            rng = np.random.default_rng([random_state, 1 + number])
            first_order, first_event = _write_chunk(
                writer,
                _Chunk(first, size, random_state, messy, dealers),
                staff,
                calendar,
                world,
                rng,
                first_order,
                first_event,
            )
            if progress:
                progress(first + size, accounts)
        _write_world(
            writer,
            staff,
            calendar,
            world,
            {
                "accounts": accounts,
                "seed": random_state,
                "start": start,
                "end": end,
                "messy": messy,
            },
        )
        writer.finish(
            _TITLES,
            str(calendar.end),
            f"simulate(accounts={accounts}, seed={random_state}, start={start!r}, end={end!r}, "
            f"messy={messy}{_beyond(world)}); invented companies, any likeness is chance",
        )
    return Path(folder)


def _beyond(world: s.World) -> str:
    """What this world has beyond the usual one, as the sidecars name it."""
    beyond = [
        name
        for name in (
            *("life", "deals", "wallets", "prices", "serving", "customers"),
            *("surveys", "leaving", "dealers", "plans", "actions"),
            *("sizes", "models", "rules"),
        )
        if getattr(world, name) is not None
    ]
    return f", world with {', '.join(beyond)}" if beyond else ""


def _check_request(accounts: int, seed: int, calendar: s.Calendar, world: s.World) -> None:
    if not 20 <= accounts <= 1_000_000:
        raise ParameterError(
            "accounts", "20 to 1,000,000", f"{accounts:,}", "choose a number in that range"
        )
    if seed < 0:
        raise ParameterError("seed", "a whole number from 0 up", str(seed), "choose another seed")
    if len(calendar) < 12:
        raise ParameterError(
            "start and end",
            "at least 12 months",
            f"{len(calendar)} from {calendar.start} to {calendar.end}",
            "choose a longer span",
        )
    bare = calendar.months[~on_sale(world, calendar).any(axis=1)]
    if len(bare):
        raise ParameterError(
            "world, models", "one on sale in every month", f"none in {bare[0]:.7}", "move a date"
        )


class _Chunk:
    def __init__(
        self, first: int, size: int, seed: int, messy: bool, dealers: pd.DataFrame | None
    ) -> None:
        self.first, self.size, self.seed, self.messy = first, size, seed, messy
        self.dealers = dealers


def _write_chunk(
    writer: Writer,
    chunk: _Chunk,
    staff: Staff,
    calendar: s.Calendar,
    world: s.World,
    rng: np.random.Generator,
    first_order: int,
    first_event: int,
) -> tuple[int, int]:
    profile = make_profiles(chunk.first, chunk.size, chunk.seed, calendar, world, rng)
    if world.dealers and chunk.dealers is not None:
        deal_out(profile, world.dealers, chunk.dealers, chunk.seed)
    lives = live(profile, staff, calendar, world, rng)
    orders = make_orders(profile, lives, calendar, world, chunk.seed, rng)
    if world.dealers:
        take_margin(orders, profile, world.dealers)
    figures = yearly_figures(orders, chunk.size, calendar)
    onboard = _onboard_dates(profile, calendar)
    typical = profile["size"] * 12 * 340_000 * (1 - profile["discount"])
    bought = np.maximum(0.5 * typical, 0.9 * figures["net"].max(axis=1))
    potential = bought / profile["share_of_wallet"] * np.exp(rng.normal(0, 0.12, chunk.size))
    accounts = t.accounts_table(profile, calendar, onboard, potential, chunk.messy, rng)
    of_dealers = None if chunk.dealers is None else dealer_ids(orders, profile, chunk.dealers)
    order_table = t.orders_table(orders, profile, model_names(world), first_order, of_dealers)
    if chunk.messy and chunk.first == 0:
        accounts, order_table = spoil_accounts(accounts), spoil_orders(order_table, calendar)
    churn = t.churn_table(lives, profile, calendar, chunk.messy, rng)
    service = t.service_table(lives, profile, calendar, first_event, rng)
    if world.dealers:
        service = slow_down(service, profile, world.dealers)
    _append(writer, "accounts", accounts)
    writer.append("orders", order_table)
    _append(writer, "contracts", t.contracts_table(lives, profile, calendar, typical))
    _append(writer, "service_events", service)
    _append(writer, "churn_events", churn.drop(columns=["true_cause", "in_programme"]))
    _append(
        writer, "assignments", _assignments(profile, staff, onboard, churn, accounts["account_id"])
    )
    _append(writer, "coverage", t.coverage_table(profile, rng))
    _append(
        writer, "programme", _programme(profile, calendar, onboard, churn, accounts["account_id"])
    )
    if world.deals:
        deals = make_deals(
            profile, lives, staff, calendar, world, accounts["account_id"], chunk.seed
        )
        true = [name for name in deals if name.startswith("true_")]
        _append(writer, "opportunities", deals.drop(columns=true))
        _append(writer, "truth/opportunities", deals[["opportunity_id", *true]])
    if world.wallets:
        wallet = make_wallets(profile, calendar, world.wallets, accounts["account_id"], chunk.seed)
        _append(writer, "wallet", wallet)
    if world.prices:
        at_first = list_prices(world)
        prices = make_prices(orders, profile, world.prices, at_first, first_order)
        _append(writer, "order_prices", prices)
    if world.serving:
        activities, truth = make_activities(
            profile, lives, staff, calendar, world.serving, accounts["account_id"], chunk.seed
        )
        _append(writer, "activities", activities)
        _append(writer, "truth/serving", truth)
    if world.customers:
        made = make_customers(
            profile, lives, calendar, world.customers, accounts["account_id"], chunk.seed
        )
        for name, table in made.items():
            _append(writer, name, table)
    ids = accounts["account_id"]
    _write_told(writer, profile, lives, churn, service, staff, calendar, world, chunk.seed, ids)
    _write_actions(writer, profile, churn, onboard, staff, calendar, world, chunk.seed, accounts)
    if chunk.first < world.departments_most:
        records = make_records(profile, figures, calendar, chunk.messy, rng)
        _append(writer, "departments", records.drop(columns=["true_account_id", "true_kind"]))
        _append(
            writer,
            "truth/records",
            records[["department", "record_id", "true_account_id", "true_kind"]],
        )
    if chunk.first == 0:
        writer.write_csv("overrides", _overrides(profile, accounts["account_id"], calendar))
    _write_truth(writer, profile, lives, churn, accounts["account_id"], staff)
    return first_order + len(order_table), first_event + len(service)


def _write_told(
    writer: Writer,
    profile: dict,
    lives: Lives,
    churn: pd.DataFrame,
    service: pd.DataFrame,
    staff: Staff,
    calendar: s.Calendar,
    world: s.World,
    seed: int,
    ids: pd.Series,
) -> None:
    """What people tell: marks, for whom accounts left, plans."""
    if world.surveys:
        marks = make_surveys(profile, lives, calendar, world.surveys, service, ids, seed)
        true = [name for name in marks if name.startswith("true_")]
        _append(writer, "surveys", marks.drop(columns=true))
        _append(writer, "truth/surveys", marks[["account_id", "date", "kind", *true]])
    if world.leaving:
        _append(writer, "churn_rivals", make_takers(churn, world.leaving, seed, profile["first"]))
    if world.plans:
        desk = staff.desk_of(profile)
        owners = sitting_managers(staff, desk, np.full(len(desk), calendar.end)).to_numpy()
        plans = make_plans(profile, lives, calendar, world.plans, ids, owners, seed)
        _append(writer, "plans", plans)


def _write_actions(
    writer: Writer,
    profile: dict,
    churn: pd.DataFrame,
    onboard: np.ndarray,
    staff: Staff,
    calendar: s.Calendar,
    world: s.World,
    seed: int,
    accounts: pd.DataFrame,
) -> None:
    if world.actions is None:
        return
    ids = accounts["account_id"]
    listed = make_actions(profile, churn, onboard, staff, calendar, world.actions, ids, seed)
    _append(writer, "actions", listed.drop(columns="true_outcome"))
    named = ["account_id", "kind", "proposed_on", "true_outcome"]
    _append(writer, "truth/actions", listed[named])


def _append(writer: Writer, name: str, frame: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    fields = [pa.field(part.name, _plain_type(part.name, part.type)) for part in table.schema]
    writer.append(name, table.cast(pa.schema(fields)))


def _plain_type(name: str, kind: pa.DataType) -> pa.DataType:
    """Dates as days, text as plain strings, also where a column happens to be empty."""
    if (
        pa.types.is_timestamp(kind)
        or name in ("from", "to", "opened", "closed", "date", "last_met", "due", "last_review")
        or name.endswith("_date")
        or name == "updated"
    ):
        return pa.date32()
    if pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return pa.string()
    return kind


def _onboard_dates(profile: dict, calendar: s.Calendar) -> np.ndarray:
    month = calendar.start.astype("datetime64[M]") + profile["onboard"]
    first = month.astype("datetime64[D]")
    length = ((month + 1).astype("datetime64[D]") - first).astype(int)
    return first + np.minimum((profile["onboard_day"] * length).astype(int), length - 1)


def _assignments(
    profile: dict, staff: Staff, onboard: np.ndarray, churn: pd.DataFrame, ids: pd.Series
) -> pd.DataFrame:
    gone = (
        churn[churn["return_date"].isna()]
        .drop_duplicates("account_id", keep="last")
        .set_index("account_id")["churn_date"]
    )
    last = gone.reindex(ids).to_numpy().astype("datetime64[D]")
    spells = make_assignments(profile, staff, onboard, last)
    return pd.DataFrame(
        {
            "account_id": ids.to_numpy()[spells["account"]],
            "manager_id": staff.table["manager_id"].to_numpy()[spells["manager"] - 1],
            "from": spells["from"],
            "to": spells["to"],
        }
    )


def _programme(
    profile: dict, calendar: s.Calendar, onboard: np.ndarray, churn: pd.DataFrame, ids: pd.Series
) -> pd.DataFrame:
    """Accounts reached: those of a region once its turn has come, who are accounts by then or
    become one later.
    """
    month = calendar.programme_starts()[profile["region"]]
    reached = month < len(calendar)
    day = np.maximum(calendar.months[np.where(reached, month, 0)], onboard)
    gone = (
        churn[churn["return_date"].isna()]
        .drop_duplicates("account_id", keep="last")
        .set_index("account_id")["churn_date"]
    )
    reached &= ~(gone.reindex(ids).to_numpy().astype("datetime64[D]") < day)
    return pd.DataFrame({"account_id": ids.to_numpy()[reached], "start_date": day[reached]})


def _overrides(profile: dict, ids: pd.Series, calendar: s.Calendar) -> pd.DataFrame:
    """Six tiers set by hand: small accounts raised for their fit, large ones lowered, one that
    has run out.
    """
    fit = np.lexsort([profile["size"], -profile["strategic_fit"]])[:4]
    large = np.argsort(-profile["size"])[[5, 7]]
    rows = [
        (ids[i], "A", "director", "strategic reference", calendar.end - 400, calendar.end + 200)
        for i in fit[:3]
    ]
    rows += [
        (
            ids[fit[3]],
            "A",
            "executive_sponsor",
            "group relation",
            calendar.end - 900,
            calendar.end - 300,
        )
    ]
    rows += [
        (
            ids[i],
            "B",
            "policy_manager",
            "discount beyond policy",
            calendar.end - 200,
            calendar.end + 300,
        )
        for i in large
    ]
    return pd.DataFrame(rows, columns=["account_id", "tier", "who", "why", "date", "until"])


def _write_truth(
    writer: Writer, profile: dict, lives: Lives, churn: pd.DataFrame, ids: pd.Series, staff: Staff
) -> None:
    names = ["size", "rate", "regular", "discount", "serving_share", "frailty", "share_of_wallet"]
    truth = pd.DataFrame({name: profile[name] for name in names})
    truth.insert(0, "account_id", ids)
    truth.insert(1, "segment", np.array(s.SEGMENTS)[profile["segment"]])
    truth["favourite"] = np.array(s.MODELS)[profile["favourite"]]
    truth["desk"] = staff.desk_of(profile)
    truth["hazard_last_month"] = lives.hazard[:, -1].astype(float)
    present = lives.high > lives.low
    truth["hazard_yearly_mean"] = (
        12 * lives.hazard.sum(axis=1, dtype=float) / np.maximum(present.sum(axis=1), 1)
    )
    truth["months_present"] = present.sum(axis=1)
    truth["present_at_end"] = (lives.high[:, -1] == 1) & present[:, -1]
    _append(writer, "truth/accounts", truth)
    if lives.by_cause is not None:
        _append(writer, "truth/outcomes", _outcomes(profile, lives.by_cause, ids))
    _append(
        writer,
        "truth/churn",
        churn[["account_id", "churn_date", "true_cause", "return_date", "in_programme"]],
    )


def _outcomes(profile: dict, by_cause: np.ndarray, ids: pd.Series) -> pd.DataFrame:
    """Per account and month: how it answers to contact, and its hazards by cause when nobody
    does anything; 0 while it is no account.
    """
    n, months, causes = by_cause.shape
    frame = pd.DataFrame(by_cause.reshape(-1, causes).astype(float), columns=s.CAUSES)
    frame.insert(0, "account_id", np.repeat(ids.to_numpy(), months))
    frame.insert(1, "month", np.tile(np.arange(months), n))
    frame.insert(2, "response", np.array(s.RESPONSES)[np.repeat(profile["response"], months)])
    return frame


def _write_world(
    writer: Writer, staff: Staff, calendar: s.Calendar, world: s.World, request: dict
) -> None:
    starts = calendar.programme_starts()
    writer.write_csv("truth/departures", staff.departures)
    writer.write_yaml(
        "truth/world",
        {
            "request": request,
            "world": {
                name: _plain(value) for name, value in asdict(world).items() if value is not None
            },
            "break_month": str(calendar.months[calendar.index_at(world.break_at)]),
            "slump_month": str(calendar.months[calendar.index_at(world.slump_at)]),
            "programme_month": {
                region: str(calendar.months[month]) if month < len(calendar) else None
                for region, month in zip(s.REGIONS, starts)
            },
            "trend": {
                str(month)[:7]: round(float(level), 4)
                for month, level in zip(calendar.months, calendar.trend(world))
            },
            "rows": dict(sorted(writer.rows.items())),
        },
    )


def _plain(value: object) -> object:
    return (
        {
            name: list(part) if isinstance(part, tuple) else _plain(part)
            for name, part in value.items()
        }
        if isinstance(value, dict)
        else value
    )
