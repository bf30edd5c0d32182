"""Slow, obvious twins in float64: the objective of a run, and a walk through a sequence."""

import torch


def mixed_labels(first, second, weights, classes):
    """One-hot labels, mixed: a list of lists."""
    return [
        [w * (k == a) + (1 - w) * (k == b) for k in range(classes)]
        for a, b, w in zip(first, second, weights, strict=True)
    ]


def objective(model, x, labels, name, scaling, l2):
    """Loss of the batch with scale and L2, sample by sample, class by class."""
    classes, total = len(labels[0]), 0.0
    for image, label in zip(x, labels, strict=True):
        output = model(image[None])[0]
        normal = torch.logsumexp(output, 0)
        for k in range(classes):
            if name == "mse":
                total = total + (output[k] - label[k]) ** 2
            else:
                total = total - label[k] * (output[k] - normal)
    scale = {"mean": 1, "half": 1 / 2, "half_over_classes": 1 / (2 * classes)}[scaling]
    penalty = sum((weight**2).sum() for weight in model.parameters())
    return scale * total / len(x) + l2 / 2 * penalty


def walk(model, tokens):
    """Nats and wrong predictions of a sequence, one token after the other, state carried."""
    state, nats, wrong = None, 0.0, 0
    for now, following in zip(tokens[:-1], tokens[1:], strict=True):
        logits, state = model(torch.tensor([[now]]), state)
        logits = logits[0, 0]
        nats += (torch.logsumexp(logits, 0) - logits[following]).item()
        wrong += int(logits.argmax()) != following
    return nats, wrong
