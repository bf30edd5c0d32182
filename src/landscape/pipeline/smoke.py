"""The whole pipeline of a profile without DVC: the stages' own functions in few processes.

What a stage costs at smoke scale is the start of its process. Here two worker processes import
torch once each and execute all runs; verdicts and pages follow in this one. It is how the tests
run everything: ``python -m landscape.pipeline.smoke PROFILE``.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import sys
from pathlib import Path

from landscape import project
from landscape.experiments import reading
from landscape.pipeline import finished


def run_all(profile: str, root: Path, workers: int = 2) -> None:
    """Runs, verdicts, scorecard, pages and book of a profile, in the order of ``dvc.yaml``.

    Args:
        profile: smoke, laptop or paper.
        root: The project's folder; data sets must have been fetched.
        workers: Processes for the runs.

    Raises:
        LandscapeError: What any of the stages raises.
    """
    from landscape.book import build, notebook
    from landscape.evidence import judge, scorecard
    from landscape.pipeline import inputs, lists

    lists.require_current(root)
    made = lists.lists(root)
    inputs.write("runs", profile, root)
    readers = [name for name in made["runs"] if reading.needed([name], profile, root)]
    others = [name for name in made["runs"] if name not in readers]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for names in (others, readers):
            pool.starmap(_runs, [(names[i::workers], profile, root) for i in range(workers)])
    inputs.write("verdicts", profile, root)
    for item in made["judged"]:
        judge.judge(item.split("/")[-1], profile, root)
    scorecard.write(profile, root)
    inputs.write("pages", profile, root)
    notebook.run_many(made["pages"], profile, root)
    build.build(profile, root)


def _runs(names: list[str], profile: str, root: Path) -> None:
    from landscape.experiments import execute

    os.environ["OMP_NUM_THREADS"] = "1"
    for name in names:
        inputs = functools.partial(finished.digest, name, profile, root)
        execute.run(name, profile, root=root, workers=1, inputs=inputs)


if __name__ == "__main__":
    run_all(project.check_profile(sys.argv[1]), project.find_root())
