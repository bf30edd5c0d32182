"""Networks trained by one optimizer together: as each alone; a lost one harms no other."""

import pandas as pd
import pytest
import torch
from reference import stacked_networks_reference as reference

from landscape import optim
from landscape.data import Split, Splits
from landscape.experiments.stacked_networks import Group, Order, Stack, fit, look_times
from landscape.optim.rate_schedules import relative

OPTIONS = {"width": 5, "size": 3, "depth": 2}
GROUPS = (Group(0.0, (0, 3)), Group(0.2, (0, 3)), Group(0.07, (3,)))
BUILDERS = {
    "sgd": (1, lambda groups: optim.build("sgd", groups, lr=1.5)),
    "adam": (1, lambda groups: optim.build("adam", groups, lr=0.01)),
    "adamw": (1, lambda groups: torch.optim.AdamW(groups, lr=0.01)),
    "entropy_sgd": (1, lambda groups: optim.build(
        "entropy_sgd", groups, lr_inner=0.5, L=3, temperature=0.0, gamma=20.0, momentum=0.9)),
    "parle": (2, lambda groups: optim.build(
        "parle", groups, lr_inner=0.5, L=3, gamma=20.0, momentum=0.5)),
}  # fmt: skip


def splits():
    torch.manual_seed(7)
    return Splits(
        Split(torch.randn(14, 1, 3, 3), torch.randint(10, (14,))),
        None,
        Split(torch.randn(9, 1, 3, 3), torch.randint(10, (9,))),
    )


def stack(replicas=1, groups=GROUPS):
    return Stack("fc_lewkowycz", OPTIONS, groups, splits(), batch_size=4, loss_scale=0.05,
                 replicas=replicas, dtype=torch.float64)  # fmt: skip


@pytest.mark.parametrize("name", BUILDERS)
def test_a_network_of_a_stack_is_trained_as_if_it_were_alone(name):
    replicas, build = BUILDERS[name]
    networks = stack(replicas)
    rows = pd.DataFrame(fit(networks, build(networks.parameter_groups()), [9 * replicas]))
    assert len(rows) == 5
    for row in rows.itertuples():
        loss, error, norm = reference.alone(
            "fc_lewkowycz", OPTIONS, build, row.l2, row.seed, splits(),
            batch=4, scale=0.05, steps=9, replicas=replicas,
        )  # fmt: skip
        assert row.test_loss == pytest.approx(loss, rel=1e-9)
        assert row.test_error == pytest.approx(error)
        assert row.norm2 == pytest.approx(norm, rel=1e-9)


def test_a_schedule_acts_after_every_step():
    _, build = BUILDERS["sgd"]
    networks, steps = stack(), 10
    optimizer = build(networks.parameter_groups())
    schedule = relative(1.5, (0.3, 0.6, 0.9), 5, epochs=steps)
    rows = pd.DataFrame(fit(networks, optimizer, [steps], schedule.scheduler(optimizer, 1)))
    rates = [1.5 / 5 ** sum(step >= drop for drop in (3, 6, 9)) for step in range(steps)]
    loss, _, norm = reference.alone(
        "fc_lewkowycz", OPTIONS, build, 0.2, 3, splits(), batch=4, scale=0.05, steps=steps,
        rates=rates,
    )  # fmt: skip
    found = rows[(rows["l2"] == 0.2) & (rows["seed"] == 3)].iloc[0]
    assert found.test_loss == pytest.approx(loss, rel=1e-9)
    assert found.norm2 == pytest.approx(norm, rel=1e-9)


def test_a_lost_network_is_said_to_be_and_harms_no_other():
    _, build = BUILDERS["sgd"]
    healthy, also = stack(), stack(groups=(*GROUPS, Group(1e6, (0,))))
    good = pd.DataFrame(fit(healthy, build(healthy.parameter_groups()), [30, 60]))
    mixed = pd.DataFrame(fit(also, build(also.parameter_groups()), [30, 60]))
    lost = mixed[mixed["l2"] == 1e6]
    assert lost["diverged"].all()
    assert lost["test_error"].isna().all()
    rest = mixed[mixed["l2"] < 1e6].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, good, rtol=1e-9)


def test_epochs_are_permutations_without_their_rest():
    order = Order(5, 1, samples=14, batch=4)
    chosen = [order.next() for _ in range(6)]
    for found, wanted in zip(chosen, reference.orders(5, 1, 14, 4, 6), strict=True):
        assert torch.equal(found, wanted)
    assert len(torch.cat(chosen[:3]).unique()) == 12


def test_looks_are_multiples_and_end_with_the_last():
    looks = look_times(1080, 12, every=15)
    assert looks[-1] == 1080
    assert all(look % 15 == 0 for look in looks)
    fine = look_times(1000, 20)
    assert all(b / a < 10 ** (1 / 20) + 1 / a for a, b in zip(fine, fine[1:], strict=False))
    assert look_times(1, 5) == [1]
