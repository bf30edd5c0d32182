"""The three ways to download, against a local server and a play-acting npm."""

import errno
import http.server
import io
import os
import socket
import stat
import sys
import tarfile
import threading
import time
import urllib.error

import pytest

from landscape.data import download
from landscape.data.download import Progress, Unavailable, from_address, from_npm
from landscape.data.errors import DataError

SILENT = Progress(False)
BODY = bytes(range(256)) * 400


class _Server(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        if self.path == "/headless":
            self.send_error(405)
        else:
            self._head(len(BODY))

    def _head(self, length):
        if self.path == "/missing":
            self.send_error(404)
        elif self.path == "/silent":
            time.sleep(1)
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()

    def do_GET(self):
        self._head(len(BODY))
        if self.path == "/breaks":
            self.wfile.write(BODY[:1000])
        elif self.path in ("/whole", "/headless"):
            self.wfile.write(BODY)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def address():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("path", ["/whole", "/headless"])
def test_a_whole_file_arrives(address, tmp_path, capsys, path):
    from_address(address + path, tmp_path / "x", Progress(True))
    assert (tmp_path / "x").read_bytes() == BODY
    assert "x: 100% of 0.1 MB" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing", "it answered 404"),
        ("/breaks", "broke off after 1000 of 102400 bytes|IncompleteRead"),
    ],
)
def test_a_refusal_is_one_sentence(address, tmp_path, path, words):
    with pytest.raises(Unavailable, match=words):
        from_address(address + path, tmp_path / "x", SILENT)


def test_more_than_expected_is_refused(address, tmp_path):
    with pytest.raises(Unavailable, match="more than the expected 10 bytes"):
        from_address(f"{address}/whole", tmp_path / "x", SILENT, expected=10)


def test_a_silent_server_is_not_waited_for(address, tmp_path, monkeypatch):
    start = time.monotonic()
    with pytest.raises(Unavailable, match="did not answer in time"):
        download.require_answer(f"{address}/silent", seconds=0.2)
    assert time.monotonic() - start < 0.9


def test_a_silent_name_server_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(1) or [])
    start = time.monotonic()
    with pytest.raises(Unavailable, match="did not answer in time"):
        download.require_answer("http://example.invalid/x", seconds=0.2)
    assert time.monotonic() - start < 0.9


def _no_network(*arguments, **options):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_no_network_is_said_so(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", _no_network)
    with pytest.raises(Unavailable, match="could not be looked up"):
        from_address("http://example.invalid/x", tmp_path / "x", SILENT)


def test_nobody_listens(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="refused"):
        from_address(f"http://127.0.0.1:{port}/x", tmp_path / "x", SILENT)


def test_a_full_disk_is_not_the_sources_fault(address, tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, block):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "open", lambda *a: Full(), raising=False)
    with pytest.raises(DataError, match="No space left") as caught:
        from_address(f"{address}/whole", tmp_path / "x", SILENT)
    assert not isinstance(caught.value, Unavailable)


# ---------------------------------------------------------------- torchvision's downloader
class _Utils:
    def __init__(self, behave):
        self.behave = behave
        self.calls = []

    def download_url(self, url, root, filename, md5):
        self.calls.append(url)
        assert socket.getdefaulttimeout() == download.ANSWER_SECONDS
        print("bar", file=sys.stderr)
        self.behave()
        with open(os.path.join(root, filename), "wb") as stream:
            stream.write(b"x")


@pytest.fixture
def torchvision(monkeypatch):
    utils = _Utils(lambda: None)
    fake = type("datasets", (), {"utils": utils})
    monkeypatch.setattr(download, "torchvision_datasets", lambda: fake)
    return utils


def test_torchvision_goes_to_its_next_address(torchvision, address, tmp_path, capsys):
    bases = ["http://127.0.0.1:1/", f"{address}/"]
    download.from_torchvision(bases, [("whole", "md5")], tmp_path, SILENT)
    assert torchvision.calls == [f"{address}/whole"]
    assert (tmp_path / "whole").exists()
    assert socket.getdefaulttimeout() is None
    assert "bar" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [RuntimeError("File not found or corrupted."), urllib.error.URLError("gone")]
)
def test_torchvision_refusing_is_unavailable(torchvision, address, tmp_path, error):
    def fail():
        raise error

    torchvision.behave = fail
    with pytest.raises(Unavailable, match=r"corrupted|gone"):
        download.from_torchvision([f"{address}/"], [("whole", "md5")], tmp_path, SILENT)


# ---------------------------------------------------------------- npm
@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Install a play-acting npm that runs the given lines of Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(lines):
        script = folder / "npm"
        script.write_text(f"#!{sys.executable}\nimport sys, time\n{lines}\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    return install


WORK = "to = sys.argv[sys.argv.index('--pack-destination') + 1]\n"


def test_npm_delivers_a_scoped_package(npm, tmp_path):
    content = io.BytesIO()
    tarfile.open(fileobj=content, mode="w:gz").close()
    npm(
        WORK + "assert sys.argv[1:3] == ['pack', '@a/b-c@1.2.3']\n"
        f"open(to + '/a-b-c-1.2.3.tgz', 'wb').write({content.getvalue()!r})"
    )
    path = from_npm("@a/b-c", "1.2.3", tmp_path, len(content.getvalue()), SILENT)
    assert path.read_bytes() == content.getvalue()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ENOTFOUND", "could not be looked up"),
        ("ETIMEDOUT", "did not answer in time"),
        ("E404", "does not have it"),
        ("EODD", "npm error EODD"),
    ],
)
def test_npm_refusing_is_one_sentence(npm, tmp_path, code, words):
    npm(f"print('npm error code {code}', file=sys.stderr); sys.exit(1)")
    with pytest.raises(Unavailable, match=words):
        from_npm("x", "1", tmp_path, 100, SILENT)


def test_npm_on_a_full_disk_is_not_the_sources_fault(npm, tmp_path):
    npm("print('npm ERR! code ENOSPC', file=sys.stderr); sys.exit(228)")
    with pytest.raises(DataError, match="No space left while npm wrote x") as caught:
        from_npm("x", "1", tmp_path, 100, SILENT)
    assert not isinstance(caught.value, Unavailable)


def test_npm_that_receives_nothing_is_killed(npm, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "ANSWER_SECONDS", -2.5)  # patience is 3 seconds more
    npm(WORK + "open(to + '/pid', 'w').write(str(__import__('os').getpid())); time.sleep(60)")
    with pytest.raises(Unavailable, match="received nothing of x"):
        from_npm("x", "1", tmp_path, 100, SILENT)
    pid = (tmp_path / "pid").read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_without_npm_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"npm is not installed.*Node"):
        from_npm("x", "1", tmp_path, 100, SILENT)


def test_npm_without_a_file_is_noticed(npm, tmp_path):
    npm("pass")
    with pytest.raises(Unavailable, match=r"did not write x-1\.tgz"):
        from_npm("x", "1", tmp_path, 100, SILENT)
