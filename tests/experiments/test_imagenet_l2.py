"""ResNet-50 on ImageNet, on tiny files of its layout."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from landscape.data.errors import DataError
from landscape.evidence import gpu_plan
from landscape.experiments import catalogue, execute, imagenet_l2, probe, settings
from landscape.pipeline import lists

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))
import imagenet_made

ROOT = Path(__file__).parents[2]
ID = "lewkowycz-fig-s8-imagenet"
RUN = f"6-l2-dynamics/{ID}"


@pytest.fixture
def images(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_DATA", str(imagenet_made.make(tmp_path / "images")))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")


@pytest.fixture
def work():
    return settings.resolved(ID, "paper", ROOT)


def test_it_is_declared_and_not_in_the_pipeline(monkeypatch, tmp_path):
    experiment = catalogue.get(ID, "simulate", ROOT)
    assert experiment.needs == ("imagenet",)
    assert experiment.gpu
    assert not [run for run in lists.lists(ROOT)["runs"] if ID in run]
    monkeypatch.setenv("LANDSCAPE_DATA", str(tmp_path))
    assert ID not in {one.id for one in gpu_plan.waiting(ROOT)}


def test_a_gpu_has_it_in_its_queue_where_the_images_are(images):
    assert ID in {one.id for one in gpu_plan.waiting(ROOT)}


def test_91_epochs_are_the_printed_number_of_steps(work):
    assert imagenet_l2.steps(91, work["batch_size"]) == 14_232
    assert len(imagenet_l2.cells(work, "grid")) == 25
    lengths = imagenet_l2.cells(work, "lengths")
    assert len(lengths) == 20
    assert [one.epochs for one in lengths] == sorted(one.epochs for one in lengths)


def test_the_rate_warms_up_and_falls_where_the_program_s_does(work):
    def rate(epoch):
        return imagenet_l2.learning_rate(epoch / 90, 0.1, 8192, work["schedule"])

    assert rate(0) == 0
    assert rate(2.5) == pytest.approx(1.6)
    for epoch, expected in ((5, 3.2), (29.9, 3.2), (30.1, 0.32), (60.1, 0.032), (89, 0.0032)):
        assert rate(epoch) == pytest.approx(expected)


def test_it_trains_on_files_of_the_right_layout(images, project):
    for case, count in (("grid", 4), ("lengths", 4)):
        folder = execute.run(f"{RUN}/{case}", "smoke", root=project)
        frame = pd.read_csv(folder / "results.csv")
        assert list(frame) == list(imagenet_l2.COLUMNS)
        assert frame.groupby(["lr", "l2", "epochs", "seed"]).ngroups == count
        assert not frame["diverged"].any()
        assert frame["test_error"].between(0, 100).all()
    ends = frame.groupby("epochs")["step"].max()
    assert ends.tolist() == [2, 4]  # twelve images, six a step
    assert not list((project / "checkpoints").glob("*/state.pt"))


def test_an_interrupted_run_gives_the_same_rows(images, tmp_path, monkeypatch):
    given = settings.resolved(ID, "smoke", ROOT)
    whole = imagenet_l2.simulate(given, "lengths").tables["results"]
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "0")
    advance, done = imagenet_l2._Network.advance, []

    def stops(network, *batch):
        if len(done) == 5:  # in the middle of the third network
            raise KeyboardInterrupt
        done.append(network.one)
        return advance(network, *batch)

    monkeypatch.setattr(imagenet_l2._Network, "advance", stops)
    with pytest.raises(KeyboardInterrupt):
        imagenet_l2.simulate(given, "lengths", checkpoints=tmp_path / "kept")
    monkeypatch.setattr(imagenet_l2._Network, "advance", advance)
    outcome = imagenet_l2.simulate(given, "lengths", checkpoints=tmp_path / "kept")
    assert outcome.tables["results"] == whole
    assert len(outcome.kept) == 4


def test_gains_and_shifts_of_batch_norm_are_not_decayed(images):
    given = settings.resolved(ID, "smoke", ROOT)
    (one, *_) = imagenet_l2.cells(given, "grid")
    network = imagenet_l2._Network(given, one, None, torch.device("cpu"))
    decayed, kept = (group["params"] for group in network.optimizer.param_groups)
    assert network.optimizer.param_groups[0]["weight_decay"] == one.l2
    assert network.optimizer.param_groups[1]["weight_decay"] == 0
    assert sum(p.numel() for p in kept) == sum(
        p.numel() for m in network.model.modules()
        if isinstance(m, torch.nn.BatchNorm2d) for p in m.parameters())  # fmt: skip
    assert {id(network.model.fc.bias), id(network.model.conv1.weight)} <= set(map(id, decayed))


def test_the_parts_of_a_step_add_up_to_its_gradient(images):
    """Without batch norm in training mode, parts of three give what six at once give."""
    given = settings.resolved(ID, "smoke", ROOT)
    (one, *_) = imagenet_l2.cells(given, "grid")
    draws = np.random.RandomState(0)
    pixels = draws.randint(256, size=(6, 32, 32, 3), dtype=np.uint8)
    labels = draws.randint(3, size=6)
    found = []
    for together in (3, 6):
        network = imagenet_l2._Network(given | {"together": together}, one, None,
                                       torch.device("cpu"))  # fmt: skip
        network.total, network.step = 1, 0
        network.model.eval()
        network.model.train = lambda mode=True: None
        loss = network.advance(pixels, labels)
        found.append((loss, network.model.fc.weight.grad.clone()))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-4, atol=1e-6)


def test_without_the_set_one_sentence_says_where_it_belongs(tmp_path, monkeypatch, project):
    monkeypatch.setenv("LANDSCAPE_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"imagenet is not in .*image-net\.org"):
        execute.run(f"{RUN}/grid", "smoke", root=project)


def test_other_classes_than_the_network_has_are_refused(images, monkeypatch):
    given = settings.resolved(ID, "smoke", ROOT) | {"model": {"name": "resnet50", "classes": 2}}
    with pytest.raises(Exception, match="imagenet/train has 3 classes"):
        imagenet_l2.simulate(given, "grid")


def test_costs_and_the_probe_of_the_queue(images):
    given = settings.resolved(ID, "smoke", ROOT)
    row = imagenet_l2.costs(given, "lengths", torch.device("cpu"), 2)
    assert row["runs"] == 4
    mean = row["hours"] * 3600
    assert mean > row["steps"] * row["step_seconds"] > 0
    found = probe.probe(f"{RUN}/grid", "smoke", ROOT, torch.device("cpu"))
    assert found["runs"] == 4
    assert found["seconds"] > 0
