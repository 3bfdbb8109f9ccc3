"""SIGKILL at any moment, under load: nothing that was acknowledged is lost."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chaos.service.server import new_signing_key
from tests.service.caller import envelope
from tests.service.mutants import MUTANTS
from tests.service.test_server import INSTANCE, SOMEONE, TENANT, token

KILLS, LIFE_AT_MOST, CALLERS = 200, 0.4, 4
# Half a minute in 3 ms, an hour in 0.36 s; but 30 days, after which nothing is restored, in 259 s.
SCALE = 1e4
SETTLED = 60.0 / SCALE
PATIENCE = 60.0
DEK = b64encode(bytes(range(32))).decode()
ACTIONS = ("rotate", "disable", "enable", "delete", "restore", "alias", "policy", "wrap")
STATES = {"disable": 2, "enable": 1, "delete": 5}


@dataclass
class Known:
    """A key as its one caller knows it: what was acknowledged, and what may have happened since."""

    id: str
    state: int = 1
    before: int = 1
    versions: int = 1
    aliases: set[str] = field(default_factory=set)
    policy: int = 0
    sealed: list[str] = field(default_factory=list)
    unknown: str = ""

    def after(self, action: str) -> int:
        """The state that an action leads to; a restored key is as it was before its deletion."""
        if action == "delete" and self.state != STATES[action]:
            self.before = self.state
        return self.before if action == "restore" else STATES.get(action, self.state)


class Caller(threading.Thread):
    """Works on keys of its own until told to stop, and holds each against what it knows of it."""

    def __init__(self, port: int, headers: dict[str, str], seed: int) -> None:
        super().__init__(daemon=True)
        self.keys: list[Known] = []
        self.acknowledged: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.opened = 0
        self.stopped = threading.Event()
        self._rng = Random(seed)
        self._headers = headers
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)

    def run(self) -> None:
        while not self.stopped.is_set() and not self.wrong:
            if len(self.keys) < 3 or self._rng.random() < 0.1:
                self.create()
            else:
                known = self._rng.choice(self.keys)
                self.check(known)
                self.act(known, self._rng.choice(ACTIONS))
        self._connection.close()

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and document; 0 where no answer came, though the request may have arrived."""
        sent = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, "/api/v2/" + path, sent, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException):
            self._connection.close()
            time.sleep(0.01)
            return 0, None

    def read(self, path: str) -> tuple[int, Any]:
        """What may be asked until it is answered."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            status, document = self.call("GET", path)
            if status:
                return status, document
        raise AssertionError("the region did not come back")

    def create(self) -> None:
        """Make a key, which is known only if that was acknowledged."""
        status, made = self.call("POST", "keys", envelope({"name": "key", "extractable": False}))
        if status == 201:
            self.acknowledged["create"] += 1
            self.keys.append(Known(made["resources"][0]["id"]))

    def act(self, known: Known, action: str) -> None:
        """Do something to a key and remember it: surely, or that it may have happened."""
        path, name, months = f"keys/{known.id}", f"a{time.monotonic_ns()}", self._rng.randint(1, 12)
        policy = envelope({"type": "policy", "rotation": {"interval_month": months}})
        calls: dict[str, tuple[str, str, object]] = {
            "delete": ("DELETE", path, None),
            "restore": ("POST", path + "/restore", {}),
            "alias": ("POST", f"{path}/aliases/{name}", None),
            "policy": ("PUT", path + "/policies?policy=rotation", policy),
            "wrap": ("POST", path + "/actions/wrap", {"plaintext": DEK}),
        }
        status, told = self.call(*calls.get(action, ("POST", f"{path}/actions/{action}", None)))
        if not status:
            known.unknown = action
        elif status < 300:
            self.acknowledged[action] += 1
            known.state = known.after(action)
            known.versions += action == "rotate"
            known.policy = months if action == "policy" else known.policy
            if action == "alias":
                known.aliases.add(name)
            elif action == "wrap":
                known.sealed.append(told["ciphertext"])

    def check(self, known: Known) -> None:
        """What was acknowledged is there; what was not may be, and is known from now on."""
        status, document = self.read(f"keys/{known.id}/metadata")
        if status != 200:
            self.wrong.append(f"{known.id} is lost: {status}")
            return
        key, may = document["resources"][0], known.unknown
        _, listed = self.read(f"keys/{known.id}/versions?allKeyStates=true")
        versions, aliases = len(listed["resources"]), set(key["aliases"])
        months = key.get("rotation", {}).get("interval_month", 0)
        right = (
            key["state"] in {known.state, known.after(may)},
            # A policy rotates by itself: there may be more versions, and never fewer.
            versions >= known.versions,
            aliases >= known.aliases and len(aliases - known.aliases) <= (may == "alias"),
            months == known.policy or may == "policy",
        )
        if not all(right):
            found = (key["state"], versions, aliases, months)
            self.wrong.append(f"{known} was found as {found}: {right}")
        for alias in sorted(known.aliases)[-1:]:
            status, named = self.read(f"keys/{alias}/metadata")
            if status != 200 or named["resources"][0]["id"] != known.id:
                self.wrong.append(f"{known.id} is not found by its alias: {status}")
        known.state, known.versions, known.aliases = key["state"], versions, aliases
        known.policy, known.unknown = months, ""

    def revive(self, known: Known) -> None:
        """Restore and enable a key, each when the service allows it."""
        if known.state == 5:
            time.sleep(SETTLED)
            self.call("POST", f"keys/{known.id}/restore", {})
            known.state = known.before
        if known.state == 2:
            time.sleep(SETTLED)
            self.call("POST", f"keys/{known.id}/actions/enable")

    def open_all(self) -> int:
        """Unwrap all that was ever wrapped with a key that is still there; how many it was."""
        with closing(self._connection):
            return self._open_all()

    def _open_all(self) -> int:
        opened = 0
        for known in self.keys:
            self.check(known)
            self.revive(known)
            for sealed in known.sealed:
                body = {"ciphertext": sealed}
                status, told = self.call("POST", f"keys/{known.id}/actions/unwrap", body)
                if status != 200 or told["plaintext"] != DEK:
                    self.wrong.append(f"{known.id} does not open what it wrapped: {status}")
                opened += 1
        return opened


@contextmanager
def nursery(folder: Path, *mutant: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A region that is back after every kill, and its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    iam = {"api_keys": [SOMEONE], "signing_key": new_signing_key()}
    told = {"region": "us-south", "iam": iam, "instances": [TENANT], "port": port}
    told |= {"directory": str(folder), "scale_time": SCALE}
    command = (sys.executable, "-m", "tests.service.nursery", json.dumps(told), *mutant)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        yield child, port
        assert child.stdin is not None
        child.stdin.close()
        child.wait(PATIENCE)


def next_life(child: "subprocess.Popen[bytes]") -> int:
    """The process id of the region once it answers."""
    assert child.stdout is not None
    return int(json.loads(child.stdout.readline())["pid"])


def killed_under_load(folder: Path, kills: int, *mutant: str) -> list[Caller]:
    """Callers at work while a region is killed so often, or until one of them found a loss."""
    rng = Random(1)
    with nursery(folder, *mutant) as (child, port):
        life = next_life(child)
        issued = token(f"http://127.0.0.1:{port}")
        headers = {"Authorization": "Bearer " + issued, "Bluemix-Instance": INSTANCE}
        callers = [Caller(port, headers, seed) for seed in range(CALLERS)]
        for caller in callers:
            caller.start()
        for _ in range(kills):
            time.sleep(rng.uniform(0.0, LIFE_AT_MOST))
            if any(caller.wrong for caller in callers):
                break
            os.kill(life, signal.SIGKILL)
            life = next_life(child)
        for caller in callers:
            caller.stopped.set()
        for caller in callers:
            caller.join(PATIENCE)
        with ThreadPoolExecutor(CALLERS) as pool:
            for caller, opened in zip(callers, pool.map(Caller.open_all, callers), strict=True):
                caller.opened = opened
    return callers


@pytest.mark.slow
def test_two_hundred_kills_under_load_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    callers = killed_under_load(tmp_path, KILLS)
    acknowledged = sum((caller.acknowledged for caller in callers), Counter())
    assert [each for caller in callers for each in caller.wrong] == []
    assert set(acknowledged) == {"create", *ACTIONS}
    assert acknowledged.total() > KILLS
    assert sum(caller.opened for caller in callers) > 0


@pytest.mark.slow
@pytest.mark.parametrize("mutant", sorted(MUTANTS))
def test_a_vault_that_loses_what_it_acknowledged_is_found_out(tmp_path: Path, mutant: str) -> None:
    assert any(caller.wrong for caller in killed_under_load(tmp_path, KILLS, mutant))
