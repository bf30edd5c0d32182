"""What runs, verdicts and pages are made from."""

import shutil
from pathlib import Path

import pytest

from landscape.errors import LandscapeError
from landscape.pipeline import inputs, lists

ROOT = Path(__file__).resolve().parents[2]
RUN = "2-local-entropy/thesis-tab-3-1-lenet/entropy_sgd"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of what the manifests read."""
    folder = tmp_path_factory.mktemp("tree")
    for name in ("src", "book", "records", "references", "results", "verdicts"):
        if (ROOT / name).is_dir():
            skip = shutil.ignore_patterns("_build", "executed", "__pycache__", "*.egg-info")
            shutil.copytree(ROOT / name, folder / name, ignore=skip)
    for name in ("dvc.yaml", "constraints.txt", "pipeline.yaml", "settings.json", "params.yaml"):
        shutil.copy(ROOT / name, folder / name)
    for kind in ("runs", "verdicts", "pages"):
        inputs.write(kind, "laptop", folder)
    return folder


def changed(tree, kind, path, edit):
    """The manifests that an edit changes; the edit is undone."""
    path = tree / path
    before = path.read_text(encoding="utf-8")
    after = edit(before)
    assert after != before
    path.write_text(after, encoding="utf-8")
    try:
        found = inputs.write(kind, "laptop", tree)
    finally:
        path.write_text(before, encoding="utf-8")
        inputs.write(kind, "laptop", tree)
    base = tree / "inputs" / kind / "laptop"
    return {p.relative_to(base).with_suffix("").as_posix() for p in found}


def test_writing_again_changes_nothing(tree):
    for kind in ("runs", "verdicts", "pages"):
        assert inputs.write(kind, "laptop", tree) == []


@pytest.mark.parametrize("module", ["optim/batch_norm.py", "train/split.py", "book/style.py"])
def test_a_comment_and_a_docstring_make_nothing_stale(tree, module):
    path = f"src/landscape/{module}"
    edit = lambda text: text.replace('"""', '"""Said better. ', 1) + "\n# a comment\n"  # noqa: E731
    assert changed(tree, "runs", path, edit) == set()
    assert changed(tree, "verdicts", path, edit) == set()
    assert changed(tree, "pages", path, edit) <= {"book"}  # its API page shows the docstring


def test_batch_norm_and_the_split_decide_numbers_of_training(tree):
    edit = lambda text: text + "\nCHANGED = 1\n"  # noqa: E731
    for module in ("optim/batch_norm.py", "train/split.py"):
        assert RUN in changed(tree, "runs", f"src/landscape/{module}", edit)


def test_an_optimizer_concerns_its_own_runs(tree):
    found = changed(tree, "runs", "src/landscape/optim/entropy_sgd.py", lambda t: t + "\nX = 1\n")
    assert RUN in found
    assert "2-local-entropy/thesis-tab-3-1-lenet/adam" not in found
    assert "1-spin-glass/thesis-fig-2-2/trivial" not in found


def test_tracy_widom_concerns_the_critical_points(tree):
    found = changed(tree, "runs", "src/landscape/theory/tracy_widom.py", lambda t: t + "\nX = 1\n")
    assert "1-spin-glass/critical-point-counts/theory" in found
    assert RUN not in found


def test_a_setting_concerns_its_runs_and_a_source_only_pages(tree):
    path = "book/2-local-entropy/thesis-tab-3-1/settings.yaml"
    longer = lambda text: text.replace("epochs: 6  # laptop", "epochs: 7  # laptop", 1)  # noqa: E731
    found = changed(tree, "runs", path, longer)
    assert found
    assert all("thesis-tab-3-1" in name for name in found)
    edit = lambda text: text.replace("# thesis", "# the thesis", 1)  # noqa: E731
    assert changed(tree, "runs", path, edit) == set()
    assert "2-local-entropy/thesis-tab-3-1" in changed(tree, "pages", path, edit)


def test_a_verdict_follows_its_figure_its_claims_and_its_results(tree):
    part = "1-spin-glass"
    for path, edit in (
        (f"book/{part}/thesis-fig-2-4/figure.py", lambda t: t + "\nX = 1\n"),
        (
            f"book/{part}/thesis-fig-2-4/claims.yaml",
            lambda t: t.replace("threshold: 2", "threshold: 3", 1),
        ),
    ):  # fmt: skip
        assert changed(tree, "verdicts", path, edit) == {f"{part}/thesis-fig-2-4"}
    results = f"results/laptop/{part}/thesis-tab-2-1-allcnn/sgd/results.csv"
    both = {f"{part}/thesis-fig-2-4", f"{part}/thesis-tab-2-1"}
    assert changed(tree, "verdicts", results, lambda t: t + t.splitlines()[-1] + "\n") == both


@pytest.mark.parametrize("content", [None, '{"title": "Moby-Dick"}'])
def test_the_text_at_hand_makes_no_result_stale(tree, content):
    """A clone may have the stand-in for War and Peace; results say which text was theirs."""
    facts = tree / "data" / "text" / "novel.json"
    if content is not None:
        facts.parent.mkdir(parents=True, exist_ok=True)
        facts.write_text(content, encoding="utf-8")
    assert inputs.write("runs", "laptop", tree) == []
    manifest = tree / "inputs/runs/laptop/2-local-entropy/thesis-fig-3-7-char/adam.txt"
    assert manifest.read_text(encoding="utf-8").startswith("data text any\n")


def test_a_page_that_uses_another_pages_figure_follows_what_that_is_made_of(tree):
    part = (ROOT / "book/2-local-entropy/figure.py").read_text(encoding="utf-8")
    assert '"wide-or-not"' in part
    path = "src/landscape/evidence/wider.py"  # imported by wide-or-not's figure.py alone
    stale = changed(tree, "pages", path, lambda text: text + "\nX = 1\n")
    assert {"2-local-entropy/part", "2-local-entropy/wide-or-not"} <= stale


def test_the_page_of_a_part_follows_what_the_runs_of_its_pages_cost(tree):
    """Also where it does not name the experiment."""
    name = "sgld-comparison-allcnn-search"
    part = (ROOT / "book/2-local-entropy/figure.py").read_text(encoding="utf-8")
    assert name not in part
    path = f"results/laptop/2-local-entropy/{name}/sgld.provenance.json"
    stale = changed(tree, "pages", path, lambda text: text.replace("wall_seconds", "wall"))
    assert {"2-local-entropy/part", "2-local-entropy/sgld-comparison"} <= stale


def test_prose_concerns_its_page_alone(tree):
    path = "book/1-spin-glass/thesis-fig-2-4/page.md"
    edit = lambda text: text + "\nOne more sentence.\n"  # noqa: E731
    assert changed(tree, "verdicts", path, edit) == set()
    assert changed(tree, "pages", path, edit) == {"1-spin-glass/thesis-fig-2-4", "book"}


def test_what_no_longer_exists_leaves_no_file(tree):
    stray = tree / "inputs" / "runs" / "laptop" / "9-nothing" / "x" / "y.txt"
    stray.parent.mkdir(parents=True)
    stray.write_text("settings\n", encoding="utf-8")
    inputs.write("runs", "laptop", tree)
    assert not stray.exists()


@pytest.mark.parametrize(
    ("kind", "name"), [("verdicts", "figure.py"), ("pages", "page.md"), ("pages", "figure.py")]
)
@pytest.mark.parametrize("content", [b"def f(:\n", b"# \xe9\xff\n", b"a = '\0'\n"])
def test_a_source_that_cannot_be_read_is_named(tree, kind, name, content):
    path = tree / "book" / "2-local-entropy" / "thesis-tab-3-1" / name
    if name == "page.md" and b"\xe9" not in content:
        head = b"---\nkernelspec:\n  name: python3\n---\n# T\n\n```{code-cell} ipython3\n"
        content = head + content + b"```\n"
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        with pytest.raises(LandscapeError, match=f"thesis-tab-3-1/{name}.* not ") as caught:
            inputs.write(kind, "laptop", tree)
        assert len(str(caught.value).splitlines()) == 1
    finally:
        path.write_bytes(before)


def test_a_folder_that_cannot_be_written_is_one_sentence(tree):
    folder = tree / "inputs" / "runs" / "smoke"
    folder.write_text("a file", encoding="utf-8")
    try:
        with pytest.raises(LandscapeError, match="Cannot write to"):
            inputs.write("runs", "smoke", tree)
    finally:
        folder.unlink()


def test_another_kind_is_refused(tree):
    with pytest.raises(LandscapeError, match="runs, verdicts, pages"):
        inputs.write("figures", "laptop", tree)


def test_the_committed_lists_are_those_of_the_folders():
    lists.require_current(ROOT)


def test_lists_out_of_date_are_refused_with_the_command(tree):
    path = tree / "pipeline.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("- 1-spin-glass/thesis-fig-2-2/trivial\n", ""), encoding="utf-8")
    try:
        with pytest.raises(LandscapeError, match="landscape pipeline"):
            lists.require_current(tree)
        assert [p.name for p in lists.write(tree)] == ["pipeline.yaml"]
        path.write_bytes(b"\xe9\xff")
        with pytest.raises(LandscapeError, match="landscape pipeline"):
            lists.require_current(tree)
        assert [p.name for p in lists.write(tree)] == ["pipeline.yaml"]
    finally:
        path.write_text(before, encoding="utf-8")
