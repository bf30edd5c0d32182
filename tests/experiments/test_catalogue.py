"""Experiments are found, not listed; names lead to runs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import landscape.experiments
from landscape.errors import LandscapeError
from landscape.experiments import catalogue
from landscape.pipeline import lists

ROOT = Path(__file__).parents[2]
TRAINED = "{id}:\n  title: t\n  common: {{run: {{}}}}\n  methods: {{adam: {{}}, sgd: {{}}}}\n"
SIMULATED = "{id}:\n  title: s\n  module: a.b\n  cases: [cold, hot]\n  common: {{seed: 0}}\n"


@pytest.fixture
def root(toy):
    toy.page("2-local-entropy/second", TRAINED.format(id="c"))
    toy.page("1-spin-glass/first", TRAINED.format(id="a") + SIMULATED.format(id="b"))
    return toy.root


def test_experiments_are_those_of_the_pages(root):
    first, second, third = catalogue.experiments(root)
    assert [e.id for e in (first, second, third)] == ["a", "b", "c"]
    assert (first.kind, first.runs, first.page) == ("train", ("adam", "sgd"), "1-spin-glass/first")
    assert (second.kind, second.runs, second.module) == ("simulate", ("cold", "hot"), "a.b")
    assert second.run_ids == ["1-spin-glass/b/cold", "1-spin-glass/b/hot"]
    assert third.folder("smoke", root) == root / "results/smoke/2-local-entropy/c"
    assert third.outputs("smoke", root)[0] == third.folder("smoke", root) / "adam/results.csv"


def test_a_folder_that_is_deleted_takes_its_experiments_along(root):
    (root / "book/1-spin-glass/first/settings.yaml").unlink()
    assert [e.id for e in catalogue.experiments(root)] == ["c"]


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("1-spin-glass/a/sgd", ["1-spin-glass/a/sgd"]),
        ("a/sgd", ["1-spin-glass/a/sgd"]),
        ("b", ["1-spin-glass/b/cold", "1-spin-glass/b/hot"]),
        ("1-spin-glass/b", ["1-spin-glass/b/cold", "1-spin-glass/b/hot"]),
        ("first", ["1-spin-glass/a/adam", "1-spin-glass/a/sgd", "1-spin-glass/b/cold",
                   "1-spin-glass/b/hot"]),
        ("2-local-entropy/second/", ["2-local-entropy/c/adam", "2-local-entropy/c/sgd"]),
    ],
)  # fmt: skip
def test_a_name_stands_for_its_runs(root, name, runs):
    assert catalogue.find_runs(name, root) == runs


SHARED = ["1-spin-glass/third/adam", "1-spin-glass/third/sgd"]
WHOLE = [*SHARED, "1-spin-glass/d/cold", "1-spin-glass/d/hot"]


@pytest.mark.parametrize("part", ["", "1-spin-glass/"])
def test_a_name_that_a_page_shares_is_the_page_s_or_the_experiment_s(root, toy, part):
    toy.page("1-spin-glass/third", TRAINED.format(id="third") + SIMULATED.format(id="d"))
    assert catalogue.find_runs(f"{part}third", root, whole_page=True) == WHOLE
    assert catalogue.find_runs(f"{part}third", root) == SHARED
    for whole_page in (True, False):
        found = catalogue.find_runs(f"{part}third/third", root, whole_page)
        assert found == SHARED
        assert catalogue.find_runs(f"{part}third/d", root, whole_page) == WHOLE[2:]
        assert catalogue.find_runs(f"{part}third/sgd", root, whole_page) == SHARED[1:]
    assert catalogue.others_on_page(f"{part}third", root) == ["d"]
    assert catalogue.others_on_page(f"{part}first", root) == []  # no experiment is called like it
    assert catalogue.others_on_page("d", root) == []


def test_an_experiment_that_is_called_like_its_page_stands_for_itself():
    assert catalogue.find_runs("thesis-fig-2-2", ROOT) == [
        f"1-spin-glass/thesis-fig-2-2/{case}" for case in ("exponential", "polynomial", "trivial")
    ]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda root: catalogue.find_runs("fist", root), "called 'fist'; did you mean 'first'?"),
        (lambda root: catalogue.find_runs("?", root), "called '?'; `landscape list` names them."),
        (lambda root: catalogue.of_run("1-spin-glass/a/sdg", root), "mean '1-spin-glass/a/sgd'?"),
        (lambda root: catalogue.get("a", "simulate", root), "a is not simulated but trained."),
        (lambda root: catalogue.get("b", "train", root), "b is not trained but simulated."),
    ],
)
def test_other_names_get_the_nearest(root, call, said):
    with pytest.raises(LandscapeError) as caught:
        call(root)
    assert said in str(caught.value)


def test_a_number_of_seeds_is_at_least_one():
    for seeds in (0, -1):
        with pytest.raises(LandscapeError, match=f"{seeds} seeds cannot be run"):
            catalogue.grid_runs("thesis-fig-2-3-mnistfc", "adam", "smoke", ROOT, seeds)
    assert len(catalogue.run_specs("thesis-fig-2-3-mnistfc", "adam", "paper", ROOT, 2)) == 2


def test_reading_the_catalogue_needs_no_torch():
    code = (
        "import sys; from landscape.experiments import catalogue, settings;"
        f"from pathlib import Path; catalogue.experiments(Path({str(ROOT)!r}));"
        "assert not {'torch', 'scipy', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_two_modules_import_each_other():
    folder = Path(landscape.experiments.__file__).parent
    needs = {}
    for path in folder.glob("*.py"):
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "landscape.experiments":
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                head, _, tail = node.module.partition("landscape.experiments.")
                found |= {tail} if tail and not head else set()
        needs[path.stem] = found & {other.stem for other in folder.glob("*.py")}
    while needs:  # take away what needs nothing that is left
        free = [name for name, of in needs.items() if not of & set(needs)]
        assert free, f"a circle among {sorted(needs)}"
        for name in free:
            del needs[name]


@pytest.mark.parametrize("named", ["name: mnits", "name: [mnist]", "name: {a: b}", "name: 3"])
def test_a_data_set_that_does_not_exist_never_leaves_an_experiment_out(toy, named):
    """It would count as one that is fetched by name, outside the pipeline."""
    toy.page("1-spin-glass/page", f"""\
        toy:
          title: A toy
          common:
            data: {{{named}}}
            model: {{name: lenet}}
            run: {{epochs: 1, seeds: 1}}
          methods: {{sgd: {{optimizer: {{name: sgd, lr: 0.1}}}}}}
        """)  # fmt: skip
    said = "no data set 'mnits'; did you mean 'mnist'" if "mnits" in named else "data.name is"
    with pytest.raises(LandscapeError, match=said):
        lists.written(toy.root)
