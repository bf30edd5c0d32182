"""The program in processes of its own: locales, pipes, signals."""

import os
import signal
import subprocess
import sys

import pytest
from processes import wait_for

from landscape import cli


def start(*arguments, code=None, **variables):
    command = [sys.executable, *(["-c", code] if code else ["-m", "landscape"]), *arguments]
    return subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


# The command line itself is replaced: what it prints is tested elsewhere.
PLAY = """
import sys
from landscape import __main__, cli
def main():
    {does}
cli.main = main
sys.exit(__main__.main())
"""


@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "C.UTF-8"}])
def test_every_locale_gets_utf_8(locale):
    code = PLAY.format(does=r"print('\u03b3 = 1, \u00e9'); print('\u2265', file=sys.stderr)")
    out, err = start(code=code, **locale).communicate()
    assert out.decode("utf-8") == "\u03b3 = 1, \u00e9\n"
    assert err.decode("utf-8") == "\u2265\n"


def test_a_name_that_is_no_utf_8_keeps_its_bytes():
    out, _ = start(code=PLAY.format(does=r"print('\udce9')")).communicate()
    assert out == b"\xe9\n"


def test_a_reader_that_has_seen_enough_is_no_traceback():
    process = start(code=PLAY.format(does="[print(i) for i in range(10**6)]; return 0"))
    assert process.stdout.readline() == b"0\n"
    process.stdout.close()
    assert process.wait() == 128 + signal.SIGPIPE
    assert process.stderr.read() == b""


def test_an_ended_program_cleans_up(tmp_path):
    does = f"""
    import pathlib, time
    here = pathlib.Path({str(tmp_path)!r})
    try:
        (here / "begun").touch()
        time.sleep(600)
    finally:
        (here / "cleaned").touch()
"""
    process = start(code=PLAY.format(does=does.strip()))
    assert wait_for((tmp_path / "begun").exists)
    process.terminate()
    assert process.wait() == 128 + signal.SIGTERM
    assert (tmp_path / "cleaned").exists()
    assert process.stderr.read() == b""


def test_the_program_is_the_command_line():
    out, err = start("--help").communicate()
    assert err == b""
    assert out.decode("utf-8").startswith("usage: landscape")
    assert cli.main([]) == 0
