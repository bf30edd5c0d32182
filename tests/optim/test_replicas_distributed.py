"""One replica a process: the same run as in one process, refusals on every rank, lost processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

if not torch.distributed.is_available():
    pytest.skip("this torch has no torch.distributed", allow_module_level=True)

from processes import PATIENCE
from reference import replica_worker as worker
from reference.optim_problems import flat
from reference.replica_problems import Ensemble

TESTS = Path(__file__).parents[1]
WORKER = str(TESTS / "reference" / "replica_worker.py")
LAUNCH = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "3"]


def environment(**more):
    paths = [str(TESTS), *sys.path]
    own = {k: v for k, v in os.environ.items() if k not in ("RANK", "WORLD_SIZE", "MASTER_ADDR")}
    return {**own, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths), **more}


def torchrun(*arguments):
    command = [sys.executable, *LAUNCH, WORKER, *map(str, arguments)]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def together(name, hyper, steps):
    """The same in one process."""
    ensemble = Ensemble(name, hyper)
    for k in range(steps):
        for a, model in enumerate(ensemble.models):
            worker.gradients(model, a, k)
        ensemble.optimizer.step()
    return ensemble


@pytest.fixture(scope="module")
def agreed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agree")
    job = torchrun("agree", folder)
    assert job.returncode == 0, job.stderr
    return folder


@pytest.mark.parametrize("case", worker.CASES)
def test_processes_give_the_weights_of_one_process(agreed, case):
    ensemble = together(*worker.CASES[case], worker.STEPS)
    expected, answers = ensemble.weights(), ensemble.answers()
    found = [torch.load(agreed / f"{case}-{rank}.pt") for rank in range(3)]
    for rank in range(3):
        assert torch.allclose(found[rank]["working"], expected[rank], rtol=0, atol=1e-12)
        assert torch.allclose(found[rank]["answer"], answers[rank], rtol=0, atol=1e-12)
        assert torch.equal(found[rank]["answer"], found[0]["answer"]), "one master, bit for bit"
    assert not torch.equal(found[0]["working"], found[1]["working"])
    assert (expected[0] - flat(worker.replica("mlp", 0))).abs().max() > 1e-2


@pytest.mark.parametrize("case", worker.CASES)
def test_every_process_goes_on_exactly_from_its_own_state(agreed, case):
    for rank in range(3):
        found = torch.load(agreed / f"{case}-{rank}.pt")
        assert torch.equal(found["resumed"], found["working"])
        assert torch.equal(found["resumed answer"], found["answer"])


@pytest.mark.parametrize("name", ["elastic_sgd", "parle"])
def test_differences_are_refused_by_every_process_in_the_same_words(agreed, name):
    files = [json.loads((agreed / f"refusals-{rank}.json").read_text()) for rank in range(3)]
    seen = [file[name] for file in files]
    everywhere = {
        "setting": "lr of group 0 is 0.1 for replica 0 and 0.2 for replica 2; build all",
        "scoping": "rate=0.1, bound=0.1, reading='multiply')\" for replica 0 and",
        "shape": "the shape of weight is (2, 3) for replica 0 and (3, 3) for replica 1;",
        "lists": "pass this process's model.parameters() to",
        "group": "lr of group 1 is 0.1 for replica 0 and 0.2 for replica 1;",
        "schedule": "lr of group 0 is 0.1 for replica 0 and 0.2 for replica 1;",
        "frozen": "which parameters are trainable is 'yyyy' for replica 0 and 'nnyy' for replica 2",
    }
    for key, words in everywhere.items():
        sentences = {s[key] for s in seen}
        assert len(sentences) == 1, (key, sentences)
        sentence = sentences.pop()
        assert sentence.startswith("HyperparameterError: ")
        assert words in sentence
        assert sentence.endswith(".")
    for rank in range(3):
        assert seen[rank]["replicas"] == [3, [rank]]
        assert f"which holds [{rank}]" in seen[rank]["other replica"]
        assert (
            "RuntimeError: The master is the mean over all processes" in seen[rank]["early answer"]
        )
        assert "cannot be copied or pickled" in seen[rank]["copy"]
        assert seen[rank]["answer"] == "accepted"
        assert "This state holds 1 of 1 replicas" in seen[rank]["state"]
        assert f"'replica {rank}: net.0.bias' is not finite" in seen[rank]["not finite"]


def test_a_killed_process_ends_the_others_with_one_sentence(tmp_path):
    """Without torchrun, which would end the survivors before they can speak."""
    command = [sys.executable, WORKER, "train", str(tmp_path), "13"]
    jobs = [
        subprocess.Popen(
            command, env=environment(RANK=str(rank)), stderr=subprocess.PIPE, text=True
        )
        for rank in range(3)
    ]
    errors = [job.communicate(timeout=PATIENCE)[1] for job in jobs]
    assert jobs[1].returncode == -9
    for rank in (0, 2):
        assert jobs[rank].returncode == 1
        report = json.loads((tmp_path / f"survivor-{rank}.json").read_text())
        message = report["message"]
        assert message.startswith(f"Replica {rank} could not take part in synchronisation 3, beca")
        assert "the weights of this process are those of synchronisation 2: start the" in message
        assert message.endswith("it goes on from the last checkpoint.")
        assert "\n" not in message
        assert f"ReplicaLostError: {message}" in errors[rank]
        assert report["same"], "nothing is half-updated"
        assert report["iteration"] == 10


def test_the_same_command_goes_on_from_the_last_checkpoint(tmp_path):
    killed = torchrun("train", tmp_path, "33")
    assert killed.returncode != 0
    assert "replica_worker.py FAILED" in killed.stderr
    assert not list(tmp_path.glob("final-*"))
    again = torchrun("train", tmp_path)
    assert again.returncode == 0, again.stderr
    ensemble = together(*worker.LONG, worker.LONG_STEPS)
    for rank in range(3):
        final = torch.load(tmp_path / f"final-{rank}.pt")
        assert final["start"] == 30
        assert torch.allclose(final["working"], ensemble.weights()[rank], rtol=0, atol=1e-11)
        assert torch.allclose(final["answer"], ensemble.answers()[0], rtol=0, atol=1e-11)
