"""Thesis figure 3.1: the Hessian's spectrum at the end of training, on spectra made by hand."""

import numpy as np
import pytest

from landscape.evidence import figures
from landscape.evidence import spectra as reading

from .made import ROOT, judged, labels
from .spectra_made import Spectra, spectra

ID = "thesis-fig-3-1"
OTHERS = ((50, "float64", 1.0, 95.0), (50, "float32", 1.0, 95.0), (50, "float64", 0.1, 80.0))


@pytest.fixture(scope="module")
def figure():
    return figures.load(ID, ROOT)


def runs(share=93.99, smaller=80.0, scale="laptop", **lenet):
    """The small network with its variants, a smaller one, and that of the work's size."""
    return Spectra(scale, tables={
        **spectra("thesis-fig-3-1-small", share, others=OTHERS),
        **spectra("thesis-fig-3-1-smaller", smaller),
        **spectra("thesis-fig-3-1-lenet", exact=False, **lenet),
    })  # fmt: skip


def test_the_works_numbers_are_reproduced():
    found, named = judged(ID, runs(), Spectra("paper"))
    small = "reproduced at small scale"
    assert labels(named, "c1") == dict.fromkeys(
        ("share", "most", "grows", "mean", "harmonic"), small
    )
    assert labels(named, "c2") == dict.fromkeys(
        ("ratio", "ratio-exact", "few", "largest", "smallest"), small
    )
    assert labels(named, "c3") == dict.fromkeys(("negative", "positive", "critical"), small)
    assert named["c1.share"]["build"]["value"] == pytest.approx(94.0)
    assert named["c2.ratio"]["build"]["value"] == pytest.approx(0.5 / 40)
    assert found["finding"] == (
        "Of a small network's eigenvalues 94 % lie within $10^{-4}$ of zero (the work, of a larger "
        "one: 94 %) and 1 % are more negative; in the network of the work's size negative "
        "ones reach only 1.3 % of the largest's magnitude."
    )


def test_a_lower_share_a_long_negative_tail_and_a_gradient_are_said():
    made = runs(share=40.0, smaller=60.0, ends=(-20.0, 40.0), gradient=0.7)
    made.tables["thesis-fig-3-1-small", "shares"]["below"] = 26.0
    found, named = judged(ID, made, Spectra("paper"))
    no = "not seen at small scale"
    assert labels(named, "c1")["share"] == labels(named, "c1")["grows"] == no
    assert labels(named, "c2")["ratio"] == labels(named, "c3")["critical"] == no
    assert labels(named, "c2")["few"] == no
    assert found["finding"] == (
        "Of a small network's eigenvalues 40 % lie within $10^{-4}$ of zero (the work, of a larger "
        "one: 94 %) and 26 % are more negative; in the network of the work's size negative "
        "ones reach 50.0 % of the largest's magnitude."
    )
    assert len(found["finding"].split()) < 45
    work = runs(share=40.0, scale="paper")
    assert labels(judged(ID, made, work)[1], "c1")["share"] == "contradicted"


def test_a_spectrum_without_negative_eigenvalues_is_no_saddle():
    _, named = judged(ID, runs(ends=(1e-9, 40.0)), Spectra("paper"))
    assert labels(named, "c3")["negative"] == "not seen at small scale"
    assert named["c2.ratio"]["build"]["value"] == 0


def test_a_record_of_the_works_network_with_all_eigenvalues_decides():
    record = Spectra("paper", tables=spectra("thesis-fig-3-1-lenet", 93.0))
    named = judged(ID, runs(share=40.0), record)[1]
    assert labels(named, "c1")["share"] == labels(named, "c1")["most"] == "reproduced"
    assert named["c1.share"]["record"]["value"] == pytest.approx(93.01)
    assert named["c1.harmonic"]["record"]["value"] is None


def test_a_record_of_what_the_pipeline_leaves_out_decides_too(figure):
    record = Spectra("paper", tables=spectra(figure.EXACT, 93.0))
    found, named = judged(ID, runs(share=40.0), record)
    assert found["finding"].startswith("Of the work's network's eigenvalues 93 % lie within ")
    assert "(the work: 94 %); in the network" in found["finding"]
    assert labels(named, "c1")["share"] == "reproduced"
    assert named["c1.share"]["record"]["value"] == pytest.approx(93.01)
    assert named["c2.ratio"]["record"]["value"] == pytest.approx(0.5 / 40)
    assert named["c2.few"]["record"]["value"] is None  # of the small network
    assert judged(ID, runs(share=40.0), Spectra("paper"))[1]["c1.share"]["record"] is None


