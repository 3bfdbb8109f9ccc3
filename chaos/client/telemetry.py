"""OpenTelemetry spans and metrics of a client, when the user has opentelemetry-api installed.

One span per operation, one below it per attempt, each decision an event; two histograms and a
counter. Without opentelemetry-api all of it is nothing at all. No key material, plaintext, token
or ciphertext is ever put into an attribute.
"""

import importlib
import time
from typing import Any
from urllib.parse import urlsplit

from chaos.client.call import Decision, Done, Try, Work
from chaos.exchange import Answer, Reply

_NAME = "keychaos.client"
_ERROR = 400


class Telemetry:
    """Hears what happens to one client and tells nobody: what is used without opentelemetry-api."""

    def began(self, work: Work) -> Any:
        """An operation begins; what is returned is handed back with all that belongs to it."""
        return None

    def attempted(self, operation: Any, step: Try, reply: Reply, seconds: float) -> None:
        """An attempt ended after so many seconds."""

    def decided(self, operation: Any, decision: Decision) -> None:
        """The client decided something while that operation was under way."""

    def ended(self, operation: Any, done: Done, seconds: float) -> None:
        """An operation ended after so many seconds."""


class OpenTelemetry(Telemetry):
    """Tells OpenTelemetry. ``trace`` and ``metrics`` are the modules of opentelemetry-api."""

    def __init__(self, trace: Any, metrics: Any) -> None:
        self._trace = trace
        self._tracer = trace.get_tracer(_NAME)
        meter = metrics.get_meter(_NAME)
        self._operations = meter.create_histogram(
            "keychaos.client.operation.duration", unit="s", description="Operations, by outcome."
        )
        self._attempts = meter.create_histogram(
            "keychaos.client.attempt.duration", unit="s", description="Attempts, by region."
        )
        self._decisions = meter.create_counter(
            "keychaos.client.decisions", description="Failovers, breaker changes, refreshes, …"
        )

    def began(self, work: Work) -> Any:
        """Begin the operation's span."""
        kind = self._trace.SpanKind.INTERNAL
        attributes = {"keychaos.operation": work.kind, "keychaos.number": work.number}
        return self._tracer.start_span(f"key {work.kind}", kind=kind, attributes=attributes)

    def attempted(self, operation: Any, step: Try, reply: Reply, seconds: float) -> None:
        """Tell an attempt as a span of its own, with HTTP's semantic conventions."""
        attributes: dict[str, Any] = {
            "http.request.method": step.request.method,
            "server.address": urlsplit(step.endpoint).hostname or "",
            "http.request.resend_count": step.number - 1,
            "keychaos.region": step.region,
            "keychaos.why": step.why,
            "keychaos.waited": step.waited,
        }
        if isinstance(reply, Answer):
            attributes["http.response.status_code"] = reply.status
            error = str(reply.status) if reply.status >= _ERROR else ""
        else:
            error = reply.kind
        if error:
            attributes["error.type"] = error
        ended = time.time_ns()
        span = self._tracer.start_span(
            f"{step.request.method} {step.region}",
            context=self._trace.set_span_in_context(operation),
            kind=self._trace.SpanKind.CLIENT,
            attributes=attributes,
            start_time=ended - int(seconds * 1e9),
        )
        if error:
            span.set_status(self._trace.StatusCode.ERROR)
        span.end(end_time=ended)
        measured = {"keychaos.region": step.region, "error.type": error or "none"}
        self._attempts.record(seconds, measured)

    def decided(self, operation: Any, decision: Decision) -> None:
        """Count a decision and tell it as an event of the operation's span."""
        attributes = {"keychaos.decision": decision.kind, "keychaos.region": decision.region}
        self._decisions.add(1, attributes)
        why = {"keychaos.why": decision.why, "keychaos.left": decision.left}
        operation.add_event(decision.kind, {**attributes, **why})

    def ended(self, operation: Any, done: Done, seconds: float) -> None:
        """End the operation's span."""
        outcome = {"keychaos.outcome": done.outcome, "keychaos.region": done.region}
        operation.set_attributes({**outcome, "keychaos.why": done.why})
        if done.outcome != "ok":
            operation.set_status(self._trace.StatusCode.ERROR, done.why)
        operation.end()
        self._operations.record(seconds, outcome)


def telemetry() -> Telemetry:
    """What to tell: OpenTelemetry where its API is installed, nobody otherwise."""
    try:
        trace = importlib.import_module("opentelemetry.trace")
        metrics = importlib.import_module("opentelemetry.metrics")
    except ImportError:
        return Telemetry()
    return OpenTelemetry(trace, metrics)
