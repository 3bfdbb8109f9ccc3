"""The twin in a thread: there while it is entered, and nothing of it afterwards."""

import socket
import threading
from urllib.parse import urlsplit

import pytest

from chaos.errors import WorldError
from chaos.testing.key_service import token_of
from chaos.testing.twin import Twin


def listens(url: str) -> bool:
    where = urlsplit(url)
    try:
        socket.create_connection((where.hostname or "", where.port or 0), timeout=5.0).close()
    except ConnectionRefusedError:
        return False
    return True


def test_everything_listens_until_the_end_and_nothing_after_it() -> None:
    before = threading.active_count()
    with Twin(("us-south",)) as twin:
        urls = [twin.endpoint("us-south"), twin.endpoint("iam"), twin.proxy_url]
        urls += list(twin.origins.values())
        assert all(listens(url) for url in urls)
        assert token_of(twin)

    assert not any(listens(url) for url in urls)
    assert threading.active_count() == before


def test_a_fault_that_makes_no_sense_is_refused_in_a_sentence(keychaos_twin: Twin) -> None:
    with pytest.raises(WorldError, match=r"us-south did not PUT the fault odd: .*retry_aftr"):
        keychaos_twin.inject("us-south", "odd", {"kind": "throttle", "retry_aftr": 1.0})


def test_a_proxy_that_is_not_there_is_refused_in_a_sentence(keychaos_twin: Twin) -> None:
    with pytest.raises(WorldError, match="proxy not found"):
        keychaos_twin.set_enabled("eu-de", enabled=False)
