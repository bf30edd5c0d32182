"""The one exception a user is meant to read."""


class LandscapeError(Exception):
    """An error whose message is one sentence that names the thing and the remedy.

    The command line prints it without a traceback and exits with status 1.
    """
