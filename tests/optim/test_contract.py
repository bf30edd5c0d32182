"""What every optimizer promises, for every entry of the one table."""

import copy
import io
import pickle

import pytest
import torch
from reference.cases_complexity import UNCOUPLED
from reference.optim_problems import (
    CASES,
    IDS,
    QUIET,
    Classifier,
    Quadratic,
    draws,
    flat,
    make,
    quiet,
    train,
)

from landscape import optim
from landscape.optim.inner_loop import InnerLoopOptimizer

every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
every_quiet_case = pytest.mark.parametrize(("name", "settings"), QUIET, ids=IDS)


def _cycle(name, settings):
    return make(name, settings, Quadratic()).gradients_per_update


def _tensors(optimizer):
    """Every tensor that the optimizer keeps, by name, copied."""
    return [
        {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in optimizer.state[p].items()}
        for group in optimizer.param_groups
        for p in group["params"]
    ]


def _same(a, b):
    return all(
        x.keys() == y.keys()
        and all(torch.equal(x[k], y[k]) if torch.is_tensor(x[k]) else x[k] == y[k] for k in x)
        for x, y in zip(a, b, strict=True)
    )


@every_quiet_case
def test_it_descends(name, settings):
    model = Quadratic()
    optimizer = make(name, settings, model)
    before = sum(model.loss(k).item() for k in range(5))
    train(model, optimizer, 240)
    with optimizer.solution():
        after = sum(model.loss(k).item() for k in range(5))
    assert after < 0.75 * before


@every_case
def test_solution_gives_the_working_point_back_bit_for_bit(name, settings):
    model = Classifier(7)
    optimizer = make(name, settings, model)
    moved = False
    for k in range(2 * optimizer.gradients_per_update + 1):
        working, kept = flat(model), _tensors(optimizer)
        with optimizer.solution():
            answer = flat(model)
            with optimizer.solution():
                assert torch.equal(flat(model), answer), "a block within a block changes nothing"
            model.loss(0)
        assert torch.equal(flat(model), working)
        assert _same(_tensors(optimizer), kept)
        moved |= not torch.equal(answer, working)
        # HEAT is at x + e always; SGLD's mean is no point of its path; a printed master is late.
        loops = isinstance(optimizer, InnerLoopOptimizer) or not optimizer.own_answer
        loops &= settings.get("master") != "printed"
        if loops and k % optimizer.gradients_per_update == 0:
            assert torch.equal(answer, working), "between two cycles both are x"
        train(model, optimizer, 1, start=k)
    assert moved == optimizer.own_answer


@every_case
def test_solution_gives_the_working_point_back_after_an_exception(name, settings):
    model = Quadratic()
    optimizer = make(name, settings, model)
    train(model, optimizer, 2)
    working = flat(model)
    with pytest.raises(KeyError), optimizer.solution():
        raise KeyError("evaluation failed")
    assert torch.equal(flat(model), working)
    train(model, optimizer, 1)


@every_case
def test_nothing_else_happens_inside_solution(name, settings):
    model = Quadratic()
    optimizer = make(name, settings, model)
    train(model, optimizer, 2)
    saved = optimizer.state_dict()
    with optimizer.solution():
        for forbidden in (
            optimizer.step,
            optimizer.state_dict,
            lambda: optimizer.load_state_dict(saved),
        ):
            with pytest.raises(RuntimeError, match=r"Leave the solution\(\) block"):
                forbidden()


@every_quiet_case
def test_two_groups_are_two_optimizers(name, settings):
    together, first, second = Quadratic(), Quadratic(), Quadratic()
    settings = {k: v for k, v in settings.items() if k != "lr"} | UNCOUPLED.get(name, {})
    one = optim.build(
        name,
        [{"params": [together.first], "lr": 0.2}, {"params": [together.second], "lr": 0.01}],
        **settings,
    )
    train(together, one, 9)
    # The quadratic does not couple its two parameters.
    train(first, optim.build(name, [first.first], lr=0.2, **settings), 9)
    train(second, optim.build(name, [second.second], lr=0.01, **settings), 9)
    assert torch.equal(together.first, first.first)
    assert torch.equal(together.second, second.second)
    assert not torch.equal(together.second, Quadratic().second)


@every_case
def test_a_group_may_be_added_later(name, settings):
    model = Quadratic()
    optimizer = optim.build(name, [model.first], generator=draws(), **settings)
    start = model.second.detach().clone()
    train(model, optimizer, 2)
    assert torch.equal(model.second, start)
    optimizer.add_param_group({"params": [model.second]})
    train(model, optimizer, 5)
    assert not torch.equal(model.second, start)


