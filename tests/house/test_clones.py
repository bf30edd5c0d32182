"""Clones of people whose git is set up otherwise, and folders without git."""

import subprocess

import working_tree
from toy_git import git


def committed(folder):
    """A repository that holds the working tree's files."""
    working_tree.copy(folder)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")
    return folder


def test_a_clone_that_converts_line_ends_has_the_same_bytes_and_its_scripts_run(tmp_path):
    source = committed(tmp_path / "source")
    git(tmp_path, "clone", "-q", "source", "clone", settings={"core.autocrlf": "true"})
    clone = tmp_path / "clone"
    names = working_tree.files()
    assert len(names) > 300
    different = [n for n in names if (clone / n).read_bytes() != (source / n).read_bytes()]
    assert not different
    assert git(clone, "status", "--porcelain") == ""
    for command in (["sh", "scripts/system.sh"], ["bash", "-n", ".ci/run"], ["make", "help"]):
        done = subprocess.run(command, cwd=clone, capture_output=True)
        assert done.returncode == 0, (command, done.stderr)


def test_every_binary_kind_is_named():
    """What git takes for text by mistake would be converted."""
    attributes = (working_tree.ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert "* text=auto eol=lf" in attributes
    binary = {line.split()[0].removeprefix("*") for line in attributes if line.endswith(" binary")}
    for name in working_tree.files():
        if b"\0" in (working_tree.ROOT / name).read_bytes()[:8000]:
            assert name.suffix in binary, name


def test_no_script_and_no_text_has_foreign_line_ends():
    for name in working_tree.files():
        content = (working_tree.ROOT / name).read_bytes()
        assert b"\r\n" not in content or b"\0" in content[:8000], name
