"""The fault proxy by itself: a drop-in for Toxiproxy, with its defaults and its file."""

import asyncio
import signal
from pathlib import Path

from chaos.errors import ScenarioError, WorldError
from chaos.proxy.body import Refusal
from chaos.proxy.running import run, stopped_by
from chaos.proxy.server import Settings, running, say, until_stopped

HOST, PORT = "localhost", 8474
_OF_THE_SYSTEM = 500


def serve(config: Path | None, settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; the exit code.

    ``config`` is a file as Toxiproxy's `-config` takes it, whose proxies may list `toxics`. Raises
    ScenarioError for a file that is no good, WorldError where an address cannot be had.
    """
    configuration = b"[]" if config is None else _read(config)
    return run(lambda: _serve(config, configuration, settings))


def _read(config: Path) -> bytes:
    try:
        return config.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{config}: cannot be read: {error.strerror}.") from None


async def _serve(config: Path | None, configuration: bytes, settings: Settings) -> int:
    loop = asyncio.get_running_loop()
    stop = stopped_by(loop, lifeline=False)
    # Who closes the terminal stops it, but for those who began it by nohup.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop.set)
    try:
        async with running(settings, configuration) as one:
            proxies = one.proxy.registry
            for proxy in proxies.values():
                say(f"{proxy.name}: {proxy.listen} -> {proxy.upstream}")
            say(f"The fault proxy's API answers at {one.url}; {len(proxies)} proxies.")
            return await until_stopped(one, stop)
    except Refusal as refusal:
        error = WorldError if refusal.status >= _OF_THE_SYSTEM else ScenarioError
        raise error(f"{config}: {refusal}.") from None
