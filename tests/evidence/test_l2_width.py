"""The rules of the width sweep on made-up networks."""

import numpy as np
import pandas as pd
import pytest

from landscape.evidence import l2_width


def network(width, decay=0.02, seed=0, degree=2, power=-1.0, size=0.5):
    """Rows whose distance falls with a power of the width and whose kernel leaves as predicted."""
    time = np.linspace(0, 10 / decay, 401)
    theory = np.exp(-2 * (degree - 1) * decay * time)
    floor = width ** (-(degree - 1) / degree)
    loss = 1 + (time * decay - 1) ** 2
    return pd.DataFrame({
        "degree": degree, "width": width, "decay": decay, "seed": seed, "time": time,
        "loss": loss * 1.2, "loss_flow": loss, "loss_zero": 10.0,
        "apart": (1 + seed / 10) * width**power * (1 + time * decay), "apart_steps": 0.001,
        "norm": size, "kernel": np.maximum(theory, floor), "kernel_theory": theory,
    })  # fmt: skip


@pytest.fixture
def found():
    rows = [network(width, seed=seed) for width in (64, 256, 1024) for seed in (0, 1, 2)]
    return l2_width.networks(pd.concat(rows))


def test_a_network_is_read_at_the_minimum_and_at_the_end(found):
    first = found[(found["width"] == 64) & (found["seed"] == 0)].iloc[0]
    assert first["minimum"] == pytest.approx(1 / 0.02)
    assert first["at_minimum"] == pytest.approx(2 / 64)
    assert first["at_end"] == pytest.approx(11 / 64)
    assert first["loss_off"] == pytest.approx(0.2)
    assert first["strength"] == pytest.approx(0.02 * 8)


def test_exponents_are_the_powers(found):
    measured = l2_width.exponent(found, "at_minimum", 0.02)
    assert measured.value == pytest.approx(-1)
    assert measured.n == 3


@pytest.mark.parametrize("degree", [2, 3])
def test_the_departure_of_a_kernel_with_a_floor_has_the_expected_slope(degree):
    rows = [network(width, seed=seed, degree=degree) for width in (64, 512, 4096)
            for seed in (0, 1)]  # fmt: skip
    found = l2_width.networks(pd.concat(rows))
    slope = l2_width.departure_slope(found, 0.02)
    assert slope.value == pytest.approx(1 / (2 * degree), rel=0.02)


def test_a_kernel_that_never_leaves_has_no_departure():
    rows = network(64).assign(kernel=1.0, kernel_theory=1.0)
    assert np.isnan(l2_width.departure(rows))
    found = l2_width.networks(rows)
    assert l2_width.departure_slope(found, 0.02).value is None


def test_networks_of_equal_strength_are_paired():
    rows = [network(64, 0.08, seed, size=0.5) for seed in (0, 1)]
    rows += [network(1024, 0.02, seed, size=0.53) for seed in (0, 1)]
    found = l2_width.networks(pd.concat(rows))
    assert l2_width.collapse(found).value == pytest.approx(0.03)
    assert l2_width.collapse(found[found["width"] == 64]).value is None


def test_local_slopes_are_those_of_the_narrowest_and_the_widest(found):
    bent = found.copy()
    bent.loc[bent["width"] == 1024, "at_minimum"] *= 4.0
    assert l2_width.local_powers(bent, "at_minimum", 0.02) == pytest.approx((-1, 0))
    bent["departure"] = np.log(bent["width"]) / 4 / 0.02
    bent.loc[bent["width"] == 64, "departure"] += np.log(4) / 0.02
    assert l2_width.local_departure_slopes(bent, 0.02) == pytest.approx((-0.75, 0.25))
    bent.loc[bent["width"] == 64, "departure"] = np.nan
    assert l2_width.local_departure_slopes(bent, 0.02) == pytest.approx((0.25, 0.25))


def test_the_widest_are_averaged_at_one_lambda(found):
    other = found.assign(decay=0.04, at_minimum=9.0)
    both = pd.concat([found, other])
    assert l2_width.least(both) == 0.02
    wide = found[found["width"] == 1024]
    assert l2_width.at_widest(both, "at_minimum", 0.02) == wide["at_minimum"].mean()
    assert l2_width.at_widest(both, "at_minimum", 0.04) == 9.0


def test_networks_lie_on_their_side_of_the_edge_or_near_it(found):
    one = found.iloc[:3].assign(strength=[1.0, 4.4, 10.0], size=[0.9, 0.0, 0.0])
    assert l2_width.sided(one, 4.5)
    assert not l2_width.sided(one.assign(size=[0.9, 0.0, 0.2]), 4.5)
    assert not l2_width.sided(one.assign(size=[0.05, 0.0, 0.0]), 4.5)
