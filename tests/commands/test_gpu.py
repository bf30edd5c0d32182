"""The GPU queue: nothing that fails or is late takes the rest with it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from processes import ended, wait_for

from landscape import cli
from landscape.commands import gpu
from landscape.errors import LandscapeError
from landscape.evidence.gpu_plan import Planned
from landscape.experiments import probe
from landscape.pipeline import finished
from landscape.train import provenance

WITHOUT_GPU = gpu._refuse_without_gpu
RUNS = ["1-part/a/sgd", "1-part/a/adam", "1-part/b/sgd"]


class Machine:
    """Stands for the processes: what each run takes, on a clock that only they move."""

    def __init__(self, monkeypatch, takes, broken=()):
        self.now, self.takes, self.broken, self.calls = 0.0, takes, broken, []
        self.code = "this code and"
        monkeypatch.setattr(gpu.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(gpu, "_within", self.within)
        monkeypatch.setattr(gpu, "root_and_profile", lambda _: (Path("."), "paper"))
        monkeypatch.setattr(gpu, "_refuse_without_gpu", lambda: None)
        monkeypatch.setattr(gpu.gpu_plan, "plan", self.plan)
        monkeypatch.setattr(finished, "digest", self.digest)

    def plan(self, root, seconds=None, steps=None, profile="paper", **_):
        return [Planned(run, 1, (seconds or {}).get(run), 1.0) for run in RUNS]

    def digest(self, run, *others):
        return f"{self.code} {run}"

    def within(self, command, seconds):
        if "landscape.experiments.probe" in command:
            self.now += 1
            lines = [
                {"run": run, "seconds": self.takes[run]}
                for run in command[command.index("paper") + 1 :]
            ]
            return "\n".join(map(json.dumps, lines)), gpu._Said(0, ""), False
        run = command[command.index("run") + 1]
        output = Path(command[command.index("--output") + 1])
        self.calls.append(run)
        late = self.takes[run] > seconds
        self.now += min(self.takes[run], seconds)
        if run in self.broken:
            return "", gpu._Said(1, "noise\nCUDA error: it broke"), False
        if not late:
            method = run.split("/")[2]
            (output / method).mkdir(parents=True, exist_ok=True)
            (output / method / "results.csv").write_text("seed\n0\n")
            (output / f"{method}.provenance.json").write_text(
                json.dumps(
                    {"inputs": self.digest(run), "files": provenance.checksums(output / method)}
                )
            )
        return "", gpu._Said(0, ""), late


def options(output, minutes=10.0, **others):
    given = {"profile": "paper", "minutes": minutes, "dry_run": False, "output": output,
             "test": 90.0, "workers": None, "only": []}  # fmt: skip
    return SimpleNamespace(**given | others)


def states(output):
    rows = json.loads((output / "queue.json").read_text(encoding="utf-8"))
    return {row["run"]: row["state"] for row in rows}


def test_all_that_fits_is_done_and_the_next_call_takes_it(tmp_path, monkeypatch, capsys):
    machine = Machine(monkeypatch, dict.fromkeys(RUNS, 100.0))
    gpu.gpu(options(tmp_path))
    assert machine.calls == RUNS
    assert set(states(tmp_path).values()) == {"finished"}
    assert "landscape record a --source" in capsys.readouterr().out
    gpu.gpu(options(tmp_path))
    assert machine.calls == RUNS  # nothing again
    assert set(states(tmp_path).values()) == {"taken"}


def test_what_the_run_itself_would_repeat_is_made_again(tmp_path, monkeypatch):
    """Other settings or code, other bytes: there is one answer to whether a result is taken."""
    machine = Machine(monkeypatch, dict.fromkeys(RUNS, 100.0))
    gpu.gpu(options(tmp_path))
    (tmp_path / "a" / "adam" / "results.csv").write_text("seed\n1\n")
    gpu.gpu(options(tmp_path))
    assert machine.calls == [*RUNS, RUNS[1]]
    machine.code = "other code and"
    gpu.gpu(options(tmp_path))
    assert machine.calls == [*RUNS, RUNS[1], *RUNS]


def test_what_does_not_fit_comes_last_and_is_stopped_at_the_end(tmp_path, monkeypatch):
    machine = Machine(monkeypatch, {RUNS[0]: 5000.0, RUNS[1]: 100.0, RUNS[2]: 100.0})
    gpu.gpu(options(tmp_path))
    assert machine.calls == [RUNS[1], RUNS[2], RUNS[0]]
    assert machine.now <= 600 - gpu.RESERVE
    assert states(tmp_path)[RUNS[0]] == "stopped at its last checkpoint"


def test_nothing_is_started_in_the_last_seconds(tmp_path, monkeypatch):
    machine = Machine(monkeypatch, {RUNS[0]: 40.0, RUNS[1]: 100.0, RUNS[2]: 100.0})
    gpu.gpu(options(tmp_path, minutes=1.0))
    assert machine.calls == [RUNS[0]]
    assert states(tmp_path)[RUNS[2]] == "left for the next time"


def test_a_failure_is_named_and_the_others_are_written(tmp_path, monkeypatch):
    machine = Machine(monkeypatch, dict.fromkeys(RUNS, 100.0), broken=[RUNS[0]])
    with pytest.raises(LandscapeError, match="1 of 3 runs failed.*CUDA error: it broke"):
        gpu.gpu(options(tmp_path))
    assert machine.calls == RUNS
    assert states(tmp_path) == {
        RUNS[0]: "failed", RUNS[1]: "finished", RUNS[2]: "finished"
    }  # fmt: skip


def test_a_self_test_that_dies_takes_only_its_run(monkeypatch):
    def within(command, seconds):
        left = command[command.index("paper") + 1 :]
        if left[0] == RUNS[1]:
            return "", gpu._Said(-9, "Killed"), False
        return json.dumps({"run": left[0], "seconds": 1.0}), gpu._Said(-9, "Killed"), False

    monkeypatch.setattr(gpu, "_within", within)
    found = gpu.self_test(RUNS, "paper", gpu._in(60))
    assert found[RUNS[1]]["error"] == "Killed"
    assert [found[run].get("seconds") for run in RUNS] == [1.0, None, 1.0]


def test_after_a_failure_of_the_card_the_rest_is_tried_in_a_new_process(monkeypatch):
    calls = []

    def within(command, seconds):
        left = command[command.index("paper") + 1 :]
        calls.append(left)
        rows = [{"run": run, "seconds": 1.0} for run in left]
        if left[0] == RUNS[0]:
            rows = [{"run": run, "error": "CUDA error: device-side assert"} for run in left]
        return "\n".join(map(json.dumps, rows)), gpu._Said(0, ""), False

    monkeypatch.setattr(gpu, "_within", within)
    found = gpu.self_test(RUNS, "paper", gpu._in(60))
    assert calls == [RUNS, RUNS[1:]]
    assert "error" in found[RUNS[0]]
    assert "error" not in found[RUNS[1]]


def test_a_late_process_is_ended_with_what_it_started(tmp_path):
    pid = tmp_path / "pid"
    out, said, late = gpu._within(["sh", "-c", f"sleep 600 & echo $! >{pid}; echo begun; wait"], 2)
    assert late
    assert out == "begun\n"
    assert said.returncode != 0
    assert not Path(f"/proc/{int(pid.read_text())}/stat").is_file() or " Z " in Path(
        f"/proc/{int(pid.read_text())}/stat"
    ).read_text()


def test_a_dry_run_says_what_the_minutes_are_enough_for(tmp_path, monkeypatch, capsys):
    Machine(monkeypatch, dict.fromkeys(RUNS, 100.0))
    asked = []

    def plan(root, seconds=None, steps=None, profile="paper", **given):
        asked.append(given)
        return [Planned(RUNS[0], 1, 300.0, 1.0, guessed=True), Planned(RUNS[1], 1, None, 0.0),
                Planned(RUNS[2], 1, 50.0, 1.0)]  # fmt: skip

    monkeypatch.setattr(gpu.gpu_plan, "plan", plan)
    gpu.gpu(options(tmp_path, minutes=8.0, dry_run=True, only=["a", "b"]))
    assert asked == [{"guess": True, "only": ["a", "b"]}]
    said = capsys.readouterr().out
    assert "~300 s" in said
    assert "~: guessed, a core's measured time over 1000" in said
    *_, first, second, rest, left = said.splitlines()
    assert first.split() == ["90", "s", RUNS[0]]
    assert second.split() == ["390", "s", RUNS[2]]
    assert rest.split() == ["then", f"{RUNS[1]},", "as", "far", "as", "it", "comes"]
    assert left.split()[:2] == ["left", "0"]


QUEUE = """
import sys
from pathlib import Path
from landscape.commands import gpu
gpu._within([sys.executable, "-c", Path({work!r}).read_text()], 600)
"""
WORK = """
import os, subprocess, sys, time
from pathlib import Path
from landscape import __main__, cli
def endless():
    below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(FOLDER, f"{os.getpid()}.pid").touch()
    Path(FOLDER, f"{below.pid}.pid").touch()
    time.sleep(600)
