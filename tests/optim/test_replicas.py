"""How replicas are given, refused, saved and swapped: what Parle and Elastic-SGD share."""

import copy
import io
import pickle

import pytest
import torch
from reference.optim_problems import Classifier, Quadratic, draws, flat
from reference.replica_problems import Ensemble, replica
from torch import nn

from landscape import optim

SETTINGS = {
    "elastic_sgd": {"lr": 0.05, "rho": 0.5, "momentum": 0.9, "lr_master": 0.1},
    "parle": {"L": 3, "lr": 0.2, "lr_inner": 0.05, "momentum": 0.9, "batches_per_epoch": 9},
}
AUTHORS = {"convention": "authors", "L": 3, "lr": 0.05, "momentum": 0.9}
every_case = pytest.mark.parametrize(
    ("name", "hyper"), [*SETTINGS.items(), ("parle", AUTHORS)], ids=["elastic", "parle", "authors"]
)
every_name = pytest.mark.parametrize("name", SETTINGS)


def trained(name, steps=4, hyper=None, **more):
    ensemble = Ensemble(name, SETTINGS[name] if hyper is None else hyper, **more)
    ensemble.train(steps)
    return ensemble


def layers(widths=(4, 3), dtype=torch.float32):
    return nn.Sequential(nn.Linear(widths[0], widths[1], dtype=dtype), nn.Linear(widths[1], 2))


# What may be given


@every_name
def test_lists_iterators_and_names_are_the_same(name):
    expected = trained(name).weights()
    forms = [
        lambda models: [m.parameters() for m in models],
        lambda models: [list(m.parameters()) for m in models],
        lambda models: (m.parameters() for m in models),
        lambda models: tuple(tuple(m.parameters()) for m in models),
        lambda models: [list(m.named_parameters()) for m in models],
        lambda models: [{"params": [m.parameters() for m in models]}],
        lambda models: [
            {"params": [list(m.net[i].parameters()) for m in models]} for i in (0, 2)
        ],
        lambda models: [
            {"params": [list(m.net[i].named_parameters(f"net.{i}")) for m in models]}
            for i in (0, 2)
        ],
    ]  # fmt: skip
    for form in forms:
        ensemble = Ensemble(name, SETTINGS[name])
        ensemble.optimizer = optim.build(name, form(ensemble.models), **SETTINGS[name])
        ensemble.train(4)
        assert torch.equal(ensemble.weights(), expected)


@every_name
def test_one_replica_may_stand_in_a_list_or_not(name):
    model = Quadratic()
    for params in (model.parameters(), [model.parameters()], [{"params": model.first}]):
        optimizer = optim.build(name, params)
        assert optimizer.replicas == 1
        assert optimizer.replica_parameters(0)[0] is model.first


@every_name
def test_parameters_of_a_replica_are_found_across_groups(name):
    models = [replica("mlp", a) for a in range(3)]
    groups = [{"params": [m.net[2].parameters() for m in models], "lr": 0.01}]
    optimizer = optim.build(name, groups)
    optimizer.add_param_group({"params": [m.net[0].parameters() for m in models]})
    assert optimizer.replicas == 3
    assert list(optimizer.local_replicas) == [0, 1, 2]
    for a, model in enumerate(models):
        expected = [*model.net[2].parameters(), *model.net[0].parameters()]
        given = optimizer.replica_parameters(a)
        assert all(p is q for p, q in zip(given, expected, strict=True))
    with pytest.raises(optim.HyperparameterError, match=r"Replica 3 is not in this process"):
        optimizer.replica_parameters(3)


def test_settings_of_a_group_hold_for_all_its_replicas():
    w = [[nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))] for _ in range(2)]
    groups = [{"params": [[r[0]] for r in w], "lr": 0.5}, {"params": [[r[1]] for r in w], "lr": 0}]
    optimizer = optim.build("elastic_sgd", groups)
    for r in w:
        for p in r:
            p.grad = torch.ones_like(p)
    optimizer.step()
    for first, second in w:
        assert first.tolist() == [0.5, 0.5]
        assert second.tolist() == [1.0, 1.0]


# What is refused


