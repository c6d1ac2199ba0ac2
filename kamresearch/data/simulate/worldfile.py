"""Worlds written down: a YAML file with fields of `World`, for ``kam simulate --world``."""

from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from kamresearch.data.simulate.settings import (
    CAUSES,
    INDUSTRIES,
    MODELS,
    REGIONS,
    SEGMENTS,
    Actions,
    Customers,
    Dealers,
    Deals,
    Leaving,
    Life,
    Model,
    Plans,
    Prices,
    Rule,
    Serving,
    Sizes,
    Surveys,
    Wallets,
    World,
)
from kamresearch.errors import ParameterError, near_matches
from kamresearch.yamlfile import read_keys

_NAMED = {"models": Model, "rules": Rule}
"""Fields whose parts bear names of the writer's own, and what each part is."""


def read_world(path: str | Path) -> World:
    r"""Which truths shall hold? A YAML file with fields of `World` → that world.

    A field left out keeps its usual value; so does a cause left out of ``hazards`` or ``returns``.

    Raises
    ------
    ParameterError
        No such file, no plain YAML, a field twice, an unknown field or cause (the nearest is
        named), or a value out of its range.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "calm.yml"
    >>> _ = path.write_text("hazards: {price: 0.01}\nprogramme_ratio: 1\n")
    >>> world = read_world(path)
    >>> world.hazards["price"], world.hazards["service"], world.programme_ratio
    (0.01, 0.04, 1.0)
    """
    path = Path(path)
    content = read_keys(path, "write `field: value`", ParameterError)
    usual = asdict(
        World(
            life=Life(),
            deals=Deals(),
            wallets=Wallets(),
            prices=Prices(),
            serving=Serving(),
            customers=Customers(),
            surveys=Surveys(),
            leaving=Leaving(),
            dealers=Dealers(),
            plans=Plans(),
            actions=Actions(),
            sizes=Sizes(),
        )
    )
    _refuse_unknown(content, usual, f"{path}")
    for name, value in content.items():
        if isinstance(usual[name], dict) and isinstance(value, dict):
            _refuse_unknown(value, usual[name], f"{path}, {name}")
            content[name] = usual[name] | value
        elif name in _NAMED and isinstance(value, dict):
            known = {one.name: None for one in fields(_NAMED[name])}
            for part, inside in value.items():
                if isinstance(inside, dict):
                    _refuse_unknown(inside, known, f"{path}, {name}.{part}")
    return check_world(content, str(path))


def _refuse_unknown(content: dict, known: dict, where: str) -> None:
    for name in content:
        if name not in known:
            raise ParameterError(
                f"{where}, {name}",
                "a field of the world" if "hazards" in known else "one of its names",
                "an unknown name",
                near_matches(str(name), known),
            )


def check_world(values: World | dict, where: str = "world") -> World:
    """A world whose every value lies in its range, or a refusal that names the first which
    does not.
    """
    values = (
        {one.name: getattr(values, one.name) for one in fields(World)}
        if isinstance(values, World)
        else values
    )
    try:
        world = _adapter().validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ParameterError(
            f"{where}, {place}",
            first["msg"].removeprefix("Input should be ").removeprefix("Value error, "),
            repr(first["input"])[:80],
            "see the fields of kamresearch.simulate.World",
        ) from None
    for cause in CAUSES:
        for name in ("hazards", "returns"):
            if cause not in getattr(world, name):
                raise ParameterError(
                    f"{where}, {name}", f"a value for {cause}", "none", f"add {cause}"
                )
        _share, soonest, latest = world.returns[cause]
        if soonest > latest:
            raise ParameterError(
                f"{where}, returns.{cause}",
                "months from, to with the earlier first",
                f"{soonest:g}, {latest:g}",
                "swap them",
            )
    _check_tables(world, where)
    _check_names(world, where)
    _check_models(world.models or {}, where)
    missing = [name for name in SEGMENTS if world.life and name not in world.life.responses]
    if missing:
        raise ParameterError(
            f"{where}, life.responses",
            "a value for each segment",
            f"none for {missing[0]}",
            f"add {missing[0]}",
        )
    return world


def _check_tables(world: World, where: str) -> None:
    missing = [
        one for one in ("won", "lost", "withdrawn") if world.deals and one not in world.deals.days
    ]
    if missing or (world.deals and not sum(one[0] for one in world.deals.rivals.values()) > 0):
        raise ParameterError(
            f"{where}, deals",
            "days for won, lost and withdrawn, and rivals with shares above nought",
            f"no days for {missing[0]}" if missing else "no rival with a share",
            "add them",
        )
    stay, pull = (world.wallets.stay, world.wallets.pull) if world.wallets else ({}, {})
    if world.wallets and (len(stay) < 2 or set(stay) != set(pull)):
        raise ParameterError(
            f"{where}, wallets",
            "two brands or more, the same in stay and in pull",
            ", ".join(stay) or "none",
            "name each brand in both",
        )
    if world.leaving and not sum(world.leaving.rivals.values()) > 0:
        raise ParameterError(
            f"{where}, leaving", "rivals with weights above nought", "none", "add one"
        )


def _check_names(world: World, where: str) -> None:
    """Trades and regions that exist, in what is said by trade and by region."""
    sizes = world.sizes or Sizes()
    rules = world.rules or {}
    for place, names, known in (
        ("sizes.by_industry", sizes.by_industry, INDUSTRIES),
        ("sizes.by_region", sizes.by_region, REGIONS),
        ("sizes.ceiling", sizes.ceiling, INDUSTRIES),
        *((f"rules.{name}", [rule.industry], INDUSTRIES) for name, rule in rules.items()),
    ):
        for name in names:
            if name not in known:
                raise ParameterError(
                    f"{where}, {place}",
                    "regions that exist" if known is REGIONS else "trades that exist",
                    repr(name),
                    near_matches(name, known),
                )


def _check_models(models: dict[str, Model], where: str) -> None:
    """A model of its own has a price and stands beside one of always; dates are in order."""
    for name, model in models.items():
        if name in MODELS and (model.beside or model.share):
            wanted, found = "neither beside nor share: it is one of always", "one of them"
        elif name not in MODELS and (model.price is None or model.beside not in MODELS):
            wanted = f"one of {', '.join(MODELS)}, or a price and, in beside, which it stands by"
            found = repr(model.beside) if model.price else "no price"
        elif model.since and model.until and model.since > model.until:
            wanted, found = "since before until", f"{model.since} after {model.until}"
        else:
            continue
        unknown = model.beside if model.price and model.beside else name
        raise ParameterError(
            f"{where}, models.{name}",
            wanted,
            found,
            near_matches(unknown, MODELS) if name not in MODELS else "mend it",
        )


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter:
    return TypeAdapter(World)
