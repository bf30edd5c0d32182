"""Complexity gradient descent: the sphere, the strengths, and what the projection makes of them."""

import copy
import math
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.optim_complexity import matched_strength
from reference.optim_problems import PROBLEMS, Classifier, Quadratic, Twin, draws, flat, make, train

from landscape import optim
from landscape.optim.sphere import length, to_length

RULES = {
    "matched_cgd": {"smoothing": "exponential", "K": 3},
    "cosine_cgd": {"T": 6},
}


def weights(*values, dtype=torch.float64):
    return torch.nn.Parameter(torch.tensor(values, dtype=dtype))


def step(optimizer, *grads, loss=None):
    params = [p for group in optimizer.param_groups for p in group["params"]]
    for p, g in zip(params, grads, strict=True):
        p.grad = None if g is None else torch.as_tensor(g, dtype=p.dtype)
    if loss is not None:
        optimizer.observe(loss)
    optimizer.step()


# What the projection makes of the L2 term


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(sorted(RULES)),
    problem=st.sampled_from(sorted(PROBLEMS)),
    lr=st.floats(1e-3, 0.3),
    share=st.floats(0.0, 0.4),
    radius=st.sampled_from(["initial", "sqrt", 1.5]),
)
def test_on_the_sphere_the_strength_only_changes_the_rate(name, problem, lr, share, radius):
    """Plain projected SGD on L at the rate lr / (1 - 2 lr lambda_i) makes the same iterates."""
    model = PROBLEMS[problem]()
    # `share` bounds 2 lr lambda: lambda_i may reach 2 lambda_0, and more where the loss rises.
    optimizer = make(
        name, {"lr": lr, "lambda_0": share / (4 * lr), "radius": radius, **RULES[name]}, model
    )
    sgd, w = Twin(PROBLEMS[problem]), flat(model)
    R = w.norm()
    for k in range(25):
        train(model, optimizer, 1, start=k)
        slowed = 1 - 2 * lr * optimizer.strength()
        if slowed < 0.1:
            return  # the loss of a small mini-batch may rise far above the first
        w = w - lr / slowed * sgd.gradient(w, k)
        w = R * w / w.norm()
        assert (flat(model) - w).abs().max() < 1e-12


def test_off_the_sphere_the_strength_regularises():
    lengths = []
    for strength in (0.0, 0.2):
        model = Quadratic()
        settings = {"lambda_0": strength, "T": 10, "projection": False}
        train(model, make("cosine_cgd", settings, model), 200)
        lengths.append(flat(model).norm())
    assert lengths[1] < 0.8 * lengths[0]


# The sphere


@pytest.mark.parametrize("name", ["matched_cgd", "cosine_cgd", "two_step_cgd"])
@pytest.mark.parametrize(("radius", "R"), [("initial", None), ("sqrt", math.sqrt(27)), (0.7, 0.7)])
def test_answers_lie_on_the_sphere(name, radius, R):
    model = Quadratic()
    R = flat(model).norm().item() if R is None else R
    settings = {"lambda_0": 0.1, "radius": radius} | ({"T": 5} if name == "cosine_cgd" else {})
    optimizer = make(name, settings, model)
    direction = flat(Quadratic()) / flat(Quadratic()).norm()
    assert torch.allclose(flat(model), R * direction, rtol=1e-15, atol=0), "prepare() projects"
    for k in range(9):
        train(model, optimizer, 1, start=k)
        with optimizer.solution():
            assert flat(model).norm().item() == pytest.approx(R, rel=1e-14)
    assert (flat(model) / R - direction).norm() > 0.1


def test_without_prepare_the_first_gradient_is_taken_where_the_weights_are():
    w = weights(3.0, 4.0)
    optimizer = optim.CosineCGD([w], lambda_0=0.0, T=5, lr=0.5, radius=10.0)
    step(optimizer, [2.0, 0.0])
    assert torch.allclose(w, 10 * torch.tensor([2.0, 4.0]).double() / math.sqrt(20))


