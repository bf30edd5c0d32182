"""The coefficient that one short run predicts, against all that were tried (ours: a small network).

The rules were fixed before the runs. The probe is the largest coefficient; c is the time of its
first highest test accuracy times that coefficient, geometric mean over seeds; lambda = c / T is
taken to the nearest coefficient that was tried. The tuned one has the highest mean accuracy among
all but the probe, the accuracy being the best up to T, and what a seed loses by the prediction is
the difference to it in the same seed.
"""