def test_the_price_of_the_whole_spectrum_comes_from_records(figure, tmp_path):
    from landscape.evidence.paper_costs import Costs

    row = {"experiment": figure.SINGLE, "method": "spectrum", "runs": 2, "hours": 9.04, "rows": 1,
           "evaluated": 1000, "evaluation_seconds": 7200.0, "precision": "float32",
           "samples": 4000, "block_samples": 100,
           "eigenvalue_seconds": {"3000": 1, "6000": 8}}  # fmt: skip
    said = figure.of_machine(Costs("cpu", "X", (row,)))
    assert said == (
        "In float32 over 4,000 images, a network would take 9 core hours, 2 of them for the "
        "eigenvalues (X; extrapolated from one block of rows over 100 images and from matrices of "
        "3,000 and 6,000 rows): 2 of them, one on each core within 20 GB, fit a night of 12 hours."
    )
    double = row | {"precision": "float64"}  # one matrix alone fits
    assert "one after the other within 20 GB, do not fit" in figure.of_machine(
        Costs("cpu", "X", (double,))
    )
    card = figure.of_machine(Costs("cuda", "Y", (double | {"hours": 0.1},)))
    assert "would take 0.1 GPU hours" in card
    assert "night" not in card
    assert figure.measured(tmp_path) == "What that takes has not been measured."


def test_harmonic_means_of_one_matrix_are_compared(figure):
    made = runs()
    single, double = figure.harmonic(made)
    assert list(single.index) == list(double.index) == [0, 1, 2]
    table = made.tables["thesis-fig-3-1-small", "results"]
    table.loc[table["precision"] == "float32", "harmonic"] = 1e-4
    assert figure.measure(made)["c1"]["harmonic"].value == pytest.approx(6)
    table["harmonic"] = 0.0
    assert figure.measure(made)["c1"]["harmonic"].value is None


def test_variants_are_named_by_what_was_changed():
    found = reading.variants(runs(), "thesis-fig-3-1-small")
    assert list(found) == ["200 samples", "50 samples", "50 samples, float32",
                           "50 samples, 10 % trained"]  # fmt: skip
    assert np.isclose(found["50 samples, float32"]["within"].mean(), 95.01)


def test_pictures_tables_and_notes_are_made(figure):
    made = runs()
    for picture in (figure.picture(made), figure.width_picture(made)):
        assert set(picture.panels) == set(picture.titles) == {"a", "b"}
    assert "94.000 [93.975, 94.025] %" in figure.width_note(made)
    assert "Lanczos allows 0 to 100 %" in figure.width_note(made)
    assert "over all 60,000 the same count leaves none." in figure.width_note(made)
    assert len(figure.means_table(made).rows) == 6
    assert len(figure.networks_table(made).rows) == 4
    assert f"{figure.cost()['bytes'] / 1e9:.0f} GB" in figure.cost_note()


def test_the_cost_counts_the_layers_of_the_network(figure):
    from landscape.models import build, parameter_count

    assert parameter_count(build("small_lenet_ch3")) == figure.WEIGHTS
    weights = sum(weights for _, weights in figure.LAYERS)
    assert weights + 10 + 20 + 128 + 10 == figure.WEIGHTS
    assert figure.cost()["layered"] < figure.cost()["products"] / 7


def test_without_results_nothing_is_said(figure):
    assert figure.measure(Spectra("paper")) == {}
    assert judged(ID, Spectra(), Spectra("paper"))[0]["finding"] == "Nothing was measured."


def test_few_samples_leave_zeros_that_the_hessian_written_out_has(figure):
    import torch
    from reference import curvature_reference as reference

    from landscape.analysis.mean_loss import cross_entropy
    from landscape.models import build

    torch.manual_seed(0)
    model = build("smallfc", width=4, size=12).double()
    x, y = torch.randn(5, 1, 12, 12).double(), torch.arange(5)
    values = torch.linalg.eigvalsh(reference.hessian(model, cross_entropy, x, y))
    share = 100 * float((values.abs() < 1e-12).double().mean())
    least = reading.zeros_at_least(len(values), 144 * 4 + 4, 5)
    assert 75 < least <= share
    assert reading.zeros_at_least(100, 90, 50) == 0
    made = runs(weights=figure.WEIGHTS)
    assert figure.bounded(made)["low"].to_numpy() == pytest.approx(
        reading.zeros_at_least(figure.WEIGHTS, figure.DENSE, 200)
    )