def test_preparing_with_the_initial_radius_changes_no_bit():
    model = Classifier(7)
    make("cosine_cgd", {"lambda_0": 0.1, "T": 5}, model)
    assert torch.equal(flat(model), flat(Classifier(7)))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_weights_are_rescaled_by_an_exact_number(dtype):
    w = torch.randn(500, generator=draws()).to(dtype)
    exact = (w.double() * (10 / w.double().norm())).to(dtype)
    to_length([w], 10.0)
    assert torch.equal(w, exact), "the factor itself is not rounded to the weights' type"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_projecting_twice_changes_nothing(dtype):
    w = [torch.randn(n, 3, generator=draws()).to(dtype) for n in (1, 50, 700)]
    assert to_length(w, 10.0)
    assert length(w).item() == pytest.approx(10.0, rel=max(1e-14, torch.finfo(dtype).eps))
    once = [p.clone() for p in w]
    to_length(w, 10.0)
    assert all(torch.equal(p, q) for p, q in zip(w, once, strict=True))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_way_that_asks_no_device_for_the_length_gives_the_same(dtype):
    some = [torch.randn(n, 3, generator=draws()).to(dtype) for n in (0, 1, 50)]
    some.append(torch.randn(7, generator=draws()).double())
    other = [p.clone() for p in some]
    for radius in (10.0, 10.0, 0.1):
        assert to_length(some, radius)
        assert to_length(other, radius, host=False)
        assert all(torch.equal(p, q) for p, q in zip(some, other, strict=True))


def test_the_length_is_accumulated_beyond_the_weights_type():
    assert length([torch.full((3,), 3e4, dtype=torch.float16)]).item() == pytest.approx(
        3e4 * math.sqrt(3), rel=1e-3
    ), "the squares overflow in half precision"
    many = torch.full((1_000_000,), 0.1, dtype=torch.bfloat16)
    assert length([many]).item() == pytest.approx(many[0].item() * 1000, rel=1e-7)
    fine = torch.full((1_000_000,), 0.1, dtype=torch.float64)
    assert length([fine]).item() == pytest.approx(100, rel=1e-11)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(256,), (255,), (3, 256), (1000, 30), (5, 7, 8, 9), (40, 130)])
def test_the_length_of_rows_is_the_length(dtype, shape):
    w = torch.randn(shape, generator=draws()).to(dtype)
    layouts = [w, w.mT.contiguous().mT] if w.dim() > 1 else [w, w.repeat_interleave(2)[::2]]
    for p in layouts:
        expected = p.double().square().sum().sqrt().item()
        precision = 1e-14 if dtype == torch.float64 else torch.finfo(torch.float32).eps
        assert length([p]).item() == pytest.approx(expected, rel=precision)
        assert length([p, p]).item() == pytest.approx(expected * 2**0.5, rel=precision)


def test_all_groups_share_the_sphere_and_frozen_weights_are_outside():
    a, b, frozen = weights(3.0), weights(4.0), weights(100.0)
    frozen.requires_grad_(False)
    groups = [{"params": [a, frozen]}, {"params": [b], "lr": 0.0}]
    optimizer = optim.CosineCGD(groups, lambda_0=0.0, T=5, lr=1.0, radius="sqrt")
    optimizer.prepare()
    assert [x.item() for x in (a, b, frozen)] == pytest.approx([0.6 * 2**0.5, 0.8 * 2**0.5, 100])
    a_before, b_before = a.item(), b.item()
    step(optimizer, [a_before / 2], None, [1.0])
    assert a.item() ** 2 + b.item() ** 2 == pytest.approx(2)
    assert b.item() > b_before, "its rate is 0, and yet it is rescaled"
    assert b.item() / a.item() == pytest.approx(2 * b_before / a_before)


def test_a_parameter_without_gradient_is_rescaled():
    a, b = weights(3.0), weights(4.0)
    optimizer = optim.CosineCGD([a, b], lambda_0=0.0, T=5, lr=1.0)
    step(optimizer, [3.0], None)
    assert (a.item(), b.item()) == (0.0, 5.0)


