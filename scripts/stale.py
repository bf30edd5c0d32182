"""Print the stages whose committed results no longer match their dependencies.

Only stages that train or simulate count: pages and the book are never committed. Outputs and data
that are merely absent from this clone are not staleness.
"""

import json
import subprocess
import sys

KINDS = ("train-", "simulate-")

answer = subprocess.run(
    ["dvc", "status", "--json"], capture_output=True, text=True, check=False
)
if answer.returncode:
    sys.exit(f"dvc status failed: {answer.stderr.strip()}")


def changed(entry: object) -> bool:
    """Whether a stage's entry names a modified dependency, parameter, command or output."""
    if isinstance(entry, str):
        return entry == "changed command"
    files = {}
    for group in ("changed deps", "changed outs"):
        files.update(entry.get(group, {}))
    return any(
        state not in ("deleted", "not in cache") if isinstance(state, str) else True
        for path, state in files.items()
        if not path.startswith("data")
    )


stale = [
    stage
    for stage, entries in json.loads(answer.stdout or "{}").items()
    if stage.startswith(KINDS) and any(changed(entry) for entry in entries)
]
print("\n".join(f"  {stage}" for stage in stale) or "  none")
