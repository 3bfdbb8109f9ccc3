"""What OpenTelemetry hears, told to a stand-in with the few names of its API that are used."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest

from chaos.client.call import Work
from chaos.client.caller import PolicyClient
from chaos.client.driving import BlockingDriver
from chaos.client.presets import RECOMMENDED
from chaos.client.telemetry import OpenTelemetry, Telemetry, telemetry
from tests.client.twin import Twin, TwinTransport


@dataclass
class Span:
    """A span as it was told."""

    name: str
    parent: "Span | None"
    attributes: dict[str, Any]
    events: list[str] = field(default_factory=list)
    failed: bool = False
    ended: bool = False
    started_at: int | None = None
    ended_at: int | None = None

    def set_attributes(self, attributes: dict[str, Any]) -> None:
        self.attributes.update(attributes)

    def add_event(self, name: str, attributes: dict[str, Any]) -> None:
        assert attributes["keychaos.why"]
        self.events.append(name)

    def set_status(self, _: str, description: str = "") -> None:
        self.failed = True

    def end(self, end_time: int | None = None) -> None:
        self.ended, self.ended_at = True, end_time


class Api:
    """Stands in for opentelemetry.trace and opentelemetry.metrics."""

    SpanKind = SimpleNamespace(INTERNAL="internal", CLIENT="client")
    StatusCode = SimpleNamespace(ERROR="error")

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.measured: dict[str, list[tuple[float, dict[str, Any]]]] = {}

    def get_tracer(self, _: str) -> "Api":
        return self

    def get_meter(self, _: str) -> "Api":
        return self

    def set_span_in_context(self, span: Span) -> Span:
        return span

    def start_span(
        self,
        name: str,
        *,
        kind: str,
        attributes: dict[str, Any],
        context: Span | None = None,
        start_time: int | None = None,
    ) -> Span:
        assert kind in ("internal", "client")
        self.spans.append(Span(name, context, dict(attributes), started_at=start_time))
        return self.spans[-1]

    def create_histogram(self, name: str, *, unit: str, description: str) -> SimpleNamespace:
        assert unit == "s"
        assert description
        return self._instrument(name, "record")

    def create_counter(self, name: str, *, description: str) -> SimpleNamespace:
        assert description
        return self._instrument(name, "add")

    def _instrument(self, name: str, verb: str) -> SimpleNamespace:
        kept = self.measured.setdefault(name, [])
        return SimpleNamespace(**{verb: lambda value, attributes: kept.append((value, attributes))})


def unwrap_while_down(tells: Telemetry) -> str:
    """Wrap in fair weather, unwrap while the primary refuses; everything that was secret."""
    twin = Twin()
    transport = TwinTransport(twin)
    client = PolicyClient(RECOMMENDED, twin.wiring(), Random(1))
    driver = BlockingDriver(client, transport, tells=tells)
    wrapped = driver.run(Work(1, "wrap")).done.result
    assert wrapped is not None
    transport.meets = lambda host: "refuses" if host == "us-south" else "answers"
    for number in (2, 3, 4):
        work = Work(number, "unwrap", ciphertext=wrapped.ciphertext)
        assert driver.run(work).done.outcome == "ok"
    transport.meets = lambda _: "403"
    assert driver.run(Work(5, "wrap")).done.outcome == "failed"
    return f"{wrapped.plaintext} {wrapped.ciphertext} {twin.token}"


def test_each_operation_is_a_span_with_its_attempts_below_it() -> None:
    api = Api()
    secrets = unwrap_while_down(OpenTelemetry(api, api))
    operations = [span for span in api.spans if span.parent is None]
    assert [span.name for span in operations] == ["key wrap"] + ["key unwrap"] * 3 + ["key wrap"]
    assert all(span.ended for span in api.spans)
    second = [span for span in api.spans if span.parent is operations[1]]
    assert [span.attributes["keychaos.why"] for span in second] == ["first", "retry", "failover"]
    assert [span.failed for span in second] == [True, True, False]
    assert second[0].attributes["error.type"] == "refused"
    assert second[2].attributes["http.response.status_code"] == 200
    assert all(
        span.ended_at is not None
        and span.started_at is not None
        and span.started_at <= span.ended_at
        for span in second
    )
    assert "failover" in [event for span in operations for event in span.events]
    assert (operations[-1].failed, operations[-1].attributes["keychaos.outcome"]) == (
        True,
        "failed",
    )
    told = repr(api.spans) + repr(api.measured)
    assert not any(secret in told for secret in secrets.split())


def test_durations_and_decisions_are_counted() -> None:
    api = Api()
    unwrap_while_down(OpenTelemetry(api, api))
    outcomes = [
        attributes["keychaos.outcome"]
        for _, attributes in api.measured["keychaos.client.operation.duration"]
    ]
    assert outcomes == ["ok"] * 4 + ["failed"]
    regions = {
        attributes["keychaos.region"]
        for _, attributes in api.measured["keychaos.client.attempt.duration"]
    }
    assert regions == {"us-south", "us-east"}
    kinds = [
        attributes["keychaos.decision"]
        for _, attributes in api.measured["keychaos.client.decisions"]
    ]
    assert {"breaker_opened", "failover", "denied"} <= set(kinds)


def test_without_opentelemetry_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    silent = telemetry()
    assert type(silent) is Telemetry
    unwrap_while_down(silent)


def test_where_it_is_installed_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()
    for name in ("opentelemetry", "opentelemetry.trace", "opentelemetry.metrics"):
        module = ModuleType(name)
        module.__dict__.update(
            {each: getattr(api, each) for each in dir(api) if not each.startswith("__")}
        )
        monkeypatch.setitem(sys.modules, name, module)
    client = PolicyClient(RECOMMENDED, Twin().wiring(), Random(1))
    transport = httpx.MockTransport(lambda _: httpx.Response(403))
    BlockingDriver(client, transport).run(Work(1, "wrap"))
    assert next(span.name for span in api.spans) == "key wrap"


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
def test_a_program_with_the_real_opentelemetry_sees_what_happened(kind: str) -> None:
    pytest.importorskip("opentelemetry.sdk")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.client.traced", kind],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    told = json.loads(ran.stdout)
    spans = {span["context"]["span_id"]: span for span in told["spans"]}
    named = [span for span in spans.values() if span["name"].startswith("key ")]
    by_end = sorted(named, key=lambda span: span["end_time"])
    assert [span["name"] for span in by_end][:2] == ["key wrap", "key unwrap"]
    assert all(spans[span["parent_id"]]["name"] == "request" for span in named)
    below = [
        span for span in spans.values() if span["parent_id"] == by_end[1]["context"]["span_id"]
    ]
    whys = [span["attributes"]["keychaos.why"] for span in below]
    assert sorted(whys) == ["failover", "first", "retry"]
    assert {span["kind"] for span in below} == {"SpanKind.CLIENT"}
    assert by_end[1]["attributes"]["keychaos.outcome"] == "ok"
    if kind == "asyncio":
        assert by_end[2]["attributes"]["keychaos.why"] == "it was cancelled"
        assert by_end[2]["status"]["status_code"] == "ERROR"
    (resource,) = told["metrics"]["resource_metrics"]
    measured = {
        metric["name"]: metric["data"]["data_points"]
        for scope in resource["scope_metrics"]
        for metric in scope["metrics"]
    }
    operations = sum(point["count"] for point in measured["keychaos.client.operation.duration"])
    assert operations == len(named)
    attempts = sum(point["count"] for point in measured["keychaos.client.attempt.duration"])
    assert attempts == len(spans) - len(named) - 1
    plain = repr(told["spans"]) + repr(told["metrics"])
    assert not any(secret in plain for secret in told["secrets"])
