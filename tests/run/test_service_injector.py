"""Faults inside a real region process: injected, proved and healed over its control API."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson
import pytest

from chaos.errors import WorldError
from chaos.run.service_injector import ServiceInjector
from chaos.scenario.model import Change, Fault
from tests.proxy.peers import free_port

TOKEN = "a-token"  # noqa: S105 - opens a control API on loopback for a second


@contextmanager
def region() -> Iterator[str]:
    """A region process with a control token: its URL while entered."""
    told = {"region": "us-south", "control_token": TOKEN, "instances": []}
    with subprocess.Popen(
        [sys.executable, "-m", "chaos.service.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(orjson.dumps(told) + b"\n")
            process.stdin.flush()
            yield orjson.loads(process.stdout.readline())["url"]
        finally:
            process.stdin.close()
            process.wait(10)


def change(verb: str, kind: str = "error", **attributes: float | str) -> Change:
    made = Fault("it", kind, "service", "us-south", 1.0, 1.0, tuple(attributes.items()))
    return Change(1.0, verb, made)  # type: ignore[arg-type]


def test_a_region_that_is_not_there_is_named_with_what_it_did_not_do() -> None:
    injector = ServiceInjector({"us-south": f"http://127.0.0.1:{free_port()}"}, TOKEN)

    with pytest.raises(WorldError, match="us-south did not inject the fault it: ConnectError"):
        injector.apply(change("inject"))
    injector.close()


@pytest.mark.slow
def test_a_fault_of_a_region_process_is_proved_and_healed() -> None:
    with region() as url:
        injector = ServiceInjector({"us-south": url}, TOKEN)
        before = time.monotonic()
        took_effect, nothing = injector.apply(change("inject", status=500))
        asked = httpx.get(f"{url}/api/v2/keys").status_code
        healed, counts = injector.apply(change("heal"))

        assert (asked, nothing) == (500, {})
        assert before <= took_effect <= counts["first"] <= healed <= time.monotonic()
        assert (counts["eligible"], counts["injected"], counts["escaped"]) == (1.0, 1.0, 0.0)
        with pytest.raises(WorldError, match="us-south did not heal the fault it: HTTP 404"):
            injector.apply(change("heal"))
        injector.close()


@pytest.mark.slow
def test_a_fault_that_the_region_does_not_know_is_refused_in_its_own_words() -> None:
    with region() as url:
        injector = ServiceInjector({"us-south": url}, TOKEN)
        with pytest.raises(WorldError, match="HTTP 400"):
            injector.apply(change("inject", status=200))
        injector.close()
