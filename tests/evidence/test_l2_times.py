"""t_*: against a search through every row; means over seeds; power laws against slow twins."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from landscape.evidence.l2_times import (
    best_accuracies,
    collapse,
    mean_peak_time,
    peak_times,
    power_law,
    steps_an_epoch,
    within_budget,
)


def table(curves, lr=0.1):
    """The table of a sweep with looks at every row; a curve ends with None where it diverges."""
    frames = []
    for seed, errors in enumerate(curves):
        diverged = [error is None for error in errors]
        values = np.array([np.nan if error is None else error for error in errors], dtype=float)
        steps = [0, *(2**i for i in range(len(errors) - 1))]
        frames.append(
            pd.DataFrame({
                "lr": lr, "seed": seed, "step": steps, "test_error": values,
                "least_test_error": np.where(diverged, np.nan, np.fmin.accumulate(values)),
                "diverged": np.array(diverged, dtype=int),
            })
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def searched(errors, within):
    """The first row within the margin of the best of the whole run, looked for one by one."""
    best = max(100.0 - error for error in errors)
    for at, error in enumerate(errors):
        if 100.0 - error >= best - within - 1e-9:
            return at
    raise AssertionError("the best itself is within the margin")


CURVES = st.lists(
    st.lists(st.integers(0, 40).map(lambda n: n / 4), min_size=1, max_size=12),
    min_size=1, max_size=5,
)  # fmt: skip


@given(CURVES, st.sampled_from([0.0, 0.25, 0.5, 3.0]))
def test_it_is_what_a_search_through_all_rows_finds(curves, within):
    found = peak_times(table(curves), ["lr"], within)
    assert found["seed"].tolist() == list(range(len(curves)))
    for errors, row in zip(curves, found.itertuples(), strict=True):
        at = searched(errors, within)
        steps = [0, *(2**i for i in range(len(errors) - 1))]
        assert row.t_star == steps[at]
        assert row.after == steps[max(at - 1, 0)]
        assert row.best_accuracy == pytest.approx(100.0 - min(errors))
        assert row.censored == (len(errors) > 1 and errors[-1] < min(errors[:-1]))
        assert not row.diverged


@given(CURVES)
def test_the_order_of_the_rows_does_not_matter(curves):
    frame = table(curves)
    other = frame.sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(
        peak_times(frame, ["lr"]),
        peak_times(other, ["lr"]).sort_values("seed").reset_index(drop=True),
    )


def test_an_error_between_two_rows_counts():
    frame = table([[9.0, 5.0, 5.0, 5.0]])
    frame["least_test_error"] = [9.0, 5.0, 2.0, 2.0]  # a look between the second and third row
    assert peak_times(frame, ["lr"])["t_star"].tolist() == [2]


def test_a_run_that_diverged_has_none():
    found = peak_times(table([[9.0, 5.0, None], [9.0, 5.0, 3.0]]), ["lr"])
    assert found["diverged"].tolist() == [True, False]
    assert np.isnan(found["t_star"][0])
    assert found["t_star"][1] == 2


def test_rows_of_two_configurations_are_not_mixed():
    both = pd.concat([table([[9.0, 1.0]], lr=0.1), table([[9.0, 8.0, 7.0]], lr=0.2)])
    assert peak_times(both, ["lr"])["t_star"].tolist() == [1, 2]
    with pytest.raises(ValueError, match="two rows have step 0 .*: name all columns that tell"):
        peak_times(both, [])
    with pytest.raises(ValueError, match="within is -1"):
        peak_times(both, ["lr"], -1)


def test_the_mean_is_geometric_with_students_interval_of_the_logarithms():
    times = peak_times(table([[9.0] * k + [1.0, 1.0] for k in (2, 3, 5, 6)]), ["lr"])
    steps = np.array([2.0, 4.0, 16.0, 32.0])
    assert times["t_star"].tolist() == steps.tolist()
    found = mean_peak_time(times, 0.01)
    logs = np.log(0.01 * steps)
    expected = stats.t.interval(0.95, 3, logs.mean(), stats.sem(logs))
    assert found.value == pytest.approx(np.exp(logs.mean()))
    assert (found.low, found.high) == pytest.approx(tuple(np.exp(expected)))
    assert times["after"].tolist() == [1, 2, 8, 16], "half of t_*, inside the seeds' interval"
    assert (found.n, found.note, found.diverged) == (4, "", ())


def test_the_interval_covers_the_truth_as_often_as_it_says():
    generator, hits = np.random.default_rng(3), 0
    for _ in range(2000):
        steps = np.exp(generator.normal(5, 0.3, 4))
        times = pd.DataFrame({"seed": range(4), "t_star": steps, "after": steps,
                              "censored": False, "diverged": False})  # fmt: skip
        found = mean_peak_time(times)
        hits += found.low <= np.exp(5) <= found.high
    assert 0.935 < hits / 2000 < 0.965


def test_seeds_that_are_left_out_are_named_and_rising_ones_counted():
    curves = [[9.0, 5.0, None], [9.0, 9.0, 9.0], [9.0, 5.0, 1.0], [9.0, 1.0, 1.0]]
    times = peak_times(table(curves), ["lr"])
    found = mean_peak_time(times)
    assert found.value == pytest.approx(np.sqrt(2))
    assert found.n == 2
    assert found.diverged == ("seed 0", "seed 1 (never better than at its start)")
    assert found.note == "1 of 2 runs ended while still rising"
    assert not mean_peak_time(times[:2]).finite
    one = mean_peak_time(times[3:])
    assert (one.value, one.has_interval, one.n) == (1.0, False, 1)


def test_one_configuration_at_a_time():
    times = peak_times(table([[9.0, 1.0]]), ["lr"])
    with pytest.raises(ValueError, match="one configuration at a time"):
        mean_peak_time(pd.concat([times, times]))
    with pytest.raises(ValueError, match="factor is 0"):
        mean_peak_time(times, 0)


def test_equal_seeds_leave_the_spacing_of_the_rows():
    times = peak_times(table([[9.0, 9.0, 9.0, 1.0, 1.0]] * 3), ["lr"])
    found = mean_peak_time(times, 0.1)
    assert (found.low, found.value, found.high) == pytest.approx((0.2, 0.4, 0.4))


@given(CURVES, st.sampled_from([1.0, 10.0]))
def test_a_margin_may_be_relative(curves, within):
    found = peak_times(table(curves), ["lr"], within, relative=True)
    for errors, row in zip(curves, found.itertuples(), strict=True):
        at = searched(errors, within / 100 * (100 - min(errors)))
        assert row.t_star == [0, *(2**i for i in range(len(errors) - 1))][at]


def test_trained_runs_have_test_errors_and_rows_without():
    frame = pd.DataFrame({
        "method": "sgd", "seed": 0, "effective_epoch": [0.0, 0.5, 1.0, 1.5, 2.0],
        "test_error": [90.0, np.nan, 8.0, 7.9, 8.5], "diverged": [0, 0, 0, 0, np.nan],
    })  # fmt: skip
    found = peak_times(frame, ["method"], time="effective_epoch").iloc[0]
    assert (found["t_star"], found["after"]) == (1.0, 0.0)
    assert found["best_accuracy"] == pytest.approx(92.1)
    assert not found["censored"], "the last row is worse than the best"


@given(CURVES, st.integers(0, 70))
def test_a_fixed_budget_gives_the_best_until_then(curves, until):
    found = best_accuracies(table(curves), ["lr"], until)
    for errors, row in zip(curves, found.itertuples(), strict=True):
        steps = [0, *(2**i for i in range(len(errors) - 1))]
        best = max(100 - error for step, error in zip(steps, errors, strict=True) if step <= until)
        assert row.best_accuracy == pytest.approx(best)
        assert row.ended == (steps[-1] < until)


def test_no_budget_for_runs_that_diverge():
    found = best_accuracies(table([[9.0, 5.0, None], [9.0, 5.0, 3.0]]), ["lr"], 1)
    assert np.isnan(found["best_accuracy"][0])
    assert found["best_accuracy"][1] == 95.0


def test_runs_that_were_cut_before_the_budget_are_left_out():
    frame = table([[9.0, 5.0], [9.0, 5.0, 3.0, 2.0], [9.0, 5.0], [9.0, None]])
    whole = pd.DataFrame({"lr": [0.1], "seed": [2]})
    found = within_budget(frame, ["lr"], 2, whole)
    assert found["seed"].tolist() == [1, 2]
    assert found["best_accuracy"].tolist() == [97.0, 95.0]


def test_steps_an_epoch():
    assert steps_an_epoch({"run": {"seeds": 3}, "data": {"train_samples": 512}}) == 1
    assert steps_an_epoch({"run": {"batch_size": 128}, "data": {"train_samples": 2048}}) == 16
    assert steps_an_epoch({"run": {"batch_size": 1000}, "data": {"train_samples": None}}) == 50


# ------------------------------------------------------------------------------ laws
def grid(t_star, seeds=3, lrs=(0.1, 0.3, 1.0), l2s=(0.0, 0.001, 0.01, 0.1)):
    """Times on a grid, ``t_star(lr, l2, seed)``."""
    rows = [(lr, l2, seed, t_star(lr, l2, seed))
            for lr in lrs for l2 in l2s for seed in range(seeds)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["lr", "l2", "seed", "t_star"])
    return frame.assign(after=frame["t_star"] / 1.1, censored=False, diverged=False)


def noisy(seed=0):
    draws = np.random.default_rng(seed)
    return grid(
        lambda lr, l2, _: 3 * lr**-0.9 * max(l2, 1e-9) ** -1.1 * np.exp(draws.normal(0, 0.2))
    )


def normal_equations(rows, names):
    """The slow twin: the normal equations of one seed, solved by Cramer's rule."""
    design = [[np.log(row[name]) for name in names] + [1.0] for _, row in rows.iterrows()]
    values = [np.log(row["t_star"]) for _, row in rows.iterrows()]
    size = len(names) + 1
    left = [[sum(d[i] * d[j] for d in design) for j in range(size)] for i in range(size)]
    right = [sum(d[i] * v for d, v in zip(design, values, strict=True)) for i in range(size)]
    whole, found = np.linalg.det(left), []
    for place in range(size):
        changed = [[right[i] if j == place else left[i][j] for j in range(size)]
                   for i in range(size)]  # fmt: skip
        found.append(np.linalg.det(changed) / whole)
    return found