@pytest.mark.parametrize("name", ["cosine_cgd", "two_step_cgd"])
@pytest.mark.parametrize("when", [0, 1, 2])
def test_the_initial_radius_follows_parameters_that_join_and_leave(name, when):
    a, b = weights(3.0, 4.0), weights(0.0, 12.0)
    settings = {"T": 5} if name == "cosine_cgd" else {}
    optimizer = optim.build(name, [a], lambda_0=0.0, lr=1e-9, **settings)
    for _ in range(when):
        step(optimizer, [1.0, 0.0])
    optimizer.add_param_group({"params": [b]})
    for _ in range(4 - when):
        step(optimizer, [1.0, 0.0], [0.0, 1.0])
    assert a.tolist() == pytest.approx([3, 4], rel=1e-7), "nothing is squeezed by the newcomer"
    assert b.tolist() == pytest.approx([0, 12], rel=1e-7)
    b.requires_grad_(False)
    for _ in range(2):
        step(optimizer, [1.0, 0.0], None)
    assert a.tolist() == pytest.approx([3, 4], rel=1e-7)
    b.requires_grad_(True)
    for _ in range(2):
        step(optimizer, [1.0, 0.0], [0.0, 1.0])
    assert torch.cat([a, b]).tolist() == pytest.approx([3, 4, 0, 12], rel=1e-7)


@pytest.mark.parametrize("radius", ["initial", "sqrt", 2.0])
def test_zero_weights_cannot_be_projected(radius):
    optimizer = optim.CosineCGD([weights(0.0, 0.0)], lambda_0=0.1, T=5, radius=radius)
    with pytest.raises(optim.HyperparameterError, match=r"weights are zero .* projection=False\."):
        optimizer.prepare()
    away = optim.CosineCGD([weights(1.0, 1.0)], lambda_0=0.0, T=5, lr=1.0, radius=radius)
    with pytest.raises(optim.HyperparameterError, match="all trainable weights are zero"):
        step(away, [1.0, 1.0])


def test_nothing_trainable_is_no_error():
    w = weights(0.0).requires_grad_(False)
    optimizer = optim.CosineCGD([w], lambda_0=0.1, T=5)
    optimizer.prepare()
    optimizer.step()
    assert w.item() == 0


# Strengths


@settings(max_examples=60, deadline=None)
@given(
    losses=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=20),
    smoothing=st.sampled_from(["moving_average", "exponential"]),
    K=st.integers(1, 6),
    weight=st.one_of(st.none(), st.floats(0.01, 1.0)),
    initial=st.sampled_from(["lambda_0", "zero"]),
    steps_per_epoch=st.integers(1, 4),
)
def test_matched_strengths_are_those_of_the_twin(
    losses, smoothing, K, weight, initial, steps_per_epoch
):
    rule = {
        "lambda_0": 0.3, "smoothing": smoothing, "K": K, "initial": initial,
        "weight": weight if smoothing == "exponential" else None,
        "steps_per_epoch": steps_per_epoch,
    }  # fmt: skip
    optimizer = optim.MatchedCGD([weights(1.0, 2.0)], lr=0.0, **rule)
    for k, loss in enumerate(losses):
        step(optimizer, [0.0, 0.0], loss=loss)
        expected = matched_strength(losses[: k + 1], **rule)
        assert optimizer.strength() == pytest.approx(expected, rel=1e-9)


def strengths(losses, **rule):
    optimizer = optim.MatchedCGD([weights(1.0, 2.0)], 1.0, lr=0.0, **rule)
    found = []
    for loss in losses:
        step(optimizer, [0.0, 0.0], loss=loss)
        found.append(optimizer.strength())
    return found


def test_matched_strengths_by_hand():
    losses = [4.0, 3.0, 2.0, 1.0, 6.0]
    assert strengths(losses) == [1.0, 0.75, 0.5, 0.25, 1.5]
    averaged = strengths(losses, smoothing="moving_average", K=2)
    assert averaged == [1.0, 1.0, 0.625, 0.375, 0.875], "two initial steps, then L(1) and L(2)"
    plain = strengths(losses, smoothing="moving_average", K=2, initial="zero")
    assert plain == [0.0, 0.0, 0.625, 0.375, 0.875]
    smooth = strengths(losses, smoothing="exponential", K=3)  # weight 1/2
    assert smooth == [1.0, 1.0, 1.0, 0.46875, 0.984375]
    epochs = strengths([4.0, 3.0, 2.0, 1.0, 6.0, 5.0, 0.0], steps_per_epoch=2)
    # L(1) = (4 + 3) / 2, known when epoch 0 is over, and so on.
    assert epochs == [1.0, 1.0, 3.5 / 4, 3.5 / 4, 1.5 / 4, 1.5 / 4, 5.5 / 4]


