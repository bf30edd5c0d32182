import dataclasses

import pytest

from landscape.train.spec import RunSpec, SpecificationError

SETTINGS = {
    "data": {"name": "mnist", "holdout": 0.12},
    "model": {"name": "mnistfc_ch2", "width": 16},
    "optimizer": {"name": "adam", "lr": 1e-3},
    "schedule": {"drop_at": [1, 2], "factor": 5},
    "run": {"batch_size": 32, "epochs": 3, "seeds": 4},
}


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
    ):
        digests.add(dataclasses.replace(base, **change).digest())
    assert len(digests) == 6
    assert base.digest() == build().digest()
    assert base.digest("other code") != base.digest()
