"""A measured number: value, interval, number of runs."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Measurement:
    """A value with its interval and the number of independent runs behind it.

    ``value``, ``low`` and ``high`` share ``unit``; ``low``/``high`` bound the 95 % interval unless
    ``note`` says otherwise and are None for exact mathematics. ``n`` counts independent runs
    (seeds, pairs of seeds, disorder draws), never mini-batches of one run. ``diverged`` names runs
    that were left out because they diverged or failed, e.g. ``("adam seed 3",)``.
    Raises ValueError when the interval does not enclose the value.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    note: str = ""
    diverged: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            if number is not None:  # numpy scalars become plain floats, so JSON accepts them
                object.__setattr__(self, name, float(number))
        if self.n is not None:
            object.__setattr__(self, "n", int(self.n))
        object.__setattr__(self, "diverged", tuple(str(name) for name in self.diverged))
        if (self.low is None) != (self.high is None):
            raise ValueError("a Measurement needs both ends of its interval, or neither")
        if self.has_interval:
            slack = 1e-9 * max(1.0, abs(self.value), abs(self.low), abs(self.high))
            if not self.low - slack <= self.value <= self.high + slack:
                raise ValueError(
                    f"the interval [{self.low:g}, {self.high:g}] does not enclose {self.value:g}"
                )

    @property
    def finite(self) -> bool:
        """Whether there is a number at all."""
        return self.value is not None and math.isfinite(self.value)

    @property
    def has_interval(self) -> bool:
        """Whether value and both ends of the interval are finite."""
        ends = (self.low, self.high)
        return self.finite and all(end is not None and math.isfinite(end) for end in ends)

    def above(self, bound: float = 0.0) -> bool:
        """Whether the whole interval lies above a bound; never without an interval."""
        return self.has_interval and self.low > bound

    def below(self, bound: float = 0.0) -> bool:
        """Whether the whole interval lies below a bound; never without an interval."""
        return self.has_interval and self.high < bound

    def apart(self, bound: float = 0.0) -> bool:
        """Whether the interval leaves a bound out, on whichever side."""
        return self.above(bound) or self.below(bound)

    def with_(self, **changes: object) -> "Measurement":
        """Return a copy with the given fields changed (``unit``, ``note``, ``diverged``...)."""
        return replace(self, **changes)

    def __str__(self) -> str:
        return format_measurement(self)


def not_run(reason: str) -> Measurement:
    """A measurement that does not exist, with the reason a reader will see."""
    return Measurement(None, note=reason)


def significant(value: float | None, digits: int = 6) -> float | None:
    """Round to significant digits; None for what is not finite (JSON has no NaN)."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits - 1}e}")


def format_number(value: float | None, decimals: int | None = None, digits: int = 4) -> str:
    """Write a number for a table: fixed decimals where given, else significant digits."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not finite"
    if decimals is not None:
        text = f"{value:.{decimals}f}"
    else:
        text = f"{value:.{digits}g}"
        if "e" in text:
            mantissa, exponent = text.split("e")
            text = f"{mantissa}e{int(exponent)}"
    return "0" + text[2:] if text.startswith("-0") and not float(text) else text


def format_power(value: float) -> str:
    r"""A small number as a formula, without dollars: ``10^{-4}``, ``2.5\cdot 10^{-5}``."""
    mantissa, exponent = f"{value:.1e}".split("e")
    front = "" if float(mantissa) == 1 else rf"{float(mantissa):g}\cdot "
    return f"{front}10^{{{int(exponent)}}}"


def decimals_for(spread: float) -> int | None:
    """Decimals that show two significant digits of a spread; None outside 1e-4..1e4."""
    if not math.isfinite(spread) or not 1e-4 <= spread < 1e4:
        return None
    return max(0, 1 - math.floor(math.log10(spread)))


def format_brief(measurement: Measurement | None) -> str:
    """``value [low, high] unit`` without the number of runs, which a caption states; else a dash.

    For the cells of a table and for sentences.
    """
    if measurement is None or not measurement.finite:
        return "–"
    return format_measurement(measurement.with_(n=None))


def format_measurement(measurement: Measurement | None) -> str:
    """``value [low, high] unit, n = runs`` with digits that fit the interval."""
    if measurement is None or measurement.value is None:
        return "–"
    unit = f" {measurement.unit}" if measurement.unit else ""
    if measurement.has_interval:
        decimals = decimals_for((measurement.high - measurement.low) / 2)
        value, low, high = (
            # As verdict files hold them, so that a sentence and a table round to the same digits.
            format_number(significant(number), decimals)
            for number in (measurement.value, measurement.low, measurement.high)
        )
        text = f"{value} [{low}, {high}]{unit}"
    else:
        text = f"{format_number(measurement.value)}{unit}"
    if measurement.n is not None:
        text += f", n = {measurement.n}"
    return text
