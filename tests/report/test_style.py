"""Figures: fixed looks, colours told apart, honest bands."""

import io
import itertools

import matplotlib as mpl
import numpy as np
import pytest
from scipy import stats

from landscape import book as report

mpl.use("Agg")


@pytest.fixture
def ax():
    import matplotlib.pyplot as plt

    report.style()
    figure, axes = report.panels(1)
    yield axes[0]
    plt.close(figure)


#: Methods that share a figure in one of the works.
TOGETHER = [
    ("adam", "anneal_sgd", "resampled_noise", "sgd"),
    ("adam", "sgd", "entropy_sgd", "entropy_adam", "sgld"),
    ("sgd", "entropy_sgd", "hamilton_jacobi", "heat_smoothing"),
    ("sgd", "entropy_sgd", "elastic_sgd", "parle"),
    ("auto_l2", "constant_l2", "sgd"),
    ("matched_cgd", "cosine_cgd", "two_step_cgd", "sgd"),
]
#: Machado, Oliveira & Fernandes (2009), severity 1, applied to linear RGB.
BLINDNESS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "none": np.eye(3),
}  # fmt: skip


def lab(color, matrix):
    """CIE L*a*b* of a colour as someone with the given deficiency sees it."""
    rgb = np.array(mpl.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(matrix) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    t = (xyz @ linear) / [0.9505, 1.0, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("group", TOGETHER, ids=lambda group: "-".join(group))
def test_methods_of_a_figure_differ_in_colour_and_marker(group, kind):
    for first, second in itertools.combinations(group, 2):
        a, b = report.look(first), report.look(second)
        assert a.marker != b.marker
        assert a.label != b.label
        distance = np.linalg.norm(lab(a.color, BLINDNESS[kind]) - lab(b.color, BLINDNESS[kind]))
        # About 2.3 is just noticeable between large patches; thin lines need far more.
        assert distance > 15, (first, second)


@pytest.mark.parametrize("method", report.colors)
def test_every_line_is_legible_on_white(method):
    rgb = np.array(mpl.colors.to_rgb(report.colors[method]))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    contrast = 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)
    assert contrast > 2.0


def test_a_variant_has_its_methods_look_and_an_unknown_method_none():
    base, variant = report.look("anneal_sgd"), report.look("anneal_sgd_linear_decay")
    assert (variant.color, variant.marker) == (base.color, base.marker)
    assert variant.label == "AnnealSGD (linear decay)"
    with pytest.raises(KeyError, match="adamant"):
        report.look("adamant")


def test_the_band_is_the_student_interval_and_diverged_rows_are_out(ax, curves):
    report.curve_with_band(ax, curves, "effective_epoch", "error", "adam")
    line, band = ax.lines[0], ax.collections[0]
    kept = curves[(curves["method"] == "adam") & (curves["diverged"] == 0)]
    for epoch, mean in zip(line.get_xdata(), line.get_ydata(), strict=True):
        values = kept.loc[kept["effective_epoch"] == epoch, "error"]
        assert mean == pytest.approx(values.mean())
        low, high = stats.t.interval(0.95, len(values) - 1, mean, stats.sem(values))
        ends = [y for x, y in band.get_paths()[0].vertices if x == epoch]
        assert min(ends) == pytest.approx(low)
        assert max(ends) == pytest.approx(high)
    assert line.get_label() == "Adam (n = 2–3)"


def test_a_logarithmic_band_is_geometric_and_refuses_zero(ax, curves):
    report.curve_with_band(ax, curves, "effective_epoch", "error", "anneal_sgd", log=True)
    first = curves[(curves["method"] == "anneal_sgd") & (curves["effective_epoch"] == 0)]["error"]
    assert ax.lines[0].get_ydata()[0] == pytest.approx(stats.gmean(first))
    with pytest.raises(ValueError, match="not positive"):
        report.curve_with_band(ax, curves.assign(error=0.0), "effective_epoch", "error", "adam",
                               log=True)  # fmt: skip


def test_one_seed_has_no_band_and_no_rows_are_refused(ax, curves):
    one = curves[curves["seed"] == 0]
    report.curve_with_band(ax, one, "effective_epoch", "error", "adam")
    assert not ax.collections
    assert ax.lines[0].get_label() == "Adam (n = 1)"
    with pytest.raises(ValueError, match="sgd"):
        report.curve_with_band(ax, curves, "effective_epoch", "error", "sgd")


def test_a_record_is_dashed_and_absent_ones_are_skipped(ax, curves):
    methods = ["adam", "parle"]
    assert report.overlay_record(ax, curves, "effective_epoch", "error", methods)
    assert [line.get_linestyle() for line in ax.lines] == ["--"]
    assert "record" in ax.lines[0].get_label()
    assert not report.overlay_record(ax, None, "effective_epoch", "error", methods)


def test_a_figure_is_opaque_white_small_and_the_same_twice(ax, curves):
    for method in ("adam", "anneal_sgd"):
        report.curve_with_band(ax, curves, "effective_epoch", "error", method)
    ax.legend()

    def png():
        buffer = io.BytesIO()
        ax.figure.savefig(buffer, format="png")
        return buffer.getvalue()

    first = png()
    assert first == png()
    assert len(first) < 150_000
    pixels = mpl.image.imread(io.BytesIO(first))
    assert pixels[..., 3].min() == 1.0
    assert pixels[0, 0, :3].min() == 1.0
    assert pixels.shape[1] == 750


def test_a_notebooks_picture_is_small_without_visible_loss(ax, curves):
    from landscape.book.style import small_png

    for method in ("adam", "anneal_sgd"):
        report.curve_with_band(ax, curves, "effective_epoch", "error", method)
    small = small_png(ax.figure)
    assert small == small_png(ax.figure)
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format="png", bbox_inches="tight")
    assert len(small) < 0.6 * len(buffer.getvalue())
    before = mpl.image.imread(io.BytesIO(buffer.getvalue()))[..., :3]
    after = mpl.image.imread(io.BytesIO(small))[..., :3]
    assert np.abs(before - after).mean() < 0.002
    assert (after[0, 0] == 1).all()


def test_a_logarithmic_axis_shows_plain_numbers(ax):
    ax.plot([1, 2], [0.6, 88])
    report.log_axis(ax)
    ax.figure.canvas.draw()
    low, high = ax.get_ylim()
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    shown = [label.get_text() for value, label in ticks if low <= value <= high]
    assert shown == ["0.5", "1", "2", "5", "10", "20", "50", "100"]


def test_several_panels_are_lettered_and_spare_ones_hidden():
    import matplotlib.pyplot as plt

    report.style()
    figure, axes = report.panels(3, columns=2)
    assert [ax.get_title(loc="left") for ax in axes] == ["a", "b", "c"]
    assert [ax.axison for ax in figure.axes] == [True, True, True, False]
    assert plt.rcParams["font.size"] * 360 / (5.0 * 72) > 10  # CSS pixels on a phone
    plt.close(figure)
