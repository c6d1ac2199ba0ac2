"""Early warning: own rhythm, stated false alarms, stated delay, reasons in words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kamresearch.analysis.churn.losses import Losses
from kamresearch.analysis.warning import (
    first_alerts,
    last_whole_month,
    losses_known,
    pivot_months,
    raise_alerts,
    set_thresholds,
    watch_year,
)
from kamresearch.analysis.warning.lift import Lift
from kamresearch.analysis.warning.thresholds import _conformal
from kamresearch.errors import AnalysisError

pytestmark = pytest.mark.unit

MONTHS = pd.date_range("2008-01-01", "2012-12-01", freq="MS")


def losses_of(*rows):
    frame = pd.DataFrame(rows, columns=["account_id", "churn_date", "return_date"]).reindex(
        columns=["account_id", "churn_date", "return_date", "cause", "stated_reason", "offer"]
    )
    frame["churn_date"], frame["return_date"] = (
        pd.to_datetime(frame["churn_date"]),
        pd.to_datetime(frame["return_date"]),
    )
    return Losses("recorded", pd.Timestamp("2012-12-31"), frame)


def months_of(counts):
    return pd.DataFrame(
        {
            "account_id": np.repeat([f"a{i:04d}" for i in range(len(counts))], counts.shape[1]),
            "month": np.tile(MONTHS[: counts.shape[1]], len(counts)),
            "n_orders": counts.ravel(),
        }
    )


def poisson_world(n=300, rate=3.0, seed=0, common=1.0):
    return np.random.default_rng(seed).poisson(
        rate * np.broadcast_to(common, len(MONTHS)), (n, len(MONTHS))
    )


def accounts_of(n, **more):
    ids = [f"a{i:04d}" for i in range(n)]
    frame = pd.DataFrame(
        {
            "account_id": ids,
            "account_name": [f"Name {i}" for i in ids],
            "region": "East",
            "churn_probability": 0.2,
            "value": 1_000.0,
            "manager_id": "M1",
            "last_order_date": pd.Timestamp("2012-06-01"),
        }
    )
    return frame.assign(**more)


@pytest.mark.parametrize("rate", [0.5, 1.5, 6.0])
def test_of_accounts_that_stay_the_stated_share_is_alerted_within_a_year(rate):
    wide = pivot_months(months_of(poisson_world(1500, rate)))
    years = [watch_year(wide, pd.Timestamp(f"{year}-12-01")) for year in (2012, 2011, 2010)]
    stayed = [np.ones(len(year.ids), bool) for year in years]
    thresholds = set_thresholds(years[1:], stayed[1:], 0.05)
    measured = (first_alerts(years[0], thresholds) >= 0).mean()
    # One point for the statement itself, and the chance of 1,500 accounts.
    assert abs(measured - 0.05) < 0.01 + 0.006


def test_a_slump_of_the_whole_market_alerts_nobody_in_particular():
    common = np.where(MONTHS >= "2012-03-01", 0.6, 1.0)
    wide = pivot_months(months_of(poisson_world(1500, 3.0, 1, common)))
    years = [watch_year(wide, pd.Timestamp(f"{year}-12-01")) for year in (2012, 2011, 2010)]
    thresholds = set_thresholds(years[1:], [np.ones(len(y.ids), bool) for y in years[1:]], 0.05)
    assert (first_alerts(years[0], thresholds) >= 0).mean() < 0.08


def test_the_rarer_the_orders_the_later_the_alert():
    delays, found = [], []
    for rate in (0.5, 2.0, 8.0):
        wide = pivot_months(months_of(poisson_world(800, rate)))
        year = watch_year(wide, pd.Timestamp("2011-12-01"))
        row = (
            set_thresholds([year], [np.ones(len(year.ids), bool)], 0.05)
            .table.dropna(subset=["found"])
            .iloc[-1]
        )
        found.append(row["found"])
        delays.append(
            row["delay_months"]
            if row["delay_months"] == row["delay_months"] and row["delay_months"]
            else 99
        )
    assert found == sorted(found)
    assert delays == sorted(delays, reverse=True)
    # Eight orders a month: about four months; one in two months: most of a year or more.
    assert delays[2] <= 5
    assert delays[0] >= 8


def test_a_halved_account_is_alerted_with_its_reasons_and_an_even_one_is_not():
    counts = poisson_world(200, 6.0, 2)
    counts[0, -9:] = 1
    counts[1] = 6
    more = {
        "complaints_12m": [3.0] + [0.0] * 199,
        "days_to_contract_end": [np.nan] * 200,
        "n_managers_24m": 1.0,
        "satisfaction_mean_12m": 4.0,
    }
    alerts = raise_alerts(months_of(counts), losses_of(), accounts_of(200, **more), "2012-12-31")
    listed = alerts.frame.set_index("account_id")
    assert "a0000" in listed.index
    assert "a0001" not in listed.index
    reason = listed.loc["a0000", "reason"]
    assert "orders in the last three months: 3" in reason
    assert "3 complaints within twelve months" in reason
    assert listed.loc["a0000", "action"] == "service"
    assert "投诉 3 次" in listed.loc["a0000", "reason_terms"].render("zh")


def test_alerts_are_ranked_by_value_at_risk():
    counts = poisson_world(200, 6.0, 3)
    counts[:3, -8:] = 0
    accounts = accounts_of(200, value=[1.0, 900.0, 30.0] + [1.0] * 197)
    listed = raise_alerts(months_of(counts), losses_of(), accounts, "2012-12-31").frame
    assert listed["value_at_risk"].is_monotonic_decreasing
    assert listed["account_id"].tolist()[:2] == ["a0001", "a0002"]
    assert listed["value_at_risk"].iloc[0] == pytest.approx(180.0)


def test_without_a_probability_alerts_stand_by_value_with_no_value_at_risk():
    counts = poisson_world(200, 6.0, 3)
    counts[:3, -8:] = 0
    accounts = accounts_of(200, value=[1.0, 900.0, 30.0] + [0.5] * 197, churn_probability=np.nan)
    alerts = raise_alerts(months_of(counts), losses_of(), accounts, "2012-12-31")
    assert alerts.frame["account_id"].tolist()[:3] == ["a0001", "a0002", "a0000"]
    assert alerts.frame["value_at_risk"].isna().all()
    assert alerts.example["n_orders"].tolist()[-1] == 0


def test_the_future_changes_no_alert_of_the_past():
    months = months_of(poisson_world(150, 4.0, 5))
    early = raise_alerts(
        months[months["month"] <= "2011-12-31"], losses_of(), accounts_of(150), "2011-12-31"
    )
    late = raise_alerts(months, losses_of(), accounts_of(150), "2011-12-31")
    pd.testing.assert_frame_equal(
        early.frame.drop(columns="reason_terms"), late.frame.drop(columns="reason_terms")
    )


def test_a_month_that_has_not_ended_is_not_judged():
    assert last_whole_month("2012-12-30") == pd.Timestamp("2012-11-01")
    counts = poisson_world(150, 8.0, 6)
    months = months_of(counts)
    part = months.copy()
    part.loc[part["month"] == "2012-12-01", "n_orders"] = 0
    one = raise_alerts(part, losses_of(), accounts_of(150), "2012-12-10")
    assert one.frame["alert_month"].max() != "2012-12"


def test_months_away_are_no_part_of_an_accounts_rhythm():
    counts = poisson_world(60, 5.0, 7)
    counts[0, 24:36] = 0
    wide = pivot_months(months_of(counts))
    away = {"a0000": [(pd.Timestamp("2009-12-31"), pd.Timestamp("2011-01-01"))]}
    known, unknown = watch_year(wide, MONTHS[-1], away), watch_year(wide, MONTHS[-1])
    assert known.level[0] == pytest.approx(5, abs=1)
    assert unknown.level[0] < 3.5


def test_too_short_a_past_gives_a_reason_in_place_of_alerts():
    counts = poisson_world(300)[:, :30]
    alerts = raise_alerts(months_of(counts), losses_of(), accounts_of(300), "2010-06-30")
    assert alerts.frame.empty
    assert "too short a past" in alerts.reason.render("en")
    finding = alerts.findings()[0]
    assert finding.value is None
    few = raise_alerts(months_of(poisson_world(10)), losses_of(), accounts_of(10), "2012-12-31")
    assert few.reason is not None


def test_the_threshold_is_a_conformal_quantile():
    assert _conformal(np.arange(1.0, 100.0), 0.05) == 95
    assert not set_thresholds([], []).known


def regular_world(n, rng):
    """A third of the accounts order evenly, a third as chance has it, a third in lumps."""
    kind, rate = np.arange(n) % 3, np.exp(rng.uniform(np.log(0.5), np.log(4), n))
    uneven = rng.poisson(rate[:, None] * rng.gamma(0.5, 2, (n, len(MONTHS))))
    even = np.diff(np.floor(rate[:, None] * np.arange(len(MONTHS) + 1) + rng.uniform(size=(n, 1))))
    chance = rng.poisson(rate[:, None], (n, len(MONTHS)))
    return np.where(kind[:, None] == 0, even, np.where(kind[:, None] == 1, chance, uneven)), kind


def test_regular_and_irregular_buyers_are_each_alerted_at_the_stated_rate():
    alerted, kinds = [], []
    for seed in range(3):
        counts, kind = regular_world(400, np.random.default_rng(seed))
        wide = pivot_months(months_of(counts))
        years = [watch_year(wide, pd.Timestamp(f"{year}-12-01")) for year in (2012, 2011, 2010)]
        stayed = [np.ones(len(year.ids), bool) for year in years[1:]]
        alerted.append(first_alerts(years[0], set_thresholds(years[1:], stayed, 0.1)) >= 0)
        kinds.append(kind[[int(one[1:]) for one in years[0].ids]])
    alerted, kinds = np.concatenate(alerted), np.concatenate(kinds)
    # One threshold for all gave lumpy buyers 16 %; 400 accounts of each leave 1.5 points to chance.
    assert all(0.1 - 0.06 < alerted[kinds == kind].mean() < 0.1 + 0.04 for kind in (1, 2))


def test_alerts_that_foretold_no_loss_are_no_list_to_act_on():
    counts = poisson_world(200, 6.0, 3)
    counts[:3, -8:] = 0
    alerts = raise_alerts(months_of(counts), losses_of(), accounts_of(200), "2012-12-31")
    assert "no list to act on" in alerts.opening()[0].render("en")
    assert "look after" not in alerts.table().title.render("en")
    assert "action" not in [column.name for column in alerts.table().columns]


def test_alerts_that_foretold_losses_show_their_lift_with_bounds():
    counts = poisson_world(200, 8.0, 4)
    losses = []
    for account in range(20):  # they fade in the second half of 2011, and leave in 2012
        counts[account, 42:48], counts[account, 48:] = 1, 0
        losses.append((f"a{account:04d}", "2012-02-15", None))
    for account in range(20, 24):
        losses.append((f"a{account:04d}", "2012-08-15", None))
    alerts = raise_alerts(months_of(counts), losses_of(*losses), accounts_of(200), "2012-12-31")
    lift = {one.id: one for one in alerts.findings()}["churn.alerts_lift"]
    assert 2 < lift.interval.low < lift.value < lift.interval.high
    assert lift.value == pytest.approx(
        (alerts.lift.n_listed_lost / alerts.lift.n_listed) / (24 / alerts.lift.n_watched)
    )
    assert "lift" in alerts.opening()[0].render("en")
    assert "action" in [column.name for column in alerts.table().columns]


def test_a_lift_is_bounded_as_draws_of_accounts_bound_it():
    lift, rng = Lift(60, 18, 400, 60), np.random.default_rng(0)
    cells = rng.multinomial(400, np.array([18, 42, 42, 298]) / 400, 20_000).T
    drawn = cells[0] / (cells[0] + cells[1]) / ((cells[0] + cells[2]) / 400)
    told = np.log(lift.interval.high / lift.interval.low) / (2 * 1.96)
    assert told == pytest.approx(np.log(drawn).std(), rel=0.06)


def test_a_backtest_uses_what_was_known_in_its_own_year():
    losses = losses_of(("a0000", "2011-06-01", "2012-02-01"), ("a0001", "2012-06-01", None))
    known = losses_known(losses, pd.Timestamp("2011-12-01")).frame
    assert known["account_id"].tolist() == ["a0000"]
    assert known["return_date"].isna().all()


def test_a_loss_that_was_warned_of_is_counted_with_its_lead():
    counts = poisson_world(200, 8.0, 8)
    counts[0, 36:42] = 1
    counts[0, 42:] = 0
    alerts = raise_alerts(
        months_of(counts), losses_of(("a0000", "2011-07-15", None)), accounts_of(200), "2012-12-31"
    )
    year = alerts.backtest.set_index("year_end").loc["2011-12"]
    assert (year["n_lost"], year["n_warned"]) == (1, 1)
    assert 0 < year["lead_days"] < 200
    assert year["n_alerts"] == year["in_vain"] + 1


def test_a_backtest_without_alerts_losses_or_stayers_says_which():
    alerts = raise_alerts(
        months_of(poisson_world(200, 4.0)), losses_of(), accounts_of(200), "2012-12-31"
    )
    nothing = alerts.backtest.assign(
        n_alerts=0, in_vain=0, n_lost=0, n_warned=0, n_stayed=0, false_alarms=0
    )
    for backtest, words in [
        (nothing, ("stayed", "was alerted", "was lost")),
        (nothing.head(0), ("no earlier year",) * 3),
    ]:
        by_id = {one.id: one for one in replace(alerts, backtest=backtest).findings()}
        for name, word in zip(
            ("false_alarm_rate", "alerts_in_vain", "losses_warned"), words, strict=True
        ):
            finding = by_id[f"churn.{name}"]
            assert finding.value is None
            assert word in finding.reason.render("en")


def test_a_rate_of_false_alarms_out_of_range_is_refused():
    with pytest.raises(AnalysisError, match=r"a share from 0\.001 to 0\.5"):
        raise_alerts(
            months_of(poisson_world(20)),
            losses_of(),
            accounts_of(20),
            "2012-12-31",
            false_alarm_rate=0.9,
        )


def test_an_analysis_never_changes_its_input():
    months, accounts = months_of(poisson_world(120)), accounts_of(120)
    kept, known = months.copy(), accounts.copy()
    raise_alerts(months, losses_of(), accounts, "2012-12-31")
    pd.testing.assert_frame_equal(months, kept)
    pd.testing.assert_frame_equal(accounts, known)
