"""torchvision is importable beside this torch, whichever build it is."""

import sys

import pytest
import torch

from landscape import torchvision_cpu


def test_torchvision_imports_and_transforms():
    torchvision = torchvision_cpu.import_torchvision()
    assert torchvision_cpu.import_torchvision() is torchvision
    assert torchvision.datasets.MNIST.resources[0][0] == "train-images-idx3-ubyte.gz"
    image = torch.arange(4).reshape(1, 2, 2)
    mirrored = torchvision.transforms.functional.hflip(image)
    assert mirrored.flatten().tolist() == [1, 0, 3, 2]


@pytest.mark.parametrize(("cuda", "loads"), [("13.0", False), (None, True)])
def test_nothing_is_declared_where_torchvision_imports_by_itself(monkeypatch, cuda, loads):
    def forbidden(*arguments):
        raise AssertionError("a schema was declared")

    monkeypatch.setattr(torchvision_cpu, "_declared", [])
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torchvision_cpu, "_operators_load", lambda torch: loads)
    monkeypatch.setattr(torch.library, "Library", forbidden)
    marker = object()
    monkeypatch.setitem(sys.modules, "torchvision", marker)
    assert torchvision_cpu.import_torchvision() is marker


def test_a_missing_torchvision_stays_an_import_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setattr(torchvision_cpu, "_declared", [object()])
    with pytest.raises(ImportError):
        torchvision_cpu.import_torchvision()
