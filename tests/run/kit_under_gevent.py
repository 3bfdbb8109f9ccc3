"""Plays the conformance kit in the Locust child's world: `python -m tests.run.kit_under_gevent`.

Reads the stand's endpoints as a JSON line and prints one for each check: its name, and what went
wrong or nothing. A process of its own, because importing Locust patches the sockets for good.
"""

import sys

import locust  # noqa: F401 - patches the sockets  # isort: skip

import json
import time
import traceback

from chaos.run.blocking import BlockingWorld
from chaos.run.world import run_blocking
from tests.run.kit import CHECKS, Stand


def main() -> None:
    """Play every check and say how it went."""
    endpoints = json.loads(sys.stdin.readline())
    for check in CHECKS:
        world = BlockingWorld(time.monotonic(), time.time(), lambda _: None)
        complaint = ""
        try:
            run_blocking(check(Stand(world, **endpoints)))  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001 - the parent's test shows it
            complaint = traceback.format_exc()
        world.close()
        sys.stdout.write(json.dumps({"check": check.__name__, "complaint": complaint}) + "\n")


if __name__ == "__main__":
    main()
