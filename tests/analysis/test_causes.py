"""Causes: incidences equal statsmodels' to the last digit, bounds hold, reasons are read in
two languages.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from kamresearch.analysis.causes import (
    CAUSES,
    agreement,
    cumulative_incidence,
    incidence_at,
    load_reasons,
    map_reasons,
    measure_causes,
    measure_returns,
    power_of_shares,
    predict_causes,
    settle_causes,
)
from kamresearch.analysis.churn.survival import kaplan_meier
from kamresearch.errors import AnalysisError, DataError

pytestmark = pytest.mark.golden


def sample(seed=0, n=300):
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(15, n))
    cause = rng.choice([None, "price", "product", "service"], n, p=[0.4, 0.3, 0.1, 0.2])
    return time, cause


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_incidences_equal_statsmodels_to_ten_digits():
    from statsmodels.duration.survfunc import CumIncidenceRight

    names = ["price", "product", "service"]
    for seed in range(5):
        time, cause = sample(seed)
        status = np.array([0 if one is None else names.index(one) + 1 for one in cause])
        theirs, ours = CumIncidenceRight(time, status), cumulative_incidence(time, cause, names)
        np.testing.assert_array_equal(ours["time"], theirs.times)
        for place, name in enumerate(names):
            assert np.abs(ours[name] - theirs.cinc[place]).max() < 1e-10
            # Its variance divides by zero where all who remain are lost at once; elsewhere they are
            # equal.
            usable = np.isfinite(theirs.cinc_se[place])
            assert np.abs(ours[f"{name}_se"] - theirs.cinc_se[place])[usable].max() < 1e-10


def test_incidences_are_the_same_bits_on_every_run_and_in_any_row_order():
    time, cause = sample(3)
    first = cumulative_incidence(time, cause)
    order = np.random.default_rng(9).permutation(len(time))
    for _ in range(3):
        again = cumulative_incidence(time[order], cause[order])
        assert first.to_numpy().tobytes() == again.to_numpy().tobytes()


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(1, 20), st.sampled_from([None, "price", "product", "service"])),
        min_size=1,
        max_size=60,
    )
)
@pytest.mark.slow
def test_incidences_over_all_causes_are_one_minus_survival(rows):
    time, cause = np.array([r[0] for r in rows], float), [r[1] for r in rows]
    curves = cumulative_incidence(time, cause, ["price", "product", "service"])
    total = curves[["price", "product", "service"]].sum(axis=1)
    np.testing.assert_allclose(total, 1 - curves["survival"], atol=1e-12)
    survival = kaplan_meier(time, np.array([one is not None for one in cause]))["survival"]
    np.testing.assert_allclose(curves["survival"], survival, atol=1e-12)


def test_one_minus_kaplan_meier_per_cause_overstates_the_incidence():
    time, cause = sample(1)
    curves = cumulative_incidence(time, cause)
    naive = 1 - kaplan_meier(time, cause == "price")["survival"]
    assert naive.iloc[-1] > curves["price"].iloc[-1] + 0.05
    assert (naive >= curves["price"] - 1e-12).all()


def test_a_cause_out_of_the_list_and_impossible_times_are_refused():
    with pytest.raises(AnalysisError, match="causes out of price"):
        cumulative_incidence(np.array([1.0]), ["weather"], ["price"])
    with pytest.raises(AnalysisError, match="times from 0 up"):
        cumulative_incidence(np.array([np.nan]), ["price"])


def test_nobody_lost_gives_no_incidence():
    curves = cumulative_incidence(np.array([1.0, 2]), [None, None], CAUSES)
    assert (curves[list(CAUSES)] == 0).all(axis=None)
    # One is left after the first: no loss of one leaves all but a fortieth open.
    assert incidence_at(curves, "price", 1.5) == pytest.approx((0, 0, 0.975))
    assert incidence_at(curves, "price", 0) == (0, 0, 0)
    assert incidence_at(curves, "price", 9) is None


def test_one_newcomer_lost_does_not_make_the_incidence_of_all():
    entry, time = np.r_[0.0, np.full(99, 1826.0)], np.r_[61.5, np.full(99, 2900.5)]
    curves = cumulative_incidence(time, ["price"] + [None] * 99, CAUSES, entry)
    assert incidence_at(curves, "price", 730) is None
    assert curves["begins"].iloc[0] == 1826
    assert incidence_at(curves, "price", 2000)[0] == 0


def test_a_cause_without_losses_and_the_cause_of_all_have_exact_bounds():
    from statsmodels.stats.proportion import proportion_confint

    # Forty all followed to the end: losses for price take nothing from what is known of service.
    time = np.r_[np.arange(1.0, 31), np.full(10, 50.0)]
    curves = cumulative_incidence(time, ["price"] * 30 + [None] * 10, ["price", "service"])
    assert incidence_at(curves, "service", 40) == pytest.approx(
        (0, *proportion_confint(0, 40, method="beta"))
    )
    assert incidence_at(curves, "price", 40)[1] > 0
    gone = cumulative_incidence(np.arange(1.0, 6), ["price"] * 5, ["price", "service"])
    assert incidence_at(gone, "price", 5) == pytest.approx(
        (1, *proportion_confint(5, 5, method="beta"))
    )
    assert incidence_at(gone, "service", 5) == pytest.approx(
        (0, *proportion_confint(0, 5, method="beta"))
    )


@pytest.mark.parametrize(("rate", "other"), [(0.002, 0.03), (0.01, 0.03)])
@pytest.mark.slow
def test_intervals_of_a_rare_cause_cover_the_truth(rate, other):
    rng = np.random.default_rng(1)
    truth, covered, tried, n = (
        rate / (rate + other) * (1 - np.exp(-(rate + other) * 24)),
        0,
        800,
        40,
    )
    for _ in range(tried):
        life, watched = rng.exponential(1 / (rate + other), n), rng.uniform(12, 60, n)
        cause = np.where(rng.random(n) < rate / (rate + other), "service", "price")
        cause = [one if lost else None for one, lost in zip(cause, life <= watched, strict=True)]
        curves = cumulative_incidence(np.minimum(life, watched), cause, ["price", "service"])
        here = incidence_at(curves, "service", 24)
        covered += here is None or here[1] <= truth <= here[2]
    assert covered / tried > 0.935


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("Price too high", "price"),
        ("竞争对手报价更低", "price"),
        ("产品不符合需求", "product"),
        ("售后服务差", "service"),
        ("complaints not solved", "service"),
        ("went to competitor", "competitor"),
        ("被竞品截走", "competitor"),
        ("公司搬迁", "relocation"),
        ("不详", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        ("xyzzy", "unknown"),
        ("PRICE", "price"),
        ("priceless art", "price"),
    ],
)
def test_a_reason_is_read_in_either_language(reason, cause):
    assert map_reasons(pd.Series([reason], dtype=object)).tolist() == [cause]


def test_every_wording_of_the_simulator_is_read_as_its_cause():
    from kamresearch.data.simulate.tables import _REASONS

    for cause, wordings in _REASONS.items():
        read = map_reasons(pd.Series(list(wordings), dtype=object)).tolist()
        wrong = [word for word, one in zip(wordings, read, strict=True) if one != cause]
        assert not wrong, cause


def test_the_user_can_edit_the_reason_table(tmp_path):
    path = tmp_path / "reasons.yml"
    path.write_text("- {cause: product, en: [xyzzy], zh: [甲]}\n", encoding="utf-8")
    assert map_reasons(pd.Series(["xyzzy!", "很甲"]), path).tolist() == ["product", "product"]
    path.write_text("- {cause: prise, en: [x]}\n", encoding="utf-8")
    with pytest.raises(DataError, match="entry 1, cause: .*; found 'prise'. .*mean 'price'"):
        load_reasons(path)
    path.write_text("- {cause: price, en: cheap}\n", encoding="utf-8")
    with pytest.raises(DataError, match="entry 1, en: expected a valid list; found 'cheap'"):
        load_reasons(path)


def losses_of(causes, reasons=None, offers=None, returns=None, start="2010-01-01"):
    n = len(causes)
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(n)],
            "churn_date": pd.Timestamp(start),
            "cause": causes,
            "return_date": pd.to_datetime(returns if returns is not None else [None] * n),
            "stated_reason": reasons or [None] * n,
            "offer": offers or [None] * n,
        }
    )


def spells_of(losses):
    return pd.DataFrame(
        {
            "account_id": losses["account_id"],
            "entry_days": 0.0,
            "exit_days": np.arange(len(losses)) + 10.0,
            "lost": True,
        }
    )


def test_a_coded_cause_counts_before_the_stated_reason():
    settled = settle_causes(losses_of(["product", None, None], ["价格太高", "价格太高", None]))
    assert settled["cause"].tolist() == ["product", "price", "unknown"]
    assert settled["cause_from"].tolist() == ["coded", "reason", "none"]


def test_a_foreign_cause_is_refused_with_its_name():
    with pytest.raises(DataError, match="weather"):
        settle_causes(losses_of(["weather"]))


def test_bounds_hold_whatever_the_unknown_are():
    losses = losses_of(["price"] * 6 + ["service"] * 2 + ["unknown"] * 2)
    row = (
        measure_causes(losses, spells_of(losses), "2012-12-31")
        .frame.set_index("cause")
        .loc["price"]
    )
    assert (row["share"], row["bound_low"], row["bound_high"]) == (0.75, 0.6, 0.8)
    assert row["low"] < row["share"] < row["high"]
    assert (row["record_low"], row["record_high"]) == pytest.approx(
        (0.75 * 0.72, 0.75 + 0.28 * 0.25)
    )


def test_causes_all_unknown_give_reasons_in_place_of_numbers():
    losses = losses_of([None] * 3)
    result = measure_causes(losses, spells_of(losses), "2012-12-31")
    assert result.n_known == 0
    price = next(finding for finding in result.findings() if finding.id == "churn.price_share")
    assert price.value is None
    assert "no loss has a known cause" in price.reason.render("en")


def test_two_public_records_of_the_same_customers_agree_for_seventy_two_per_cent(shared_data):
    one = pd.read_csv(shared_data / "ibm_telco_churn_reason.csv").set_index("CustomerID")[
        "Churn Reason"
    ]
    two = pd.read_csv(shared_data / "telco_churn_category.csv").set_index("Customer ID")[
        "Churn Reason"
    ]
    both = one.dropna().index.intersection(two.dropna().index)
    assert (one[both] == two[both]).mean() == pytest.approx(0.72, abs=0.01)
    ours = agreement(map_reasons(one[both]), map_reasons(two[both]))
    assert ours >= 0.72


def test_a_return_after_the_as_of_date_is_not_seen():
    losses = losses_of(["price"], returns=[None])
    assert (
        measure_returns(losses, "2010-06-01").rates.set_index("cause").loc["price", "returned"] == 0
    )


def test_the_hypothesis_of_the_seed_is_tested_with_its_power_stated():
    back = ["2010-06-01"] * 20 + [None] * 20
    losses = losses_of(
        ["price"] * 40 + ["product"] * 40, returns=back + ["2010-06-01"] * 2 + [None] * 38
    )
    result = measure_returns(losses, "2012-12-31")
    assert result.p_value < 0.001
    assert result.power > 0.8
    assert "more often" in result.verdict().render("en")
    same = losses_of(
        ["price"] * 5 + ["product"] * 5,
        returns=["2010-06-01"] + [None] * 4 + ["2010-06-01"] + [None] * 4,
    )
    weak = measure_returns(same, "2012-12-31")
    assert weak.p_value == 1
    assert weak.power < 0.3
    assert weak.detectable is None or weak.detectable > 0.5
    assert "would have found" in weak.verdict().render("en")


def test_product_leavers_who_return_more_often_are_not_told_as_price_leavers():
    back = ["2010-06-01"] * 4 + [None] * 36 + ["2010-06-01"] * 20 + [None] * 20
    result = measure_returns(
        losses_of(["price"] * 40 + ["product"] * 40, returns=back), "2012-12-31"
    )
    assert result.p_value < 0.001
    verdict = result.verdict()
    assert (
        "return less often than those lost over the product: 10.0% against 50.0%"
        in verdict.render("en")
    )
    assert "更不易赢回" in verdict.render("zh")


def test_the_verdict_speaks_of_the_shares_that_the_test_compares():
    """Price losses of the last weeks, all back at once, lift the curve and play no part in the
    test.
    """
    old = losses_of(
        ["price"] * 40 + ["product"] * 40,
        returns=["2010-06-01"] * 4 + [None] * 36 + ["2010-06-01"] * 20 + [None] * 20,
    )
    new = losses_of(["price"] * 100, returns=["2012-12-20"] * 100).assign(
        churn_date=pd.Timestamp("2012-12-01")
    )
    new["account_id"] = [f"new{number}" for number in range(100)]
    result = measure_returns(pd.concat([old, new], ignore_index=True), "2012-12-31")
    rates = result.rates.set_index("cause")["rate"]
    assert rates["price"] > rates["product"]
    assert "10.0% against 50.0%" in result.verdict().render("en")


def test_offers_of_a_cause_are_pooled_among_themselves_with_bounds_that_admit_it():
    cause = ["price"] * 30 + ["product"] * 20
    losses = losses_of(
        cause, returns=(["2010-06-01"] * 3 + [None] * 7) * 3 + ["2010-06-01"] * 18 + [None] * 2
    )
    losses["offer"] = np.repeat(["none", "discount", "upgrade", "none"], [10, 10, 10, 20])
    table = measure_returns(losses, "2012-12-31", yearly_value=1_000.0).winback.set_index(
        ["cause", "offer"]
    )
    assert table.loc["price", "rate"].tolist() == pytest.approx([0.3] * 3, abs=0.02)
    # One offer alone keeps about its Jeffreys interval, and three alike are not known better than
    # all thirty.
    assert table.loc[("product", "none"), ["low", "high"]].tolist() == pytest.approx(
        [0.717, 0.979], abs=0.01
    )
    assert (table.loc["price", "high"] - table.loc["price", "low"] > 0.32).all()
    np.testing.assert_allclose(table["value"], table["rate"] * 1_000)
    caption = measure_returns(losses, "2012-12-31").table().caption.render("en")
    assert "median yearly value of the accounts present" in caption


def test_no_returns_of_few_losses_still_leave_a_wide_interval():
    result = measure_returns(losses_of(["price"] * 4 + ["product"] * 4), "2012-12-31")
    row = result.rates.set_index("cause").loc["price"]
    assert (row["rate"], row["low"]) == (0, 0)
    assert row["high"] > 0.5


def test_the_power_told_is_that_of_the_test_made_and_not_of_an_approximation():
    rng = np.random.default_rng(0)
    n, m = 13, 9
    p_value = np.array(
        [
            [fisher_exact([[k, n - k], [j, m - j]]).pvalue for j in range(m + 1)]
            for k in range(n + 1)
        ]
    )
    drawn = p_value[rng.binomial(n, 0.4, 40_000), rng.binomial(m, 0.1, 40_000)] <= 0.05
    assert power_of_shares(0.4, 0.1, n, m) == pytest.approx(drawn.mean(), abs=0.008)
    # The published approximation, 80 % with 905 a side, is a little too good for Fisher's test.
    assert 0.77 < power_of_shares(0.20, 0.15, 905, 905) < 0.80
    assert power_of_shares(0.20, 0.15, 40, 40) < 0.15


def test_misrecorded_causes_are_carried_through_to_returns_and_to_winning_back():
    """Half of what was put down to the product was price: those return, product leavers never."""
    causes = ["price"] * 40 + ["product"] * 40
    back = ["2010-06-01"] * 16 + [None] * 24 + ["2010-06-01"] * 3 + [None] * 37
    losses = losses_of(causes, returns=back, offers=["none"] * 80)
    result = measure_returns(losses, "2012-12-31", misrecorded=0.28)
    rates = result.rates.set_index("cause")
    assert rates.loc["product", "record_low"] == 0.0
    assert rates.loc["price", "record_high"] == pytest.approx(rates.loc["price", "high"] / 0.72)
    assert (result.winback["record_low"] <= result.winback["low"]).all()
    # Product leavers never return, and the record says that 3 of 40 did: the truth is inside.
    assert result.findings()[1].interval.low == 0.0
    assert "if 28.0% of the causes were recorded wrongly" in (
        result.findings()[1].sentence.render("en")
    )
    assert result.p_value < 0.05
    assert "may return alike" in result.closing()[-1].render("en")
    surely = measure_returns(losses, "2012-12-31", misrecorded=0.0)
    assert "stands even if" in surely.closing()[-1].render("en")


def test_features_that_know_nothing_of_the_cause_make_the_model_abstain():
    rng = np.random.default_rng(0)
    cause = pd.Series(rng.choice(["price", "product", "service"], 240))
    noise = pd.DataFrame({"x": rng.normal(size=240), "region": rng.choice(["East", "West"], 240)})
    accounts = pd.Series([f"a{i}" for i in range(240)])
    assert predict_causes(noise, cause, accounts).abstains
    told = noise.assign(
        x=cause.map({"price": 0.0, "product": 3.0, "service": 6.0}) + rng.normal(size=240)
    )
    assert not predict_causes(told, cause, accounts).abstains
    few = predict_causes(noise.head(30), cause.head(30), accounts.head(30))
    assert few.abstains
    assert few.findings()[0].value is None


@pytest.mark.golden
@pytest.mark.parametrize(("p", "q"), [(0.40, 0.10), (0.15, 0.10), (0.13, 0.10)])
def test_the_power_of_very_many_cases_is_that_of_the_sum_over_tables(monkeypatch, p, q):
    """The sum over every table on one side of the limit, the normal approximation on the other."""
    exact = power_of_shares(p, q, 1_000, 1_000)
    monkeypatch.setattr("kamresearch.analysis.causes.winback.MOST_TABLES", 1)
    assert power_of_shares(p, q, 1_000, 1_000) == pytest.approx(exact, abs=0.01)


@pytest.mark.unit
def test_no_table_of_all_pairs_is_made_of_very_many_cases(monkeypatch):
    monkeypatch.setattr(
        "kamresearch.analysis.causes.winback._rejected", lambda *_sizes: pytest.fail("summed")
    )
    assert power_of_shares(0.4, 0.1, 40_000, 50_000) == pytest.approx(1.0)
