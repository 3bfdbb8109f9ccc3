"""A process that removes what a run keeps on the disk for its regions, once the run is gone.

A region that is to crash keeps its keys in a folder, and a SIGKILL of the run takes nobody along
who would remove it. It is told `{"directory": …}` in the way of :mod:`chaos.run.children`.
"""

import json
import shutil
import signal
import sys
import time
from pathlib import Path

# A region that is ending as well may write a last file in between.
SWEEPS, PAUSE = 20, 0.1


def main() -> int:
    """Wait for the end of standard input, then remove the directory; the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    line = sys.stdin.readline()
    if not line:
        return 0
    directory = Path(json.loads(line)["directory"])
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    sys.stdin.read()
    for _ in range(SWEEPS):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return 0
        time.sleep(PAUSE)
    return 1


if __name__ == "__main__":
    sys.exit(main())
