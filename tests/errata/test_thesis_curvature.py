"""The Fisher information of the data's labels: what the check rests on."""

import pytest

from landscape.errata import thesis_curvature


def test_the_two_agree_where_the_model_is_right_and_else_do_not():
    p = [1 / (1 + 2.718281828459045 ** (-0.7 * x)) for x in (1, 2)]
    right = thesis_curvature.fisher_and_hessian(tuple(p))[0]
    assert right.printed == pytest.approx(right.corrected, rel=1e-6)
    wrong = thesis_curvature.fisher_and_hessian()[0]
    assert wrong.printed != pytest.approx(wrong.check, rel=0.05)
    assert wrong.corrected_agrees


def test_adams_moments_can_differ_to_a_negative_number():
    row = thesis_curvature.fisher_and_hessian()[1]
    assert row.check < 0 < row.printed
    assert row.corrected_agrees
