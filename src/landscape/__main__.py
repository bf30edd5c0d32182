"""The program ``landscape``, or ``python -m landscape``: the command line in its own process.

What belongs to the process is here, so that ``landscape.cli.main`` can be called from anywhere:
output in UTF-8 whatever the locale, a reader that has seen enough (``landscape list | head -1``),
and a polite end that lets clean-up happen.
"""

from __future__ import annotations

import os
import signal
import sys

from landscape import cli, following


def main() -> int:
    """Run the command of ``sys.argv`` and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # Names of files that are no UTF-8 keep their bytes.
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    if "TORCHELASTIC_RUN_ID" not in os.environ:  # torchrun has its own way to end its processes
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    following.follow_parent()
    try:
        status = cli.main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain once more when it closes the stream at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return status


if __name__ == "__main__":
    sys.exit(main())
