"""Augmentation against slow twins fed with the same draws, and its distributions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import data_augmentation as reference

from landscape import data
from landscape.data import augment


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(n=6, channels=3, height=5, width=4, seed=0):
    return torch.rand(n, channels, height, width, generator=generator(seed))


@given(st.integers(0, 10**6))
def test_flip_equals_its_twin(seed):
    x = batch()
    chosen = (torch.rand(6, 1, 1, 1, generator=generator(seed)) < 0.5).flatten().tolist()
    flipped = data.flip(x, generator(seed)).numpy()
    np.testing.assert_array_equal(flipped, reference.flip(x.numpy(), chosen))


@given(st.integers(0, 10**6), st.integers(0, 4))
def test_crop_equals_its_twin(seed, padding):
    x = batch()
    corners = torch.randint(2 * padding + 1, (2, 6), generator=generator(seed)).T.tolist()
    cropped = data.crop(x, generator(seed), padding).numpy()
    np.testing.assert_array_equal(cropped, reference.crop(x.numpy(), corners, padding))


@given(st.integers(0, 10**6), st.integers(0, 4), st.sampled_from([0.0, 0.5, 1.0]))
def test_both_at_once_are_one_after_the_other(seed, padding, probability):
    x, draws, other = batch(), generator(seed), generator(seed)
    both = data.flip_crop(x, draws, probability, padding)
    apart = data.crop(data.flip(x, other, probability), other, padding)
    assert torch.equal(both, apart)
    assert torch.equal(draws.get_state(), other.get_state())


@given(st.integers(0, 10**6), st.integers(0, 9))
def test_cutting_one_by_one_and_at_once_give_the_same(seed, padding):
    x, draws = batch(), generator(seed)
    corner = torch.randint(2 * padding + 1, (2, 6), generator=draws)
    mirrored = torch.rand(6, generator=draws) < 0.5
    arguments = (x, *corner, mirrored, padding)
    assert torch.equal(augment._cut_one_by_one(*arguments), augment._cut_at_once(*arguments))


def test_images_with_channels_innermost_are_cut_alike():
    x = batch().to(memory_format=torch.channels_last)
    assert torch.equal(data.crop(x, generator()), data.crop(batch(), generator()))


def test_flip_and_crop_use_every_possibility_equally():
    n = 8100
    x = torch.zeros(n, 1, 9, 9)
    x[:, 0, 4, 4] = 1
    where = data.crop(x, generator()).flatten(1).argmax(1)
    counts = torch.bincount(where, minlength=81)
    # 100 expected in each of 81 places; five standard deviations of a binomial count.
    assert counts.min() > 50
    assert counts.max() < 150
    flips = (data.flip(batch(4000, 1, 1, 2), generator()) != batch(4000, 1, 1, 2)).any(-1).sum()
    assert 1840 < flips < 2160
    assert torch.equal(data.flip(x, generator(), 0.0), x)


def test_the_input_is_left_alone_and_the_seed_decides():
    x = batch()
    copy = x.clone()
    first = data.crop(data.flip(x, generator(1)), generator(2))
    again = data.crop(data.flip(x, generator(1)), generator(2))
    assert torch.equal(first, again)
    assert torch.equal(x, copy)
    assert not torch.equal(first, data.crop(data.flip(x, generator(3)), generator(4)))


@pytest.mark.parametrize("per_sample", [False, True])
def test_mixup_mixes_images_and_labels_with_the_same_weights(per_sample):
    x, y = batch(8), torch.arange(8) % 3
    mixed, first, second, m = data.mixup(x, y, 0.7, generator(), per_sample)
    assert torch.equal(first, y)
    assert m.shape == (8,)
    assert (len(m.unique()) > 1) == per_sample
    order = torch.randperm(8, generator=generator())
    assert torch.equal(second, y[order])
    for i in range(8):
        expected = m[i] * x[i] + (1 - m[i]) * x[order[i]]
        torch.testing.assert_close(mixed[i], expected)
    soft = data.soft_labels(first, second, m, 3)
    twin = reference.soft_labels(first.tolist(), second.tolist(), m.tolist(), 3)
    np.testing.assert_allclose(soft, twin, atol=1e-6)


def test_the_pair_loss_equals_the_soft_label_loss():
    x, y = batch(8), torch.arange(8) % 3
    _, first, second, m = data.mixup(x, y, 0.4, generator(), per_sample=True)
    logits = torch.randn(8, 3, generator=generator(5))
    loss = torch.nn.functional.cross_entropy
    pairs = m * loss(logits, first, reduction="none") + (1 - m) * loss(
        logits, second, reduction="none"
    )
    soft = loss(logits, data.soft_labels(first, second, m, 3), reduction="none")
    torch.testing.assert_close(pairs, soft)


@pytest.mark.parametrize("alpha", [0.0005, 0.2, 1.0, 4.0])
def test_weights_have_the_moments_of_the_beta_distribution(alpha):
    m = augment.beta(alpha, 20_000, generator()).double()
    assert m.min() >= 0
    assert m.max() <= 1
    variance = 1 / (4 * (2 * alpha + 1))
    assert m.mean().item() == pytest.approx(0.5, abs=5 * (variance / 20_000) ** 0.5)
    assert m.var().item() == pytest.approx(variance, rel=0.03)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="alpha > 0"):
        data.mixup(batch(), torch.zeros(6, dtype=torch.int64), 0.0, generator())
    with pytest.raises(ValueError, match=r"4 dimensions \[n, C, H, W\], not 3"):
        data.flip(batch()[0], generator())
    with pytest.raises(ValueError, match=r"the images on meta: make it with torch\.Generator"):
        data.crop(batch().to("meta"), generator())
