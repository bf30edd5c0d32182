"""Fetching: sources in order, nothing half-written, every failure one clear sentence."""

import errno
import gzip
import hashlib
import json
import os
import shutil
import time
from types import SimpleNamespace

import numpy as np
import pytest

from landscape import data
from landscape.data import canonical, catalogue, formats, store
from landscape.data import text as novel
from landscape.data.download import Unavailable
from landscape.data.errors import DataError
from landscape.data.sources import RawFile, Source


def listing(folder):
    """All files below a folder, relative, sorted; temporary ones included."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def refuse(words="it answered no"):
    def behave():
        raise Unavailable(words)

    return behave


def fetch(destination, **options):
    data.fetch(destination, ["mnist"], progress=options.pop("progress", False), **options)


def test_the_first_source_is_taken_and_the_bytes_are_canonical(tiny, tmp_path):
    fetch(tmp_path / "d")
    assert tiny.asked == ["first"]
    for part, array in tiny.arrays.items():
        np.testing.assert_array_equal(np.load(tmp_path / "d/mnist" / f"{part}.npy"), array)
    assert listing(tmp_path / "d") == sorted(f"mnist/{part}.npy" for part in canonical.PARTS)
    assert listing(tmp_path / "cache") == ["mnist/first.raw"]


def test_a_complete_set_is_only_checked(tiny, tmp_path, capsys):
    fetch(tmp_path / "d")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "d/mnist").iterdir()}
    fetch(tmp_path / "d", progress=True)
    assert "mnist: complete in" in capsys.readouterr().out
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "d/mnist").iterdir()} == before
    assert tiny.asked == ["first"]


@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_tampered_file_is_replaced_from_the_cache(tiny, tmp_path, damage):
    fetch(tmp_path / "d")
    path = tmp_path / "d/mnist/train_images.npy"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[:-1])
    tiny.behaviour.update(first=refuse(), second=refuse())
    fetch(tmp_path / "d")
    np.testing.assert_array_equal(np.load(path), tiny.arrays["train_images"])
    assert tiny.asked == ["first"]  # a second clone does not download again


def test_the_next_source_is_asked_when_one_says_no(tiny, tmp_path):
    tiny.behaviour["first"] = refuse()
    fetch(tmp_path / "d")
    assert tiny.asked == ["first", "second"]
    assert canonical.is_complete(tiny.set, tmp_path / "d/mnist")


def test_wrong_bytes_from_one_source_lead_to_the_next_and_are_not_kept(tiny, tmp_path):
    tiny.behaviour["first"] = lambda: b"something else entirely!!"
    fetch(tmp_path / "d")
    assert tiny.asked == ["first", "second"]
    assert listing(tmp_path / "cache") == ["mnist/second.raw"]


def test_when_all_fail_the_error_lists_each_source_and_leaves_nothing(tiny, tmp_path):
    tiny.behaviour.update(first=refuse("its name could not be looked up"), second=lambda: b"x")
    with pytest.raises(DataError) as caught:
        fetch(tmp_path / "d")
    words = str(caught.value)
    assert words.startswith("No source delivered mnist")
    assert "first: its name could not be looked up" in words
    assert "second: it delivered wrong bytes for second.raw" in words
    assert "--mirror" in words
    assert listing(tmp_path / "d") == listing(tmp_path / "cache") == []


def test_an_interrupted_download_never_looks_complete(tiny, tmp_path):
    def break_off():
        raise KeyboardInterrupt

    tiny.behaviour["first"] = break_off
    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path / "d")
    assert listing(tmp_path / "cache") == listing(tmp_path / "d") == []


def test_what_a_killed_process_left_is_not_used_and_is_swept_up_later(tiny, tmp_path):
    left = tmp_path / "cache" / (store.PARTIAL_PREFIX + "killed")
    left.mkdir(parents=True)
    (left / "first.raw").write_bytes(tiny.content[:5])
    fetch(tmp_path / "d")
    assert tiny.asked == ["first"]
    assert left.exists()  # could belong to a fetch that is still running
    old = time.time() - store.STALE_AFTER_SECONDS - 1
    os.utime(left, (old, old))
    shutil.rmtree(tmp_path / "cache/mnist")
    shutil.rmtree(tmp_path / "d")
    fetch(tmp_path / "d")
    assert not left.exists()


def test_a_damaged_cache_is_downloaded_again(tiny, tmp_path):
    fetch(tmp_path / "d")
    (tmp_path / "cache/mnist/first.raw").write_bytes(b"rotten")
    fetch(tmp_path / "e")
    assert tiny.asked == ["first", "first"]
    assert (tmp_path / "cache/mnist/first.raw").read_bytes() == tiny.content


def test_a_source_that_converts_to_other_arrays_is_an_error(tiny, tmp_path):
    tiny.arrays["test_labels"] = tiny.arrays["test_labels"][::-1]
    with pytest.raises(DataError, match=r"mnist/test_labels\.npy made from first .* fetch again"):
        fetch(tmp_path / "d")
    assert listing(tmp_path / "d") == []


def test_a_disk_that_is_full_is_noticed_before(tiny, tmp_path, monkeypatch):
    full = SimpleNamespace(total=10**9, used=10**9, free=1000)
    monkeypatch.setattr(store.shutil, "disk_usage", lambda path: full)
    with pytest.raises(DataError, match=r"Not enough space for mnist .* needed, 0\.0 MB free"):
        fetch(tmp_path / "d")
    assert tiny.asked == []


def test_a_disk_that_fills_up_meanwhile_is_one_sentence(tiny, tmp_path, monkeypatch):
    def no_space(path, array):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(canonical, "write_array", no_space)
    with pytest.raises(DataError, match=r"No space left while writing to .*/d: free some space"):
        fetch(tmp_path / "d")
    assert listing(tmp_path / "d") == []


def test_no_space_in_the_cache_does_not_lead_to_the_next_source(tiny, tmp_path):
    def no_space():
        raise OSError(errno.ENOSPC, "No space left on device")

    tiny.behaviour["first"] = no_space
    with pytest.raises(DataError, match="No space left while writing to .*/cache"):
        fetch(tmp_path / "d")
    assert tiny.asked == ["first"]


def test_a_mirror_with_raw_files_is_asked_first(tiny, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    (mirror / "mnist").mkdir(parents=True)
    (mirror / "mnist/second.raw").write_bytes(tiny.content)
    monkeypatch.setenv("LANDSCAPE_MIRROR", str(mirror))
    fetch(tmp_path / "d")
    assert tiny.asked == []
    assert canonical.is_complete(tiny.set, tmp_path / "d/mnist")


def test_another_clone_serves_as_mirror(tiny, tmp_path):
    fetch(tmp_path / "d")
    shutil.rmtree(tmp_path / "cache")
    fetch(tmp_path / "e", mirror=tmp_path / "d")
    assert tiny.asked == ["first"]
    assert listing(tmp_path / "e") == listing(tmp_path / "d")


def test_wrong_bytes_in_the_mirror_are_an_error_that_names_the_file(tiny, tmp_path):
    mirror = tmp_path / "mirror"
    (mirror / "mnist").mkdir(parents=True)
    (mirror / "mnist/first.raw").write_bytes(b"wrong")
    with pytest.raises(DataError, match=r"mirror/mnist/first\.raw .* pinned checksum: replace"):
        fetch(tmp_path / "d", mirror=mirror)
    assert tiny.asked == []


def test_a_mirror_that_is_no_folder_is_an_error(tiny, tmp_path):
    with pytest.raises(DataError, match="nowhere is not a folder"):
        fetch(tmp_path / "d", mirror=tmp_path / "nowhere")


def test_a_mirror_without_the_set_is_passed_over(tiny, tmp_path):
    (tmp_path / "mirror").mkdir()
    fetch(tmp_path / "d", mirror=tmp_path / "mirror")
    assert tiny.asked == ["first"]


@pytest.mark.parametrize(("name", "near"), [("minst", "mnist"), ("cifar-10", "cifar10")])
def test_an_unknown_name_suggests_the_nearest(tmp_path, name, near):
    with pytest.raises(DataError, match=f"Unknown data set '{name}': did you mean '{near}'"):
        data.fetch(tmp_path, [name])


def test_imagenet_says_where_to_get_it(tmp_path):
    with pytest.raises(DataError, match=r"account at image-net\.org"):
        data.fetch(tmp_path, "imagenet")


# ---------------------------------------------------------------- the novel
TEXTS = {"War and Peace": "« Eh bien, mon prince. »\n", "Moby-Dick": "Call me Ishmael.\n"}


@pytest.fixture
def novels(monkeypatch):
    """Two pinned texts of one line each; the real one from `first`, the stand-in from `second`."""
    pinned, tiers, asked, behaviour = {}, [], [], {}
    for title, text in TEXTS.items():
        content = text.encode()
        sha256 = hashlib.sha256(content).hexdigest()
        pinned[sha256] = novel.Novel(title, "someone", sha256, title == "Moby-Dick", "")
        raw = RawFile(f"{title}.txt", "sha256", sha256, len(content), True)

        def download(folder, progress, title=title, raw=raw, content=content):
            asked.append(title)
            behaviour.get(title, lambda: None)()
            (folder / raw.name).write_bytes(content)

        def convert(paths, raw=raw):
            return formats.read_bytes(paths[raw.name]).decode()

        tiers.append((Source(f"source of {title}", (raw,), convert, download),))
    monkeypatch.setattr(novel, "NOVELS", pinned)
    plan = catalogue.PLANS["text"]
    changed = catalogue.Plan("text", 100, tuple(tiers), plan.complete, plan.write, plan.final)
    monkeypatch.setitem(catalogue.PLANS, "text", changed)
    return SimpleNamespace(asked=asked, behaviour=behaviour)


def facts(folder):
    return json.loads((folder / "text/novel.json").read_text())


def test_the_real_novel_is_taken_where_its_source_answers(novels, tmp_path):
    data.fetch(tmp_path / "d", "text", progress=False)
    assert facts(tmp_path / "d")["title"] == "War and Peace"
    assert facts(tmp_path / "d")["stand_in"] is False
    assert facts(tmp_path / "d")["characters"] == len(TEXTS["War and Peace"])
    assert novels.asked == ["War and Peace"]


def test_the_stand_in_is_taken_last_and_labelled(novels, tmp_path, capsys):
    novels.behaviour["War and Peace"] = refuse()
    data.fetch(tmp_path / "d", "text")
    assert facts(tmp_path / "d")["stand_in"] is True
    assert "stand-in for War and Peace" in capsys.readouterr().out
    split = data.load_text(tmp_path / "d", fractions=(1, 0, 0))
    assert split.stand_in
    assert split.title == "Moby-Dick"


def test_a_cached_stand_in_does_not_come_before_the_real_source(novels, tmp_path):
    novels.behaviour["War and Peace"] = refuse()
    data.fetch(tmp_path / "d", "text", progress=False)
    novels.behaviour.clear()
    data.fetch(tmp_path / "e", "text", progress=False)
    assert facts(tmp_path / "e")["title"] == "War and Peace"


def test_a_stand_in_gives_way_to_a_mirror_with_the_real_text(novels, tmp_path):
    novels.behaviour["War and Peace"] = refuse()
    data.fetch(tmp_path / "d", "text", progress=False)
    mirror = tmp_path / "mirror/text"
    mirror.mkdir(parents=True)
    content = TEXTS["War and Peace"].encode()
    (mirror / "War and Peace.txt.gz").write_bytes(gzip.compress(content))
    data.fetch(tmp_path / "d", "text", mirror=mirror.parent, progress=False)
    assert facts(tmp_path / "d")["title"] == "War and Peace"
    assert facts(tmp_path / "d")["source"] == "a mirror"
    assert (tmp_path / "d/text/novel.txt").read_bytes() == content


@pytest.mark.parametrize("file", ["novel.txt", "novel.json"])
def test_a_changed_text_or_description_is_refused_and_repaired(novels, tmp_path, file):
    data.fetch(tmp_path / "d", "text", progress=False)
    path = tmp_path / "d/text" / file
    path.write_text(path.read_text().replace("i", "j"))
    with pytest.raises(DataError, match="landscape fetch text"):
        data.load_text(tmp_path / "d")
    data.fetch(tmp_path / "d", "text", progress=False)
    assert data.load_text(tmp_path / "d").title == "War and Peace"


# ---------------------------------------------------------------- sets kept as delivered
def test_a_raw_set_is_copied_checked_and_repaired(tmp_path, monkeypatch):
    content = b"no it was n't black monday\n"
    raw = RawFile("ptb.x.txt", "md5", hashlib.md5(content).hexdigest(), len(content), True)
    plan = catalogue._raw_plan("ptb", "nowhere", (raw,), refuse_download)
    monkeypatch.setitem(catalogue.PLANS, "ptb", plan)
    mirror = tmp_path / "mirror/ptb"
    mirror.mkdir(parents=True)
    (mirror / "ptb.x.txt.gz").write_bytes(gzip.compress(content))
    for _ in range(2):
        data.fetch(tmp_path / "d", "ptb", mirror=mirror.parent, progress=False)
        assert (tmp_path / "d/ptb/ptb.x.txt").read_bytes() == content
        (tmp_path / "d/ptb/ptb.x.txt").write_bytes(b"changed")
    with pytest.raises(DataError, match="nowhere: nobody is there"):
        data.fetch(tmp_path / "d", "ptb", progress=False)


def test_a_set_for_the_project_s_data_goes_to_downloads_too(tmp_path, monkeypatch):
    """DVC makes data/ anew from downloads/: what lies in data/ alone would be lost."""
    content = b"no it was n't black monday\n"
    raw = RawFile("ptb.x.txt", "md5", hashlib.md5(content).hexdigest(), len(content), True)
    plan = catalogue._raw_plan("ptb", "nowhere", (raw,), refuse_download)
    monkeypatch.setitem(catalogue.PLANS, "ptb", plan)
    project, mirror = tmp_path / "project", tmp_path / "mirror/ptb"
    (project / "book").mkdir(parents=True)
    for name in ("dvc.yaml", "book/parts.yaml", "data.dvc"):
        (project / name).touch()
    mirror.mkdir(parents=True)
    (mirror / "ptb.x.txt").write_bytes(content)
    monkeypatch.chdir(project)
    data.fetch(project / "data", "ptb", mirror=mirror.parent, progress=False)
    for folder in ("data", "downloads"):
        assert (project / folder / "ptb" / "ptb.x.txt").read_bytes() == content
    data.fetch(tmp_path / "elsewhere", "ptb", mirror=mirror.parent, progress=False)
    assert (tmp_path / "elsewhere" / "ptb" / "ptb.x.txt").read_bytes() == content


def refuse_download(folder, progress):
    raise Unavailable("nobody is there")
