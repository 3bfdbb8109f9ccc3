"""Faults inside the regions of a simulated world: they bite, they are counted, they heal."""

import pytest

from chaos.client.presets import factory_for
from chaos.exchange import Answer, Failure
from chaos.run.simulation import simulate
from chaos.run.world import Applied, Attempted, Audited, Event
from tests.run.made import small

EPOCH = 1.8e9


def played(faults: str) -> list[Event]:
    events: list[Event] = []
    simulate(small(faults=faults), factory_for("key-protect-docs"), events.append, EPOCH)
    return events


def statuses(events: list[Event]) -> set[int]:
    """What regions answered while the fault was in force."""
    return {
        event.reply.status
        for event in events
        if isinstance(event, Attempted) and isinstance(event.reply, Answer) and 3 < event.sent < 6
    }


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ("kind: throttle, target: us-south, retry_after: 1s", 429),
        ("kind: error, target: us-south, status: 500", 500),
        ("kind: reject_tokens, target: us-south", 401),
        ("kind: key_deleted, target: us-south", 410),
        ("kind: key_disabled, target: us-south", 409),
        ("kind: quota, target: us-south, rate: 1/s", 429),
        ("kind: capacity, target: us-south, workers: 1, service: 2s, queue: 1", 503),
    ],
)
def test_a_fault_is_answered_as_the_service_would_and_its_touches_are_counted(
    fields: str, status: int
) -> None:
    events = played(f"[{{name: it, {fields}, at: 3s, lasts: 3s}}]")

    inject, heal = (event for event in events if isinstance(event, Applied))
    assert (inject.took_effect, heal.took_effect, inject.counts) == (3.0, 6.0, {})
    assert status in statuses(events)
    assert heal.counts["eligible"] >= heal.counts["injected"] > 0
    assert heal.counts["escaped"] == heal.counts["eligible"] - heal.counts["injected"]
    # The service's clock is UTC in seconds, good to a quarter of a microsecond.
    assert 3.0 - 1e-6 <= heal.counts["first"] < 6.0
    assert all(event.verdict == "right" for event in events if isinstance(event, Audited))


def test_a_share_of_the_requests_is_touched_and_the_rest_escapes() -> None:
    *_, heal = (
        event
        for event in played(
            "[{name: it, kind: error, target: us-south, share: 50%, at: 3s, lasts: 3s}]"
        )
        if isinstance(event, Applied)
    )

    assert heal.counts["matched"] == heal.counts["injected"] > 0
    assert heal.counts["escaped"] > 0


def test_what_hangs_is_ended_by_the_clients_own_timeout() -> None:
    events = played("[{name: it, kind: hang, target: us-south, at: 3s, lasts: 3s}]")

    failed = [
        event.reply.kind
        for event in events
        if isinstance(event, Attempted) and not isinstance(event.reply, Answer)
    ]
    assert failed
    assert set(failed) <= {"read_timeout", "total_timeout", "cancelled"}


def test_the_tokens_of_a_scenario_last_as_long_as_it_says() -> None:
    scenario = small("service.token_lasts=4s", faults="[]")
    events: list[Event] = []
    simulate(scenario, factory_for("recommended"), events.append, EPOCH)

    asking = {
        event.client for event in events if isinstance(event, Attempted) and event.why == "refresh"
    }
    assert asking == set(range(scenario.clients.count))


def test_a_crash_refuses_everybody_and_loses_nothing_that_was_acknowledged() -> None:
    events = played("[{name: it, kind: crash, target: us-south, at: 3s, lasts: 3s}]")

    inject, heal = (event for event in events if isinstance(event, Applied))
    there = [
        event for event in events if isinstance(event, Attempted) and event.region == "us-south"
    ]
    dead = [event.reply for event in there if 3.0 <= event.sent < 6.0 - 0.01]
    assert (inject.counts, heal.counts) == ({"died": 1.0}, {})
    assert dead
    assert all(isinstance(reply, Failure) and reply.kind == "refused" for reply in dead)
    assert any(isinstance(event.reply, Answer) for event in there if event.sent > 6.5)
    assert {event.verdict for event in events if isinstance(event, Audited)} == {"right"}


STALE = """[
  {name: disabled, kind: key_disabled, target: us-south, at: 3s, lasts: 5s},
  {name: over, kind: provider_failover, target: us-south, at: 4s, lasts: 3s}]"""


def test_a_standby_reads_stale_inside_its_lag_and_not_after_it() -> None:
    scenario = small("regions.us-south.standby={lag: 2s}", faults=STALE)
    events: list[Event] = []
    simulate(scenario, factory_for("key-protect-docs"), events.append, EPOCH)

    def found(begins: float, ends: float) -> set[int]:
        return {
            event.reply.status
            for event in events
            if isinstance(event, Attempted) and isinstance(event.reply, Answer)
            if event.region == "us-south" and begins < event.sent < ends - 0.01
        }

    assert (found(0, 3), found(3, 4)) == ({200}, {409})
    # The standby hears at 5 s of what happened at 3 s.
    assert (found(4, 5), found(5, 7)) == ({200}, {409})
    assert (found(7, 8), found(8.01, 9)) == ({409}, {200})
    *_, heal = (event for event in events if isinstance(event, Applied) and event.fault == "over")
    assert heal.counts["injected"] > 0
    assert heal.counts["first"] == pytest.approx(4.0, abs=0.1)
