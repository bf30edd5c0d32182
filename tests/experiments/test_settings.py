import pytest

from landscape.errors import LandscapeError
from landscape.experiments import catalogue, settings
from landscape.train.spec import RunSpec

PAPER = """\
toy-a:
  common:
    run:
      epochs: 50  # a work 1.2
      drop_at: [1, 2]  # a work 1.3
  methods:
    adam:
      optimizer:
        lr: 1.0e-3  # a work 1.4: with a reason
"""
LAPTOP = """\
toy-a:
  common:
    run:
      epochs: 5  # laptop: shorter
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    (tmp_path / "params.yaml").write_text("profile: laptop\n")
    (tmp_path / "params" / "paper.yaml").write_text(PAPER)
    (tmp_path / "params" / "laptop.yaml").write_text(LAPTOP)
    (tmp_path / "params" / "smoke.yaml").write_text("toy-a: {}\n")
    return tmp_path


def test_each_setting_has_its_source(project):
    rows = {row.key: row for row in settings.resolve("toy-a", "laptop", project)}
    epochs = rows["run.epochs"]
    assert (epochs.paper, epochs.value, epochs.changed) == (50, 5, True)
    assert epochs.source == "laptop: shorter"
    assert rows["run.drop_at"].value == [1, 2]
    assert rows["run.drop_at"].source == "a work 1.3"
    rate = rows["methods.adam.optimizer.lr"]
    assert (rate.value, rate.source, rate.changed) == (1e-3, "a work 1.4: with a reason", False)


def test_a_grid_has_every_combination():
    grid = {"optimizer": {"J": [1, 2], "tau0": [5]}, "run": {"epochs": [3, 4]}}
    changes = settings.grid_changes(grid, "a place")
    assert len(changes) == 4
    assert changes[1] == {("optimizer", "J"): 1, ("optimizer", "tau0"): 5, ("run", "epochs"): 4}
    assert settings.nested(("a", "b"), 1) == {"a": {"b": 1}}
    assert settings.grid_changes({}, "a place") == [{}]


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"optimizer": {"J": 1}}, "grid.optimizer.J is 1; it must be a list"),
        ({"optimizer": {"J": []}}, "must be a list of values"),
        ({"optimizer": {"lr": [1]}, "model": {"lr": [1]}}, "same last name"),
    ],
)
def test_an_impossible_grid_is_refused(grid, words):
    with pytest.raises(settings.SettingsError, match=words):
        settings.grid_changes(grid, "a place")


def test_profiles_merge_over_the_work(project):
    assert settings.method_settings("toy-a", "adam", "paper", project)["run"]["epochs"] == 50
    merged = settings.method_settings("toy-a", "adam", "laptop", project)
    assert merged["run"] == {"epochs": 5, "drop_at": [1, 2]}


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda root: settings.raw("toy-b", "laptop", root), "toy-a"),
        (lambda root: settings.raw("toy-a", "labtop", root), "laptop"),
        (lambda root: settings.method_settings("toy-a", "sgd", "paper", root), "it has adam"),
    ],
)
def test_unknown_names_suggest_the_nearest(project, call, named):
    with pytest.raises(LandscapeError, match=named):
        call(project)


def test_a_key_given_twice_is_an_error(project):
    (project / "params" / "laptop.yaml").write_text("toy-a: {}\ntoy-a: {}\n")
    with pytest.raises(LandscapeError, match="twice"):
        settings.raw("toy-a", "laptop", project)


def test_a_change_of_what_does_not_exist_is_an_error(project):
    (project / "params" / "laptop.yaml").write_text("toy-a: {methods: {sgd: {}}}\n")
    with pytest.raises(LandscapeError, match="sgd"):
        settings.method_settings("toy-a", "adam", "laptop", project)


def test_outside_the_project(tmp_path):
    with pytest.raises(LandscapeError, match="not inside the project"):
        settings.find_root(tmp_path)


@pytest.mark.parametrize("profile", settings.PROFILES)
def test_every_declared_run_has_a_valid_specification(profile):
    root = settings.find_root()
    for experiment in catalogue.experiments():
        if experiment.kind != "train":
            assert settings.resolved(experiment.id, profile, root)
            continue
        for method in experiment.runs:
            specs = catalogue.run_specs(experiment.id, method, profile, root)
            assert all(isinstance(spec, RunSpec) for spec in specs)
            seeds = [spec.seed for spec in specs]
            points = seeds.count(0)  # of a grid; one without
            assert seeds == list(range(len(specs) // points)) * points


def test_every_setting_of_the_works_names_its_source():
    root = settings.find_root()
    for name in settings.names(root):
        for row in settings.resolve(name, "paper", root):
            assert row.source, f"{name}: {row.key} has no comment naming its source"


def test_every_experiment_is_in_every_profile_file():
    root = settings.find_root()
    for profile in ("laptop", "smoke"):
        assert list(settings._read(root / "params" / f"{profile}.yaml")) == settings.names(root)


def test_the_declared_experiments_are_those_with_settings():
    assert {e.id for e in catalogue.experiments()} == set(settings.names(settings.find_root()))
