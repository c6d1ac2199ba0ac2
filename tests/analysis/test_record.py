"""The record: predictions come due beside what came, by a ledger worked out by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, mean_pinball_loss

from kamresearch import open_data
from kamresearch.analysis.churn.losses import clean_losses
from kamresearch.analysis.churn.risk import Modelling, Risk
from kamresearch.analysis.churn.validation import Judgement
from kamresearch.analysis.record import (
    adjust_risk,
    list_outcomes,
    list_revised,
    make_predictions,
    measure_record,
    score,
    state_actions,
    state_adjusted,
    state_demand,
    state_goals,
    state_level,
    state_month,
    state_returns,
)
from kamresearch.analysis.record.recalibration import recalibrate
from kamresearch.analysis.record.scoring import Scores
from kamresearch.analysis.record.track import measure_calibration
from kamresearch.analysis.record.windows import measure_windows
from kamresearch.analysis.targets.goals import Goal
from kamresearch.analysis.trend import look_ahead
from kamresearch.analysis.trend.inputs import Inputs
from kamresearch.errors import DataError, StudyError
from kamresearch.finding import Finding
from kamresearch.language import Fixed
from kamresearch.studies.kinds import OutcomesOutput
from kamresearch.studies.outputs import read_outcomes

pytestmark = pytest.mark.slow

LEDGER = {
    "accounts": "account_id,account_name\nA,Alpha\nB,Beta\nC,Gamma\nD,Delta\n",
    "orders": "order_id,account_id,order_date,revenue\n"
    "1,A,2020-03-01,100\n2,B,2020-06-01,50\n3,C,2020-09-01,10\n"
    "4,A,2021-02-01,70\n5,A,2021-02-01,30\n6,B,2021-07-01,-20\n7,D,2021-12-20,5\n",
    "churn_events": "account_id,churn_date\nC,2021-05-05\nB,2022-01-01\n",
}


ENDS = (("low", 0.025), ("high", 0.975))


@pytest.fixture
def tables(tmp_path):
    for name, text in LEDGER.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return open_data(tmp_path)


def stated(values: dict, **more) -> pd.DataFrame:
    frame = pd.DataFrame({"account_id": list(values), "value": list(values.values())})
    for name in ("low", "high", "level", "rival_value", "weight"):
        if name in more:
            frame[name] = more.pop(name)
    made = {"issued": "2020-12-31", "due": "2021-12-31", "form": "probability", "outcome": "lost"}
    return make_predictions(frame, "churn.probability", **(made | more))


@pytest.mark.golden
def test_probabilities_are_scored_as_scikit_learn_scores_them(tables):
    told = stated({"A": 0.1, "B": 0.4, "C": 0.7, "D": 0.2}, rival_value=0.25)
    frame = score(told, tables, "2021-12-31").frame
    assert frame["actual"].tolist() == [0, 0, 1, 0]
    assert frame["score"].mean() == pytest.approx(brier_score_loss(frame["actual"], frame["value"]))
    assert frame["log_score"].mean() == pytest.approx(log_loss(frame["actual"], frame["value"]))
    assert frame["rival_score"].mean() == pytest.approx((3 * 0.0625 + 0.5625) / 4)


@pytest.mark.golden
def test_each_outcome_reads_the_ledger_as_worked_out_by_hand(tables):
    by_hand = {
        "lost": [0, 0, 1, 0],
        "ordered": [1, 0, 0, 1],
        "order_days": [1, 0, 0, 1],
        "revenue": [100, -20, 0, 5],
    }
    for outcome, came in by_hand.items():
        told = stated(dict.fromkeys("ABCD", 0.5), outcome=outcome, form="point")
        assert score(told, tables, "2021-12-31").frame["actual"].tolist() == came, outcome
    told = stated(dict.fromkeys("ABCD", 0.5), outcome="n_orders", form="point")
    assert score(told, tables, "2021-12-31").frame["actual"].tolist() == [2, 0, 0, 1]
    # C was lost, whose orders of the year before came to 10.
    for outcome, came in {"total_revenue": 85, "n_lost": 1, "lost_revenue": 10}.items():
        told = stated({"": 1.0}, outcome=outcome, form="point")
        assert score(told, tables, "2021-12-31").frame["actual"].tolist() == [came], outcome


@pytest.mark.golden
def test_an_interval_pays_its_width_and_forty_times_what_it_misses_by(tables):
    told = stated(
        {"A": 95, "B": 0, "C": 0, "D": 5},
        form="interval",
        outcome="revenue",
        low=[90.0, 0.0, 0.0, 5.0],
        high=[110.0, 10.0, 1.0, 5.0],
        level=0.95,
    )
    frame = score(told, tables, "2021-12-31").frame
    assert frame["score"].tolist() == pytest.approx([20, 10 + 40 * 20, 1, 0])
    assert frame["covered"].tolist() == [True, False, True, True]
    # Of a central interval the score is the pinball loss of both its ends, over half the rest.
    ends = [mean_pinball_loss(frame["actual"], frame[one], alpha=level) for one, level in ENDS]
    assert frame["score"].mean() == pytest.approx(sum(ends) / 0.025)


@pytest.mark.golden
def test_reliability_is_that_of_scikit_learns_calibration_curve():
    scored = lived(4, windows=1).frame
    told = measure_record(Scores(scored, pd.DataFrame()), n_resamples=2).reliability
    seen, mean = calibration_curve(scored["actual"], scored["value"], n_bins=5, strategy="quantile")
    assert told["seen"].tolist() == pytest.approx(seen.tolist(), abs=0.02)
    assert told["told"].tolist() == pytest.approx(mean.tolist(), abs=0.01)


@pytest.mark.golden
def test_quantiles_pay_what_scikit_learn_says_they_pay(tables):
    levels = [0.1, 0.5, 0.9]
    told = make_predictions(
        pd.DataFrame(
            {
                "account_id": list("AABBCD") * 3,
                "value": np.linspace(-30, 120, 18),
                "level": np.repeat(levels, 6),
                "rival_value": 50.0,
            }
        ).drop_duplicates(["account_id", "level"]),
        "some.quantiles",
        issued="2020-12-31",
        due="2021-12-31",
        form="quantile",
        outcome="revenue",
    )
    frame = score(told, tables, "2021-12-31").frame
    for level, part in frame.groupby("level"):
        theirs = mean_pinball_loss(part["actual"], part["value"], alpha=level)
        assert part["score"].mean() == pytest.approx(theirs)
        theirs = mean_pinball_loss(part["actual"], part["rival_value"], alpha=level)
        assert part["rival_score"].mean() == pytest.approx(theirs)
    assert (frame["covered"] == (frame["actual"] <= frame["value"])).all()
    record = measure_record(score(told, tables, "2021-12-31"), n_resamples=10)
    assert record.coverage["level"].tolist() == levels
    assert record.points["n"].item() == 12
    with pytest.raises(StudyError, match="levels between 0 and 1"):
        stated({"A": 1.0}, form="quantile")


@pytest.mark.golden
def test_a_goal_is_met_where_the_studys_own_number_lies_beyond_its_target_on_the_due_day(tables):
    """By hand: A, B and C were there at the end of 2020; C was lost in 2021: a third."""
    goal = {"text": Fixed({"en": "few", "zh": "少"}), "finding": "churn.rate", "baseline": 0.5}
    dates = {"baseline_date": "2020-12-31", "due_date": "2021-12-31"}
    goals = tuple(Goal(f"G{target}", target=target, **goal, **dates) for target in (0.4, 0.3))
    rows = {"goal_id": [one.id for one in goals], "value": 0.35, "probability": [0.7, 0.4]}
    standing = SimpleNamespace(goals=goals, as_of="2020-12-31", frame=pd.DataFrame(rows))
    year = ("2020-01-02", "2020-12-31")
    finding = Finding("churn.rate", 0.35, "share", "", "", period=year)
    told = state_goals(standing, {"churn.rate": finding})
    assert told["rival_value"].tolist() == [1, 0]
    frame = score(told, tables, "2021-12-31").frame
    assert frame["actual"].tolist() == [1, 0]
    assert frame["score"].tolist() == pytest.approx([0.09, 0.16])
    # A number over another window, or one that later data cannot tell, is not declared.
    for other in (
        Finding("churn.rate", 0.35, "share", "", "", period=("2020-07-02", "2020-12-31")),
        Finding("quality.completeness", 0.35, "share", "", ""),
    ):
        assert state_goals(standing, {"churn.rate": other}).empty
    # On the day of a hindcast nobody knew of a goal that was set later.
    standing.as_of = "2020-11-30"
    assert state_goals(standing, {"churn.rate": finding}).empty


@pytest.mark.golden
def test_return_odds_are_told_of_those_away_and_settled_by_the_day_of_return(tmp_path):
    texts = LEDGER | {
        "churn_events": "account_id,churn_date,return_date\nA,2018-05-05,2018-09-09\n"
        "B,2020-05-05,2021-02-02\nC,2020-06-06,\nD,2020-07-07,2020-10-10\n"
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    tables = open_data(tmp_path)
    losses = clean_losses(
        tables.frame("churn_events"),
        pd.Series(pd.Timestamp("2017-01-01"), list("ABCD")),
        "2020-12-31",
    )
    told = state_returns(SimpleNamespace(losses=losses), 365)
    assert told["account_id"].tolist() == ["B", "C"]
    # Of the one loss followed for a year, one was back: (1 + ½) / (1 + 1) of all.
    assert told["rival_value"].tolist() == pytest.approx([0.75, 0.75])
    assert score(told, tables, "2021-12-31").frame["actual"].tolist() == [1, 0]


@pytest.mark.unit
def test_the_level_is_told_beside_last_year_and_settled_by_the_sum_of_the_orders(tables):
    months = pd.DataFrame(
        {
            "month": pd.date_range("2018-01-01", "2020-12-01", freq="MS"),
            "revenue": 100.0 + np.arange(36) % 5,
            "n_orders": 9,
        }
    )
    inputs = Inputs(None, months, pd.DataFrame(), "revenue", "", (), "", "2020-12-31", ())
    ahead = look_ahead(inputs, 12, "M")
    year, month = state_level(ahead, inputs, "CNY"), state_month(ahead, inputs, "CNY")
    assert year["rival_value"].item() == months["revenue"].tail(12).sum()
    assert year["low"].item() < year["value"].item() < year["high"].item()
    assert year["due"].item() == pd.Timestamp("2021-12-31")
    assert month["level"].tolist() == [0.025, 0.1, 0.9, 0.975]
    assert month["value"].is_monotonic_increasing
    assert month["due"].unique() == pd.Timestamp("2021-01-31")
    came = score(year.assign(currency=""), tables, "2021-12-31").frame
    assert came["actual"].item() == 70 + 30 - 20 + 5
    points = measure_record(score(year.assign(currency=""), tables, "2021-12-31")).points
    assert points[["skill_low", "skill_high"]].isna().all(axis=None), "one fact has no interval"
    late = replace(inputs, as_of="2020-12-30")
    assert state_level(ahead, late, "CNY").empty, "a part of what is told would be known"


@pytest.mark.unit
def test_an_order_corrected_between_two_versions_is_counted_anew_and_listed(tables, tmp_path):
    told = stated(dict.fromkeys("ABCD", 50.0), outcome="revenue", form="point")
    first = score(told, tables, "2021-12-31")
    sealed = list_outcomes(first.frame, read_outcomes([]))
    assert len(sealed) == 4
    assert measure_record(first).why_not("record.revised") is not None
    rows = [[str(cell) for cell in row[:-1]] + [row[-1]] for row in sealed.itertuples(index=False)]
    seen = read_outcomes([OutcomesOutput(rows)])
    assert list_outcomes(first.frame, seen).empty, "what is sealed is not sealed again"

    folder = tmp_path / "now"
    folder.mkdir()
    for name, text in LEDGER.items():
        text = text.replace("4,A,2021-02-01,70", "4,A,2021-02-01,95")
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    again = score(told, open_data(folder), "2022-01-02")
    assert again.frame["actual"].tolist() == [125, -20, 0, 5]
    revised = list_revised(again.frame, seen)
    assert revised[["account_id", "was", "now"]].to_numpy().tolist() == [["A", 100, 125]]
    record = measure_record(again, earlier=seen, n_resamples=10)
    assert record.why_not("record.revised") is None
    assert "1 outcomes were told otherwise" in " ".join(one.render("en") for one in record.caveats)
    assert list_outcomes(again.frame, seen)["account_id"].tolist() == ["A"]


@pytest.mark.unit
def test_what_cannot_be_scored_is_left_out_with_its_reason_and_never_mixed(tables):
    told = pd.concat(
        [
            stated({"A": 0.5}, due="2022-06-30"),
            stated({"Z": 0.5}),
            stated({"A": 0.5}, outcome="no_such_rule"),
            stated({"A": 10.0}, outcome="revenue", form="point", currency="USD"),
            stated({"A": 0.5}),
        ]
    )
    scores = score(told, tables, "2021-12-31")
    left = dict(zip(scores.left_out["reason"], scores.left_out["n"], strict=True))
    assert left == {"not_due": 1, "unknown_account": 1, "unknown_rule": 1, "other_currency": 1}
    assert len(scores.frame) == 1
    later = score(told.iloc[:1], tables, "2022-12-31")
    assert later.left_out["reason"].tolist() == ["data_short"]


@pytest.mark.unit
def test_data_that_lost_a_year_score_nothing_and_a_corrected_cent_does_not_matter(tables):
    told = stated({"A": 0.5})
    assert len(score(told.assign(known_revenue=160.5), tables, "2021-12-31").frame) == 1
    gone = score(told.assign(known_revenue=320.0), tables, "2021-12-31")
    assert gone.left_out["reason"].tolist() == ["data_changed"]


def scored_with(folder, told: pd.DataFrame, **changes: tuple[str, str]) -> dict:
    """Reasons against statements of the ledger, once its files read otherwise."""
    folder = folder / "now"
    folder.mkdir(exist_ok=True)
    for name, text in LEDGER.items():
        was, now = changes.get(name, ("", ""))
        (folder / f"{name}.csv").write_text(text.replace(was, now) if was else text)
    scores = score(told, open_data(folder), "2021-12-31")
    return dict(zip(scores.left_out["reason"], scores.left_out["n"], strict=True))


@pytest.mark.unit
def test_an_account_merged_or_given_another_key_since_is_left_out_and_the_others_are_scored(
    tmp_path,
):
    told = stated(dict.fromkeys("ABCD", 0.5), outcome="ordered").assign(
        known_revenue=160.0, known_account_revenue=[100.0, 50.0, 10.0, 0.0]
    )
    assert scored_with(tmp_path, told) == {}
    # C's orders and losses now stand under A, and C is gone.
    merged = {
        "accounts": ("C,Gamma\n", ""),
        "orders": ("3,C", "3,A"),
        "churn_events": ("C,", "A,"),
    }
    assert scored_with(tmp_path, told, **merged) == {"unknown_account": 1, "account_changed": 1}
    # A new key for B; and the keys of A and B changed places, which no list of accounts shows.
    renamed = {"accounts": ("B,", "N,"), "orders": (",B,", ",N,"), "churn_events": ("B,", "N,")}
    assert scored_with(tmp_path, told, **renamed) == {"unknown_account": 1}
    swapped = LEDGER["orders"].replace(",A,", ",_,").replace(",B,", ",A,").replace(",_,", ",B,")
    assert scored_with(tmp_path, told, orders=(LEDGER["orders"], swapped)) == {"account_changed": 2}


@pytest.mark.unit
def test_data_of_another_company_another_currency_or_without_a_year_score_nothing(tmp_path):
    told = stated(dict.fromkeys("ABCD", 0.5)).assign(known_revenue=160.0)
    orders = LEDGER["orders"]
    dearer = orders.replace(",100\n", ",700\n").replace(",50\n", ",350\n")
    without = "".join(line for line in orders.splitlines(True) if ",2020-" not in line)
    for text in (dearer, without):
        assert scored_with(tmp_path, told, orders=(orders, text)) == {"data_changed": 4}
    others = {"accounts": ("Alpha", "Omega")}
    other_company = orders.replace(",100\n", ",7\n")
    assert scored_with(tmp_path, told, orders=(orders, other_company), **others) == {
        "data_changed": 4
    }


@pytest.mark.unit
def test_a_loss_of_another_definition_is_never_scored_by_the_recorded_one(tables):
    told = stated({"A": 0.5}, definition="silence")
    assert score(told, tables, "2021-12-31").left_out["reason"].tolist() == ["other_definition"]
    assert len(score(stated({"A": 0.5}, definition="recorded"), tables, "2021-12-31").frame) == 1


@pytest.mark.unit
def test_without_the_table_that_tells_losses_their_probabilities_are_left_out(tmp_path):
    for name in ("accounts", "orders"):
        (tmp_path / f"{name}.csv").write_text(LEDGER[name], encoding="utf-8")
    scores = score(stated({"A": 0.5}), open_data(tmp_path), "2021-12-31")
    assert scores.left_out["reason"].tolist() == ["no_table"]


@pytest.mark.unit
def test_statements_that_could_not_be_settled_are_refused():
    with pytest.raises(StudyError, match="probabilities from 0 to 1"):
        stated({"A": 1.2})
    with pytest.raises(StudyError, match="a due day after the day of issue"):
        stated({"A": 0.5}, due="2020-12-31")
    with pytest.raises(StudyError, match="one statement an account"):
        make_predictions(
            pd.DataFrame({"account_id": ["A", "A"], "value": [0.1, 0.2]}),
            "churn.probability",
            issued="2020-12-31",
            due="2021-12-31",
            form="probability",
            outcome="lost",
        )


@pytest.mark.unit
def test_nothing_due_is_told_as_too_early(tables):
    record = measure_record(score(stated({"A": 0.5}), tables, "2021-06-30"))
    assert record.reason is not None
    assert record.n_due == 0
    assert record.calibration.empty


def lived(seed: int, factor: float = 1.0, windows: int = 4, n: int = 400) -> Scores:
    """Accounts that leave with their true probabilities; those told are ``factor`` times as high."""
    rng = np.random.default_rng(seed)
    blank, parts = stated(dict.fromkeys(map(str, range(n)), 0.0)), []
    for window in range(windows):
        true = rng.beta(1.5, 8.5, n)
        frame = blank.assign(
            value=np.minimum(true * factor, 1),
            issued=blank["issued"] + pd.DateOffset(years=window),
            due=blank["due"] + pd.DateOffset(years=window),
        )
        parts.append(frame.assign(actual=(rng.random(n) < true).astype(float)))
    frame = pd.concat(parts, ignore_index=True)
    frame["rival_value"] = 0.15
    frame["error"] = frame["value"] - frame["actual"]
    frame["score"] = frame["error"] ** 2
    frame["rival_score"] = (0.15 - frame["actual"]) ** 2
    frame["covered"] = pd.Series(pd.NA, frame.index, dtype="boolean")
    return Scores(frame, pd.DataFrame(columns=["prediction", "reason", "n"]))


@pytest.mark.recovery
def test_right_probabilities_are_called_right_and_those_thirty_per_cent_too_high_are_found():
    """Of 40 companies of 400 accounts and four windows each."""

    def verdict(seed: int, factor: float) -> str:
        found = measure_calibration(lived(seed, factor).frame, 2, np.random.default_rng(0))
        return found["verdict"].item()

    right = [verdict(seed, 1.0) for seed in range(40)]
    high = [verdict(seed, 1.3) for seed in range(40)]
    assert right.count("calibrated") >= 36, right
    assert high.count("too_high") >= 32, high


@pytest.mark.recovery
def test_the_skill_of_true_probabilities_over_the_base_rate_is_clear_of_nought():
    told = measure_record(lived(1)).calibration.iloc[0]
    assert 0 < told["skill_low"] < told["skill"] < told["skill_high"] < 0.5


@pytest.mark.recovery
def test_probabilities_told_too_high_are_better_adjusted_and_right_ones_are_left_alone():
    high = measure_record(lived(3, 1.8), n_resamples=200).recalibration.iloc[0]
    assert high["verdict"] == "helps"
    assert high["after"] < high["before"]
    # The truth is 0.15 on average; 400 accounts of the first window tell it to ±0.036.
    assert high["adjusted"] == pytest.approx(0.15, abs=0.036)
    assert high["told"] > 0.15 + 0.05
    right = measure_record(lived(3), n_resamples=200).recalibration.iloc[0]
    assert right["verdict"] == "no_gain"


@pytest.mark.unit
def test_a_window_is_adjusted_by_earlier_ones_alone_and_little_record_adjusts_nothing():
    scores = lived(5, 1.8, windows=3)
    last = scores.frame["issued"].max()
    later = scores.frame.copy()
    later.loc[later["issued"] == last, "actual"] = 1 - later["actual"]
    earlier = scores.frame[scores.frame["issued"] < last]
    one, other, cut = (recalibrate(frame, 20) for frame in (scores.frame, later, earlier))
    assert one["adjusted"].item() == pytest.approx(other["adjusted"].item())
    assert cut["n_tried"].item() == 400
    few = recalibrate(lived(5, 1.8, windows=3, n=100).frame, 20)
    assert few["verdict"].item() == "too_few"
    assert recalibrate(scores.frame.iloc[:0], 20).empty


def company_with_record(folder, scores: Scores):
    """Data in which came what the scored statements say, and the statements without it."""
    rows = scores.frame[scores.frame["actual"] > 0]
    days = (rows["issued"] + pd.Timedelta(days=90)).dt.date
    names = sorted(set(scores.frame["account_id"]))
    texts = {
        "accounts": "account_id,account_name\n" + "".join(f"{one},N{one}\n" for one in names),
        "orders": "order_id,account_id,order_date,revenue\n"
        + "".join(f"{one},{one},2024-12-30,10\n" for one in names),
        "churn_events": "account_id,churn_date\n"
        + "".join(f"{one},{day}\n" for one, day in zip(rows["account_id"], days, strict=True)),
    }
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return open_data(folder), scores.frame.drop(columns="actual").assign(source="hiatus")


def modelled(chance: pd.Series) -> Modelling:
    frame = pd.DataFrame({"account_id": chance.index, "churn_probability": chance.to_numpy()})
    risk = Risk(
        "2024-12-31", 365, frame.assign(rate=chance.to_numpy(), revenue=1.0), "hiatus", False
    )
    return Modelling(Judgement(pd.DataFrame(), pd.DataFrame(), None, 0, 0), risk)


@pytest.mark.unit
def test_revenue_at_risk_is_the_less_sure_the_fewer_were_lost_and_leans_to_the_right():
    risk = modelled(pd.Series(0.2, index=[f"a{one}" for one in range(50)])).risk
    few, many = (replace(risk, n_lost=n).findings()[0] for n in (4, 400))
    assert few.value == many.value == pytest.approx(10)
    assert few.interval.high - few.interval.low > 2 * (many.interval.high - many.interval.low)
    assert 0 < few.interval.low < few.value < few.interval.high
    assert few.interval.high - few.value > few.value - few.interval.low


@pytest.mark.recovery
def test_probabilities_are_adjusted_by_the_companys_own_record_once_the_rule_holds(tmp_path):
    tables, told = company_with_record(tmp_path, lived(3, 1.8))
    now = modelled(told[told["issued"] == "2023-12-31"].set_index("account_id")["value"])
    found = adjust_risk(now, told, tables, n_resamples=200)
    assert found.applied
    before, after = (risk.frame["churn_probability"] for risk in (found.told, found.risk))
    assert before.mean() > 0.15 + 0.05
    # The truth is 0.15 on average; 1,600 statements tell it to two standard errors of 0.009.
    assert after.mean() == pytest.approx(0.15, abs=0.02)
    assert before.rank().tolist() == after.rank().tolist()
    assert found.modelling.risk.findings()[0].value == pytest.approx(after.sum())
    assert len(found.opening()) == 1

    class Recorded:
        losses = type("Kind", (), {"kind": "recorded"})

    stated = state_adjusted(Recorded, found)
    assert stated["value"].tolist() == after.tolist()
    assert stated["rival_value"].tolist() == before.tolist(), "the record goes on judging both"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("factor", "changes"),
    [
        (1.0, {}),
        (1.8, {"source": "logistic"}),
        (1.8, {"definition": "silence"}),
        (1.8, {"prediction": "churn.contacts"}),
    ],
    ids=["right already", "another model", "another definition", "another statement"],
)
def test_probabilities_stand_as_told_where_the_record_does_not_speak_of_them(
    tmp_path, factor, changes
):
    tables, told = company_with_record(tmp_path, lived(3, factor))
    now = modelled(told[told["issued"] == "2023-12-31"].set_index("account_id")["value"])
    found = adjust_risk(now, told.assign(**changes), tables, n_resamples=100)
    assert not found.applied
    assert found.modelling is now
    assert found.opening() == ()
    assert (found.reason is None) == (not changes), "an untried adjustment says why"


@pytest.mark.unit
def test_the_worst_misses_are_told_in_words():
    record = measure_record(lived(2, windows=1, n=60), n_resamples=10)
    table = record.misses_table()
    words = next(column for column in table.columns if column.name == "words")
    assert len(table.frame) == 5
    for row in table.frame.itertuples():
        assert row.account_id in row.words
        assert ("did not come" in row.words) == (row.actual == 0)
        assert row.account_id in words.terms[row.words].render("zh")


@pytest.mark.unit
def test_an_improbable_loss_that_did_not_come_is_no_miss_whatever_hung_on_it():
    scores = lived(2, windows=1, n=60)
    scores.frame["weight"] = np.where(scores.frame["actual"] > 0, 1.0, 1e9)
    assert (scores.frame["value"] < 0.5).all()
    assert measure_record(scores, n_resamples=10).misses["actual"].eq(1).all()


@pytest.mark.unit
def test_overlapping_windows_are_counted_once_the_earliest_first():
    scores = lived(0, windows=1, n=10)
    late = scores.frame.assign(
        issued=scores.frame["issued"] + pd.Timedelta(days=90),
        due=scores.frame["due"] + pd.Timedelta(days=90),
    )
    next_year = scores.frame.assign(
        issued=scores.frame["due"], due=scores.frame["due"] + pd.Timedelta(days=365)
    )
    both = Scores(pd.concat([scores.frame, late, next_year]), scores.left_out)
    record = measure_record(both, n_resamples=10)
    assert record.n_due == 30
    assert record.n_facts == 20
    assert record.calibration["n"].item() == 20


@pytest.mark.golden
def test_a_list_is_judged_by_lift_and_by_the_lost_revenue_that_it_had_named():
    frame = stated(dict.fromkeys("ABCDEFGH", 0.0), form="list")
    frame["value"] = [1, 2, 0, 0, 0, 0, 0, 0]
    frame["actual"] = [1.0, 0, 1, 0, 0, 0, 0, 0]
    frame["weight"] = [30.0, 5, 10, 1, 1, 1, 1, 1]
    frame["error"] = frame["covered"] = np.nan
    lists = measure_record(Scores(frame, pd.DataFrame(columns=["reason"]))).lists.iloc[0]
    assert lists["hits"] == 1
    assert lists["share"] == 0.5
    assert lists["lift"] == pytest.approx(0.5 / (1 / 6))
    assert lists["value_share"] == pytest.approx(0.75)


@pytest.mark.unit
def test_the_action_list_states_whom_it_keeps_and_a_probability_for_each_account_there():
    accounts = pd.DataFrame(
        {
            "account_id": ["A", "B", "C", "gone"],
            "standing": ["ordering", "silent", "never_ordered", "lost"],
            "revenue_12m": [100.0, 50.0, np.nan, 0.0],
            "chance": [0.2, 0.6, np.nan, np.nan],
        }
    )
    records = SimpleNamespace(
        absent=(),
        as_of=pd.Timestamp("2020-12-31"),
        frame=accounts,
        risk=SimpleNamespace(base_rate=0.3),
    )
    plan = pd.DataFrame(
        {"account_id": ["A", "B", "B", "gone"], "kind": ["grow", "save", "mend", "win_back"]}
    )
    about = {"records": records, "assumptions": SimpleNamespace(horizon_days=365), "frame": plan}
    listed, chances = state_actions(SimpleNamespace(**about))
    assert dict(zip(listed["account_id"], listed["value"], strict=True)) == {"A": 0, "B": 1, "C": 0}
    assert chances["account_id"].tolist() == ["A", "B"]
    assert set(chances["rival_value"]) == {0.3}
    records.absent = ("churn_events",)
    assert all(one.empty for one in state_actions(SimpleNamespace(**about)))


@pytest.mark.unit
def test_the_orders_of_a_quarter_are_stated_only_where_all_of_it_lies_ahead(tables):
    frame = pd.DataFrame(
        {"account_id": ["A", "B"], "expected": [0.4, 0.1], "low": 0.0, "high": 1.0}
    )
    known = pd.DataFrame({"month": [pd.Timestamp("2021-07-01")]})
    demand = SimpleNamespace(frame=frame)
    told = state_demand(demand, tables, SimpleNamespace(as_of="2021-07-31", months=known))
    assert told["due"].unique() == pd.Timestamp("2021-10-31")
    assert told["rival_value"].tolist() == [0, 0], "May to July: a return is no order"
    came = score(told, tables, "2021-12-31").frame
    assert came["covered"].all()
    for day in ("2021-07-20", "2021-08-31"):
        assert state_demand(demand, tables, SimpleNamespace(as_of=day, months=known)).empty


@pytest.mark.unit
def test_a_missing_column_is_named(tables):
    with pytest.raises(DataError, match="no \\['due'\\]"):
        score(stated({"A": 0.5}).drop(columns="due"), tables, "2021-12-31")


def test_sums_of_each_window_stand_beside_the_rivals_and_what_came():
    """By hand: three accounts told .2, .3, .5 are one loss expected; two came."""
    told = pd.DataFrame(
        {
            "prediction": "churn.probability",
            "form": "probability",
            "account_id": ["a", "b", "c"] * 2,
            "issued": pd.to_datetime(["2010-12-31"] * 3 + ["2011-12-31"] * 3),
            "due": pd.to_datetime(["2011-12-31"] * 3 + ["2012-12-30"] * 3),
            "value": [0.2, 0.3, 0.5, 0.2, 0.3, 0.5],
            "rival_value": [0.1] * 6,
            "actual": [1.0, 0.0, 1.0, 0.0, 0.0, 1.0],
        }
    )
    rows = measure_windows(told)
    assert list(rows["told"]) == pytest.approx([1, 1])
    assert list(rows["rival"]) == pytest.approx([0.3, 0.3])
    assert list(rows["came"]) == [2, 1]
    assert rows["shift"].isna().tolist() == [True, False]
    assert rows["shift"].iloc[1] == pytest.approx(0), "nobody moved"
    assert rows["stayed"].iloc[1] == 1


def test_a_shift_of_the_accounts_stands_out_from_chance_and_none_does_not():
    rng = np.random.default_rng(7)
    index = []
    for move in [0.0] * 40 + [0.15]:
        parts = [
            pd.DataFrame(
                {
                    "prediction": "churn.probability",
                    "form": "probability",
                    "account_id": [f"{k}" for k in range(400)],
                    "issued": pd.Timestamp(f"{year}-12-31"),
                    "due": pd.Timestamp(f"{year + 1}-12-31"),
                    "value": rng.uniform(0, 0.5, 400) + move * (year - 2010),
                    "rival_value": 0.2,
                    "actual": 0.0,
                }
            )
            for year in (2010, 2011)
        ]
        index.append(measure_windows(pd.concat(parts)).iloc[1])
    still, moved = pd.DataFrame(index[:-1]), index[-1]
    # by chance, the mean is the one stated: four degrees of freedom, 40 draws
    assert 0.6 < still["shift"].mean() / still["by_chance"].mean() < 1.5
    assert moved["shift"] > 10 * moved["by_chance"]
