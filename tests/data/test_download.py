"""The ways to download, against a local server and a play-acting npm."""

import contextlib
import errno
import http.server
import io
import socket
import stat
import sys
import tarfile
import threading
import time

import pytest
from processes import ended, wait_for

from landscape.data import catalogue, download
from landscape.data.download import Progress, Unavailable, from_address, from_npm
from landscape.data.errors import DataError

SILENT = Progress(False)
BODY = bytes(range(256)) * 400
RELEASED = threading.Event()  # what is silent speaks when this is set


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
            RELEASED.wait(60)
        else:
            self.send_response(200)
            if self.path != "/drips":
                self.send_header("Content-Length", str(length))
            self.end_headers()

    def do_GET(self):
        self._head(len(BODY))
        if self.path == "/breaks":
            self.wfile.write(BODY[:1000])
        elif self.path in ("/whole", "/headless"):
            self.wfile.write(BODY)
        elif self.path == "/drips":  # for ever
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"x")
                    time.sleep(0.01)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def address():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def _silence():
    RELEASED.clear()
    yield
    RELEASED.set()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("path", ["/whole", "/headless"])
def test_a_whole_file_arrives(address, tmp_path, capsys, path):
    from_address(address + path, tmp_path / "x", Progress(True), len(BODY))
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
        from_address(address + path, tmp_path / "x", SILENT, len(BODY))


def test_more_than_expected_is_refused(address, tmp_path):
    with pytest.raises(Unavailable, match="more than the expected 10 bytes"):
        from_address(f"{address}/whole", tmp_path / "x", SILENT, expected=10)


def test_a_source_that_drips_is_given_up(address, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(download, "SLOWEST", 1e12)
    with pytest.raises(Unavailable, match="less than 1000.00 GB a second"):
        from_address(f"{address}/drips", tmp_path / "x", SILENT, 10**9)


def test_a_silent_server_is_not_waited_for(address):
    """It would answer after the test only."""
    with pytest.raises(Unavailable, match="did not answer in time"):
        download.require_answer(f"{address}/silent", seconds=0.2)


def test_a_silent_name_server_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: RELEASED.wait(60) and [])
    with pytest.raises(Unavailable, match="did not answer in time"):
        download.require_answer("http://example.invalid/x", seconds=0.2)


def _no_network(*arguments, **options):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_no_network_is_said_so(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", _no_network)
    with pytest.raises(Unavailable, match="could not be looked up"):
        from_address("http://example.invalid/x", tmp_path / "x", SILENT, len(BODY))


def test_nobody_listens(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="refused"):
        from_address(f"http://127.0.0.1:{port}/x", tmp_path / "x", SILENT, len(BODY))


def test_a_full_disk_is_not_the_sources_fault(address, tmp_path, monkeypatch):
    class Full(io.BytesIO):
        def write(self, block):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "open", lambda *a: Full(), raising=False)
    with pytest.raises(DataError, match="No space left") as caught:
        from_address(f"{address}/whole", tmp_path / "x", SILENT, len(BODY))
    assert not isinstance(caught.value, Unavailable)


# ---------------------------------------------------------------- several addresses
def test_the_next_address_is_asked_when_one_says_no(address, tmp_path, capsys):
    bases = ["http://127.0.0.1:1/", f"{address}/miss", f"{address}/"]
    files = [("whole", len(BODY)), ("headless", len(BODY))]
    download.from_addresses(bases, files, tmp_path, Progress(True))
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "headless").read_bytes() == BODY
    assert f"{address}/whole" in capsys.readouterr().out


def test_every_address_that_says_no_is_named(address, tmp_path):
    bases = ["http://127.0.0.1:1/", f"{address}/"]
    with pytest.raises(Unavailable, match="127.0.0.1:1/missing: .*; .*it answered 404"):
        download.from_addresses(bases, [("missing", 10)], tmp_path, SILENT)


def test_the_addresses_that_torchvision_knows(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(catalogue, "from_addresses", lambda *given: asked.append(given[:2]))
    for name in ("mnist", "cifar10", "cifar100", "svhn"):
        catalogue.PLANS[name].tiers[0][0].download(tmp_path, SILENT)
    assert [[name for name, _ in files] for _, files in asked] == [
        ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
         "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"],
        ["cifar-10-python.tar.gz"],
        ["cifar-100-python.tar.gz"],
        ["train_32x32.mat", "test_32x32.mat", "extra_32x32.mat"],
    ]  # fmt: skip
    for bases, _ in asked:
        assert all(base.startswith("http") and base.endswith("/") for base in bases)


# ---------------------------------------------------------------- npm
@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Install a play-acting npm that runs the given lines of Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(lines):
        script = folder / "npm"
        script.write_text(f"#!{sys.executable}\nimport sys, time\n{lines}\n", encoding="utf-8")
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


# npm with a child of its own, as its shell script has one.
CHILD = WORK + """
import os, subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(to + "/pids", "w").write(f"{os.getpid()} {child.pid}")
"""


@pytest.mark.parametrize(
    ("does", "words"),
    [
        ("time.sleep(600)", "received nothing of x"),
        ("while True: open(to + '/part', 'ab').write(b'x'); time.sleep(0.05)", "npm x: it sends"),
        ("open(to + '/part', 'wb').truncate(10**9); time.sleep(600)", "has written 1.00 GB for"),
    ],
)
def test_npm_that_comes_to_no_end_is_ended_with_its_child(npm, tmp_path, monkeypatch, does, words):
    if "nothing" in words:
        monkeypatch.setattr(download, "ANSWER_SECONDS", -1.0)  # patience is 3 seconds more
    if "sends" in words:
        monkeypatch.setattr(download, "STALL_SECONDS", 2.0)
    npm(CHILD + does)
    with pytest.raises(Unavailable, match=words):
        from_npm("x", "1", tmp_path, 100, SILENT)
    npm_and_child = map(int, (tmp_path / "pids").read_text(encoding="utf-8").split())
    assert all(wait_for(lambda pid=pid: ended(pid)) for pid in npm_and_child)


def test_without_npm_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"npm is not installed.*Node"):
        from_npm("x", "1", tmp_path, 100, SILENT)


def test_npm_without_a_file_is_noticed(npm, tmp_path):
    npm("pass")
    with pytest.raises(Unavailable, match=r"did not write x-1\.tgz"):
        from_npm("x", "1", tmp_path, 100, SILENT)
