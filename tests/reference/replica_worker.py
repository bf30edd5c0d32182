"""One process of a group of replicas, for `test_replicas_distributed`: one scenario a run.

`python replica_worker.py agree FOLDER` runs every case and every refusal and saves what it saw.
`python replica_worker.py train FOLDER [STEP]` trains with a checkpoint after every synchronisation,
goes on from the newest that all processes have, and kills the process of replica 1 at STEP.
"""

import datetime
import json
import os
import signal
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from reference.optim_problems import flat
from reference.replica_problems import batch, replica

from landscape import optim

STEPS = 20
CASES = {
    "elastic": ("elastic_sgd", {"lr": 0.05, "momentum": 0.9, "batches_per_epoch": 9}),
    "elastic-late": ("elastic_sgd", {"lr": 0.05, "master": "printed", "lr_master": 0.1}),
    "parle": ("parle", {"L": 4, "lr": 0.1, "momentum": 0.9, "batches_per_epoch": 9}),
    "parle-late": ("parle", {"L": 3, "lr": 0.1, "master": "printed", "inner_buffer": "keep"}),
    "authors": ("parle", {"L": 4, "lr": 0.05, "momentum": 0.9, "convention": "authors"}),
}
LONG = ("parle", {"L": 5, "lr": 0.1, "momentum": 0.9, "batches_per_epoch": 9})
LONG_STEPS = 60


def gradients(model, a, k):
    """Replica 0 has no gradient for its first bias at every third step."""
    model.zero_grad()
    model.loss(batch(a, k)).backward()
    if a == 0 and k % 3 == 2:
        model.net[0].bias.grad = None


def build(name, hyper, rank, **more):
    model = replica("mlp", rank)
    params = model.named_parameters()
    optimizer = optim.build(name, params, group=dist.group.WORLD, **hyper, **more)
    return model, optimizer


def train(model, optimizer, rank, start, stop):
    for k in range(start, stop):
        gradients(model, rank, k)
        optimizer.step()


def answer(model, optimizer):
    with optimizer.solution():
        return flat(model)


def refusal(action):
    try:
        action()
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return "accepted"


def agree(rank, folder):
    seen = {}
    for label, (name, hyper) in CASES.items():
        model, optimizer = build(name, hyper, rank)
        train(model, optimizer, rank, 0, STEPS)
        result = {"working": flat(model), "answer": answer(model, optimizer)}
        model, optimizer = build(name, hyper, rank)
        train(model, optimizer, rank, 0, 7)
        saved = optimizer.state_dict()
        again, other = build(name, hyper, rank)
        again.load_state_dict(model.state_dict())
        other.load_state_dict(saved)
        train(again, other, rank, 7, STEPS)
        result |= {"resumed": flat(again), "resumed answer": answer(again, other)}
        torch.save(result, folder / f"{label}-{rank}.pt")
    for name in ("elastic_sgd", "parle"):
        seen[name] = refusals(name, rank)
    (folder / f"refusals-{rank}.json").write_text(json.dumps(seen))


def refusals(name, rank):
    group = dist.group.WORLD
    odd = torch.nn.Linear(3, 2 + (rank == 1))
    pair = [replica("mlp", a) for a in range(2)]
    seen = {
        "setting": refusal(lambda: build(name, {"lr": 0.1 + 0.1 * (rank == 2)}, rank)),
        "scoping": refusal(lambda: build(name, {"batches_per_epoch": 5 + rank}, rank)),
        "shape": refusal(lambda: optim.build(name, odd.named_parameters(), group=group)),
        "lists": refusal(
            lambda: optim.build(name, [m.parameters() for m in pair], group=group)
        ),
    }  # fmt: skip
    model, optimizer = build(name, {"check_finite": True}, rank)
    seen["replicas"] = [optimizer.replicas, list(optimizer.local_replicas)]
    seen["other replica"] = refusal(lambda: optimizer.replica_parameters((rank + 1) % 3))
    seen["early answer"] = refusal(lambda: answer(model, optimizer))
    seen["copy"] = refusal(lambda: optimizer.__getstate__())
    optimizer.prepare()
    seen["answer"] = refusal(lambda: answer(model, optimizer))
    alone = optim.build(name, replica("mlp", 0).parameters()).state_dict()
    seen["state"] = refusal(lambda: optimizer.load_state_dict(alone))
    gradients(model, rank, 0)
    model.net[0].bias.grad[0] = float("nan")
    seen["not finite"] = refusal(optimizer.step)
    late = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    seen["group"] = refusal(
        lambda: optimizer.add_param_group({"params": [late], "lr": 0.1 * (1 + rank)})
    )
    model, optimizer = build(name, {}, rank)
    optimizer.param_groups[0]["lr"] = 0.1 + 0.1 * (rank == 1)  # a scheduler that went its own way
    seen["schedule"] = refusal(lambda: train(model, optimizer, rank, 0, 25))
    model, optimizer = build(name, {}, rank)
    if rank == 2:
        for p in model.net[0].parameters():
            p.requires_grad_(False)
    seen["frozen"] = refusal(lambda: train(model, optimizer, rank, 0, 25))
    return seen


def checkpoint(folder, rank, k):
    return folder / f"checkpoint-{k}-{rank}.pt"


def newest(folder):
    """Number of steps of the newest checkpoint that all replicas have."""
    steps = range(0, LONG_STEPS + 1)
    whole = [k for k in steps if all(checkpoint(folder, a, k).exists() for a in range(3))]
    return max(whole, default=0)


def long_run(rank, folder, killed_at):
    name, hyper = LONG
    model, optimizer = build(name, hyper, rank)
    start = newest(folder)
    if start:
        state = torch.load(checkpoint(folder, rank, start), weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    optimizer.prepare()
    before = kept(model, optimizer)
    for k in range(start, LONG_STEPS):
        if rank == 1 and k == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        gradients(model, rank, k)
        try:
            optimizer.step()
        except optim.ReplicaLostError as lost:
            after = kept(model, optimizer)
            same = before.keys() == after.keys() and all(
                torch.equal(before[key], after[key]) for key in before
            )
            report = {"message": str(lost), "same": same, "iteration": optimizer.iteration}
            (folder / f"survivor-{rank}.json").write_text(json.dumps(report))
            raise
        if (k + 1) % hyper["L"] == 0:
            before = kept(model, optimizer)
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            part = folder / f"part-{rank}"
            torch.save(state, part)
            part.replace(checkpoint(folder, rank, k + 1))
    result = {"start": start, "working": flat(model), "answer": answer(model, optimizer)}
    torch.save(result, folder / f"final-{rank}.pt")


def kept(model, optimizer):
    """What a failed synchronisation must leave as it was."""
    tensors = {"weights": flat(model), "answer": answer(model, optimizer)}
    for i, p in enumerate(model.parameters()):
        for key in ("x", "outer", "master"):
            if key in optimizer.state[p] and optimizer.updates:
                tensors[f"{key} {i}"] = optimizer.state[p][key].clone()
    return tensors


def main():
    scenario, folder = sys.argv[1], Path(sys.argv[2])
    torch.set_num_threads(1)
    where = {}
    if "MASTER_ADDR" not in os.environ:  # no torchrun: the processes meet through a file
        where = {"rank": int(os.environ["RANK"]), "world_size": 3}
        where["init_method"] = f"file://{folder.resolve()}/meeting"
    dist.init_process_group("gloo", timeout=datetime.timedelta(minutes=10), **where)
    rank = dist.get_rank()
    if scenario == "agree":
        agree(rank, folder)
    else:
        long_run(rank, folder, int(sys.argv[3]) if len(sys.argv) > 3 else -1)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
