"""How two values of a kind are compared: levels from equal to unlike, as Splink writes them."""

from kamresearch.data.linkage.kinds import Field
from kamresearch.data.linkage.likeness import LEVELS


def comparisons_of(fields: tuple[Field, ...], swaps: dict[int, int] | None = None) -> list[dict]:
    """One comparison per field; ``swaps`` names fields whose values people write into each
    other's place.
    """
    return [
        _comparison(place, field, (swaps or {}).get(place)) for place, field in enumerate(fields)
    ]


def _comparison(place: int, field: Field, partner: int | None) -> dict:
    name = f"f{place}"
    levels = [
        {
            "sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL",
            "label_for_charts": "missing",
            "is_null_level": True,
        }
    ]
    levels += [
        _level(condition, name if tf else None) for condition, tf in _conditions(name, field.kind)
    ]
    if partner is not None:
        other = f"f{partner}"
        swapped = f"{name}_l = {other}_r OR {name}_r = {other}_l"
        levels.insert(2, _level(swapped, None))
    levels.append({"sql_condition": "ELSE", "label_for_charts": "unlike"})
    return {"output_column_name": name, "comparison_levels": levels}


def _level(condition: str, tf: str | None) -> dict:
    level: dict[str, object] = {"sql_condition": condition, "label_for_charts": condition[:60]}
    if tf:
        level |= {"tf_adjustment_column": tf, "tf_adjustment_weight": 1.0}
    return level


def _conditions(name: str, kind: str) -> list[tuple[str, bool]]:
    """Conditions from equal downwards, each with whether the value's frequency weighs."""
    left, right = f"{name}_l", f"{name}_r"
    equal = (f"{left} = {right}", True)
    typo, two = (
        (
            f"(abs(length({left}) - length({right})) <= {most} AND damerau_levenshtein({left}, "
            f"{right}) <= {most})"
        )
        for most in (1, 2)
    )
    shared = f"len(list_intersect({name}_words_l, {name}_words_r))"
    least = f"least(len({name}_words_l), len({name}_words_r))"
    most = f"greatest(len({name}_words_l), len({name}_words_r))"

    def alike(least: float) -> str:
        return f"jaro_winkler_similarity({left}, {right}) >= {least}"

    if kind == "name":
        return [
            equal,
            (f"{typo} AND length({left}) > 3", False),
            (alike(0.9), False),
            (alike(0.8), False),
        ]
    if kind == "date":
        parts = [
            f"(substr({left}, {a}, {n}) = substr({right}, {a}, {n}))::INT"
            for a, n in ((1, 4), (5, 2), (7, 2))
        ]
        return [equal, (typo, False), (f"{' + '.join(parts)} >= 2", False), (two, False)]
    if kind == "code":
        return [equal, (typo, False), (two, False)]
    if kind == "phone":
        return [equal, (f"substr({left}, -7) = substr({right}, -7)", False), (typo, False)]
    if kind == "number":
        return [equal, (f"{typo} AND length({left}) > 1", False)]
    if kind == "email":
        users = f"split_part({left}, '@', 1), split_part({right}, '@', 1)"
        return [
            equal,
            (f"split_part({left}, '@', 1) = split_part({right}, '@', 1)", False),
            (f"jaro_winkler_similarity({users}) >= 0.9", False),
        ]
    if kind == "company":  # compared in `likeness`: as many levels, told by equality alone here
        return [equal, *(("FALSE", False),) * len(LEVELS)]
    if kind == "category":
        return [equal]
    return [
        equal,
        (f"{shared} = {most} OR ({typo} AND length({left}) > 3)", False),
        (f"{shared} >= 0.75 * {most} OR {alike(0.93)}", False),
        (f"{shared} >= 0.5 * {most} OR ({shared} >= 2 AND {shared} = {least})", False),
        (f"{shared} >= 0.3 * {most} OR {alike(0.8)}", False),
    ]
