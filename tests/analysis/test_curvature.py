import pytest
import torch
from reference import curvature_reference as reference

from landscape.analysis.curvature import KINDS, products
from landscape.analysis.mean_loss import MeanLoss, cross_entropy, half_square

MODEL, INPUTS, TARGETS = reference.tiny_problem()


def matrix(f, kind):
    return products(f, torch.eye(f.size, dtype=f.dtype), kind)


def brute_force(kind, weight_decay=0.0):
    identity = weight_decay * torch.eye(len(reference.flat(MODEL)), dtype=torch.float64)
    return {
        "hessian": lambda: reference.hessian(MODEL, cross_entropy, INPUTS, TARGETS, weight_decay),
        "gauss_newton": lambda: reference.gauss_newton_cross_entropy(MODEL, INPUTS, TARGETS)
        + identity,
        "fisher": lambda: reference.empirical_fisher(MODEL, cross_entropy, INPUTS, TARGETS),
        "diffusion": lambda: reference.diffusion(MODEL, cross_entropy, INPUTS, TARGETS),
    }[kind]()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk", [5, 23, 1000])
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_products_are_those_of_the_matrix_written_out(kind, chunk, weight_decay):
    f = MeanLoss(MODEL, INPUTS, TARGETS, chunk=chunk, weight_decay=weight_decay)
    expected = brute_force(kind, weight_decay)
    torch.testing.assert_close(matrix(f, kind), expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(
        products(f, expected[0], kind), expected @ expected[0], rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_agrees_to_single_precision(kind):
    f = MeanLoss(MODEL, INPUTS, TARGETS, dtype=torch.float32)
    torch.testing.assert_close(
        matrix(f, kind).double(), brute_force(kind), rtol=1e-4, atol=1e-5
    )


def test_of_a_linear_regression_hessian_and_gauss_newton_are_the_wishart_matrix():
    model, x, y = reference.linear_problem(40, 7)
    f = MeanLoss(model, x, y, loss=half_square, chunk=9)
    for kind in ("hessian", "gauss_newton"):
        torch.testing.assert_close(matrix(f, kind), x.T @ x / 40)


def test_values_and_gradients_are_those_of_the_loss_written_out():
    f = MeanLoss(MODEL, INPUTS, TARGETS, chunk=6, weight_decay=0.2)
    plain = reference.loss_of(MODEL, cross_entropy, INPUTS, TARGETS, 0.2)
    rows = torch.stack([f.weights, 0.5 * f.weights])
    expected = torch.stack([plain(row) for row in rows])
    slopes = torch.stack([torch.autograd.functional.jacobian(plain, row) for row in rows])
    torch.testing.assert_close(f.value(rows), expected)
    torch.testing.assert_close(f.value(rows[1]), expected[1])
    torch.testing.assert_close(f.gradient(rows[1]), slopes[1])
    found = f.gradients_and_values(rows)
    torch.testing.assert_close(found[0], slopes)
    torch.testing.assert_close(found[1], expected)
    which = torch.tensor([3, 1, 20])
    part = reference.loss_of(MODEL, cross_entropy, INPUTS[which], TARGETS[which], 0.2)
    torch.testing.assert_close(f.gradients_and_values(rows, which)[1][0], part(rows[0]))


def test_the_network_handed_over_stays_as_it_was():
    model, x, y = reference.tiny_problem()
    model.float().train()
    MeanLoss(model, x, y)
    assert model.training
    assert all(p.requires_grad and p.dtype == torch.float32 for p in model.parameters())


def test_convolutions_with_pools_and_batch_norm_have_their_hessian():
    from landscape.models import build

    torch.manual_seed(3)
    model = build("small_lenet_ch6", channels=(2, 2), width=4, size=28)
    inputs, targets = torch.randn(6, 1, 28, 28), torch.randint(0, 10, (6,))
    f = MeanLoss(model, inputs, targets, chunk=4)
    expected = reference.hessian(model.double(), cross_entropy, inputs.double(), targets)
    torch.testing.assert_close(matrix(f, "hessian"), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inputs": INPUTS[:0], "targets": TARGETS[:0]}, "at least one"),
        ({"targets": TARGETS[1:]}, "23 inputs and 22 targets"),
        ({"dtype": torch.bfloat16}, "float64 or torch.float32"),
        ({"chunk": 0}, "chunk"),
        ({"weight_decay": -1.0}, "weight_decay"),
        ({"model": torch.nn.Tanh()}, "no parameters"),
    ],
)
def test_what_cannot_be_a_loss_is_refused(change, words):
    settings = {"model": MODEL, "inputs": INPUTS, "targets": TARGETS} | change
    with pytest.raises(ValueError, match=words):
        MeanLoss(**settings)


def test_unknown_kinds_and_wrong_lengths_are_refused():
    f = MeanLoss(MODEL, INPUTS, TARGETS)
    with pytest.raises(ValueError, match="choose one of hessian"):
        products(f, f.weights, "hesian")
    with pytest.raises(ValueError, match="rows of"):
        products(f, f.weights[1:])
