"""Closed forms and small simulations: no data sets, no training, nothing else of ours imported."""
