"""Prometheus text of a fault proxy: Toxiproxy's two byte counters, live, and proof of injection."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chaos.exchange import Answer
from chaos.proxy.api import Asked, Plan, Routes
from chaos.proxy.proof import counted
from chaos.proxy.registry import ProxyRecord

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
LINK_STATES = ("eligible", "matched", "injected", "escaped")

Gauges = Callable[[], Mapping[str, float]]


def metrics(runtime: Gauges | None, *, proxies: bool) -> Routes:
    """`/metrics`, by any method, where any metrics were asked for; no route where none were.

    ``runtime`` reads gauges of the process; ``proxies`` asks for those of the proxies.
    """
    if runtime is None and not proxies:
        return {}

    def scrape(asked: Asked) -> Plan:
        lines: list[str] = []
        if runtime is not None:
            for name, value in sorted(runtime().items()):
                lines += _family(name, "gauge", "", [({}, value)])
        if proxies:
            counts = yield from counted(sorted(asked.registry))
            records = [asked.registry[name] for name in sorted(asked.registry)]
            lines += _proxy_lines(records, counts)
        return Answer(200, {"content-type": CONTENT_TYPE}, "".join(lines).encode())

    return {"/metrics": {"*": scrape}}


def _proxy_lines(records: list[ProxyRecord], counts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for what in ("received", "sent"):
        samples = [
            (_labels(record) | {"direction": stream}, counts[record.name][what][stream])
            for record in records
            for stream in ("downstream", "upstream")
        ]
        lines += _family(f"toxiproxy_proxy_{what}_bytes_total", "counter", "", samples)
    for what in ("accepted", "unreachable", "cut"):
        samples = [({"proxy": record.name}, counts[record.name][what]) for record in records]
        lines += _family(
            f"keychaos_proxy_connections_{what}_total", "counter", f"Connections {what}.", samples
        )
    live = [({"proxy": record.name}, counts[record.name]["live"]) for record in records]
    lines += _family("keychaos_proxy_connections_live", "gauge", "Connections that live.", live)
    links = [
        ({"proxy": record.name, "toxic": toxic, "state": state}, of_toxic[state])
        for record in records
        for toxic, of_toxic in sorted(counts[record.name]["toxics"].items())
        for state in LINK_STATES
    ]
    help_text = "Directions of connections by what became of them under a toxic."
    return lines + _family("keychaos_proxy_toxic_links", "gauge", help_text, links)


def _labels(record: ProxyRecord) -> dict[str, str]:
    return {"listener": record.listen, "proxy": record.name, "upstream": record.upstream}


def _family(
    name: str, kind: str, help_text: str, samples: Iterable[tuple[Mapping[str, str], float]]
) -> list[str]:
    lines = [f"{name}{_rendered(labels)} {value:.17g}\n" for labels, value in samples]
    return [f"# HELP {name} {help_text}\n", f"# TYPE {name} {kind}\n", *lines] if lines else []


def _rendered(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items()))
    return f"{{{inner}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
