"""Two processes that share one network: DDP, FSDP2, ZeRO; equal, or refused before a step."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
    pytest.skip("this torch has no gloo", allow_module_level=True)

from processes import PATIENCE
from reference.optim_problems import CASES, IDS

TESTS = Path(__file__).parents[1]
WORKER = str(TESTS / "reference" / "shared_worker.py")
every_case = pytest.mark.parametrize(
    ("label", "name", "settings"), [(i, *case) for i, case in zip(IDS, CASES, strict=True)], ids=IDS
)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What the two processes have said, and the weights that they ended with."""
    folder = tmp_path_factory.mktemp("shared")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS), *sys.path])
    jobs = [
        subprocess.Popen(
            [sys.executable, WORKER, str(folder), str(rank)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    errors = [job.communicate(timeout=PATIENCE)[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], errors
    return (
        [json.loads((folder / f"seen-{rank}.json").read_text()) for rank in range(2)],
        [torch.load(folder / f"results-{rank}.pt") for rank in range(2)],
    )


def draws_noise(name, settings):
    if name in ("anneal_sgd", "resampled_noise", "heat_smoothing"):
        return settings["gamma" if name == "heat_smoothing" else "J"] > 0
    if name == "entropy_sgd":
        return settings.get("temperature", 1e-6) > 0 and settings.get("form") != "C"
    return name == "sgld" or (name == "entropy_adam" and settings["temperature"] > 0)


@every_case
def test_processes_with_a_seed_each_never_drift_apart(both, label, name, settings):
    """DDP, gloo, `torch.manual_seed(rank)`, no generator, other data in each process."""
    said, found = ([part[f"{label}, distributed_data"] for part in parts] for parts in both)
    assert torch.equal(found[0]["alone"], found[1]["alone"])
    refused = draws_noise(name, settings) or name == "matched_cgd"
    for words in said:
        assert words["still"] == refused, "refused before the first step, or never"
        if not refused:
            assert {words[k] for k in ("step", "prepare", "perturbation")} == {"accepted"}
            continue
        remedy = "loss_over=torch.distributed.group.WORLD" if name == "matched_cgd" else (
            "pass generator=torch.Generator().manual_seed(seed), the same seed in all processes"
        )  # fmt: skip
        assert words["step"].startswith("HyperparameterError: ")
        assert remedy in words["step"]
        early = {"heat_smoothing": "prepare", "anneal_sgd": "perturbation"}
        early["resampled_noise"] = "perturbation"
        if name in early:
            assert words[early[name]] == words["step"]


@every_case
def test_one_seed_in_all_processes_is_one_network(both, label, name, settings):
    found = [part[f"{label}, distributed_data"] for part in both[1]]
    assert torch.equal(found[0]["equal"], found[1]["equal"])
    assert torch.equal(found[0]["answer"], found[1]["answer"])
    assert not torch.equal(found[0]["equal"], found[0]["alone"]) or not draws_noise(name, settings)


@every_case
def test_a_sharded_network_is_the_unsharded_run(both, label, name, settings):
    """FSDP2: the same weights and the same noise, and the same from a checkpoint in shards."""
    for rank, found in enumerate(part[f"{label}, fully_sharded"] for part in both[1]):
        assert torch.allclose(found["working"], found["expected"], rtol=0, atol=1e-13), rank
        assert torch.allclose(found["answer"], found["expected answer"], rtol=0, atol=1e-13)
        assert torch.equal(found["resumed"], found["working"])
    for words in (part[f"{label}, fully_sharded"] for part in both[0]):
        assert words["in cycle"] == ("was changed from outside" in words["outside"])


@every_case
def test_zero_gives_the_right_run_or_none(both, label, name, settings):
    said, found = ([part[f"{label}, zero_redundancy"] for part in parts] for parts in both)
    for words, weights in zip(said, found, strict=True):
        if name in ("sgd", "adam"):
            assert torch.equal(weights["working"], weights["expected"])
            assert torch.equal(weights["resumed"], weights["expected"])
        else:
            assert "cannot work inside ZeroRedundancyOptimizer" in words["zero"]
            assert words["zero"].endswith("fully_shard instead.")


def test_what_cannot_be_told_apart_is_refused(both):
    for words in (part["others"] for part in both[0]):
        for original in (False, True):
            assert words[f"sgd, FSDP1, {original}"] == "accepted"
            for name, kind in (("entropy_sgd", "EntropySGD"), ("cosine_cgd", "CosineCGD")):
                assert words[f"{name}, FSDP1, {original}"] == (
                    f"HyperparameterError: {kind} cannot tell a weight's place in "
                    "FullyShardedDataParallel; shard the model with "
                    "torch.distributed.fsdp.fully_shard instead."
                )
        assert "Parle holds one whole replica a process of its group" in words["replica"]
        assert words["apart"] == "accepted"
        assert words["length"] <= 1e-7


def test_noise_and_fields_by_hand_need_no_generator_and_no_shards(both):
    for words in (part["others"] for part in both[0]):
        by_hand = {key: value for key, value in words.items() if key.endswith("by hand")}
        assert len(by_hand) == 6
        assert max(by_hand.values()) == 0
