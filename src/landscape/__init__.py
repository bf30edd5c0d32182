"""Wide Valleys: the energy landscape of deep networks, reproduced.

The package holds everything the book's pages use: data, networks, optimizers, theory, analysis,
the training loop, the declared experiments and the report. Importing it is cheap (no torch).
"""

__version__ = "0.1.0"
