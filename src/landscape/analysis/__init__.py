"""What is measured on end points, trained networks and trajectories.

Curvature and noise of a network with d weights on N samples, from a `mean_loss.MeanLoss`; those of
`lanczos` take `lanczos.SymmetricOperator.of` it. A product is that of the matrix with one vector, three to four gradients over
all samples. Memory is in numbers of the chosen precision, beside the network and the data.

=======================================  =================================  ================  ====================
to know                                  use                                memory            cost
=======================================  =================================  ================  ====================
all eigenvalues, d up to 10^4 to 5x10^4  `exact_spectrum.exact_spectrum`    d^2, + 2 d^2 on   d products, d^3
                                         (`spectrum_plan.estimate` first)   a GPU
the same, one dense layer holds most     `layered_hessian.layered_hessian`  d^2, + that       products of the
                                                                            layer's squared   other layers
the density for any d, bulk and tails    `lanczos.density`                  3 d               probes x steps (8 x
                                                                                              64) products
certain bounds of a share near zero      `share_bounds.share_bounds`        m a probe         none
largest, smallest eigenvalues, vectors   `lanczos.extreme_eigenvalues`      20 d and more     some 100 products
trace (mean curvature)                   `lanczos.trace`                    2 d               32 products
products, four matrices                  `curvature.products`               a few d a vector  1 product
rank, spectrum of SGD's noise            `diffusion.diffusion_spectrum`     min(N, d)^2, +    N < d: N / tile passes
                                                                            4 d tile          of gradients, N^2 d
gradient of every sample                 `sample_gradients`                 chunk x d         1 gradient
width of a valley as a volume            `local_entropy.local_entropy`      4 chains x d      nodes x steps x
                                                                                              chains gradients
width along a line; is it wide?          `directions.loss_along`,           2 d               1 loss a point
                                         `directions.half_widths`
=======================================  =================================  ================  ====================

Error bars: Lanczos and the trace from independent probes, extreme eigenvalues from their
residuals, local entropies from several chains and their autocorrelation. Exact spectra carry
rounding only. Networks are rescaled by their layers without changing what they compute; curvature
and plain distances change with that, filter-normalised directions do not.
"""  # noqa: E501 (a table)
