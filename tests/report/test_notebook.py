"""The notebook runner: refuses, reports, normalises, and keeps only what succeeded."""

import hashlib
import json
import os
from types import SimpleNamespace

import pytest

from landscape.errors import LandscapeError
from landscape.book import normalise, notebook

HEADER = """---
kernelspec:
  name: python3
  display_name: Python 3
---

# A page

```{code-cell} ipython3
:tags: [parameters]

profile = "laptop"
live = False
orders = 3
```
"""


def cell(source: str) -> str:
    return f"\n```{{code-cell}} ipython3\n{source}\n```\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "dvc.yaml").write_text("")
    (tmp_path / "book" / "notebooks" / "1-part").mkdir(parents=True)
    return tmp_path


def write(root, name, *cells):
    path = root / "book" / "notebooks" / "1-part" / f"{name}.md"
    path.write_text(HEADER + "".join(cell(source) for source in cells), encoding="utf-8")
    return path


def test_two_runs_give_the_same_bytes_and_show_no_place_of_this_machine(root):
    write(
        root,
        "steady",
        "import os, sys, time, pandas as pd\n"
        "print('here', os.getcwd(), object())\n"
        "sys.stdout.flush(); time.sleep(0.3); print('later', os.path.expanduser('~'))",
        "pd.DataFrame({'a': [1]}).style.set_properties(color='red')",
    )
    digests = set()
    for _ in range(2):
        page = notebook.run("steady", "smoke", root)
        digests.add(hashlib.sha256(page.read_bytes()).hexdigest())
    assert len(digests) == 1
    assert page == root / "book" / "executed" / "smoke" / "1-part" / "steady.ipynb"
    text = page.read_text(encoding="utf-8")
    assert str(root) not in text
    assert "papermill" not in text.replace("injected", "")
    assert "0x" not in text
    loaded = json.loads(text)
    printed = loaded["cells"][-2]["outputs"]
    assert len(printed) == 1, "the two pieces of stdout are one output"
    assert "".join(printed[0]["text"]).startswith("here . <object object>\n")
    assert [c["id"] for c in loaded["cells"]][:2] == ["cell-01", "cell-02"]
    assert not list((root / "logs" / "smoke").rglob("*.ipynb")), "moved, not copied"
    injected = [c for c in loaded["cells"] if "injected-parameters" in c["metadata"]["tags"]]
    assert "".join(injected[0]["source"]).endswith('profile = "smoke"')


def test_it_runs_with_a_read_only_home_and_ignores_the_users_settings(root, monkeypatch):
    home = root / "home"
    (home / ".config" / "matplotlib").mkdir(parents=True)
    (home / ".config" / "matplotlib" / "matplotlibrc").write_text("lines.linewidth: 77\n")
    home.chmod(0o500)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MPLCONFIGDIR", str(home / ".config" / "matplotlib"))
    monkeypatch.setenv("JUPYTER_PATH", "/nowhere")
    write(root, "home", "import matplotlib as m\nprint(m.rcParams['lines.linewidth'], orders)")
    page = notebook.run("home", "laptop", root, {"orders": "4"})
    outputs = json.loads(page.read_text())["cells"][-1]["outputs"]
    assert "".join(outputs[0]["text"]) == "1.5 4\n"
    assert sorted(p.name for p in home.iterdir()) == [".config"], "nothing was written to HOME"
    assert os.environ["JUPYTER_PATH"] == "/nowhere", "the caller's environment is restored"


def test_a_failing_cell_is_named_and_the_old_page_survives(root):
    write(root, "fails", "print('fine')")
    page = notebook.run("fails", "laptop", root)
    before = page.read_bytes()
    write(root, "fails", "print('fine')", "x = 1\nraise ValueError('the field is empty\\nmore')")
    with pytest.raises(notebook.NotebookError) as caught:
        notebook.run("fails", "laptop", root)
    sentence = str(caught.value)
    assert "notebook fails (profile laptop): cell [3] ('x = 1') raised ValueError" in sentence
    assert "the field is empty" in sentence
    assert "\n" not in sentence
    assert "logs/laptop/1-part/fails.log" in sentence
    log = (root / "logs" / "laptop" / "1-part" / "fails.log").read_text()
    assert "raise ValueError" in log
    assert "\x1b" not in log
    assert page.read_bytes() == before
    assert isinstance(caught.value, LandscapeError)


def test_a_warning_on_stderr_fails_the_page(root):
    write(root, "warns", "import warnings\nwarnings.warn('this curve is cut')")
    with pytest.raises(notebook.NotebookError, match=r"wrote to stderr.*this curve is cut"):
        notebook.run("warns", "laptop", root)
    assert not (root / "book" / "executed").exists()


def test_unknown_and_mistyped_parameters_are_refused_before_anything_runs(root):
    write(root, "knobs", "print(1)")
    with pytest.raises(notebook.NotebookError, match=r"no parameter order; it has: live, orders\."):
        notebook.run("knobs", "laptop", root, {"order": 4})
    with pytest.raises(notebook.NotebookError, match="orders must be a int like 3, not 'many'"):
        notebook.run("knobs", "laptop", root, {"orders": "many"})
    with pytest.raises(notebook.NotebookError, match="with --profile"):
        notebook.run("knobs", "laptop", root, {"profile": "paper"})
    with pytest.raises(notebook.NotebookError, match="the notebooks are: knobs"):
        notebook.run("knob", "laptop", root)
    assert not (root / "logs").exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("profile = str('laptop')", "must be a plain value"),
        ("import os", "only lines of the form"),
        ("live = False", "must set profile"),
    ],
)
def test_a_parameters_cell_holds_plain_values_only(source, message):
    cells = [SimpleNamespace(source=source, metadata={"tags": ["parameters"]})]

    def check():
        declared = notebook.declared_parameters(SimpleNamespace(cells=cells))
        notebook.checked_parameters(declared, {}, "laptop")

    with pytest.raises(notebook.NotebookError, match=message):
        check()


def test_a_notebook_without_a_parameters_cell_is_refused():
    with pytest.raises(notebook.NotebookError, match="this one has 0"):
        notebook.declared_parameters(SimpleNamespace(cells=[]))


def test_parameters_take_the_type_of_their_default():
    declared = {"profile": "laptop", "live": False, "rate": 0.1, "names": ["a"]}
    given = {"live": "true", "rate": "2", "names": "['b']"}
    assert notebook.checked_parameters(declared, given, "laptop") == {
        "live": True,
        "rate": 2.0,
        "names": ["b"],
    }
    assert notebook.checked_parameters(declared, {"rate": 0.1}, "laptop") == {}


def test_only_progress_bars_may_reach_stderr():
    def page(text):
        out = SimpleNamespace(output_type="stream", name="stderr", text=text)
        return SimpleNamespace(cells=[{"outputs": [out]}])

    assert normalise.unexpected_stderr(page("\r 10%|#    | 1/9 [00:01<00:08, 1.0it/s]\r")) is None
    found = normalise.unexpected_stderr(page(" 10%|# | 1/9\nUserWarning: log of zero\n"))
    assert found is not None
    assert "log of zero" in found[1]