@every_case
def test_torch_schedulers_act_on_lr(name, settings):
    scheduled, by_hand = Quadratic(), Quadratic()
    a, b = make(name, settings, scheduled), make(name, settings, by_hand)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(a, milestones=[4], gamma=0.2)
    for k in range(12):
        train(scheduled, a, 1, start=k)
        scheduler.step()
    rate = b.param_groups[0]["lr"]
    train(by_hand, b, 4)
    b.param_groups[0]["lr"] = 0.2 * rate
    train(by_hand, b, 8, start=4)
    assert torch.allclose(flat(scheduled), flat(by_hand), rtol=0, atol=1e-14)
    constant = Quadratic()
    train(constant, make(name, settings, constant), 12)
    assert not torch.allclose(flat(scheduled), flat(constant), rtol=0, atol=1e-6)


@every_case
def test_a_rate_of_zero_stands_still(name, settings):
    model = Quadratic()
    optimizer = make(name, {**settings, "lr": 0.0}, model)
    with optimizer.solution():
        start = flat(model)  # some methods start elsewhere than the model was made
    train(model, optimizer, 2 * optimizer.gradients_per_update)
    with optimizer.solution():
        assert torch.equal(flat(model), start)


@every_case
def test_a_run_goes_on_exactly_from_any_phase(name, settings):
    cycle = _cycle(name, settings)
    total = 3 * cycle + 1
    straight = Classifier(7)
    train(straight, make(name, settings, straight), total)
    for k in range(2 * cycle + 1):
        model = Classifier(7)
        optimizer = make(name, settings, model)
        train(model, optimizer, k)
        if k % 2:
            optimizer.perturbation()  # a field that is drawn ahead must be saved, too
        file = io.BytesIO()
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
        file.seek(0)
        state = torch.load(file, weights_only=True)
        resumed = Classifier(7)
        again = make(name, settings, resumed, seed=5)
        resumed.load_state_dict(state["model"])
        again.load_state_dict(state["optimizer"])
        assert again.iteration == k
        train(resumed, again, total - k, start=k)
        assert torch.equal(flat(resumed), flat(straight))


@every_case
def test_copies_and_pickles_keep_counters_and_generator(name, settings):
    model = Quadratic()
    optimizer = make(name, settings, model)
    train(model, optimizer, 2)
    twin_model, twin = copy.deepcopy((model, optimizer))
    third_model, third = pickle.loads(pickle.dumps((model, optimizer)))
    for m, o in ((model, optimizer), (twin_model, twin), (third_model, third)):
        train(m, o, 4, start=2)
    assert torch.equal(flat(model), flat(twin_model))
    assert torch.equal(flat(model), flat(third_model))
    assert optimizer.iteration == twin.iteration == third.iteration == 6


@every_case
def test_a_state_with_generator_needs_a_generator(name, settings):
    model = Quadratic()
    saved = make(name, settings, model).state_dict()
    with pytest.raises(optim.HyperparameterError, match=r"generator=torch\.Generator\(\)"):
        optim.build(name, model.parameters(), **settings).load_state_dict(saved)


def test_a_foreign_state_is_refused():
    model = Quadratic()
    foreign = torch.optim.SGD(model.parameters()).state_dict()
    with pytest.raises(optim.HyperparameterError, match="was not saved by SGD"):
        optim.build("sgd", model.parameters()).load_state_dict(foreign)


@pytest.mark.parametrize(
    ("name", "settings", "setting", "other"),
    [
        ("anneal_sgd", {"J": 0.1, "tau0": 9, "layers": 3, "lr": 0.1}, "base", "adam"),
        ("entropy_sgd", {"L": 5}, "L", 4),
        ("entropy_sgd", {"L": 5}, "form", "C"),
        ("entropy_sgd", {"L": 5}, "convention", "authors"),
        ("entropy_sgd", {"L": 5}, "inner_buffer", "keep"),
        ("entropy_adam", {}, "L", 4),
        ("heat_smoothing", {"gamma": 0.1, "L": 5}, "L", 4),
        ("hamilton_jacobi", {"form": "gradient"}, "form", "proximal"),
        ("cosine_cgd", {"lambda_0": 0.1, "T": 5}, "T", 6),
        ("matched_cgd", {"lambda_0": 0.1}, "projection", False),
        ("two_step_cgd", {"lambda_0": 0.1, "schedule": max}, "schedule", "power"),
        ("elastic_sgd", {}, "master", "printed"),
        ("parle", {"L": 5}, "L", 4),
        ("parle", {}, "convention", "authors"),
    ],
)
def test_a_state_of_other_settings_is_refused(name, settings, setting, other):
    """Settings of the optimizer as a whole: what it kept so far has no meaning under others."""
    model = Quadratic()
    optimizer = make(name, settings, model)
    train(model, optimizer, 3)
    saved = optimizer.state_dict()
    again = make(name, {**settings, setting: other}, model, seed=3)
    generator = again.generator.get_state()
    words = f"was saved with .*{setting}=.* and not with .*{setting}={other!r}.*; build"
    with pytest.raises(optim.HyperparameterError, match=words):
        again.load_state_dict(saved)
    assert again.iteration == 0, "nothing has changed"
    assert torch.equal(again.generator.get_state(), generator)
    make(name, settings, model).load_state_dict(saved)


