# OpenTelemetry is an option: where it is not installed, its test is skipped.
# mypy: disable-error-code="import-not-found"
"""A program with OpenTelemetry set up as its manual says, using the clients that people use.

Run by `tests/client/test_telemetry.py` in a process of its own, since providers are set once in a
process. Prints the spans and metrics that came out as JSON.
"""

import asyncio
import json
import sys

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chaos.client.key_client import AsyncKeyClient, KeyClient
from tests.client.twin import Twin, TwinTransport

SECRET = b"a document that nobody may see"


def threads(transport: TwinTransport) -> None:
    """Encrypt in fair weather, decrypt while the primary refuses."""
    with KeyClient(transport.twin.wiring(), transport=transport) as keys:
        envelope = keys.encrypt(SECRET)
        keys._envelopes.forget()
        transport.meets = lambda host: "refuses" if host == "us-south" else "answers"
        assert keys.decrypt(envelope) == SECRET


async def tasks(transport: TwinTransport) -> None:
    """The same, and an operation that is cancelled."""
    async with AsyncKeyClient(transport.twin.wiring(), transport=transport) as keys:
        envelope = await keys.encrypt(SECRET)
        keys._envelopes.forget()
        transport.meets = lambda host: "refuses" if host == "us-south" else "answers"
        assert await keys.decrypt(envelope) == SECRET
        keys._envelopes.forget()
        transport.meets = lambda _: "swallows"
        cancelled = asyncio.create_task(keys.decrypt(envelope))
        await asyncio.sleep(0.05)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)


def main() -> None:
    """Play one kind of client and print what was told of it."""
    spans, measures = InMemorySpanExporter(), InMemoryMetricReader()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(MeterProvider([measures]))
    transport = TwinTransport(Twin())
    with trace.get_tracer("program").start_as_current_span("request"):
        if sys.argv[1] == "threads":
            threads(transport)
        else:
            asyncio.run(tasks(transport))
    told = measures.get_metrics_data()
    assert told is not None
    json.dump(
        {
            "spans": [json.loads(span.to_json()) for span in spans.get_finished_spans()],
            "metrics": json.loads(told.to_json()),
            "secrets": [transport.twin.token, SECRET.decode()],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