def test_an_exact_law_is_found():
    law = power_law(grid(lambda lr, l2, seed: 7.0 / (lr * max(l2, 1e-9))))
    for name in ("lr", "l2"):
        found = law.exponents[name]
        assert (found.value, found.low, found.high) == pytest.approx((-1, -1, -1))
    assert (law.coefficient.value, law.coefficient.n) == (pytest.approx(7.0), 3)
    assert law.scatter.value == pytest.approx(0, abs=1e-9)
    assert (law.points, law.left_out) == (9, 0), "lambda = 0 has no logarithm and is no gap"


@pytest.mark.parametrize("names", [("lr", "l2"), ("l2",)])
def test_every_seed_is_fitted_as_the_normal_equations_say(names):
    times = noisy()
    times = times if len(names) == 2 else times[times["lr"] == 0.3]
    law = power_law(times, names)
    fits = []
    for seed, rows in times[times["l2"] > 0].groupby("seed"):
        *exponents, log = normal_equations(rows, names)
        fits.append(exponents)
        assert law.by_seed.loc[seed, list(names)].tolist() == pytest.approx(exponents)
        assert law.by_seed.loc[seed, "coefficient"] == pytest.approx(np.exp(log))
    for name, values in zip(names, zip(*fits, strict=True), strict=True):
        found = law.exponents[name]
        expected = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
        assert (found.value, found.low, found.high) == pytest.approx((np.mean(values), *expected))