@every_case
def test_frozen_parameters_stand_still_and_disturb_nothing(name, settings):
    model, alone = Quadratic(), Quadratic()
    model.first.requires_grad_(False)
    model.first.grad = torch.ones_like(model.first)
    optimizer = make(name, settings, model)
    start = model.first.detach().clone()
    other = optim.build(name, [alone.second], generator=draws(), **settings)
    other.prepare()
    for k in range(7):
        for p in (model.second, alone.second):
            p.grad = None
        for m, o in ((model, optimizer), (alone, other)):
            loss = m.loss(k)
            loss.backward()
            o.observe(loss)
            o.step()
        with optimizer.solution():
            assert torch.equal(model.first, start)
    if settings.get("critical") != "local_minima":  # its n counts all weights
        assert torch.equal(model.second, alone.second)
    assert not torch.equal(model.second, Quadratic().second)


@every_case
def test_parameters_without_gradient_are_skipped(name, settings):
    model = Quadratic()
    optimizer = make(name, settings, model)

    def place():
        if name != "heat_smoothing":
            return model.first.detach().clone()
        with optimizer.solution():  # its random moves go on around an x that stands still
            return model.first.detach().clone()

    def stays(before):
        now = place()
        if settings.get("projection", name in UNCOUPLED):  # rescaled with all others, not turned
            now, before = now / now.norm(), before / before.norm()
            return torch.allclose(now, before, rtol=0, atol=1e-15)
        return torch.equal(now, before)

    for k in range(7):
        optimizer.zero_grad()
        loss = model.loss(k)
        loss.backward()
        optimizer.observe(loss)
        if k in (0, 2):  # missing at the start and in the middle of a cycle
            model.first.grad = None
            before = place()
            ends = (k + 1) % optimizer.gradients_per_update == 0
            optimizer.step()
            assert ends or stays(before)
        else:
            optimizer.step()
    assert not torch.equal(model.first, Quadratic().first)
    for p in model.parameters():
        p.grad = None
    before = flat(model)
    with optimizer.solution():
        answer = flat(model)
    for _ in range(optimizer.gradients_per_update):
        optimizer.observe(1.0)
        optimizer.step()
    with optimizer.solution():
        assert torch.equal(flat(model), answer) or not torch.equal(before, answer)


@every_case
def test_bad_gradients_are_refused_before_anything_changes(name, settings):
    for bad in (float("nan"), float("inf")):
        model = Quadratic()
        optimizer = optim.build(
            name, model.named_parameters(), generator=draws(), check_finite=True, **settings
        )
        train(model, optimizer, 2)
        model.second.grad = torch.full_like(model.second, bad)
        weights, state = flat(model), _tensors(optimizer)
        generator = optimizer.generator.get_state()
        with pytest.raises(optim.NonFiniteGradientError, match="parameter 'second' is not finite"):
            optimizer.step()
        assert torch.equal(flat(model), weights)
        assert _same(_tensors(optimizer), state)
        assert torch.equal(optimizer.generator.get_state(), generator)
        assert optimizer.iteration == 2


def test_bad_gradients_of_unnamed_parameters_are_named_by_position():
    model = Quadratic()
    groups = [{"params": [model.first]}, {"params": [model.second]}]
    optimizer = optim.build("sgd", groups, check_finite=True)
    model.loss(0).backward()
    model.second.grad[3] = float("nan")
    with pytest.raises(optim.NonFiniteGradientError, match="parameter 0 of group 1"):
        optimizer.step()


def test_huge_finite_gradients_are_not_refused():
    w = torch.nn.Parameter(torch.zeros(4, dtype=torch.float32))
    w.grad = torch.full_like(w, 1e30)  # its square overflows
    optim.build("sgd", [w], lr=1e-30, check_finite=True).step()
    assert torch.allclose(w, torch.full_like(w, -1.0))


@every_case
def test_the_check_is_off_by_default_and_changes_no_run(name, settings):
    models = Quadratic(), Quadratic()
    train(models[0], make(name, settings, models[0]), 5)
    train(models[1], make(name, settings, models[1], check_finite=True), 5)
    assert torch.equal(flat(models[0]), flat(models[1]))
    assert make(name, settings, Quadratic()).check_finite is False


