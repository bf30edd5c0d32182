"""Complexity gradient descent and AutoL2 written from the works' listings, on flat vectors.

`problem` has `.w` (the start), `.gradient(w, k)` and `.loss(w, k)` on the k-th mini-batch.
"""

import math


def sphere(start, radius):
    """The projection, and the start on the sphere."""
    R = {"initial": start.norm().item(), "sqrt": math.sqrt(len(start))}.get(radius, radius)

    def project(w):
        return R * w / w.norm()

    return project, project(start)


def smoothed(ratios, smoothing, K, weight=None):
    """S_K of x_0 = 1, x_1, ..., at the last of them."""
    if smoothing == "identity":
        return ratios[-1]
    if smoothing == "moving_average":
        last = ratios[-K:]
        return sum(last) / len(last)
    w = 2 / (K + 1) if weight is None else weight
    # The sum that exponential smoothing from s = 1 amounts to.
    n = len(ratios) - 1
    return (1 - w) ** n + sum(w * (1 - w) ** (n - j) * ratios[j] for j in range(1, n + 1))


def matched_strength(
    losses, lambda_0, smoothing="identity", K=1, weight=None, initial="lambda_0", steps_per_epoch=1
):
    """lambda of the last step, from the losses of all steps up to it."""
    m = steps_per_epoch
    i = (len(losses) - 1) // m
    if i < K:
        return lambda_0 if initial == "lambda_0" else 0.0
    if m == 1:
        values = losses
    else:
        values = [losses[0]] + [sum(losses[e * m : (e + 1) * m]) / m for e in range(i)]
    ratios = [value / losses[0] for value in values]
    assert len(ratios) == i + 1
    return lambda_0 * smoothed(ratios, smoothing, K, weight)


def matched(
    problem, lr=0.1, momentum=0.0, nesterov=False, projection=True, radius="initial", **rule
):
    def strength(k, losses):
        return matched_strength(losses, **rule)

    yield from _one_step(problem, strength, lr, momentum, nesterov, projection, radius)


def cosine(problem, lambda_0, T, lr=0.1, steps_per_epoch=1, **more):
    def strength(k, losses):
        return lambda_0 * (1 + math.cos(2 * math.pi * (k // steps_per_epoch) / T))

    yield from _one_step(problem, strength, lr, **more)


def _one_step(
    problem, strength, lr, momentum=0.0, nesterov=False, projection=True, radius="initial"
):
    project, start = sphere(problem.w, radius)
    w = start if projection else problem.w
    u, losses, k = 0 * w, [], 0
    while True:
        losses.append(problem.loss(w, k))
        d = problem.gradient(w, k) + strength(k, losses) * 2 * w
        u = momentum * u + d
        w = w - lr * (d + momentum * u if nesterov else u)
        if projection:
            w = project(w)
        yield w, w
        k += 1


def two_step(
    problem, lambda_0, lr=0.1, schedule="power", power=0.5, T=None, steps_per_epoch=1,
    momentum=0.0, nesterov=False, projection=True, radius="initial",
):  # fmt: skip
    def strength(i):
        if i < 0:
            return strength(0)
        if schedule == "power":
            return lambda_0 / (1 + i) ** power
        if schedule == "cosine":
            return lambda_0 * (1 + math.cos(2 * math.pi * i / T))
        return lambda_0 if schedule == "constant" else schedule(lambda_0, i)

    project, start = sphere(problem.w, radius)
    w = start if projection else problem.w
    u, move = 0 * w, 0
    while True:
        i = move // steps_per_epoch
        answer = w
        d = problem.gradient(w, 2 * move) + strength(i) * 2 * w
        u = momentum * u + d
        w = w - lr * (d + momentum * u if nesterov else u)
        yield w, answer
        d = problem.gradient(w, 2 * move + 1) + strength(i) * 2 * w
        w = w - (strength(i) - strength(i - 1)) * lr * d
        if projection:
            w = project(w)
        yield w, w
        move += 1


def auto_l2(losses, errors, k, initial=0.1, factor=10, refractory=0.1, printed=False):
    """The listing of SM E: lambda after each of the steps t = 1, 2, ...

    `losses[n]`, `errors[n]` belong to the n-th measurement, at t = (n + 1) k; before the first one
    there is none, so that the minima stay infinite. With `printed`, the comparison with ERROR is
    read as one with ERROR_t itself.
    """
    infinite = float("inf")
    MINLOSS, MINERROR = infinite, infinite
    MIN_STEP, L2 = 0, initial
    LOSS, ERROR = {0: infinite}, {0: infinite}
    for t in range(1, k * len(losses) + 1):
        if t % k == 0:
            LOSS[t], ERROR[t] = losses[t // k - 1], errors[t // k - 1]
            increases = False
            if LOSS[t] > MINLOSS and LOSS[t - k] > MINLOSS:
                increases = True
            bound = ERROR[t] if printed else MINERROR
            if ERROR[t] > bound and ERROR[t - k] > bound:
                increases = True
            if increases and t > MIN_STEP:
                L2 = L2 / factor
                MIN_STEP = refractory / L2 + t
            else:
                MINLOSS, MINERROR = min(LOSS[t - k], MINLOSS), min(ERROR[t - k], MINERROR)
        yield L2
