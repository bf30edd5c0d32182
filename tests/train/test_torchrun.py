"""One replica a process: the same run as in one process, and what happens when a process is lost.

Most tests fork, which spares the import of torch; the command line is started by torchrun itself.
"""

import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from processes import PATIENCE

from landscape import cli, data
from landscape.errors import LandscapeError
from landscape.experiments import catalogue
from landscape.experiments.kept import collect
from landscape.optim import ReplicaLostError
from landscape.train import distributed, loop, run
from landscape.train.checkpoint import CheckpointStore
from landscape.train.run import Run
from landscape.train.spec import DataSpec, ReplicaSpec, RunSpec, SpecificationError
from landscape.train.weights import decoded


def specification(optimizer="parle", **changes):
    values = {
        "experiment": "a-test",
        "method": optimizer,
        "seed": 2,
        "model": "mnistfc_ch4",  # has batch norm and dropout
        "model_options": {"width": 8},
        "optimizer": optimizer,
        "optimizer_options": {"lr": 0.1, "momentum": 0.5, "batches_per_epoch": 200},
        "data": DataSpec(holdout=0.2),
        "batch_size": 16,
        "epochs": 2.0,
        "evaluations_per_epoch": 1,
        "evaluation_samples": 64,
        "replicas": ReplicaSpec(3, 0.5),
    }
    if optimizer == "parle":
        values["optimizer_options"] |= {"L": 3}
    return RunSpec(**{**values, **changes})


