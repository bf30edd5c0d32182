"""Figures: fixed looks, colours told apart on light and dark, honest bands."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from scipy import stats

from landscape import book
from landscape.book import style
from landscape.errors import LandscapeError
from landscape.evidence.measurement import Measurement

mpl.use("Agg")
#: What INK becomes, and the grounds of both modes.
INKS, GROUNDS = ("#1f2328", "#e6edf3"), ("#ffffff", "#14181e")


@pytest.fixture
def ax():
    return book.panel()[1]


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


def linear(color):
    rgb = np.array(mpl.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(color, matrix):
    """CIE L*a*b* of a colour as someone with the given deficiency sees it."""
    seen = np.clip(np.array(matrix) @ linear(color), 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    t = (xyz @ seen) / [0.9505, 1.0, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("group", TOGETHER, ids=lambda group: "-".join(group))
def test_methods_of_a_figure_differ_in_colour_and_marker(group, kind, ink):
    for first, second in itertools.combinations(group, 2):
        a, b = book.look(first), book.look(second)
        assert a.marker != b.marker
        assert a.label != b.label
        seen = [lab(ink if c == book.INK else c, BLINDNESS[kind]) for c in (a.color, b.color)]
        # About 2.3 is just noticeable between large patches; thin lines need far more.
        assert np.linalg.norm(seen[0] - seen[1]) > 18, (first, second)


@pytest.mark.parametrize(
    "color", sorted({c for c, _ in style.LOOKS.values()} | {*book.CYCLE, book.GREY})
)
def test_every_line_is_legible_on_both_grounds(color):
    for ink, ground in zip(INKS, GROUNDS, strict=True):
        shown = ink if color == book.INK else color
        light, dark = sorted(
            (linear(c) @ [0.2126, 0.7152, 0.0722] for c in (shown, ground)), reverse=True
        )
        assert (light + 0.05) / (dark + 0.05) > 3.0, ground


def test_a_variant_has_its_methods_look_and_an_unknown_method_none():
    base, variant = book.look("anneal_sgd"), book.look("anneal_sgd_linear_decay")
    assert (variant.color, variant.marker) == (base.color, base.marker)
    assert variant.label == "AnnealSGD (linear decay)"
    with pytest.raises(LandscapeError, match="adamant"):
        book.look("adamant")


def test_every_labelled_method_has_a_look():
    from landscape.evidence.methods import LABELS

    assert set(style.LOOKS) == set(LABELS)


def test_the_band_is_the_student_interval_and_diverged_rows_are_out(ax, curves):
    book.curve(ax, curves, "effective_epoch", "error", "adam")
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
    assert (line.get_color(), line.get_marker()) == ("#0072B2", "o")


def test_a_logarithmic_band_is_geometric_and_refuses_zero(ax, curves):
    book.curve(ax, curves, "effective_epoch", "error", "anneal_sgd", log=True)
    first = curves[(curves["method"] == "anneal_sgd") & (curves["effective_epoch"] == 0)]["error"]
    assert ax.lines[0].get_ydata()[0] == pytest.approx(stats.gmean(first))
    low, high = stats.t.interval(0.95, 2, np.log(first).mean(), stats.sem(np.log(first)))
    ends = [y for x, y in ax.collections[0].get_paths()[0].vertices if x == 0]
    assert [min(ends), max(ends)] == pytest.approx(np.exp([low, high]).tolist())
    with pytest.raises(LandscapeError, match="not positive"):
        book.curve(ax, curves.assign(error=0.0), "effective_epoch", "error", "adam", log=True)


def test_one_seed_has_no_band_and_no_rows_are_refused(ax, curves):
    one = curves[curves["seed"] == 0]
    book.curve(ax, one, "effective_epoch", "error", "adam")
    assert not ax.collections
    assert ax.lines[0].get_label() == "Adam (n = 1)"
    with pytest.raises(LandscapeError, match="sgd"):
        book.curve(ax, curves, "effective_epoch", "error", "sgd")


def test_a_record_is_dashed_with_open_markers_and_what_it_lacks_is_skipped(ax, curves):
    record = curves[curves["method"] == "adam"]
    book.curves(ax, curves, "effective_epoch", "error", ["adam", "anneal_sgd"], record=record)
    book.curves(ax, curves, "effective_epoch", "error", ["adam"], record=None)
    assert [line.get_linestyle() for line in ax.lines] == ["-", "-", "--", "-"]
    assert ax.lines[2].get_markerfacecolor() == book.PAPER
    assert ax.lines[2].get_label() == "Adam, record (n = 2–3)"


def test_a_series_that_is_no_method_brings_its_own_look(ax, curves):
    options = {"label": "theory", "color": book.INK, "marker": "x", "band": False}
    book.curve(ax, curves.drop(columns="method"), "effective_epoch", "error", "theory", **options)
    assert ax.lines[0].get_label().startswith("theory (n = ")
    assert not ax.collections


def test_a_panel_is_legible_on_a_phone_and_too_wide_a_one_refused():
    figure, axes = book.panel(rows=2)
    assert [a.get_shared_x_axes().joined(*axes) for a in axes] == [True, True]
    sizes = [mpl.rcParams[key] for key in ("font.size", "xtick.labelsize", "legend.fontsize")]
    for width in (figure.get_size_inches()[0], style.WIDEST):
        assert min(sizes) * 352 / (72 * width) > 9  # CSS pixels; a phone shows 352 of its 400
    assert min(sizes) * 328 / (72 * style.WIDTH) > 10  # two panels beside each other at 1280
    with pytest.raises(LandscapeError, match="illegible on a phone"):
        book.panel(width=7)


def test_a_logarithmic_axis_shows_plain_numbers(ax):
    ax.plot([1, 2], [0.6, 88])
    book.log_axis(ax)
    ax.figure.canvas.draw()
    low, high = ax.get_ylim()
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    shown = [label.get_text() for value, label in ticks if low <= value <= high]
    assert shown == ["0.5", "1", "2", "5", "10", "20", "50", "100"]


def test_the_interval_is_students():
    assert style.interval([1.0, 2.0, 4.0]) == pytest.approx(
        stats.t.interval(0.95, 2, 7 / 3, stats.sem([1.0, 2.0, 4.0]))
    )
    assert np.isnan(style.interval([1.0])).all()


def test_error_bars_are_the_intervals_and_what_has_no_value_is_left_out(ax):
    marks = {1.0: Measurement(2.0, 1.5, 3.0), 10.0: Measurement(4.0), 3.0: Measurement(None)}
    book.errorbars(ax, marks, color="#0072B2", marker="s", label="means")
    (container,) = ax.containers
    assert container[0].get_xydata().tolist() == [[1.0, 2.0], [10.0, 4.0]]
    (bars,) = container[2]
    assert [line[:, 1].tolist() for line in bars.get_segments()] == [[1.5, 3.0], [4.0, 4.0]]
    assert container.get_label() == "means"
    book.errorbars(ax, {1.0: Measurement(None)})
    assert len(ax.containers) == 1


def test_error_bars_can_leave_a_part_of_their_value(ax):
    book.errorbars(ax, {1.0: Measurement(2.0, -3.0, 7.0), 2.0: Measurement(4.0, 3.0, 5.0)}, 0.1)
    (bars,) = ax.containers[0][2]
    ends = [end for line in bars.get_segments() for end in line[:, 1]]
    assert ends == pytest.approx([0.2, 7, 3, 5])


def test_ticks_stand_at_the_values_alone(ax):
    ax.set(xscale="log", xlim=(1e-5, 1))
    book.ticks_at(ax, [1e-5, 0.02, 0.5])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1e-05", "0.02", "0.5"]
    assert len(ax.xaxis.get_minorticklocs()) == 0
