"""Executing pages: what is refused and reported, what is kept, when a page is taken as it is."""

import hashlib
import json
import shutil

import pytest

from landscape.book import notebook
from landscape.book.notebook import NotebookError
from landscape.errors import LandscapeError

from .conftest import PART

PROSE = "# Words only\n"


def outputs(path):
    """Outputs of the last cell."""
    return json.loads(path.read_text(encoding="utf-8"))["cells"][-1]["outputs"]


def manifest(project, item, text):
    path = notebook.manifest_path(item, "laptop", project)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_two_runs_give_the_same_bytes_and_show_no_place_of_this_machine(project, write_page):
    item = write_page(
        "steady",
        "import os, sys, time, pandas as pd\n"
        "print('here', os.getcwd(), object())\n"
        "sys.stdout.flush(); time.sleep(0.3); print('later', os.path.expanduser('~'))",
        "pd.DataFrame({'a': [1]}).style.set_properties(color='red')",
    )
    digests = set()
    for name in (item, "steady"):
        page = notebook.run(name, "smoke", project)
        digests.add(hashlib.sha256(page.read_bytes()).hexdigest())
    assert len(digests) == 1
    assert page == project / "book" / "executed" / "smoke" / PART / "steady.ipynb"
    text = page.read_text(encoding="utf-8")
    assert str(project) not in text
    assert "papermill" not in text.replace("injected", "")
    assert "0x" not in text
    printed = json.loads(text)["cells"][-2]["outputs"]
    assert len(printed) == 1, "the two pieces of stdout are one output"
    assert "".join(printed[0]["text"]).startswith("here . <object object>\n")
    assert not list((project / "logs").rglob("*.ipynb")), "moved, not copied"
    assert not list((project / "logs").rglob("*.log"))
    injected = [
        "".join(c["source"]) for c in json.loads(text)["cells"]
        if "injected-parameters" in c["metadata"].get("tags", [])
    ]  # fmt: skip
    assert injected[0].endswith('profile = "smoke"')


def test_a_failing_cell_is_named_and_the_old_page_survives(project, write_page):
    item = write_page("fails", "print('fine')")
    page = notebook.run(item, "laptop", project)
    before = page.read_bytes()
    write_page("fails", "print('fine')", "x = 1\nraise ValueError('the field is empty\\nmore')")
    with pytest.raises(NotebookError) as caught:
        notebook.run(item, "laptop", project)
    sentence = str(caught.value)
    assert f"page {item} (laptop): cell [3] ('x = 1') raised ValueError" in sentence
    assert "the field is empty" in sentence
    assert "\n" not in sentence
    assert f"logs/laptop/{PART}/fails.log" in sentence
    log = (project / "logs" / "laptop" / PART / "fails.log").read_text(encoding="utf-8")
    assert "raise ValueError" in log
    assert "\x1b" not in log
    assert page.read_bytes() == before
    assert isinstance(caught.value, LandscapeError)


def test_a_warning_on_stderr_fails_the_page_and_a_progress_bar_does_not(project, write_page):
    item = write_page("warns", "import warnings\nwarnings.warn('this curve is cut')")
    with pytest.raises(NotebookError, match=r"wrote to stderr.*this curve is cut"):
        notebook.run(item, "laptop", project)
    assert not list((project / "book" / "executed").rglob("*.ipynb"))
    bar = (
        "from tqdm import tqdm\nfor i in tqdm(range(3), desc='run', disable=False): pass\nprint(i)"
    )
    page = notebook.run(write_page("bar", bar), "laptop", project)
    assert [output["name"] for output in outputs(page)] == ["stdout"]


def test_unknown_pages_and_parameters_are_refused_before_anything_runs(project, write_page):
    item = write_page("knobs", "print(1)")
    with pytest.raises(NotebookError, match=r"no parameter order; it has: live, orders\."):
        notebook.run(item, "laptop", project, {"order": 4})
    with pytest.raises(NotebookError, match="orders must be a int like 3, not 'many'"):
        notebook.run(item, "laptop", project, {"orders": "many"})
    with pytest.raises(NotebookError, match="with --profile"):
        notebook.run(item, "laptop", project, {"profile": "paper"})
    with pytest.raises(NotebookError, match="no page 'knob' in book/; did you mean 'knobs'"):
        notebook.run("knob", "laptop", project)
    path = write_page("words", header=PROSE)
    with pytest.raises(NotebookError, match="words/page.md is prose: it has no kernelspec"):
        notebook.run(path, "laptop", project)
    assert not (project / "logs").exists()


def test_a_page_with_other_parameters_is_not_the_books(project, write_page):
    item = write_page("knobs", "print(orders, live)")
    page = notebook.run(item, "laptop", project)
    before = page.read_bytes()
    other = notebook.run(item, "laptop", project, {"orders": "4", "live": "true"})
    assert other == project / "logs" / "laptop" / PART / "knobs.ipynb"
    assert "".join(outputs(other)[0]["text"]) == "4 True\n"
    assert page.read_bytes() == before


