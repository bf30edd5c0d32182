"""One configuration of a sweep, the slow way: one network, plain loops, float64, gradients by hand.

Fully-connected ReLU networks only. Lewkowycz & Gur-Ari (2020), section 1: the loss plus
lambda / 2 times the sum of the squares of all parameters.
"""

import numpy as np


def outputs(weights, biases, x):
    """All layers' activations [samples, units], the inputs first, without ReLU at the last."""
    found = [x]
    for number, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z = found[-1] @ w.T + b
        found.append(z if number == len(weights) - 1 else np.maximum(z, 0.0))
    return found


def loss_and_slope(f, y, loss, scale):
    """The loss without L2 and its derivative by the outputs f [samples, classes]."""
    targets = np.eye(f.shape[1])[y]
    if loss == "mse":
        return scale * np.mean((f - targets) ** 2), scale * 2.0 * (f - targets) / f.size
    p = np.exp(f - f.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    value = -np.mean(np.log(p[np.arange(len(y)), y]))
    return scale * value, scale * (p - targets) / len(y)


def train(weights, biases, samples, test, *, lr, l2, momentum, steps, loss, scale, batches):
    """Rows (step, training loss, training error, test loss, test error, |theta|^2) of every step.

    ``samples`` and ``test`` are pairs (x [n, values], y [n]); ``batches(step)`` gives positions.
    """
    weights, biases = [w.copy() for w in weights], [b.copy() for b in biases]
    layers = len(weights)
    vw, vb = [np.zeros_like(w) for w in weights], [np.zeros_like(b) for b in biases]
    rows = []
    for step in range(steps + 1):
        row = [step]
        for x, y in (samples, test):
            f = outputs(weights, biases, x)[-1]
            row += [loss_and_slope(f, y, loss, scale)[0], 100.0 * np.mean(f.argmax(1) != y)]
        norm = sum(float((p**2).sum()) for p in (*weights, *biases))
        rows.append((*row, norm))
        x, y = (part[batches(step)] for part in samples)
        found = outputs(weights, biases, x)
        slope = loss_and_slope(found[-1], y, loss, scale)[1]
        for layer in reversed(range(layers)):
            gw = slope.T @ found[layer] + l2 * weights[layer]
            gb = slope.sum(0) + l2 * biases[layer]
            slope = (slope @ weights[layer]) * (found[layer] > 0)
            vw[layer] = momentum * vw[layer] + gw
            vb[layer] = momentum * vb[layer] + gb
            weights[layer] = weights[layer] - lr * vw[layer]
            biases[layer] = biases[layer] - lr * vb[layer]
    return np.array(rows)
