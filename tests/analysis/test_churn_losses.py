"""Losses and rates: bad rows are set aside with a count, the future is not seen, mix and rate
add up.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamresearch.analysis.churn import (
    clean_losses,
    compare_definitions,
    definition_card,
    losses_from_contracts,
    losses_from_silence,
    measure_rate,
)
from kamresearch.analysis.churn.definition import wilson
from kamresearch.analysis.churn.losses import Losses, are_among
from kamresearch.errors import AnalysisError, DataError

pytestmark = pytest.mark.unit

FIRST = pd.Series(pd.to_datetime(["2010-01-01"] * 4), index=["a", "b", "c", "d"])


def events(*rows):
    frame = pd.DataFrame(rows, columns=["account_id", "churn_date", "return_date"])
    return frame.assign(
        churn_date=pd.to_datetime(frame["churn_date"]),
        return_date=pd.to_datetime(frame["return_date"]),
    )


def said(losses):
    return " ".join(text.render("en") for text in losses.caveats)


def test_a_loss_before_the_first_order_is_set_aside_in_clear_words():
    losses = clean_losses(
        events(("a", "2009-05-01", None), ("b", "2011-05-01", None)), FIRST, "2012-12-31"
    )
    assert losses.frame["account_id"].tolist() == ["b"]
    assert "1 losses are dated before the account's first day" in said(losses)


def test_a_return_before_its_loss_does_not_count_but_the_loss_does():
    losses = clean_losses(events(("a", "2011-05-01", "2011-04-01")), FIRST, "2012-12-31")
    assert losses.frame["return_date"].isna().all()
    assert "a" in losses.away_at(pd.Timestamp("2012-01-01"))
    assert "the return does not" in said(losses)


def test_duplicates_overlaps_and_strangers_are_counted_once_or_set_aside():
    rows = events(
        ("a", "2011-05-01", "2011-09-01"),
        ("a", "2011-05-01", "2011-09-01"),
        ("a", "2011-06-01", None),
        ("zz", "2011-06-01", None),
        ("a", "2012-06-01", None),
    )
    losses = clean_losses(rows, FIRST, "2012-12-31")
    assert losses.frame["churn_date"].dt.strftime("%Y-%m").tolist() == ["2011-05", "2012-06"]
    assert losses.set_aside == {"duplicate": 1, "unknown_account": 1, "overlap": 1}


def test_losses_and_returns_after_the_as_of_date_are_not_seen():
    rows = events(("a", "2011-05-01", "2012-02-01"), ("b", "2012-03-01", None))
    early = clean_losses(rows, FIRST, "2011-12-31")
    assert early.frame["account_id"].tolist() == ["a"]
    assert early.frame["return_date"].isna().all()
    assert early.away_at(pd.Timestamp("2011-12-31")) == {"a"}
    assert clean_losses(rows, FIRST, "2012-12-31").away_at(pd.Timestamp("2012-12-31")) == {"b"}


def test_a_loss_without_a_date_is_refused_with_the_account():
    with pytest.raises(DataError, match=r"a date in every row.*'b'"):
        clean_losses(events(("b", None, None)), FIRST, "2012-12-31")
    with pytest.raises(DataError, match="no churn_date"):
        clean_losses(pd.DataFrame({"account_id": []}), FIRST, "2012-12-31")


def monthly(counts, account="a", start="2010-01-01"):
    return pd.DataFrame(
        {
            "account_id": account,
            "month": pd.date_range(start, periods=len(counts), freq="MS"),
            "n_orders": counts,
        }
    )


def test_silence_is_judged_by_the_accounts_own_rhythm():
    often = monthly([1] * 12 + [0] * 6, "often")
    rare = monthly([1, 0, 0, 0, 0, 0] * 3, "rare")
    losses = losses_from_silence(pd.concat([often, rare]), "2011-06-30")
    assert losses.frame["account_id"].tolist() == ["often"]


def test_a_silent_account_that_orders_again_has_returned():
    losses = losses_from_silence(monthly([1] * 12 + [0] * 8 + [1, 1]), "2011-10-31")
    assert losses.frame["return_date"].dt.strftime("%Y-%m-%d").tolist() == ["2011-09-01"]
    assert losses.frame["churn_date"].iloc[0] < pd.Timestamp("2011-09-01")


@pytest.mark.parametrize("cut", [14, 16, 20, 24])
def test_adding_the_future_never_changes_a_loss_already_known(cut):
    rng = np.random.default_rng(4)
    months = pd.concat(
        [monthly(rng.poisson(0.7, 30) * (rng.random(30) < 0.8), f"a{i}") for i in range(20)]
    )
    day = (
        (pd.Timestamp("2010-01-01") + pd.DateOffset(months=cut) - pd.Timedelta(days=1))
        .date()
        .isoformat()
    )
    past = months[months["month"] <= day]
    one = losses_from_silence(past, day).frame
    two = losses_from_silence(months, day).frame
    pd.testing.assert_frame_equal(one, two)


def rhythms(n, length, seed, start="2009-01-01"):
    rng = np.random.default_rng(seed)
    counts = rng.random((n, length)) < rng.uniform(0.05, 0.9, n)[:, None]
    return pd.concat([monthly(row.astype(int), f"a{i:03d}", start) for i, row in enumerate(counts)])


@settings(max_examples=30)
@given(
    st.integers(0, 5),
    st.dates(pd.Timestamp("2009-03-01").date(), pd.Timestamp("2012-12-31").date()),
)
@pytest.mark.slow
def test_what_was_lost_by_any_day_is_the_same_seen_from_that_day_and_from_the_end(seed, day):
    months, day = rhythms(25, 48, seed), pd.Timestamp(day)
    later = losses_from_silence(months, "2012-12-31").frame
    later = later[later["churn_date"] <= day].reset_index(drop=True)
    later["return_date"] = later["return_date"].mask(later["return_date"] > day)
    then = losses_from_silence(months[months["month"] <= day], day.date().isoformat()).frame
    pd.testing.assert_frame_equal(then, later)


def test_a_silence_is_dated_as_worked_by_hand():
    # By May a closed gaps of 1, 1 and 2 months, b four of 1: 8 months waited for 7 gaps, and b's
    # later ones tell nothing.
    # a's own gap: (4 + 3 · 8/7) / (3 + 3) = 1.238; 4.1 times that, rounded up, are 6 months from
    # May.
    months = pd.concat([monthly([1, 1, 1, 0, 1] + [0] * 10, "a"), monthly([1] * 15, "b")])
    losses = losses_from_silence(months, "2011-03-31", factor=4.1).frame
    assert losses["account_id"].tolist() == ["a"]
    assert losses["churn_date"].tolist() == [pd.Timestamp("2010-11-30")]


@pytest.mark.slow
def test_the_first_year_of_the_records_is_no_harsher_than_later_ones():
    # Nobody leaves; orders come by chance in one month of four. What is known early must not be the
    # short gaps alone.
    counts = np.random.default_rng(3).random((800, 60)) < 0.25
    months = pd.concat([monthly(row.astype(int), f"a{i:03d}") for i, row in enumerate(counts)])
    by_year = losses_from_silence(months, "2014-12-31").frame["churn_date"].dt.year.value_counts()
    assert by_year.get(2010, 0) < by_year[2013]


def test_silence_does_not_hang_on_the_order_of_rows_and_leaves_its_input_alone():
    months = rhythms(20, 40, 1)
    kept = months.copy()
    one = losses_from_silence(months, "2012-04-30").frame
    pd.testing.assert_frame_equal(months, kept)
    pd.testing.assert_frame_equal(
        one, losses_from_silence(months.sample(frac=1, random_state=0), "2012-04-30").frame
    )
    assert losses_from_silence(months.head(0), "2012-04-30").frame.empty


def test_who_never_ordered_is_not_among_those_who_could_fall_silent():
    counts = [[1] * 24 + [0] * 12] * 20 + [[1] * 36] * 20
    months = pd.concat([monthly(row, f"a{i}") for i, row in enumerate(counts)])
    known = pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(80)],
            "first_seen": pd.Timestamp("2009-06-01"),
            "region": "East",
        }
    )
    losses = losses_from_silence(months, "2012-12-31")
    rate = measure_rate(known, losses, "2012-12-31")
    assert (rate.n_lost, rate.n_accounts) == (20, 40)
    assert "who never ordered" in said(losses)
    # An order on an unknown day of January 2010 is known by its end.
    assert losses.here_at(pd.Index(["a0", "a79"]), pd.Timestamp("2010-01-15")).tolist() == [
        False,
        False,
    ]
    assert losses.here_at(pd.Index(["a0", "a79"]), pd.Timestamp("2010-01-31")).tolist() == [
        True,
        False,
    ]


def test_contracts_that_overlap_are_one_cover():
    contracts = pd.DataFrame(
        {
            "account_id": ["a", "a", "a", "b", "b", "b"],
            "start_date": pd.to_datetime(
                ["2010-01-01", "2011-01-01", "2013-01-01", "2010-01-01", "2010-02-01", "2012-01-01"]
            ),
            "end_date": pd.to_datetime(
                ["2010-12-31", "2014-12-31", "2013-06-30", "2010-12-31", "2010-06-30", "2012-12-31"]
            ),
        }
    )
    losses = losses_from_contracts(contracts, "2014-06-30").frame
    assert losses["account_id"].tolist() == ["b", "b"]
    assert losses["churn_date"].tolist() == list(pd.to_datetime(["2011-03-31", "2013-03-31"]))
    assert losses["return_date"].iloc[0] == pd.Timestamp("2012-01-01")
    assert losses["return_date"].isna().tolist() == [False, True]


def test_a_contract_that_is_not_followed_within_the_grace_is_a_loss():
    contracts = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "c", "c"],
            "start_date": pd.to_datetime(
                ["2010-01-01", "2011-01-15", "2010-01-01", "2010-01-01", "2012-01-01"]
            ),
            "end_date": pd.to_datetime(
                ["2010-12-31", "2013-12-31", "2010-12-31", "2010-12-31", "2013-12-31"]
            ),
        }
    )
    losses = losses_from_contracts(contracts, "2012-12-31").frame
    assert losses["account_id"].tolist() == ["b", "c"]
    assert losses["return_date"].isna().tolist() == [True, False]


@pytest.fixture
def accounts():
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(100)],
            "first_seen": pd.Timestamp("2009-01-01"),
            "region": ["East"] * 60 + ["West"] * 40,
        }
    )


def lost(*ids, day="2012-06-01"):
    frame = pd.DataFrame(
        {"account_id": list(ids), "churn_date": pd.Timestamp(day), "return_date": pd.NaT}
    ).reindex(
        columns=["account_id", "churn_date", "return_date", "cause", "stated_reason", "offer"]
    )
    frame["return_date"] = pd.to_datetime(frame["return_date"])
    return Losses("recorded", pd.Timestamp("2012-12-31"), frame)


def test_the_rate_counts_those_present_at_the_start_and_nobody_else(accounts):
    late = pd.DataFrame(
        {"account_id": ["new"], "first_seen": pd.Timestamp("2012-03-01"), "region": ["East"]}
    )
    losses = lost("a0", "a1", "new", "a99")
    rate = measure_rate(pd.concat([accounts, late]), losses, "2012-12-31")
    assert (rate.n_accounts, rate.n_lost) == (100, 3)


def test_returns_are_counted_among_the_accounts_of_the_cohort_alone(accounts):
    late = pd.DataFrame(
        {"account_id": ["new"], "first_seen": pd.Timestamp("2012-03-01"), "region": ["East"]}
    )
    losses = lost("a0", "a1", "new")
    losses.frame["return_date"] = pd.to_datetime(["2012-09-01", None, "2012-09-01"])
    rate = measure_rate(pd.concat([accounts, late]), losses, "2012-12-31")
    assert (rate.n_lost, rate.n_returned) == (2, 1)
    assert measure_rate(accounts, losses, "2012-07-31").n_returned == 0


def test_mix_and_rate_effect_add_up_to_the_change(accounts):
    before = lost("a0", "a70", "a71", "a72", day="2011-06-01").frame
    now = lost("a1", "a2", "a3", "a80").frame
    losses = Losses(
        "recorded", pd.Timestamp("2012-12-31"), pd.concat([before, now], ignore_index=True)
    )
    rate = measure_rate(accounts, losses, "2012-12-31")
    total = rate.by_group["mix_effect"].sum() + rate.by_group["rate_effect"].sum()
    assert total == pytest.approx(rate.change, abs=1e-12)
    by_id = {finding.id: finding for finding in rate.findings()}
    assert by_id["churn.mix_effect"].value + by_id["churn.rate_effect"].value == pytest.approx(
        rate.change, abs=1e-12
    )


def test_churn_can_worsen_in_all_while_every_group_improves():
    # Half of the sturdy group is not there yet in the window before; the frail group grows.
    first = [pd.Timestamp("2009-01-01")] * 100 + [pd.Timestamp("2011-12-01")] * 100
    accounts = pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(200)],
            "first_seen": first,
            "region": ["Sturdy"] * 90 + ["Frail"] * 10 + ["Frail"] * 100,
        }
    )
    before = lost(
        *[f"a{i}" for i in range(9)], *[f"a{i}" for i in range(90, 94)], day="2011-06-01"
    ).frame
    now = lost(*[f"a{i}" for i in range(9, 16)], *[f"a{i}" for i in range(100, 135)]).frame
    losses = Losses(
        "recorded", pd.Timestamp("2012-12-31"), pd.concat([before, now], ignore_index=True)
    )
    rate = measure_rate(accounts, losses, "2012-12-31")
    assert (rate.by_group["rate"] < rate.by_group["rate_before"]).all()
    assert rate.change > 0
    assert rate.by_group["mix_effect"].sum() > rate.change
    assert rate.by_group["rate_effect"].sum() < 0


def test_six_of_forty_lost_is_seven_to_twenty_nine_per_cent():
    interval = wilson(6, 40)
    assert (round(interval.low, 2), round(interval.high, 2)) == (0.07, 0.29)
    assert wilson(0, 0) is None


def test_twelve_regions_are_pooled_rather_than_rated_apart():
    rng = np.random.default_rng(0)
    n = rng.integers(5, 40, 12)
    k = rng.binomial(n, 0.15)
    regions = np.repeat([f"r{number:02d}" for number in range(12)], n)
    known = pd.DataFrame(
        {
            "account_id": [f"a{number}" for number in range(n.sum())],
            "first_seen": pd.Timestamp("2008-01-01"),
            "region": regions,
        }
    )
    gone = np.concatenate(
        [np.arange(size) < lost_here for size, lost_here in zip(n, k, strict=True)]
    )
    groups = measure_rate(known, lost(*known["account_id"][gone]), "2012-12-31").by_group
    assert groups["pooled"].std() < 0.7 * groups["rate"].std()
    # Nor is a region known better than the company: 1.96 binomial standard errors either way.
    whole = k.sum() / n.sum()
    assert (groups["high"] - groups["low"]).min() > 2 * 1.96 * (
        whole * (1 - whole) / n.sum()
    ) ** 0.5


def test_no_account_lost_and_all_accounts_lost_are_rates_like_any_other(accounts):
    nobody = measure_rate(accounts, lost(), "2012-12-31")
    assert (nobody.rate, nobody.interval.low) == pytest.approx((0, 0), abs=1e-12)
    everybody = measure_rate(accounts, lost(*accounts["account_id"]), "2012-12-31")
    assert everybody.rate == 1


def test_duplicate_accounts_and_empty_frames_are_refused(accounts):
    with pytest.raises(AnalysisError, match="one row per account.*1 repeated"):
        measure_rate(pd.concat([accounts, accounts.head(1)]), lost(), "2012-12-31")
    with pytest.raises(AnalysisError, match="at least one account"):
        measure_rate(accounts.head(0), lost(), "2012-12-31")


def test_nobody_present_gives_a_reason_in_place_of_a_rate(accounts):
    rate = measure_rate(
        accounts.assign(first_seen=pd.Timestamp("2012-12-01")), lost(), "2012-12-31"
    )
    finding = rate.findings()[0]
    assert finding.value is None
    assert "no account was present" in finding.reason.render("en")


def test_the_card_states_cohort_window_and_gap(accounts):
    rate = measure_rate(accounts, lost("a0"), "2012-12-31")
    card = definition_card(rate, 30).frame.set_index("item")["meaning"]
    assert "365 days up to" in card["window"]
    assert "30 days between" in card["gap"]
    assert "present on the first day" in card["cohort"]
    table = compare_definitions(
        accounts, {"recorded": lost("a0"), "silence 3": lost("a1", "a2")}, "2012-12-31"
    ).frame
    assert table["n_lost"].tolist() == [1, 2]


def test_an_analysis_never_changes_its_input(accounts):
    copy, rows = accounts.copy(), events(("a", "2011-05-01", "2011-04-01"))
    kept = rows.copy()
    measure_rate(accounts, lost("a0"), "2012-12-31")
    clean_losses(rows, FIRST, "2012-12-31")
    pd.testing.assert_frame_equal(accounts, copy)
    pd.testing.assert_frame_equal(rows, kept)


@pytest.mark.parametrize("others", [{"a", "c"}, pd.Index(["c", "a", "a"], dtype="str"), set()])
def test_ids_are_found_among_others_as_pandas_finds_them(others):
    ids = pd.Series(["b", "a", None, "c", "a"], dtype="str")
    assert are_among(ids, others).tolist() == ids.isin(list(others)).tolist()
    assert are_among(pd.Index([], dtype="str"), others).tolist() == []
