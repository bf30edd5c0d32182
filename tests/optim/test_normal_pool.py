"""The pool of normal numbers: their law, their independence, and that a run can go on from it."""

import copy
import io
import math

import pytest
import torch
from scipy import stats
from torch import nn

from landscape.optim import EntropySGD
from landscape.optim.normal_pool import WIDTH, WORTH, NormalPool

NUMBERS = 4 * WIDTH


def _pool(seed=0):
    return NormalPool(torch.Generator().manual_seed(seed))


def _numbers(count, seed=0):
    x = torch.zeros(count)
    _pool(seed).add_to(x, 1.0)
    return x.double()


def _exact_turn(rows, signs, shift, first_signs, second_signs, leads):
    """One pass in float64, element by element."""
    a, b, c, d = rows
    width = a.numel()
    at = (torch.arange(width) + shift) % width
    first = [signs[k][first_signs : first_signs + width] for k in range(2)]
    second = [signs[k][second_signs : second_signs + width] for k in range(2)]
    sums = [a + first[0] * c[at], b + first[1] * d[at], a - first[0] * c[at], b - first[1] * d[at]]
    plain, signed = (sums[leads], sums[leads + 2]), (sums[1 - leads], sums[3 - leads])
    pairs = list(zip(plain, signed, second, strict=True))
    return [(p + s * q) / 2 for p, q, s in pairs] + [(p - s * q) / 2 for p, q, s in pairs]


def test_a_pass_is_the_map_of_the_docstring_and_keeps_the_sum_of_squares():
    pool = _pool()
    assert pool._state["rows"].double().square().mean().item() == pytest.approx(1, abs=1e-6)
    signs = pool._signs.double()
    for k in range(19):  # past a scaling
        rows = pool._state["rows"].double() * 2.0 ** -(k % 16)
        pool._turn()
        shift, start, _, _ = pool._state["ahead"][k].tolist()
        exact = _exact_turn(
            rows, signs, 1 + shift % (WIDTH - 1), (start >> 16) % 4096, start % 4096, k % 2
        )
        now = pool._state["rows"].double() * 2.0 ** -((k + 1) % 16)
        assert torch.allclose(now, torch.stack(exact), atol=1e-5)
        assert now.square().mean().item() == pytest.approx(1, abs=1e-6)


