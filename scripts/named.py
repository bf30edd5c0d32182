"""Refuse a name that no stage has: `dvc repro --glob` would take the whole pipeline for it."""

import fnmatch
import sys
from pathlib import Path

import yaml

from landscape import schema

KINDS = {"runs": "run", "judged": "judge", "pages": "page"}


def main(name: str) -> None:
    """End with one sentence where nothing in pipeline.yaml is called like it."""
    lists = yaml.safe_load(Path("pipeline.yaml").read_text(encoding="utf-8"))
    profile = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["profile"]
    stages = yaml.safe_load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"]
    items = [(f"{KINDS[kind]}@{profile}-{item}", item) for kind in KINDS for item in lists[kind]]
    names = [*(stage for stage, _ in items), *(f"{stage}@{profile}" for stage in stages)]
    if fnmatch.filter(names, f"*{name}*"):
        return
    known = sorted({part for _, item in items for part in item.split("/")[1:2] or [item]})
    hint = schema.nearest(name, known)
    hint = hint if hint.endswith("?") else "`landscape list` names the experiments, page by page."
    sys.exit(f"No figure, table, page or run is called {name!r}; {hint}")


if __name__ == "__main__":
    main(sys.argv[1])
