"""Claims, measurements, verdicts, statistics, records: judging what was found. No Sphinx, no IPython."""