def test_every_number_of_a_pass_is_given_out_once():
    pool, x = _pool(), torch.zeros(NUMBERS)
    for piece in x.split([7, 1000, WIDTH, NUMBERS - WIDTH - 1007]):
        pool.add_to(piece, 1.0)
    rows = pool._state["rows"].view(-1) * pool._state["length"]
    assert torch.allclose(x.sort().values, rows.sort().values, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_are_normal(seed):
    x = _numbers(3_000_000, seed)
    n = x.numel()
    # Limits: 5 standard deviations of independent numbers, whose eighth moments set that of x^4.
    assert abs(x.mean().item()) < 5 / math.sqrt(n)
    assert abs(x.square().mean().item() - 1) < 5 * math.sqrt(2 / n)
    assert abs(x.pow(3).mean().item()) < 5 * math.sqrt(15 / n)
    assert abs(x.pow(4).mean().item() - 3) < 5 * math.sqrt(96 / n)
    assert abs(x.pow(6).mean().item() - 15) < 5 * math.sqrt(10_170 / n)
    assert stats.kstest(x.numpy(), "norm").pvalue > 1e-3
    assert x.abs().max() > 4.5, "the tails are there"


@pytest.mark.parametrize("seed", range(4))
def test_steps_and_weights_are_independent(seed):
    steps, weights = 60, 50_000
    x = _numbers(steps * weights, seed).reshape(steps, weights)
    limit = 5 / math.sqrt(x.numel())
    flat = x.reshape(-1)
    for lag in (1, 2, 3, 8, 64, WIDTH, 2 * WIDTH, NUMBERS, NUMBERS + 1):
        for values, spread in ((flat, 1.0), (flat.square() - 1, 2.0)):
            # 1.3: see the docstring of the pool
            assert abs((values[lag:] * values[:-lag]).mean().item()) < 1.3 * spread * limit
    for lag in (1, 2, 5):  # the same weight, some steps later
        assert abs((x[lag:] * x[:-lag]).mean().item()) < 1.3 * limit
    # A weight's sum of squares over the steps, and a step's over the weights, are chi^2.
    assert stats.kstest(x.square().sum(0).numpy(), stats.chi2(steps).cdf).pvalue > 1e-3
    assert stats.kstest(x.square().sum(1).numpy(), stats.chi2(weights).cdf).pvalue > 1e-3


def test_generators_decide():
    assert torch.equal(_numbers(1000, 3), _numbers(1000, 3))
    assert abs(torch.corrcoef(torch.stack([_numbers(300_000, 3), _numbers(300_000, 4)]))[0, 1]) < (
        5 / math.sqrt(300_000)
    )


class _Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(torch.zeros(600, 500))
        self.second = nn.Parameter(torch.zeros(7, 3, 5, 5))

    def loss(self, k):
        return sum(0.5 * (p - math.sin(k)).square().sum() for p in self.parameters())


def _steps(model, optimizer, ks):
    for k in ks:
        optimizer.zero_grad()
        model.loss(k).backward()
        optimizer.step()


def _made(model, seed=5, **settings):
    return EntropySGD(
        model.parameters(),
        L=3,
        temperature=1e-2,
        momentum=0.9,
        generator=torch.Generator().manual_seed(seed),
        **settings,
    )


def test_a_run_goes_on_from_the_middle_of_a_pass_with_the_same_bytes():
    model = _Wide()
    assert sum(p.numel() for p in model.parameters()) >= WORTH
    optimizer = _made(model)
    _steps(model, optimizer, range(4))
    buffer = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict()], buffer)
    twin_model, twin = copy.deepcopy((model, optimizer))
    _steps(model, optimizer, range(4, 9))

    buffer.seek(0)
    weights, state = torch.load(buffer)
    again = _Wide()
    again.load_state_dict(weights)
    resumed = _made(again, seed=99)
    resumed.load_state_dict(state)
    _steps(again, resumed, range(4, 9))
    _steps(twin_model, twin, range(4, 9))
    for p, q, r in zip(
        model.parameters(), again.parameters(), twin_model.parameters(), strict=True
    ):
        assert torch.equal(p, q)
        assert torch.equal(p, r)


def test_memory_layout_does_not_change_the_numbers():
    plain, last = _Wide(), _Wide()
    last = last.to(memory_format=torch.channels_last)
    assert not last.second.is_contiguous()
    for model in (plain, last):
        _steps(model, _made(model), range(4))
    assert torch.equal(plain.first, last.first)
    assert torch.allclose(plain.second, last.second, atol=1e-6)


def test_noise_of_the_pool_has_the_variance_of_the_algorithm():
    model = _Wide()
    optimizer = EntropySGD(
        model.parameters(), L=2, lr_inner=0.1, temperature=0.5, gamma=float("inf")
    )
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    assert model.first.var().item() == pytest.approx(2 * 0.1 * 0.5, rel=0.02)
    assert abs(model.first.mean().item()) < 5 * math.sqrt(0.1 / 300_000)


def test_small_networks_and_float64_draw_as_torch_draws():
    for model in (nn.Linear(20, 3), _Wide().double()):
        optimizer = _made(model)
        start = [p.detach().clone() for p in model.parameters()]
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()
        draws = torch.Generator().manual_seed(5)
        for p, before in zip(model.parameters(), start, strict=True):
            noise = torch.empty_like(p, requires_grad=False)
            noise.normal_(0, math.sqrt(2 * 0.1 * 1e-2), generator=draws)
            assert torch.allclose(p, before + noise, atol=1e-6)


def test_loading_draws_nothing():
    """Without a generator the numbers are those of torch's own, which others draw from, too."""
    model, again = _Wide(), _Wide()
    optimizer, resumed = (EntropySGD(m.parameters(), L=3, temperature=1e-2) for m in (model, again))
    _steps(model, optimizer, range(4))
    state, numbers = optimizer.state_dict(), torch.get_rng_state()
    resumed.load_state_dict(state)
    assert torch.equal(torch.get_rng_state(), numbers)
    assert resumed._pools[0].generator is None
