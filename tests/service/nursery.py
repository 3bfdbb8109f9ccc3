"""Runs a region process over and over: `python -m tests.service.nursery CONFIGURATION [MUTANT]`.

Everything is imported once and each life is a fork of that, so a region is back milliseconds after
it was killed. With a mutant (:mod:`tests.service.mutants`) its vault is that one. A life that ends
by itself ends the nursery; so does the end of standard input.
"""

import os
import sys

from chaos.service import server
from chaos.service.configuration import Configuration
from chaos.service.server import new_event_loop
from tests.service.mutants import MUTANTS


def main() -> int:
    """Bear one life after another, until one is not killed."""
    line, *mutant = sys.argv[1:]
    configuration = Configuration.parse(line.encode())
    if mutant:
        server.Vault = MUTANTS[mutant[0]]  # type: ignore[attr-defined] # imported there
    while True:
        born = os.fork()
        if not born:
            import asyncio  # noqa: PLC0415 (in the child: no loop must be shared)

            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(server._live(configuration))
            os._exit(0)
        _, status = os.waitpid(born, 0)
        if os.waitstatus_to_exitcode(status) >= 0:
            return 0


if __name__ == "__main__":
    sys.exit(main())
