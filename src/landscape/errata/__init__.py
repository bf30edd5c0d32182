"""Errata of the works: one registry, entries beside the functions that compute their evidence."""
