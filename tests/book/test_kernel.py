"""A kernel that lives through several pages and leaves nothing behind."""

import os

from landscape.book import notebook
from landscape.book.kernel import Kernel


def test_it_runs_with_a_read_only_home_and_ignores_the_users_settings(
    project, write_page, monkeypatch
):
    home = project / "home"
    (home / ".config" / "matplotlib").mkdir(parents=True)
    (home / ".config" / "matplotlib" / "matplotlibrc").write_text("lines.linewidth: 77\n")
    home.chmod(0o500)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MPLCONFIGDIR", str(home / ".config" / "matplotlib"))
    monkeypatch.setenv("JUPYTER_PATH", "/nowhere")
    item = write_page("home", "import matplotlib as m\nprint(m.rcParams['lines.linewidth'])")
    page = notebook.run(item, "laptop", project)
    assert '"1.5\\n"' in page.read_text(encoding="utf-8")
    assert sorted(path.name for path in home.iterdir()) == [".config"], "nothing was written there"
    assert os.environ["JUPYTER_PATH"] == "/nowhere", "the caller's environment is left alone"


def test_it_ends_with_its_context_and_its_empty_log_with_it(project):
    with Kernel(project) as kernel:
        kernel.reset()
        process = kernel.manager.provisioner.process
        assert process.poll() is None
        assert kernel.log.is_file()
    assert process.poll() is not None
    assert not list(project.glob("logs/*.log"))