def forked(function, folder, count=3):
    """Call function(rank) in `count` processes that look as torchrun's; returns their exit codes.

    What a process returns or raises lies in `folder/<rank>.pt`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def child(rank):
        os.environ.update(
            RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count), MASTER_PORT=str(port),
            LOCAL_WORLD_SIZE=str(count), MASTER_ADDR="127.0.0.1", LANDSCAPE_DEVICE="cpu",
        )  # fmt: skip
        torch.set_num_threads(1)
        try:
            result = function(rank)
        except Exception as error:
            result = (type(error).__name__, str(error))
        torch.save(result, folder / f"{rank}.pt")
        os._exit(0)  # the parent's cleaning up is not the child's

    context = multiprocessing.get_context("fork")
    children = [context.Process(target=child, args=(rank,)) for rank in range(count)]
    for process in children:
        process.start()
    end = time.monotonic() + PATIENCE
    for process in children:
        process.join(max(0.0, end - time.monotonic()))
    late = [process for process in children if process.is_alive()]
    for process in late:
        process.kill()
    assert not late, "processes did not come to an end"
    return [process.exitcode for process in children]


def results(folder, count=3):
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(count)]


def fitted(spec, **options):
    history, model = loop.fit(spec, **options)
    return history.frame(), model.state_dict()


def assert_close(one, other, tolerance=1e-6):
    for name, value in one.items():
        assert torch.allclose(value.double(), other[name].double(), atol=tolerance), name


def assert_same(one, other):
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


@pytest.mark.parametrize(
    ("optimizer", "replicas"),
    [
        ("parle", ReplicaSpec(3, 0.5)),
        ("elastic_sgd", ReplicaSpec(3, None, same_start=False)),
    ],
)
def test_processes_train_what_one_process_trains(small_data, tmp_path, optimizer, replicas):
    spec = specification(optimizer, replicas=replicas)
    frame, weights = fitted(spec)
    assert forked(lambda rank: fitted(spec), tmp_path) == [0, 0, 0]
    first, *others = results(tmp_path)
    assert_close(weights, first[1])
    pd.testing.assert_frame_equal(frame, first[0], rtol=1e-5)
    for other_frame, other_weights in others:
        assert_same(first[1], other_weights)
        assert other_frame.empty


def test_process_0_keeps_the_weights_and_the_steps(small_data, tmp_path, monkeypatch):
    spec = specification(weights=(0.5, 1.0), record_every=1)
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "1000")
    loop.fit(spec, checkpoints=tmp_path / "one")
    (tmp_path / "several").mkdir()
    forked(lambda rank: fitted(spec, checkpoints=tmp_path / "several")[0].empty, tmp_path)
    assert results(tmp_path) == [False, True, True]
    kept = []
    for name in ("one", "several"):
        (folder := tmp_path / f"{name}-collected").mkdir()
        collect([spec], [{}], tmp_path / name, folder)
        kept.append([decoded(path)[0].state_dict() for path in sorted(folder.glob("weights/*"))])
    assert len(kept[0]) == 2
    for one, several in zip(*kept, strict=True):
        assert_close(one, several)
    steps = [pd.read_csv(tmp_path / f"{name}-collected/steps.csv") for name in ("one", "several")]
    # The losses are each process' own, until they compare notes.
    columns = ["seed", "step", "weight_square", "gradient_square", "learning_rate"]
    pd.testing.assert_frame_equal(steps[0][columns], steps[1][columns], rtol=1e-4)


def test_only_process_0_evaluates(small_data, tmp_path, monkeypatch):
    counted = []
    evaluate = Run.evaluate
    monkeypatch.setattr(Run, "evaluate", lambda s, g: (counted.append(s.step), evaluate(s, g))[1])
    forked(lambda rank: (fitted(specification()), counted)[1], tmp_path)
    assert [len(steps) for steps in results(tmp_path)] == [4, 0, 0]


def dying(rank, at, signal_number=signal.SIGKILL):
    """Patch Run.gradients so that process `rank` ends at step `at`, without a word."""
    compute = Run.gradients

    def gradients(self):
        if self.world.rank == rank and self.step == at:
            os.kill(os.getpid(), signal_number)
        return compute(self)

    return gradients


@pytest.mark.parametrize("lost", [0, 2])
def test_after_a_killed_process_the_others_end_and_the_run_resumes(
    small_data, tmp_path, monkeypatch, lost
):
    monkeypatch.setenv("LANDSCAPE_CHECKPOINT_SECONDS", "0")
    monkeypatch.setattr(run, "_ROUND", 2)
    spec = specification(epochs=4.0)
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    forked(lambda rank: fitted(spec), undisturbed)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "gradients", dying(lost, at=9))
        codes = forked(lambda rank: fitted(spec, checkpoints=tmp_path / "kept"), tmp_path)
    assert codes[lost] == -signal.SIGKILL
    for rank in {0, 1, 2} - {lost}:
        kind, sentence = torch.load(tmp_path / f"{rank}.pt")
        assert kind == "LostReplica"
        assert "same command" in sentence
        assert len(sentence.splitlines()) == 1
    steps = [
        {int(path.stem) for path in (tmp_path / "kept").glob(f"*/rank-{rank}-of-3/*.pt")}
        for rank in range(3)
    ]
    assert max(set.intersection(*steps)) in (6, 8)
    assert all(len(kept) <= 2 for kept in steps)

    seen = []
    compute = Run.gradients
    monkeypatch.setattr(Run, "gradients", lambda s: (seen.append(s.step), compute(s))[1])
    forked(lambda rank: (fitted(spec, checkpoints=tmp_path / "kept"), seen[0]), tmp_path)
    for rank, ((frame, weights), begun) in enumerate(results(tmp_path)):
        assert begun == max(set.intersection(*steps))
        whole_frame, whole_weights = results(undisturbed)[rank]
        assert_same(whole_weights, weights)
        pd.testing.assert_frame_equal(whole_frame, frame, check_exact=True)


def test_processes_resume_from_the_newest_step_that_all_have(tmp_path):
    spec = specification()
    have = [{4: 1, 6: 1}, {2: 1, 4: 1}, {4: 1, 6: 0}]  # 0: written in part, unreadable

    def resumed(rank):
        world = distributed.join(torch.device("cpu"))
        store = CheckpointStore(tmp_path / "kept", spec, world)
        for step, whole in have[rank].items():
            store.save({"step": step})
            path = store.own / f"{step}.pt"
            if not whole:
                path.write_bytes(path.read_bytes()[:50])
        state = store.load()
        return state["step"], sorted(path.stem for path in store.own.iterdir())

    forked(resumed, tmp_path)
    assert results(tmp_path) == [(4, ["4"]), (4, ["2", "4"]), (4, ["4"])]


def test_without_a_common_step_the_run_starts_anew(tmp_path):
    def resumed(rank):
        store = CheckpointStore(
            tmp_path / "kept", specification(), distributed.join(torch.device("cpu"))
        )
        store.save({"step": 2 + rank})
        return store.load()

    forked(resumed, tmp_path, count=2)
    assert results(tmp_path, 2) == [None, None]


def test_a_lost_loss_in_one_process_ends_all_as_diverged(small_data, tmp_path, monkeypatch):
    compute = Run.gradients

    def poisoned(self):
        loss = compute(self)
        return loss * float("nan") if (self.world.rank, self.step) == (1, 4) else loss

    monkeypatch.setattr(Run, "gradients", poisoned)
    assert forked(lambda rank: fitted(specification()), tmp_path) == [0, 0, 0]
    frame = results(tmp_path)[0][0]
    assert list(frame["diverged"]) == [0, 1]
    assert frame["step"].iloc[-1] == 6


def test_data_missing_for_one_process_end_all_with_its_sentence(small_data, tmp_path, monkeypatch):
    prepare = data.prepare

    def partly(name, **options):
        if os.environ["RANK"] == "1":
            raise data.DataError("Data set mnist is not in data/.")
        return prepare(name, **options)

    monkeypatch.setattr(data, "prepare", partly)
    forked(lambda rank: fitted(specification()), tmp_path)
    found = results(tmp_path)
    assert [sentence for _, sentence in found] == ["Data set mnist is not in data/."] * 3
    assert [kind for kind, _ in found] == ["LandscapeError", "DataError", "LandscapeError"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            specification("sgd", optimizer_options={"lr": 0.1}, replicas=ReplicaSpec()),
            "trains 1 replica but torchrun has started 2 processes; run it without torchrun",
        ),
        (specification(), "trains 3 replicas but torchrun.*--nproc-per-node 3"),
    ],
)
def test_another_number_of_processes_is_refused(spec, said, monkeypatch):
    for name, value in {"RANK": 1, "WORLD_SIZE": 2, "MASTER_ADDR": "nowhere"}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(SpecificationError, match=said) as found:
        loop.fit(spec)
    assert "\n" not in str(found.value)


def test_the_optimizers_own_word_is_passed_on(small_data, monkeypatch):
    def broken(self):
        raise ReplicaLostError("Replica 1 could not take part.")

    monkeypatch.setattr("landscape.optim.Parle.step", broken)
    with pytest.raises(distributed.LostReplica, match="Replica 1 could not take part"):
        loop.fit(specification())
    assert issubclass(distributed.LostReplica, LandscapeError)


@pytest.mark.parametrize(
    ("rank", "error", "printed"),
    [
        (0, LandscapeError("Refused."), "landscape: Refused.\n"),
        (2, LandscapeError("Refused."), ""),
        (2, distributed.LostReplica("Lost."), "landscape: Lost.\n"),
    ],
)
def test_who_prints_what(rank, error, printed, monkeypatch, capsys):
    for name, value in {"RANK": rank, "WORLD_SIZE": 3, "MASTER_ADDR": "nowhere"}.items():
        monkeypatch.setenv(name, str(value))

    def refuse(*arguments, **settings):
        raise error

    monkeypatch.setattr(distributed, "join", refuse)
    assert cli.main(["run", "anything"]) == 1
    assert capsys.readouterr().err == printed


# The command line under torchrun itself

PROGRAM = """
    import os, sys
    from types import SimpleNamespace
    import torch
    from landscape import cli, data
    from landscape.train import run

    def split(samples, generator):
        x = torch.randn(samples, 1, 28, 28, generator=generator)
        return SimpleNamespace(x=x, y=x[:, 0, :10].mean(-1).argmax(1))

    def prepare(name, **options):
        draws = torch.Generator().manual_seed(7)
        return SimpleNamespace(train=split(96, draws), validation=None, test=split(32, draws))

    data.prepare = prepare
    run._ROUND = 2
    compute = run.Run.gradients

    def gradients(self):
        if os.environ.get("KILL") == str(self.world.rank) and self.step == 9 and self.spec.seed:
            os.kill(os.getpid(), 9)
        return compute(self)

    run.Run.gradients = gradients
    sys.exit(cli.main(sys.argv[1:]))
