import subprocess
import sys

import numpy as np
import pytest
import torch
from reference import curvature_reference as reference

from landscape.analysis import exact_spectrum as module
from landscape.analysis.exact_spectrum import exact_spectrum
from landscape.analysis.mean_loss import MeanLoss, cross_entropy, half_square
from landscape.analysis.spectrum_plan import estimate, plan
from landscape.errors import LandscapeError

MODEL, INPUTS, TARGETS = reference.tiny_problem()
F = MeanLoss(MODEL, INPUTS, TARGETS, chunk=10)


def budget(f, rows):
    """Memory for blocks of so many rows."""
    one, two = (plan(f, memory) for memory in (1e12, _least(f)))
    per_row = (one.block_bytes - two.block_bytes) / (one.block_rows - two.block_rows)
    return _least(f) + (rows - 1) * per_row


def _least(f):
    low, high = 0.0, 1e12
    while high - low > 1:
        middle = (low + high) / 2
        try:
            plan(f, middle)
            high = middle
        except LandscapeError:
            low = middle
    return high


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_the_spectrum_is_that_of_the_hessian_written_out(rows):
    expected = torch.linalg.eigvalsh(
        reference.hessian(MODEL, cross_entropy, INPUTS, TARGETS)
    )
    memory = budget(F, rows)
    assert plan(F, memory).block_rows == min(rows, F.size)
    assert plan(F, memory).total_bytes <= memory
    found = exact_spectrum(F, memory=memory)
    torch.testing.assert_close(found.values, expected, rtol=1e-9, atol=1e-12)
    assert found.asymmetry < 1e-13


@pytest.mark.parametrize("kind", ["gauss_newton", "fisher", "diffusion"])
def test_spectra_of_the_other_matrices(kind):
    expected = {
        "gauss_newton": lambda: reference.gauss_newton_cross_entropy(MODEL, INPUTS, TARGETS),
        "fisher": lambda: reference.empirical_fisher(MODEL, cross_entropy, INPUTS, TARGETS),
        "diffusion": lambda: reference.diffusion(MODEL, cross_entropy, INPUTS, TARGETS),
    }[kind]()
    found = exact_spectrum(F, memory=1e9, kind=kind).values
    torch.testing.assert_close(found, torch.linalg.eigvalsh(expected), rtol=1e-9, atol=1e-12)


def test_single_precision_gives_single_precision():
    found = exact_spectrum(MeanLoss(MODEL, INPUTS, TARGETS, dtype=torch.float32), memory=1e9)
    assert found.values.dtype == torch.float32
    expected = exact_spectrum(F, memory=1e9).values
    torch.testing.assert_close(found.values.double(), expected, rtol=1e-4, atol=1e-5)


def test_a_wishart_matrix_has_the_marchenko_pastur_law():
    samples, size = 800, 200
    model, x, y = reference.linear_problem(samples, size)
    values = exact_spectrum(MeanLoss(model, x, y, loss=half_square), memory=1e9).values
    # Eigenvalues are rigid: their empirical distribution is O(log d / d) from the law.
    for x in np.linspace(0.2, 2.3, 15):
        found = float((values <= x).double().mean())
        assert found == pytest.approx(reference.marchenko_pastur_cdf(x, size / samples), abs=0.015)
    assert float(values.max()) == pytest.approx(2.25, abs=0.1)
    assert float(values.min()) == pytest.approx(0.25, abs=0.05)


def test_a_budget_too_small_is_refused_with_the_need():
    with pytest.raises(LandscapeError, match=r"43 weights need .* more than the 1e-05 GB allowed"):
        exact_spectrum(F, memory=1e4)


def test_the_network_of_figure_3_1_is_planned_without_computing_it():
    from landscape.models import build

    model = build("small_lenet_ch3")
    data = torch.randn(500, 1, 28, 28), torch.zeros(500, dtype=torch.long)
    needs = plan(MeanLoss(model, *data, chunk=100, dtype=torch.float32), 12e9)
    assert needs.matrix_bytes == 4 * 47_658**2
    assert needs.total_bytes <= 12e9
    with pytest.raises(LandscapeError, match=r"47,658 weights need 18.2 GB .* or float32"):
        plan(MeanLoss(model, *data, chunk=100), 12e9)


