"""Judging what was found: claims, measurements, verdicts, statistics, records.

Imports neither Sphinx nor IPython, matplotlib or torch.
"""