@every_case
def test_gradient_scaler_and_autocast(name, settings):
    plain, scaled = Quadratic(), Quadratic()
    a, b = make(name, settings, plain), make(name, settings, scaled)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=1000)
    steps = 0
    for k in range(6):
        b.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = scaled.loss(k)
        scaler.scale(loss).backward()
        if k == 2:
            scaled.first.grad[0, 0] = float("inf")  # the scaler skips this step
        b.observe(loss)
        scaler.step(b)
        scaler.update()
        if k != 2:
            train(plain, a, 1, start=k)
            steps += 1
    assert b.iteration == steps == 5
    assert torch.allclose(flat(plain), flat(scaled), rtol=0, atol=1e-12)


@every_case
def test_a_closure_is_allowed_and_its_value_returned(name, settings):
    with_closure, without = Quadratic(), Quadratic()
    a, b = make(name, settings, with_closure), make(name, settings, without)
    for k in range(4):

        def closure(k=k):
            a.zero_grad()
            loss = with_closure.loss(k)
            loss.backward()
            return loss

        expected = with_closure.loss(k).item()
        assert a.step(closure).item() == expected
    train(without, b, 4)
    assert torch.equal(flat(with_closure), flat(without))


@pytest.mark.parametrize("layout", ["transposed", "strided", "channels_last"])
@every_case
def test_memory_layout_does_not_change_the_run(name, settings, layout):
    values = torch.linspace(-1, 1, 48, dtype=torch.float64).reshape(2, 4, 3, 2)
    if layout == "transposed":
        other = values.permute(1, 0, 3, 2).contiguous().permute(1, 0, 3, 2)
    elif layout == "strided":
        other = values.repeat_interleave(2, -1)[..., ::2]
    else:
        other = values.to(memory_format=torch.channels_last)
    assert torch.equal(other, values)
    assert not other.is_contiguous()
    results = []
    for start, transposed_gradient in ((values, False), (other, False), (values, True)):
        w = torch.nn.Parameter(start.clone(memory_format=torch.preserve_format))
        if layout == "strided" and start is other:
            w = torch.nn.Parameter(start)
        optimizer = optim.build(name, [w], generator=draws(), **settings)
        for k in range(7):
            g = torch.cos(w.detach() + k).contiguous()
            w.grad = g.mT.contiguous().mT if transposed_gradient else g
            optimizer.observe(1.0 / (1 + k))
            optimizer.step()
        results.append(w.detach())
    assert torch.allclose(results[0], results[1], rtol=0, atol=1e-14)
    assert torch.allclose(results[0], results[2], rtol=0, atol=1e-14)


@every_case
def test_float32_follows_float64(name, settings):
    precise, coarse = Classifier(7), Classifier(7).float()
    coarse.x = coarse.x.float()
    # Numbers drawn in another type are other numbers.
    settings = quiet(name, settings)
    train(precise, make(name, settings, precise), 20)
    train(coarse, make(name, settings, coarse), 20)
    assert coarse.net[0].weight.dtype == torch.float32
    tolerance = 2e-3 if "adam" in str((name, settings)) else 2e-5
    assert torch.allclose(flat(precise), flat(coarse).double(), rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@every_case
def test_half_precision_weights_run(name, settings, dtype):
    w = torch.nn.Parameter(torch.ones(40, dtype=dtype))
    slope = torch.linspace(0.5, 1.5, 40, dtype=dtype)  # not along w, which a sphere would undo
    optimizer = optim.build(name, [w], generator=draws(), **settings)
    for _ in range(2 * optimizer.gradients_per_update):
        w.grad = slope * w.detach()
        optimizer.observe(1.0)
        optimizer.step()
    assert w.dtype == dtype
    assert w.isfinite().all()
    assert not torch.equal(w, torch.ones_like(w))


@every_case
def test_empty_and_scalar_parameters(name, settings):
    empty = torch.nn.Parameter(torch.zeros(0, 3))
    scalar = torch.nn.Parameter(torch.tensor(2.0))
    other = torch.nn.Parameter(torch.tensor(1.0))  # a sphere of one dimension is two points
    params = [empty, scalar, other]
    optimizer = optim.build(name, params, generator=draws(), check_finite=True, **settings)
    for _ in range(4):
        optimizer.zero_grad()
        loss = 0.5 * scalar**2 + 0.1 * other**2 + empty.sum()
        loss.backward()
        optimizer.observe(loss)
        optimizer.step()
    assert scalar.item() != 2.0


def test_sparse_gradients_are_refused():
    table = torch.nn.Embedding(5, 2, sparse=True)
    optimizer = optim.build("sgd", table.parameters())
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="sparse=False"):
        optimizer.step()
