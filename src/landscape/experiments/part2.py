"""Part II, local entropy and Entropy-SGD (thesis chapter 3)."""

from landscape.experiments.catalogue import Experiment

EXPERIMENTS = (
    Experiment(
        id="thesis-tab-3-1-mnistfc",
        artifact="thesis-tab-3-1",
        part=2,
        kind="train",
        runs=("adam", "entropy_sgd"),
        title="Two layers of 1024 units on MNIST, Adam and Entropy-SGD",
    ),
    Experiment(
        id="thesis-tab-3-1-mnistfc-outer",
        artifact="thesis-tab-3-1",
        part=2,
        kind="train",
        runs=("entropy_sgd",),
        title="The same with Nesterov's momentum in the outer loop too, as the text says",
    ),
    Experiment(
        id="thesis-tab-3-1-lenet",
        artifact="thesis-tab-3-1",
        part=2,
        kind="train",
        runs=("adam", "entropy_sgd"),
        title="LeNet on MNIST, Adam and Entropy-SGD",
    ),
)
