"""Gradients as other code leaves them: shared, expanded, in other layouts."""

import itertools

import pytest
import torch
from reference.optim_problems import CASES, IDS, MINIMAL, draws
from reference.replica_problems import replica
from torch import nn

from landscape import optim
from landscape.optim.gradients import separate, with_gradient

every_case = pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
every_type = pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])


def one_buffer(a, b):
    """The gradients that autograd gives for a sum of the two: the same tensor twice."""
    grads = torch.autograd.grad((((a + b) * torch.arange(1, 5)) ** 2).sum(), [a, b])
    assert grads[0].data_ptr() == grads[1].data_ptr()
    return grads


def a_part(a, b):
    g = torch.cat([a.detach(), b.detach()])
    return g[1:5], g[3:7]


def expanded(a, b):
    return [torch.ones((), dtype=p.dtype).expand(4) for p in (a, b)]


def of_the_weights(a, b):
    """d/dw of |w|^2 / 2 is w itself."""
    return [a.detach(), b.detach()]


def overlapping(a, b):
    g = torch.linspace(-1, 1, 4, dtype=a.dtype)
    return [g.as_strided((4,), (1,)), g[::2].repeat(2).as_strided((4,), (0,))]


def run(name, settings, dtype, gradients, copied, groups):
    a, b = (nn.Parameter(torch.linspace(*ends, 4).to(dtype)) for ends in ((1, 2), (-1, 3)))
    parts = [{"params": [a]}, {"params": [b]}] if groups else [a, b]
    optimizer = optim.build(name, parts, generator=draws(), **settings)
    path = []
    for k in range(2 * optimizer.gradients_per_update + 1):
        for p, g in zip((a, b), gradients(a, b), strict=True):
            p.grad = g.clone(memory_format=torch.contiguous_format) if copied else g
        optimizer.observe(1 / (1 + k))
        optimizer.step()
        path.append(torch.cat([a.detach(), b.detach()]))
    on_sphere = gradients is of_the_weights and name.endswith("_cgd")  # which undoes such steps
    assert on_sphere or not torch.equal(path[0], path[-1])
    return torch.stack(path)


@every_type
@pytest.mark.parametrize("groups", [False, True], ids=["one group", "two groups"])
@pytest.mark.parametrize("gradients", [one_buffer, a_part, expanded, of_the_weights, overlapping])
@every_case
def test_memory_of_gradients_does_not_change_the_run(name, settings, gradients, groups, dtype):
    found = run(name, settings, dtype, gradients, False, groups)
    right = run(name, settings, dtype, gradients, True, groups)
    assert torch.allclose(found, right, rtol=0, atol=1e-14)


def test_the_sum_of_two_weights():
    """Both move by the same, since the loss depends on their sum alone."""
    a, b = nn.Parameter(torch.tensor([1.0])), nn.Parameter(torch.tensor([3.0]))
    optimizer = optim.build("entropy_sgd", [a, b], gamma=0.5, L=1, lr_inner=0.1, temperature=0.0)
    a.grad, b.grad = torch.autograd.grad(((a + b) ** 2).sum(), [a, b])
    optimizer.step()
    # y = x - 0.1 * 8, z = y / 4 * 3 + x / 4, and x <- z with lr = 1
    assert torch.allclose(a, torch.tensor([1 - 0.6]))
    assert torch.allclose(b, torch.tensor([3 - 0.6]))


@pytest.mark.parametrize("name", ["elastic_sgd", "parle"])
def test_replicas_that_share_a_gradient(name):
    """Replicas that see the same loss of their sum."""
    results = []
    for copied in (False, True):
        models = [replica("quadratic", a) for a in range(2)]
        optimizer = optim.build(name, [m.parameters() for m in models], lr=0.05)
        pairs = list(zip(*(m.parameters() for m in models), strict=True))
        for _ in range(2 * optimizer.gradients_per_update):
            for pair in pairs:
                grads = torch.autograd.grad((sum(pair) ** 2).sum(), pair)
                for p, g in zip(pair, grads, strict=True):
                    p.grad = g.clone() if copied else g
            optimizer.step()
        results.append(torch.cat([p.detach().reshape(-1) for pair in pairs for p in pair]))
    assert torch.equal(*results)


def test_gradients_that_lie_apart_are_not_copied():
    """Not those of one bucket either, as data-parallel training keeps them."""
    params = [nn.Parameter(torch.zeros(n, 2)) for n in (3, 1, 4)]
    params.append(nn.Parameter(torch.zeros(2, 2, 2, 2).to(memory_format=torch.channels_last)))
    bucket = torch.ones(24)
    for p, (start, stop) in zip(params, itertools.pairwise([0, 6, 8, 16]), strict=False):
        p.grad = bucket[start:stop].view(-1, 2)
    params[-1].grad = torch.ones_like(params[-1])
    before = [p.grad for p in params]
    separate([(params[:2], before[:2]), (params[2:], before[2:])])
    assert all(p.grad is g for p, g in zip(params, before, strict=True))


@pytest.mark.parametrize("name", optim.names())
def test_sparse_gradients_and_parameters_are_refused_in_one_sentence(name):
    settings = MINIMAL.get(name, {})
    for table, sparse in (
        (nn.Parameter(torch.ones(3, 2)), lambda: torch.eye(3)[:, :2].to_sparse()),
        (nn.Parameter(torch.ones(3, 2).bfloat16()), lambda: torch.eye(3)[:, :2].to_sparse()),
    ):
        optimizer = optim.build(name, [table], generator=draws(), **settings)
        table.grad = sparse().to(table.dtype)
        optimizer.observe(1.0)
        before = table.detach().clone()
        with pytest.raises(RuntimeError, match=r"^\w+ needs dense gradients; .*sparse=False.*\.$"):
            optimizer.step()
        assert torch.equal(table, before)
        assert optimizer.iteration == 0
    for layout in ("to_sparse_csr", "to_sparse_csc", "to_sparse"):
        rows = nn.Parameter(getattr(torch.eye(3), layout)())
        with pytest.raises(
            optim.HyperparameterError, match=r"^\w+ works on dense parameters; .*\.$"
        ):
            optim.build(name, [rows], **settings)


def test_gradients_sparse_by_rows_are_refused():
    """torch gives them to parameters of that layout only."""
    rows = nn.Parameter(torch.eye(3).to_sparse_csr())
    rows.grad = torch.eye(3).to_sparse_csr()
    with pytest.raises(RuntimeError, match="needs dense gradients"):
        with_gradient("SGD", {"params": [rows]})


@pytest.mark.parametrize("name", optim.names())
def test_complex_parameters_are_refused_in_one_sentence(name):
    w = nn.Parameter(torch.zeros(2, dtype=torch.complex64))
    with pytest.raises(optim.HyperparameterError, match=r"^\w+ works on real parameters; .*\.$"):
        optim.build(name, [w], **MINIMAL.get(name, {}))
