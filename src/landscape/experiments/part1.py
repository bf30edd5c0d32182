"""Part I, spin glass and AnnealSGD (thesis chapter 2, Chaudhari & Soatto 2015)."""

from landscape.experiments.catalogue import Experiment

EXPERIMENTS = (
    Experiment(
        id="thesis-fig-2-2",
        artifact="thesis-fig-2-2",
        part=1,
        kind="simulate",
        runs=("exponential", "polynomial", "trivial"),
        title="Descents on the 3-spin glass in three strengths of the field",
        module="landscape.experiments.spin_glass_landscape",
    ),
    Experiment(
        id="critical-point-counts",
        artifact="critical-point-counts",
        part=1,
        kind="simulate",
        runs=("theory", "descents", "search", "displacement"),
        title="Critical points and minima of the 3-spin glass against the field",
        module="landscape.experiments.critical_point_counts",
    ),
    Experiment(
        id="thesis-fig-2-3-mnistfc",
        artifact="thesis-fig-2-3",
        part=1,
        kind="train",
        runs=("adam", "anneal_sgd", "resampled_noise"),
        title="A thin network of 16 layers on MNIST, with and without the annealed field",
    ),
    Experiment(
        id="thesis-fig-2-3-mnistfc-glorot",
        artifact="thesis-fig-2-3",
        part=1,
        kind="train",
        runs=("adam", "anneal_sgd", "resampled_noise"),
        title="The same thin network, initialised after Glorot and Bengio",
    ),
    Experiment(
        id="thesis-fig-2-3-mnistfc-p16",
        artifact="thesis-fig-2-3",
        part=1,
        kind="train",
        runs=("anneal_sgd",),
        title="The same with a field for p = 16, the number of layers",
    ),
    Experiment(
        id="thesis-fig-2-3-lenet",
        artifact="thesis-fig-2-3",
        part=1,
        kind="train",
        runs=("adam", "anneal_sgd", "resampled_noise"),
        title="LeNet on MNIST, with and without the annealed field",
    ),
    Experiment(
        id="thesis-fig-2-3-sensitivity",
        artifact="thesis-fig-2-3",
        part=1,
        kind="train",
        runs=("anneal_sgd",),
        title="The thin network under fields of other strengths and decay times",
    ),
    Experiment(
        id="thesis-tab-2-1-allcnn",
        artifact="thesis-tab-2-1",
        part=1,
        kind="train",
        runs=("sgd", "anneal_sgd", "resampled_noise"),
        title="All-CNN on CIFAR-10 without a field, with a fixed one and with a redrawn one",
    ),
)