def test_with_memory_one_all_smoothers_are_the_identity():
    losses = [2.0, 1.7, 0.3, 5.0]
    identity = strengths(losses)
    assert strengths(losses, smoothing="moving_average") == identity
    assert strengths(losses, smoothing="exponential") == pytest.approx(identity, rel=1e-15)


def test_no_smoother_undoes_a_constant_added_to_the_loss():
    losses = [4.0, 3.0, 2.0, 1.0, 0.5]
    for rule in ({}, {"smoothing": "exponential", "K": 2}):
        shifted = strengths([loss + 10 for loss in losses], **rule)
        assert shifted[-1] > 1.5 * strengths(losses, **rule)[-1]


def test_matched_annealing_needs_the_loss():
    w = weights(3.0, 4.0)
    optimizer = optim.MatchedCGD([w], lambda_0=0.1)
    for closure in (None, lambda: None):
        w.grad = torch.ones_like(w)
        with pytest.raises(RuntimeError, match=r"call observe\(loss\) before every step"):
            optimizer.step(closure)
    assert w.tolist() == [3.0, 4.0]
    assert optimizer.iteration == 0
    step(optimizer, [1.0, 0.0], loss=torch.tensor(2.0, requires_grad=True))
    with pytest.raises(RuntimeError, match="call observe"):
        step(optimizer, [1.0, 0.0])


@pytest.mark.parametrize("first", [0.0, -1.0, float("inf"), float("nan")])
def test_the_first_loss_must_be_positive(first):
    optimizer = optim.MatchedCGD([weights(3.0, 4.0)], lambda_0=0.1)
    with pytest.raises(optim.HyperparameterError, match="must be positive and finite, not"):
        step(optimizer, [1.0, 0.0], loss=first)
    step(optimizer, [1.0, 0.0], loss=1.0)
    with pytest.raises(optim.HyperparameterError, match="the loss has become -2"):
        step(optimizer, [1.0, 0.0], loss=-2.0)


def test_a_loss_observed_but_not_used_is_replaced_and_saved():
    optimizer = optim.MatchedCGD([weights(3.0, 4.0)], lambda_0=0.1)
    optimizer.observe(7.0)  # a GradScaler skips this step
    optimizer.observe(2.0)
    again = optim.MatchedCGD([weights(3.0, 4.0)], lambda_0=0.1)
    again.load_state_dict(optimizer.state_dict())
    for one in (optimizer, again):
        step(one, [1.0, 0.0])
        step(one, [1.0, 0.0], loss=0.1 + 0.2)
        assert one.strength() == 0.1 * ((0.1 + 0.2) / 2.0)


def test_groups_have_their_own_strength():
    a, b = weights(1.0), weights(1.0)
    groups = [{"params": [a]}, {"params": [b], "lambda_0": 0.0}]
    optimizer = optim.CosineCGD(groups, lambda_0=0.1, T=4, lr=0.5, projection=False)
    assert [optimizer.strength(g) for g in optimizer.param_groups] == [0.2, 0.0]
    step(optimizer, [0.0], [0.0])
    assert (a.item(), b.item()) == (0.8, 1.0)


def test_the_cosine_restarts_and_epochs_hold_it():
    optimizer = optim.CosineCGD([weights(1.0, 2.0)], 0.5, 4, lr=0.0)
    found = []
    for _ in range(9):
        step(optimizer, [0.0, 0.0])
        found.append(optimizer.strength())
    assert found == pytest.approx([1, 0.5, 0, 0.5, 1, 0.5, 0, 0.5, 1])
    assert found[4:8] == found[:4]
    slow = optim.CosineCGD([weights(1.0, 2.0)], 0.5, 4, lr=0.0, steps_per_epoch=3)
    assert slow.strength() == 1.0
    by_epoch = []
    for _ in range(9):
        step(slow, [0.0, 0.0])
        by_epoch.append(slow.strength())
    assert by_epoch == [x for x in found[:3] for _ in range(3)]


