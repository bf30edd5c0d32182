"""The Hessian's trace of a network with one hidden layer of ReLUs, in closed form."""

import torch


def trace(network, x, balanced=True):
    """Trace of the Hessian of the mean cross-entropy, which does not depend on the labels.

    On the diagonal the outputs have no second derivatives, so that only the Gauss-Newton term is
    left: ``tr(A W D D^T W^T) (|x|^2 + 1) + tr(A) (|h|^2 + 1)``, A = diag(p) - p p^T.

    Args:
        network: Linear, ReLU, Linear.
        x: [N, ...] inputs.
        balanced: Of the network whose units have incoming and outgoing weights of equal length.
    """
    first, second = (m for m in network.modules() if isinstance(m, torch.nn.Linear))
    w, b, v, c = (t.detach().double() for t in (first.weight, first.bias, second.weight,
                                                second.bias))  # fmt: skip
    if balanced:
        a = (v.norm(dim=0) / torch.cat([w, b[:, None]], 1).norm(dim=1)).sqrt()
        w, b, v = w * a[:, None], b * a, v / a
    x = x.double().flatten(1)
    h = (x @ w.T + b).clamp(min=0)
    p = (h @ v.T + c).softmax(1)
    unit = (p @ v**2 - (p @ v) ** 2) * (h > 0)  # [N, units], diagonal of v^T A v where it is on
    outputs = (p - p**2).sum(1)
    each = unit.sum(1) * (x.pow(2).sum(1) + 1) + outputs * (h.pow(2).sum(1) + 1)
    return float(each.mean())
