"""Errata of the works: one list, each entry beside the function that computes its evidence.

`entry` says what an entry is, `registry` collects them; the other modules hold one work or subject
each. To add one, decorate the function that computes its rows with `entry.erratum`.
"""
