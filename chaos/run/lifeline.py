"""What ties a child to its parent although it runs code that is not ours, and may never yield.

A greenlet that waits for the end of standard input waits for ever beside one that spins. On Linux
the system itself ends the child with its parent; everywhere a thread of the system's does, when the
pipe from the parent has been closed for longer than an end in good order takes.
"""

import ctypes
import os
import signal
import sys

from gevent import monkey

from chaos.exits import ABORTED

# Shorter than a parent that stops its children waits before it insists.
GRACE = 2.5
_PR_SET_PDEATHSIG = 1


def end_with_parent(pipe: int) -> None:
    """From here on this process is gone soon after its parent, which holds the end of a pipe."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # Whoever died before that was asked for is told of by the pipe alone.
    monkey.get_original("_thread", "start_new_thread")(_watch, (pipe,))


def _watch(pipe: int) -> None:
    poll = monkey.get_original("select", "poll")()
    # Asked for nothing, it still tells that the other end was closed.
    poll.register(pipe, 0)
    poll.poll()
    monkey.get_original("time", "sleep")(GRACE)
    os._exit(ABORTED)
