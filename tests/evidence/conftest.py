"""A small project on disk: one artifact with a page, results of two methods, a simulation."""

import json
import shutil
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
PART = "1-spin-glass"
EXPERIMENT, SIMULATION = "toy-training", "toy-simulation"
METHODS, CASES = ("adam", "anneal_sgd"), ("cold", "hot")
WORK = {"model": {"name": "net"}, "optimizer": {"name": "sgd"},
        "run": {"epochs": 50, "seeds": 3}}  # fmt: skip
SIMULATED = {"spins": 100, "seed": 0, "draws": {"cold": 5, "hot": 7}}


def provenance(experiment, run, **changes):
    """A provenance record as an execution writes it."""
    trained = {"model": "net", "model_options": {}, "optimizer": "sgd", "optimizer_options": {},
               "epochs": 50}  # fmt: skip
    return {
        "experiment": experiment, "method": run, "profile": "paper",
        "specification": "ab" * 32, "seeds": [0, 1, 2] if experiment == EXPERIMENT else [0],
        "parameters": trained if experiment == EXPERIMENT else SIMULATED,
        "command": f"landscape run {experiment} --profile paper",
        "commit": "0123456789ab", "started": "2026-01-02T03:04:05Z",
        "finished": "2026-01-02T03:05:05Z", "wall_seconds": 61.2, "device": "CPU",
        "cpu": "Example CPU", "cores": 2, "workers": 2,
        "versions": {"python": "3.11.9", "torch": "2.13.0"},
    } | changes  # fmt: skip


def put_provenance(folder, experiment, run, **changes):
    path = folder / f"{run}.provenance.json"
    path.write_text(json.dumps(provenance(experiment, run, **changes)), encoding="utf-8")


def put_training(folder, method, start, **changes):
    """Write ``<method>/results.csv`` with curves that fall from ``start``, and its provenance."""
    from landscape.evidence.records import TRAINING_COLUMNS

    rows = []
    for seed in (0, 1, 2):
        for step in range(5):
            row = dict.fromkeys(TRAINING_COLUMNS, start / (step + 1) + 0.1 * seed)
            row |= {"seed": seed, "step": 10 * step, "effective_epoch": float(step), "diverged": 0}
            rows.append(row)
    (folder / method).mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / method / "results.csv", index=False)
    put_provenance(folder, EXPERIMENT, method, **changes)


def put_simulation(folder):
    for number, case in enumerate(CASES):
        (folder / case).mkdir(parents=True, exist_ok=True)
        rows = pd.DataFrame({"start": range(4), "energy": [-1.5 - number] * 4})
        for name in ("results", "minima"):
            rows.to_csv(folder / case / f"{name}.csv", index=False)
        put_provenance(folder, SIMULATION, case, finished=f"2026-01-0{3 - number}T01:00:00Z")


CLAIMS = """
    paper_values:
      gain: {what: gain, value: -20, err: 1, unit: "%"}
    claims:
      - id: c1
        text: The field trains faster.
        rule: all
        parts:
          - {key: sign, text: It ends lower., rule: below, threshold: 0}
          - {key: size, text: By 20., rule: near, paper: gain, tolerance: 1, role: control}
      - {id: c2, text: Arithmetic holds., rule: holds, tolerance: 1e-9}
"""
FIGURE = """
    from landscape.evidence import statistics
    from landscape.evidence.measurement import Measurement

    def measure(runs):
        frame = runs.frame("toy-training")
        found = {"c2": Measurement(3e-16)}
        if frame is not None:
            ends = [statistics.per_seed(frame[frame["method"] == m], "test_error")
                    for m in ("anneal_sgd", "adam")]
            gain = statistics.paired_difference(*ends, unit="%")
            found["c1"] = {"sign": gain, "size": gain}
        return found

    def finding(found):
        return f"The field gains {-found['c1.sign'].value:.0f} points: {found.verdict}."
"""


def put_page(root, claims=CLAIMS, figure=FIGURE, name="thesis-fig-2-3"):
    folder = root / "book" / PART / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.md").write_text("# page\n", encoding="utf-8")
    (folder / "claims.yaml").write_text(textwrap.dedent(claims), encoding="utf-8")
    (folder / "figure.py").write_text(textwrap.dedent(figure), encoding="utf-8")
    return folder


@pytest.fixture
def write_page(project):
    """A function that changes the page's ``claims`` or ``figure``, or makes one of another name."""
    return lambda **changes: put_page(project, **changes)


@pytest.fixture
def declared(monkeypatch):
    """The catalogue knows one training experiment and one simulation; their settings in paper."""
    from landscape.experiments import catalogue, settings

    def experiment(name, kind, runs):
        def folder(profile, root):
            return Path(root) / "results" / profile / PART / name

        return SimpleNamespace(id=name, kind=kind, runs=runs, part=PART, folder=folder)

    known = {
        EXPERIMENT: experiment(EXPERIMENT, "train", METHODS),
        SIMULATION: experiment(SIMULATION, "simulate", CASES),
    }

    class Spec(SimpleNamespace):
        def as_dict(self):
            return provenance(EXPERIMENT, "adam")["parameters"] | {"seed": self.seed}

    monkeypatch.setattr(catalogue, "get", lambda name, kind=None, root=None: known[name])
    monkeypatch.setattr(
        catalogue, "grid_runs", lambda *a, **k: [(Spec(seed=seed), {}) for seed in range(3)]
    )
    monkeypatch.setattr(settings, "resolved", lambda *a, **k: SIMULATED)
    monkeypatch.setattr(settings, "method_settings", lambda *a, **k: WORK | {"asked": a[1:3]})
    return known


@pytest.fixture
def project(tmp_path, declared):
    """A root with the list of artifacts, a page and laptop and paper results."""
    (tmp_path / "references").mkdir()
    shutil.copy(ROOT / "references" / "artifacts.yaml", tmp_path / "references")
    put_page(tmp_path)
    for profile in ("laptop", "paper"):
        folder = tmp_path / "results" / profile / PART
        put_training(folder / EXPERIMENT, "adam", 200, profile=profile)
        put_training(folder / EXPERIMENT, "anneal_sgd", 100, profile=profile)
        put_simulation(folder / SIMULATION)
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
