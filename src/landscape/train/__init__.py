"""Training: what a run is (``RunSpec``), the loop (``fit``), its ``History`` and many runs at once.

Everything is imported from its own module so that reading a specification never costs torch.
"""
