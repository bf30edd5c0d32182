"""Settings in force: profiles, `like`, grids, sources, and values that cannot be right."""

from pathlib import Path

import pytest

from landscape.experiments import catalogue, settings, settings_schema
from landscape.experiments.settings import SettingsError
from landscape.experiments.sweep_settings import configurations
from landscape.project import PROFILES
from landscape.train import spec as specification

ROOT = Path(__file__).parents[2]
PAGE = """\
    base:
      title: The base
      common:
        data:
          name: mnist  # a work 1.1
        model:
          name: net  # a work 1.2
        run:
          epochs: 50  # a work 1.3
          seeds: 2  # a work 1.4
      methods:
        adam:
          optimizer:
            name: adam  # a work 2.1
            lr: 1.0e-3  # a work 2.2
        field:
          optimizer:
            name: anneal_sgd  # a work 3.1
            J: 1.0e-3  # a work 3.2
            tau0: 500  # a work 3.3
        control:
          like: field  # ours: as the field
          optimizer:
            name: resampled_noise  # ours: control
      laptop:
        common:
          run:
            epochs: 5  # laptop: shorter
        methods:
          field:
            optimizer:
              tau0: 30  # laptop: faster
      smoke:
        common:
          run:
            epochs: 1
    variant:
      title: A variant
      like: base
      common: {model: {initial: glorot}}  # ours: unstated
    narrow:
      title: A variant of the variant
      like: variant
      only: [field]
      methods:
        field:
          grid: {optimizer: {J: [1.0e-4, 1.0e-2]}}  # ours: around it
    """


@pytest.fixture
def root(toy):
    toy.page("1-spin-glass/page", PAGE)
    return toy.root


def rows(experiment, profile, root):
    return {row.key: row for row in settings.resolve(experiment, profile, root)}


def test_profiles_are_laid_over_the_work(root):
    assert settings.method_settings("base", "adam", "paper", root)["run"]["epochs"] == 50
    merged = settings.method_settings("base", "adam", "laptop", root)
    assert merged["run"] == {"epochs": 5, "seeds": 2}
    assert settings.resolved("base", "smoke", root)["run"]["epochs"] == 1


def test_a_method_like_another_takes_its_settings_in_every_profile(root):
    merged = settings.method_settings("base", "control", "laptop", root)["optimizer"]
    assert merged == {"name": "resampled_noise", "J": 1e-3, "tau0": 30}
    found = rows("base", "laptop", root)
    assert found["methods.control.optimizer.J"].source == "ours: as the field"
    assert found["methods.control.optimizer.name"].source == "ours: control"
    assert found["methods.control.optimizer.tau0"].source == "laptop: faster"
    assert "methods.control.like" not in found


def test_an_experiment_like_another_takes_its_settings_in_every_profile(root):
    merged = settings.method_settings("variant", "adam", "laptop", root)
    assert merged["model"] == {"name": "net", "initial": "glorot"}
    assert merged["run"] == {"epochs": 5, "seeds": 2}
    assert settings.declared("variant", root).runs == ("adam", "field", "control")
    found = rows("variant", "laptop", root)
    assert found["run.epochs"].source == "laptop: shorter"
    assert found["model.initial"].source == "ours: unstated"


def test_a_variant_of_a_variant_with_one_method_and_a_grid(root):
    assert settings.declared("narrow", root).runs == ("field",)
    merged = settings.method_settings("narrow", "field", "laptop", root)
    assert merged["model"]["initial"] == "glorot"
    assert merged["optimizer"] == {"name": "anneal_sgd", "tau0": 30}, "J is in the grid alone"
    assert merged["grid"] == {"optimizer": {"J": [1e-4, 1e-2]}}
    found = rows("narrow", "laptop", root)
    assert "methods.field.optimizer.J" not in found
    assert found["methods.field.grid.optimizer.J"].source == "ours: around it"
    assert not any(key.startswith("methods.adam") for key in found)


def test_weights_that_a_profile_does_not_keep_are_as_if_never_asked_for():
    experiment = "thesis-tab-3-1-lenet"
    runs = {p: settings.method_settings(experiment, "adam", p)["run"] for p in PROFILES}
    kept = {profile: run.get("weights") for profile, run in runs.items()}
    assert kept == {"paper": [1.0], "laptop": None, "smoke": None}


