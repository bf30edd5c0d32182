"""Tables of races."""

import pandas as pd
import pytest

from landscape.book import race_tables


def runs(method, curves):
    """``curves``: validation errors of each seed after 0, 1, 2... evaluations."""
    return pd.DataFrame([
        {"method": method, "seed": seed, "step": 10 * k, "effective_epoch": float(k),
         "validation_error": error, "diverged": 0}
        for seed, errors in enumerate(curves) for k, error in enumerate(errors)
    ])  # fmt: skip


@pytest.fixture
def frame():
    quick = [(90, 60, 10, 5), (90, 40, 10, 6), (90, 60, 60, 60), (90, 60, 20, 20)]
    slow = [(90, 80, 60, 20), (90, 30, 20, 10), (90, 70, 70, 70), (90, 80, 70, 60)]
    return pd.concat([runs("anneal_sgd", quick), runs("adam", slow)], ignore_index=True)


def test_tables_count_runs_and_skip_methods_that_are_not_there(frame):
    frame.loc[(frame["seed"] == 2) & (frame["method"] == "adam"), "diverged"] = 1
    methods = ("adam", "anneal_sgd", "resampled_noise")
    table = race_tables.times_table(frame, methods, (50, 5), "t")
    assert table.columns == ["error", "Adam", "AnnealSGD"]
    assert [cell.plain() for cell in table.rows[0]] == [
        "50 %", "2\n(2 of 3 runs)", "2\n(3 of 4 runs)"]  # fmt: skip
    assert table.rows[1][1].plain() == "never\n(0 of 3 runs)"
    seeds = race_tables.seeds_table(frame, methods, 50, "t")
    assert [row[0].text for row in seeds.rows] == ["0", "1", "2", "3"]
    assert seeds.rows[0][2].plain() == "5.00 % (-15.00)\n(50 %: epoch 2)"
    assert seeds.rows[2][1].text == "diverged"
    assert seeds.rows[2][2].plain() == "60.00 %\n(50 %: never)"
