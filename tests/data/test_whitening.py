"""GCN and ZCA against their slow float64 twins, and the files that spare workers the fit."""

import errno
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import whitening as reference

from landscape import files
from landscape.data import whitening, whitening_cache

PIXELS = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 3), st.just(3), st.just(2))
)


def random_images(n, shape, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, *shape), generator=generator).to(dtype)


@given(PIXELS)
def test_gcn_equals_its_twin(pixels):
    fast = whitening.global_contrast_normalise(torch.from_numpy(pixels).double())
    slow = reference.gcn(pixels, whitening.GCN_SCALE, whitening.GCN_FLOOR)
    np.testing.assert_allclose(fast.numpy(), slow, atol=1e-10)


@given(PIXELS, st.floats(0.5, 4), st.floats(-20, 20))
def test_gcn_forgets_brightness_and_contrast(pixels, contrast, brightness):
    x = torch.from_numpy(pixels).double()
    before = whitening.global_contrast_normalise(x)
    after = whitening.global_contrast_normalise(contrast * x + brightness)
    for image, changed, raw in zip(before, after, x, strict=True):
        if raw.std(unbiased=False) > 1e-3:
            torch.testing.assert_close(changed, image, atol=1e-8, rtol=1e-8)


def test_gcn_gives_norm_55_and_leaves_constant_images_at_zero():
    x = random_images(5, (3, 8, 8))
    x[2] = 77.0
    result = whitening.global_contrast_normalise(x)
    norms = result.flatten(1).norm(dim=1)
    torch.testing.assert_close(norms[[0, 1, 3, 4]], torch.full((4,), 55.0))
    assert result[2].abs().max() == 0
    assert result.flatten(1).mean(1).abs().max() < 1e-5
    assert len(whitening.global_contrast_normalise(x[:0])) == 0


@pytest.mark.parametrize(("n", "shape"), [(30, (3, 2, 2)), (5, (1, 3, 3)), (1, (1, 2, 2))])
def test_zca_equals_its_twin(n, shape):
    x = random_images(n, shape, dtype=torch.float64)
    x = whitening.global_contrast_normalise(x)
    other = whitening.global_contrast_normalise(random_images(4, shape, 1, torch.float64))
    zca = whitening.fit_zca(x)
    for images in (x, other):
        slow = reference.zca(x.numpy(), images.numpy(), whitening.ZCA_BIAS)
        # The fit is kept in float32; entries are of order 55.
        np.testing.assert_allclose(zca.apply(images).numpy(), slow, rtol=2e-5, atol=2e-4)


def test_zca_in_chunks_equals_zca_at_once(monkeypatch):
    x = random_images(50, (1, 3, 3)) / 50
    whole = whitening.fit_zca(x)
    monkeypatch.setattr(whitening, "_CHUNK", 7)
    pieces = whitening.fit_zca(x)
    np.testing.assert_allclose(pieces.matrix, whole.matrix, atol=1e-6)
    torch.testing.assert_close(pieces.apply(x), whole.apply(x), atol=1e-5, rtol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_whitened_covariance_has_the_stated_eigenvalues(seed):
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(4, 4))
    x = torch.from_numpy(generator.normal(size=(200, 4)) @ mixing).reshape(200, 1, 2, 2)
    zca = whitening.fit_zca(x)
    flat = x.flatten(1).numpy()
    before = np.linalg.eigvalsh(np.cov(flat.T, bias=True))
    after = np.linalg.eigvalsh(np.cov(zca.apply(x).flatten(1).numpy().T, bias=True))
    np.testing.assert_allclose(
        np.sort(after), np.sort(before / (before + whitening.ZCA_BIAS)), atol=1e-4
    )
    np.testing.assert_allclose(zca.matrix, zca.matrix.T, atol=1e-5)