def test_each_setting_has_its_source(root):
    found = rows("base", "laptop", root)
    epochs = found["run.epochs"]
    assert (epochs.paper, epochs.value, epochs.changed) == (50, 5, True)
    assert epochs.source == "laptop: shorter"
    rate = found["methods.adam.optimizer.lr"]
    assert (rate.value, rate.source, rate.changed) == (1e-3, "a work 2.2", False)
    assert rows("base", "smoke", root)["run.epochs"].source == settings.SMOKE
    assert rows("base", "paper", root)["run.epochs"].source == "a work 1.3"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda root: settings.declared("bas", root), "no experiment 'bas'; did you mean 'base'?"),
        (lambda root: settings.resolve("base", "labtop", root), "did you mean 'laptop'?"),
        (lambda root: settings.method_settings("base", "sgd", "paper", root),
         "has no method 'sgd'; it has adam, field, control"),
        (lambda root: settings.method_settings("narrow", "adam", "paper", root), "it has field"),
    ],
)  # fmt: skip
def test_unknown_names_get_the_nearest(root, call, said):
    with pytest.raises(Exception, match="There is no|has no method") as caught:
        call(root)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("like: base", "like: bse", "not there, 'bse'; did you mean 'base'?"),
        ("like: base", "like: narrow", "variant is like itself (variant -> narrow -> variant)"),
        ("like: field ", "like: feld ", "control is like a method that is not there, 'feld'; did"),
        ("like: field ", "like: control ", "method control is like itself (control -> control)"),
        ("only: [field]", "only: [feld]", "only: there is no run 'feld'; did you mean 'field'?"),
        ("field:\n            optimizer:\n              tau0: 30",
         "fild:\n            optimizer:\n              tau0: 30",
         "laptop: there is no method 'fild'; did you mean 'field'?"),
        ("title: The base", "title: The base\n      cases: [a]", "cases need a module"),
        ("title: The base", "title: The base\n      module: a.b\n      cases: [a]",
         "methods does not fit here; a simulation has cases"),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_be_right_is_refused(toy, old, new, said):
    text = PAGE.replace(old, new)
    assert text != PAGE
    toy.page("1-spin-glass/page", text)
    with pytest.raises(SettingsError) as caught:
        settings.all_declared(toy.root)
    assert said in str(caught.value)
    assert "book/1-spin-glass/page/settings.yaml" in str(caught.value)


