"""One of two processes that share a network, for `test_processes`.

`python shared_worker.py FOLDER RANK` goes through DDP, FSDP2, ZeRO and FSDP1 with every optimizer
of the table and saves what it saw.
"""

import copy
import json
import os
import sys
import warnings
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from reference.optim_checks import distance
from reference.optim_problems import CASES, IDS, Classifier, draws, make, train
from torch import nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn.parallel import DistributedDataParallel

from landscape import optim


def refusal(action):
    try:
        action()
    except (RuntimeError, ValueError) as problem:
        return f"{type(problem).__name__}: {problem}"
    return "accepted"


def whole(model):
    """All weights as one vector, of all processes where they are sharded."""
    parts = [getattr(p, "full_tensor", lambda p=p: p)() for p in model.parameters()]
    return torch.cat([p.detach().reshape(-1) for p in parts])


def answer(model, optimizer):
    with optimizer.solution():
        return whole(model)


def following(name, settings):
    """Settings for a loss that differs between the processes."""
    return {**settings, "loss_over": dist.group.WORLD} if name == "matched_cgd" else settings


def distributed_data(rank, folder, name, settings):
    """DDP, other data in each process: without a generator, and with one seed in both."""

    def begin(settings, generator):
        model = Classifier(7)
        model.net = DistributedDataParallel(model.net)
        return model, optim.build(name, model.parameters(), generator=generator, **settings)

    torch.manual_seed(rank)
    model, optimizer = begin(settings, None)
    start = whole(model)
    length = 2 * optimizer.gradients_per_update + 1
    seen = {"step": refusal(lambda: train(model, optimizer, length, start=rank))}
    seen["still"] = torch.equal(whole(model), start)
    result = {"alone": whole(model)}
    seen["prepare"] = refusal(optimizer.prepare)
    seen["perturbation"] = refusal(optimizer.perturbation)
    model, optimizer = begin(following(name, settings), draws())
    optimizer.prepare()
    train(model, optimizer, length, start=rank)
    return seen, result | {"equal": whole(model), "answer": answer(model, optimizer)}


def fully_sharded(rank, folder, name, settings):
    """FSDP2 beside the unsharded run, and from a checkpoint of both processes."""
    settings = {**following(name, settings), "check_finite": True}

    def begin(seed=11):
        model = Classifier(7)
        fully_shard(model.net)
        return model, make(name, settings, model, seed=seed)

    plain = Classifier(7)
    expected = make(name, settings, plain)
    length = 2 * expected.gradients_per_update + 1
    train(plain, expected, length)
    model, optimizer = begin()
    half = expected.gradients_per_update + 1
    train(model, optimizer, half)
    model_state, optimizer_state = get_state_dict(model, optimizer)
    place = folder / f"dcp-{name}-{length}"
    state = {"model": model_state, "optimizer": optimizer_state}
    dcp.save(state, checkpoint_id=place)
    train(model, optimizer, length - half, start=half)

    resumed, again = begin(seed=3)
    model_state, optimizer_state = get_state_dict(resumed, again)
    state = {"model": model_state, "optimizer": optimizer_state}
    dcp.load(state, checkpoint_id=place)
    set_state_dict(
        resumed, again, model_state_dict=state["model"], optim_state_dict=state["optimizer"]
    )
    train(resumed, again, length - half, start=half)
    result = {
        "expected": whole(plain),
        "working": whole(model),
        "expected answer": answer(plain, expected),
        "answer": answer(model, optimizer),
        "resumed": whole(resumed),
    }
    seen = {"in cycle": optimizer._in_cycle()}
    seen["outside"] = refusal(lambda: change(model, optimizer))
    return seen, result


def change(model, optimizer):
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(0.5)
    train(model, optimizer, 1)


def zero_redundancy(rank, folder, name, settings):
    """ZeRO: refused, or the run of one process, also from its consolidated state."""
    # What ZeRO takes as settings of groups; without those that only the constructor knows.
    kind = type(optim.build(name, Classifier(7).parameters(), **settings))

    def begin():
        model = Classifier(7)
        return model, ZeroRedundancyOptimizer(model.parameters(), optimizer_class=kind, **settings)

    seen = {"zero": refusal(begin)}
    if seen["zero"] != "accepted":
        return seen, {}
    plain, (model, optimizer) = Classifier(7), begin()
    train(plain, make(name, settings, plain), 6)
    advance(model, optimizer, range(3))
    optimizer.consolidate_state_dict(0)
    # ZeRO's state refers to the optimizer's own tensors, as every torch state does.
    state = [copy.deepcopy(optimizer.state_dict()) if rank == 0 else None]
    dist.broadcast_object_list(state)
    resumed, again = begin()
    resumed.load_state_dict(model.state_dict())
    again.load_state_dict(state[0])
    advance(model, optimizer, range(3, 6))
    advance(resumed, again, range(3, 6))
    return seen, {"expected": whole(plain), "working": whole(model), "resumed": whole(resumed)}


