"""One table of wire faults: the pure effect and the API's attributes say the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.proxy.toxics import Latency, ResetPeer, Timeout
from chaos.run.faults import Gates, distance, wire_fault
from chaos.scenario.model import CRASH, PROVIDER_FAILOVER, Change, Fault, Region

milliseconds = st.integers(0, 60_000)


def fault(kind: str, **attributes: float) -> Fault:
    return Fault("it", kind, "wire", "us-south", 1.0, 2.0, tuple(sorted(attributes.items())))


@given(milliseconds, milliseconds)
def test_latency_holds_answers_back(latency: int, jitter: int) -> None:
    made = wire_fault(fault("latency", latency=latency / 1000.0, jitter=jitter / 1000.0))

    assert (made.name, made.type, made.stream) == ("it", "latency", "downstream")
    assert made.effect == Latency(latency / 1000.0, jitter / 1000.0)
    assert made.attributes == {"latency": latency, "jitter": jitter}


@pytest.mark.parametrize(("kind", "effect"), [("timeout", Timeout), ("reset_peer", ResetPeer)])
@given(timeout=milliseconds)
def test_what_swallows_and_what_resets_meets_requests(
    kind: str, effect: type[Timeout] | type[ResetPeer], timeout: int
) -> None:
    made = wire_fault(fault(kind, timeout=timeout / 1000.0))

    assert (made.type, made.stream) == (kind, "upstream")
    assert made.effect == effect(timeout / 1000.0)
    assert made.attributes == {"timeout": timeout}


def test_attributes_that_a_file_leaves_out_are_nothing() -> None:
    assert wire_fault(fault("timeout")).effect == Timeout(0.0)
    assert wire_fault(fault("latency")).effect == Latency(0.0, 0.0)


def test_the_api_is_told_whole_milliseconds() -> None:
    told = wire_fault(fault("latency", latency=0.0015, jitter=0.0004)).attributes

    assert all(isinstance(value, int) for value in told.values())


def test_a_region_is_kept_away_by_a_latency_of_its_own_name() -> None:
    made = distance(Region("us-east", 0.028, 0.004))

    assert (made.name, made.stream) == ("distance", "downstream")
    assert made.effect == Latency(0.028, 0.004)


@pytest.mark.parametrize(
    ("changes", "opened"),
    [
        ("+down -down", [False, True]),
        ("+crash -crash", [False, True]),
        ("+provider_failover -provider_failover", [None, None]),
        ("+crash +provider_failover -provider_failover -crash", [False, True, False, True]),
        ("+provider_failover +crash -provider_failover -crash", [None, None, False, True]),
        ("+down +provider_failover -down", [False, None, True]),
        ("+error +crash -error", [None, False, None]),
    ],
)
def test_nobody_listens_for_a_dead_region_but_its_standby(
    changes: str, opened: list[bool | None]
) -> None:
    gates = Gates()

    told = []
    for word in changes.split():
        made = Fault(word[1:], word[1:], "service", "us-south", 1.0, 1.0)
        told.append(gates.change(Change(1.0, "inject" if word[0] == "+" else "heal", made)))
    assert told == opened


def test_the_gates_of_one_region_are_not_those_of_another() -> None:
    gates = Gates()
    crash = Fault("a", CRASH, "service", "us-south", 1.0, 1.0)
    over = Fault("b", PROVIDER_FAILOVER, "service", "us-east", 1.0, 1.0)

    assert gates.change(Change(1.0, "inject", crash)) is False
    assert gates.change(Change(1.0, "inject", over)) is None
