"""What the subcommands of ``landscape`` do; ``landscape.cli`` lists them and their arguments.

Each function gets the parsed options, prints what it has written, and raises LandscapeError.
"""
