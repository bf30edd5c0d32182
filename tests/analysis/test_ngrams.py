"""Tables of the last tokens: against dictionaries, and against sources whose entropy is known."""

import math
from collections import Counter

import numpy as np
import pytest

from landscape.analysis import ngrams
from landscape.errors import LandscapeError

TRAIN = [0, 1, 2, 0, 1, 1, 2, 0, 0, 1, 2, 2, 0, 1]
TEST = [1, 2, 0, 1, 0, 3, 1, 2]


def slow_table(tokens, order):
    """The best table made of the text itself, by counting in dictionaries."""
    runs = Counter(tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1))
    before = Counter()
    for run, count in runs.items():
        before[run[:-1]] += count
    total = sum(runs.values())
    return -sum(n / total * math.log(n / before[run[:-1]]) for run, n in runs.items())


def slow_chance(train, context, token, kinds):
    """p(token | context) of the rule of Witten and Bell, by recursion."""
    shorter = 1 / kinds if context is None else None
    if shorter is not None:
        return shorter
    length = len(context)
    after = [train[i + length] for i in range(len(train) - length)
             if list(train[i : i + length]) == list(context)]  # fmt: skip
    lower = slow_chance(train, context[1:] if length else None, token, kinds)
    if not after:
        return lower
    different = len(set(after))
    return (after.count(token) + different * lower) / (len(after) + different)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_the_table_is_that_of_dictionaries(order):
    found = ngrams.table_entropy(np.array(TRAIN), order, 4)
    # Contexts are counted where a token follows; one more at the very end changes nothing here.
    assert found == pytest.approx(slow_table(TRAIN, order), abs=1e-12)


def test_held_out_losses_are_those_of_the_recursion():
    found = ngrams.held_out_loss(np.array(TRAIN), np.array(TEST), 3, 4)
    for order, loss in zip((1, 2, 3), found, strict=True):
        chances = [slow_chance(TRAIN, TEST[i - order + 1 : i], TEST[i], 4)
                   for i in range(2, len(TEST))]  # fmt: skip
        assert loss == pytest.approx(-np.mean(np.log(chances)), rel=1e-12)


def test_the_rule_gives_chances_that_add_up_to_one():
    for context in ([], [0], [1, 2], [3], [3, 0]):
        total = sum(slow_chance(TRAIN, context, token, 4) for token in range(4))
        assert total == pytest.approx(1)


def test_a_source_with_a_known_entropy():
    rng = np.random.default_rng(0)
    steps = rng.choice(3, size=40_000, p=[0.7, 0.2, 0.1])
    tokens = np.cumsum(steps) % 3  # a Markov chain: the next is this one plus a step
    entropy = -sum(p * math.log(p) for p in (0.7, 0.2, 0.1))
    assert ngrams.table_entropy(tokens, 1, 3) == pytest.approx(math.log(3), abs=0.01)
    assert ngrams.table_entropy(tokens, 2, 3) == pytest.approx(entropy, abs=0.01)
    held = ngrams.held_out_loss(tokens[:30_000], tokens[30_000:], 4, 3)
    assert held[1:] == pytest.approx([entropy] * 3, abs=0.02)


@pytest.mark.parametrize(
    ("order", "kinds", "named"),
    [(30, 82, "has no 30 of them"), (11, 82, "ask for 10 or less")],
)
def test_what_cannot_be_counted_is_refused(order, kinds, named):
    with pytest.raises(LandscapeError, match=named):
        ngrams.table_entropy(np.arange(20) % kinds, order, kinds)