@pytest.mark.parametrize("missing", ["common", "methods"])
def test_an_experiment_without_settings_is_refused(toy, missing):
    text = "base:\n  title: t\n" + "".join(
        f"  {key}: {{x: {{}}}}\n" for key in ("common", "methods") if key != missing
    )
    toy.page("1-spin-glass/page", text)
    with pytest.raises(SettingsError, match=f"base has no {missing}; add it, or `like`"):
        settings.declared("base", toy.root)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("epochs: 50 ", "epochs: '3' ", "line 9: base, method adam, profile paper: run.epochs is "
         "'3'; it must be a positive number."),
        ("epochs: 50 ", "epochs: null ", "run.epochs is None; it must be a positive number"),
        ("epochs: 50 ", "epochs: true ", "run.epochs is True; it must be a positive number"),
        ("epochs: 50 ", "epoch: 50 ", "line 9: base, method adam, profile paper: run: unknown key "
         "'epoch'; did you mean 'epochs'?"),
        ("seeds: 2 ", "seeds: 2\n          batch_size: 64.5 ", "run.batch_size is 64.5; it must be "
         "a whole number of at least 1"),
        ("\n          seeds: 2  # a work 1.4", "", "run has no 'seeds'"),
        ("seeds: 2 ", "seeds: 0 ", "run.seeds is 0; it must be a whole number from 1 to 10000"),
        ("seeds: 2 ", "seeds: -1 ", "run.seeds is -1; it must be a whole number from 1 to"),
        ("name: mnist ", "split_seed: -1 ", "data.split_seed is -1; it must be a whole number "
         "from 0 to 4294967295"),
        ("name: mnist ", "split_seed: 4294967296 ", "data.split_seed is 4294967296; it must be"),
        ("seeds: 2 ", "seeds: 1000000000 ", "it must be a whole number from 1 to 10000"),
        ("seeds: 2 ", "seeds: 2\n          evaluations_per_epoch: 1000000 ",
         "it must be a whole number from 1 to 10000"),
        ("lr: 1.0e-3 ", "lr: .nan ", "optimizer.lr is nan; it must be a finite number"),
        ("lr: 1.0e-3 ", "lr: .inf ", "optimizer.lr is inf; it must be a finite number"),
        ("lr: 1.0e-3 ", "lr: 1000000000000000000000 ", "a number of at most 16 digits"),
        ("name: mnist ", "scalin: unit ", "data: unknown key 'scalin'; did you mean 'scaling'?"),
        ("run:\n", "schedule: {drop_at: 3}\n        run:\n", "schedule.drop_at is 3; it must be a "
         "list of positive numbers of epochs"),
        ("run:\n", "shedule: {}\n        run:\n", "unknown key 'shedule'; did you mean "
         "'schedule'?"),
        ("lr: 1.0e-3 ", "lr: 1e-3 ", None),  # YAML reads a text; the optimizer says so
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_right_is_refused_with_its_place(toy, old, new, said):
    assert old in PAGE
    toy.page("1-spin-glass/page", PAGE.replace(old, new, 1))
    if said is None:
        assert settings.method_settings("base", "adam", "paper", toy.root)
        return
    with pytest.raises(SettingsError) as caught:
        settings.method_settings("base", "adam", "paper", toy.root)
    sentence = str(caught.value)
    assert said in sentence
    assert sentence.startswith("book/1-spin-glass/page/settings.yaml")


def test_a_profile_s_wrong_value_is_named_where_it_stands(toy):
    toy.page("1-spin-glass/page", PAGE.replace("epochs: 5 ", "epochs: five "))
    assert settings.method_settings("variant", "adam", "paper", toy.root)
    with pytest.raises(SettingsError, match="line 28: variant, method adam, profile laptop"):
        settings.method_settings("variant", "adam", "laptop", toy.root)


def test_the_schema_knows_what_a_run_is_made_of():
    known = settings_schema.TRAINING["properties"]
    for key, kind in (
        ("data", specification.DataSpec),
        ("schedule", specification.ScheduleSpec),
        ("replicas", specification.ReplicaSpec),
        ("augmentation", specification.AugmentationSpec),
        ("loss", specification.LossSpec),
    ):
        assert set(known[key]["properties"]) == set(kind.__dataclass_fields__)
    run = set(specification.RUN_KEYS)
    assert set(known["run"]["properties"]) == run | {"seeds"}
    assert run < set(specification.RunSpec.__dataclass_fields__)


# The book's own settings

#: What no document could state: it says how we look at a run, or names a panel of ours.
OUR_OWN = ("split_seed", "evaluations_per_epoch", "evaluation_samples", "chunk_starts", "label")


@pytest.mark.parametrize("profile", PROFILES)
def test_every_run_of_the_book_has_a_valid_specification(profile):
    for experiment in catalogue.experiments(ROOT):
        if experiment.kind == "simulate":
            continue  # their modules have the schemas: test_execute
        for method in experiment.runs:
            if experiment.kind == "sweep":
                given = settings.method_settings(experiment.id, method, profile, ROOT)
                specs = configurations(given, experiment.id)
            else:
                specs = catalogue.run_specs(experiment.id, method, profile, ROOT)
            seeds = [spec.seed for spec in specs]
            points = seeds.count(0)  # of a grid; one without
            assert seeds == list(range(len(specs) // points)) * points


@pytest.mark.parametrize("profile", ["paper", "laptop"])
def test_a_setting_names_its_source_where_a_document_could_state_it_or_the_build_departs(profile):
    for name in settings.names(ROOT):
        for row in settings.resolve(name, profile, ROOT):
            if row.key.split(".")[-1] not in OUR_OWN or row.changed:
                assert row.source, f"{name}: {row.key} has no comment naming its source"
