"""Run one notebook of the book and keep its executed page only when every cell succeeded.

The text notebook goes through jupytext to papermill, which starts a kernel of its own in the
repository root. The result is normalised, so that two runs of the same notebook on the same
results give the same bytes and a page changes only when what it shows changes.
"""

from __future__ import annotations

import ast
import contextlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from landscape.errors import LandscapeError
from landscape.book import normalise

KERNEL = "python3"
KERNEL_START_SECONDS = 300  # a busy machine starts a kernel late, which is not an error
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class NotebookError(LandscapeError):
    """A notebook that cannot be found, was given a wrong parameter, or failed while running."""


def find(artifact: str, root: Path) -> Path:
    """Path of the text notebook of ``artifact`` under ``book/notebooks``.

    Raises ``NotebookError`` when there is none, or more than one.
    """
    folder = Path(root) / "book" / "notebooks"
    found = sorted(folder.glob(f"*/{artifact}.md"))
    if not found:
        known = sorted(path.stem for path in folder.glob("*/*.md"))
        raise NotebookError(
            f"there is no notebook book/notebooks/*/{artifact}.md; "
            f"the notebooks are: {', '.join(known) or 'none yet'}."
        )
    if len(found) > 1:
        places = ", ".join(str(path.relative_to(root)) for path in found)
        raise NotebookError(f"notebook {artifact} exists more than once: {places}; keep one.")
    return found[0]


def executed_path(artifact: str, profile: str, root: Path) -> Path:
    """Where the executed page of ``artifact`` under ``profile`` is kept."""
    part = find(artifact, root).parent.name
    return Path(root) / "book" / "executed" / profile / part / f"{artifact}.ipynb"


def declared_parameters(notebook: Any) -> dict[str, Any]:
    """Names and default values of the assignments in the cell tagged ``parameters``.

    ``notebook`` is an nbformat node. Raises ``NotebookError`` when the cell is missing or a
    default is not a plain literal.
    """
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise NotebookError(
            f"a notebook needs exactly one cell tagged 'parameters' and this one has {len(cells)}."
        )
    values: dict[str, Any] = {}
    for statement in ast.parse(cells[0].source).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        target = statement.target if isinstance(statement, ast.AnnAssign) else target
        if not isinstance(target, ast.Name):
            raise NotebookError(
                "the cell tagged 'parameters' may hold only lines of the form name = value; "
                f"it holds {ast.unparse(statement)!r}."
            )
        try:
            values[target.id] = ast.literal_eval(statement.value)
        except (ValueError, TypeError) as error:
            raise NotebookError(
                f"the default of parameter {target.id} must be a plain value, "
                f"not {ast.unparse(statement.value)!r}."
            ) from error
    return values


def checked_parameters(
    declared: Mapping[str, Any], given: Mapping[str, Any], profile: str
) -> dict[str, Any]:
    """The given values, converted to the type of their default, plus the profile.

    Only values that differ from the defaults are returned, so that an ordinary run injects no
    cell. Raises ``NotebookError`` for a name the notebook does not declare (papermill would only
    warn and run with the default) and for a value of another type.
    """
    if "profile" in given:
        raise NotebookError("the profile is chosen with --profile, not as a notebook parameter.")
    unknown = sorted(set(given) - set(declared))
    if unknown:
        allowed = ", ".join(sorted(set(declared) - {"profile"})) or "none"
        raise NotebookError(
            f"the notebook has no parameter {', '.join(unknown)}; it has: {allowed}."
        )
    if "profile" not in declared:
        raise NotebookError("the cell tagged 'parameters' must set profile, e.g. \"laptop\".")
    values = {name: _converted(name, value, declared[name]) for name, value in given.items()}
    values["profile"] = profile
    return {name: value for name, value in values.items() if value != declared[name]}


def _converted(name: str, value: Any, default: Any) -> Any:
    if isinstance(value, str) and not isinstance(default, str):
        with contextlib.suppress(ValueError, SyntaxError):
            value = ast.literal_eval({"true": "True", "false": "False"}.get(value, value))
    wanted = type(default)
    if wanted is float and type(value) is int:
        value = float(value)
    if default is not None and type(value) is not wanted:
        raise NotebookError(
            f"parameter {name} must be a {wanted.__name__} like {default!r}, not {value!r}."
        )
    return value