def test_the_estimate_says_bytes_and_seconds():
    found = estimate(F, 1e9)
    assert found.product_seconds > 0
    assert found.eigenvalue_seconds > 0
    assert "43 weights" in str(found)
    assert "1 blocks of 43 rows" in str(found)


class Killed(Exception):
    pass


def test_a_killed_computation_goes_on_and_ends_with_the_same_bytes(tmp_path, monkeypatch):
    memory = budget(F, 5)
    whole = exact_spectrum(F, memory=memory)
    count = 0
    plain = module.products

    def counted(*args):
        nonlocal count
        count += 1
        return plain(*args)

    monkeypatch.setattr(module, "products", counted)

    def kill(done, _blocks):
        if done == 4:
            raise Killed

    with pytest.raises(Killed):
        exact_spectrum(F, memory=memory, folder=tmp_path, report=kill)
    assert count == 4
    damaged = sorted(tmp_path.glob("*/rows-*.npy"))[1]
    damaged.write_bytes(damaged.read_bytes()[:-7])
    resumed = exact_spectrum(F, memory=memory, folder=tmp_path)
    assert count == plan(F, memory).blocks + 1  # the damaged block is made again
    assert resumed.values.numpy().tobytes() == whole.values.numpy().tobytes()
    assert resumed.asymmetry == whole.asymmetry
    assert not list(tmp_path.glob("*/rows-*.npy"))
    again = exact_spectrum(F, memory=memory, folder=tmp_path)
    assert count == plan(F, memory).blocks + 1
    assert torch.equal(again.values, whole.values)


def test_blocks_of_another_matrix_are_never_taken(tmp_path):
    first = exact_spectrum(F, memory=1e9, folder=tmp_path).values
    other = MeanLoss(MODEL, INPUTS, TARGETS, chunk=10, weight_decay=0.5)
    torch.testing.assert_close(
        exact_spectrum(other, memory=1e9, folder=tmp_path).values, first + 0.5
    )
    moved = MeanLoss(MODEL, INPUTS + 1, TARGETS, chunk=10)
    assert not torch.allclose(exact_spectrum(moved, memory=1e9, folder=tmp_path).values, first)


def test_what_is_not_finite_is_refused():
    inputs = INPUTS.clone()
    inputs[3] = float("nan")
    with pytest.raises(LandscapeError, match="not finite"):
        exact_spectrum(MeanLoss(MODEL, inputs, TARGETS), memory=1e9)


MEASURE = """
import resource, torch
from landscape.models import build
from landscape.analysis.mean_loss import MeanLoss
from landscape.analysis.spectrum_plan import plan
from landscape.analysis.curvature import products
torch.manual_seed(0)
model = build({name!r}, **{options})
f = MeanLoss(model, torch.randn(400, *{shape}), torch.zeros(400, dtype=torch.long),
             chunk=200, dtype=torch.float32)
products(f.first(2), torch.zeros(2, f.size))
rows = torch.zeros({rows}, f.size)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
products(f, rows)
used = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
needs = plan(f, 1e12)
print(used, needs.block_bytes, needs.block_rows)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss counts kilobytes on Linux only")
@pytest.mark.parametrize(
    ("name", "options", "shape"),
    [
        ("small_fc_ch6", {}, (1, 7, 7)),
        ("small_lenet_ch6", {"channels": (4, 8), "width": 16}, (1, 28, 28)),
    ],
)
def test_a_block_takes_no_more_memory_than_planned(name, options, shape):
    code = MEASURE.format(name=name, options=options, shape=shape, rows=64)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    used, planned, rows = (int(word) for word in out.stdout.split())
    assert rows == 64
    assert used <= planned + 20e6  # what the interpreter and the allocator take besides