@every_name
@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: [layers().parameters(), layers((5, 3)).parameters()],
         r"shape of parameter 0 is \(3, 4\) for replica 0 and \(3, 5\) for replica 1"),
        (lambda: [layers().named_parameters(), layers((4, 3)).named_parameters("net")],
         "name of parameter 0 is '0.weight' for replica 0 and 'net.0.weight' for replica 1"),
        (lambda: [layers().parameters(), layers().parameters(), layers()[0].parameters()],
         "number of parameters is 4 for replica 0 and 2 for replica 2"),
        (lambda: [layers().named_parameters(), layers(dtype=torch.float64).named_parameters()],
         "type of 0.weight is 'torch.float32' for replica 0 and 'torch.float64' for replica 1"),
        (lambda: [layers().named_parameters(),
                  layers().requires_grad_(False).named_parameters()],
         "requires_grad of 0.weight is True for replica 0 and False for replica 1"),
        (lambda: [*layers().parameters(), layers().parameters()], "not a mixture"),
        (lambda: [[{"params": layers().parameters()}], [{"params": layers().parameters()}]],
         r'Replica 0 must be an iterable of parameters, but holds a dict.*"params": \[\['),
        (lambda: [{"params": [layers().parameters(), layers().parameters()]},
                  {"params": layers().parameters()}],
         "must hold parameters of all 2 replicas, a list for each; this one holds 1"),
        (lambda: [3, 4], "Replicas must be iterables of parameters"),
    ],
)  # fmt: skip
def test_unlike_replicas_are_refused_in_one_sentence(name, build, words):
    with pytest.raises(optim.HyperparameterError, match=words) as refused:
        optim.build(name, build())
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")


@every_name
def test_shared_weights_are_refused(name):
    model = layers()
    with pytest.raises(optim.HyperparameterError, match="'replica 1: 0.weight' is 'replica 0: 0."):
        optim.build(name, [model.named_parameters(), model.named_parameters()])
    view = copy.deepcopy(model)
    view[1].bias = nn.Parameter(model[1].bias.data)
    with pytest.raises(optim.HyperparameterError, match="'replica 1: parameter 3' is 'replica 0: "):
        optim.build(name, [model.parameters(), view.parameters()])
    tied = [layers((2, 2)) for _ in range(2)]
    for m in tied:
        m[1].weight = m[0].weight
    assert optim.build(name, [m.parameters() for m in tied]).replicas == 2


@every_name
def test_an_uninitialised_group_is_not_taken_for_none(name):
    """torch.distributed.group.WORLD is None before init_process_group()."""
    for group in (torch.distributed.group.WORLD, "nccl"):
        with pytest.raises(optim.HyperparameterError, match="is not initialised; call torch"):
            optim.build(name, layers().parameters(), group=group)


@every_name
def test_a_step_before_every_backward_is_refused(name):
    ensemble = Ensemble(name, SETTINGS[name])
    before = ensemble.weights()
    ensemble.models[0].loss(0).backward()
    ensemble.models[2].loss(0).backward()
    with pytest.raises(RuntimeError, match=r"Replica 1 has no gradient: call backward\(\)"):
        ensemble.optimizer.step()
    assert torch.equal(ensemble.weights(), before)


@every_name
def test_freezing_one_replica_only_is_refused_and_all_is_allowed(name):
    ensemble = trained(name)
    held = [m.net[0].weight.detach().clone() for m in ensemble.models]
    ensemble.models[1].net[0].weight.requires_grad_(False)
    with pytest.raises(optim.HyperparameterError, match=r"requires_grad of net\.0\.weight is True"):
        ensemble.train(1, start=4)
    for m in ensemble.models:
        m.net[0].weight.requires_grad_(False)
    ensemble.train(4, start=4)
    assert all(torch.equal(m.net[0].weight, h) for m, h in zip(ensemble.models, held, strict=True))
    for m in ensemble.models:
        m.net[0].weight.requires_grad_(True)
    ensemble.train(4, start=8)
    assert not torch.equal(ensemble.models[0].net[0].weight, held[0])


@every_name
def test_a_bad_gradient_names_its_replica(name):
    for named, words in (
        (True, r"'replica 2: net\.0\.bias' is not finite"),
        (False, r"'replica 2: parameter 1 of group 0' is not finite"),
    ):
        models = [replica("mlp", a) for a in range(3)]
        params = [m.named_parameters() if named else m.parameters() for m in models]
        optimizer = optim.build(name, params, check_finite=True)
        for m in models:
            m.loss(0).backward()
        models[2].net[0].bias.grad[1] = float("nan")
        with pytest.raises(optim.NonFiniteGradientError, match=words):
            optimizer.step()


