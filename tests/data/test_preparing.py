"""Splits, scalings and what they are computed from."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import whitening as reference

from landscape import data
from landscape.data import whitening
from landscape.data.errors import DataError


def pixels_of(split, scale=255.0):
    """Pixel values of a "unit" split as uint8 rows."""
    return (split.x * scale).round().to(torch.uint8).flatten(1).numpy()


def test_shapes_types_and_layout(tiny_root):
    grey = data.prepare("mnist", root=tiny_root)
    assert grey.train.x.shape == (40, 1, 8, 8)
    assert grey.validation is None
    assert grey.test.x.shape == (10, 1, 8, 8)
    assert grey.train.x.dtype == torch.float32
    assert grey.train.y.dtype == torch.int64
    colour = data.prepare("cifar10", scaling="unit", root=tiny_root)
    loaded = data.load("cifar10", tiny_root)
    assert colour.test.x.shape == (10, 3, 4, 4)
    assert colour.test.x.is_contiguous()
    expected = loaded.test_images[3, 1, 2] / 255
    np.testing.assert_allclose(colour.test.x[3, :, 1, 2], expected, rtol=1e-6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.floats(0, 0.9), st.integers(0, 2**32 - 1))
def test_every_sample_is_in_exactly_one_part_with_its_label(tiny_root, holdout, seed):
    splits = data.prepare("mnist", "unit", holdout, split_seed=seed, root=tiny_root)
    parts = [splits.train] + ([splits.validation] if splits.validation else [])
    assert sum(len(part) for part in parts[1:]) == round(holdout * 40)
    rows = np.concatenate([pixels_of(part) for part in parts])
    labels = np.concatenate([part.y.numpy() for part in parts])
    loaded = data.load("mnist", tiny_root)
    original = {
        image.tobytes(): label
        for image, label in zip(loaded.train_images, loaded.train_labels, strict=True)
    }
    assert {row.tobytes(): label for row, label in zip(rows, labels, strict=True)} == original


def test_smaller_training_sets_are_part_of_larger_ones_and_spare_the_validation(tiny_root):
    options = {"scaling": "unit", "holdout": 0.25, "root": tiny_root}
    small = data.prepare("mnist", train_samples=5, **options)
    large = data.prepare("mnist", train_samples=20, **options)
    torch.testing.assert_close(small.train.x, large.train.x[:5], rtol=0, atol=0)
    torch.testing.assert_close(small.validation.x, large.validation.x, rtol=0, atol=0)
    assert len(large.validation) == 10


def test_the_split_is_the_same_for_ever(tiny_root):
    """A pinned permutation: results of published runs depend on it."""
    first = data.prepare("mnist", root=tiny_root, train_samples=10).train.y.tolist()
    assert first == [2, 0, 5, 4, 0, 5, 8, 1, 8, 9]
    other = data.prepare("mnist", root=tiny_root, split_seed=1, train_samples=10).train.y
    assert other.tolist() != first


def test_minus_one_one_and_standard(tiny_root):
    loaded = data.load("cifar10", tiny_root)
    splits = data.prepare("cifar10", "minus_one_one", root=tiny_root)
    np.testing.assert_allclose(
        splits.test.x.permute(0, 2, 3, 1), loaded.test_images / 127.5 - 1, atol=1e-6
    )
    splits = data.prepare("cifar10", "standard", holdout=0.3, root=tiny_root)
    np.testing.assert_allclose(splits.train.x.mean((0, 2, 3)), np.zeros(3), atol=1e-5)
    np.testing.assert_allclose(splits.train.x.std((0, 2, 3), unbiased=False), np.ones(3), atol=1e-5)
    raw = data.prepare("cifar10", "unit", holdout=0.3, root=tiny_root)
    mean, std = raw.train.x.mean((0, 2, 3)), raw.train.x.std((0, 2, 3), unbiased=False)
    expected = (raw.test.x - mean[:, None, None]) / std[:, None, None]
    torch.testing.assert_close(splits.test.x, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("scaling", ["gcn", "gcn_zca"])
def test_whitening_is_fitted_on_the_training_part_alone(tiny_root, scaling):
    options = {"holdout": 0.3, "train_samples": 20, "root": tiny_root}
    raw = data.prepare("cifar10", "unit", **options)
    for _ in range(2):  # computed, then kept
        splits = data.prepare("cifar10", scaling, **options)
        for part in ("train", "validation", "test"):
            pixels = getattr(raw, part).x.double().numpy() * 255
            train = raw.train.x.double().numpy() * 255
            pixels, train = (
                reference.gcn(x, whitening.GCN_SCALE, whitening.GCN_FLOOR) for x in (pixels, train)
            )
            if scaling == "gcn_zca":
                pixels = reference.zca(train, pixels, whitening.ZCA_BIAS)
            np.testing.assert_allclose(getattr(splits, part).x, pixels, rtol=1e-3, atol=1e-3)


def test_downsampling_averages_blocks(tiny_root):
    small = data.prepare("mnist", "unit", downsample=4, root=tiny_root)
    full = data.prepare("mnist", "unit", root=tiny_root)
    assert small.test.x.shape == (10, 1, 2, 2)
    for i in range(2):
        for j in range(2):
            block = full.test.x[:, 0, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
            torch.testing.assert_close(small.test.x[:, 0, i, j], block.mean((1, 2)))
    with pytest.raises(DataError, match="downsample=3 does not divide images of 8x8"):
        data.prepare("mnist", downsample=3, root=tiny_root)
    whitened = data.prepare("mnist", "gcn_zca", downsample=4, root=tiny_root)
    assert whitened.train.x.shape == (40, 1, 2, 2)


def test_classes_and_parity(tiny_root):
    splits = data.prepare("mnist", "unit", classes=[7, 2], holdout=0.25, root=tiny_root)
    assert len(splits.train) == 6
    assert len(splits.validation) == 2
    assert splits.test.y.tolist() == [1, 0]  # the test labels are 0 1 2 ... 9
    parity = data.prepare("mnist", "unit", parity=True, root=tiny_root)
    assert parity.test.y.tolist() == [0, 1] * 5
    for wrong in ([], [1, 1], [3, 12]):
        with pytest.raises(DataError, match="must be different labels that mnist has"):
            data.prepare("mnist", classes=wrong, root=tiny_root)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scaling": "standart"}, "did you mean 'standard'"),
        ({"holdout": 1.0}, r"fraction in \[0, 1\), not 1.0"),
        ({"holdout": -0.1}, "fraction"),
        ({"train_samples": 41}, "mnist has 40 training samples .* not 41"),
        ({"train_samples": 0}, "1 to 40, not 0"),
        ({"holdout": 0.5, "train_samples": 21}, "has 20 training"),
        ({"test_samples": 11}, "has 10 test samples"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tiny_root, options, words):
    with pytest.raises(DataError, match=words):
        data.prepare("mnist", root=tiny_root, **options)


def test_test_samples_are_the_first(tiny_root):
    splits = data.prepare("mnist", test_samples=3, root=tiny_root)
    assert splits.test.y.tolist() == [0, 1, 2]
