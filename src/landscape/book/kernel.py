"""A Python kernel that executes page after page; starting one takes seconds, a page often less.

It reads and writes nothing of the user's own set-up, and is the same Python as this one. Between
two pages everything that a page may have changed is put back: names, figure modules, matplotlib's
settings, which warnings were shown.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from landscape.files import require_writable

START_SECONDS = 300  # a busy machine starts a kernel late, which is not an error

_CONFIGURATION = """\
c = get_config()
c.HistoryManager.enabled = False
c.IPKernelApp.log_level = 40  # it warns about unencrypted TCP on this machine
"""
_RESET = """\
import sys, warnings
for name in [name for name in sys.modules if name.startswith("landscape_figure_")]:
    del sys.modules[name]
if "matplotlib.pyplot" in sys.modules:
    sys.modules["matplotlib.pyplot"].close("all")
if "matplotlib" in sys.modules:
    sys.modules["matplotlib"].rcdefaults()
with warnings.catch_warnings():
    pass  # forgets which warnings were shown already
get_ipython().reset(new_session=True)
"""


class Kernel:
    """A running kernel in a project's folder; use it as a context.

    Attributes:
        manager: jupyter_client's manager.
        client: The client through which all pages talk to it.
        log: The file that takes what the kernel's process itself says on stderr.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).resolve()
        self.log = self.root / "logs" / f"kernel-{os.getpid()}-{id(self):x}.log"
        self.manager: Any = None
        self.client: Any = None

    def __enter__(self) -> Kernel:
        from jupyter_client import AsyncKernelManager
        from jupyter_client.kernelspec import KernelSpecManager
        from nbclient.util import run_sync

        self._scratch = tempfile.TemporaryDirectory(prefix="landscape-kernel-")
        scratch = Path(self._scratch.name)
        require_writable(self.log.parent)
        self._stderr = self.log.open("wb")
        # No folders: the only kernel is the one of this very Python.
        self.manager = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
        self.manager.connection_file = str(scratch / "kernel.json")
        try:
            run_sync(self.manager.start_kernel)(
                cwd=str(self.root), env=self._environment(scratch), stderr=self._stderr
            )
            self.client = self.manager.client()
            self.client.start_channels()
            run_sync(self.client.wait_for_ready)(timeout=START_SECONDS)
            self.client.allow_stdin = False
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        from nbclient.util import run_sync

        if self.client is not None:
            self.client.stop_channels()
        if self.manager.has_kernel:
            run_sync(self.manager.shutdown_kernel)(now=True)
        self.manager.cleanup_connection_file()
        self._stderr.close()
        self._scratch.cleanup()
        if self.log.exists() and self.log.stat().st_size == 0:
            self.log.unlink()

    def is_alive(self) -> bool:
        """Whether its process runs."""
        from nbclient.util import run_sync

        return run_sync(self.manager.is_alive)()

    def reset(self) -> None:
        """Put back what a page may have changed.

        Raises RuntimeError when the kernel does not answer.
        """
        from nbclient.util import run_sync

        async def ask() -> dict[str, Any]:
            return await self.client.execute(
                _RESET, silent=True, store_history=False, reply=True, timeout=START_SECONDS
            )

        reply = run_sync(ask)()
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"the kernel cannot be put back: {reply['content'].get('evalue')}")

    def _environment(self, scratch: Path) -> dict[str, str]:
        """Works with a read-only home, ignores the user's configuration, shows no progress bars."""
        profile = scratch / "ipython" / "profile_default"
        profile.mkdir(parents=True)
        (profile / "ipython_kernel_config.py").write_text(_CONFIGURATION, encoding="utf-8")
        matplotlib = self.root / "logs" / ".cache" / "matplotlib"  # kept: fonts take seconds
        matplotlib.mkdir(parents=True, exist_ok=True)
        dropped = ("JUPYTER_PATH", "PYTHONSTARTUP")
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        return kept | {
            "IPYTHONDIR": f"{scratch}/ipython",
            "JUPYTER_CONFIG_DIR": f"{scratch}/config",
            "JUPYTER_DATA_DIR": f"{scratch}/data",
            "JUPYTER_RUNTIME_DIR": f"{scratch}/runtime",
            "JUPYTER_PLATFORM_DIRS": "1",
            "MPLCONFIGDIR": str(matplotlib),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONWARNINGS": "ignore:IProgress not found",  # tqdm misses widgets for its bars
            "SOURCE_DATE_EPOCH": "0",  # matplotlib writes it into SVG instead of today
            "TQDM_DISABLE": "1",
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        }
