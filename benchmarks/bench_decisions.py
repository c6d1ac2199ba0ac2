"""Does following the list pay? (``python -m benchmarks.bench_decisions``).

Companies of drawn worlds, the same capacity for every policy; profit against doing nothing as a
share of what who knows every account's answer could have had. Runs go on where they stopped; each
company's file says by kind and hidden answer what every policy did and brought. Several may run at
once with ``--first`` and ``--companies`` of their own; one more over all of them writes the page.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import pandas as pd
from scipy.stats import t

from benchmarks.common import ROOT, describe_machine, describe_versions, write_result

if TYPE_CHECKING:
    from kamresearch.analysis.decisions.records import Records
    from kamresearch.data.simulate import World
    from kamresearch.data.tables import Tables

Made = TypeVar("Made")

EVERY = 6
MONTHS = 12
FIRST = 201
"""Worlds from here on were not looked at while the list was made; 100 to 108 were."""


def draw_world(number: int) -> "World":
    """World number ``number``: hazards, strain, what shows of it, and answers drawn wide."""
    from kamresearch.data.simulate import Life, World

    rng, usual = np.random.default_rng([number, 27]), World()
    answers = {
        segment: cast(Any, tuple(float(part) for part in rng.dirichlet(8 * np.array(shares))))
        for segment, shares in Life().responses.items()
    }
    life = Life(
        strain=float(rng.uniform(0.3, 1.5)),
        strain_memory=float(rng.uniform(0.85, 0.98)),
        strain_shows=float(rng.uniform(0.2, 1.2)),
        delay_effect=float(rng.uniform(0, 1)),
        responses=answers,
        disturbed_ratio=float(rng.uniform(1, 1.8)),
        return_ratio=float(rng.uniform(1.1, 2)),
        growth_won=float(rng.uniform(0, 0.05)),
        loss_ended=float(rng.uniform(0, 0.3)),
    )
    hazards = {cause: value * rng.lognormal(0, 0.35) for cause, value in usual.hazards.items()}
    return World(
        hazards=hazards,
        size_spread=float(rng.uniform(0.8, 1.5)),
        contract_end_ratio=float(rng.uniform(1.5, 4)),
        departure_ratio=float(rng.uniform(1, 3)),
        life=life,
    )


_SEEN: dict[tuple, Any] = {}
"""What was worked out of the company at hand: policies that look at the same thing share it."""


def _once(make: Callable[["Tables", str], Made], tables: "Tables", as_of: str) -> Made:
    key = make, str(tables.source), as_of
    if key not in _SEEN:
        _SEEN[key] = make(tables, as_of)
    return _SEEN[key]


def _gather(tables: "Tables", as_of: str) -> "Records":
    from kamresearch.analysis import decisions

    return decisions.gather_records(tables, as_of, decisions.Assumptions())


def product(tables: "Tables", as_of: str) -> pd.DataFrame:
    """The list of `kam.decisions.decide`, told how many instructions can be carried out."""
    from kamresearch.analysis import decisions

    records = _once(_gather, tables, as_of)
    return decisions.decide(records, most=count_places(len(tables.frame("accounts")))).frame


def product_by_hour(tables: "Tables", as_of: str) -> pd.DataFrame:
    """The same list not told so: it fills the managers' hours, best gain an hour first."""
    from kamresearch.analysis import decisions

    return decisions.decide(_once(_gather, tables, as_of)).frame


