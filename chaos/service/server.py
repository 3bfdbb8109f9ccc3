"""A region as a process, `python -m chaos.service.server`, told what to be on standard input.

The parent writes one JSON line (:mod:`chaos.service.configuration`) and keeps standard input open.
The child prints one JSON line once it answers, ``{"ready": true, "url": "http://127.0.0.1:PORT",
"port": PORT, "pid": PID, "region": …, "zones": […], "instances": […]}``, and stops at once, exit 0,
when its standard input ends: so no child outlives a parent, however that one died. SIGTERM stops it
too; SIGINT is ignored, because Ctrl-C reaches the whole group and the parent decides. A mistake in
the line is exit 2, a port that cannot be had exit 5; both say so in one sentence on standard error.
A `crash` fault ends it with exit 75 after one more line, ``{"crashed": true, "restart_after":
SECONDS}``: the parent starts it again, on the same port, from the same line.

Provisioning is plain Key Protect: name the instances in the line (the same account as the API
key's), take a token from `POST /identity/token` of any region, and `POST /api/v2/keys` the same
payload in both regions: a duplicate root key.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chaos.errors import ScenarioError, WorldError
from chaos.exchange import Answer, Reply, Request
from chaos.service.api import KeyService
from chaos.service.clock import Clock
from chaos.service.conditions import Terms
from chaos.service.configuration import Configuration
from chaos.service.entropy import in_blocks
from chaos.service.faults import Crash
from chaos.service.front_door import FrontDoor
from chaos.service.held import Held, Received
from chaos.service.iam import Iam
from chaos.service.iam_door import IamDoor
from chaos.service.injected import Faults
from chaos.service.instance import Entropy
from chaos.service.protocol import HttpConnection
from chaos.service.refusal import Refusal
from chaos.service.replication import Outbox, Standby
from chaos.service.standing_by import stand_by
from chaos.service.storage import Forgetful, Storage
from chaos.service.tokens import RsaSigner
from chaos.service.vault import Vault

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:
    new_event_loop = asyncio.new_event_loop

STDIN = 0
BACKLOG = 1024
LAPSES_WITHIN = 0.1
CRASHED = 75
CRASHES_WITHIN = 0.02


@dataclass(frozen=True, slots=True)
class Part:
    """What a process serves: a region, or IAM alone. ``told`` is for the parent."""

    receive: Callable[[Request, float], Received]
    observe: Callable[[float], None]
    faults: Faults
    close: Callable[[], None]
    told: dict[str, object]
    standby: Standby | None = None


def new_rsa_key() -> rsa.RSAPrivateKey:
    """A new RSA key from the system's entropy."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_signing_key() -> str:
    """A new RSA key in PEM for the ``iam.signing_key`` that all processes of a world share."""
    return new_rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def part_of(configuration: Configuration) -> Part:
    """What the process is to serve; WorldError when its directory cannot be had."""
    seed = configuration.seed
    entropy = in_blocks(os.urandom) if seed is None else Random(seed).randbytes
    told = configuration.iam
    signer = RsaSigner.from_pem(told.signing_key or new_signing_key())
    iam = Iam(signer, told.identities(), entropy=entropy, token_lasts=told.token_lasts)
    if configuration.region is None:
        alone = IamDoor(iam, seed=seed, control_token=configuration.control_token)
        return Part(alone.receive, _ignore, alone.faults, lambda: None, {"region": None})
    directory = configuration.directory
    vault = None if directory is None else Vault(Path(directory), configuration.region)
    outbox = Outbox(vault or Forgetful())
    service = _key_service(configuration, configuration.region, iam, outbox, entropy)
    follows = configuration.standby_of
    standby = None if follows is None else Standby(service, outbox, follows.lag)
    terms = Terms(
        configuration.capacity,
        configuration.quota,
        configuration.ejects_after,
        configuration.readmits_after,
        os.urandom(8).hex() if seed is None else seed,
    )
    control_token = configuration.control_token
    door = FrontDoor(
        service, terms, control_token=control_token, crash=_crash, outbox=outbox, standby=standby
    )
    said: dict[str, object] = {"region": service.region, "zones": door.zones.names}
    said["instances"] = list(service.instances)
    close = vault.close if vault else lambda: None
    return Part(door.receive, door.durations.observe, door.faults, close, said, standby)


