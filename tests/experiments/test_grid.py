import pytest

from landscape.experiments.grid import grid_changes, with_values
from landscape.experiments.settings import SettingsError


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