# The answer


@every_case
def test_solution_puts_one_answer_everywhere_and_gives_all_back(name, hyper):
    ensemble = Ensemble(name, hyper)
    for k in range(2 * ensemble.optimizer.gradients_per_update + 1):
        working = ensemble.weights()
        with ensemble.optimizer.solution():
            answers = ensemble.weights()
            assert torch.equal(answers[0], answers[1])
            assert torch.equal(answers[0], answers[2])
        assert torch.equal(ensemble.weights(), working)
        assert not torch.equal(answers, working)
        ensemble.train(1, start=k)


@every_name
def test_the_answer_before_the_first_step_is_the_mean(name):
    models = [replica("mlp", a) for a in range(3)]
    optimizer = optim.build(name, [m.parameters() for m in models])
    mean = torch.stack([flat(m) for m in models]).mean(0)
    with optimizer.solution():
        assert torch.allclose(flat(models[1]), mean, rtol=0, atol=1e-15)
    assert len(optimizer.state) == 0, "looking changes nothing"
    other = [Classifier(7) for _ in range(3)]
    for m, o in zip(models, other, strict=True):
        m.load_state_dict(o.state_dict())  # weights loaded after the optimizer was built count
    with optimizer.solution():
        assert torch.allclose(flat(models[1]), flat(other[1]), rtol=0, atol=1e-15)


# Saving


@every_case
def test_a_run_goes_on_exactly_from_any_phase(name, hyper):
    straight = trained(name, 10, hyper)
    for k in range(8):
        ensemble = trained(name, k, hyper)
        file = io.BytesIO()
        torch.save(ensemble.optimizer.state_dict(), file)
        file.seek(0)
        again = Ensemble(name, hyper)
        for m, saved in zip(again.models, ensemble.models, strict=True):
            m.load_state_dict(saved.state_dict())
        again.optimizer.load_state_dict(torch.load(file, weights_only=True))
        again.train(10 - k, start=k)
        assert torch.equal(again.weights(), straight.weights())
        assert torch.equal(again.answers(), straight.answers())
        assert again.optimizer.updates == straight.optimizer.updates


@every_name
def test_a_state_of_another_number_of_replicas_is_refused(name):
    saved = trained(name).optimizer.state_dict()
    for n in (1, 2, 4):
        with pytest.raises(optim.HyperparameterError, match=f"holds 3 of 3 replicas.* {n} of {n};"):
            Ensemble(name, SETTINGS[name], n=n).optimizer.load_state_dict(saved)


def test_a_state_of_another_recipe_is_refused():
    saved = trained("parle").optimizer.state_dict()
    for other in ({"L": 4}, {"master": "printed"}, {"convention": "authors"}):
        again = Ensemble("parle", {**SETTINGS["parle"], **other})
        with pytest.raises(optim.HyperparameterError, match="was saved with"):
            again.optimizer.load_state_dict(saved)


@every_name
def test_copies_and_pickles(name):
    ensemble = trained(name)
    for other in (copy.deepcopy(ensemble), pickle.loads(pickle.dumps(ensemble))):
        other.train(5, start=4)
        expected = trained(name, 9)
        assert torch.equal(other.weights(), expected.weights())
        assert torch.equal(other.answers(), expected.answers())


# A synchronisation that fails (with real processes: test_replicas_distributed)


class Alone:
    """Stands for two processes with equal weights, of which the other dies."""

    rank, size = 0, 2
    dead = False

    def mean(self, tensors, out, done):
        if self.dead:
            raise optim.ReplicaLostError(f"lost after {done}")
        torch._foreach_copy_(out, tensors)

    def agree(self, state, device, done):
        pass

    compare = agree


FAILING = [
    ("elastic_sgd", {"lr": 0.05, "rho": 0.5, "momentum": 0.9}),
    ("elastic_sgd", {"lr": 0.05, "rho": 0.5, "master": "printed"}),
    ("parle", SETTINGS["parle"]),
    ("parle", {"L": 3, "momentum": 0.9, "master": "printed"}),
    ("parle", AUTHORS),
]


