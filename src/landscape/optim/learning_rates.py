"""The learning-rate schedules of the works, by name, with the section that states them.

The schedules of methods with an inner loop have few epochs, since theirs are long: see
`rate_schedules`, which also says how a schedule becomes a torch scheduler.

>>> schedule = named("thesis-ch3-allcnn-sgd")
>>> schedule.initial, schedule.drops, schedule.factor, schedule.epochs
(0.1, (60, 120, 180), 5, 200)
>>> schedule.source
'Chaudhari (2018), section 3.3.3'
"""

from __future__ import annotations

from dataclasses import replace

from .rate_schedules import LearningRate, Polynomial, relative
from .rules import HyperparameterError

__all__ = ["NAMES", "LearningRate", "Polynomial", "named", "relative"]


def _every(epochs: int, total: int) -> tuple[int, ...]:
    return tuple(range(epochs, total, epochs))


_CH5 = "Chaudhari (2018), section 5.4"
_LEWKOWYCZ = "Lewkowycz and Gur-Ari (2020), "
_FRACTIONS = {"lewkowycz-wrn-schedule": (0.3, 0.6, 0.9)}
_ROWS: dict[str, LearningRate] = {
    "thesis-ch2-mnistfc": LearningRate(
        1e-3, epochs=50, source="Chaudhari (2018), section 2.4.3: Adam, no schedule stated"
    ),
    "thesis-ch2-lenet": LearningRate(
        1e-4, epochs=100, source="Chaudhari (2018), section 2.4.3: Adam, no schedule stated"
    ),
    "thesis-ch2-allcnn": LearningRate(
        0.1, _every(60, 200), 5, 200, "Chaudhari (2018), section 2.4.3: SGD"
    ),
    "thesis-ch3-mnistfc-adam": LearningRate(
        1e-3, _every(30, 100), 5, 100, "Chaudhari (2018), section 3.3.2"
    ),
    "thesis-ch3-lenet-adam": LearningRate(
        1e-3, _every(30, 100), 5, 100, "Chaudhari (2018), section 3.3.2"
    ),
    "thesis-ch3-mnist-entropy-sgd": LearningRate(
        1.0, (2,), 10, 5, "Chaudhari (2018), section 3.3.2: outer rate, L = 20, both networks"
    ),
    "thesis-ch3-allcnn-sgd": LearningRate(
        0.1, _every(60, 200), 5, 200, "Chaudhari (2018), section 3.3.3"
    ),
    "thesis-ch3-allcnn-entropy-sgd": LearningRate(
        1.0, _every(4, 10), 5, 10, "Chaudhari (2018), section 3.3.3: outer rate, L = 20"
    ),
    "authors-allcnn-entropy-sgd": LearningRate(
        1.0, (3, 6), 5, None, "the authors' published program in Lua, where the text has 4 and 8"
    ),
    "thesis-ch3-ptb-entropy-sgd": LearningRate(
        1.0, (3, 4), 10, 5, "Chaudhari (2018), section 3.3.4: outer rate, L = 5"
    ),
    "thesis-ch3-char-lstm-adam": LearningRate(
        0.002, _every(5, 50), 2, 50, "Chaudhari (2018), section 3.3.5"
    ),
    "thesis-ch3-char-lstm-entropy-adam": LearningRate(
        0.01, _every(1, 5), 2, 5, "Chaudhari (2018), section 3.3.5: outer rate, L = 5"
    ),
    # 200 effective epochs of HJ, L = 5 (table 4.1), are 40 of these.
    "thesis-ch4-entropy-sgd": LearningRate(
        0.1, _every(3, 40), 5, None, "Chaudhari (2018), section 4.6.1.1: outer rate"
    ),
    "thesis-ch5-lenet-sgd": LearningRate(0.1, (30, 60, 90), 10, None, f"{_CH5}.2"),
    "thesis-ch5-lenet-parle": LearningRate(
        0.1, (2,), 10, None, f"{_CH5}.2: Parle and Entropy-SGD, L = 25"
    ),
    "thesis-ch5-wrn-28-10-sgd": LearningRate(0.1, (60, 120, 180), 5, None, f"{_CH5}.3"),
    "thesis-ch5-wrn-28-10-parle": LearningRate(
        0.1, (2, 4, 6), 5, None, f"{_CH5}.3: Parle and Entropy-SGD, L = 25"
    ),
    "thesis-ch5-wrn-16-4-sgd": LearningRate(0.01, (80, 120), 10, None, f"{_CH5}.4"),
    "thesis-ch5-wrn-16-4-parle": LearningRate(
        0.01, (2, 4), 10, None, f"{_CH5}.4: Parle and Entropy-SGD, L = 25"
    ),
    "thesis-ch6-tiny-fc": LearningRate(
        1e-3, epochs=1e5, source="Chaudhari (2018), section 6.3.3: after 1,000 epochs of burn-in"
    ),
    "lewkowycz-wrn-schedule": relative(
        0.2,
        _FRACTIONS["lewkowycz-wrn-schedule"],
        5,
        200,
        _LEWKOWYCZ + "section 2 and SM A, figures 1a, S10",
    ),
    "lewkowycz-wrn": LearningRate(
        0.2, epochs=200, source=_LEWKOWYCZ + "SM A, figures 1c, S9; 1b, 4, S2-S4 with other lengths"
    ),
    "lewkowycz-fc": LearningRate(0.15, source=_LEWKOWYCZ + "figures 2c, S6, one of a sweep"),
    "lewkowycz-cnn": LearningRate(0.01, source=_LEWKOWYCZ + "SM A, figure 3"),
    "lewkowycz-fc64": LearningRate(0.1, source=_LEWKOWYCZ + "SM A, figure S7"),
    "lewkowycz-ntk": LearningRate(0.01, source=_LEWKOWYCZ + "SM A, figure 5c"),
}

#: Names that `named` knows: work, chapter or network, and method where several have their own.
NAMES: tuple[str, ...] = tuple(_ROWS)


def named(name: str, epochs: float | None = None) -> LearningRate:
    """The schedule `name` of the works.

    Args:
        name: one of `NAMES`.
        epochs: length T of the training, for schedules whose drops are fractions of it
            ("lewkowycz-wrn-schedule": 200 if not given, 0.1 / lambda in the second half of figure
            1a) and for constant ones.

    Raises:
        HyperparameterError: unknown name, or `epochs` for drops that are given in epochs.

    >>> named("lewkowycz-wrn-schedule", epochs=1000).drops
    (300.0, 600.0, 900.0)
    """
    if name not in _ROWS:
        raise HyperparameterError(
            f"No learning-rate schedule is called {name!r}; there are {', '.join(NAMES)}."
        )
    row = _ROWS[name]
    if epochs is None:
        return row
    if name in _FRACTIONS:
        return relative(row.initial, _FRACTIONS[name], row.factor, epochs, row.source)
    if row.drops:
        raise HyperparameterError(
            f"The drops of {name!r} are stated in epochs, so its length cannot be set; use "
            "dataclasses.replace to change it knowingly."
        )
    return replace(row, epochs=epochs)
