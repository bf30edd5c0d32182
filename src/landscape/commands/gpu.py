"""The GPU queue: what a borrowed card does in the minutes that one has it.

A self-test first, then the experiments that have no record at the work's own scale, each run in a
process of its own and written out as soon as it ends. The clock is watched: what does not fit is
left for the next call, which takes finished results as they are and continues from checkpoints.
Sweeps come in portions (``evidence.gpu_plan``), of which a larger one takes the place of a smaller.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from landscape import following
from landscape.commands.where import root_and_profile
from landscape.errors import LandscapeError
from landscape.evidence import gpu_plan
from landscape.files import require_writable, write_text
from landscape.pipeline import finished
from landscape.train.workers import worker_count

RESERVE = 10.0  # seconds kept back for writing
LEAST = 20.0  # seconds that are worth starting a process for
MOST = 1e5  # minutes: ten weeks
SLACK = 1.2  # a run fits when so many times its estimate is left


def gpu(options: argparse.Namespace) -> None:
    """Work through the queue until it is empty or the time is up."""
    root, _ = root_and_profile(argparse.Namespace(profile=options.profile))
    _refuse_odd(options)
    # Guesses say what the self-test tries first; what runs is decided by what it measures.
    queue = gpu_plan.plan(root, profile=options.profile, guess=True, only=options.only)
    if not queue:
        print("Nothing waits: every experiment for a GPU has a record at the work's own scale.")
        return
    if options.dry_run:
        _show(queue, options)
        return
    _refuse_without_gpu()
    output = (options.output or root / "results" / "gpu").resolve()
    require_writable(output)
    end = time.monotonic() + 60 * options.minutes - RESERVE
    log = _Log(output / "queue.json")
    waiting = list(dict.fromkeys(one.run for one in queue))
    probes = self_test(waiting, options.profile, min(end, _in(options.test)))
    for name, found in probes.items():
        if "error" in found:
            print(f"left out, the self-test failed: {name}: {found['error']}", flush=True)
            log.add(gpu_plan.Planned(name, 0, None, 0.0), "failed in the self-test", found["error"])
    queue = [one for one in gpu_plan.plan(root, _seconds(probes), _steps(probes), options.profile,
                                          only=options.only)
             if "error" not in probes.get(one.run, {})]  # fmt: skip
    print(gpu_plan.table(queue), flush=True)
    _work(queue, root, options, output, end, log)
    for experiment in dict.fromkeys(one.experiment for one in queue):
        runs = {one.run for one in queue if one.experiment == experiment}
        if runs <= log.there:
            part = "" if runs <= log.whole else "in part, as a record that judges nothing: "
            print(f"complete: {part}landscape record {experiment} --source {output / experiment} "
                  "--title ...")  # fmt: skip
    if log.failures:
        raise LandscapeError(
            f"{log.failures} of {len(probes)} runs failed, the first with: {log.first}; "
            f"{output / 'queue.json'} has all. The others are written."
        )


def _show(queue: list[gpu_plan.Planned], options: argparse.Namespace) -> None:
    """Print the plan, and what of it the minutes are enough for."""
    print(gpu_plan.table(queue))
    if any(one.seconds is None for one in queue):
        print("?: not known before the self-test has timed some steps on the GPU itself.")
    if any(one.guessed for one in queue):
        print(f"~: guessed, a core's measured time over {gpu_plan.FASTER:.0f} or what its record "
              f"says, at least {1000 * gpu_plan.LEAST:.0f} ms a step; the self-test measures it.")
    left = 60 * options.minutes - RESERVE - options.test
    begins, rest = gpu_plan.within(queue, left, SLACK)
    print(f"\nIn {options.minutes:g} minutes, a self-test of {options.test:.0f} s first, that is:")
    for start, one in begins:
        print(f"{options.test + start:>6.0f} s  {gpu_plan.named(one)}")
    if rest is not None:
        print(f"  then   {gpu_plan.named(rest)}, as far as it comes")
    print(f"  left   {len(queue) - len(begins) - (rest is not None)} more "
          "(`--only EXPERIMENT ...` chooses)")  # fmt: skip


def _refuse_odd(options: argparse.Namespace) -> None:
    """Times that no clock can keep, and workers that are none."""
    least = (RESERVE + LEAST) / 60
    if not least <= options.minutes <= MOST:  # not a number is neither
        raise LandscapeError(
            f"--minutes {options.minutes} leaves no time, or has no end; give a number from "
            f"{least:g} to {MOST:g}."
        )
    if not 0 <= options.test <= 60 * MOST:
        raise LandscapeError(
            f"--test {options.test} is no length of a self-test; give seconds, 0 for none."
        )
    worker_count(options.workers)


def _refuse_without_gpu() -> None:
    """On a processor the queue would spend its minutes on what takes days there."""
    if "LANDSCAPE_DEVICE" in os.environ:
        return
    import torch

    if not torch.cuda.is_available():
        raise LandscapeError(
            f"torch {torch.__version__} sees no GPU here: --dry-run prints the plan, and "
            "LANDSCAPE_DEVICE=cpu in the environment works through it on the processor all the "
            "same."
        )


def self_test(runs: list[str], profile: str, end: float) -> dict[str, dict]:
    """What ``landscape.experiments.probe`` found for every run; those not reached are missing.

    A process that dies takes only the run with it that it was at.
    """
    found: dict[str, dict] = {}
    left = list(runs)
    while left and (remaining := end - time.monotonic()) > 1:
        command = [sys.executable, "-m", "landscape.experiments.probe", "--profile", profile]
        lines, said, late = _within([*command, *left], remaining)
        for line in lines.splitlines():
            if line.startswith("{"):
                one = json.loads(line)
                found[one["run"]] = one
                if "CUDA" in one.get("error", ""):
                    break  # what came after it in that process is worth nothing
        missing = [run for run in left if run not in found]
        if missing == left and not late:
            found[left[0]] = {"run": left[0], "error": _last(said) or "the process ended"}
            missing = left[1:]
        left = missing
    return found


def _work(queue, root, options, output, end, log) -> None:
    """Those that fit first, in order; then what time is left goes to the first that does not."""
    later = []
    reached = _reached(queue, root, options, output)
    for one in queue:
        if reached.get(one.run, 0) >= one.share:
            log.add(one, "taken", "its result was there")
            continue
        if one.seconds is None or SLACK * one.seconds > end - time.monotonic():
            later.append(one)
            continue
        if _run(one, options, output, end, log):
            reached[one.run] = one.share
    for one in later:
        if reached.get(one.run, 0) < one.share:
            _run(one, options, output, end, log)


def _reached(queue, root, options, output) -> dict[str, float]:
    """Run -> the largest share of it whose result is there."""
    found: dict[str, float] = {}
    for one in sorted(queue, key=lambda one: -one.share):
        folder = output / one.experiment / one.run.split("/")[2]
        given = {} if one.most_steps is None else {"most_steps": one.most_steps}
        if one.run not in found and finished.is_there(
            folder, one.run, options.profile, root, **given
        ):
            found[one.run] = one.share
    return found


def _run(one, options, output, end, log) -> bool:
    """Start a process for it; whether it has finished."""
    remaining = end - time.monotonic()
    if remaining < LEAST:
        log.add(one, "left for the next time", "")
        return False
    command = [sys.executable, "-m", "landscape", "run", one.run, "--profile", options.profile,
               "--output", str(output / one.experiment)]  # fmt: skip
    if options.workers is not None:
        command += ["--workers", str(options.workers)]
    if one.most_steps is not None:
        command += ["--most-steps", str(one.most_steps)]
    begun = time.monotonic()
    _, said, late = _within(command, remaining)
    took = time.monotonic() - begun
    written = (output / one.experiment / f"{one.run.split('/')[2]}.provenance.json").is_file()
    if late:
        log.add(one, "stopped at its last checkpoint", "", took)
    elif written and not said.returncode:
        log.add(one, "finished", "", took)
    else:
        log.add(one, "failed", _last(said) or f"status {said.returncode}", took)
    print(f"{log.rows[-1]['state']} after {took:.0f} s: {one.run}", flush=True)
    return log.rows[-1]["state"] == "finished"


class _Said:
    """How a process ended and the file with its complaints."""

    def __init__(self, returncode: int, errors: str) -> None:
        self.returncode, self.errors = returncode, errors


def _within(command: list[str], seconds: float) -> tuple[str, _Said, bool]:
    """Output of a command, how it ended, and whether it was stopped for being late."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", following.VARIABLE: str(os.getpid())}
    # A session of its own, so that its workers end with it.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env=environment, start_new_session=True,
    )  # fmt: skip
    late = False
    try:
        out, errors = process.communicate(timeout=max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        late = True
        out, errors = _end(process)
    except BaseException:  # Ctrl-C does not reach another session
        _end(process)
        raise
    return out, _Said(process.returncode, errors), late


def _end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """End a process with all that it has started; what it has said."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        return process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()


def _last(said: _Said) -> str:
    lines = [line.strip() for line in said.errors.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _seconds(probes: dict[str, dict]) -> dict[str, float]:
    return {name: found["seconds"] for name, found in probes.items() if "seconds" in found}


def _steps(probes: dict[str, dict]) -> dict[str, tuple[float, float]]:
    return {name: (found["step_seconds"], found["evaluation_seconds"])
            for name, found in probes.items() if "evaluation_seconds" in found}  # fmt: skip


def _in(seconds: float) -> float:
    return time.monotonic() + seconds


class _Log:
    """What happened to every run, on disk after each.

    Attributes:
        there: Runs with a result, ``whole`` those of which nothing was left out.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.rows = path, []
        self.there: set[str] = set()
        self.whole: set[str] = set()
        self.failures, self.first = 0, ""

    def add(
        self, one: gpu_plan.Planned, state: str, note: str, seconds: float | None = None
    ) -> None:
        if state.startswith("failed"):
            self.failures += 1
            self.first = self.first or note
        elif state in ("finished", "taken"):
            self.there.add(one.run)
            if one.most_steps is None:
                self.whole.add(one.run)
        row = {"run": one.run, "state": state, "note": note}
        row |= {} if one.most_steps is None else {"most_steps": one.most_steps}
        self.rows.append(row | ({} if seconds is None else {"seconds": round(seconds, 1)}))
        write_text(self.path, json.dumps(self.rows, indent=2) + "\n")
