"""Every size that a work states, and every size that the docstrings compute."""

import pytest
import torch

from landscape import models

# name, options, stated in the work (None: unstated), computed here
TABLE = [
    ("mnistfc_ch2", {}, None, 349_450),
    ("mnistfc_ch3", {}, None, 1_863_690),
    ("mnistfc_ch4", {}, None, 1_867_786),
    ("mnistfc_ch4", {"batch_norm": False}, None, 1_863_690),
    ("smallfc", {}, 50_890, 50_890),
    ("smallfc", {"width": 32}, None, 25_450),
    ("small_fc_ch6", {}, None, 3_978),
    ("small_fc_ch6", {"batch_norm": False}, None, 3_850),
    ("small_fc_ch6", {"depth": 2}, None, 8_266),
    ("small_fc_ch6", {"depth": 2, "batch_norm": False}, None, 8_010),
    ("tiny_fc", {}, None, 917),
    ("tiny_fc", {"batch_norm": False}, None, 885),
    ("tiny_fc", {"depth": 2}, None, 1_221),
    ("lenet_ch2", {}, None, 90_698),
    ("lenet", {}, 131_220, 131_220),
    ("lenet", {"batch_norm": False}, None, 131_080),
    ("lenet", {"dense_batch_norm": True}, None, 132_220),
    ("small_lenet_ch3", {}, 47_658, 47_658),
    ("small_lenet_ch6", {}, 13_338, 13_338),
    ("allcnn", {}, None, 1_667_166),
    ("allcnn", {"eighth_kernel": 1}, None, 1_372_254),
    ("small_allcnn", {}, 26_982, 26_982),
    ("small_allcnn", {"classes": 100}, None, 29_412),
    ("wrn_28_10", {}, None, 36_479_194),
    ("wrn_28_10", {"classes": 100}, None, 36_536_884),
    ("wrn_16_4", {}, None, 2_748_890),
    ("wrn_lewkowycz", {}, None, 36_479_194),
    ("fc_lewkowycz", {}, None, 10_020_874),
    ("fc64_lewkowycz", {}, None, 205_642),
    ("cnn_lewkowycz", {}, None, 51_044_810),
    ("cnn_lewkowycz", {"pool": 2, "pool_stride": 2}, None, 7_844_810),
    ("char_lstm", {}, None, 254_423),
    ("small_char_lstm", {}, 32_640, 32_640),
    ("ptb_lstm", {}, None, 66_034_000),
    ("ntk_two_layer", {}, None, 78_500_000),
    ("resnet50", {}, None, 25_557_032),
]


@pytest.mark.parametrize(("name", "options", "stated", "computed"), TABLE)
def test_parameter_count(name, options, stated, computed):
    with torch.device("meta"):  # shapes only: the large networks cost nothing
        count = models.parameter_count(models.build(name, **options))
    assert count == computed
    if stated is not None:
        assert count == stated


def test_rounded_statements():
    """Sizes stated in millions: mnistfc_ch4 without batch norm, allcnn with it."""
    with torch.device("meta"):
        mnistfc = models.parameter_count(models.build("mnistfc_ch4", batch_norm=False))
        allcnn = models.parameter_count(models.build("allcnn"))
    assert round(mnistfc / 1e6, 2) == 1.86
    assert round(allcnn / 1e6, 2) == 1.67


def test_every_network_is_in_the_table():
    assert {row[0] for row in TABLE} == set(models.names())
