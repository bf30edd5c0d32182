"""Names of methods for people."""

import pytest

from landscape.errors import LandscapeError
from landscape.evidence import methods


@pytest.mark.parametrize(
    ("name", "base", "label"),
    [("adam", "adam", "Adam"), ("anneal_sgd", "anneal_sgd", "AnnealSGD"),
     ("anneal_sgd_linear", "anneal_sgd", "AnnealSGD (linear)"),
     ("entropy_sgd_no_scoping", "entropy_sgd", "Entropy-SGD (no scoping)")],
)  # fmt: skip
def test_a_variant_has_its_methods_name(name, base, label):
    assert (methods.base(name), methods.label(name)) == (base, label)


def test_an_unknown_method_is_refused_with_the_nearest():
    with pytest.raises(LandscapeError, match="'adm'; did you mean 'adam'"):
        methods.label("adm")
