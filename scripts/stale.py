"""Name the runs whose committed results no longer match what they are made from.

What is merely absent from this clone (data, lists of inputs) is made or overlooked: that is not
staleness. Pages and the book are never committed.
"""

import json
import subprocess
import sys


def answer(*command: str) -> str:
    """What a command prints; ends the program with its words where it fails."""
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


def is_stale(entries: list) -> bool:
    """Whether `dvc status` names a changed command, input or result of a stage."""
    return any(
        entry == "changed command"
        if isinstance(entry, str)
        else any("modified" in states.values() or "new" in states.values()
                 for states in entry.values())
        for entry in entries
    )  # fmt: skip


def main() -> None:
    """Print the stale runs, one a line."""
    answer("landscape", "pipeline")
    answer("landscape", "inputs", "runs")
    status = json.loads(answer("dvc", "status", "--json") or "{}")
    stale = [s for s, entries in status.items() if s.startswith("run@") and is_stale(entries)]
    print("\n".join(f"  {stage.removeprefix('run@')}" for stage in stale) or "  none")


if __name__ == "__main__":
    main()
