"""Shapes, gradients, determinism and modes of every network, at shrunk sizes."""

import pytest
import torch

from landscape import models

# name, options of a laptop size, input shape without the batch, outputs
SHRUNK = [
    ("mnistfc_ch2", {"depth": 4, "width": 32}, (1, 28, 28), 10),
    ("mnistfc_ch3", {"width": 64}, (1, 28, 28), 10),
    ("mnistfc_ch4", {"width": 64}, (1, 28, 28), 10),
    ("smallfc", {}, (1, 28, 28), 10),
    ("small_fc_ch6", {}, (1, 7, 7), 10),
    ("tiny_fc", {}, (1, 7, 7), 5),
    ("lenet_ch2", {"channels": [4, 6], "width": 32}, (1, 28, 28), 10),
    ("lenet", {"channels": [4, 6], "width": 32}, (1, 28, 28), 10),
    ("small_lenet_ch3", {}, (1, 28, 28), 10),
    ("small_lenet_ch6", {}, (1, 28, 28), 10),
    ("allcnn", {"channels": [8, 12]}, (3, 32, 32), 10),
    ("small_allcnn", {"classes": 100}, (3, 32, 32), 100),
    ("wrn_28_10", {"depth": 10, "widen": 1}, (3, 32, 32), 10),
    ("wrn_16_4", {"depth": 16, "widen": 1}, (3, 32, 32), 10),
    ("wrn_lewkowycz", {"depth": 10, "widen": 1}, (3, 32, 32), 10),
    ("fc_lewkowycz", {"width": 64}, (1, 28, 28), 10),
    ("fc64_lewkowycz", {}, (3, 32, 32), 10),
    ("cnn_lewkowycz", {"channels": 6, "width": 20}, (3, 32, 32), 10),
    ("cnn_lewkowycz", {"channels": 6, "batch_norm": True, "pool": 2}, (3, 32, 32), 10),
    ("ntk_two_layer", {"width": 100}, (1, 28, 28), 1),
    ("resnet50", {"blocks": [1] * 4, "classes": 7, "zero_last_gain": False}, (3, 32, 32), 7),
]
WITH_DROPOUT = ["mnistfc_ch3", "mnistfc_ch4", "lenet_ch2", "lenet", "small_lenet_ch3"]
WITH_DROPOUT += ["small_lenet_ch6", "allcnn", "small_allcnn", "wrn_28_10", "wrn_16_4"]
table = pytest.mark.parametrize(("name", "options", "shape", "outputs"), SHRUNK)


def _build(name, options, seed=0):
    torch.manual_seed(seed)
    return models.build(name, **options)


@table
def test_output_shape_and_gradients(name, options, shape, outputs):
    model = _build(name, options).train()
    logits = model(torch.randn(16, *shape))
    assert logits.shape == (16, outputs)
    assert torch.isfinite(logits).all()
    (logits * torch.randn_like(logits)).sum().backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key
        assert torch.isfinite(parameter.grad).all(), key
        # A bias in front of batch normalisation has no effect: only its arrival is checked.
        if parameter.ndim > 1:
            assert parameter.grad.abs().max() > 0, key


@table
def test_seed_fixes_the_weights(name, options, shape, outputs):
    first, again = _build(name, options), _build(name, options)
    other = _build(name, options, seed=1)
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    pairs = zip(first.parameters(), other.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)


@table
def test_evaluation_is_deterministic(name, options, shape, outputs):
    model = _build(name, options).eval()
    x = torch.randn(4, *shape)
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("row", [row for row in SHRUNK if row[0] in WITH_DROPOUT])
def test_dropout_acts_in_training_only(row):
    name, options, shape, _ = row
    model = _build(name, options)
    assert any(isinstance(m, torch.nn.Dropout) and m.p > 0 for m in model.modules())
    x = torch.randn(8, *shape)
    model.train()
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize(
    ("name", "probabilities"),
    [
        ("mnistfc_ch2", []),
        ("mnistfc_ch3", [0.5, 0.5]),
        ("mnistfc_ch4", [0.2, 0.2, 0.2]),
        ("lenet_ch2", [0.1]),
        ("lenet", [0.25, 0.25, 0.25]),
        ("small_lenet_ch6", [0.1, 0.1]),
        ("allcnn", [0.2, 0.5, 0.5]),
        ("wrn_28_10", [0.3] * 12),
        ("wrn_16_4", [0.4] * 6),
        ("wrn_lewkowycz", []),
    ],
)
def test_stated_dropout(name, probabilities):
    with torch.device("meta"):
        model = models.build(name)
    assert [m.p for m in model.modules() if isinstance(m, torch.nn.Dropout)] == probabilities


def test_depth_of_the_deep_network():
    with torch.device("meta"):
        layers = list(models.build("mnistfc_ch2").layers)
    widths = [m.out_features for m in layers if isinstance(m, torch.nn.Linear)]
    assert widths == [128] * 16 + [10]
    assert sum(isinstance(m, torch.nn.ReLU) for m in layers) == 16


def test_lenet_order_is_the_text_s():
    with torch.device("meta"):
        layers = [type(m).__name__ for m in models.build("lenet").layers][:5]
        chapter2 = [type(m).__name__ for m in models.build("lenet_ch2").layers][:4]
    assert layers == ["Conv2d", "ReLU", "BatchNorm2d", "MaxPool2d", "Dropout"]
    assert chapter2 == ["Conv2d", "MaxPool2d", "BatchNorm2d", "ReLU"]


def test_relu_and_max_pool_commute():
    """The cheap order without batch norm in between gives the same function."""
    a = _build("lenet", {"batch_norm": False, "order": "relu_bn_pool"}).eval()
    b = _build("lenet", {"batch_norm": False, "order": "pool_relu_bn"}).eval()
    x = torch.randn(3, 1, 28, 28)
    torch.testing.assert_close(a(x), b(x))


def test_allcnn_reduces_to_8_by_8():
    model = _build("allcnn", {"channels": [4, 6]}).eval()
    maps = model.layers(torch.randn(2, 3, 32, 32))
    assert maps.shape == (2, 10, 8, 8)
    assert model(torch.ones(1, 3, 32, 32)).shape == (1, 10)


@pytest.mark.parametrize("name", ["wrn_lewkowycz", "cnn_lewkowycz"])
def test_batch_statistics_mode(name):
    """Without running statistics training and evaluation agree, and the batch matters."""
    options = {"depth": 10, "widen": 1} if name == "wrn_lewkowycz" else {"channels": 5}
    if name == "cnn_lewkowycz":
        options["batch_norm"] = True
    model = _build(name, options)
    assert not list(model.buffers())
    x = torch.randn(6, 3, 32, 32)
    trained = model.train()(x)
    evaluated = model.eval()(x)
    torch.testing.assert_close(trained, evaluated)
    assert (model(x[:3]) - evaluated[:3]).abs().max() > 1e-3


def test_thesis_wrn_uses_running_statistics_in_evaluation():
    model = _build("wrn_16_4", {"widen": 1}).eval()
    x = torch.randn(6, 3, 32, 32)
    torch.testing.assert_close(model(x[:3]), model(x)[:3], rtol=1e-4, atol=1e-5)


def test_double_precision():
    model = _build("lenet", {"channels": [2, 3], "width": 8}).double()
    assert model(torch.randn(2, 1, 28, 28, dtype=torch.float64)).dtype == torch.float64