def test_images_of_another_size_are_refused():
    zca = whitening.fit_zca(random_images(5, (1, 2, 2)))
    with pytest.raises(ValueError, match="9 values each, the whitening was fitted on 4"):
        zca.apply(random_images(5, (1, 3, 3)))
    with pytest.raises(ValueError, match="at least one image"):
        whitening.fit_zca(random_images(0, (1, 3, 3)))


# ---------------------------------------------------------------- the kept files
def test_many_workers_fit_once(tmp_path):
    """The lock belongs to an open file, so threads stand for processes here."""
    fits = []

    def images():
        fits.append(1)
        time.sleep(0.2)  # long enough for all workers to arrive
        return random_images(20, (1, 4, 4))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: whitening_cache.fitted("k", images).matrix, range(4)))
    assert len(fits) == 1
    for matrix in results:
        np.testing.assert_array_equal(matrix, results[0])
    assert matrix.shape == (16, 16)


def test_a_kept_fit_and_kept_images_are_the_computed_ones(tmp_path, monkeypatch):
    x = random_images(20, (1, 4, 4))
    direct = whitening.fit_zca(x)
    monkeypatch.setattr(whitening_cache, "WORTH_KEEPING", 0)
    calls = []

    def images():
        calls.append(1)
        return x

    for _ in range(2):
        zca = whitening_cache.fitted("k", lambda: x)
        np.testing.assert_array_equal(zca.matrix, direct.matrix)
        kept = whitening_cache.whitened("k", zca, images, tuple(x.shape), torch.device("cpu"))
        torch.testing.assert_close(kept, direct.apply(x), rtol=0, atol=0)
        kept.zero_()  # private: the file is not changed
    assert calls == [1]


def test_without_space_the_result_is_computed_and_not_kept(tmp_path, monkeypatch):
    usage = type("usage", (), {"free": 10})
    monkeypatch.setattr(whitening_cache.shutil, "disk_usage", lambda path: usage)
    zca = whitening_cache.fitted("k", lambda: random_images(20, (1, 4, 4)))
    assert zca.matrix.shape == (16, 16)
    assert not list((tmp_path / "cache/whitening").glob("*.npy"))


def test_a_damaged_file_is_computed_again_and_said_once(tmp_path, monkeypatch, capsys):
    x = random_images(20, (1, 4, 4))
    direct = whitening.fit_zca(x).matrix
    whitening_cache.fitted("k", lambda: x)
    (file,) = (tmp_path / "cache/whitening").glob("*-zca.npy")
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0x40
    for damaged in (flipped, whole[: len(whole) // 2], b""):
        monkeypatch.setattr(files, "_verified", set())  # as in another process
        file.write_bytes(damaged)
        for _ in range(2):
            np.testing.assert_array_equal(whitening_cache.fitted("k", lambda: x).matrix, direct)
        assert capsys.readouterr().err.count("is damaged") == 1
        assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_gone_without(tmp_path, monkeypatch):
    direct = whitening.fit_zca(random_images(20, (1, 4, 4))).matrix
    fits = []

    def images():
        fits.append(1)
        return random_images(20, (1, 4, 4))

    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "file" / "cache"))
    np.testing.assert_array_equal(whitening_cache.fitted("k", images).matrix, direct)
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(whitening_cache.np, "save", full)
    np.testing.assert_array_equal(whitening_cache.fitted("k", images).matrix, direct)
    assert fits == [1, 1]
    assert [path.suffix for path in (tmp_path / "cache/whitening").iterdir()] == [".lock"]


def test_the_key_depends_on_pixels_order_and_constants(monkeypatch):
    pixels = random_images(3, (2, 2)).to(torch.uint8).numpy()
    keys = {whitening_cache.key_of(pixels), whitening_cache.key_of(pixels[::-1])}
    keys |= {whitening_cache.key_of(pixels, 4), whitening_cache.key_of(pixels.reshape(3, 4))}
    monkeypatch.setattr(whitening, "ZCA_BIAS", 0.2)
    keys.add(whitening_cache.key_of(pixels))
    assert len(keys) == 5
