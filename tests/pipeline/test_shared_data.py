"""Data sets go from clone to clone through a folder; a clone without one fetches them.

The project's own stage ``fetch`` and its ``data.dvc``, with tiny files instead of the data sets.
"""

import shutil
from pathlib import Path

import pytest
import yaml
from smoke_project import run
from toy_git import git

ROOT = Path(__file__).resolve().parents[2]
FETCHING = "mkdir -p downloads && cp source/* downloads/ && echo fetch >> log"


def dvc(folder, *arguments):
    return run(["dvc", *arguments], folder)


def ran(folder):
    """The stages that have run in a clone since the last question."""
    log = folder / "log"
    names = log.read_text(encoding="utf-8").split() if log.is_file() else []
    log.unlink(missing_ok=True)
    return names


def clone(project, name):
    git(project, "clone", "-q", ".", f"../{name}")
    return project.parent / name


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository whose run has been made, and which has pushed its data to ``../shared``."""
    folder = tmp_path_factory.mktemp("clones") / "first"
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "a.npy").write_bytes(b"images")
    (folder / "source" / "b.npy").write_bytes(b"labels")
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    fetch = pipeline["fetch"] | {"cmd": FETCHING, "deps": ["code"]}
    run = {"cache": False, "persist": True}  # as that of the project
    assert list(pipeline["run"]["outs"][0].values()) == [run]
    stages = {
        "fetch": fetch,
        "inputs": {"cmd": "wc -c data/a.npy > inputs && echo inputs >> log", "deps": ["data"],
                   "outs": [{"inputs": {"cache": False}}]},
        "run": {"cmd": "mkdir -p results && cp inputs results/r.csv && echo run >> log",
                "deps": ["inputs"], "outs": [{"results": run}]},
    }  # fmt: skip
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    (folder / "code").write_text("1\n", encoding="utf-8")
    described = yaml.safe_load((ROOT / "data.dvc").read_text(encoding="utf-8"))
    for kind in ("deps", "outs"):
        for entry in described[kind]:
            for key in ("md5", "size", "nfiles", "hash"):
                entry.pop(key, None)
    described.pop("md5")
    (folder / "data.dvc").write_text(yaml.safe_dump(described), encoding="utf-8")
    (folder / ".gitignore").write_text("/data/\n/downloads/\n/inputs\n/log\n", encoding="utf-8")
    git(folder, "init", "-q")
    dvc(folder, "init", "-q")
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc" / "config")
    dvc(folder, "repro")
    assert ran(folder) == ["fetch", "inputs", "run"]
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "made")
    dvc(folder, "remote", "add", "--local", "-d", "shared", str(folder.parent / "shared"))
    dvc(folder, "push")
    return folder


def test_a_second_clone_pulls_them_and_neither_fetches_nor_trains(project):
    second = clone(project, "second")
    dvc(second, "remote", "add", "--local", "-d", "shared", str(project.parent / "shared"))
    dvc(second, "pull")
    for name in ("downloads", "data"):
        assert (second / name / "a.npy").read_bytes() == b"images"
    dvc(second, "repro")
    assert ran(second) == ["inputs"]  # the lists are in nobody's cache
    assert not git(second, "status", "--porcelain")


def test_a_clone_without_a_remote_fetches_and_trains_nothing(project):
    third = clone(project, "third")
    dvc(third, "repro")
    assert ran(third) == ["fetch", "inputs"]
    assert not git(third, "status", "--porcelain")


@pytest.mark.parametrize("folders", [("data",), ("downloads",), ("data", "downloads")])
@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_repro_repairs_what_was_changed_or_lost(project, folders, damage):
    for folder in folders:
        if damage == "gone":
            shutil.rmtree(project / folder)
        else:
            (project / folder / "a.npy").write_bytes(b"tampered")
    dvc(project, "repro")
    assert "run" not in ran(project)
    for folder in ("downloads", "data"):
        assert (project / folder / "a.npy").read_bytes() == b"images"
    assert not git(project, "status", "--porcelain")