def test_pages_outside_the_parts_and_introductions_are_pages(project, write_page):
    from .conftest import HEADER, cells

    for name in ("book/index.md", f"book/{PART}/part.md"):
        (project / name).write_text(HEADER + cells("print('hello')"), encoding="utf-8")
    assert notebook.run("index", "laptop", project).name == "index.ipynb"
    page = notebook.run(f"{PART}/part", "laptop", project)
    assert page == notebook.executed_path(f"{PART}/part", "laptop", project)


def test_a_page_made_from_the_same_inputs_is_taken_as_it_is(project, write_page):
    item = write_page("counted", "from pathlib import Path\n"
                      "with open('ran.txt', 'a') as file: _ = file.write('x')")  # fmt: skip
    ran = project / "ran.txt"
    manifest(project, item, "page.md 1\n")
    page = notebook.run(item, "laptop", project, reuse=True)
    inputs = page.with_suffix(".inputs")
    assert inputs.read_text(encoding="utf-8") == "page.md 1\n"
    inputs.unlink()  # as DVC does with a stage's outs
    assert notebook.run(item, "laptop", project, reuse=True) == page
    assert inputs.is_file()
    assert ran.read_text() == "x"
    manifest(project, item, "page.md 2\n")
    assert not notebook.is_fresh(item, "laptop", project)
    notebook.run(item, "laptop", project, reuse=True)
    assert ran.read_text() == "xx"
    notebook.run(item, "laptop", project)
    assert ran.read_text() == "xxx", "without reuse it runs"


def test_a_change_while_the_page_runs_makes_it_out_of_date(project, write_page):
    item = f"{PART}/moving"
    path = notebook.manifest_path(item, "laptop", project)
    write_page("moving", f"open({str(path)!r}, 'w').write('new')")
    manifest(project, item, "old")
    page = notebook.run(item, "laptop", project)
    assert page.with_suffix(".inputs").read_text(encoding="utf-8") == "old"
    assert not notebook.is_fresh(item, "laptop", project)


def test_several_pages_share_warm_kernels_without_seeing_each_other(project, write_page):
    source = (
        "import os, sys, warnings\n"
        "assert 'leftover' not in globals() and 'landscape_figure_x' not in sys.modules\n"
        "import matplotlib as mpl\nassert mpl.rcParams['lines.linewidth'] == 1.5\n"
        "mpl.rcParams['lines.linewidth'] = 9\n"
        "leftover = 1; sys.modules['landscape_figure_x'] = sys\nprint(os.getpid())"
    )
    items = [write_page(f"p{k}", source) for k in range(4)]
    for item in items:
        manifest(project, item, "1")
    pages = notebook.run_many(items, "laptop", project, workers=2)
    assert pages == [notebook.executed_path(item, "laptop", project) for item in items]
    processes = {"".join(outputs(page)[0]["text"]) for page in pages}
    assert 1 <= len(processes) <= 2
    counts = [json.loads(p.read_text())["cells"][-1]["execution_count"] for p in pages]
    assert counts == [2] * 4
    before = [page.stat().st_mtime_ns for page in pages]
    assert notebook.run_many(items, "laptop", project) == pages
    assert [page.stat().st_mtime_ns for page in pages] == before, "fresh pages are left alone"


def test_a_warning_is_seen_on_every_page_that_gives_it(project, write_page):
    source = "import statistics, warnings\nwarnings.warn_explicit('old', UserWarning, 'f', 1)"
    items = [write_page(name, source) for name in ("w1", "w2")]
    with pytest.raises(NotebookError, match="2 pages failed: "):
        notebook.run_many(items, "laptop", project, workers=1)


def test_one_page_that_fails_does_not_keep_the_others_from_being_made(project, write_page):
    sources = {"bad": "1 / 0", "dies": "import os\nos._exit(1)", "good": "print(1)"}
    items = [write_page(name, source) for name, source in sources.items()]
    with pytest.raises(NotebookError, match="bad .* raised ZeroDivisionError.* 2 pages failed"):
        notebook.run_many(items, "laptop", project, workers=1)
    assert notebook.executed_path(items[2], "laptop", project).is_file()


def test_a_kernel_that_dies_is_one_sentence(project, write_page):
    item = write_page("dies", "import os\nos._exit(1)")
    with pytest.raises(NotebookError, match=r"page .*dies \(laptop\): the kernel failed with \w+"):
        notebook.run(item, "laptop", project)


@pytest.mark.parametrize("name", ["logs", "book/executed"])
def test_a_folder_that_cannot_be_written_is_found_before_the_page_runs(project, write_page, name):
    item = write_page("steady", "import pathlib; pathlib.Path('it-ran').touch()")
    shutil.rmtree(project / name, ignore_errors=True)
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("a file in its place", encoding="utf-8")
    with pytest.raises(LandscapeError, match=f"Cannot write to .*{name}"):
        notebook.run(item, "laptop", project)
    assert not (project / "it-ran").exists()
