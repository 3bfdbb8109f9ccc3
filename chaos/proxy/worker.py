"""One of several processes that share the ports of a fault proxy: it carries bytes, and has no API.

The first line of stdin is `{"host": …, "seed": …}`; each further line is a list of changes, which
is answered by a line of outcomes. It stops at once when stdin ends.
"""

import asyncio
import json
import signal
import sys

from chaos.proxy.engine import Engine
from chaos.proxy.messages import changes_of, outcomes_line
from chaos.proxy.ports import Ports
from chaos.proxy.running import run


async def _work() -> int:
    loop = asyncio.get_running_loop()
    # Ctrl-C and a stop reach the whole group; the process of the API decides.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    lines = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    given = json.loads(await lines.readline() or b"{}")
    if not given:
        return 0
    engine = Engine(given["seed"], Ports(given["host"], shared=True))
    sys.stdout.buffer.write(b'{"ready": true}\n')
    sys.stdout.buffer.flush()
    while line := await lines.readline():
        outcomes = await engine.carry_out(changes_of(line))
        sys.stdout.buffer.write(outcomes_line(outcomes))
        sys.stdout.buffer.flush()
    engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(run(_work))
