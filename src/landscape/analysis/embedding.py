"""Two-dimensional t-SNE (van der Maaten & Hinton 2008), through openTSNE."""

from __future__ import annotations

import numpy as np

EXACT_NEIGHBOURS = 5_000  # above this many points the neighbour search is approximate


def tsne(points: np.ndarray, perplexity: float = 30.0, seed: int = 0) -> np.ndarray:
    """Embed the rows of `points` [M, N] in the plane by cosine distance; returns [M, 2].

    One thread and a fixed seed: the same input gives the same output. For points on a sphere the
    cosine distance is half the squared chord, so the Euclidean neighbours are used.
    Raises ValueError when 3 * perplexity reaches the number of points.
    """
    from openTSNE import TSNE  # imported here: simulations do not need it

    if 3 * perplexity >= len(points):
        raise ValueError(
            f"perplexity {perplexity:g} needs more than {3 * perplexity:g} points, not "
            f"{len(points)}: lower the perplexity or use more starts."
        )
    model = TSNE(
        perplexity=perplexity,
        metric="euclidean",
        initialization="pca",
        neighbors="exact" if len(points) <= EXACT_NEIGHBOURS else "annoy",
        negative_gradient_method="bh" if len(points) <= EXACT_NEIGHBOURS else "fft",
        n_jobs=1,
        random_state=seed,
    )
    return np.asarray(model.fit(np.asarray(points, dtype=np.float64)))
