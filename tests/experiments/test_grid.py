"""Grids: every combination of some values, stated whole by whoever states one."""

import pytest

from landscape.experiments import settings
from landscape.experiments.grid import grid_changes, with_values
from landscape.experiments.settings import SettingsError

#: A variant with a grid of its own, like an experiment that has another one at laptop scale.
LIKE = """\
    base:
      title: The base
      common: {data: {name: mnist}, model: {name: net}, run: {epochs: 50, seeds: 2}}
      methods:
        decay: {optimizer: {name: sgd, lr: 0.1}, grid: {loss: {l2: [1.0e-4, 1.0e-3]}}}
        other: {like: decay}
      laptop:
        methods:
          decay: {grid: {loss: {l2: [0.01]}}}
    variant:
      title: Other rates and strengths
      like: base
      only: [decay]
      methods:
        decay: {grid: {optimizer: {lr: [0.1, 0.2]}, loss: {l2: [5.0e-3]}}}
"""
LAPTOP = """\
      laptop:
        methods:
          decay: {grid: {loss: {l2: [5.0e-3]}}}
"""


def test_a_grid_has_every_combination():
    grid = {"optimizer": {"J": [1, 2], "tau0": [5]}, "run": {"epochs": [3, 4]}}
    changes = grid_changes(grid, "a place")
    assert len(changes) == 4
    assert changes[1] == {("optimizer", "J"): 1, ("optimizer", "tau0"): 5, ("run", "epochs"): 4}
    assert grid_changes({}, "a place") == [{}]


def test_values_are_put_at_their_paths():
    settings = {"optimizer": {"name": "sgd", "lr": 0.1}}
    changed = with_values(settings, {("optimizer", "lr"): 1, ("run", "epochs"): 2})
    assert changed == {"optimizer": {"name": "sgd", "lr": 1}, "run": {"epochs": 2}}
    assert settings == {"optimizer": {"name": "sgd", "lr": 0.1}}


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"optimizer": {"J": 1}}, "grid.optimizer.J is 1; it must be a list"),
        ({"optimizer": {"J": []}}, "must be a list of values"),
        ({"optimizer": {"J": [1, 2, 1.0]}}, "grid.optimizer.J holds 1.0 twice; keep one"),
        ({"optimizer": {"lr": [1]}, "model": {"lr": [1]}}, "same last name"),
    ],
)
def test_an_impossible_grid_is_refused(grid, words):
    with pytest.raises(SettingsError, match=words):
        grid_changes(grid, "a place")


def in_force(toy, text, profile, experiment="variant", method="decay"):
    toy.page("1-spin-glass/page", text)
    return settings.method_settings(experiment, method, profile, toy.root).get("grid")


def test_the_laptop_grid_of_another_experiment_does_not_replace_a_variant_s_own(toy):
    with pytest.raises(SettingsError) as caught:
        in_force(toy, LIKE, "paper")
    assert str(caught.value) == (
        "book/1-spin-glass/page/settings.yaml: variant: decay states a grid of its own, but in the "
        "profile laptop grid.loss.l2 would come from book/1-spin-glass/page/settings.yaml line 9 "
        "by `like`; state laptop.methods.decay.grid.loss.l2 too."
    )
    own = {"optimizer": {"lr": [0.1, 0.2]}, "loss": {"l2": [5e-3]}}
    assert in_force(toy, LIKE + LAPTOP, "paper") == own
    assert in_force(toy, LIKE + LAPTOP, "laptop") == own


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", loss: {l2: [5.0e-3]}", "", r"profile paper grid.loss.l2 would come.*line 5 by `like`; "
                                       r"state methods.decay.grid.loss.l2 too"),
        ("loss: {l2: [0.01]}", "model: {width: [3, 4]}",
         r"profile laptop grid.model.width would come.*; state laptop.methods.decay.grid.model"),
        ("other: {like: decay}", "other: {like: decay, grid: {loss: {l2: [0.1]}}}",
         r"base: other states a grid of its own, but in the profile laptop grid.loss.l2 would"),
        ("grid: {optimizer: {lr: [0.1, 0.2]}, loss: {l2: [5.0e-3]}}", "loss: {l2: 5.0e-3}",
         r"methods.decay.loss.l2 would never be used in the profile paper, because grid.loss.l2 "
         r"\(.* line 5\) varies it; state methods.decay.grid.loss.l2 with the values"),
        ("name: sgd, lr: 0.1}, grid: {loss", "name: sgd, lr: 0.1}, loss: {l2: 0.5}, grid: {loss",
         "base: methods.decay.loss.l2 would never be used in the profile paper"),
        ("decay: {grid: {loss: {l2: [0.01]}}}", "decay: {loss: {l2: 0.01}}",
         r"base: laptop.methods.decay.loss.l2 would never be used in the profile laptop"),
    ],
)  # fmt: skip
def test_a_grid_is_never_mixed_of_two_declarations_and_hides_no_value(toy, old, new, said):
    assert old in LIKE
    toy.page("1-spin-glass/page", (LIKE + LAPTOP).replace(old, new))
    with pytest.raises(SettingsError, match=said) as caught:
        settings.all_declared(toy.root)
    assert "\n" not in str(caught.value)


def test_a_profile_may_change_a_part_of_a_grid_that_is_taken_over_whole(toy):
    text = LIKE.replace("methods:\n        decay: {grid: {optimizer", "laptop: {methods: {decay: "
                        "{grid: {loss: {l2: [0.3]}}}}}\n      smoke: {methods: {decay: "
                        "{grid: {optimizer")[:-2] + "}}}\n"  # fmt: skip
    assert in_force(toy, text, "paper") == {"loss": {"l2": [1e-4, 1e-3]}}
    assert in_force(toy, text, "laptop") == {"loss": {"l2": [0.3]}}
    smoke = {"loss": {"l2": [5e-3]}, "optimizer": {"lr": [0.1, 0.2]}}
    assert in_force(toy, text, "smoke") == smoke
    assert in_force(toy, text, "laptop", "base", "other") == {"loss": {"l2": [0.01]}}


def test_the_axes_of_a_sweep_are_stated_whole_too(toy):
    text = LIKE.replace("grid: ", "sweep: ").replace("sweep: {", "sweep: {axes: {")
    text = "\n".join(line + "}" if "axes" in line else line for line in text.splitlines()) + "\n"
    with pytest.raises(SettingsError, match=r"laptop sweep.axes.loss.l2 would come from .* line 9"):
        in_force(toy, text, "paper")