def test_over_the_points_it_is_scipys_regression_of_the_means():
    times = noisy()
    times = times[(times["lr"] == 0.3) & (times["l2"] > 0)]
    means = np.log(times["t_star"]).groupby(times["l2"]).mean()
    twin = stats.linregress(np.log(means.index), means)
    half = stats.t.ppf(0.975, len(means) - 2) * twin.stderr
    found = power_law(times, ["l2"], over="points").exponents["l2"]
    assert found.value == pytest.approx(twin.slope)
    assert (found.low, found.high) == pytest.approx((twin.slope - half, twin.slope + half))
    assert found.value == pytest.approx(power_law(times, ["l2"]).exponents["l2"].value)
    assert power_law(times[times["seed"] == 1], ["l2"], over="points").exponents["l2"].has_interval
    assert not power_law(times[times["seed"] == 1], ["l2"]).exponents["l2"].has_interval


@pytest.mark.parametrize("over", ["seeds", "points"])
def test_the_intervals_of_exponents_cover_the_truth(over):
    found = [power_law(noisy(seed), over=over).exponents["l2"] for seed in range(400)]
    hits = np.mean([one.low <= -1.1 <= one.high for one in found])
    assert 0.92 < hits < 0.98


def test_incomplete_and_censored_configurations_are_left_out():
    times = grid(lambda lr, l2, seed: 7.0 / (lr * max(l2, 1e-9)))
    times.loc[(times["lr"] == 1.0) & (times["l2"] == 0.1) & (times["seed"] == 0), "t_star"] = np.nan
    cut = (times["lr"] == 0.1) & (times["l2"] == 0.001) & (times["seed"] == 2)
    times.loc[cut, ["censored", "t_star"]] = [True, 1.0]
    law = power_law(times)
    assert (law.points, law.left_out) == (7, 2)
    assert law.exponents["l2"].value == pytest.approx(-1)
    law = power_law(times, censored=True)
    assert (law.points, law.left_out) == (8, 1)
    assert law.exponents["l2"].value != pytest.approx(-1)
    assert power_law(times[times["l2"] == 0.0]) is None


