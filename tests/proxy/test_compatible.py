"""One suite against two addresses: our fault proxy and a real Toxiproxy 2.12."""

import functools
import http.client
import json
import re
from collections.abc import Iterator

import pytest

from tests.proxy.api_cases import Case, Exchange
from tests.proxy.api_table import CASES
from tests.proxy.differences import DIFFERENCES
from tests.proxy.peers import Peer, peer
from tests.proxy.vectors import Vector, table
from tests.proxy.wire import Received, play_all

pytestmark = pytest.mark.slow

BOTH = ["ours", "toxiproxy"]
# How much later than asked a byte may come on a busy machine; never earlier than the clock's grain.
LATE, EARLY = 0.045, 0.004


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
def _on_the_wire(name: str) -> dict[str, Received]:
    vectors = [vector for vector in table() if name == "ours" or vector.only == ""]
    with peer(name) as server:
        return play_all(server, vectors)


_PLAYED = [
    pytest.param(name, vector, id=f"{name}-{vector.name}")
    for name in BOTH
    for vector in table()
    if name == "ours" or vector.only == ""
]


@pytest.mark.parametrize(("name", "vector"), _PLAYED)
def test_a_toxic_does_on_the_wire_what_its_vector_says(name: str, vector: Vector) -> None:
    received = _on_the_wire(name)[vector.name]
    ends = [step for step in vector.outputs if step.word]

    assert received.data == b"".join(step.data for step in vector.outputs)
    assert (received.ended is not None) == bool(ends)
    so_far = 0
    for step in vector.outputs:
        so_far += len(step.data)
        at = received.when(so_far) if step.data else received.ended[0] if received.ended else -1
        assert step.at - EARLY <= at <= step.at + LATE, (step, received)
    if received.ended is not None:
        assert received.ended[1] == ("reset" if ends[0].word == "reset" else "end")
