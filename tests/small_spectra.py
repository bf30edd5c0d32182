"""Settings of a Hessian's spectrum on a network that is small enough for every test."""

HESSIAN = {
    "method": "exact", "samples": 24, "fewer": [], "float32_samples": None, "instants": [],
    "instant_samples": 24, "dense": "layers.0", "precision": "float64", "chunk": 10, "rows": 16,
    "memory": 1e8, "steps": 12, "probes": 3, "widths": [1e-4, 1e-2],
}  # fmt: skip
IMAGES = {
    "data": "mnist", "seed": 3, "seeds": 2, "hessian": HESSIAN,
    "train": {
        "data": {"scaling": "unit", "train_samples": 64, "test_samples": 32, "downsample": 4},
        "model": {"name": "smallfc", "width": 3, "size": 7},
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
        "run": {"batch_size": 16, "epochs": 2, "evaluation_samples": 32},
    },
}  # fmt: skip
