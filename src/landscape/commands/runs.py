"""Commands on experiments and their results."""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from landscape import files, project
from landscape.commands.where import root_and_profile
from landscape.errors import LandscapeError
from landscape.experiments import catalogue, reading, settings
from landscape.pipeline import finished
from landscape.train import distributed
from landscape.train.workers import worker_count

_TAKEN = "taken {}: nothing that it depends on has changed (--again repeats it)"
_FIRST = "taken the first {} seeds of {}: nothing that they depend on has changed"


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
    """Execute runs one after the other, those first whose weights they read."""
    world = distributed.world()
    if world.size > 1:
        from landscape.train import device  # torch

        # First of all, so that the processes are at the same place when something is refused.
        distributed.join(device.pick())
    root, profile = root_and_profile(options)
    runs = catalogue.find_runs(options.name, root, whole_page=True)
    read = reading.needed(runs, profile, root)
    others = catalogue.others_on_page(options.name, root)
    own = options.name.strip("/").split("/")[-1]
    alone = f"{own}/{own}" if others else ""
    if options.output is not None and len({name.split("/")[1] for name in runs}) > 1:
        raise LandscapeError(
            f"{options.name} is several experiments, whose runs have the same names; without "
            "--output each gets its own folder"
            + (f", and {alone} is the one of that name." if alone else ".")
        )
    worker_count(options.workers)
    if alone and world.speaks:
        print(
            f"{options.name} is a page, run whole, with {', '.join(others)}; {alone} is its "
            "experiment alone"
        )
    # Several processes would have to agree on what is finished.
    one_process = world.size == 1
    every = [_Asked(name, profile, root, take=one_process) for name in read]
    every += [
        _Asked(name, profile, root, options.output, options.seeds, options.most_steps,
               take=one_process and not options.again)
        for name in runs
    ]  # fmt: skip
    waiting = [one for one in every if not one.is_taken()]
    if waiting:
        from landscape.experiments import execute  # not sooner: torch takes seconds

        for one in waiting:  # all of them before the first takes hours
            one.seeds, one.most_steps = execute.check(
                one.name, profile, root=root, workers=options.workers, seeds=one.seeds,
                most_steps=one.most_steps,
            )  # fmt: skip
    for one in waiting:
        with _alone(root, one.done, world.size):
            if one.is_taken():  # also when it was made by the one that was waited for
                continue
            first = one.first_seeds()
            if first and world.speaks:
                print(_FIRST.format(len(first), one.done))
            execute.run(
                one.name, profile, root=root, output=one.output,
                workers=options.workers, seeds=one.seeds, inputs=one.digest,
                **({} if one.most_steps is None else {"most_steps": one.most_steps}),
                **({"take_seeds": True} if first else {}),
            )  # fmt: skip
        if world.speaks:
            print(f"wrote {one.done}")
    distributed.leave()


@dataclass
class _Asked:
    """A run as it was asked for; ``take``: whether a finished result will do."""

    name: str
    profile: str
    root: Path
    output: Path | None = None
    seeds: int | None = None
    most_steps: int | None = None
    take: bool = True

    @property
    def done(self) -> Path:
        """The folder of its tables."""
        experiment, run = catalogue.of_run(self.name, self.root)
        return (self.output or experiment.folder(self.profile, self.root)) / run

    def digest(self) -> str | None:
        """Of all that it is made from."""
        return finished.digest(self.name, self.profile, self.root, self.seeds, self.most_steps)

    def first_seeds(self) -> list[int]:
        """The seeds that are there and are taken where more are wanted."""
        if not self.take:
            return []
        return finished.first_seeds(self.done, self.name, self.profile, self.root, self.seeds)

    def is_taken(self) -> bool:
        """Whether its result is there and is taken, which is said."""
        if not self.take or not finished.is_there(
            self.done, self.name, self.profile, self.root, self.seeds, self.most_steps
        ):
            return False
        print(_TAKEN.format(self.done))
        return True


def _alone(root: Path, done: Path, processes: int) -> contextlib.AbstractContextManager[None]:
    """Two processes that make the same run would take each other's checkpoints away."""
    if processes > 1:  # they make it together
        return contextlib.nullcontext()
    name = hashlib.sha256(str(done.absolute()).encode()).hexdigest()[:24]
    says = functools.partial(print, f"waiting for the process that makes {done} now", flush=True)
    return files.alone(root / "checkpoints" / f"{name}.lock", says)


def clean(options: argparse.Namespace) -> None:
    """Delete what can be made again; data sets that the project did not fetch stay."""
    root = project.find_root()
    for name in ("checkpoints", "logs", "book/_build", "book/executed"):
        _delete(root, name)
    for name in ("downloads", "data") if options.data else ():
        _delete_sets(root, name)


def _delete_sets(root: Path, name: str) -> None:
    """Delete the data sets in a folder, and the folder where nothing else is in it."""
    from landscape.data.catalogue import PLANS

    folder = root / name
    if not folder.is_symlink():  # behind a link are other people's
        for fetched in PLANS:
            _delete(root, f"{name}/{fetched}")
        if folder.is_dir() and (others := sorted(path.name for path in folder.iterdir())):
            print(f"kept {name}/, which holds what was not fetched: {', '.join(others)}")
            return
    _delete(root, name)


def _delete(root: Path, name: str) -> None:
    """Delete a folder, of a link to one the link."""
    path = root / name
    with files.disk_errors(path):
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            return
    print(f"deleted {name}/")