# Two steps


def two_step(schedule, strength=0.4, **more):
    model = Quadratic()
    more = {"projection": False, "lr": 0.05} | more
    return model, make("two_step_cgd", {"lambda_0": strength, "schedule": schedule, **more}, model)


@pytest.mark.parametrize(
    ("schedule", "uphill"),
    [("power", True), (lambda start, i: start * (1 + i) ** 0.5, False)],
    ids=["falling", "rising"],
)
def test_the_second_step_goes_uphill_while_the_strength_falls(schedule, uphill):
    model, optimizer = two_step(schedule)

    def f():
        return (model.loss(0) + optimizer.strength() * flat(model).square().sum()).item()

    changes = []
    for _ in range(6):
        optimizer.zero_grad()
        model.loss(0).backward()
        optimizer.step()
        between = f()
        optimizer.zero_grad()
        model.loss(0).backward()
        optimizer.step()
        changes.append(f() - between)
    assert changes[0] == 0, "the strength before the first is the first"
    assert all(change > 0 if uphill else change < 0 for change in changes[1:])


def test_a_constant_strength_makes_no_second_step():
    model, optimizer = two_step("constant", projection=True)
    other = Quadratic()
    one = make("matched_cgd", {"lambda_0": 0.4, "lr": 0.05, "K": 99, "smoothing": "moving_average"},
               other)  # fmt: skip
    for k in range(6):
        train(model, optimizer, 2, start=2 * k)
        train(other, one, 1, start=2 * k)
    assert torch.equal(flat(model), flat(other))


def test_the_named_schedules():
    for schedule, more, expected in (
        ("power", {}, [1, 1 / math.sqrt(2), 1 / math.sqrt(3)]),
        ("power", {"power": 1}, [1, 1 / 2, 1 / 3]),
        ("cosine", {"T": 4}, [2, 1, 0]),
        ("constant", {}, [1, 1, 1]),
        (lambda start, i: start + i, {}, [1, 2, 3]),
    ):
        model, optimizer = two_step(schedule, strength=1.0, lr=0.0, **more)
        found = []
        for k in range(6):
            train(model, optimizer, 1, start=k)
            found.append(optimizer.strength())
        assert found == pytest.approx([x for x in expected for _ in range(2)])


def test_within_a_move_the_answer_is_the_last_projected_point():
    model, optimizer = two_step("power", projection=True)
    train(model, optimizer, 2)
    projected = flat(model)
    train(model, optimizer, 1, start=2)
    assert flat(model).norm() != pytest.approx(projected.norm().item(), rel=1e-6)
    with optimizer.solution():
        assert torch.equal(flat(model), projected)


def test_prepare_within_a_move_changes_nothing_also_after_loading():
    model, optimizer = two_step("power", projection=True)
    train(model, optimizer, 3)
    again, resumed = two_step("power", projection=True)
    again.load_state_dict(model.state_dict())
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    before = flat(again)
    resumed.prepare()
    assert torch.equal(flat(again), before)
    for m, o in ((model, optimizer), (again, resumed)):
        train(m, o, 3, start=3)
    assert torch.equal(flat(again), flat(model))


@pytest.mark.parametrize("value", [-0.1, float("inf"), None])
def test_a_function_that_gives_no_strength_is_refused(value):
    model, optimizer = two_step(lambda start, i: value)
    with pytest.raises(optim.HyperparameterError, match="gives the strength .* at i = 0"):
        train(model, optimizer, 1)


# Saving


def falling(start, i):
    return start / (1 + i)


def test_a_schedule_function_is_copied_with_the_optimizer_but_not_saved():
    model, optimizer = two_step(falling)
    train(model, optimizer, 3)
    for other, twin in (
        copy.deepcopy((model, optimizer)),
        pickle.loads(pickle.dumps((model, optimizer))),
    ):
        train(other, twin, 4, start=3)
        with twin.solution():
            assert twin.strength() == 0.4 / 4
    again, resumed = two_step(falling)
    again.load_state_dict(model.state_dict())
    resumed.load_state_dict(optimizer.state_dict())
    train(model, optimizer, 4, start=3)
    train(again, resumed, 4, start=3)
    assert torch.equal(flat(model), flat(again))
