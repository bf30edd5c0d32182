"""Batch-norm statistics of the answer: their values, and that nothing else changes."""

import copy

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader, TensorDataset

from landscape import optim


def network(dropout=0.5, momentum=0.1):
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3),
        nn.BatchNorm2d(4, momentum=momentum),
        nn.ReLU(),
        nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(36, 5), nn.BatchNorm1d(5)),
        nn.Linear(5, 3),
    )


def inputs(samples=40):
    return torch.randn(samples, 2, 5, 5, generator=torch.Generator().manual_seed(1))


def after_some_training(model):
    model.train()
    for batch in inputs().split(10):
        model(batch)
    return model


def everything(model):
    """All tensors, momenta and training flags."""
    tensors = {k: v.clone() for k, v in model.state_dict().items()}
    flags = [(m.training, getattr(m, "momentum", None)) for m in model.modules()]
    return tensors, flags


def unchanged(model, before):
    tensors, flags = everything(model)
    return flags == before[1] and all(torch.equal(v, before[0][k]) for k, v in tensors.items())


def slow_statistics(model, batches):
    """Mean and unbiased variance of what enters each layer, averaged over the batches."""
    model = copy.deepcopy(model).double().eval()
    conv, first, relu, middle, _ = model
    found = {"1.running_mean": [], "1.running_var": []}
    found |= {"3.3.running_mean": [], "3.3.running_var": []}
    for x in batches:
        h = conv(x.double()).transpose(0, 1).reshape(4, -1)
        found["1.running_mean"].append(h.mean(1))
        found["1.running_var"].append(h.var(1, unbiased=True))
        h = (h - h.mean(1, keepdim=True)) / (h.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        h = h.reshape(4, len(x), 3, 3).transpose(0, 1)
        h = first.weight.view(1, -1, 1, 1) * h + first.bias.view(1, -1, 1, 1)
        h = middle[2](relu(h).flatten(1))  # without dropout
        found["3.3.running_mean"].append(h.mean(0))
        found["3.3.running_var"].append(h.var(0, unbiased=True))
    return {k: torch.stack(v).mean(0) for k, v in found.items()}


def test_the_statistics_are_averages_over_the_batches_with_dropout_off():
    model = after_some_training(network())
    before = everything(model)
    batches = inputs().split(16)  # the last one is smaller and weighs the same
    expected = slow_statistics(model, batches)
    with optim.estimated_batch_norm(model, batches):
        found = model.state_dict()
        for name, value in expected.items():
            assert torch.allclose(found[name].double(), value, rtol=1e-5, atol=1e-6)
            assert not torch.allclose(found[name], before[0][name], rtol=1e-3)
        assert found["1.num_batches_tracked"] == 3
        assert not any(m.training for m in model.modules())
    assert unchanged(model, before)


def test_torch_gives_the_same_numbers_without_dropout_and_loses_the_run_s():
    batches = inputs().split(8)
    for dropout, equal in ((0.0, True), (0.5, False)):
        ours, torchs = (after_some_training(network(dropout)) for _ in range(2))
        torchs.load_state_dict(ours.state_dict())
        before = everything(ours)
        update_bn(batches, torchs)
        with optim.estimated_batch_norm(ours, batches):
            same = [torch.equal(v, torchs.state_dict()[k]) for k, v in ours.state_dict().items()]
            assert all(same) == equal
        assert unchanged(ours, before)
        assert not unchanged(torchs, before)


def test_pairs_loaders_generators_and_tensors_are_all_batches():
    model, x = after_some_training(network()), inputs()
    pairs = TensorDataset(x, torch.zeros(len(x)))
    found = []
    for batches in (
        x.split(8),
        (b for b in x.split(8)),
        [[b, None] for b in x.split(8)],
        [(b, 0, 1) for b in x.split(8)],
        DataLoader(pairs, batch_size=8),
        x.reshape(5, 8, 2, 5, 5),
    ):
        with optim.estimated_batch_norm(model, batches):
            found.append(everything(model)[0])
    assert all(torch.equal(f[k], v) for f in found for k, v in found[0].items())


def test_a_shuffling_loader_does_not_disturb_the_run_s_random_numbers():
    model = network()
    loader = DataLoader(TensorDataset(inputs()), batch_size=8, shuffle=True)
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    with optim.estimated_batch_norm(model, loader):
        assert model[1].num_batches_tracked == 5
    assert torch.equal(torch.randn(3), expected)


def test_an_endless_loader_needs_a_limit():
    def endless():
        while True:
            yield inputs(8)

    model, three = network(), network()
    with (
        optim.estimated_batch_norm(model, endless(), limit=3),
        optim.estimated_batch_norm(three, [inputs(8)] * 3),
    ):
        assert model[1].num_batches_tracked == 3
        assert torch.equal(model[1].running_mean, three[1].running_mean)


def test_single_samples_are_skipped():
    model, x = network(), inputs(9)
    with optim.estimated_batch_norm(model, x.split(8)):
        assert model[1].num_batches_tracked == 1


@pytest.mark.parametrize("batches", [[], [inputs(1)], [(inputs(1), 0)], inputs(3).split(1)])
def test_nothing_to_estimate_from_is_one_clear_sentence(batches):
    model = after_some_training(network())
    before = everything(model)
    with (
        pytest.raises(ValueError, match="at least one batch of two samples"),
        optim.estimated_batch_norm(model, batches),
    ):
        pytest.fail("the block must not run")
    assert unchanged(model, before)


@pytest.mark.parametrize("batch", [{"x": inputs(2)}, (), "text", ({"x": inputs(2)}, 0)])
def test_other_batches_are_refused_by_name(batch):
    model = after_some_training(network())
    before = everything(model)
    kind = type(batch[0] if isinstance(batch, tuple) and batch else batch).__name__
    with pytest.raises(TypeError, match=kind), optim.estimated_batch_norm(model, [batch]):
        pytest.fail("the block must not run")
    assert unchanged(model, before)


def test_a_model_without_batch_norm_reads_nothing():
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(), nn.BatchNorm1d(3, affine=False))
    model[2] = nn.BatchNorm1d(3, track_running_stats=False)

    def untouched():
        pytest.fail("no batch is needed")
        yield

    with optim.estimated_batch_norm(model, untouched()):
        assert not model[1].training
    assert model[1].training


