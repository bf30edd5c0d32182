"""The training loop: one function, every method, the same bytes after an interruption."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from landscape import optim
from landscape.files import require_writable
from landscape.optim.replicas import ReplicaLostError
from landscape.train import device as devices
from landscape.train import distributed
from landscape.train.checkpoint import CheckpointStore, interval
from landscape.train.evaluate import alignment, alignment_after, gradient_extremes
from landscape.train.history import History
from landscape.train.run import Run
from landscape.train.spec import RunSpec, SpecificationError
from landscape.train.weights import KeptWeights


def fit(
    spec: RunSpec,
    *,
    checkpoints: Path | str | None = None,
    device: torch.device | None = None,
    data_root: Path | str | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[History, nn.Module]:
    """Train as ``spec`` says and return the history and the network at the optimizer's answer.

    Replicas are trained one after the other in this process or, under ``torchrun``, one a process
    with the same random numbers, so that the results agree up to the order in which floating-point
    numbers are added. Every process returns the network; the history of process 0 has the rows,
    that of the others is empty.

    Args:
        checkpoints: Folder for resuming; ``None`` writes nothing. A run that was killed continues
            from its last checkpoint and, on the CPU, ends with the same bytes as an undisturbed
            one.
        progress: Called now and then with the finished fraction in [0, 1].

    The returned network, in evaluation mode, gives the numbers of the last row: where the answer
    is another point than the one that gradients were taken at, its batch-norm statistics are
    re-estimated for the answer, on the training samples of the evaluation. Networks of the other
    methods keep their running statistics.

    A loss that is no longer finite ends the run: its last row has ``diverged`` 1 and no losses.

    Raises:
        SpecificationError: When the specification does not fit the data (batch larger than the
            training set), the optimizer (replicas of a method that has none) or the number of
            processes.
        DataError: When the data set is not there.
        landscape.train.distributed.LostReplica: When another process of the run has ended.
        LandscapeError: When the folder of the checkpoints cannot be written, before anything else.
    """
    device = device or devices.pick()
    _check_replicas(spec, distributed.world())
    world = distributed.join(device)
    if checkpoints is not None:
        distributed.all_or_none(lambda: require_writable(checkpoints))
    try:
        run = Run(spec, device, data_root, world)
        store = None if checkpoints is None else CheckpointStore(checkpoints, spec, world)
        weights = KeptWeights(run, None if store is None else store.folder)
        _train(run, store, progress, weights)
        if run.steps.every is not None:
            run.history.steps = run.steps.frame(spec.seed)
        if store is not None and world.speaks:
            weights.finish()
        with run.answer():
            answer = {name: value.clone() for name, value in run.model.state_dict().items()}
    except ReplicaLostError as error:
        raise distributed.LostReplica(str(error)) from error
    run.model.load_state_dict(answer)
    return run.history, run.model.eval()


def _check_replicas(spec: RunSpec, world: distributed.World) -> None:
    """Refuse a number of replicas that the method or the processes do not fit."""
    count, where = spec.replicas.count, f"{spec.experiment}, method {spec.method}"
    if count > 1 and not optim.trains_replicas(spec.optimizer):
        raise SpecificationError(
            f"{where}: {spec.optimizer} trains one network, not {count} replicas; set the count to "
            "1 or choose parle or elastic_sgd."
        )
    if world.size > 1 and world.size != count:
        raise SpecificationError(
            f"{where} trains {count} replica{'s' if count > 1 else ''} but torchrun has started "
            f"{world.size} processes; "
            + (f"use --nproc-per-node {count}." if count > 1 else "run it without torchrun.")
        )


def _train(
    run: Run,
    store: CheckpointStore | None,
    progress: Callable[[float], None] | None,
    weights: KeptWeights,
) -> None:
    """Steps until the end, from the last checkpoint if there is one."""
    world = run.world
    state = None if store is None else store.load()
    if state is not None and not distributed.largest(int(not weights.complete(state)))[0]:
        run.restore(state)
    else:
        run.optimizer.prepare()
    evaluations, pause = run.evaluation_steps(), interval()
    if run.step == 0 and world.speaks:
        run.evaluate({})
        weights.keep()
    last_save = time.monotonic()
    while run.step < run.total_steps and not run.diverged:
        loss = run.gradients()
        evaluating = run.step + 1 in evaluations
        ended, may_save = run.lost(loss, evaluating)
        saving = store is not None and may_save and time.monotonic() - last_save > pause
        if world.size > 1 and may_save:
            # The clock of process 0 decides for all, so that all have checkpoints of one step.
            ended, saving = map(bool, distributed.largest(ended, saving and world.speaks))
        if ended:
            run.step += 1
            run.diverged = True
            if world.speaks:
                run.evaluate({})
            break
        gradients, field = {}, None
        if evaluating and world.speaks:
            field = run.optimizer.perturbation()
            gradients = gradient_extremes(run.model, field) | alignment(run.model, field)
        run.optimizer.observe(loss)
        run.optimizer.step()
        run.scheduler.step()
        run.step += 1
        if world.speaks:
            weights.keep()
        if evaluating and world.speaks:
            run.evaluate(gradients | alignment_after(run.model, field))
            if progress is not None:
                progress(run.step / run.total_steps)
        if saving and store is not None:
            store.save(run.state())
            last_save = time.monotonic()
    if store is not None:
        store.save(run.state())
