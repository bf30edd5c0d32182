"""Commands on experiments and their results."""

from __future__ import annotations

import argparse
import functools
import shutil

from landscape import project
from landscape.commands.where import root_and_profile
from landscape.errors import LandscapeError
from landscape.experiments import catalogue, settings
from landscape.pipeline import finished
from landscape.train import distributed
from landscape.train.workers import worker_count


def listing(options: argparse.Namespace) -> None:
    """Name the experiments, page by page."""
    root, profile = root_and_profile(options)
    print(f"profile {profile}")
    page = None
    for experiment in catalogue.experiments(root):
        if experiment.page != page:
            page = experiment.page
            print(page)
        done = [path.is_file() for path in experiment.outputs(profile, root)]
        state = "results" if all(done) else "partly" if any(done) else "not run"
        print(f"  {experiment.id:30} {state:8} {experiment.title}")
        print(f"  {'':30} {'':8} {experiment.kind}: {', '.join(experiment.runs)}")


def show(options: argparse.Namespace) -> None:
    """Print an experiment's settings."""
    root, profile = root_and_profile(options)
    rows = settings.resolve(options.experiment, profile, root)
    print(f"{options.experiment}, profile {profile} (* = differs from the work)")
    width = max(len(row.key) for row in rows)
    for row in rows:
        shown = f"{row.value} (work: {row.paper})" if row.changed else f"{row.value}"
        print(f"{'*' if row.changed else ' '} {row.key:{width}} = {shown:32} {row.source}".rstrip())


def run(options: argparse.Namespace) -> None:
    """Execute runs one after the other."""
    world = distributed.world()
    if world.size > 1:
        from landscape.train import device  # torch

        # First of all, so that the processes are at the same place when something is refused.
        distributed.join(device.pick())
    root, profile = root_and_profile(options)
    runs = catalogue.find_runs(options.name, root)
    if options.output is not None and len({name.split("/")[1] for name in runs}) > 1:
        raise LandscapeError(
            f"{options.name} is several experiments, whose runs have the same names; without "
            "--output each gets its own folder."
        )
    worker_count(options.workers)
    for name in runs:
        inputs = functools.partial(finished.digest, name, profile, root, options.seeds)
        folder = options.output or catalogue.of_run(name, root)[0].folder(profile, root)
        # Several processes would have to agree on it.
        again = options.again or world.size > 1
        if not again and finished.is_finished(done := folder / name.split("/")[-1], inputs()):
            print(f"taken {done}: nothing that it depends on has changed (--again repeats it)")
            continue
        from landscape.experiments import execute  # not sooner: torch takes seconds

        folder = execute.run(
            name, profile, root=root, output=options.output,
            workers=options.workers, seeds=options.seeds, inputs=inputs,
        )  # fmt: skip
        if world.speaks:
            print(f"wrote {folder}")
    distributed.leave()


def clean(options: argparse.Namespace) -> None:
    """Delete what can be made again."""
    root = project.find_root()
    names = ["checkpoints", "logs", "book/_build", "book/executed"]
    names += ["downloads", "data"] if options.data else []
    for name in names:
        if (root / name).exists():
            shutil.rmtree(root / name)
            print(f"deleted {name}/")
