"""The Hessian of a piecewise linear network, with one large dense layer taken from its Jacobians.

Between ReLUs and max-pools the outputs are linear in the weights of any one layer, so that their
second derivatives vanish inside that layer's own block: there the Hessian of the cross-entropy is
its Gauss-Newton matrix, one product of matrices over the samples. Only the rows of the other
layers need Hessian products. In LeNets one dense layer has most of the weights (86 % in the
small-LeNet of figure 3.1), which leaves a seventh of the products.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .curvature import products
from .mean_loss import MeanLoss, cross_entropy

#: Networks of these alone are linear in the weights of each layer, piece by piece.
PIECEWISE_LINEAR = (
    nn.Linear, nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten, nn.Dropout,
    nn.BatchNorm1d, nn.BatchNorm2d,
)  # fmt: skip


def layered_hessian(f: MeanLoss, layer: str, *, rows: int = 32) -> Tensor:
    """The Hessian at `f.weights`, in the precision and on the device of the loss.

    Args:
        f: The mean cross-entropy of a network of the modules `PIECEWISE_LINEAR`.
        layer: Name of the dense layer whose block needs no products, such as ``layers.7``.
        rows: How many of the other rows are made at once.

    Returns:
        [d, d], rounded as the products are: symmetric in exact arithmetic only.

    Raises:
        ValueError: Another loss, a layer that is not dense, or a module that may be curved.
    """
    _require(f, layer)
    start, size = _place(f, layer)
    block = slice(start, start + size)
    matrix = torch.empty(f.size, f.size, dtype=f.dtype, device=f.device)
    others = [i for i in range(f.size) if not start <= i < start + size]
    for first in range(0, len(others), rows):
        which = others[first : first + rows]
        units = torch.zeros(len(which), f.size, dtype=f.dtype, device=f.device)
        units[range(len(which)), which] = 1
        found = products(f, units)
        matrix[which] = found
        matrix[block, which] = found[:, block].T
    matrix[block, block] = _gauss_newton(f, layer, size)
    return matrix


def _require(f: MeanLoss, layer: str) -> None:
    if f.loss is not cross_entropy:
        raise ValueError("The block is known for the cross-entropy only; use exact_spectrum.")
    modules = dict(f.network.named_modules())
    if not isinstance(modules.get(layer), nn.Linear) or modules[layer].bias is None:
        dense = [name for name, one in modules.items() if isinstance(one, nn.Linear)]
        raise ValueError(f"{layer!r} is no dense layer with biases; there is {', '.join(dense)}.")
    for name, module in modules.items():
        if not list(module.children()) and not isinstance(module, PIECEWISE_LINEAR):
            kind = type(module).__name__
            raise ValueError(f"{name} is a {kind}, which may be curved; use exact_spectrum.")


def _place(f: MeanLoss, layer: str) -> tuple[int, int]:
    """Where the layer's weights and biases begin in the flat vector, and how many there are."""
    start = 0
    for name, shape in f.shapes.items():
        if name == f"{layer}.weight":
            return start, shape.numel() + f.shapes[f"{layer}.bias"].numel()
        start += shape.numel()
    raise ValueError(f"{layer!r} has no weights.")


def _gauss_newton(f: MeanLoss, layer: str, size: int) -> Tensor:
    """[size, size]: mean over samples of sum_k e_k e_k^T, e_k the rows of (root of A) J.

    A = diag(p) - p p^T is the curvature of the cross-entropy in the outputs, p their
    probabilities. With q = sqrt(p) it is S S^T for S = diag(q) - p q^T.
    """
    total = torch.zeros(size, size, dtype=f.dtype, device=f.device)
    for x, _ in f.chunks():
        entering, slopes, outputs = _slopes(f, layer, x)
        p = outputs.softmax(1)
        mean = (p[:, :, None] * slopes).sum(1, keepdim=True)
        e = p.sqrt()[:, :, None] * (slopes - mean)  # [B, K, out]
        weights = (e[..., None] * entering[:, None, None, :]).flatten(2)
        table = torch.cat([weights, e], 2).flatten(0, 1)
        total.addmm_(table.T, table)
    total /= f.samples
    total.diagonal().add_(f.weight_decay)
    return total


def _slopes(f: MeanLoss, layer: str, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What enters the layer [B, in], d outputs / d what leaves it [B, K, out], outputs [B, K]."""
    seen: dict[str, Tensor] = {}

    def cut(_module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        seen["in"], seen["out"] = inputs[0].detach(), output.detach().requires_grad_()
        return seen["out"]

    hook = f.network.get_submodule(layer).register_forward_hook(cut)
    try:
        outputs = f.outputs(f.weights, x)
        each = [torch.autograd.grad(one.sum(), seen["out"], retain_graph=True)[0]
                for one in outputs.unbind(1)]  # fmt: skip
    finally:
        hook.remove()
    return seen["in"], torch.stack(each, 1), outputs.detach()
