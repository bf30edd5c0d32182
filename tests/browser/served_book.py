"""A built book on a local address, and a Chromium that can reach nothing else."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Path of an installed Chromium, or None."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


def location() -> Path:
    """The folder of the built book: LANDSCAPE_BOOK, else book/_build/html of this repository."""
    default = Path(__file__).resolve().parents[2] / "book" / "_build" / "html"
    return Path(os.environ.get("LANDSCAPE_BOOK") or default)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Say nothing: failed requests are counted in the browser."""


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """Serve ``folder`` on 127.0.0.1 while the context lasts; yields the address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium through playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = playwright.chromium.launch(
            executable_path=chromium(), args=FLAGS, chromium_sandbox=False
        )
        yield program
        program.close()


def guarded(context: Any) -> tuple[Any, list[str]]:
    """A page that reaches nothing but this machine, and the list of all that went wrong on it."""
    page, complaints = context.new_page(), []

    def guard(route: Any) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", guard)
    page.on("requestfailed", lambda r: complaints.append(f"failed: {r.url} {r.failure}"))
    page.on("response", lambda r: r.status >= 400 and complaints.append(f"{r.status}: {r.url}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda m: m.type in ("error", "warning") and complaints.append(f"{m.type}: {m.text}"),
    )
    return page, complaints


def settled(page: Any) -> None:
    """Wait until a page has loaded, pictures and formulas included."""
    page.wait_for_load_state("load")
    page.evaluate(
        """async () => {
          for (const image of document.images) { image.loading = 'eager' }
          await Promise.all([...document.images].map(i => i.complete ? 0 : new Promise(
            done => { i.onload = i.onerror = done })))
          if (window.MathJax?.startup?.promise) { await window.MathJax.startup.promise }
          await document.fonts.ready
        }"""
    )
