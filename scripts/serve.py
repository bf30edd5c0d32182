"""Serve the built book on this machine alone: serve.py FOLDER PORT."""

import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


def main(folder: str, port: str) -> int:
    """Serve until Ctrl-C; 1 with one sentence where the port cannot be had."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    try:
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except (OSError, ValueError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "it is not a number from 0 to 65535"
        print(
            f"Port {port} cannot be used ({reason}): perhaps `make read` already runs, at "
            f"http://localhost:{port}; another is chosen with `make read PORT=8001`.",
            file=sys.stderr,
        )
        return 1
    print(f"The book is at http://localhost:{server.server_port} (Ctrl-C ends).", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