cli.main = endless
__main__.main()
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_run_ends_with_the_queue(tmp_path, end):
    """Ctrl-C, a closed terminal and a killed queue leave nothing behind on the GPU."""
    work = tmp_path / "work.py"
    work.write_text(WORK.replace("FOLDER", repr(str(tmp_path))), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    queue = subprocess.Popen(
        [sys.executable, "-c", QUEUE.format(work=str(work))], env=environment,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    children = []
    try:
        assert wait_for(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
        children = [int(path.stem) for path in tmp_path.glob("*.pid")]
        queue.send_signal(end)
        queue.wait()
        assert wait_for(lambda: all(map(ended, children)))
    finally:
        for pid in (queue.pid, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--minutes", "0"], "--minutes 0.0 leaves no time"),
     (["--minutes", "0.4"], "--minutes 0.4 leaves no time, or has no end; give a number from 0.5"),
     (["--minutes", "nan"], "--minutes nan"), (["--minutes", "inf"], "--minutes inf"),
     (["--minutes", "1e300"], "--minutes 1e+300"), (["--test", "-1"], "--test -1.0 is no length"),
     (["--test", "nan"], "--test nan is no length"), (["--workers", "0"], "0 workers cannot work"),
     (["--workers", "-2"], "-2 workers cannot work")],
)  # fmt: skip
def test_odd_numbers_are_refused_before_anything_is_started(words, said, monkeypatch, capsys):
    monkeypatch.setattr(gpu.gpu_plan, "plan", None)
    assert cli.main(["gpu", *words]) == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert len(printed.strip().splitlines()) == 1


def test_without_a_gpu_nothing_is_started_unless_the_processor_is_asked_for(
    tmp_path, monkeypatch, capsys
):
    import torch

    machine = Machine(monkeypatch, dict.fromkeys(RUNS, 100.0))
    monkeypatch.setattr(gpu, "_refuse_without_gpu", WITHOUT_GPU)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("LANDSCAPE_DEVICE", raising=False)
    gpu.gpu(options(tmp_path / "out", dry_run=True))
    assert RUNS[0] in capsys.readouterr().out
    with pytest.raises(LandscapeError, match="sees no GPU here.*LANDSCAPE_DEVICE=cpu"):
        gpu.gpu(options(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    gpu.gpu(options(tmp_path / "out"))
    assert machine.calls == RUNS


class Sweeping(Machine):
    """A queue of one sweep in two portions, and a training run behind them."""

    SWEEP = "1-part/s/softmax"

    def plan(self, root, seconds=None, steps=None, profile="paper", **_):
        of = (steps or {}).get(self.SWEEP)
        if of is None:
            return [Planned(self.SWEEP, 2, None, 0.0), Planned(RUNS[0], 1, None, 0.0)]
        return [Planned(self.SWEEP, 2, 100 * of[0], 3.0, 100, 0.5),
                Planned(self.SWEEP, 2, 9000 * of[0], 2.0, None, 1.0),
                Planned(RUNS[0], 1, seconds[RUNS[0]], 1.0)]  # fmt: skip

    def within(self, command, seconds):
        if "landscape.experiments.probe" in command:
            self.now += 1
            lines = [{"run": self.SWEEP, "step_seconds": 0.5, "evaluation_seconds": 0.1},
                     {"run": RUNS[0], "seconds": 60.0}]  # fmt: skip
            return "\n".join(map(json.dumps, lines)), gpu._Said(0, ""), False
        portion = command[command.index("--most-steps") + 1] if "--most-steps" in command else ""
        self.made = portion
        said = super().within(command, seconds)
        self.calls[-1] += f" {portion}".rstrip()
        return said

    def digest(self, run, profile="", root="", seeds=None, most_steps=None):
        wanted = "" if most_steps is None else str(most_steps)
        return f"{run} {wanted if profile else self.made}"  # without a profile: what was made


def test_a_sweep_s_portion_that_fits_is_done_and_the_rest_when_there_is_time(
    tmp_path, monkeypatch, capsys
):
    sweep = Sweeping.SWEEP
    machine = Sweeping(monkeypatch, {sweep: 50.0, RUNS[0]: 60.0})
    gpu.gpu(options(tmp_path, minutes=5.0))
    assert machine.calls == [f"{sweep} 100", RUNS[0], sweep]  # the whole takes what time is left
    rows = json.loads((tmp_path / "queue.json").read_text())
    assert [row.get("most_steps") for row in rows] == [100, None, None]
    assert "in part" not in capsys.readouterr().out


def test_a_sweep_that_is_there_in_part_is_taken_and_said_to_be_a_part(
    tmp_path, monkeypatch, capsys
):
    sweep = Sweeping.SWEEP
    machine = Sweeping(monkeypatch, {sweep: 50.0, RUNS[0]: 60.0})
    gpu.gpu(options(tmp_path, minutes=2.3))  # too little for the whole
    assert machine.calls == [f"{sweep} 100", RUNS[0]]
    said = capsys.readouterr().out
    assert "complete: in part, as a record that judges nothing: landscape record s" in said
    gpu.gpu(options(tmp_path, minutes=1.2))
    assert machine.calls == [f"{sweep} 100", RUNS[0], sweep]
    assert [row["state"] for row in json.loads((tmp_path / "queue.json").read_text())] == [
        "taken", "taken", "finished"]  # fmt: skip


def test_a_probe_of_a_sweep_times_steps_and_evaluations(small_data, monkeypatch):
    import torch

    monkeypatch.setattr(probe, "MOST_STEPS", 2)
    root = Path(__file__).resolve().parents[2]
    run = "6-l2-dynamics/predict-your-l2/softmax"
    found = probe.probe(run, "smoke", root, torch.device("cpu"))
    assert found["runs"] == 6
    assert found["step_seconds"] > 0
    assert found["evaluation_seconds"] > 0
    assert "seconds" not in found


def test_a_probe_goes_through_a_run_and_times_its_steps(small_data, monkeypatch):
    import torch

    monkeypatch.setattr(probe, "MOST_STEPS", 2)
    run = "2-local-entropy/thesis-tab-3-1-mnistfc/entropy_sgd"
    root = Path(__file__).resolve().parents[2]
    found = probe.probe(run, "smoke", root, torch.device("cpu"))
    assert found["run"] == run
    assert found["device"] == "cpu"
    assert found["seconds"] > found["runs"] * found["step_seconds"] > 0