@pytest.mark.parametrize(("name", "hyper"), FAILING)
@pytest.mark.parametrize("cycles", [0, 2])
def test_a_failed_synchronisation_leaves_the_last_one(name, hyper, cycles):
    model = Classifier(7)
    optimizer = optim.build(name, model.parameters(), **hyper)
    optimizer._peers = Alone()
    cycle = optimizer.gradients_per_update

    def kept():
        tensors = [flat(model)]
        for p in model.parameters():
            held = {k: v for k, v in optimizer.state[p].items() if k not in ("z", "inner", "cycle")}
            if not cycles:  # x and the momentum are made in the first cycle
                held = {k: v for k, v in held.items() if k == "master"}
            tensors += [v.clone() for _, v in sorted(held.items())]
        return tensors

    def step(k):
        optimizer.zero_grad()
        model.loss(k).backward()
        optimizer.step()

    optimizer.prepare()
    for k in range(cycles * cycle):
        step(k)
    before = kept()
    optimizer._peers.dead = True
    for k in range(cycle - 1):
        step(k)
    with pytest.raises(optim.ReplicaLostError, match=f"lost after {cycles}"):
        step(cycle - 1)
    assert all(torch.equal(b, a) for b, a in zip(before, kept(), strict=True))
    assert optimizer.iteration == cycles * cycle
    assert optimizer.updates == cycles


# The rest of an optimizer's duties


@every_name
def test_schedulers_and_the_gradient_scaler(name):
    plain, scaled = Ensemble(name, SETTINGS[name]), Ensemble(name, SETTINGS[name])
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    schedulers = [
        torch.optim.lr_scheduler.StepLR(e.optimizer, 2, gamma=0.5) for e in (plain, scaled)
    ]
    for k in range(7):
        plain.train(1, start=k)
        scaled.optimizer.zero_grad()
        for a, m in enumerate(scaled.models):
            scaler.scale(m.loss(3 * k + a)).backward()
        scaler.step(scaled.optimizer)
        scaler.update()
        for s in schedulers:
            s.step()
    assert torch.allclose(plain.weights(), scaled.weights(), rtol=0, atol=1e-12)
    assert plain.optimizer.param_groups[0]["lr"] == SETTINGS[name]["lr"] / 8


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_mean_of_16_bit_weights_is_taken_in_32_bits(dtype):
    values = [40000.0, 50000.0, 60000.0, 3.0]  # the sum overflows 16 bits
    w = [nn.Parameter(torch.full((3,), v, dtype=dtype)) for v in values]
    optimizer = optim.build("parle", [[p] for p in w], lr=0.0, lr_inner=0.0, L=1)
    for p in w:
        p.grad = torch.zeros_like(p)
    optimizer.step()
    expected = torch.tensor([p[0].item() for p in w]).mean().to(dtype)
    with optimizer.solution():
        assert torch.equal(w[3], expected.expand(3))


def test_the_spring_does_not_drown_a_16_bit_gradient():
    """x / rho is 10; one unit in its last place is more than the gradient 0.01."""
    w = [nn.Parameter(torch.ones(1, dtype=torch.bfloat16)) for _ in range(2)]
    optimizer = optim.build("elastic_sgd", [[p] for p in w], lr=4.0, rho=0.1)
    for p in w:
        p.grad = torch.full_like(p, 0.01)
    optimizer.step()
    assert w[0].item() == pytest.approx(1 - 4 * 0.01, abs=0.004)


@every_case
def test_memory_layout_does_not_matter(name, hyper):
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        w = []
        for a in range(2):
            values = torch.linspace(-1, 1 + a, 48, dtype=torch.float64).reshape(2, 4, 3, 2)
            w.append(nn.Parameter(values.contiguous(memory_format=layout)))
        optimizer = optim.build(name, [[p] for p in w], generator=draws(), **hyper)
        for k in range(7):
            for a, p in enumerate(w):
                p.grad = torch.cos(p.detach() + k + a).contiguous()
            optimizer.step()
        with optimizer.solution():
            results.append(w[1].detach().clone())
    assert torch.allclose(results[0], results[1], rtol=0, atol=1e-14)


def test_the_readme_example():
    from landscape.optim import Parle

    models = [Classifier(7) for _ in range(3)]
    optimizer = Parle([m.parameters() for m in models], lr=0.1)
    for k in range(30):
        optimizer.zero_grad()
        for a, model in enumerate(models):
            model.loss(3 * k + a).backward()
        optimizer.step()
    before = sum(Classifier(7).loss(k).item() for k in range(8))
    with optimizer.solution():
        assert sum(models[0].loss(k).item() for k in range(8)) < before
