"""Every optimizer on the loss of two weights: same bytes, every method, right recurrences."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from landscape import optim
from landscape.errors import LandscapeError
from landscape.experiments import optimizer_paths as paths
from landscape.experiments import settings

ROOT = Path(__file__).parents[2]
SMOKE = settings.resolved("optimizer-paths", "smoke", ROOT)
PAPER = settings.resolved("optimizer-paths", "paper", ROOT)
METHODS = SMOKE["methods"]


@pytest.fixture(scope="module")
def tables():
    """The tables of two cases at smoke scale, as text."""
    return {case: simulate(case) for case in ("paths", "endings")}


def simulate(case):
    return paths.simulate(SMOKE, case).tables["results"]


def table(text):
    return pd.read_csv(io.StringIO(text), dtype={"replica": str})


@pytest.mark.parametrize("case", ["paths", "endings"])
def test_a_second_run_gives_the_same_bytes(tables, case):
    assert simulate(case) == tables[case]


def test_every_registered_optimizer_has_a_path(tables):
    rows = table(tables["paths"])
    assert list(rows.columns) == ["method", "step", "replica", "x", "y", "role"]
    drawn = {METHODS[key]["optimizer"]["name"] for key in rows["method"].unique()}
    assert drawn == set(optim.names())
    last = rows[rows["role"] == "answer"].groupby("method")["step"].max()
    assert (last == SMOKE["gradients"]).all()


def test_a_new_optimizer_without_a_method_is_refused(monkeypatch):
    monkeypatch.setattr(optim, "names", lambda: ["sgd", "new"])
    with pytest.raises(LandscapeError, match="no method for the optimizer 'new'"):
        simulate("paths")


def test_working_points_are_listed_where_they_are_others_than_the_answers(tables):
    whole = table(tables["paths"])
    for key, rows in whole.groupby("method"):
        working = rows[rows["role"] == "working"]
        name = METHODS[key]["optimizer"]["name"]
        if optim.trains_replicas(name):
            assert set(working["replica"]) == {"0", "1", "2"}
            assert set(rows.loc[rows["role"] == "answer", "replica"]) == {"all"}
        per_replica = working.groupby("replica")["step"].apply(list)
        assert all(steps == list(range(SMOKE["gradients"] + 1)) for steps in per_replica)
    several = set(whole.loc[whole["role"] == "working", "method"])
    assert {"entropy_sgd", "heat_smoothing", "two_step_cgd", "sgld_mean"} <= several
    assert several.isdisjoint({"sgd", "adam", "anneal_sgd", "matched_cgd", "heat_still"})


def one(method, gradients=40, starts=3, ends_only=False):
    """A short run of a method from `starts` places, and what it was given."""
    loss = paths.loss_of(PAPER)
    draws = np.random.default_rng(5)
    places = paths._around(PAPER, draws.uniform(-1, 2, (starts, 2)))
    shifts = 0.1 * draws.normal(size=(gradients, 3, starts, 2))
    return paths.run(method, loss, places, shifts, 0, ends_only), loss, places, shifts


def test_sgd_and_elastic_sgd_follow_their_equations_on_these_batches():
    done, loss, places, shifts = one({"optimizer": {"name": "sgd", "lr": 0.05}})
    x = places[0]
    for step, shift in enumerate(shifts):
        np.testing.assert_allclose(done.answers[step], x, atol=1e-12)
        x = x - 0.05 * loss.gradient(x - shift[0])
    coupled = {"optimizer": {"name": "elastic_sgd", "lr": 0.05, "rho": 0.5}}
    done, loss, places, shifts = one(coupled)
    x, master = places, places.mean(0)
    for step, shift in enumerate(shifts):
        np.testing.assert_allclose(done.working[step], x, atol=1e-12)
        np.testing.assert_allclose(done.answers[step], master, atol=1e-12)
        x = x - 0.05 * (loss.gradient(x - shift) + (x - master) / 0.5)
        master = x.mean(0)


QUIET = [key for key, m in METHODS.items()
         if m["optimizer"]["name"] not in ("sgld", "anneal_sgd", "resampled_noise")
         and not m["optimizer"].get("temperature")
         and (m["optimizer"]["name"] != "heat_smoothing" or m["optimizer"]["gamma"] == 0)]


@pytest.mark.parametrize("key", QUIET)
def test_starts_do_not_know_of_each_other(key):
    """One parameter for all starts gives what one optimizer a start would give."""
    together, loss, places, shifts = one(METHODS[key])
    alone = paths.run(METHODS[key], loss, places[:, [1]], shifts[:, :, [1]], 0)
    np.testing.assert_allclose(together.answers[:, 1], alone.answers[:, 0], atol=1e-12)
    np.testing.assert_allclose(together.working[:, :, 1], alone.working[:, :, 0], atol=1e-12)


def test_only_the_ends_are_the_same_ends():
    whole, *_ = one(METHODS["parle"])
    ends, *_ = one(METHODS["parle"], ends_only=True)
    np.testing.assert_array_equal(ends.answers, whole.answers[[0, -1]])
    np.testing.assert_array_equal(ends.working, whole.working[[0, -1]])


def test_complexity_gradient_descent_stays_on_the_circle_through_both_valleys():
    for key in ("matched_cgd", "cosine_cgd", "two_step_cgd"):
        done, loss, *_ = one(METHODS[key])
        np.testing.assert_allclose(np.linalg.norm(done.answers, axis=-1), np.sqrt(2), rtol=1e-12)
    for valley in (loss.wide, loss.narrow):
        assert np.linalg.norm(valley.centre) == pytest.approx(np.sqrt(2), abs=1e-3)


def test_end_points_lie_where_the_table_says(tables):
    rows = table(tables["endings"])
    assert list(rows.columns) == ["method", "start_x", "start_y", "x", "y", "valley"]
    assert list(rows["method"].unique()) == list(METHODS)
    assert (rows.groupby("method").size() == SMOKE["starts"]).all()
    starts = rows.groupby("method")[["start_x", "start_y"]].apply(lambda s: s.to_numpy().tolist())
    assert all(s == starts.iloc[0] for s in starts), "every method has the same starts"
    low, high = np.asarray(SMOKE["box"])
    inside = rows[["start_x", "start_y"]].to_numpy()
    assert ((inside >= low) & (inside <= high)).all()
    for name, (point, reach) in paths._valleys(SMOKE).items():
        away = np.hypot(rows["x"] - point[0], rows["y"] - point[1])
        there = rows["valley"] == name
        assert (away[there] < reach + 1e-3).all()
        assert (away[~there] > reach - 1e-3).all()
    assert set(rows["valley"]) <= {"wide", "narrow", "neither"}


def test_the_narrow_valley_is_what_the_settings_say_it_is():
    """The reasons given beside the settings, computed."""
    loss, mean = paths.loss_of(PAPER), paths.mean_loss(PAPER)
    (narrow, _), (wide, _) = paths._valleys(PAPER).values()
    limit = 2 / mean.curvatures(narrow)[1]
    rates = {key: m["optimizer"].get("lr") for key, m in PAPER["methods"].items()}
    assert max(rates["sgd"], rates["heat_smoothing"]) < limit < rates["sgd_fast"]
    assert mean.value(narrow) < mean.value(wide), "deeper"
    variance = PAPER["methods"]["heat_smoothing"]["optimizer"]["gamma"]
    left = mean.smoothed(variance).minimum(loss.narrow.centre)
    assert np.linalg.norm(left - wide) < np.linalg.norm(left - narrow), "no minimum left there"
    grid = np.stack(np.meshgrid(*[np.linspace(-4, 4, 401)] * 2), axis=-1)
    assert loss.value(grid).min() > 0, "matched CGD divides by the loss"
    np.testing.assert_allclose(np.mean(PAPER["replica_starts"], axis=0), 0, atol=1e-12)


def test_what_the_page_says_of_the_picture_holds_in_the_stored_results():
    """Its sentences are about the laptop results; when those change, the words must."""
    folder = ROOT / "results/laptop/0-optimizers/optimizer-paths"
    ends = pd.read_csv(folder / "endings/results.csv")
    wide = 100 * (ends["valley"] == "wide").groupby(ends["method"]).mean()
    narrow = 100 * (ends["valley"] == "narrow").groupby(ends["method"]).mean()
    assert wide["heat_smoothing"] > 70
    assert narrow["heat_smoothing"] < 5 < 50 < narrow["heat_still"]
    assert min(wide["sgd_fast"], wide["hamilton_jacobi_gradient"]) > 90
    for key in ("adam", "anneal_sgd", "anneal_sgd_adam", "entropy_sgd_c", "hamilton_jacobi",
                "heat_still"):  # fmt: skip
        assert abs(wide[key] - wide["sgd"]) < 7, key
    assert max(narrow["sgld"], narrow["entropy_sgd"]) < 15
    assert max(wide["elastic_sgd"], wide["parle"]) < wide["sgd"] - 5
    assert max(wide["matched_cgd"], wide["cosine_cgd"], wide["two_step_cgd"]) < 15
    mean, wells = paths.mean_loss(PAPER), paths._valleys(PAPER)
    line = pd.read_csv(folder / "paths/results.csv", dtype={"replica": str})
    final = line[line["role"] == "answer"].groupby("method")[["x", "y"]].last()
    where = {key: min(wells, key=lambda w: np.hypot(*(row.to_numpy() - wells[w][0])))
             for key, row in final.iterrows()}  # fmt: skip
    sharp = {"sgd", "adam", "resampled_noise", "entropy_sgd_b", "entropy_sgd_c", "hamilton_jacobi",
             "heat_still", "elastic_sgd", "parle", "matched_cgd", "cosine_cgd", "two_step_cgd"}
    assert {key for key, valley in where.items() if valley == "narrow"} == sharp
    assert mean.value(final.loc["heat_smoothing"].to_numpy()) < 1
