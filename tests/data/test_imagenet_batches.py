"""ImageNet read batch by batch, from tiny files of its layout."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landscape.data.errors import DataError
from landscape.data.imagenet_batches import ImageNet, random_part

sys.path.insert(0, str(Path(__file__).parent))
import imagenet_made


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return imagenet_made.make(tmp_path_factory.mktemp("data"))


def test_every_image_is_seen_equally_often_across_the_ends_of_epochs(root):
    train = ImageNet("train", 16, root=root)
    assert len(train) == 12
    assert train.classes == ("n00", "n01", "n02")
    seen = list(itertools.islice(train.training(5, seed=0), 12))  # five epochs in twelve batches
    labels = np.concatenate([labels for _, labels in seen])
    assert np.bincount(labels).tolist() == [20, 20, 20]
    for images, labels in seen:
        assert images.shape == (5, 16, 16, 3)
        assert (images.mean((1, 2)).argmax(1) == labels).all()  # the colour of its class


def test_an_image_depends_on_seed_and_epoch_only(root):
    train = ImageNet("train", 16, root=root)
    one = list(itertools.islice(train.training(5, seed=3, threads=1), 6))
    many = list(itertools.islice(train.training(5, seed=3, threads=4), 6))
    later = list(itertools.islice(train.training(5, seed=3, first=2), 4))
    for (a, la), (b, lb) in zip([*one, *one[2:]], [*many, *later], strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(la, lb)
    other, _ = next(train.training(5, seed=4))
    assert not np.array_equal(one[0][0], other)


def test_evaluation_shows_every_image_once_and_its_centre(root):
    test = ImageNet("val", 28, per_class=3, root=root)
    parts = list(test.evaluation(4))
    assert [len(labels) for _, labels in parts] == [4, 4, 1]
    assert np.concatenate([labels for _, labels in parts]).tolist() == [0] * 3 + [1] * 3 + [2] * 3
    with Image.open(test.files[2]) as image:  # 36 x 36: scaled to 32, cut to 28
        expected = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR))[2:30, 2:30]
    np.testing.assert_array_equal(parts[0][0][2], expected)


def test_a_part_is_part_of_the_image_and_mirrored_every_second_time(tmp_path):
    image = Image.new("RGB", (80, 60))
    image.paste((255, 255, 255), (40, 0, 80, 60))  # right half white
    image.save(tmp_path / "x.png")
    shares, sides = [], []
    for seed in range(300):
        part = random_part(tmp_path / "x.png", 24, np.random.RandomState(seed)) / 255
        assert part.shape == (24, 24, 3)
        shares.append(part.mean())
        sides.append(part[:, 12:].mean() - part[:, :12].mean())
    assert np.mean(shares) == pytest.approx(0.5, abs=0.06)
    lying = [side for side in sides if abs(side) > 0.1]
    assert np.mean(np.array(lying) > 0) == pytest.approx(0.5, abs=0.12)


def test_an_image_too_long_for_every_part_gives_its_centre(tmp_path):
    Image.new("RGB", (2000, 8), (9, 9, 9)).save(tmp_path / "long.png")
    part = random_part(tmp_path / "long.png", 16, np.random.RandomState(0))
    assert part.shape == (16, 16, 3)


def test_empty_classes_and_broken_images_are_named(tmp_path):
    with pytest.raises(DataError, match="image-net.org"):
        ImageNet("train", 16, root=tmp_path)
    imagenet_made.make(tmp_path, classes=2, splits=("train",))
    (tmp_path / "imagenet/train/n07").mkdir()
    with pytest.raises(DataError, match="class n07 of imagenet/train holds no images"):
        ImageNet("train", 16, root=tmp_path)
    (tmp_path / "imagenet/train/n07/x.JPEG").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"x\.JPEG cannot be decoded"):
        list(ImageNet("train", 16, root=tmp_path).evaluation(4))