def count_places(n_accounts: int) -> int:
    """Instructions each time, for every policy."""
    return max(1, n_accounts // 50)


def _snapshot(tables: "Tables", as_of: str) -> pd.DataFrame:
    from kamresearch.features.population import keep_present

    return keep_present(_once(_gather, tables, as_of).frame)


def _saves(frame: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Everybody, highest first, with the one instruction that a simple rule has."""
    order = by.fillna(-np.inf).sort_values(ascending=False, kind="stable").index
    return frame.loc[order, ["account_id"]].assign(kind="save")


def largest(tables: "Tables", as_of: str) -> pd.DataFrame:
    """Largest revenue of twelve months first."""
    frame = _snapshot(tables, as_of)
    return _saves(frame, frame["revenue_12m"])


def silence(tables: "Tables", as_of: str) -> pd.DataFrame:
    """Longest without an order first."""
    frame = _snapshot(tables, as_of)
    return _saves(frame, frame["days_since_last_order"])


def fall(tables: "Tables", as_of: str) -> pd.DataFrame:
    """Steepest fall of revenue, in money, against the twelve months before first."""
    frame = _snapshot(tables, as_of)
    return _saves(frame, frame["revenue_prior_12m"] - frame["revenue_12m"])


def lot(tables: "Tables", as_of: str) -> pd.DataFrame:
    """By lot."""
    frame = _snapshot(tables, as_of)
    rng = np.random.default_rng(int(as_of.replace("-", "")))
    return _saves(frame, pd.Series(rng.random(len(frame)), index=frame.index))


def _model(tables: "Tables", as_of: str) -> tuple:
    return _once(_model_of, tables, as_of)


def _model_of(tables: "Tables", as_of: str) -> tuple:
    """The churn study's logistic regression; that it be the best of the study's models is tried
    there (forty fits for a day), not here.
    """
    import kamresearch as kam
    from kamresearch.analysis.churn.panel import choose_cutoffs, draw_accounts
    from kamresearch.analysis.churn.risk import assess_risk
    from kamresearch.analysis.churn.validation import Judgement, refuse_few_losses

    case = kam.churn.open_case(tables, as_of)
    if not choose_cutoffs(case.as_of, case.observed_from, 365, 0):
        return case, assess_risk(case, None, None)
    panel = draw_accounts(case.panel(365, 0))
    n_lost = int(panel.y.sum())
    chosen = Judgement(pd.DataFrame(), pd.DataFrame(), "logistic", len(panel.frame), n_lost)
    return case, assess_risk(case, panel, refuse_few_losses(panel) or chosen)


def model(tables: "Tables", as_of: str) -> pd.DataFrame:
    """The churn study's probability × value, whoever can be persuaded."""
    frame = _model(tables, as_of)[1].frame.reset_index(drop=True).rename_axis(None)
    return _saves(frame, frame["rate"] * frame["value"])


def alerts(tables: "Tables", as_of: str) -> pd.DataFrame:
    """The accounts with an alert alone."""
    import kamresearch as kam

    case, risk = _model(tables, as_of)
    raised = kam.warning.raise_alerts(case.months, case.losses, risk.frame, as_of, random_state=0)
    return raised.frame.reset_index(drop=True)[["account_id"]].assign(kind="save")


POLICIES: dict[str, Callable[..., pd.DataFrame]] = {
    "product's list": product,
    "product's list, by the hour": product_by_hour,
    "largest first": largest,
    "longest silence": silence,
    "steepest fall": fall,
    "model risk x value": model,
    "alerts alone": alerts,
    "lot": lot,
}


def company(kept: Path, number: int, accounts: int, names: list[str]) -> dict:
    """What each policy brought in company ``number``; from the folder, or played now."""
    path = kept / f"{accounts}-{number:03d}.json"
    done = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if set(names) - set(done):
        from kamresearch.data.simulate import make_company, play_on

        with tempfile.TemporaryDirectory() as folder:
            one = make_company(
                Path(folder) / "company", draw_world(number), MONTHS, accounts, random_state=number
            )
            for name in names:
                if name not in done:
                    played = play_on(one, POLICIES[name], every=EVERY)
                    done[name] = {
                        "profit": played.profit,
                        "possible": played.possible,
                        "auc": played.auc,
                        "actions": len(played.actions),
                        "by": _by_kind(played.actions),
                        "gains": [float(one) for one in played.actions["gain"]],
                    }
        _SEEN.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(done), encoding="utf-8")
    return {name: done[name] for name in names}


def _by_kind(actions: pd.DataFrame) -> dict[str, list[float]]:
    """Number and profit of instructions by kind and hidden answer: why a policy did as it did."""
    kinds = actions["kind"] + " " + actions["response"]
    sums = actions["gain"].groupby(kinds).agg(["size", "sum"])
    return {name: [float(n), float(gain)] for name, n, gain in sums.itertuples()}


def summarise(companies: list[dict]) -> pd.DataFrame:
    """Share of the possible per policy, and the product's lead over it, paired by company."""
    shares = pd.DataFrame(
        [{name: one["profit"] / one["possible"] for name, one in c.items()} for c in companies]
    )
    rows = []
    for name in shares:
        lead = (shares["product's list"] - shares[name]).to_numpy()
        # few companies, each a draw of its own: Student's t, since a bootstrap of few is too narrow
        half = t.ppf(0.975, len(lead) - 1) * lead.std(ddof=1) / np.sqrt(len(lead))
        low, high = lead.mean() - half, lead.mean() + half
        rows.append(
            {
                "policy": name,
                "profit_a_year_millions": np.mean([c[name]["profit"] for c in companies]) / 1e6,
                "share_of_possible": shares[name].mean(),
                "least": shares[name].min(),
                "most": shares[name].max(),
                "lead_of_the_list": lead.mean(),
                "lead_low": low,
                "lead_high": high,
                "actions": np.mean([c[name]["actions"] for c in companies]),
            }
        )
    return pd.DataFrame(rows).sort_values("share_of_possible", ascending=False, ignore_index=True)


def main() -> None:
    """Play, and write results/decisions.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=50)
    parser.add_argument("--first", type=int, default=FIRST, help="number of the first world")
    parser.add_argument("--accounts", type=int, default=600)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no company after these")
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "decisions")
    parser.add_argument("--policies", nargs="*", default=list(POLICIES), choices=list(POLICIES))
    asked = parser.parse_args()
    names = list(dict.fromkeys(["product's list", *asked.policies]))
    began, done = time.monotonic(), []
    for number in range(asked.first, asked.first + asked.companies):
        if time.monotonic() - began > 60 * asked.minutes and done:
            break
        done.append(company(asked.kept, number, asked.accounts, names))
        print(f"company {number}: {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    write(done, asked)


def tell_worlds(done: list[dict]) -> tuple[int, int]:
    """Worlds in which the best of the simple rules, chosen afterwards, brought more than the list;
    and by more than the interval of the difference.

    The interval within a world is over whom the two happened to name: the gains of a rule's
    instructions are a sample of as many, so the variance of their sum is n times theirs.
    """
    behind = clearly = 0
    for one in done:
        ours = one["product's list"]
        rivals = [played for name, played in one.items() if not name.startswith("product")]
        best = max(rivals, key=lambda played: played["profit"])
        gap = ours["profit"] - best["profit"]
        sums = [len(played["gains"]) * np.var(played["gains"]) for played in (ours, best)]
        behind += gap < 0
        clearly += gap < -1.96 * np.sqrt(sum(sums) / (MONTHS / 12) ** 2)
    return behind, int(clearly)


def tell_kinds(done: list[dict]) -> str:
    """What each kind of instruction brought of the list's profit, largest first."""
    sums: dict[str, list[float]] = {}
    for one in done:
        for name, (n, gain) in one["product's list"]["by"].items():
            kind = sums.setdefault(name.split()[0], [0.0, 0.0])
            kind[0] += n
            kind[1] += gain
    whole = sum(gain for _n, gain in sums.values())
    ranked = sorted(sums.items(), key=lambda item: -item[1][1])
    return ", ".join(
        f"{kind} {round(100 * gain / whole)} % ({n:.0f} instructions)" for kind, (n, gain) in ranked
    )


def write(done: list[dict], asked: argparse.Namespace) -> None:
    """The result's page."""
    table = summarise(done)
    aucs = [one["product's list"]["auc"] for one in done]
    ours = table.set_index("policy").loc["product's list"]
    worse, clearly = tell_worlds(done)
    ahead, behind, open_ = [], [], []
    for row in table[~table["policy"].str.startswith("product")].itertuples():
        place = ahead if row.lead_low > 0 else behind if row.lead_high < 0 else open_
        place.append(row.policy)
    missed = sorted(set(POLICIES) - set(table["policy"]))
    write_result(
        "decisions",
        "Decisions: does following the list pay?",
        f"{len(done)} companies of {asked.accounts} accounts, each in a world of its own "
        f"(`draw_world`); four years of history, then a list every {EVERY} months for a year, "
        f"{count_places(asked.accounts)} instructions each time for every policy. Profit against "
        "doing nothing is an expectation from the world's truth (`kam.simulate.play`); possible: "
        "the same for who knows every answer. `lead_of_the_list`: share of the possible, the "
        "product's list less the policy, paired by company, with a 95 % interval of Student's t "
        "over companies. The simple rules know one instruction, save; the list has eight kinds. "
        "`actions`: instructions carried out in the year.",
        [
            describe_machine(),
            describe_versions("kamresearch"),
            f"Worlds {asked.first} to {asked.first + len(done) - 1}; the list was mended while "
            "looking at worlds 100 to 108 (offers may disturb), not at others",
            f"AUC of the true hazards: {np.nanmin(aucs):.2f} to {np.nanmax(aucs):.2f}, "
            f"mean {np.nanmean(aucs):.2f}",
            f"Of the list's profit came from: {tell_kinds(done)}",
        ],
        table,
        f"The product's list has {100 * ours['share_of_possible']:.0f} % of the possible. Clearly "
        f"ahead of: {', '.join(ahead) or 'none'}; clearly behind: {', '.join(behind) or 'none'}; "
        f"open: {', '.join(open_) or 'none'}. In {worse} of {len(done)} companies the best of the "
        "simple rules, chosen afterwards, brought more than the list, in "
        f"{clearly} by more than the interval of the difference (over whom both named). "
        f"Not played: {', '.join(missed) or 'none'}. The goal (on average ahead of every simple "
        "rule, the interval clear of nought; in no world behind the best of them by more than its "
        "interval; 50 worlds) "
        f"is {'not met' if open_ or behind or clearly else 'met'} against the rules played, on "
        f"{len(done)} worlds. A contact drives away those whom it disturbs, and no table tells who "
        "they are; winning back and new prices harm nobody.",
    )


if __name__ == "__main__":
    main()
