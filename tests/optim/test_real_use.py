"""Every optimizer in an ordinary training loop: a real network, torch's schedulers, AMP, files.

The network has convolutions, batch norm, dropout and a frozen layer, in float32.
"""

import copy
import warnings

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel

from landscape import optim

FIELD = {"J": 1e-3, "tau0": 20, "layers": 4}
INNER = {"lr_inner": 0.05, "momentum": 0.9}
USES = {
    "sgd": ("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}),
    "adam": ("adam", {"lr": 5e-3}),
    "anneal_sgd": ("anneal_sgd", FIELD | {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    "anneal_adam": ("anneal_sgd", FIELD | {"base": "adam", "lr": 5e-3}),
    "resampled_noise": ("resampled_noise", FIELD | {"lr": 0.05, "momentum": 0.9}),
    "entropy_sgd": ("entropy_sgd", INNER | {"L": 5, "gamma": 10.0, "weight_decay": 1e-3}),
    "entropy_authors": ("entropy_sgd", INNER | {"L": 5, "lr": 0.5, "convention": "authors"}),
    "entropy_adam": ("entropy_adam", {"L": 4, "lr": 0.05}),
    "heat_smoothing": ("heat_smoothing", {"gamma": 1e-4, "L": 3, "lr": 0.1, "momentum": 0.9}),
    "hj_proximal": ("hamilton_jacobi", {"L": 5, "gamma": 0.5, "lr": 0.2, "momentum": 0.5}),
    "hj_gradient": ("hamilton_jacobi", {"L": 4, "gamma": 1.0, "lr": 0.2, "form": "gradient"}),
    "sgld": ("sgld", {"samples": 1000, "lr": 2e-4, "temperature": 0.01}),
    "sgld_mean": ("sgld", {"samples": 1000, "lr": 2e-4, "temperature": 0.01, "average": True}),
    "elastic_sgd": ("elastic_sgd", {"lr": 0.05, "momentum": 0.9}),
    "parle": ("parle", {"L": 5, "lr": 0.1, "momentum": 0.9, "rho": 2.0}),
    "parle_authors": ("parle", {"L": 5, "lr": 0.05, "momentum": 0.5, "convention": "authors"}),
    "matched_cgd": ("matched_cgd", {"lr": 0.2, "lambda_0": 1e-3}),
    "cosine_cgd": ("cosine_cgd", {"lr": 0.05, "lambda_0": 1e-3, "T": 20, "momentum": 0.9}),
    "two_step_cgd": ("two_step_cgd", {"lr": 0.2, "lambda_0": 1e-3}),
}
every_use = pytest.mark.parametrize("use", USES)


class Network(nn.Module):
    """8 x 8 pictures to three classes; the first layer is frozen."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        self.conv = nn.Conv2d(4, 8, 3, stride=2)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(32, 3)
        self.stem.requires_grad_(False)

    def forward(self, x):
        h = torch.relu(self.norm(self.conv(torch.relu(self.stem(x)))))
        return self.head(self.drop(h.flatten(1)))


def batch(k, samples=24):
    """Noisy pictures of three fixed patterns, the same ones for the same k."""
    patterns = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    draw = torch.Generator().manual_seed(100 + k)
    y = torch.randint(0, 3, (samples,), generator=draw)
    return patterns[y] + 0.7 * torch.randn(samples, 1, 8, 8, generator=draw), y


def begin(use, seed=0, **more):
    torch.manual_seed(seed)
    model = Network()
    name, settings = USES[use]
    optimizer = optim.build(
        name,
        model.named_parameters(),
        generator=torch.Generator().manual_seed(seed),
        **settings,
        **more,
    )
    optimizer.prepare()
    return model, optimizer


def step(model, optimizer, k):
    model.train()
    optimizer.zero_grad()
    x, y = batch(k)
    loss = cross_entropy(model(x), y)
    loss.backward()
    optimizer.observe(loss)
    optimizer.step()


def everything(model):
    return {k: v.clone() for k, v in model.state_dict().items()}


def equal(a, b):
    return all(torch.equal(a[k], b[k]) for k in a)


def answer_loss(model, optimizer):
    """Mean loss of the answer, with batch-norm statistics that belong to it."""
    batches = [batch(-1 - k) for k in range(4)]
    with optimizer.solution(), optim.estimated_batch_norm(model, batches), torch.no_grad():
        return sum(cross_entropy(model(x), y).item() for x, y in batches) / 4


def test_every_optimizer_is_used():
    assert {name for name, _ in USES.values()} == set(optim.names())


@every_use
def test_the_loss_goes_down_under_autocast_and_scaling(use):
    """bf16, loss scaling with a skipped step, clipping, two backward passes a step."""
    model, optimizer = begin(use)
    frozen = model.stem.weight.clone()
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**14, growth_interval=1000)
    before = answer_loss(model, optimizer)
    for k in range(60):
        model.train()
        optimizer.zero_grad()
        total = 0.0
        for x, y in (batch(2 * k), batch(2 * k + 1)):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = cross_entropy(model(x), y) / 2
            scaler.scale(loss).backward()
            total += loss.item()
        if k == 7:
            model.conv.weight.grad[0, 0, 0, 0] = float("inf")
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.observe(total)
        scaler.step(optimizer)
        scaler.update()
    assert optimizer.iteration == 59
    assert scaler.get_scale() == 2.0**13
    assert torch.equal(model.stem.weight, frozen)
    assert all(v.isfinite().all() for v in model.state_dict().values())
    after = answer_loss(model, optimizer)
    assert after < 0.3 * before


@pytest.mark.parametrize("use", ["elastic_sgd", "parle", "parle_authors"])
def test_the_loss_goes_down_with_three_replicas(use):
    torch.manual_seed(0)
    models = [Network()]
    models += [copy.deepcopy(models[0]) for _ in range(2)]
    name, settings = USES[use]
    optimizer = optim.build(name, [list(m.parameters()) for m in models], **settings)
    optimizer.prepare()
    with optimizer.solution():
        before = answer_loss(models[0], optimizer)
    for k in range(60):
        optimizer.zero_grad()
        for a, model in enumerate(models):
            x, y = batch(3 * k + a)
            cross_entropy(model(x), y).backward()
        optimizer.step()
    after = [answer_loss(model, optimizer) for model in models]
    assert after[0] < 0.3 * before
    with optimizer.solution():
        assert all(torch.equal(m.conv.weight, models[0].conv.weight) for m in models)
    assert not torch.equal(models[1].conv.weight, models[0].conv.weight)


@every_use
def test_accumulated_gradients_are_those_of_the_whole_batch(use):
    whole, parts = begin(use), begin(use)
    for model, _ in (whole, parts):
        model.eval()  # batch norm would see other batches
    start = everything(whole[0])
    for k in range(9):
        x, y = batch(k)
        for (model, optimizer), pieces in ((whole, 1), (parts, 3)):
            optimizer.zero_grad(set_to_none=False)
            losses = []
            for xs, ys in zip(x.chunk(pieces), y.chunk(pieces), strict=True):
                losses.append(cross_entropy(model(xs), ys) / pieces)
                losses[-1].backward()
            optimizer.observe(sum(losses))
            optimizer.step()
    for name, value in whole[0].state_dict().items():
        # Adam divides by the size of gradients, and so the rounding of tiny ones counts.
        near = 1e-3 if "adam" in use else 1e-4
        assert torch.allclose(value, parts[0].state_dict()[name], rtol=0, atol=near)
    assert not equal(start, everything(whole[0]))


SCHEDULERS = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, step_size=3, gamma=0.5),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda k: 1 / (1 + k)),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=10),
    "warm-up": lambda o: lr_scheduler.SequentialLR(
        o,
        [lr_scheduler.LinearLR(o, 0.1, total_iters=4), lr_scheduler.ExponentialLR(o, 0.9)],
        milestones=[4],
    ),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(
        o, max_lr=2 * o.param_groups[0]["lr"], total_steps=20, cycle_momentum=False
    ),
    "OneCycleLR, momentum": lambda o: lr_scheduler.OneCycleLR(
        o, max_lr=2 * o.param_groups[0]["lr"], total_steps=20
    ),
    "CyclicLR, momentum": lambda o: lr_scheduler.CyclicLR(
        o, base_lr=0.5 * o.param_groups[0]["lr"], max_lr=o.param_groups[0]["lr"], step_size_up=5
    ),
}


@pytest.mark.parametrize("kind", SCHEDULERS)
@every_use
def test_schedulers_of_torch_act(use, kind):
    """Also those that turn momentum: it acts, or torch says that there is none."""
    model, optimizer = begin(use)
    group = optimizer.param_groups[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if "momentum" in kind and not {"momentum", "betas"} & set(group):
            assert use.startswith("sgld")
            with pytest.raises(ValueError, match=r"must support .*momentum"):
                SCHEDULERS[kind](optimizer)
            return
        scheduler = SCHEDULERS[kind](optimizer)
        rates, turned = set(), set()
        for k in range(12):
            step(model, optimizer, k)
            scheduler.step()
            rates.add(float(group["lr"]))
            turned.add(group["betas"][0] if "betas" in group else group.get("momentum"))
    assert len(rates) > 1
    assert (len(turned) > 1) == ("momentum" in kind)
    scheduled = everything(model)
    assert all(v.isfinite().all() for v in scheduled.values())
    model, optimizer = begin(use)
    for k in range(12):
        step(model, optimizer, k)
    assert not equal(scheduled, everything(model))
    # What a scheduler leaves in the groups is saved and loaded like the rest.
    again = begin(use)[1]
    again.load_state_dict(optimizer.state_dict())
    assert again.iteration == 12


def test_momentum_that_a_scheduler_turns_is_the_one_that_acts():
    w = nn.Parameter(torch.ones(3))
    optimizer = optim.build("entropy_sgd", [w], L=4, momentum=0.9, temperature=0.0)
    lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=20, base_momentum=0.2, max_momentum=0.6
    )
    by_hand = copy.deepcopy(w)
    other = optim.build("entropy_sgd", [by_hand], L=4, momentum=0.6, temperature=0.0)
    other.param_groups[0]["lr"] = optimizer.param_groups[0]["lr"]
    for _ in range(5):
        for p, o in ((w, optimizer), (by_hand, other)):
            p.grad = p.detach().clone()
            o.step()
    assert torch.equal(w, by_hand)


@every_use
def test_a_run_goes_on_from_a_file_in_the_middle_of_a_cycle(use, tmp_path):
    """Weights, batch norm, dropout, scheduler and scaler included: the same bits."""
    scheduled = lambda o: lr_scheduler.OneCycleLR(  # noqa: E731
        o, max_lr=o.param_groups[0]["lr"], total_steps=40, cycle_momentum=not use.startswith("sgld")
    )

    def train(model, optimizer, scheduler, steps):
        for k in steps:
            step(model, optimizer, k)
            scheduler.step()

    straight, optimizer = begin(use)
    train(straight, optimizer, scheduled(optimizer), range(15))

    model, optimizer = begin(use)
    scheduler = scheduled(optimizer)
    train(model, optimizer, scheduler, range(7))
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    states = {name: part.state_dict() for name, part in parts.items()}
    torch.save(states | {"random": torch.get_rng_state()}, tmp_path / "run.pt")

    resumed, again = begin(use, seed=9)
    scheduler = scheduled(again)
    saved = torch.load(tmp_path / "run.pt", weights_only=True, map_location="cpu")
    resumed.load_state_dict(saved["model"])
    again.load_state_dict(saved["optimizer"])
    scheduler.load_state_dict(saved["scheduler"])
    torch.set_rng_state(saved["random"])
    train(resumed, again, scheduler, range(7, 15))
    assert equal(everything(resumed), everything(straight))


@every_use
def test_averages_of_the_answers(use):
    model, optimizer = begin(use)
    average = AveragedModel(model)
    answers = []
    for k in range(12):
        step(model, optimizer, k)
        if k % 4 == 3:
            working = everything(model)
            with optimizer.solution():
                average.update_parameters(model)
                answers.append(model.head.weight.detach().clone())
            assert equal(working, everything(model))
    expected = torch.stack(answers).mean(0)
    assert torch.allclose(average.module.head.weight, expected, rtol=0, atol=1e-6)
    assert not torch.equal(answers[0], answers[2])


@every_use
def test_a_copy_of_model_and_optimizer_goes_its_own_way(use):
    model, optimizer = begin(use)
    for k in range(3):
        step(model, optimizer, k)
    twin, twin_optimizer = copy.deepcopy((model, optimizer))
    random, held = torch.get_rng_state(), everything(model)
    for k in range(3, 10):
        step(twin, twin_optimizer, k)
    assert equal(held, everything(model))
    torch.set_rng_state(random)
    for k in range(3, 10):
        step(model, optimizer, k)
    assert equal(everything(twin), everything(model))


@every_use
def test_hooks_of_torch(use):
    model, optimizer = begin(use)
    seen = []
    optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("pre"))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("post"))
    for k in range(2):
        step(model, optimizer, k)
    assert seen == ["pre", "post"] * 2
    assert type(optimizer).__name__ in repr(optimizer)


@every_use
def test_a_sample_that_is_not_a_number_is_noticed_by_name(use):
    model, optimizer = begin(use, check_finite=True)
    for k in range(2):
        step(model, optimizer, k)
    held = {k: v for k, v in everything(model).items() if "norm" not in k}
    x, y = batch(3)
    x[5, 0, 2, 2] = float("nan")
    optimizer.zero_grad()
    loss = cross_entropy(model(x), y)
    loss.backward()
    with pytest.raises(optim.NonFiniteGradientError, match=r"'(replica 0: )?conv\.weight' is not"):
        optimizer.step()
    assert equal(held, everything(model))


@pytest.mark.parametrize("use", ["sgd", "entropy_sgd", "heat_smoothing", "two_step_cgd", "parle"])
def test_a_compiled_model_is_the_same_run(use):
    """Captured and guarded as for any backend, run without a compiler."""
    torch._dynamo.reset()
    model, optimizer = begin(use)
    twin, twin_optimizer = begin(use)
    compiled = torch.compile(twin, backend="eager")
    for m in (model, twin):
        m.drop.p = 0.0
    for k in range(6):
        step(model, optimizer, k)
        step(compiled, twin_optimizer, k)
    assert equal(everything(model), everything(twin))
    assert answer_loss(compiled, twin_optimizer) == answer_loss(model, optimizer)
    torch._dynamo.reset()
