"""Execute one run - a method with all seeds, or a case - and write its result and provenance.

What is done differs by kind: ``training_job``, ``sweep_job``, ``simulation_job``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from landscape.errors import LandscapeError
from landscape.experiments import catalogue, seal, settings
from landscape.experiments.catalogue import Experiment
from landscape.experiments.job import Job
from landscape.experiments.simulation_job import Simulation
from landscape.experiments.stopwatch import Stopwatch
from landscape.experiments.sweep_job import Sweep
from landscape.experiments.training_job import Training
from landscape.files import replacing_folder, require_writable
from landscape.project import check_profile, find_root
from landscape.train import distributed, provenance

_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_SMALLER = "make its settings smaller, or run it on a machine with more."


def run(
    run_id: str,
    profile: str,
    *,
    root: Path | None = None,
    output: Path | None = None,
    workers: int | None = None,
    seeds: int | None = None,
    inputs: Callable[[], str | None] | None = None,
    read_from: Path | None = None,
    most_steps: int | None = None,
    take_seeds: bool = False,
) -> Path:
    """Execute one run and return the folder of its tables.

    The tables go to ``results/<profile>/<part>/<experiment>/<run>/``: ``results.csv`` and what a
    simulation adds, with ``<run>.provenance.json`` beside the folder. Nothing is written before all
    is done; a killed call resumes from its checkpoints when it is repeated.

    Under ``torchrun`` every process calls this and trains one replica; process 0 writes.

    Args:
        run_id: ``<part>/<experiment>/<run>``.
        profile: smoke, laptop or paper.
        root: The project's folder.
        output: Another folder than the experiment's for the run's folder and its provenance.
        workers: Worker processes; by default one a core, at smoke scale one for a method.
        seeds: Only the first so many seeds of a method.
        inputs: Gives the digest of all that the run is made from (``pipeline.finished``). It is
            noted where it is the same before and after: nobody edited the code meanwhile.
        read_from: Where ``<experiment>/<run>`` of the runs lie whose weights it reads, where these
            are not the profile's results.
        most_steps: Of a sweep only the networks of up to so many steps; its provenance says so
            where that leaves any out.
        take_seeds: Its result with the first few seeds is there and is right: train the others
            alone and keep those (``experiments.earlier``).

    Raises:
        LandscapeError: Unknown names, settings that cannot be run, folders that cannot be written.
    """
    root = root or find_root()
    experiment, name = catalogue.of_run(run_id, root)
    job = job_of(experiment, name, check_profile(profile), root, workers, seeds)
    if most_steps is not None and not job.shorten(most_steps):
        most_steps = None
    if output is not None:
        job.large = None
    if read_from is not None:
        job.read_from(read_from)
    folder = Path(output) if output is not None else experiment.folder(profile, root)
    distributed.all_or_none(lambda: require_writable(folder))
    if take_seeds:
        job.take(folder / name)
    world, specification = distributed.world(), digest(job)
    made_from = inputs() if inputs is not None else None
    with Stopwatch(root / "checkpoints", f"{run_id} {specification}", world.speaks) as watch:
        with _refusals(run_id):
            job.execute()
        if world.speaks:
            with replacing_folder(folder / name) as new:
                job.write(new)
            record = {
                "experiment": experiment.id,
                "method": name,
                "profile": profile,
                "specification": specification,
                "parameters": json.loads(_text(job)),
                "command": _command(run_id, profile, world.size, seeds, most_steps),
                "commit": provenance.commit(root),
                "device": provenance.device_name(),
                "cpu": provenance.processor(),
                "cores": os.cpu_count(),
                "versions": provenance.versions(),
                "started": watch.started,
                "finished": provenance.now(),
                "wall_seconds": watch.seconds,
                "files": provenance.checksums(folder / name),
                **job.record(),
            }
            # Under torchrun the other processes are no children of this one.
            if world.size == 1 and (used := watch.cpu_seconds) is not None:
                record["cpu_seconds"] = used
            if made_from is not None and made_from == inputs():
                record["inputs"] = made_from
            if job.earlier is not None:
                record = job.earlier.counted(record)
            provenance.write(folder / f"{name}.provenance.json", seal.sealed(record))
        distributed.largest(0)  # the others wait until the results are written
        job.forget()
    return folder / name


def check(
    run_id: str,
    profile: str,
    *,
    root: Path,
    workers: int | None = None,
    seeds: int | None = None,
    most_steps: int | None = None,
) -> tuple[int | None, int | None]:
    """Refuse what ``run`` would refuse of these words and of the settings; nothing is made.

    Where several runs follow one another, the last is refused before the first has taken hours.

    Returns:
        ``seeds`` and ``most_steps``, each None where it leaves nothing out: the whole run is asked
        for, whose finished result is taken and which makes a record that judges.

    Raises:
        LandscapeError: As ``run``.
    """
    experiment, name = catalogue.of_run(run_id, root)
    job = job_of(experiment, name, check_profile(profile), root, workers, seeds)
    with _refusals(run_id):
        job.refuse()
    if seeds is not None:
        given = settings.method_settings(experiment.id, name, profile, root)
        seeds = seeds if seeds < given["run"]["seeds"] else None
    return seeds, most_steps if most_steps is not None and job.shorten(most_steps) else None


@contextlib.contextmanager
def _refusals(run_id: str) -> Iterator[None]:
    """One sentence for what the settings of a run ask of a machine or of a simulation in vain."""
    try:
        yield
    except LandscapeError:
        raise
    except LookupError as error:  # a table of a simulation's cases
        if error.args != (run_id.split("/")[-1],):
            raise
        raise LandscapeError(
            f"The settings of {run_id} cannot be run: its module has no such case, or they have "
            "nothing for it; correct cases."
        ) from error
    except MemoryError as error:
        raise LandscapeError(f"{run_id} needs more memory than there is; {_SMALLER}") from error
    except RuntimeError as error:  # torch's own
        if not any(words in str(error).lower() for words in _NO_MEMORY):
            raise
        raise LandscapeError(f"{run_id} needs more memory than there is; {_SMALLER}") from error
    except ValueError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise LandscapeError(f"The settings of {run_id} cannot be run: {reason}.") from error


def job_of(
    experiment: Experiment,
    name: str,
    profile: str,
    root: Path,
    workers: int | None = None,
    seeds: int | None = None,
) -> Job:
    """What has to be done for a run; its settings are checked."""
    kinds = {"train": Training, "sweep": Sweep, "simulate": Simulation}
    return kinds[experiment.kind](experiment, name, profile, root, workers, seeds)


def digest(job: Job) -> str:
    """SHA-256 of its parameters: it depends on the settings alone."""
    return hashlib.sha256(_text(job).encode()).hexdigest()


def _text(job: Job) -> str:
    return json.dumps(job.parameters, sort_keys=True, default=str)


def _command(
    run_id: str, profile: str, processes: int, seeds: int | None, most_steps: int | None
) -> str:
    torchrun = f"torchrun --nproc-per-node {processes} -m "
    program = ("" if processes == 1 else torchrun) + "landscape"
    only = "" if seeds is None else f" --seeds {seeds}"
    only += "" if most_steps is None else f" --most-steps {most_steps}"
    return f"{program} run {run_id} --profile {profile}{only}"
