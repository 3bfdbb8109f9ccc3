"""The exit codes of every command, where knowing one costs no import that takes time."""

PASSED, FAILED, USER_MISTAKE, INCONCLUSIVE, ABORTED, ENVIRONMENT = range(6)