def test_every_flag_momentum_and_statistic_comes_back_after_an_exception():
    model = after_some_training(network(momentum=None))
    model[3][3].momentum = 0.3
    model[2].eval()  # on purpose
    model[3][1].eval()
    before = everything(model)
    with pytest.raises(KeyError), optim.estimated_batch_norm(model, [inputs()]):
        raise KeyError("evaluation failed")
    assert unchanged(model, before)
    with (
        pytest.raises(RuntimeError),
        optim.estimated_batch_norm(model, [inputs(), inputs()[:, :1]]),
    ):
        pytest.fail("the second batch does not fit the network")
    assert unchanged(model, before)


def test_a_layer_frozen_in_evaluation_mode_keeps_its_statistics():
    model = after_some_training(network())
    model[1].eval()
    before = everything(model)
    with optim.estimated_batch_norm(model, inputs().split(8)):
        assert torch.equal(model[1].running_mean, before[0]["1.running_mean"])
        assert not torch.equal(model[3][3].running_mean, before[0]["3.3.running_mean"])
    assert unchanged(model, before)
    model.eval()  # no difference can be seen any more: all are estimated
    with optim.estimated_batch_norm(model, inputs().split(8)):
        assert not torch.equal(model[1].running_mean, before[0]["1.running_mean"])
    assert not any(m.training for m in model.modules())


def test_blocks_nest():
    model = after_some_training(network())
    with optim.estimated_batch_norm(model, [inputs()]):
        outer = everything(model)
        with optim.estimated_batch_norm(model, [inputs(8)]):
            assert not unchanged(model, outer)
        assert unchanged(model, outer)


def test_batches_of_another_device_are_moved_to_the_model():
    class Elsewhere(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(2, device="meta"))
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x):
            seen.append(x.device.type)
            return self.norm(torch.zeros(4, 3))

    seen = []
    with optim.estimated_batch_norm(Elsewhere(), [torch.randn(4, 3)]):
        assert seen == ["meta"]
    bare = nn.BatchNorm1d(3, affine=False)  # no parameter tells the device
    with optim.estimated_batch_norm(bare, [torch.full((4, 3), 2.0)]):
        assert bare.running_mean.tolist() == [2.0] * 3


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_on_the_host_and_a_model_on_a_gpu():
    model, twin = network().cuda(), network()
    with (
        optim.estimated_batch_norm(model, inputs().split(8)),
        optim.estimated_batch_norm(twin, inputs().split(8)),
    ):
        assert torch.allclose(model[1].running_mean.cpu(), twin[1].running_mean, atol=1e-5)


def test_the_answer_of_entropy_sgd_gets_the_statistics_that_fit_it():
    """Through a whole run: the run is the same with and without such evaluations."""

    def run(evaluating):
        model, x = network(dropout=0.2), inputs()
        optimizer = optim.build(
            "entropy_sgd", model.parameters(), lr_inner=0.05, L=6, momentum=0.9, temperature=0.0
        )
        torch.manual_seed(8)
        fits = 0
        for step in range(16):
            model.train()
            optimizer.zero_grad()
            model(x[step % 4 :: 4]).square().sub(1).square().mean().backward()
            optimizer.step()
            if evaluating and step % 6 == 3:
                with optimizer.solution(), optim.estimated_batch_norm(model, [x]):
                    expected = model[0](x).mean((0, 2, 3))
                    fits += torch.allclose(model[1].running_mean, expected, atol=1e-5)
                assert not torch.allclose(model[1].running_mean, expected, atol=1e-3)
                assert model.training
        return fits, everything(model)

    fits, evaluated = run(evaluating=True)
    assert fits == 3
    _, plain = run(evaluating=False)
    assert all(torch.equal(v, plain[0][k]) for k, v in evaluated[0].items())