@contextlib.contextmanager
def _quiet_environment(root: Path) -> Iterator[None]:
    """Environment in which a kernel reads and writes nothing of the user's own set-up.

    A kernel started in it works with a read-only home folder, ignores the user's matplotlibrc,
    IPython profile and Jupyter configuration, and shows no progress bars.
    """
    matplotlib = root / "logs" / ".cache" / "matplotlib"  # kept: the font list takes seconds
    matplotlib.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="landscape-notebook-") as scratch:
        profile = Path(scratch) / "ipython" / "profile_default"
        profile.mkdir(parents=True)
        (profile / "ipython_kernel_config.py").write_text(
            "c = get_config()\n"
            "c.HistoryManager.enabled = False\n"
            "c.IPKernelApp.log_level = 40\n",  # it warns about unencrypted TCP on this machine
            encoding="utf-8",
        )
        wanted = {
            "IPYTHONDIR": f"{scratch}/ipython",
            "JUPYTER_CONFIG_DIR": f"{scratch}/config",
            "JUPYTER_DATA_DIR": f"{scratch}/data",
            "JUPYTER_RUNTIME_DIR": f"{scratch}/runtime",
            "JUPYTER_PLATFORM_DIRS": "1",
            "JUPYTER_PREFER_ENV_PATH": "1",
            "MPLCONFIGDIR": str(matplotlib),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": "0",  # matplotlib writes it into SVG instead of today
            "TQDM_DISABLE": "1",
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        }
        dropped = ("JUPYTER_PATH", "PYTHONSTARTUP", "PYTHONWARNINGS")
        before = {name: os.environ.get(name) for name in (*wanted, *dropped)}
        try:
            os.environ.update(wanted)
            for name in dropped:
                os.environ.pop(name, None)
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@contextlib.contextmanager
def _kernel_messages_to(path: Path) -> Iterator[None]:
    """Send what the kernel process itself says on stderr (at its end, mostly) to ``path``."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with path.open("wb") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def run(
    artifact: str, profile: str, root: Path, parameters: Mapping[str, Any] | None = None
) -> Path:
    """Execute the notebook of ``artifact`` and return the path of its executed page.

    ``parameters`` overrides values of the notebook's ``parameters`` cell. The page is replaced
    only when every cell ran and wrote nothing to stderr; otherwise ``NotebookError`` says which
    cell failed and the partly executed notebook and a log stay in ``logs/<profile>/<part>/``.
    """
    import jupytext  # heavy, and needed only here
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    root = Path(root).resolve()
    source = find(artifact, root)
    notebook = jupytext.read(source)
    try:
        values = checked_parameters(declared_parameters(notebook), parameters or {}, profile)
    except NotebookError as error:
        raise NotebookError(f"{source.relative_to(root)}: {error}") from None
    logs = root / "logs" / profile / source.parent.name
    logs.mkdir(parents=True, exist_ok=True)
    attempt, log = logs / f"{artifact}.ipynb", logs / f"{artifact}.log"
    kernel_log = logs / f"{artifact}.kernel.log"
    logging.getLogger("papermill").setLevel(logging.ERROR)  # it announces every path and cell
    where = f"notebook {artifact} (profile {profile}): "
    try:
        with _quiet_environment(root), _kernel_messages_to(kernel_log):
            done = papermill.execute_notebook(
                notebook,
                str(attempt),
                parameters=values or None,
                kernel_name=KERNEL,
                language="python",
                cwd=str(root),
                progress_bar=False,
                start_timeout=KERNEL_START_SECONDS,
            )
    except PapermillExecutionError as error:
        trace = ANSI.sub("", "\n".join(error.traceback))
        log.write_text(f"{error.source}\n\n{trace}\n", encoding="utf-8")
        lines = ANSI.sub("", str(error.evalue)).strip().splitlines() or [""]
        message = lines[0].rstrip(".")
        raise NotebookError(
            f"{where}{_name(error.source, error.exec_count)} raised {error.ename}: {message} "
            f"(see {log.relative_to(root)} and {attempt.relative_to(root)})."
        ) from None
    except Exception as error:  # the kernel did not start, or died
        log.write_text(f"{type(error).__name__}: {error}\n", encoding="utf-8")
        first = (str(error).strip().splitlines() or [""])[0]
        raise NotebookError(
            f"{where}the kernel failed with {type(error).__name__}: {first} "
            f"(see {log.relative_to(root)} and {kernel_log.relative_to(root)})."
        ) from error
    noise = normalise.unexpected_stderr(done)
    if noise:
        cell, text = noise
        log.write_text(f"{cell.source}\n\n{text}\n", encoding="utf-8")
        raise NotebookError(
            f"{where}{_name(cell.source, cell.execution_count)} wrote to stderr, which a page must "
            f"not show: {ANSI.sub('', text).strip().splitlines()[0]} (see {log.relative_to(root)})."
        )
    target = root / "book" / "executed" / profile / source.parent.name / f"{artifact}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(normalise.normalised(done, root), attempt)
    os.replace(attempt, target)
    for path in (log, kernel_log):
        path.unlink(missing_ok=True)
    return target


def _name(source: str, count: int | None) -> str:
    """How a reader finds a cell: its number and its first line."""
    first = next((line for line in source.splitlines() if line.strip()), "")
    return f"cell [{count}] ({first.strip()[:60]!r})"
