"""Execute pages of the book, keeping a page only when every cell succeeded.

The text notebook goes through jupytext to papermill, into a kernel of its own or one that is warm.
The result is normalised, so that two runs of the same page on the same results give the same bytes.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from landscape.book import cells, normalise
from landscape.book.executed import (
    executed_path,
    find,
    has_kernel,
    is_fresh,
    item_of,
    manifest_path,
)
from landscape.book.kernel import START_SECONDS, Kernel
from landscape.book.parameters import NotebookError, checked_parameters, declared_parameters
from landscape.files import require_writable

__all__ = ["NotebookError", "executed_path", "find", "has_kernel", "is_fresh", "item_of",
           "manifest_path", "run", "run_many"]  # fmt: skip

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ENGINE = "landscape-kernel"
_REGISTERING = threading.Lock()


def run(
    item: str,
    profile: str,
    root: str | Path,
    parameters: Mapping[str, Any] | None = None,
    kernel: Kernel | None = None,
    reuse: bool = False,
) -> Path:
    """Execute one page.

    Args:
        item: Its id, ``<part>/<name>``, ``<part>/part`` or ``index``; the name alone will do.
        profile: smoke, laptop or paper.
        root: The project's folder, in which the page runs.
        parameters: Values for its cell tagged ``parameters``. Such a page goes to
            ``logs/<profile>/``: it is not the book's.
        kernel: A warm kernel; without one the page gets its own.
        reuse: Take the executed page as it is where it was made from the same inputs.

    Returns:
        The executed page. It is replaced only when every cell ran and wrote nothing to stderr but
        progress bars; the list of its inputs is copied beside it.

    Raises:
        NotebookError: Which cell failed and why; the partly executed page and a log stay in
            ``logs/<profile>/``.
    """
    root = Path(root).resolve()
    source = find(item, root)
    item = item_of(source, root)
    target, inputs = executed_path(item, profile, root), manifest_path(item, profile, root)
    if reuse and not parameters and is_fresh(item, profile, root):
        _write(target.with_suffix(".inputs"), inputs.read_bytes())
        return target
    # Read before the page runs: what changes meanwhile makes it out of date.
    manifest = inputs.read_bytes() if inputs.is_file() else None
    notebook = _read(source, root)
    try:
        notebook = cells.joined(notebook)
        values = checked_parameters(declared_parameters(notebook), parameters or {}, profile)
    except (NotebookError, cells.CaptionError) as error:
        raise NotebookError(f"{source.relative_to(root)}: {error}") from None
    attempt = root / "logs" / profile / f"{item}.ipynb"
    for folder in (attempt.parent, target.parent):
        require_writable(folder)
    if kernel is None:
        try:
            with Kernel(root) as own:
                done = _execute(notebook, values, attempt, own, f"page {item} ({profile}): ")
        except (RuntimeError, OSError) as error:
            raise NotebookError(f"page {item} ({profile}): no kernel started ({error}).") from error
    else:
        done = _execute(notebook, values, attempt, kernel, f"page {item} ({profile}): ")
    done = normalise.normalised(cells.parted(done), root)
    if parameters:
        _write(attempt, _bytes(done))
        return attempt
    if manifest is not None:
        done.metadata["landscape"] = {"inputs": hashlib.sha256(manifest).hexdigest()}
    _write(target, _bytes(done))
    attempt.unlink(missing_ok=True)
    if manifest is None:
        target.with_suffix(".inputs").unlink(missing_ok=True)
    else:
        _write(target.with_suffix(".inputs"), manifest)
    return target


def run_many(items: Sequence[str], profile: str, root: str | Path, workers: int = 2) -> list[Path]:
    """Execute those of several pages that are out of date, in warm kernels side by side.

    Args:
        items: Their ids.
        profile: smoke, laptop or paper.
        root: The project's folder.
        workers: How many kernels.

    Returns:
        The executed pages, in the order of ``items``.

    Raises:
        NotebookError: The first page that failed and how many did; the others are done.
    """
    root = Path(root).resolve()
    names = [item_of(find(item, root), root) for item in items]
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in names:
        if not is_fresh(name, profile, root):
            waiting.put(name)
    failed: dict[str, Exception] = {}

    def work() -> None:
        name = names[0]
        try:
            while not waiting.empty():
                with Kernel(root) as kernel:
                    while kernel.is_alive():
                        name = waiting.get_nowait()
                        try:
                            run(name, profile, root, kernel=kernel)
                        except NotebookError as error:
                            failed[name] = error
        except queue.Empty:
            return
        except Exception as error:  # no kernel started
            failed[name] = error

    number = max(1, min(workers, waiting.qsize())) if not waiting.empty() else 0
    threads = [threading.Thread(target=work, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        first = next(iter(failed.values()))
        rest = f" {len(failed)} pages failed: {', '.join(failed)}." if len(failed) > 1 else ""
        raise NotebookError(f"{first}{rest}") from first
    return [run(name, profile, root, reuse=True) if is_fresh(name, profile, root)
            else executed_path(name, profile, root) for name in names]  # fmt: skip


def _read(source: Path, root: Path) -> Any:
    import jupytext  # heavy, and needed only here

    try:
        return jupytext.read(source)
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        raise NotebookError(
            f"{source.relative_to(root)} cannot be read as a notebook: {first}."
        ) from error


def _execute(
    notebook: Any, values: dict[str, Any], attempt: Path, kernel: Kernel, where: str
) -> Any:
    """The executed notebook, or NotebookError with the cell that failed."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    root, log = kernel.root, attempt.with_suffix(".log")
    logging.getLogger("papermill").setLevel(logging.ERROR)  # it announces every path and cell
    _register_engine()
    try:
        kernel.reset()
        done = papermill.execute_notebook(
            notebook, str(attempt), parameters=values or None, engine_name=_ENGINE,
            kernel_name="python3", language="python", progress_bar=False,
            start_timeout=START_SECONDS, kernel=kernel,
        )  # fmt: skip
    except PapermillExecutionError as error:
        trace = ANSI.sub("", "\n".join(error.traceback))
        log.write_text(f"{error.source}\n\n{trace}\n", encoding="utf-8")
        lines = ANSI.sub("", str(error.evalue)).strip().splitlines() or [""]
        message = lines[0].rstrip(".")
        raise NotebookError(
            f"{where}{_name(error.source, error.exec_count)} raised {error.ename}: {message} "
            f"(see {log.relative_to(root)} and {attempt.relative_to(root)})."
        ) from None
    except Exception as error:  # the kernel died
        log.write_text(f"{type(error).__name__}: {error}\n", encoding="utf-8")
        first = (str(error).strip().splitlines() or [""])[0]
        raise NotebookError(
            f"{where}the kernel failed with {type(error).__name__}: {first} "
            f"(see {log.relative_to(root)} and {kernel.log.relative_to(root)})."
        ) from error
    noise = normalise.unexpected_stderr(done)
    if noise:
        cell, text = noise
        log.write_text(f"{cell.source}\n\n{text}\n", encoding="utf-8")
        raise NotebookError(
            f"{where}{_name(cell.source, cell.execution_count)} wrote to stderr, which a page must "
            f"not show: {normalise.first_unexpected(text)} (see {log.relative_to(root)})."
        )
    log.unlink(missing_ok=True)
    return done


def _register_engine() -> None:
    """Tell papermill how to use a kernel that runs already."""
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine, papermill_engines

    class Engine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, kernel=None, **options):
            client = PapermillNotebookClient(
                nb_man, km=kernel.manager, kernel_name=kernel_name, timeout=None,
                startup_timeout=START_SECONDS,
            )  # fmt: skip
            client.kc = kernel.client
            return client.execute()

    with _REGISTERING:
        if _ENGINE not in papermill_engines._engines:
            papermill_engines.register(_ENGINE, Engine)


def _bytes(notebook: Any) -> bytes:
    import nbformat

    return (nbformat.writes(notebook) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and only where it changes: its time says when it did."""
    from landscape import files

    if path.is_file() and path.read_bytes() == content:
        return
    with files.replacing(path) as temporary:
        temporary.write_bytes(content)


def _name(source: str, count: int | None) -> str:
    """How a reader finds a cell: its number and its first line."""
    first = next((line for line in source.splitlines() if line.strip()), "")
    return f"cell [{count}] ({first.strip()[:60]!r})"
