"""Schedules of the works: every row against what the text says, and as torch schedulers."""

import copy
import math

import pytest
import torch

from landscape import optim
from landscape.optim import HyperparameterError
from landscape.optim.learning_rates import NAMES, LearningRate, Polynomial, named, relative

# name: the rate at some epochs, written from the works' sentences
STATED = {
    "thesis-ch2-mnistfc": {0: 1e-3, 49: 1e-3},
    "thesis-ch2-lenet": {0: 1e-4, 99: 1e-4},
    # 0.1, "diminishes by a factor of 5 after every 60 epochs", 200 epochs
    "thesis-ch2-allcnn": {0: 0.1, 59.99: 0.1, 60: 0.02, 120: 0.004, 180: 0.0008, 200: 0.0008},
    "thesis-ch3-allcnn-sgd": {0: 0.1, 60: 0.02, 120: 0.004, 180: 0.0008},
    # 1e-3, a factor of 5 after every 30 epochs, 100 epochs
    "thesis-ch3-mnistfc-adam": {0: 1e-3, 30: 2e-4, 60: 4e-5, 90: 8e-6, 99: 8e-6},
    "thesis-ch3-lenet-adam": {0: 1e-3, 30: 2e-4, 60: 4e-5, 90: 8e-6, 99: 8e-6},
    # 1, a factor of 10 after the second epoch, 5 epochs
    "thesis-ch3-mnist-entropy-sgd": {0: 1.0, 1.99: 1.0, 2: 0.1, 4.9: 0.1},
    # 1, a factor of 5 every 4 epochs, 10 epochs
    "thesis-ch3-allcnn-entropy-sgd": {0: 1.0, 4: 0.2, 8: 0.04, 9.9: 0.04},
    "authors-allcnn-entropy-sgd": {0: 1.0, 3: 0.2, 6: 0.04},
    # 1, a factor of 10 at each epoch after the third, 5 epochs
    "thesis-ch3-ptb-entropy-sgd": {0: 1.0, 2.9: 1.0, 3: 0.1, 4: 0.01, 4.9: 0.01},
    # 0.002, a factor of 2 after every 5 epochs, 50 epochs
    "thesis-ch3-char-lstm-adam": {0: 0.002, 5: 0.001, 10: 0.0005, 45: 0.002 / 512, 50: 0.002 / 512},
    # 0.01, a factor of 2 at each epoch, 5 epochs
    "thesis-ch3-char-lstm-entropy-adam": {0: 0.01, 1: 0.005, 4: 0.01 / 16, 4.9: 0.01 / 16},
    # 0.1, a factor of 5 after every 3 epochs
    "thesis-ch4-entropy-sgd": {0: 0.1, 3: 0.02, 6: 0.004, 39: 0.1 / 5**13},
    "thesis-ch5-lenet-sgd": {0: 0.1, 30: 0.01, 60: 1e-3, 90: 1e-4},
    "thesis-ch5-lenet-parle": {0: 0.1, 2: 0.01, 9: 0.01},
    "thesis-ch5-wrn-28-10-sgd": {0: 0.1, 60: 0.02, 120: 0.004, 180: 8e-4},
    "thesis-ch5-wrn-28-10-parle": {0: 0.1, 2: 0.02, 4: 0.004, 6: 8e-4},
    "thesis-ch5-wrn-16-4-sgd": {0: 0.01, 80: 1e-3, 120: 1e-4},
    "thesis-ch5-wrn-16-4-parle": {0: 0.01, 2: 1e-3, 4: 1e-4},
    "thesis-ch6-tiny-fc": {0: 1e-3, 1e5: 1e-3},
    # 0.2, times 0.2 at 0.3 T, 0.6 T, 0.9 T; T = 200
    "lewkowycz-wrn-schedule": {0: 0.2, 60: 0.04, 120: 0.008, 180: 0.0016},
    "lewkowycz-wrn": {0: 0.2, 5000: 0.2},
    "lewkowycz-fc": {0: 0.15},
    "lewkowycz-cnn": {0: 0.01},
    "lewkowycz-fc64": {0: 0.1},
    "lewkowycz-ntk": {0: 0.01},
}
LENGTHS = {
    "thesis-ch2-mnistfc": 50, "thesis-ch2-lenet": 100, "thesis-ch2-allcnn": 200,
    "thesis-ch3-mnistfc-adam": 100, "thesis-ch3-lenet-adam": 100,
    "thesis-ch3-mnist-entropy-sgd": 5, "thesis-ch3-allcnn-sgd": 200,
    "thesis-ch3-allcnn-entropy-sgd": 10, "thesis-ch3-ptb-entropy-sgd": 5,
    "thesis-ch3-char-lstm-adam": 50, "thesis-ch3-char-lstm-entropy-adam": 5,
    "thesis-ch6-tiny-fc": 100_000, "lewkowycz-wrn-schedule": 200, "lewkowycz-wrn": 200,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_rates_are_those_of_the_text(name):
    schedule = named(name)
    for epoch, rate in STATED[name].items():
        assert schedule.rate(epoch) == pytest.approx(rate, rel=1e-12), epoch
    assert schedule.epochs == LENGTHS.get(name)
    assert schedule.source


def test_no_stated_row_is_missing():
    assert set(STATED) == set(NAMES)


def optimizer(rate, L=None):
    w = [torch.nn.Parameter(torch.ones(2))]
    if L is None:
        return torch.optim.SGD(w, lr=rate)
    return optim.EntropySGD(w, lr=rate, L=L)


def rates(opt, scheduler, steps):
    found = []
    for _ in range(steps):
        found.append(opt.param_groups[0]["lr"])
        opt.param_groups[0]["params"][0].grad = torch.zeros(2)
        opt.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("schedule", [named("thesis-ch3-char-lstm-adam"), Polynomial(0.002, 0.7)])
def test_the_scheduler_follows_the_schedule(schedule):
    opt = optimizer(0.002)
    found = rates(opt, schedule.scheduler(opt, steps_per_epoch=3), 3 * 50)
    assert found == pytest.approx([schedule.rate(k / 3) for k in range(3 * 50)], rel=1e-12)
    assert len(set(found)) == (10 if isinstance(schedule, LearningRate) else 50)


@pytest.mark.parametrize("told", [None, 4])
def test_an_epoch_of_an_inner_loop_method_has_as_many_updates_as_sgd_has_steps(told):
    schedule = named("thesis-ch3-mnist-entropy-sgd")
    opt = optimizer(1.0, L=4)
    found = rates(opt, schedule.scheduler(opt, 3, gradients_per_update=told), 3 * 4 * 5)
    assert found == pytest.approx([1.0] * 3 * 4 * 2 + [0.1] * 3 * 4 * 3)
    falling = Polynomial(1.0)
    opt = optimizer(1.0, L=4)
    found = rates(opt, falling.scheduler(opt, 3, told), 25)
    assert found == pytest.approx([1.0] * 12 + [0.5**0.5] * 12 + [3**-0.5])


def test_fractions_of_an_epoch_are_rounded_to_whole_updates():
    schedule = relative(0.2, (0.3, 0.6, 0.9), 5, epochs=1)
    opt = optimizer(0.2, L=2)
    found = rates(opt, schedule.scheduler(opt, steps_per_epoch=11), 22)
    # 3.3, 6.6 and 9.9 updates of two steps each
    expected = [0.2] * 6 + [0.04] * 8 + [0.008] * 6 + [0.0016] * 2
    assert found == pytest.approx(expected)


def test_drops_may_fall_into_one_step():
    schedule = LearningRate(1.0, (1, 1.1), 10, 3)
    opt = optimizer(1.0)
    assert rates(opt, schedule.scheduler(opt, 1), 3) == pytest.approx([1.0, 0.01, 0.01])


@pytest.mark.parametrize("schedule", [LearningRate(1.0, (1, 2), 10), Polynomial(1.0)])
def test_a_scheduler_is_saved_and_copied(schedule):
    opt = optimizer(1.0)
    scheduler = schedule.scheduler(opt, 2)
    rates(opt, scheduler, 3)
    other = optimizer(1.0)
    again = schedule.scheduler(other, 2)
    other.load_state_dict(opt.state_dict())
    again.load_state_dict(scheduler.state_dict())
    twin_opt, twin = copy.deepcopy((opt, scheduler))
    expected = rates(opt, scheduler, 4)
    assert rates(other, again, 4) == expected
    assert rates(twin_opt, twin, 4) == expected
    assert len(set(expected)) > 1


def test_groups_keep_their_ratio():
    groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": lr} for lr in (1.0, 0.3)]
    opt = torch.optim.SGD(groups)
    scheduler = LearningRate(1.0, (1,), 10).scheduler(opt, 1)
    opt.step()
    scheduler.step()
    assert [g["lr"] for g in opt.param_groups] == pytest.approx([0.1, 0.03])


def test_lengths_may_be_set_where_the_drops_allow_it():
    assert named("lewkowycz-wrn-schedule", epochs=0.1 / 1e-4).drops == (300.0, 600.0, 900.0)
    assert named("lewkowycz-cnn", epochs=21000).epochs == 21000
    with pytest.raises(HyperparameterError, match="are stated in epochs, so its length cannot"):
        named("thesis-ch2-allcnn", epochs=10)


def test_the_power_law():
    schedule = Polynomial(0.3)
    assert [schedule.rate(t) for t in (0, 0.9, 1, 3)] == pytest.approx(
        [0.3, 0.3, 0.3 / math.sqrt(2), 0.15]
    )
    assert Polynomial(0.3, 0).rate(1e6) == 0.3


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: named("thesis"), "No learning-rate schedule is called 'thesis'; there are thesis"),
        (lambda: named("lewkowycz-wrn-schedule", -1), "epochs must be a positive number"),
        (lambda: LearningRate(0.0), "initial must be a positive number"),
        (lambda: LearningRate("0.1"), "initial must be a positive number"),
        (lambda: LearningRate(0.1, (3, 2), 5), "drops must be a tuple of increasing"),
        (lambda: LearningRate(0.1, (0,), 5), "drops must be a tuple of increasing"),
        (lambda: LearningRate(0.1, 60, 5), "drops must be a tuple of increasing"),
        (lambda: LearningRate(0.1, (1,), 0.2), "factor must be a number of at least 1"),
        (lambda: LearningRate(0.1, (1,), 5, 0), "epochs must be a positive number or None"),
        (lambda: LearningRate(0.1, (60,), 5, 60), "drop at epoch 60 is not before the end"),
        (lambda: LearningRate(0.1).rate(-1), "epoch must be a number of at least 0"),
        (lambda: Polynomial(0.1).rate(-1), "epoch must be a number of at least 0"),
        (lambda: Polynomial(0.1, -0.5), "power must be a number of at least 0"),
        (lambda: relative(0.1, (0.3,), 5, 0), "epochs must be a positive number"),
        (lambda: LearningRate(0.1).scheduler(optimizer(0.1), 0), "steps_per_epoch must be an int"),
        (lambda: LearningRate(0.1).scheduler(optimizer(0.1), 5, 0), "gradients_per_update must be"),
        (
            lambda: LearningRate(0.1).scheduler(optimizer(0.2), 5),
            r"starts at 0\.1, but the optimizer has lr = 0\.2; build it with lr=0\.1",
        ),
        (lambda: Polynomial(0.1).scheduler(optimizer(0.2), 5), r"build it with lr=0\.1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, words):
    with pytest.raises(HyperparameterError, match=words):
        call()


def test_a_list_of_drops_is_taken_as_a_tuple():
    assert LearningRate(0.1, [1, 2], 5) == LearningRate(0.1, (1, 2), 5)
    assert hash(LearningRate(0.1, [1, 2], 5)) is not None
