"""Names, options and error messages of ``models.build``."""

import subprocess
import sys

import pytest

from landscape import models
from landscape.errors import LandscapeError


def test_import_is_cheap():
    code = "import sys; from landscape import models; models.names(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", models.names())
def test_source_file_defines_the_network(name):
    path = models.source_file(name)
    assert path.is_file()
    assert f"def {name}(" in path.read_text()


@pytest.mark.parametrize("name", models.names())
def test_documentation_names_the_source(name):
    factory = models._factory(name)
    assert "Source: " in factory.__doc__


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(models.ModelError, match="no network 'lennet'.*did you mean 'lenet'"):
        models.build("lennet")
    with pytest.raises(LandscapeError):
        models.source_file("nothing-like-it")


def test_unknown_option_suggests_the_nearest():
    with pytest.raises(models.ModelError, match="no option 'droput'.*did you mean 'dropout'"):
        models.build("lenet", droput=0.1)


def test_options_lists_defaults():
    assert models.options("mnistfc_ch2")["depth"] == 16
    assert models.options("lenet")["channels"] == (20, 50)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mnistfc_ch2", {"width": 0}, "width=0 must be a whole number"),
        ("mnistfc_ch2", {"width": 12.5}, "width=12.5 must be a whole number"),
        ("mnistfc_ch2", {"dropout": 1.0}, "dropout=1.0 must be a probability"),
        ("lenet", {"channels": [20]}, "must hold two numbers"),
        ("lenet", {"order": "relu_pool"}, "must name each of bn, pool, relu once"),
        ("lenet", {"size": 8}, "too small"),
        ("allcnn", {"eighth_kernel": 5}, "must be 1 or 3"),
        ("wrn_28_10", {"depth": 27}, "must be 6n"),
        ("cnn_lewkowycz", {"channels": 4, "pool_stride": 6}, "Pool 2 .* does not fit"),
        ("ntk_two_layer", {"width": 10, "sigma_w": 0}, "must be positive"),
    ],
)
def test_bad_options_are_refused(name, options, message):
    with pytest.raises(models.ModelError, match=message):
        models.build(name, **options)


@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("small_fc_ch6", {}, (2, 1, 28, 28)),
        ("lenet", {"channels": [2, 2], "width": 4}, (2, 3, 28, 28)),
        ("allcnn", {"channels": [2, 2]}, (2, 1, 32, 32)),
        ("wrn_16_4", {"widen": 1}, (2, 1, 32, 32)),
        ("cnn_lewkowycz", {"channels": 2, "width": 4}, (2, 1, 28, 28)),
        ("ntk_two_layer", {"width": 4}, (2, 3, 28, 28)),
    ],
)
def test_wrong_input_is_refused(name, options, shape):
    import torch

    with pytest.raises(models.ModelError, match="set the option"):
        models.build(name, **options)(torch.zeros(*shape))
