"""The command line: ``landscape ...`` or ``python -m landscape ...``.

Every command prints one sentence and exits with status 1 when it is asked for something it cannot
do; a traceback means a bug. ``COMMANDS`` lists them; what they do is imported when it is asked for,
so that only commands that train wait for torch.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from landscape.errors import LandscapeError


class Argument(NamedTuple):
    """What ``ArgumentParser.add_argument`` gets."""

    names: tuple[str, ...]
    options: dict[str, Any]


class Command(NamedTuple):
    """A subcommand: the function ``module:name`` gets the parsed options."""

    name: str
    function: str
    help: str
    arguments: tuple[Argument, ...] = ()


#: What a disk refuses, wherever it does; that a file is not there is a bug unless it was expected.
_OF_THE_DISK = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EIO, errno.ENOTDIR, errno.EISDIR,
    errno.EEXIST, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC),
)  # fmt: skip


def _arg(*names: str, **options: Any) -> Argument:
    return Argument(names, options)


_PROFILE = _arg("--profile", help="smoke, laptop or paper (default: the one in params.yaml)")
_TITLE = _arg("--title", required=True, help="one line saying what was run")

COMMANDS = (
    Command(
        "fetch", "data:fetch", "download the data sets and check their bytes",
        (
            _arg("names", nargs="*", help="data sets (default: mnist cifar10 text)"),
            _arg("--mirror", help="folder that holds the raw files (also LANDSCAPE_MIRROR)"),
            _arg("--destination", help="where to put them (default: the project's downloads)"),
        ),
    ),
    Command("list", "runs:listing", "name the experiments and say which have results", (_PROFILE,)),
    Command(
        "show", "runs:show", "print an experiment's settings, each with its source",
        (_arg("experiment"), _PROFILE),
    ),
    Command(
        "run", "runs:run",
        "execute a run, an experiment or all of a page's, and write the results; with "
        "`torchrun --nproc-per-node N -m landscape` one replica a process",
        (
            _arg("name", help="<part>/<experiment>/<run>, an experiment or a page; a page that has "
                 "an experiment of its own name is run whole, <page>/<experiment> is that one"),
            _PROFILE,
            _arg("--workers", type=int, help="worker processes (default: one a core)"),
            _arg("--seeds", type=int, help="only the first so many seeds; finished ones are taken"),
            _arg("--most-steps", type=int,
                 help="of a sweep only the networks of up to so many steps"),
            _arg("--output", type=Path, help="another folder for the run and its provenance"),
            _arg("--again", action="store_true",
                 help="also what is finished and depends on nothing that has changed"),
        ),
    ),
    Command(
        "gpu", "gpu:gpu",
        "work through the experiments that have no record at the work's own scale, on a GPU that "
        "one has for some minutes",
        (
            _arg("--minutes", type=float, default=14.0, help="how long the GPU is ours (14)"),
            _arg("--dry-run", action="store_true", help="only print the plan"),
            _arg("--only", nargs="+", default=[], metavar="EXPERIMENT",
                 help="only these of what waits"),
            _arg("--output", type=Path, help="where results go (default: results/gpu)"),
            _arg("--test", type=float, default=90.0, help="seconds of the self-test at most (90)"),
            _arg("--workers", type=int, help="seeds that share the GPU (default: one a core)"),
            _arg("--profile", default="paper", help="another profile, to try the queue (smoke)"),
        ),
    ),
    Command(
        "new", "new:new", "begin a page: text, measuring, settings and (for a figure) claims",
        (
            _arg("page", help="<part>/<name>; a figure or table of a work by its id alone"),
            _arg("--extra", action="store_true", help="a page that repeats no figure or table"),
        ),
    ),
    Command(
        "judge", "judge:judge", "measure one figure or table and write its verdict",
        (_arg("artifact"), _PROFILE),
    ),
    Command("scorecard", "judge:scorecard", "collect all verdicts into one file", (_PROFILE,)),
    Command(
        "page", "book:page", "execute one page's notebook",
        (
            _arg("page", help="<part>/<name>, or the name alone"),
            _PROFILE,
            _arg("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE",
                 help="set a parameter of the notebook (may be given again)"),
            _arg("--reuse", action="store_true",
                 help="take the executed page as it is where its inputs are the same"),
        ),
    ),
    Command(
        "pages", "book:pages", "execute all pages that are out of date, in warm kernels",
        (_PROFILE, _arg("--workers", type=int, default=2, help="kernels side by side")),
    ),
    Command(
        "book", "book:book", "build the HTML book from the executed pages",
        (_PROFILE, _arg("--locate", action="store_true", help="only say where the book is")),
    ),
    Command(
        "record", "judge:record", "publish finished results as a record under records/",
        (
            _arg("experiment"),
            _TITLE,
            _arg("--source", type=Path,
                 help="folder with runs and provenance (default: the results in profile paper)"),
            _arg("--differs", action="append", default=[],
                 help="a departure from the work beside the settings that differ, which are found "
                 "by themselves (may be given again)"),
            _arg("--suffix", default="", help="tells a second record of a day apart, e.g. b"),
        ),
    ),
    Command(
        "restore", "judge:restore", "put the newest record's runs back among the results, to add "
        "methods or seeds to them", (_arg("experiment"),),
    ),
    Command(
        "pipeline", "pipeline:pipeline", "write the lists that the pipeline's stages run over",
    ),
    Command(
        "inputs", "pipeline:inputs", "write down what runs, verdicts or pages are made from",
        (_arg("kind", choices=("runs", "verdicts", "pages")), _PROFILE),
    ),
    Command(
        "lock", "pipeline:lock",
        "merge: settle a conflict in dvc.lock; mend: put back the last one that could be read",
        (_arg("action", choices=("merge", "mend")),),
    ),
    Command(
        "clean", "runs:clean", "delete checkpoints, logs and the built book",
        (_arg("--data", action="store_true", help="also delete downloads/ and data/"),),
    ),
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "function"):
        parser.print_help()
        return 0
    module, name = options.function.split(":")
    try:
        getattr(importlib.import_module(f"landscape.commands.{module}"), name)(options)
    except LandscapeError as error:
        _say(error)
        return 1
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        _say(LandscapeError(
            f"The system refuses {error.filename or 'a file'} ({(error.strerror or '').lower()}): "
            "make room, or a file or folder there that can be read and written, and run the same "
            "command again."
        ))  # fmt: skip
        return 1
    except KeyboardInterrupt:
        print(
            "landscape: interrupted; the same command continues from the last checkpoint.",
            file=sys.stderr,
        )
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="landscape", description="Wide Valleys: runs, results and pages of the book."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=command.help)
        sub.set_defaults(function=command.function)
        for argument in command.arguments:
            sub.add_argument(*argument.names, **argument.options)
    return parser


def _say(error: LandscapeError) -> None:
    """Print the sentence, once for all processes that torchrun has started."""
    from landscape.train import distributed

    # Which process is lost is not known, so that all that remain speak.
    if distributed.world().speaks or isinstance(error, distributed.LostReplica):
        print(f"landscape: {error}", file=sys.stderr, flush=True)
    else:
        time.sleep(1)  # torchrun ends all processes when the first one fails: let process 0 speak


if __name__ == "__main__":
    sys.exit(main())
