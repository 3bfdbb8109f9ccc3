"""One suite against two addresses: our fault proxy and a real Toxiproxy 2.12."""

import functools
import http.client
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from tests.proxy.api_cases import Case, Exchange
from tests.proxy.api_table import CASES
from tests.proxy.differences import DIFFERENCES
from tests.proxy.peers import Peer, peer
from tests.proxy.vectors import Step, Vector, play, table
from tests.proxy.wire import Received, play_all

pytestmark = pytest.mark.slow

BOTH = ["ours", "toxiproxy"]
# How much later than asked a byte may come; never earlier than the clocks of sockets are apart.
LATE, EARLY = 0.03, 0.004
REPETITIONS = 6


@pytest.fixture(scope="module", params=BOTH)
def server(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with peer(request.param) as one:
        yield one


def _exchanged(server: Peer, exchange: Exchange, port: str) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(server.api.host, server.api.port, timeout=30)
    body = None if exchange.body is None else exchange.body.replace("<port>", port).encode()
    connection.request(exchange.method, exchange.path, body, dict(exchange.headers))
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    kind = answer.getheader("Content-Type") or ""
    assert bool(answer.getheader("X-Toxiproxy-Request-Id")) == (
        answer.status != 405 and text != "404 page not found\n"
    )
    return answer.status, text, kind


def _kind(server: Peer, exchange: Exchange, status: int) -> str:
    if status in {204, 405}:
        return ""
    if status == 403 or "page not found" in exchange.answer:
        return "text/plain; charset=utf-8"
    if status >= 400 and exchange.path != "/populate" and not server.ours:
        return "text/plain; charset=utf-8"
    return "application/json"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_api_answers_alike(server: Peer, case: Case) -> None:
    server.clear()
    port = "0"
    for exchange in case.exchanges:
        expected = (exchange.status, exchange.answer)
        if not server.ours and exchange.theirs is not None:
            assert exchange.difference in DIFFERENCES
            expected = exchange.theirs

        status, text, kind = _exchanged(server, exchange, port)

        found = re.search(r"127\.0\.0\.1:(\d+)\"", text)
        port = found[1] if found else port
        text = re.sub(r'(127\.0\.0\.1|\[::\]):\d+"', r'\1:<port>"', text)
        text = re.sub(r"nope\.invalid on \S+:53:", "nope.invalid on <resolver>:", text)
        assert (status, text) == expected, exchange
        assert kind == _kind(server, exchange, status)


def test_the_version_is_plain_json_that_clients_parse(server: Peer) -> None:
    status, text, kind = _exchanged(server, Exchange("GET", "/version", None, 200, ""), "")

    assert status == 200
    assert kind == "application/json;charset=utf-8"
    assert re.fullmatch(r'\{"version": "[^"]+"\}\n', text)
    if server.ours:
        assert json.loads(text)["version"] == "2.12.0"


@functools.cache
def _all_on_the_wire(name: str) -> dict[str, Received]:
    vectors = [vector for vector in table() if vector.leaving(name) is not None]
    with peer(name) as server:
        return play_all(server, vectors)


def _on_the_wire(name: str, vector: Vector, repetition: int) -> Received:
    if not repetition:
        return _all_on_the_wire(name)[vector.name]
    with peer(name) as server:
        return play_all(server, [vector])[vector.name]


_PLAYED = [
    pytest.param(name, vector, id=f"{name}-{vector.name}")
    for name in BOTH
    for vector in table()
    if vector.leaving(name) is not None
]


@pytest.mark.parametrize(("name", "vector"), _PLAYED)
def test_a_toxic_does_on_the_wire_what_its_vector_says(name: str, vector: Vector) -> None:
    # A busy machine may be late, so lateness is tried again; a wrong toxic is wrong every time.
    late = []
    for repetition in range(REPETITIONS):
        received = _on_the_wire(name, vector, repetition)
        outputs = vector.leaving(name)
        assert outputs is not None
        late.append(_lateness(vector, outputs, received))
        if late[-1] <= LATE:
            return

    pytest.fail(f"late by {late} s, though asked again")


def _lateness(vector: Vector, outputs: tuple[Step, ...], received: Received) -> float:
    """How late the latest output came, infinite where it did not yet; anything else fails."""
    ends = [step for step in outputs if step.word]
    expected = b"".join(step.data for step in outputs)
    assert expected.startswith(received.data)
    if received.ended is not None:
        assert received.ended[1] == ("reset" if ends[0].word == "reset" else "end")
        assert received.data == expected
    elif ends or received.data != expected:
        return float("inf")
    so_far, late = 0, 0.0
    for first, last in zip(*_expected(vector, outputs, received), strict=True):
        so_far += len(first.data)
        ended = received.ended[0] if received.ended else -1.0
        at = received.when(so_far) if first.data else ended
        assert at >= min(first.at, last.at) - EARLY, (first, received)
        late = max(late, at - max(first.at, last.at) - received.joined)
    return late


def _expected(
    vector: Vector, outputs: tuple[Step, ...], received: Received
) -> tuple[Sequence[Step], Sequence[Step]]:
    """What is to come, at the earliest and at the latest, by when the inputs really went in.

    It is what the pure toxic makes of the earliest and the latest that each may have been. Of a
    Toxiproxy that differs it is what the table says, as much later as the latest input was.
    """
    if outputs is vector.outputs:
        first, last = ([span[which] for span in received.done] for which in (0, 1))
        return play(_at(vector, first)), play(_at(vector, last))
    spans = zip(vector.inputs, received.done, strict=True)
    late = max((span[1] - received.joined - step.at for step, span in spans), default=0.0)
    return outputs, [replace(step, at=step.at + max(0.0, late)) for step in outputs]


def _at(vector: Vector, times: list[float]) -> Vector:
    moved = zip(vector.inputs, times, strict=True)
    return replace(vector, inputs=tuple(replace(step, at=at) for step, at in moved))
