"""What the DVC pipeline is made of: its lists, and what each run, verdict and page depends on.

Dependencies are derived: from imports, from the experiments and records that a page names, from
the settings in force. Three small stages write them down (`inputs/`), one text file a run, verdict
or page, and rewrite only what changed; the stages that cost something depend on their own file.
"""
