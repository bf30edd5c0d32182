"""The project's own files agree with each other: one truth for versions, stages and experiments."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from landscape.experiments import catalogue, settings
from landscape.evidence import artifacts

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def tracked(pattern: str = "*") -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard",
         "--", pattern],
        capture_output=True, text=True, check=True,
    ).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def requirements() -> list[str]:
    extras = PROJECT["optional-dependencies"]
    return [*PROJECT["dependencies"], *(line for extra in extras.values() for line in extra)]


def test_every_dependency_is_pinned_exactly():
    for line in requirements():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line), line


def test_environment_yml_holds_no_versions_but_python():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *plain, with_pip = environment["dependencies"]
    assert plain == ["python=3.11", "pip"]
    assert with_pip == {"pip": ["-e .[book,dev]"]}
    assert set(PROJECT["optional-dependencies"]) == {"book", "dev"}
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    assert int(low) <= 11 < int(high)


def test_constraints_agree_with_the_pins():
    constraints = dict(
        line.lower().replace("_", "-").split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
    )
    for line in requirements():
        name, version = line.lower().replace("_", "-").split("==")
        assert constraints.get(name, version) == version, name


@pytest.mark.parametrize("experiment", catalogue.experiments(), ids=lambda e: e.id)
def test_every_declared_run_is_a_stage_with_narrow_dependencies(experiment):
    stage = STAGES[f"{experiment.kind}-{experiment.id}"]
    axis = "method" if experiment.kind == "train" else "case"
    assert tuple(stage["matrix"][axis]) == experiment.runs
    assert stage["matrix"]["profile"] == ["${profile}"]
    for dependency in stage["deps"]:
        assert not dependency.startswith(("src/landscape/report", "book/")), dependency
        assert dependency != "src/landscape", "depend on files, not on everything"
    for output in stage["outs"]:
        ((_, options),) = output.items()
        assert options == {"cache": False}, "results are kept in git, not in DVC's cache"
    if experiment.kind == "train":
        assert f"src/landscape/optim/${{item.{axis}}}.py" in stage["deps"]
        keys = stage["params"][0]["params/paper.yaml"]
        assert keys == [f"{experiment.id}.common", f"{experiment.id}.methods.${{item.method}}"]


def test_a_training_stage_names_the_files_its_runs_execute():
    from landscape import models, optim

    for experiment in catalogue.experiments():
        if experiment.kind != "train":
            continue
        stage = STAGES[f"train-{experiment.id}"]
        for method in experiment.runs:
            (spec, *_) = catalogue.run_specs(experiment.id, method, "paper", ROOT)
            needed = {Path(models.source_file(spec.model))}
            needed |= {Path(file) for file in optim.source_files(spec.optimizer)}
            named = {ROOT / d.replace("${item.method}", method) for d in stage["deps"]}
            missing = {file for file in needed if file.resolve() not in named}
            shared = {ROOT / "src/landscape" / part for part in ("models", "optim")}
            missing = {f for f in missing if not shared & named & set(f.parents)}
            assert not missing, f"{experiment.id} {method}: {missing}"


def test_every_stage_carries_the_profile_in_its_name():
    for name, stage in STAGES.items():
        if name != "fetch":
            assert stage["matrix"]["profile"] == ["${profile}"], name
            assert "--profile ${item.profile}" in stage["cmd"], name


def test_every_notebook_is_a_stage_and_a_page():
    notebooks = {path.stem for path in (ROOT / "book" / "notebooks").glob("*/*.md")}
    stages = {name.removeprefix("page-") for name in STAGES if name.startswith("page-")}
    contents = (ROOT / "book" / "_toc.yml").read_text()
    assert notebooks == stages
    for notebook in notebooks:
        assert f"/{notebook}" in contents


def test_a_page_is_judged_unless_it_is_extra_and_the_book_waits_for_it():
    extra = {page.id: page for page in artifacts.extra_pages(ROOT)}
    pages = {a.id: a for a in artifacts.load(ROOT)} | extra
    for name, stage in STAGES.items():
        if not name.startswith("page-"):
            continue
        page = pages[name.removeprefix("page-")]
        executed = f"book/executed/${{item.profile}}/{page.part}/{page.id}.ipynb"
        claims = f"results/${{item.profile}}/{page.id}/claims.json"
        written = [next(iter(out)) for out in stage["outs"]]
        assert written == ([executed] if page.id in extra else [executed, claims])
        assert page.notebook in stage["deps"]
        assert executed in STAGES["book"]["deps"]
        assert (claims in STAGES["scorecard"]["deps"]) == (page.id not in extra)


def test_importing_what_pages_import_does_not_cost_torch():
    import sys

    code = (
        "import sys, landscape, landscape.report, landscape.theory.spin_glass,"
        " landscape.theory.l2_modes, landscape.theory.gaussian_field,"
        " landscape.theory.two_valleys, landscape.book.optimizer_tables;"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_imports_point_down_the_floors():
    floors = {
        "errors": 0, "data": 1, "models": 1, "optim": 1, "theory": 1,
        "train": 2, "analysis": 2, "experiments": 3, "report": 4, "cli": 5, "__main__": 6,
    }
    pattern = re.compile(r"^\s*(?:from|import) landscape(?:\.(\w+)| import (\w+(?:, \w+)*))", re.M)
    for path in tracked("src/landscape/*.py"):
        relative = path.relative_to(ROOT / "src" / "landscape")
        own = relative.parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for package, names in pattern.findall(path.read_text()):
            for target in [package] if package else names.split(", "):
                if target in floors and target != own:
                    assert floors[target] < floors[own], f"{relative} imports {target}"


def test_the_repository_speaks_of_the_project_alone():
    home = str(Path.home())
    for path in tracked():
        if path.suffix in {".png", ".npy", ".safetensors"}:
            continue
        text = path.read_text(errors="ignore")
        assert str(ROOT) + "/" not in text, path
        assert home + "/" not in text or path == Path(__file__), path


def test_no_settings_without_an_experiment():
    assert set(settings.names(ROOT)) == {e.id for e in catalogue.experiments()}


def test_no_line_of_a_page_begins_with_a_percent_sign():
    """MyST takes it for a comment, and the words behind it, in a caption too, are gone."""
    pages = sorted((ROOT / "book").glob("notebooks/*/*.md")) + sorted((ROOT / "book").glob("*.md"))
    assert len(pages) > 10
    for page in pages:
        lost = re.findall(r"^[ \t]*%.*", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert not lost, f"{page.name}: {lost[0].strip()}"
