"""AnnealSGD and resampled noise: the field's law, its decay, and the reduction to the base."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.optim_problems import Classifier, Quadratic, draws, flat, make, train

from landscape import optim

BASES = [
    {"base": "sgd", "lr": 0.05},
    {"base": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-2},
    {"base": "adam", "lr": 1e-2, "weight_decay": 1e-2},
]
FIELD = {"J": 0.02, "tau0": 9.0, "layers": 5}
BOTH = pytest.mark.parametrize("name", ["anneal_sgd", "resampled_noise"])


def wide(name, size=200_000, dtype=torch.float32, **more):
    w = torch.nn.Parameter(torch.zeros(size, dtype=dtype))
    w.grad = torch.zeros_like(w)
    return w, optim.build(name, [w], lr=1.0, generator=draws(), **{**FIELD, **more})


@BOTH
@pytest.mark.parametrize("base", BASES)
def test_without_coupling_it_is_the_base_bit_for_bit(name, base):
    base = dict(base)
    for dtype in (torch.float64, torch.float32):
        tilted, plain = Classifier(7).to(dtype), Classifier(7).to(dtype)
        tilted.x, plain.x = tilted.x.to(dtype), plain.x.to(dtype)
        train(tilted, make(name, {**base, **FIELD, "J": 0.0}, tilted), 50)
        rest = {k: v for k, v in base.items() if k != "base"}
        train(plain, make(base["base"], rest, plain), 50)
        assert torch.equal(flat(tilted), flat(plain))


@BOTH
@pytest.mark.parametrize("base", BASES)
def test_the_pieces_that_a_step_works_in_change_no_bit(name, base, monkeypatch):
    """All of the gradient tilted at once, a few tensors, and one at a time."""
    runs = []
    for elements in (1 << 40, 600, 0):
        monkeypatch.setattr("landscape.optim.tensors.CHUNK", elements)
        model = Classifier(70).float()
        model.x = model.x.float()
        optimizer = make(name, {**base, **FIELD}, model)
        train(model, optimizer, 20)
        before = [p.grad.clone() for p in model.parameters()]
        optimizer.step()
        kept = zip(before, model.parameters(), strict=True)
        assert all(torch.equal(g, p.grad) for g, p in kept), "gradients are left alone"
        runs.append(flat(model))
    assert torch.equal(runs[0], runs[1])
    assert torch.equal(runs[0], runs[2])


@BOTH
def test_without_coupling_nothing_is_drawn_or_kept(name):
    w, optimizer = wide(name, J=0.0)
    before = optimizer.generator.get_state()
    assert optimizer.perturbation() == [None]
    optimizer.step()
    assert torch.equal(optimizer.generator.get_state(), before)
    assert "field" not in optimizer.state[w]


@BOTH
def test_the_field_is_normal_with_the_critical_variance(name):
    _, optimizer = wide(name)
    (field,) = optimizer.perturbation()
    spread = math.sqrt(2) * FIELD["J"] * math.sqrt(5 * 3)
    n = field.numel()
    z = field.double() / spread
    assert abs(z.mean()) < 4 / math.sqrt(n)
    assert abs(z.var() - 1) < 4 * math.sqrt(2 / n)
    assert abs((z**3).mean()) < 4 * math.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 4 * math.sqrt(96 / n)


@BOTH
def test_the_step_adds_what_was_announced(name):
    w, optimizer = wide(name, dtype=torch.float64)
    for i in range(5):
        before = w.detach().clone()
        w.grad = torch.full_like(w, 0.1 * i)
        (field,) = optimizer.perturbation()
        (again,) = optimizer.perturbation()
        assert torch.equal(field, again), "looking twice draws once"
        optimizer.step()
        assert torch.allclose(w, before - (0.1 * i + field), rtol=0, atol=1e-14)


def test_looking_at_the_field_does_not_change_the_run():
    for name in ("anneal_sgd", "resampled_noise"):
        looked, unlooked = Quadratic(), Quadratic()
        a = make(name, {**FIELD, "lr": 0.05}, looked)
        b = make(name, {**FIELD, "lr": 0.05}, unlooked)
        for k in range(12):
            if k % 3:
                a.perturbation()
            train(looked, a, 1, start=k)
            train(unlooked, b, 1, start=k)
        assert torch.equal(flat(looked), flat(unlooked))


def test_one_direction_with_the_exact_decay():
    w, optimizer = wide("anneal_sgd", size=50, dtype=torch.float64)
    (first,) = optimizer.perturbation()
    h = first / math.sqrt(2)
    for i in range(40):
        assert optimizer.scale() == pytest.approx(math.sqrt(2) * math.exp(-i / 18), rel=1e-15)
        (field,) = optimizer.perturbation()
        expected = math.sqrt(2) * math.exp(-i / (2 * 9.0)) * h
        assert torch.allclose(field, expected, rtol=1e-14, atol=0)
        optimizer.step()


def test_redrawn_directions_are_uncorrelated_with_the_same_decay():
    w, optimizer = wide("resampled_noise")
    fields = []
    for _ in range(6):
        fields.append(optimizer.perturbation()[0].double())
        optimizer.step()
    n = w.numel()
    for i, a in enumerate(fields):
        spread = math.sqrt(2) * math.exp(-i / 18) * 0.02 * math.sqrt(15)
        assert a.std().item() == pytest.approx(spread, rel=4 / math.sqrt(2 * n))
        for b in fields[:i]:
            assert abs(torch.corrcoef(torch.stack([a, b]))[0, 1]) < 4.5 / math.sqrt(n)


@settings(max_examples=40, deadline=None)
@given(
    i=st.integers(0, 5000),
    tau0=st.floats(1.0, 1e4),
    weights=st.integers(1, 10**7),
    layers=st.integers(3, 50),
)
def test_scale_is_algorithm_1_whatever_n_is(i, tau0, weights, layers):
    w = torch.nn.Parameter(torch.zeros(1))
    optimizer = optim.build("anneal_sgd", [w], J=1e-3, tau0=tau0, layers=layers)
    optimizer._counters["iteration"] = i
    n = math.sqrt(weights / layers)
    tau = n * (math.exp(-i / tau0) - 0.5)
    printed = math.sqrt(max(1 + 2 * tau / n, 0.0))
    assert optimizer.scale() == pytest.approx(printed, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("critical", ["critical_points", "local_minima"])
def test_linear_annealing_starts_alike_and_ends(critical):
    w, linear = wide("anneal_sgd", size=500, annealing="linear", critical=critical)
    _, exponential = wide("anneal_sgd", size=500, critical=critical)
    assert linear.scale() == exponential.scale()
    squares = []
    for _ in range(9):
        squares.append(linear.scale() ** 2)
        linear.step()
    steps = [a - b for a, b in zip(squares, squares[1:], strict=False)]
    assert steps == pytest.approx([squares[0] / 9] * 8)
    assert linear.scale() == 0
    assert linear.perturbation() == [None]
    before = w.detach().clone()
    linear.step()
    assert torch.equal(w, before)


def test_local_minima_variant_is_equation_2_21():
    w = torch.nn.Parameter(torch.zeros(64, 25))
    optimizer = optim.build(
        "anneal_sgd", [w], J=1e-3, tau0=50, layers=4, critical="local_minima", kappa=0.5
    )
    n = math.sqrt(1600 / 4)
    assert optimizer.scale() == pytest.approx(math.sqrt(1 + 0.5 * math.log(n) / n ** (1 / 3)))


@BOTH
def test_memory_is_one_copy_beside_the_base(name):
    for base in BASES:
        kept = {}
        for J in (0.0, 0.1):
            model = Quadratic()
            optimizer = make(name, {**base, **FIELD, "J": J}, model)
            train(model, optimizer, 3)
            kept[J] = sum(
                v.numel()
                for s in optimizer.state.values()
                for v in s.values()
                if torch.is_tensor(v)
            )
        assert kept[0.1] - kept[0.0] == 27, "one number a weight"


@BOTH
def test_a_group_without_coupling_has_no_field(name):
    model = Quadratic()
    groups = [{"params": [model.first]}, {"params": [model.second], "J": 0.0}]
    optimizer = optim.build(name, groups, **FIELD)
    field, none = optimizer.perturbation()
    assert field.shape == (2, 3)
    assert none is None
    train(model, optimizer, 2)
    assert "field" not in optimizer.state[model.second]


@BOTH
def test_frozen_parameters_have_no_field(name):
    model = Quadratic()
    model.first.requires_grad_(False)
    none, field = make(name, FIELD, model).perturbation()
    assert none is None
    assert field.shape == (21,)


def test_field_does_not_depend_on_layout_or_missing_gradients():
    plain = torch.nn.Parameter(torch.zeros(4, 3, 5, 5))
    channels_last = torch.nn.Parameter(plain.detach().to(memory_format=torch.channels_last))
    (a,) = optim.build("anneal_sgd", [plain], generator=draws(), **FIELD).perturbation()
    (b,) = optim.build("anneal_sgd", [channels_last], generator=draws(), **FIELD).perturbation()
    assert torch.equal(a, b)
    model = Quadratic()
    whole = make("anneal_sgd", FIELD, Quadratic()).perturbation()
    late = make("anneal_sgd", FIELD, model)
    model.second.grad = torch.zeros_like(model.second)
    late.step()  # the first parameter has no gradient yet
    assert torch.allclose(late.perturbation()[0], whole[0] * late.scale() / math.sqrt(2))


def test_methods_without_field_say_so():
    for name in ("sgd", "adam", "entropy_sgd", "entropy_adam"):
        assert optim.build(name, Quadratic().parameters()).perturbation() is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_cpu_generator_gives_the_same_field_on_a_gpu():
    fields = []
    for device in ("cpu", "cuda"):
        w = torch.nn.Parameter(torch.zeros(40, 3, device=device))
        optimizer = optim.build("anneal_sgd", [w], generator=draws(), **FIELD)
        fields.append(optimizer.perturbation()[0].cpu())
    assert torch.equal(*fields)
