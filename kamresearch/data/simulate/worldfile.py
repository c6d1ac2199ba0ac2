"""Worlds written down: a YAML file with fields of `World`, for ``kam simulate --world``."""

from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from kamresearch.data.simulate.settings import (
    CAUSES,
    SEGMENTS,
    Actions,
    Customers,
    Dealers,
    Deals,
    Leaving,
    Life,
    Plans,
    Prices,
    Serving,
    Surveys,
    Wallets,
    World,
)
from kamresearch.errors import ParameterError, near_matches
from kamresearch.yamlfile import read_keys


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
        )
    )
    _refuse_unknown(content, usual, f"{path}")
    for name, value in content.items():
        if isinstance(usual[name], dict) and isinstance(value, dict):
            _refuse_unknown(value, usual[name], f"{path}, {name}")
            content[name] = usual[name] | value
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
    brands = world.wallets and [*world.wallets.stay]
    if brands is not None and (len(brands) < 2 or set(brands) != set(world.wallets.pull)):
        raise ParameterError(
            f"{where}, wallets",
            "two brands or more, the same in stay and in pull",
            ", ".join(brands) or "none",
            "name each brand in both",
        )
    if world.leaving and not sum(world.leaving.rivals.values()) > 0:
        raise ParameterError(
            f"{where}, leaving", "rivals with weights above nought", "none", "add one"
        )
    missing = [name for name in SEGMENTS if world.life and name not in world.life.responses]
    if missing:
        raise ParameterError(
            f"{where}, life.responses",
            "a value for each segment",
            f"none for {missing[0]}",
            f"add {missing[0]}",
        )
    return world


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter:
    return TypeAdapter(World)
