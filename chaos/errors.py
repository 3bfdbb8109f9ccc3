"""Who must act when something is wrong: the user (ScenarioError) or the environment (WorldError).

What goes wrong *under test* is a value (:class:`chaos.exchange.Failure`), never an exception; a bug
of ours is an ``assert``.
"""


class ScenarioError(Exception):
    """The user's own mistake: a bad file, option or name. Exit code 2.

    The message is whole sentences that say where (``file:line``), what was wrong and what would be
    right; the front door prints it as it is.
    """


class WorldError(Exception):
    """The environment cannot play the scenario: a port, a disk, a missing peer, a dead child.

    Exit code 5 before time zero; after it the run is aborted, exit code 4.
    """