"""
PARAMETERS = """
    a-test:
      title: A test
      common:
        data: {name: mnist}
        model: {name: mnistfc_ch3, width: 8}
        run: {batch_size: 16, epochs: 3, seeds: 2, evaluation_samples: 64}
      methods:
        parle:
          optimizer: {name: parle, lr: 0.1, L: 3, batches_per_epoch: 100}
          replicas: {count: 3}
        sgd:
          optimizer: {name: sgd, lr: 0.1}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    page = tmp_path / "book" / "4-parle" / "page"
    page.mkdir(parents=True)
    (page / "page.md").touch()
    (page / "settings.yaml").write_text(textwrap.dedent(PARAMETERS))
    shutil.copy(Path(__file__).parents[2] / "book" / "parts.yaml", tmp_path / "book")
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    source = str(Path(run.__file__).parents[2])
    for name, value in {
        "LANDSCAPE_ROOT": str(tmp_path), "LANDSCAPE_DEVICE": "cpu", "OMP_NUM_THREADS": "1",
        "LANDSCAPE_CHECKPOINT_SECONDS": "0", "PYTHONPATH": source,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return tmp_path


def train(project, method, processes=3, **environment):
    arguments = ["run", f"a-test/{method}", "--profile", "paper"]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    launcher += ["--nproc-per-node", str(processes)]
    return subprocess.run(
        [*launcher, str(project / "program.py"), *arguments, "--output", str(project / "results")],
        capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **environment},
        cwd=project, check=False,
    )  # fmt: skip


