"""`keychaos serve`: the twin in the foreground, a process per region and one for IAM."""

import asyncio
import json
import os
import re
import secrets
import signal
import sys
from asyncio import Future
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict
from uuid import uuid4

from chaos.errors import ScenarioError, WorldError
from chaos.service.briefing import Endpoint, Running, briefing, env_lines
from chaos.service.server import CRASHED, new_signing_key

PLANS = ("tiered-pricing", "cross-region-resiliency")
REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
ACCOUNT = "keychaos"
STARTS_WITHIN = 20.0
STOPS_WITHIN = 3.0
CONTROL_TOKEN_BYTES = 16
SERVER = (sys.executable, "-m", "chaos.service.server")


class Identity(TypedDict):
    """What stays the same from one start with a data directory to the next."""

    api_key: str
    signing_key: str
    instances: dict[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be served. ``port`` is the first region's, the others and IAM follow; 0: any."""

    regions: tuple[str, ...]
    plan: str = PLANS[0]
    env_file: Path | None = None
    scale_time: float = 1.0
    directory: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0


def serve(wish: Wish) -> int:
    """Serve until Ctrl-C or SIGTERM, which is exit code 0.

    Prints addresses, API key and variables for each SDK, and writes ``env_file`` once everything
    answers; it is removed at the end. ScenarioError for a wish that makes no sense, WorldError when
    a process cannot start or dies.
    """
    _check(wish)
    _remove(wish.env_file)
    with asyncio.Runner() as runner:
        return runner.run(_serve(wish, _identity(wish)))


async def _serve(wish: Wish, identity: Identity) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.ensure_future(stop.wait())
    children: list[Process] = []
    try:
        control_token = secrets.token_hex(CONTROL_TOKEN_BYTES)
        told = _configurations(wish, identity, control_token)
        starts = asyncio.gather(*(_start(each, children) for each in told))
        if not await _before(stopped, starts):
            return 0
        *regions, iam = starts.result()
        endpoints = [
            Endpoint(region, str(one["url"]), identity["instances"][region])
            for region, one in zip(wish.regions, regions, strict=True)
        ]
        running = Running(endpoints, str(iam["url"]), identity["api_key"], control_token)
        _write_env(wish.env_file, running)
        sys.stdout.write(briefing(running, wish.scale_time))
        sys.stdout.flush()
        lives = [
            asyncio.ensure_future(_outlive(one, ready, child, children))
            for one, ready, child in _together(told, starts.result(), children)
        ]
        if await _before(stopped, *lives):
            raise WorldError("A process of the twin ended by itself; the others were stopped.")
        return 0
    finally:
        _remove(wish.env_file)
        await _end(children)


async def _before(stopped: Future[Any], *others: Future[Any]) -> bool:
    """Wait for the first of them; whether it came before the stop. Its exception is raised."""
    done, pending = await asyncio.wait([stopped, *others], return_when=asyncio.FIRST_COMPLETED)
    if stopped in done:
        for each in pending:
            each.cancel()
        return False
    for each in done:
        each.result()
    return True


async def _start(told: Mapping[str, object], children: list[Process]) -> dict[str, object]:
    """Start one process, tell it what to be, and wait until it answers."""
    # A session of its own: Ctrl-C in the terminal reaches the parent alone, which then decides.
    child = await asyncio.create_subprocess_exec(
        *SERVER, stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    children.append(child)
    name = told["region"] or "IAM"
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(told).encode() + b"\n")
    try:
        line = await asyncio.wait_for(child.stdout.readline(), STARTS_WITHIN)
    except TimeoutError:
        message = f"The process of {name} did not answer within {STARTS_WITHIN:g} s."
        raise WorldError(message) from None
    if not line:
        raise WorldError(f"The process of {name} could not start.")
    ready: dict[str, object] = json.loads(line)
    return ready


def _together(
    told: list[dict[str, object]], readies: list[dict[str, object]], children: list[Process]
) -> list[tuple[dict[str, object], dict[str, object], Process]]:
    """What each process was told and what it said; they may have started in any order."""
    by_pid = {child.pid: child for child in children}
    return [
        (one, ready, by_pid[int(str(ready["pid"]))])
        for one, ready in zip(told, readies, strict=True)
    ]


async def _outlive(
    told: Mapping[str, object], ready: Mapping[str, object], child: Process, children: list[Process]
) -> None:
    """Start a process again each time that a fault crashed it; end when it ended otherwise."""
    while await child.wait() == CRASHED:
        assert child.stdout is not None
        said = json.loads(await child.stdout.readline())
        await asyncio.sleep(said["restart_after"])
        again = await _start({**told, "port": ready["port"]}, children)
        child = next(each for each in children if each.pid == again["pid"])


async def _end(children: Sequence[Process]) -> None:
    """Close every lifeline, and insist where that is not enough."""
    for child in children:
        if child.stdin is not None:
            child.stdin.close()
    for child in children:
        try:
            await asyncio.wait_for(child.wait(), STOPS_WITHIN)
        except TimeoutError:
            child.kill()
            await child.wait()


def _configurations(wish: Wish, identity: Identity, control_token: str) -> list[dict[str, object]]:
    """What each process is told: the regions in order, then IAM."""
    api_key = {"key": identity["api_key"], "iam_id": "IBMid-keychaos", "account": ACCOUNT}
    shared = {"signing_key": identity["signing_key"], "api_keys": [api_key]}
    directory = None if wish.directory is None else str(wish.directory)
    told: list[dict[str, object]] = []
    for number, region in enumerate((*wish.regions, None)):
        one: dict[str, object] = {"region": region, "host": wish.host, "iam": shared}
        one["port"] = wish.port + number if wish.port else 0
        one["control_token"] = control_token
        if region is not None:
            tenant = {"id": identity["instances"][region], "account": ACCOUNT, "plan": wish.plan}
            one["instances"] = [tenant]
            one["scale_time"] = wish.scale_time
            one["directory"] = directory
        told.append(one)
    return told


def _identity(wish: Wish) -> Identity:
    """A new identity, or with a data directory the one it was first served with."""
    path = None if wish.directory is None else wish.directory / "identity.json"
    known: Identity = {"api_key": "", "signing_key": "", "instances": {}}
    try:
        if path is not None and path.exists():
            known = json.loads(path.read_text())
        known["api_key"] = known["api_key"] or secrets.token_hex(22)
        known["signing_key"] = known["signing_key"] or new_signing_key()
        for region in wish.regions:
            known["instances"].setdefault(region, str(uuid4()))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_private(path, json.dumps(known))
    except OSError as error:
        raise WorldError(f"Nothing can be kept in {path}: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WorldError(f"{path} is not what an earlier serve wrote; move it away.") from None
    return known


def _check(wish: Wish) -> None:
    if not wish.regions:
        raise ScenarioError("Name at least one region, for example us-south.")
    for region in wish.regions:
        if not REGION.fullmatch(region):
            raise ScenarioError(f"{region!r} names no region; write for example us-south.")
    if len(set(wish.regions)) < len(wish.regions):
        raise ScenarioError("Each region can be served once.")
    if wish.plan not in PLANS:
        raise ScenarioError(f"The plan must be {' or '.join(PLANS)}, not {wish.plan!r}.")
    if not wish.scale_time > 0:
        raise ScenarioError("--scale-time must be more than 0: 3600 makes an hour a second.")


def _write_env(path: Path | None, running: Running) -> None:
    if path is None:
        return
    try:
        _write_private(path, env_lines(running))
    except OSError as error:
        raise WorldError(f"{path} cannot be written: {error.strerror}.") from None


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, for its owner alone: it holds an API key."""
    unfinished = path.with_name(path.name + ".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def _remove(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)
