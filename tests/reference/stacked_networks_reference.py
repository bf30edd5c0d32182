"""One network at a time, by a plain torch module and loop: what a stack of networks must give."""

import contextlib

import torch

from landscape import models


def orders(seed, replica, samples, batch, steps):
    """Positions of the mini-batches: permutations of which the incomplete last batch is dropped."""
    generator = torch.Generator().manual_seed(seed + replica * 10_000_019 + 1_000_003)
    chosen = []
    while len(chosen) < steps:
        mixed = torch.randperm(samples, generator=generator)
        chosen += [mixed[i * batch : (i + 1) * batch] for i in range(samples // batch)]
    return chosen[:steps]


def alone(name, options, build, l2, seed, splits, *, batch, scale, steps, replicas=1, rates=None):
    """Test loss, test error and squared norm of one network after so many steps, in float64.

    Args:
        build: Makes the optimizer from the parameters and ``l2``.
        rates: The learning rate of every step; None: the optimizer's own.
    """
    networks = []
    for _ in range(replicas):
        torch.manual_seed(seed)
        networks.append(models.build(name, **options).double())
    held = [list(network.parameters()) for network in networks]
    optimizer = build([{"params": held if replicas > 1 else held[0], "weight_decay": l2}])
    x, y = splits.train.x.double(), splits.train.y
    batches = [orders(seed, r, len(y), batch, steps) for r in range(replicas)]
    for step in range(steps):
        if rates is not None:
            optimizer.param_groups[0]["lr"] = rates[step]
        optimizer.zero_grad()
        for network, chosen in zip(networks, batches, strict=True):
            at = chosen[step]
            (scale * torch.nn.functional.cross_entropy(network(x[at]), y[at])).backward()
        optimizer.step()
    with torch.no_grad(), getattr(optimizer, "solution", contextlib.nullcontext)():
        logits = networks[0](splits.test.x.double())
        loss = scale * torch.nn.functional.cross_entropy(logits, splits.test.y)
        error = 100.0 * (logits.argmax(1) != splits.test.y).double().mean()
        norm = sum(p.square().sum() for p in networks[0].parameters())
    return float(loss), float(error), float(norm)