def spoken(finished):
    return [line for line in finished.stderr.splitlines() if line.startswith("landscape:")]


def test_torchrun_trains_writes_once_and_resumes_after_a_kill(project, small_data):
    broken = train(project, "parle", KILL="1")
    assert broken.returncode == 1
    assert not list((project / "results").iterdir())
    assert 'program.py", line' not in broken.stderr  # no traceback but torchrun's own
    for line in spoken(broken):
        assert "same command" in line
    folders = [path for path in (project / "checkpoints").iterdir() if path.is_dir()]
    assert len(folders) == 2  # the finished first seed and the broken second one

    whole = train(project, "parle")
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.count("wrote") == 1
    assert whole.stdout.count("2 of 2 runs finished") == 1
    assert not list((project / "checkpoints").iterdir())
    record = json.loads((project / "results" / "parle.provenance.json").read_text())
    assert (record["replicas"], record["world_size"], record["backend"]) == (3, 3, "gloo")
    start = "torchrun --nproc-per-node 3 -m landscape run 4-parle/a-test/parle"
    assert record["command"].startswith(start)
    assert record["parameters"]["replicas"]["count"] == 3

    written = pd.read_csv(project / "results" / "parle" / "results.csv")
    specs = catalogue.run_specs("a-test", "parle", "paper", project)
    expected = pd.concat([fitted(spec)[0] for spec in specs], ignore_index=True)
    pd.testing.assert_frame_equal(written, expected, rtol=1e-5, check_dtype=False)


def test_torchrun_refuses_a_method_for_one_network_in_one_sentence(project):
    refused = train(project, "sgd", processes=2)
    assert refused.returncode == 1
    assert 'program.py", line' not in refused.stderr
    (line,) = spoken(refused)
    assert "a-test, method sgd trains 1 replica but torchrun has started 2 processes" in line
    assert "run it without torchrun" in line
    assert not list((project / "results").iterdir())
