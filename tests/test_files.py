"""Files are whole or absent, and a folder that cannot be written is found before the work."""

import errno
import os
import subprocess
import sys

import pytest

from landscape import files
from landscape.errors import LandscapeError


def ended_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_file_is_written_whole(tmp_path):
    target = tmp_path / "new" / "é.json"
    files.write_text(target, "a\nü\n")
    assert target.read_bytes() == b"a\n\xc3\xbc\n"
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_takes_the_place_of_the_old_one_whole(tmp_path):
    target = tmp_path / "run"
    for content in ("old", "new"):
        with files.replacing_folder(target) as folder:
            assert not list(folder.iterdir())
            (folder / content).write_text(content)
    assert [path.name for path in target.iterdir()] == ["new"]

    def fails():
        with files.replacing_folder(target) as folder:
            (folder / "half").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.EIO, "broken")])
def test_an_end_between_taking_the_old_folder_away_and_the_new_one_there(
    tmp_path, monkeypatch, error
):
    """The old result is put back: it may have taken days."""
    target, replace = tmp_path / "run", os.replace
    target.mkdir()
    (target / "old").touch()

    def fails(source, destination):
        if ".new." in str(source):
            raise error
        replace(source, destination)

    monkeypatch.setattr(files.os, "replace", fails)
    with pytest.raises(type(error)), files.replacing_folder(target) as folder:
        (folder / "new").touch()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]


def test_folders_of_killed_processes_are_swept(tmp_path):
    left = tmp_path / f".run.new.{ended_process()}.tmp"
    left.mkdir()
    (left / "results.csv").touch()
    with files.replacing_folder(tmp_path / "run"):
        pass
    assert not left.exists()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "x.csv"
    files.write_text(target, "old")

    def write(error):
        with files.replacing(target) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise error

    with pytest.raises(LandscapeError, match=f"No space left while writing to {tmp_path}"):
        write(OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(ZeroDivisionError):
        write(ZeroDivisionError())
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_text(encoding="utf-8") == "old"


def test_what_a_killed_process_left_is_swept_and_a_running_ones_stays(tmp_path):
    dead = tmp_path / f".x.csv.{ended_process()}.tmp"
    alive = tmp_path / f".x.csv.{os.getppid()}.tmp"
    other = tmp_path / ".notes.tmp"
    for path in (dead, alive, other):
        path.write_text("", encoding="utf-8")
    files.write_text(tmp_path / "y.csv", "")
    assert not dead.exists()
    assert alive.exists()
    assert other.exists()


def test_a_folder_is_tried_before_the_work(tmp_path, monkeypatch):
    files.require_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("", encoding="utf-8")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(LandscapeError, match=f"Cannot write to {folder} ") as caught:
            files.require_writable(folder)
        assert "\n" not in str(caught.value)

    def read_only(**options):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(files.tempfile, "TemporaryFile", read_only)
        with pytest.raises(LandscapeError, match="read-only file system"):
            files.require_writable(tmp_path)
    usage = type("usage", (), {"free": files.SPACE_MARGIN + 99})
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: usage)
    files.require_writable(tmp_path, 99)
    with pytest.raises(LandscapeError, match="No space left"):
        files.require_writable(tmp_path, 100)


def test_a_sealed_file_comes_back_and_every_damage_counts_as_absent(tmp_path, capsys):
    path = tmp_path / "state"

    def seal():
        with files.sealing(path) as temporary:
            temporary.write_bytes(b"content")
        return bytearray(path.read_bytes())

    assert files.unsealed(path) is None
    assert capsys.readouterr().err == ""
    whole = seal()
    assert files.unsealed(path) == b"content"
    flipped = [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1:] for i in range(len(whole))]
    shorter = [whole[:length] for length in range(len(whole))]
    for damaged in [*flipped, *shorter, whole + b"x"]:
        path.write_bytes(damaged)
        assert files.unsealed(path) is None
        assert capsys.readouterr().err == f"{path} is damaged and counts as absent.\n"
        assert not path.exists()  # said once
    seal()
    assert files.is_sealed(path)


def test_what_cannot_be_there_is_not_called_damaged(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert not files.is_sealed(tmp_path / "file" / "below")
    assert capsys.readouterr().err == ""


def test_a_file_is_verified_once_and_again_when_it_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_verified", set())
    path, asked = tmp_path / "x", []

    def check(found):
        asked.append(found)
        return found.read_bytes() == b"right"

    assert not files.is_verified(path, check)
    assert not asked
    path.write_bytes(b"right")
    assert files.is_verified(path, check)
    assert files.is_verified(path, check)
    assert asked == [path]
    path.write_bytes(b"wrong!")
    assert not files.is_verified(path, check)
    assert not files.is_verified(path, check)
    assert asked == [path] * 3  # what was wrong is looked at again


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "run"

    def write(text, error=None):
        with files.replacing_folder(target) as folder:
            (folder / "results.csv").write_text(text, encoding="utf-8")
            if error:
                raise error

    write("first")
    (target / "left over.csv").touch()
    write("second")
    assert [path.name for path in target.iterdir()] == ["results.csv"]
    with pytest.raises(LandscapeError, match="No space left"):
        write("third", OSError(errno.ENOSPC, ""))
    assert (target / "results.csv").read_text(encoding="utf-8") == "second"
    left = tmp_path / f".run.new.{ended_process()}.tmp"
    left.mkdir()
    (left / "results.csv").touch()
    files.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [target]


def hold(path, seconds):
    """A process that is in the block for some time, and says when it is."""
    code = (
        "import sys, time; from landscape import files\n"
        f"with files.alone({str(path)!r}):\n"
        f"    print('in', flush=True); time.sleep({seconds})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "in\n"
    return process


def test_one_process_at_a_time_and_the_file_is_gone_afterwards(tmp_path):
    path, waited = tmp_path / "deep" / "a.lock", []
    holder = hold(path, 1.5)
    with files.alone(path, lambda: waited.append(holder.poll())):
        assert waited == [None]
        assert holder.wait(10) == 0
        assert path.exists()
    assert not path.exists()


def test_a_killed_process_is_not_waited_for(tmp_path):
    path, waited = tmp_path / "a.lock", []
    holder = hold(path, 600)
    holder.kill()
    holder.wait()
    with files.alone(path, lambda: waited.append(1)):
        assert not waited
