"""Events as bytes: fixed-width records of attempts and operations, a JSON line for everything else.

Pure, so that a simulated run is kept in memory by the code that writes a real one to disk.
"""

from collections.abc import Callable
from dataclasses import replace
from struct import Struct

import orjson

from chaos.client.retry_after import asked_for
from chaos.exchange import Answer
from chaos.run.record import (
    FAILURE_CODES,
    NOWHERE,
    OPERATION_KINDS,
    OUTCOMES,
    REUSED,
    WHYS,
    WRITTEN,
)
from chaos.run.redaction import redacted
from chaos.run.world import Attempted, Audited, Decided, Event, Operated

Write = Callable[[bytes], object]

_ATTEMPT = Struct("<ddffIHHBBBB")
_OPERATION = Struct("<dddIHBBBBH")
_NAN = float("nan")
# The largest 32-bit float: servers may ask for longer, and nobody waits so long.
_MOST = 3.4e38


class Encoder:
    """Turns every event into bytes and hands them to one of three sinks."""

    def __init__(
        self, regions: tuple[str, ...], attempts: Write, operations: Write, events: Write
    ) -> None:
        self._attempts = attempts
        self._operations = operations
        self._events = events
        self._regions = {region: code for code, region in enumerate(regions)}
        self._reasons: dict[str, int] = {why: code for code, why in enumerate(WHYS)}
        self._kinds: dict[str, int] = {kind: code for code, kind in enumerate(OPERATION_KINDS)}
        self._outcomes: dict[str, int] = {name: code for code, name in enumerate(OUTCOMES)}
        self._whys = {"": 0}

    def note(self, event: Event) -> None:
        """Encode one event."""
        if isinstance(event, Attempted):
            self._attempts(self._attempted(event))
        elif isinstance(event, Operated):
            self._operations(self._operated(event))
        else:
            self.line(type(event).__name__, _said(event))

    def line(self, kind: str, fields: object) -> None:
        """One JSON line: `{"Decided": {…}}`."""
        self._events(b'{"%s":%s}\n' % (kind.encode(), orjson.dumps(fields)))

    def _attempted(self, event: Attempted) -> bytes:
        reply = event.reply
        retry_after = _NAN
        if isinstance(reply, Answer):
            status, flags = reply.status, WRITTEN
            # The journal has no wall clock: a date counts from the answer's own.
            asked = asked_for(reply.headers, None)
            if asked is not None:
                retry_after = min(asked, _MOST)
        else:
            status = FAILURE_CODES[reply.kind]
            flags = WRITTEN if reply.written else 0
        return _ATTEMPT.pack(
            event.sent,
            event.ended,
            event.waited,
            retry_after,
            event.operation,
            event.client,
            status,
            min(event.number, 255),
            self._regions.get(event.region, NOWHERE),
            self._reasons[event.why],
            flags | (REUSED if reply.reused else 0),
        )

    def _operated(self, event: Operated) -> bytes:
        why = self._whys.get(event.why)
        if why is None:
            why = self._whys[event.why] = len(self._whys)
            self.line("Why", {"code": why, "text": redacted(event.why)})
        return _OPERATION.pack(
            event.due,
            event.started,
            event.ended,
            event.number,
            event.client,
            min(event.attempts, 255),
            self._kinds[event.kind],
            self._outcomes[event.outcome],
            self._regions.get(event.region, NOWHERE),
            why,
        )


def _said(event: Event) -> Event:
    """The event with what its client said in its own words rid of secrets."""
    match event:
        case Decided(client, decision) if (why := redacted(decision.why)) != decision.why:
            return Decided(client, replace(decision, why=why))
        case Audited(why=said) if (why := redacted(said)) != said:
            return replace(event, why=why)
    return event


class Memory:
    """A run's events in memory, in the bytes that the journal would hold."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self.attempts = bytearray()
        self.operations = bytearray()
        self.events = bytearray()
        sinks = (self.attempts.extend, self.operations.extend, self.events.extend)
        self.note: Callable[[Event], None] = Encoder(regions, *sinks).note
