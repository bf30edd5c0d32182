"""What the methods are called in sentences, tables and legends."""

import difflib

from landscape.errors import LandscapeError

#: Display name by the name that settings and results use.
LABELS = {
    "adam": "Adam",
    "anneal_sgd": "AnnealSGD",
    "resampled_noise": "resampled noise",
    "sgd": "SGD",
    "entropy_sgd": "Entropy-SGD",
    "entropy_adam": "Entropy-Adam",
    "sgld": "SGLD",
    "hamilton_jacobi": "HJ",
    "heat_smoothing": "HEAT",
    "elastic_sgd": "Elastic-SGD",
    "parle": "Parle",
    "auto_l2": "AutoL2",
    "constant_l2": "constant L2",
    "matched_cgd": "matched CGD",
    "cosine_cgd": "cosine CGD",
    "two_step_cgd": "two-step CGD",
}


def base(method: str) -> str:
    """The method that a name belongs to: ``anneal_sgd`` for the variant ``anneal_sgd_linear``.

    Raises LandscapeError with the nearest name when there is none.
    """
    bases = [name for name in LABELS if method == name or method.startswith(f"{name}_")]
    if not bases:
        near = difflib.get_close_matches(method, LABELS, 1)
        hint = f"did you mean {near[0]!r}, or is it new?" if near else "is it new?"
        raise LandscapeError(
            f"There is no method {method!r}; {hint} New ones get a label in landscape.evidence."
            "methods and a colour in landscape.book.style."
        )
    return max(bases, key=len)


def label(method: str) -> str:
    """The display name; a variant says which, ``AnnealSGD (linear)``."""
    name = base(method)
    variant = method[len(name) :].strip("_").replace("_", " ")
    return f"{LABELS[name]} ({variant})" if variant else LABELS[name]
