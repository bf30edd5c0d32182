"""dvc.lock after a merge, and after a process was killed while it wrote it."""

import hashlib
import subprocess
from pathlib import Path

import pytest
import yaml

from landscape.errors import LandscapeError
from landscape.pipeline import lock

ROOT = Path(__file__).resolve().parents[2]


def entry(md5, path="x"):
    return {"cmd": "true", "outs": [{"path": path, "md5": md5}]}


def lies_nowhere(_):
    return False


def test_each_side_keeps_what_it_changed():
    base = {"a": entry("0"), "b": entry("0"), "book": entry("0")}
    ours = base | {"a": entry("1")}
    theirs = base | {"b": entry("2"), "new": entry("3")}
    merged, dropped = lock.settle(base, ours, theirs, lies_nowhere)
    assert merged == {"a": entry("1"), "b": entry("2"), "book": entry("0"), "new": entry("3")}
    assert dropped == []


def test_what_both_changed_runs_again_unless_its_outputs_are_there():
    base, ours, theirs = ({"book": entry(m)} for m in "012")
    assert lock.settle(base, ours, theirs, lies_nowhere) == ({}, ["book"])
    there = lambda e: e["outs"][0]["md5"] == "2"  # noqa: E731
    assert lock.settle(base, ours, theirs, there) == ({"book": entry("2")}, [])


def test_a_stage_that_one_side_removed_stays_removed():
    base = {"a": entry("0"), "b": entry("0")}
    assert lock.settle(base, {"a": entry("0")}, base, lies_nowhere)[0] == {"a": entry("0")}


def git(folder, *arguments):
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def write(folder, stages):
    text = yaml.safe_dump({"schema": "2.0", "stages": stages}, sort_keys=False)
    (folder / "dvc.lock").write_text(text, encoding="utf-8")


def test_two_branches_that_change_two_pages_merge(tmp_path):
    result = tmp_path / "result.csv"
    result.write_text("trained\n", encoding="utf-8")
    kept = entry(hashlib.md5(result.read_bytes()).hexdigest(), "result.csv")
    stages = {"run@a": kept, "page@one": entry("0"), "page@two": entry("0"), "book": entry("0")}
    git(tmp_path, "init", "-q", "-b", "main")
    write(tmp_path, stages)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "base")
    for branch, page, digest in (("other", "page@two", "2"), ("main", "page@one", "1")):
        git(tmp_path, "checkout", "-q", *(["-b"] if branch == "other" else []), branch)
        write(tmp_path, stages | {page: entry(digest), "book": entry(digest)})
        git(tmp_path, "commit", "-qam", branch)
    assert git(tmp_path, "merge", "other").returncode != 0
    with pytest.raises(LandscapeError, match="landscape lock merge"):
        lock.mend(tmp_path)
    said = lock.merge(tmp_path)
    assert "1 stages run again: book" in said
    merged = yaml.safe_load((tmp_path / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    assert merged == {"run@a": kept, "page@one": entry("1"), "page@two": entry("2")}
    assert "dvc.lock" not in git(tmp_path, "diff", "--name-only", "--diff-filter=U").stdout


def test_without_a_conflict_there_is_nothing_to_merge(tmp_path):
    git(tmp_path, "init", "-q")
    write(tmp_path, {"a": entry("0")})
    with pytest.raises(LandscapeError, match="no conflict"):
        lock.merge(tmp_path)


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(lock, "PAUSE", 0.0)


def test_a_lock_that_was_cut_off_anywhere_is_put_back(tmp_path, at_once):
    """Every prefix of a real lock that lacks more than the size of its last output."""
    stages = yaml.safe_load((ROOT / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    write(tmp_path, dict(list(stages.items())[:2]))
    whole = (tmp_path / "dvc.lock").read_bytes()
    assert lock.mend(tmp_path) == ""
    for cut in range(0, whole.rindex(b"md5:"), 5):
        (tmp_path / "dvc.lock").write_bytes(whole[:cut])
        assert "put back" in lock.mend(tmp_path), whole[:cut]
        assert (tmp_path / "dvc.lock").read_bytes() == whole
    (tmp_path / "dvc.lock").unlink()
    assert "put back" in lock.mend(tmp_path)


def test_a_lock_cut_off_while_new_stages_were_added_is_put_back(tmp_path, at_once):
    stages = {"a": entry("0"), "b": entry("1"), "c": entry("2")}
    write(tmp_path, stages)
    lock.mend(tmp_path)
    write(tmp_path, {"a": entry("5"), "b": entry("1")})  # a changed, c was not yet written
    assert "put back" in lock.mend(tmp_path)
    assert yaml.safe_load((tmp_path / "dvc.lock").read_text("utf-8"))["stages"] == stages


def test_a_longer_lock_another_one_and_an_older_commit_s_are_kept(tmp_path, at_once):
    git(tmp_path, "init", "-q")
    write(tmp_path, {"a": entry("0")})
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one stage")
    committed = (tmp_path / "dvc.lock").read_bytes()
    for stages in ({"a": entry("0"), "b": entry("1")}, {"b": entry("1")}, {"a": entry("2")}):
        write(tmp_path, stages)
        kept = (tmp_path / "dvc.lock").read_bytes()
        assert lock.mend(tmp_path) == ""
        assert (tmp_path / "dvc.lock").read_bytes() == kept == (tmp_path / lock.GOOD).read_bytes()
    write(tmp_path, {"a": entry("0"), "b": entry("1")})
    lock.mend(tmp_path)
    git(tmp_path, "checkout", "dvc.lock")
    assert lock.mend(tmp_path) == ""
    assert (tmp_path / "dvc.lock").read_bytes() == committed


def test_a_lock_that_is_being_written_is_waited_for(tmp_path, monkeypatch):
    write(tmp_path, {"a": entry("0"), "b": entry("1")})
    lock.mend(tmp_path)
    (tmp_path / "dvc.lock").write_text("", encoding="utf-8")
    later = {"a": entry("0"), "b": entry("2")}
    monkeypatch.setattr(lock.time, "sleep", lambda seconds: write(tmp_path, later))
    assert lock.mend(tmp_path) == ""
    assert yaml.safe_load((tmp_path / "dvc.lock").read_text("utf-8"))["stages"] == later


def test_a_broken_lock_without_a_copy_names_the_remedy(tmp_path, at_once):
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\nstages:\n  a", encoding="utf-8")
    with pytest.raises(LandscapeError, match="git checkout dvc.lock"):
        lock.mend(tmp_path)


def test_a_folder_is_counted_as_dvc_counts_it(tmp_path):
    repo = pytest.importorskip("dvc.repo")
    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.csv").write_text("1\n", encoding="utf-8")
    (folder / "deep" / "b.csv").write_text("2\n", encoding="utf-8")
    made = repo.Repo.init(str(tmp_path), no_scm=True)
    made.add(str(folder))
    noted = yaml.safe_load((tmp_path / "out.dvc").read_text(encoding="utf-8"))["outs"][0]["md5"]
    assert lock._md5(folder) == noted
