"""Which committed results continuous integration calls out of date."""

import json
import os
import subprocess
import sys

import working_tree

STATUS = {
    "run@laptop-a/b/fresh": [{"changed deps": {"inputs/a.txt": "deleted"}}],
    "run@laptop-a/b/absent": [{"changed outs": {"results/a": "not in cache"}}],
    "run@laptop-a/b/input": [{"changed deps": {"inputs/b.txt": "modified"}}],
    "run@laptop-a/b/result": [{"changed outs": {"results/b": "modified"}}],
    "run@laptop-a/b/command": ["changed command"],
    "run@laptop-a/b/first": [{"changed deps": {"inputs/c.txt": "new"}}],
    "inputs-of-runs@laptop": [{"changed deps": {"src": "modified"}}],
    "book@laptop": [{"changed deps": {"inputs/book.txt": "modified"}}],
}


def stale(folder, status, code=0):
    """What the script prints while `dvc status` answers this."""
    (folder / "status.json").write_text(json.dumps(status), encoding="utf-8")
    for name, does in (("landscape", "exit"), ("dvc", f'cat "{folder}/status.json"; exit {code}')):
        (folder / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return subprocess.run(
        [sys.executable, str(working_tree.ROOT / "scripts" / "stale.py")], cwd=folder,
        env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


def test_changed_inputs_results_and_commands_of_runs_are_stale_and_nothing_else(tmp_path):
    said = stale(tmp_path, STATUS).stdout.split()
    assert said == [f"laptop-a/b/{name}" for name in ("input", "result", "command", "first")]
    assert stale(tmp_path, {"book@laptop": STATUS["book@laptop"]}).stdout == "  none\n"


def test_a_status_that_cannot_be_had_is_an_error(tmp_path):
    done = stale(tmp_path, {}, code=1)
    assert done.returncode == 1
    assert done.stderr.startswith("dvc status --json failed")
