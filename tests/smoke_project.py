"""Commands in a copy of the project, with the copy's own code."""

import os
import subprocess
import sys
from pathlib import Path

LIMIT_SECONDS = 1500  # only keeps a failing test from hanging


def environment(folder, **variables):
    """Commands run the copy's own code, whatever is installed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    code = str(folder / "src")
    return {**os.environ, "PATH": path, "PYTHONPATH": code, "OMP_NUM_THREADS": "1", **variables}


def run(command, folder, **variables):
    """Run a command in the copy; its output is in the assertion when it fails."""
    done = subprocess.run(
        command, cwd=folder, env=environment(folder, **variables), capture_output=True, text=True,
        encoding="utf-8", timeout=LIMIT_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr
