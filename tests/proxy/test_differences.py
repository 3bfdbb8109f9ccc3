"""Intended differences that are neither a defect nor an answer of the API: each seen on both."""

import re
import time
from pathlib import Path

import pytest

from tests.proxy.api_table import CASES
from tests.proxy.differences import DIFFERENCES
from tests.proxy.ends import joined, receive
from tests.proxy.peers import peer
from tests.proxy.vectors import table

_BOTH = pytest.mark.parametrize("name", ["ours", "toxiproxy"])


def test_every_intended_difference_is_shown() -> None:
    shown = {exchange.difference for case in CASES for exchange in case.exchanges}
    shown |= {vector.difference for vector in table()}
    for file in ("test_defects.py", "test_differences.py"):
        text = Path(__file__).with_name(file).read_text("utf-8")
        shown |= set(re.findall(r'assert "([a-z-]+)" in DIFFERENCES', text))

    assert shown - {""} == set(DIFFERENCES)


@pytest.mark.slow
@_BOTH
def test_a_connection_that_was_hit_stays_hit_when_its_toxic_is_touched(name: str) -> None:
    assert "draws" in DIFFERENCES
    rounds, toxic = 40, {"attributes": {"timeout": 0}}
    with peer(name) as server, joined(server) as both:
        server.add("it", "timeout", {"timeout": 0}, name="drop", toxicity=0.5)
        for _ in range(rounds):
            server.fine("POST", "/proxies/it/toxics/drop", toxic)
            both.server.sendall(b"x")
            # Each byte a chunk of its own, so that each meets the draw of its round.
            time.sleep(0.005)
        both.server.close()
        passed = len(receive(both.client, rounds))

    # Drawn anew each time, all or none of so many would be the same once in a trillion runs.
    assert (passed in {0, rounds}) == server.ours


@pytest.mark.slow
@_BOTH
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/counts"), ("GET", "/proxies/it/counts"), ("GET", "/leases"), ("POST", "/changes")],
)
def test_only_ours_answers_on_routes_of_its_own(name: str, method: str, path: str) -> None:
    assert "more-routes" in DIFFERENCES
    with peer(name) as server:
        server.make("it", "u:1")
        body: list[object] | None = [] if method == "POST" else None

        assert server.ask(method, path, body).status == (200 if server.ours else 404)