def advance(model, optimizer, steps):
    for k in steps:
        optimizer.zero_grad()
        model.loss(k).backward()
        optimizer.step()


def others(rank):
    """What is refused whatever the settings."""
    seen = {}
    for original in (False, True):
        model = FullyShardedDataParallel(
            nn.Linear(4, 4), use_orig_params=original, device_id=torch.device("cpu")
        )
        for name in ("sgd", "entropy_sgd", "cosine_cgd"):
            settings = {"lambda_0": 0.1, "T": 4} if name == "cosine_cgd" else {}
            seen[f"{name}, FSDP1, {original}"] = refusal(
                lambda model=model, name=name, settings=settings: optim.build(
                    name, model.parameters(), **settings
                )
            )
    model = nn.Linear(4, 4)
    fully_shard(model)
    seen["replica"] = refusal(
        lambda: optim.build("parle", model.parameters(), group=dist.group.WORLD)
    )
    # Networks that are not shared: what the sentences offer for them.
    w = nn.Parameter(torch.ones(5))
    loss = optim.build("matched_cgd", [w], lambda_0=0.1, loss_over=False)
    w.grad = torch.ones(5)
    loss.observe(1.0 + rank)
    seen["apart"] = refusal(loss.step)
    # Noise and a field given by hand: without generator, and whole tensors for sharded weights.
    for kind, settings in (
        ("anneal_sgd", {"J": 0.1, "tau0": 5, "layers": 3}),
        ("resampled_noise", {"J": 0.1, "tau0": 5, "layers": 3}),
        ("entropy_sgd", {"temperature": 0.1, "L": 2}),
        ("heat_smoothing", {"gamma": 0.1, "L": 2}),
        ("sgld", {"samples": 10, "lr": 0.01}),
    ):
        for what in ("noise", "field") if kind == "anneal_sgd" else ("noise",):
            seen[f"{kind}, {what} by hand"] = by_hand(kind, settings, what)
    # A length in float32, of more numbers than one row of the sum.
    torch.manual_seed(0)
    plain = nn.Linear(64, 33)
    model = nn.Linear(64, 33)
    model.load_state_dict(plain.state_dict())
    fully_shard(model)
    for m in (plain, model):
        optim.build("cosine_cgd", m.parameters(), lambda_0=0.1, T=4, radius="sqrt").prepare()
    seen["length"] = (whole(model) - whole(plain)).abs().max().item()
    return seen


def by_hand(name, settings, what):
    """Largest difference that sharding makes, in 32 and in 16 bits."""
    away = 0.0
    for dtype in (torch.float32, torch.bfloat16):
        ends = []
        for sharded in (False, True):
            model = Classifier(7)
            model.net.to(dtype)
            model.x = model.x.to(dtype)
            if sharded:
                fully_shard(model.net)
            optimizer = optim.build(name, model.parameters(), **settings)
            numbers = draws()
            if what == "noise":
                optimizer.set_noise(lambda p, g=numbers: torch.randn(p.shape, generator=g))
            else:
                optimizer.set_field([torch.full(p.shape, 0.3) for p in model.parameters()])
            optimizer.prepare()
            for p in model.parameters():
                p.grad = torch.zeros_like(p)
            for _ in range(3):
                optimizer.step()
            ends.append(whole(model).double())
        away = max(away, distance(ends[0], ends[1]))
    return away


def main():
    folder, rank = Path(sys.argv[1]), int(sys.argv[2])
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    os.environ["LOCAL_RANK"] = str(rank)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder.resolve()}/meeting", rank=rank, world_size=2
    )
    seen, results = {"others": others(rank)}, {}
    for (name, settings), label in zip(CASES, IDS, strict=True):
        for part in (distributed_data, fully_sharded, zero_redundancy):
            said, found = part(rank, folder, name, dict(settings))
            seen[f"{label}, {part.__name__}"] = said
            results[f"{label}, {part.__name__}"] = found
    (folder / f"seen-{rank}.json").write_text(json.dumps(seen))
    torch.save(results, folder / f"results-{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