def _key_service(
    configuration: Configuration, region: str, iam: Iam, storage: Storage, entropy: Entropy
) -> KeyService:
    """The region's key service with the instances that it begins with."""
    started = time.time()
    service = KeyService(
        region,
        iam=iam,
        entropy=entropy,
        rsa_key=new_rsa_key,
        storage=storage,
    )
    if configuration.scaled_from is None:
        latest = max((each.latest() for each in service.instances.values()), default=started)
        service.clock = Clock(configuration.scale_time, started, max(0.0, latest - started))
    else:
        service.clock = Clock(configuration.scale_time, configuration.scaled_from)
    for tenant in configuration.instances:
        if tenant.id not in service.instances:
            service.add_instance(
                tenant.account,
                instance_id=tenant.id,
                name=tenant.name,
                plan=tenant.plan,
                now=started,
            )
    return service


def _ignore(_: float) -> None:
    """Observe nothing."""


def _crash(fault: Crash) -> None:
    """End as by SIGKILL, nothing closed and nothing flushed, once the parent has been told."""
    told = {"crashed": True, "restart_after": fault.restart_after}
    os.write(sys.stdout.fileno(), orjson.dumps(told) + b"\n")
    # The controller gets its answer; nobody else gets any more.
    asyncio.get_running_loop().call_later(CRASHES_WITHIN, os._exit, CRASHED)


async def serve_until(
    configuration: Configuration, ready: Callable[[dict[str, object]], None], stop: asyncio.Event
) -> None:
    """Listen, tell that it does, and answer until ``stop``; WorldError when the port is taken."""
    part = part_of(configuration)
    for name, wish in configuration.faults.items():
        part.faults.inject(name, wish, time.time())
    connections: set[HttpConnection] = set()

    def respond(request: Request) -> Received:
        begun = time.perf_counter()
        try:
            return part.receive(request, time.time())
        except Exception as bug:  # noqa: BLE001 (one bad request must not end the region)
            return _confess(bug, request)
        finally:
            part.observe(time.perf_counter() - begun)

    server = await _listen(configuration, lambda: HttpConnection(respond, connections, _resume))
    port = server.sockets[0].getsockname()[1]
    url = f"http://{configuration.host}:{port}"
    ready({"ready": True, "url": url, "port": port, "pid": os.getpid(), **part.told})
    follows, hearing = configuration.standby_of, None
    if part.standby is not None and follows is not None:
        hearing = asyncio.create_task(stand_by(part.standby, follows.url, follows.control_token))
    await _lapsing(part.faults, stop)
    if hearing is not None:
        hearing.cancel()
    server.close()
    for connection in tuple(connections):
        connection.abort()
    part.close()


def _resume(held: Held, now: float) -> Reply | None:
    try:
        return held.resume(now)
    except Exception as bug:  # noqa: BLE001 (one bad request must not end the region)
        return _confess(bug)


async def _lapsing(faults: Faults, stop: asyncio.Event) -> None:
    """Until ``stop``, heal the faults whose leases run out, also when nobody calls."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LAPSES_WITHIN)
        faults.lapse(time.time())


async def _listen(
    configuration: Configuration, factory: Callable[[], HttpConnection]
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    host, port = configuration.host, configuration.port
    try:
        return await loop.create_server(factory, host, port, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        message = f"The key service cannot listen on {host}:{port}: {reason}."
        raise WorldError(message) from None


def main() -> int:
    """Run the process that the first line of standard input describes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        configuration = Configuration.parse(_first_line())
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_live(configuration))
    except ScenarioError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the one sentence that the parent shows)
        return 2
    except WorldError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the one sentence that the parent shows)
        return 5
    return 0


async def _live(configuration: Configuration) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    lifeline = threading.Thread(target=_wait_for_the_end, args=(loop, stop), daemon=True)

    def ready(told: dict[str, object]) -> None:
        os.write(sys.stdout.fileno(), orjson.dumps(told) + b"\n")
        lifeline.start()

    await serve_until(configuration, ready, stop)


def _wait_for_the_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when standard input ends: a thread, as a loop cannot watch one that is a file."""
    while os.read(STDIN, 4096):
        pass
    try:
        loop.call_soon_threadsafe(stop.set)
    except RuntimeError:
        return  # stopped by a signal in the meantime


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(STDIN, 1)
        if not byte:
            break
        line += byte
    return line


def _confess(bug: Exception, request: Request | None = None) -> Answer:
    """A bug of ours: where it is goes to standard error, what it was about goes nowhere."""
    places = [f"{f.filename}:{f.lineno}" for f in traceback.extract_tb(bug.__traceback__)]
    print(f"{type(bug).__name__} at {places[-1]}", file=sys.stderr)  # noqa: T201 (a shell's log)
    headers = () if request is None else request.headers
    asked = (value for name, value in headers if name.lower() == "correlation-id")
    return Refusal(500, "", "The request could not be carried out").answer("", next(asked, ""))


if __name__ == "__main__":
    sys.exit(main())
