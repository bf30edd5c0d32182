"""Simulations that read kept weights: what they are given, what is made first, what is stale."""

import sys
import types

import pytest

from landscape import cli
from landscape.errors import LandscapeError
from landscape.evidence.runs import Runs
from landscape.experiments import catalogue, execute, reading
from landscape.experiments.networks import network
from landscape.experiments.settings_schema import mapping, whole
from landscape.experiments.simulation import Outcome
from landscape.pipeline.inputs import Inputs

PAGE = """\
    toy:
      title: A training
      common:
        data: {name: mnist}
        model: {name: small_fc_ch6, size: 28, width: 8}
        run: {epochs: 1, seeds: 1, batch_size: 16, weights: [1.0]}
      methods:
        sgd: {optimizer: {name: sgd, lr: 0.1}}
        adam: {optimizer: {name: adam}}
    looked-at:
      title: An analysis
      module: toy_analysis
      cases: [norms]
      common: {seed: 0, reads: [toy/sgd]}
"""


@pytest.fixture
def book(toy, small_data, monkeypatch):
    """A project with a training and an analysis of its weights."""
    toy.page("1-spin-glass/toy", PAGE)
    monkeypatch.setenv("LANDSCAPE_ROOT", str(toy.root))
    monkeypatch.setenv("LANDSCAPE_DEVICE", "cpu")
    module = types.ModuleType("toy_analysis")
    module.SETTINGS = mapping({"seed": whole(0), "reads": reading.READS})

    def simulate(settings, case, checkpoints, workers, kept):
        net = network(kept, "toy", "sgd")
        rate = kept.parameters("toy", "sgd")["optimizer"]["lr"]
        return Outcome({"results": f"weights,rate\n{sum(p.numel() for p in net.parameters())},"
                                   f"{rate}\n"})  # fmt: skip

    module.simulate = simulate
    monkeypatch.setitem(sys.modules, "toy_analysis", module)
    return toy


def test_a_run_makes_first_what_it_reads(book, capsys):
    assert cli.main(["run", "looked-at", "--profile", "smoke"]) == 0
    folder = book.root / "results/smoke/1-spin-glass"
    assert (folder / "toy/sgd/weights.csv").is_file()
    assert not (folder / "toy/adam").exists()
    text = (folder / "looked-at/norms/results.csv").read_text()
    assert text.split()[1].endswith(",0.1")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[-2:]] == ["wrote"] * 2


def test_without_the_weights_the_sentence_names_them(book):
    with pytest.raises(LandscapeError, match="has kept no weights"):
        execute.run("1-spin-glass/looked-at/norms", "smoke", root=book.root)


def test_only_what_is_not_asked_for_is_needed(book):
    norms, sgd = "1-spin-glass/looked-at/norms", "1-spin-glass/toy/sgd"
    assert reading.needed([norms], "smoke", book.root) == [sgd]
    assert reading.needed([sgd, norms], "smoke", book.root) == []
    assert reading.needed([sgd], "smoke", book.root) == []


def test_what_trains_the_weights_is_part_of_what_an_analysis_is_made_from(book, monkeypatch):
    class Code:
        """No module of the toy is on disk."""

        def closure(self, modules, without=()):
            return set()

    made = Inputs.__new__(Inputs)
    made.profile, made.root, made.code = "smoke", book.root, Code()
    made.experiments = {e.id: e for e in catalogue.experiments(book.root)}
    monkeypatch.setattr(made, "_registered", lambda names: [], raising=False)
    kinds = {line.rsplit(" ", 1)[0] for line in made.run(made.experiments["looked-at"], "norms")}
    assert kinds == {"settings looked-at", "settings toy", "data mnist"}


def test_reads_names_trained_runs(book):
    with pytest.raises(LandscapeError, match="reads names looked-at, which is not trained"):
        reading.runs_read({"reads": ["looked-at"]}, book.root)
    with pytest.raises(LandscapeError, match="no run, experiment or page .*'tyo'"):
        reading.runs_read({"reads": ["tyo"]}, book.root)


def test_a_live_page_makes_them_too_and_stores_nothing(book):
    live = Runs.live("smoke", book.root)
    assert live.table("looked-at", "norms")["rate"].tolist() == [0.1]
    assert not (book.root / "results").exists()
