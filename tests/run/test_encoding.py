"""What is journalled is what is read back: the columns and lines lose nothing that they promise."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chaos.client.call import Decision
from chaos.exchange import FAILURE_KINDS, Answer, Failure
from chaos.run.decoding import columns, events
from chaos.run.encoding import Memory
from chaos.run.record import ATTEMPT, FAILURE_CODES, NOWHERE, OPERATION, OUTCOMES, WHYS
from chaos.run.world import Applied, Attempted, Audited, Decided, Operated, Wrapped

REGIONS = ("us-south", "us-east")
times = st.floats(0.0, 1e6, allow_nan=False)
replies = st.one_of(
    st.builds(Answer, st.integers(100, 599), st.just({}), st.just(b""), st.booleans()),
    st.builds(Failure, st.sampled_from(FAILURE_KINDS), st.booleans(), st.booleans()),
)
attempts = st.builds(
    Attempted,
    operation=st.integers(0, 2**32 - 1),
    client=st.integers(0, 2**16 - 1),
    number=st.integers(1, 255),
    region=st.sampled_from((*REGIONS, "")),
    sent=times,
    ended=times,
    reply=replies,
    waited=st.floats(0.0, 1e3, width=32),
    why=st.sampled_from(WHYS),
)


@given(st.lists(attempts, max_size=20))
def test_attempts_come_back_as_they_were_noted_in_the_order_sent(noted: list[Attempted]) -> None:
    memory = Memory(REGIONS)
    for attempt in noted:
        memory.note(attempt)

    read = columns(memory.attempts, ATTEMPT, "sent")

    for record, attempt in zip(read, sorted(noted, key=lambda each: each.sent), strict=True):
        reply = attempt.reply
        code = reply.status if isinstance(reply, Answer) else FAILURE_CODES[reply.kind]
        region = REGIONS.index(attempt.region) if attempt.region else NOWHERE
        assert record["status"] == code
        assert record["region"] == region
        assert (record["sent"], record["ended"]) == (attempt.sent, attempt.ended)
        assert record["waited"] == np.float32(attempt.waited)
        assert (record["operation"], record["client"]) == (attempt.operation, attempt.client)
        assert WHYS[record["why"]] == attempt.why
        assert bool(record["flags"] & 2) == reply.reused
        assert bool(record["flags"] & 1) == (isinstance(reply, Answer) or reply.written)


@given(st.binary(max_size=200))
def test_a_record_cut_off_by_a_kill_is_dropped_and_the_rest_kept(raw: bytes) -> None:
    assert len(columns(raw, ATTEMPT, "sent")) == len(raw) // ATTEMPT.itemsize


def test_operations_come_back_with_their_reasons() -> None:
    memory = Memory(REGIONS)
    for number, why in enumerate(("", "refused", "", "gave up", "refused")):
        outcome = OUTCOMES[1 if why else 0]
        memory.note(
            Operated(number, 1, "wrap", 1.0, 1.0, 2.0, outcome, "us-east", 1, why)  # type: ignore[arg-type]
        )

    read = columns(memory.operations, OPERATION, "number")
    whys = events(bytes(memory.events).splitlines(keepends=True)).whys

    assert [whys[code] for code in read["why"]] == ["", "refused", "", "gave up", "refused"]


def test_values_come_back_whole_and_a_cut_last_line_is_left_out() -> None:
    decided = Decided(3, Decision("failover", 1.5, 7, "us-east", "us-south", "refused twice"))
    applied = Applied(15.0, 15.01, "inject", "down", "down", "us-south", {"injected": 3.0})
    wrapped = Wrapped(7, 3, 1.25, "us-south", "ab" * 32, "Y2lwaGVy", "v1")
    audited = Audited(7, "us-east", "lost", "404 KEY_NOT_FOUND_ERR")
    memory = Memory(REGIONS)
    for event in (decided, applied, wrapped, audited):
        memory.note(event)

    found = events([*bytes(memory.events).splitlines(keepends=True), b'{"Wrapped":{"numb'])

    assert found.decisions == [decided]
    assert found.changes == [applied]
    assert found.ledger == [wrapped]
    assert found.audit == [audited]


def test_what_an_answer_asked_to_wait_is_kept_and_nothing_else_is_a_number() -> None:
    memory = Memory(REGIONS)
    date = {"date": "Tue, 01 Jan 2030 00:00:00 GMT", "retry-after": "Tue, 01 Jan 2030 00:01:00 GMT"}
    for headers in ({"retry-after": "7"}, date, {"retry-after": "soon"}, {}):
        reply = Answer(503, headers)
        memory.note(Attempted(0, 0, 1, "us-south", 0.0, 1.0, reply, 0.0, "first"))

    asked = columns(memory.attempts, ATTEMPT, "sent")["retry_after"]

    assert list(asked[:2]) == [7.0, 60.0]
    assert all(math.isnan(value) for value in asked[2:])
