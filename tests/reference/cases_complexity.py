"""Entries of the one table of the tests: see `reference.optim_problems`."""

CASES = []
TWINS = {}
MINIMAL = {}
REFUSED = []
COPIES = []
