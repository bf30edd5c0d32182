"""Widths against the theory."""
