import math

import pytest
import torch
from reference import curvature_reference as reference

from landscape.analysis.directions import (
    filter_normalised,
    half_widths,
    loss_along,
    loss_plane,
    random_directions,
)
from landscape.analysis.lanczos import SymmetricOperator, extreme_eigenvalues
from landscape.analysis.mean_loss import MeanLoss, cross_entropy, half_square

MODEL, INPUTS, TARGETS = reference.tiny_problem()
F = MeanLoss(MODEL, INPUTS, TARGETS)
PLAIN = reference.loss_of(MODEL, cross_entropy, INPUTS, TARGETS)


def valley(size=5):
    """A quadratic at its minimum."""
    model, x, y = reference.linear_problem(40, size)
    with torch.no_grad():
        model.weight.copy_(torch.linalg.lstsq(x, y).solution.T)
    return MeanLoss(model, x, y, loss=half_square)


def test_every_filter_is_as_long_as_its_own():
    first, second = random_directions(F, 2, seed=3)
    assert not torch.equal(first, second)
    torch.testing.assert_close(random_directions(F, 2, seed=3)[1], second)
    own, moved = F.unflatten(F.weights), F.unflatten(first)
    for name, part in moved.items():
        if part.dim() < 2:
            assert (part == 0).all()
        else:
            for row, expected in zip(part, own[name], strict=True):
                torch.testing.assert_close(row.norm(), expected.norm())


def test_rescaled_layers_have_the_same_curve():
    """Of a ReLU network: the first layer times 10, the second by 10, the same function."""
    torch.manual_seed(0)
    layers = torch.nn.Linear(4, 6, bias=False), torch.nn.Linear(6, 3, bias=False)
    model = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1]).double()
    steps, curves = torch.linspace(-1, 1, 5), []
    for factor in (1, 10):
        with torch.no_grad():
            layers[0].weight.mul_(factor)
            layers[1].weight.div_(factor)
        f = MeanLoss(model, INPUTS, TARGETS)
        curves.append(loss_along(f, random_directions(f, seed=1)[0], steps))
    torch.testing.assert_close(*curves)


def test_curves_and_planes_are_the_loss_written_out():
    first, second = random_directions(F, 2)
    steps = torch.tensor([-0.5, 0.0, 1.5])
    w = F.weights
    along = torch.stack([PLAIN(w + t * first) for t in steps])
    torch.testing.assert_close(loss_along(F, first, steps), along)
    plane = torch.stack(
        [torch.stack([PLAIN(w + s * first + t * second) for t in steps]) for s in steps]
    )
    torch.testing.assert_close(loss_plane(F, first, second, steps), plane)


@pytest.mark.parametrize("end", ["largest", "smallest"])
def test_the_half_width_along_an_eigenvector_is_that_of_its_parabola(end):
    f = valley()
    values, _, vectors = extreme_eigenvalues(SymmetricOperator.of(f), 1, end=end)
    found = half_widths(f, torch.from_numpy(vectors[0]), 0.3)
    assert found == pytest.approx([math.sqrt(2 * 0.3 / values[0])] * 2, rel=1e-5)


def test_a_flat_direction_has_no_end():
    f = MeanLoss(torch.nn.Linear(2, 1, bias=False), torch.tensor([[1.0, 0.0]]),
                 torch.zeros(1, 1), loss=half_square)  # fmt: skip
    assert half_widths(f, torch.tensor([0.0, 1.0]), 0.1) == (math.inf, math.inf)


def test_a_filter_of_zeros_stays_zero():
    assert (filter_normalised(F, torch.zeros(F.size)) == 0).all()


def test_wrong_directions_are_refused():
    for call in (
        lambda: loss_along(F, torch.zeros(3), torch.zeros(1)),
        lambda: filter_normalised(F, torch.zeros(3)),
        lambda: half_widths(F, torch.zeros(3), 1.0),
    ):
        with pytest.raises(ValueError, match="each of the 43 weights"):
            call()
    with pytest.raises(ValueError, match="rise"):
        half_widths(F, F.weights, 0.0)
