r"""How well tables of the last few tokens predict a text: two entropies a token, in nats.

Neither is the entropy of the language. A table made of the very text that it is tried on is the
best of all predictors that see so many tokens, so that no honest one of that context gets below
it (``table_entropy``); a table made of other text, with what it has not seen filled in from shorter
contexts, is an honest predictor, so that the entropy is no larger (``held_out_loss``).
"""

from __future__ import annotations

import numpy as np

from landscape.errors import LandscapeError


def codes(tokens: np.ndarray, order: int, vocabulary: int) -> np.ndarray:
    """Every run of ``order`` tokens as one number, uint64 [n - order + 1].

    Raises:
        LandscapeError: The text is shorter than that, or the numbers do not fit into 64 bits.
    """
    count = len(tokens) - order + 1
    if order < 0 or count < 1:
        raise LandscapeError(f"a text of {len(tokens)} tokens has no {order} of them in a row.")
    if vocabulary**order > 2**64:
        most = next(k for k in range(order, 0, -1) if vocabulary**k <= 2**64)
        raise LandscapeError(
            f"{order} tokens of {vocabulary} kinds do not fit into 64 bits; ask for {most} or less."
        )
    found = np.zeros(count, np.uint64)
    for place in range(order):
        found = found * np.uint64(vocabulary) + tokens[place : place + count].astype(np.uint64)
    return found


def table_entropy(tokens: np.ndarray, order: int, vocabulary: int) -> float:
    r"""Loss of the best table of the last ``order - 1`` tokens, made of and tried on one text.

    That is :math:`H(X_k \mid X_1 \dots X_{k-1})` of the relative frequencies, k the order.

    Args:
        tokens: int64 [n], entries below ``vocabulary``.
        order: Tokens in a row, the last of which is predicted, >= 1.
        vocabulary: Number of different tokens.

    Returns:
        Nats a token.

    Raises:
        LandscapeError: What ``codes`` raises.

    Source: Shannon (1951), section 2.
    """
    runs = codes(tokens, order, vocabulary)
    before = codes(tokens[:-1], order - 1, vocabulary)

    def entropy(numbers: np.ndarray) -> float:
        share = np.unique(numbers, return_counts=True)[1] / len(numbers)
        return float(-(share * np.log(share)).sum())

    return entropy(runs) - entropy(before)


def held_out_loss(train: np.ndarray, test: np.ndarray, order: int, vocabulary: int) -> list[float]:
    r"""Losses on ``test`` of tables made of ``train``, for contexts of 0 to ``order - 1`` tokens.

    Each table falls back on the next shorter one by the rule of Witten and Bell: with n(h) tokens
    after the context h, u(h) different ones among them and h' the context without its first token,

    .. math:: p(c \mid h) = \frac{n(hc) + u(h)\,p(c \mid h')}{n(h) + u(h)},

    down to p = 1 / vocabulary. All are tried on the same tokens of ``test``, those that have
    ``order - 1`` before them.

    Args:
        train: int64 [n], entries below ``vocabulary``.
        test: int64 [m].
        order: Length of the longest run, >= 1.
        vocabulary: Number of different tokens.

    Returns:
        Nats a token, one number for each run length 1 to ``order``.

    Raises:
        LandscapeError: What ``codes`` raises.
    """
    tried = len(test) - order + 1
    chance = np.full(tried, 1.0 / vocabulary)
    losses = []
    for length in range(1, order + 1):
        runs, counts = np.unique(codes(train, length, vocabulary), return_counts=True)
        contexts, where = np.unique(runs // np.uint64(vocabulary), return_inverse=True)
        after = np.bincount(where, weights=counts)
        different = np.bincount(where)
        asked = codes(test, length, vocabulary)[-tried:]
        n_run = _looked_up(runs, counts, asked)
        context = asked // np.uint64(vocabulary)
        n_context = _looked_up(contexts, after, context)
        u = _looked_up(contexts, different, context)
        seen = n_context > 0
        mixed = (n_run + u * chance) / np.where(seen, n_context + u, 1.0)
        chance = np.where(seen, mixed, chance)
        losses.append(float(-np.log(chance).mean()))
    return losses


def _looked_up(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The values of the keys asked for, 0 where a key is unknown; ``keys`` are sorted."""
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, values[place], 0).astype(float)
