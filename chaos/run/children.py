"""Processes that a run starts: each ends with its parent, whatever kills the parent.

Every child speaks one protocol: a JSON line of configuration on its standard input, a JSON line
`{"ready": true, …}` on its standard output when it answers, and the end of its standard input means
stop. The pipe is closed by the operating system when the parent is gone, so a SIGKILL of the parent
leaves no child behind.
"""

import asyncio
import contextlib
import json
import os
import site
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chaos
from chaos.errors import WorldError

READY_WITHIN = 20.0
STOP_WITHIN = 3.0
LAST_WORDS_WITHIN = 1.0
COMPLAINTS_LIMIT = 4_000


@dataclass(slots=True)
class Child:
    """One running child: what it is, what it said when it was ready, and its pipes.

    ``scheduled`` says that its end is part of the plan. ``complaints`` is the end of its standard
    error, which is read as it comes, so that a talkative child never waits for a reader.
    """

    name: str
    process: asyncio.subprocess.Process
    ready: Mapping[str, Any] = field(default_factory=dict)
    complaints: bytes = b""
    scheduled: bool = False
    listening: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Read its standard error to the end."""
        assert self.process.stderr is not None
        while more := await self.process.stderr.read(COMPLAINTS_LIMIT):
            self.complaints = (self.complaints + more)[-COMPLAINTS_LIMIT:]

    async def tell(self, line: Mapping[str, Any]) -> None:
        """Write one more JSON line to the child's standard input."""
        assert self.process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self.process.stdin.write(json.dumps(line).encode() + b"\n")
            await self.process.stdin.drain()

    async def ended(self) -> int:
        """Wait for the child's end; its exit code, negative for a signal."""
        return await self.process.wait()

    async def code(self) -> int | None:
        """How a child ended that has no more to say; None where it has not ended after all."""
        try:
            async with asyncio.timeout(LAST_WORDS_WITHIN):
                return await self.ended()
        except TimeoutError:
            return None

    async def hear(self) -> Mapping[str, Any] | None:
        """The child's next JSON line, None when it has no more to say."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        try:
            said = json.loads(line) if line else None
        except ValueError:
            return None
        return said if isinstance(said, dict) else None

    async def last_words(self) -> str:
        """The last line that the child wrote to its standard error, for the person who must act."""
        if self.listening is not None:
            await asyncio.wait([self.listening], timeout=LAST_WORDS_WITHIN)
        lines = self.complaints.decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    async def stop(self) -> None:
        """End the child: close its input, then SIGTERM, then SIGKILL. Only ever our own child."""
        process = self.process
        assert process.stdin is not None
        process.stdin.close()
        if process.returncode is not None:
            return
        for more in (process.terminate, process.kill):
            with contextlib.suppress(asyncio.TimeoutError):
                async with asyncio.timeout(STOP_WITHIN):
                    await process.wait()
                return
            with contextlib.suppress(ProcessLookupError):
                more()
        await process.wait()


async def spawn(name: str, module: str) -> Child:
    """Start `python -m module`; it imports what it needs and then waits for its configuration."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        # Not the folder that the user stands in: it may hold a `chaos` of its own.
        "-P",
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # A session of its own: Ctrl-C in a terminal reaches the parent alone, which then decides.
        start_new_session=True,
        env=_environment(),
        limit=2**20,
    )
    child = Child(name, process)
    child.listening = asyncio.create_task(child.listen())
    return child


async def configure(child: Child, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send a child its configuration and wait until it says that it is ready; what it said.

    Raises WorldError with the child's own last words when it does not come up.
    """
    await child.tell(configuration)
    try:
        async with asyncio.timeout(READY_WITHIN):
            said = await child.hear()
    except TimeoutError:
        raise WorldError(f"{child.name} did not answer within {READY_WITHIN:g} s.") from None
    if said is None or not said.get("ready"):
        code = await child.code()
        if code is not None and code < 0:
            raise WorldError(f"{child.name} {told(code)} before it was ready.")
        words = (await child.last_words()).rstrip(".") or "it ended without a word"
        raise WorldError(f"{child.name} did not start: {words}.")
    child.ready = said
    return said


def told(code: int) -> str:
    """How a process ended, as part of a sentence, by what the system says of it."""
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"


def _environment() -> dict[str, str]:
    """This process's own, with the checkout it runs from on the path where it runs from one."""
    home = str(Path(chaos.__file__).parent.parent)
    path = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    if home not in site.getsitepackages():
        path.insert(0, home)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


async def stop_all(children: list[Child]) -> None:
    """Stop every child, side by side."""
    await asyncio.gather(*(child.stop() for child in reversed(children)))
