"""Slow twin of landscape.analysis.perceptron_solutions and landscape.theory.binary_perceptron.

Lists of signs and plain loops over all weights, over all inputs, over all data sets.
"""

import itertools
from fractions import Fraction


def every(length):
    return list(itertools.product((1, -1), repeat=length))


def product(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


def distance(x, y):
    return sum(a != b for a, b in zip(x, y, strict=True))


def sign_vector(code, length):
    """Entries of an integer of landscape.analysis.perceptron_solutions."""
    return tuple(-1 if code >> i & 1 else 1 for i in range(length))


def solutions(patterns, length):
    return [x for x in every(length) if all(product(x, pattern) > 0 for pattern in patterns)]


def isolated(vectors):
    return [x for x in vectors if all(distance(x, y) != 1 for y in vectors)]


def components(vectors):
    """Sets of vectors that single flips connect, by flooding."""
    left, found = set(vectors), []
    while left:
        group, border = set(), {left.pop()}
        while border:
            x = border.pop()
            group.add(x)
            near = {y for y in left if distance(x, y) == 1}
            left -= near
            border |= near
        found.append(group)
    return found


def at_distance(x, vectors, number):
    return sum(distance(x, y) == number for y in vectors)


def disagreement(x, y):
    inputs = every(len(x))
    return Fraction(sum(product(x, i) * product(y, i) < 0 for i in inputs), len(inputs))


def expected(length, count, teacher=None):
    """Mean (solutions, isolated solutions, pairs at each distance) over all data sets of a size.

    With a teacher its answers are folded into the patterns, and it is left out.
    """
    totals, pairs = [Fraction(0), Fraction(0)], [Fraction(0)] * (length + 1)
    number = 0
    for patterns in itertools.product(every(length), repeat=count):
        if teacher is not None:
            patterns = [
                tuple(a if product(teacher, p) > 0 else -a for a in p) for p in patterns
            ]  # fmt: skip
        found = [x for x in solutions(patterns, length) if x != teacher]
        totals[0] += len(found)
        totals[1] += len(isolated(found))
        for x in found:
            for y in found:
                pairs[distance(x, y)] += 1
        number += 1
    return totals[0] / number, totals[1] / number, [one / number for one in pairs]
