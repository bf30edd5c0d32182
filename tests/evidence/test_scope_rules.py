"""Where the force matters and the loop breaks, on tables made by hand."""

import math

import pandas as pd
import pytest

from landscape.evidence import scope_rules as rules

SEEDS = range(4)


def made(scopes, usual=2.0, quiet=0.5, L=20, alpha=0.25):
    """Rows of one L and alpha: {scope: (distance, training loss, test error)}."""
    rows = []

    def add(kind, seed, gamma=math.inf, stands_for=math.inf, distance=0.0, loss=0.1, error=10.0):
        lost = loss is None
        rows.append({
            "inner_steps": L, "alpha": alpha, "kind": kind, "gamma": gamma, "seed": seed,
            "stands_for": stands_for, "start_loss": 2.3, "distance": distance * (1 + seed / 100),
            "training_loss": math.nan if lost else loss, "diverged": int(lost),
            "test_error": math.nan if lost else error + seed / 10,
        })  # fmt: skip

    for seed in SEEDS:
        add("force", seed)
        add("noise", seed, distance=quiet)
        add("batches", seed, distance=usual)
        for gamma, (distance, loss, error) in scopes.items():
            add("force", seed, gamma, distance=distance, loss=loss, error=error + 0.01 * seed)
            add("rate", seed, stands_for=gamma, error=11.0)
    return pd.DataFrame(rows)


ROWS = made({
    100.0: (0.2, 0.1, 10.0), 10.0: (1.0, 0.1, 9.0), 1.0: (3.0, 0.2, 10.5), 0.1: (4.0, 0.5, 20.0),
    0.05: (9.0, 2.4, 80.0), 0.03: (9.0, None, 0.0),
})  # fmt: skip


def test_stable_is_finite_and_lower_than_at_the_start():
    assert [rules.stable(ROWS, g) for g in rules.scopes(ROWS)] == [True] * 4 + [False] * 2
    assert rules.edge(ROWS) == (0.05, 0.1)
    assert rules.zone(ROWS) == [100.0, 10.0, 1.0, 0.1]
    assert rules.edge(made({1.0: (1.0, 0.1, 10.0)})) == (0.0, 1.0)


def test_the_force_matters_where_it_moves_the_end_further_than_batches_do():
    assert rules.ratio(ROWS, 10.0).value == pytest.approx(0.5)
    assert rules.matters_from(ROWS) == 1.0
    assert rules.matters_from(ROWS, "noise") == 10.0
    # A wide scope that happens to be far does not count if a narrower one is near.
    gap = made({10.0: (5.0, 0.1, 10.0), 1.0: (1.0, 0.1, 10.0), 0.1: (5.0, 0.1, 10.0)})
    assert rules.matters_from(gap) == 0.1
    assert rules.matters_from(made({1.0: (1.0, 0.1, 10.0)})) is None


def test_test_errors_change_where_an_interval_leaves_zero_out():
    assert rules.change(ROWS, 1.0).value == pytest.approx(0.5 + 0.01 * 1.5)
    lower, higher, count = rules.changes(ROWS)
    assert (lower, higher, count) == ([10.0], [1.0, 0.1], 4)
    assert rules.changes(ROWS, "rate")[0] == [100.0, 10.0, 1.0]


def test_loops_are_told_apart():
    both = pd.concat([ROWS, made({1.0: (0.1, 0.1, 10.0)}, L=5, alpha=0.0)])
    assert rules.loops(both) == [(20, 0.25), (5, 0.0)]
    assert len(rules.part(both, 5, 0.0)) == 5 * len(SEEDS)


def test_predicted_edges_take_the_curvature_that_they_are_given():
    bent = pd.DataFrame({"start": [1.0, 3.0], "end": [6.0, 8.0]})
    assert (rules.curvature_late(bent), rules.curvature_early(bent)) == (7.0, 3.0)
    loop = {"L": 20, "alpha": 0.25, "lr_inner": 0.1, "momentum": 0.9}
    assert 0.0 < rules.predicted_edge(1.0, **loop) < rules.predicted_edge(7.0, **loop)
    assert rules.off_by((0.1, 0.2), 0.15) == 1
    assert rules.off_by((0.1, 0.2), 0.4) == pytest.approx(2)
    assert rules.off_by((0.1, 0.2), 0.05) == pytest.approx(2)
    assert rules.off_by((0.0, 0.2), 0.1) == math.inf
