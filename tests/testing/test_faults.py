"""Every fault of the fixtures, on real sockets, by an unmodified client; and that each heals."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import httpx
import pytest

from chaos.testing.faults import Faults, Injected
from chaos.testing.key_service import KeyServiceUnderTest, Region
from chaos.testing.wire import Wire
from tests.testing.calling import PLAIN, headers

# Patience for a machine that is busy with something else; nothing here waits so long.
PATIENT = 30.0
Fault = Callable[[Faults], AbstractContextManager[Injected]]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=PATIENT, verify=PLAIN) as one:
        yield one


def wrap(
    client: httpx.Client, service: KeyServiceUnderTest, region: Region | None = None
) -> httpx.Response:
    aimed = region or service.primary
    return client.post(aimed.path("wrap"), json={}, headers=headers(service, aimed))


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (lambda faults: faults.throttle(), 429),
        (lambda faults: faults.region_outage(how="error"), 503),
        (lambda faults: faults.key_deleted(), 410),
        (lambda faults: faults.key_disabled(), 409),
        (lambda faults: faults.service_fault(kind="error", status=418), 418),
    ],
    ids=["throttle", "error", "key-deleted", "key-disabled", "any-kind"],
)
def test_a_fault_of_the_service_answers_as_it_is_named_until_it_heals(
    client: httpx.Client,
    key_service: KeyServiceUnderTest,
    faults: Faults,
    fault: Fault,
    status: int,
) -> None:
    with fault(faults) as injected:
        assert wrap(client, key_service).status_code == status
        assert wrap(client, key_service, key_service.backup).status_code == 200

    assert wrap(client, key_service).status_code == 200
    assert injected.touched == 1
    injected.assert_bit()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (lambda faults: faults.region_outage(), httpx.ConnectError),
        (lambda faults: faults.region_outage(how="reset"), httpx.ReadError),
        (lambda faults: faults.region_outage(how="blackhole"), httpx.ReadTimeout),
    ],
    ids=["refused", "reset", "blackhole"],
)
def test_a_region_is_out_as_asked_until_it_heals(
    key_service: KeyServiceUnderTest,
    faults: Faults,
    fault: Fault,
    expected: type[httpx.TransportError],
) -> None:
    url, sent = key_service.primary.path("wrap"), headers(key_service, key_service.primary)
    with fault(faults), pytest.raises(expected):
        # Without a body, which is one write: a second one would be told of the reset, httpx would
        # pass over that, and then read what looks like a mere end.
        httpx.post(url, headers=sent, timeout=0.2, verify=PLAIN)

    # Over a new connection: the end of a blackhole closes those that it held.
    healed = httpx.post(url, headers=sent, timeout=PATIENT, verify=PLAIN)
    assert healed.status_code == 200


def test_latency_is_there_on_both_clocks(
    client: httpx.Client, key_service: KeyServiceUnderTest, faults: Faults, wire: Wire
) -> None:
    with faults.latency(latency=0.2) as slow:
        assert wrap(client, key_service).status_code == 200

    (attempt,) = wire.attempts("us-south")
    assert attempt.ended is not None
    assert attempt.ended - attempt.sent >= 0.2
    assert slow.touched == 1


def test_a_token_cannot_be_had_while_iam_is_out_and_the_old_one_stays_good(
    client: httpx.Client, key_service: KeyServiceUnderTest, faults: Faults
) -> None:
    grant = {
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
        "apikey": key_service.api_key,
    }
    with faults.iam_outage() as outage:
        refused = client.post(f"{key_service.iam_url}/identity/token", data=grant)
        assert wrap(client, key_service).status_code == 200

    assert refused.status_code == 503
    assert outage.touched == 1
    given = client.post(f"{key_service.iam_url}/identity/token", data=grant)
    assert given.status_code == 200


def test_one_zone_of_three_is_lost_and_the_others_serve(
    client: httpx.Client, key_service: KeyServiceUnderTest, faults: Faults
) -> None:
    broken = 0
    with faults.zone_loss() as loss:
        for _ in range(6):
            try:
                assert wrap(client, key_service).status_code == 200
            except httpx.TransportError:
                broken += 1

    assert broken == loss.touched
    assert 1 <= broken <= 2
    assert wrap(client, key_service).status_code == 200


def test_faults_compose_and_heal_in_any_order(
    client: httpx.Client, key_service: KeyServiceUnderTest, faults: Faults
) -> None:
    first, second = ExitStack(), ExitStack()
    first.enter_context(faults.region_outage("us-south"))
    second.enter_context(faults.region_outage("us-south"))
    second.enter_context(faults.throttle("us-east"))

    first.close()
    with pytest.raises(httpx.TransportError):
        wrap(client, key_service)
    assert wrap(client, key_service, key_service.backup).status_code == 429
    second.close()

    assert wrap(client, key_service).status_code == 200
    assert wrap(client, key_service, key_service.backup).status_code == 200


def test_a_fault_is_healed_when_the_test_raises_inside_it(
    client: httpx.Client, key_service: KeyServiceUnderTest, faults: Faults
) -> None:
    def dies() -> None:
        with faults.region_outage(), faults.throttle("us-east"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dies()

    assert wrap(client, key_service).status_code == 200
    assert wrap(client, key_service, key_service.backup).status_code == 200


def test_what_is_left_in_force_heals_at_the_end_and_only_once(
    client: httpx.Client, key_service: KeyServiceUnderTest
) -> None:
    faults = Faults(key_service)
    left = faults.throttle()
    injected = left.__enter__()

    faults.close()

    assert wrap(client, key_service).status_code == 200
    assert not injected.in_force
    left.__exit__(None, None, None)


def test_a_fault_that_touched_nothing_says_so(faults: Faults) -> None:
    with faults.throttle() as throttle:
        throttle.assert_bit()

    with pytest.raises(AssertionError, match="touched nothing"):
        throttle.assert_bit()


def test_the_wire_sees_what_is_swallowed_and_who_gave_up(
    key_service: KeyServiceUnderTest, faults: Faults, wire: Wire
) -> None:
    sent = headers(key_service, key_service.primary)
    url = key_service.primary.path("wrap")
    with faults.region_outage(how="blackhole"), pytest.raises(httpx.ReadTimeout):
        httpx.post(url, json={}, headers=sent, timeout=0.2, verify=PLAIN)

    (attempt,) = wire.attempts()
    assert (attempt.region, attempt.action, attempt.lost) == ("us-south", "wrap", "abandoned")


def test_an_unknown_region_is_answered_with_those_that_there_are(faults: Faults) -> None:
    with pytest.raises(KeyError, match="us-south, us-east"):
        faults.latency("eu-de")
