"""A small project on disk with results of two methods and their provenance."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


def provenance(experiment, method, seeds, **changes):
    """A provenance record as training writes it."""
    return {
        "experiment": experiment, "method": method, "profile": "laptop",
        "specification": "ab" * 32, "parameters": {"run": {"epochs": 4}}, "seeds": seeds,
        "command": f"landscape train {experiment} --method {method} --profile laptop",
        "commit": "0123456789ab", "started": "2026-01-02T03:04:05Z",
        "finished": "2026-01-02T03:05:05Z", "wall_seconds": 61.2, "device": "CPU",
        "cpu": "Example CPU", "cores": 2, "workers": 2,
        "versions": {"python": "3.11.9", "torch": "2.13.0"}, "diverged": [],
    } | changes  # fmt: skip


def training_csv(folder, experiment, method, start, seeds=(0, 1, 2), columns=None):
    """Write ``<method>.csv`` with curves that fall from ``start`` and its provenance."""
    from landscape.evidence.records import TRAINING_COLUMNS

    rows = []
    for seed in seeds:
        for step in range(5):
            error = start / (step + 1) + 0.1 * seed
            row = dict.fromkeys(TRAINING_COLUMNS, error)
            row |= {"seed": seed, "step": 10 * step, "effective_epoch": float(step), "diverged": 0}
            rows.append(row)
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(rows, columns=list(columns or TRAINING_COLUMNS))
    frame.to_csv(folder / f"{method}.csv", index=False)
    (folder / f"{method}.provenance.json").write_text(
        json.dumps(provenance(experiment, method, list(seeds))), encoding="utf-8"
    )
    return frame


SIMULATION = "thesis-fig-2-2"


@pytest.fixture
def simulation(tmp_path):
    """A folder with the tables of a simulation and the provenance of each case."""
    folder = tmp_path / "run"
    folder.mkdir()
    for number, case in enumerate(("exponential", "polynomial", "trivial")):
        rows = pd.DataFrame({"start": range(4), "energy": [-1.5 - number] * 4})
        for part in ("", "-minima", "-draws"):
            rows.to_csv(folder / f"{case}{part}.csv", index=False)
        item = provenance(SIMULATION, case, [0], finished=f"2026-01-0{3 - number}T01:00:00Z")
        (folder / f"{case}.provenance.json").write_text(json.dumps(item), encoding="utf-8")
    pd.DataFrame({"regime": ["trivial"], "minima": [1.0]}).to_csv(
        folder / "summary.csv", index=False
    )
    return folder


EXPERIMENT = "thesis-fig-2-3-mnistfc"


@pytest.fixture
def project(tmp_path):
    """A root with parameters, references and laptop results of one experiment."""
    for name in ("params", "references"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    (tmp_path / "params.yaml").write_text("profile: laptop\n", encoding="utf-8")
    folder = tmp_path / "results" / "laptop" / EXPERIMENT
    training_csv(folder, EXPERIMENT, "adam", 80)
    training_csv(folder, EXPERIMENT, "anneal_sgd", 40)
    training_csv(folder, EXPERIMENT, "resampled_noise", 60)
    return tmp_path


@pytest.fixture
def curves():
    """Two methods, three seeds, one of which diverges."""
    rng = np.random.default_rng(0)
    rows = [
        (method, seed, 10 * k, float(k), 10.0 / (k + 1) + rng.random(), 0)
        for method in ("adam", "anneal_sgd")
        for seed in range(3)
        for k in range(6)
        if not (method == "adam" and seed == 2 and k > 3)
    ]
    rows.append(("adam", 2, 40, 4.0, np.nan, 1))
    return pd.DataFrame(
        rows, columns=["method", "seed", "step", "effective_epoch", "error", "diverged"]
    )