def test_what_cannot_be_fitted_is_said():
    times = noisy()
    assert power_law(times[times["lr"] == 0.1].assign(l2=lambda f: f["l2"] + 1e-5)) is None
    with pytest.raises(ValueError, match="over is 'grid'"):
        power_law(times, over="grid")
    with pytest.raises(ValueError, match="hand over one sweep at a time"):
        power_law(pd.concat([times, times]))


def test_a_collapse_is_what_loops_say():
    times = noisy()
    found = collapse(times)
    spreads, lefts, aparts = [], [], []
    for _, rows in times[times["l2"] > 0].groupby("seed"):
        groups, values = {}, []
        for row in rows.itertuples():
            values.append((np.log(row.t_star), np.log(row.t_star * row.lr * row.l2)))
            groups.setdefault(round(np.log(row.lr * row.l2), 6), []).append(np.log(row.t_star))
        spreads.append(np.std([a for a, _ in values], ddof=1))
        lefts.append(np.std([b for _, b in values], ddof=1))
        squares = sum(sum((v - np.mean(g)) ** 2 for v in g) for g in groups.values())
        aparts.append(np.sqrt(squares / (len(values) - len(groups))))
    assert found.spread.value == pytest.approx(np.mean(spreads))
    assert found.left.value == pytest.approx(np.mean(lefts))
    assert found.apart.value == pytest.approx(np.mean(aparts))
    shares = 1 - (np.array(lefts) / np.array(spreads)) ** 2
    expected = stats.t.interval(0.95, 2, shares.mean(), stats.sem(shares))
    assert (found.share.low, found.share.high) == pytest.approx(expected)
    assert found.points == 9


def test_a_curve_of_the_product_is_told_from_the_law():
    found = collapse(grid(lambda lr, l2, seed: (lr * max(l2, 1e-9)) ** -0.5))
    assert found.apart.value == pytest.approx(0, abs=1e-9)
    assert found.left.value == pytest.approx(found.spread.value)
    assert found.share.value == pytest.approx(0)
    law = collapse(grid(lambda lr, l2, seed: 1 / (lr * max(l2, 1e-9))))
    assert law.left.value == pytest.approx(0, abs=1e-9)
    assert law.share.value == pytest.approx(1)
    assert not collapse(noisy().query("lr == 0.1")).apart.finite
    assert not collapse(grid(lambda *_: 5.0)).share.finite
    assert collapse(noisy().query("l2 == 0.0")) is None
