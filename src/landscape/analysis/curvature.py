"""Products of curvature matrices with vectors, without forming the matrices.

==============  ============================================================================
kind            matrix [d, d] at weights w
==============  ============================================================================
hessian         second derivatives of f
gauss_newton    (1/N) sum_k J_k^T (d^2 loss / d outputs^2) J_k, J_k [K, d] the Jacobian of
                sample k's outputs. For cross-entropy and for squares it is the Fisher
                information of the model's own distribution of the targets.
fisher          empirical Fisher information (1/N) sum_k g_k g_k^T, g_k the gradient of sample
                k's loss at its own target
diffusion       D_w of mini-batches drawn with replacement, (1/N) sum_k g_k g_k^T - g g^T
==============  ============================================================================

Weight decay adds its multiple of the identity to the first two; samples do not differ by it, so
that the last two are those of the loss without it. A product costs three to four gradients.

Sources: Pearlmutter (1994); Schraudolph (2002); Chaudhari (2018), section 3.3.1 and eq. (6.4).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, jvp, vjp, vmap

from .mean_loss import MeanLoss

Product = Callable[[Tensor], Tensor]

KINDS = ("hessian", "gauss_newton", "fisher", "diffusion")


def products(
    f: MeanLoss, vectors: Tensor, kind: str = "hessian", *, at: Tensor | None = None
) -> Tensor:
    """Products of one matrix with several vectors.

    Args:
        f: The loss.
        vectors: [d], or the rows of [k, d]; all rows are multiplied at once (vmap), which takes
            k times the memory of one.
        kind: One of `KINDS`, see the module.
        at: Weights [d] where the matrix is taken; default `f.weights`.

    Returns:
        [d] or [k, d]: row i is the matrix times vectors[i].

    Raises:
        ValueError: An unknown kind, or vectors of another length.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no matrix {kind!r}: choose one of {', '.join(KINDS)}.")
    if vectors.dim() not in (1, 2) or vectors.shape[-1] != f.size:
        raise ValueError(
            f"The vectors have shape {list(vectors.shape)} where [{f.size}] or rows of "
            f"[k, {f.size}] are needed, one entry for each weight of the network."
        )
    w = f.weights if at is None else at.to(f.weights)
    rows = vectors.to(f.weights).reshape(-1, f.size)
    total = torch.zeros_like(rows)
    for x, y in f.chunks():
        total += _rows(_CHUNK[kind](f, w, x, y), rows)
    total /= f.samples
    if kind in ("hessian", "gauss_newton"):
        total += f.weight_decay * rows
    if kind == "diffusion":
        slope = f.gradient(w) - f.weight_decay * w
        total -= (rows @ slope)[:, None] * slope
    return total.reshape(vectors.shape)


def _rows(one: Product, rows: Tensor) -> Tensor:
    """`one` for every row; a vmap of a single row would cost more than the row."""
    return one(rows[0])[None] if len(rows) == 1 else vmap(one)(rows)


# Each takes one chunk and returns v -> its share of the product. What does not depend on v, the
# pass through the network and its gradient, is done here, once for all vectors.


def _hessian(f: MeanLoss, w: Tensor, x: Tensor, y: Tensor) -> Product:
    _, pull = vjp(lambda at: grad(f.loss_sum)(at, x, y), w)
    return lambda v: pull(v)[0]  # the Hessian is symmetric: v^T H = H v


def _gauss_newton(f: MeanLoss, w: Tensor, x: Tensor, y: Tensor) -> Product:
    out, pull = vjp(lambda at: f.outputs(at, x), w)
    _, curve = vjp(lambda o: grad(lambda o: f.loss(o, y).sum())(o), out)
    return lambda v: pull(curve(jvp(lambda at: f.outputs(at, x), (w,), (v,))[1])[0])[0]


def _fisher(f: MeanLoss, w: Tensor, x: Tensor, y: Tensor) -> Product:
    # g_k (g_k . v) needs no gradient of a single sample: g_k . v is the derivative of the losses
    # [B] along v, and a sum of g_k with given coefficients is one backward pass.
    def losses(at: Tensor) -> Tensor:
        return f.loss(f.outputs(at, x), y)

    _, pull = vjp(losses, w)
    return lambda v: pull(jvp(losses, (w,), (v,))[1])[0]


_CHUNK = {
    "hessian": _hessian,
    "gauss_newton": _gauss_newton,
    "fisher": _fisher,
    "diffusion": _fisher,
}
