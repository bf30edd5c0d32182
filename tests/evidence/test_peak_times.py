"""t_*: against a search through every row, on curves drawn at random; means over seeds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from landscape.evidence.peak_times import mean_peak_time, peak_times


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
        assert row.rising == (len(errors) > 1 and errors[-1] < min(errors[:-1]))
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
    assert (found.n, found.note, found.diverged) == (4, "", ())


def test_the_interval_covers_the_truth_as_often_as_it_says():
    generator, hits = np.random.default_rng(3), 0
    for _ in range(2000):
        times = pd.DataFrame({"seed": range(4), "t_star": np.exp(generator.normal(5, 0.3, 4)),
                              "rising": False, "diverged": False})  # fmt: skip
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
