import dataclasses
import json

import pytest

from landscape.evidence.records import settings_of
from landscape.train.options import AugmentationSpec, LossSpec
from landscape.train.spec import LATER, ReplicaSpec, RunSpec, SpecificationError

SETTINGS = {
    "data": {"name": "mnist", "holdout": 0.12},
    "model": {"name": "mnistfc_ch2", "width": 16},
    "optimizer": {"name": "adam", "lr": 1e-3},
    "schedule": {"drop_at": [1, 2], "factor": 5},
    "run": {"batch_size": 32, "epochs": 3, "seeds": 4},
}

#: Of these settings, as it was when no run could state more.
DIGEST = "0c37bdc7347902eefc36666937d1265c457afe3e01475cd3e666dd6b471c7d3d"


def build(**changes):
    return RunSpec.from_settings("an-experiment", "adam", 0, {**SETTINGS, **changes})


def test_the_settings_arrive():
    spec = build()
    assert spec.model == "mnistfc_ch2"
    assert spec.model_options == {"width": 16}
    assert spec.optimizer_options == {"lr": 1e-3}
    assert spec.schedule.drop_at == (1, 2)
    assert spec.data.holdout == 0.12
    assert spec.batch_size == 32


def test_the_later_settings_arrive():
    spec = build(
        data={"name": "mnist", "classes": [3, 1], "downsample": 4, "test_samples": 9},
        schedule={"drop_at_fraction": [0.3, 0.6, 0.9], "factor": 5},
        replicas={"count": 6, "data_fraction": 0.25, "same_start": False},
    )
    assert spec.data.classes == (3, 1)
    assert (spec.data.downsample, spec.data.test_samples, spec.data.parity) == (4, 9, False)
    assert spec.schedule.drop_at_fraction == (0.3, 0.6, 0.9)
    assert spec.replicas == ReplicaSpec(6, 0.25, False)
    assert build(auto_l2={"every": 5}).auto_l2 == {"every": 5}
    assert build().auto_l2 is None


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        build().seed = 3


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"run": {"epoch": 3}}, "epochs"),
        ({"data": {"nam": "mnist"}}, "name"),
        ({"shedule": {}}, "schedule"),
        ({"run": {"epochs": 0}}, "positive"),
        ({"run": {"epochs": float("nan")}}, "positive"),
        ({"run": {"batch_size": 0}}, "at least 1"),
        ({"data": {"holdout": 1.0}}, r"\[0, 1\)"),
        ({"schedule": {"factor": 0.5}}, "divided"),
        ({"model": {"width": 3}}, "name"),
        ({"run": {"evaluation_samples": 1}}, "at least 2"),
        ({"schedule": {"drop_at": [1, -1]}}, "positive numbers of epochs"),
        ({"schedule": {"drop_at_fraction": [0.3, 1.0]}}, "between 0 and 1"),
        ({"schedule": {"drop_at_fraction": [0.3], "drop_at": [1]}}, "keep one"),
        ({"replicas": {"cuont": 3}}, "count"),
        ({"replicas": {"count": 0}}, "at least 1"),
        ({"replicas": {"count": 2.0}}, "whole number"),
        ({"replicas": {"count": 3, "data_fraction": 0.25}}, "cannot cover"),
        ({"replicas": {"count": 3, "data_fraction": 1.5}}, r"\(0, 1\]"),
        ({"replicas": {"count": 3}, "auto_l2": {}}, "several replicas"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(changes, named):
    with pytest.raises(SpecificationError, match=named) as caught:
        build(**changes)
    assert "\n" not in str(caught.value)


def test_the_digest_depends_on_every_field():
    base = build()
    digests = {base.digest()}
    for change in (
        {"seed": 1},
        {"epochs": 4.0},
        {"batch_size": 33},
        {"optimizer_options": {"lr": 2e-3}},
        {"model_options": {"width": 17}},
        {"auto_l2": {}},
        {"replicas": ReplicaSpec(2)},
    ):
        digests.add(dataclasses.replace(base, **change).digest())
    assert len(digests) == 8
    assert base.digest() == build().digest()
    assert base.digest("other code") != base.digest()


NEW = {
    "augmentation": {"flip": 0.5, "crop": 4, "mixup": 1.0},
    "loss": {"name": "mse", "scaling": "half", "l2": 1e-3},
    "run": {
        **SETTINGS["run"], "clip_norm": 10, "clip_value": 5.0, "weights": [0.5, 1.0],
        "record_every": 3, "evaluation_batch": 100, "batch_statistics": True,
    },
}  # fmt: skip


def test_what_few_runs_state_arrives():
    spec = build(**NEW)
    assert spec.augmentation == AugmentationSpec(0.5, 4, 1.0)
    assert spec.loss == LossSpec("mse", "half", 1e-3)
    assert spec.weights == (0.5, 1.0)
    assert (spec.clip_norm, spec.clip_value, spec.record_every) == (10, 5.0, 3)
    assert (spec.evaluation_batch, spec.batch_statistics) == (100, True)
    assert spec.digest() != build().digest()


@pytest.mark.parametrize("part", NEW)
def test_each_of_them_has_a_digest_of_its_own(part):
    assert build(**{part: NEW[part]}).digest() not in (build().digest(), build(**NEW).digest())


def test_the_digest_is_the_one_from_before_they_existed():
    assert build().digest() == DIGEST
    stated = build(augmentation={"flip": 0.0}, loss={"name": "cross_entropy"})
    assert stated.digest() == DIGEST
    assert not {*LATER, "unroll"} & {*build().as_dict(), *build().as_dict()["data"]}


def test_the_settings_of_a_record_name_them_all():
    """Read back from a provenance, they make the same run."""
    spec = build(**NEW)
    parameters = {k: v for k, v in json.loads(json.dumps(spec.as_dict())).items() if k != "seed"}
    again = settings_of({"parameters": parameters, "seeds": [0]})
    again["data"] = {k: v for k, v in again["data"].items() if v is not None}
    assert RunSpec.from_settings("an-experiment", "adam", 0, again) == spec
