"""A child that never yields: it is gone soon after its parent, however that one went."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chaos.run import lifeline

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc"),
]

CHILD = """
import gevent.monkey
gevent.monkey.patch_all()
import sys
from chaos.run import lifeline
lifeline.GRACE = 0.5
if sys.argv[1] == "elsewhere":
    sys.platform = "elsewhere"
lifeline.end_with_parent(0)
print("spinning", flush=True)
while True:
    pass
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(("system", "within"), [(sys.platform, 2.0), ("elsewhere", 4.0)])
def test_a_child_that_spins_is_gone_after_a_sigkill_of_its_parent(
    system: str, within: float
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD, system], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    said = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
    (child,) = (int(word) for word in said - {"spinning"})

    parent.kill()
    parent.wait()
    parent.stdout.close()

    deadline = time.monotonic() + within
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    gone = not alive(child)
    if not gone:
        os.kill(child, signal.SIGKILL)
    assert gone


def test_a_stop_in_good_order_is_waited_for_but_not_for_ever() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, sys.platform],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == "spinning\n"

    begun = time.monotonic()
    child.stdin.close()

    assert child.wait(10.0) == 4
    assert time.monotonic() - begun > 0.4
    child.stdout.close()
    assert lifeline.GRACE < 3.0, "or a parent would insist before"
