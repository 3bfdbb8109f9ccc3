"""Proxies and toxics as JSON: what a body asks for, and how they are shown.

Names, defaults, key order and the order of checks are Toxiproxy's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import quote

from chaos.proxy.body import Refusal, bad_body, fields, members
from chaos.proxy.kinds import KINDS
from chaos.proxy.registry import ProxyRecord, Registry, Stream, ToxicRecord
from chaos.proxy.syntax import Pairs

_PROXY = {"name": "string", "listen": "string", "upstream": "string", "enabled": "bool"}
_TOXIC = {
    "attributes": "struct toxics.NoopToxic",
    "name": "string",
    "type": "string",
    "stream": "string",
    "toxicity": "float32",
}
_STREAMS: Mapping[str, Stream] = {"upstream": "upstream", "downstream": "downstream"}
# What Go calls the anonymous types that it decodes into; clients see these names in errors.
_POPULATED = 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }'
_CHANGED_TOXIC = (
    'struct { Attributes interface {} "json:\\"attributes\\""; '
    'Toxicity float32 "json:\\"toxicity\\"" }'
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a body says of a proxy; None where it says nothing."""

    name: str | None = None
    listen: str | None = None
    upstream: str | None = None
    enabled: bool | None = None

    def record(self) -> ProxyRecord:
        """The proxy that this creates, not open yet."""
        return ProxyRecord(
            self.name or "",
            self.listen or "",
            self.upstream or "",
            enabled=self.enabled is not False,
        )


def wanted(
    value: object,
    go_type: str = "toxiproxy.Proxy",
    path_of: Callable[[str], str] = "Proxy.{}".format,
) -> Wanted:
    """What a decoded body says of a proxy."""
    return Wanted(**cast("dict[str, Any]", fields(members(value, go_type), _PROXY, path_of)))


def new_proxy(value: object) -> Wanted:
    """What a body says of a proxy to be created; name and upstream are required."""
    return _complete(wanted(value))


def _complete(proxy: Wanted, where: str = "") -> Wanted:
    if not proxy.name:
        raise Refusal(400, f"missing required field: name{where}")
    if not proxy.upstream:
        raise Refusal(400, f"missing required field: upstream{where}")
    return proxy


def new_proxies(value: object) -> list[Wanted]:
    """What a body of `/populate` or a configuration file lists."""
    if value is None:
        return []
    if isinstance(value, Pairs):
        raise bad_body(f"json: cannot unmarshal object into Go value of type []{_POPULATED}")
    if not isinstance(value, list):
        members(value, f"[]{_POPULATED}")
    entries = [wanted(entry, _POPULATED, _populated_path) for entry in cast("list[object]", value)]
    return [
        _complete(entry, f" at proxy {number}") for number, entry in enumerate(entries, start=1)
    ]


def configured(value: object) -> list[list[tuple[str, object]]]:
    """A configuration file as the requests of one batch: each proxy, then its toxics.

    The file is what `/populate` takes. Toxiproxy ignores toxics in it; here they are made with
    their proxy, before it listens.
    """
    requests: list[list[tuple[str, object]]] = []
    for entry, proxy in zip(cast("list[Pairs]", value or []), new_proxies(value), strict=True):
        requests.append([("method", "POST"), ("path", "/proxies"), ("body", entry)])
        toxics = next((inner for key, inner in entry if key.casefold() == "toxics"), None)
        path = f"/proxies/{quote(proxy.name or '', safe='')}/toxics"
        listed = cast("list[object]", toxics) if isinstance(toxics, list) else []
        requests += [[("method", "POST"), ("path", path), ("body", toxic)] for toxic in listed]
    return requests


def _populated_path(member: str) -> str:
    return ".enabled" if member == "enabled" else f".Proxy.{member}"


def new_toxic(proxy: ProxyRecord, value: object) -> ToxicRecord:
    """The toxic that a body adds to a proxy."""
    given = fields(members(value, "toxics.ToxicWrapper"), _TOXIC, "ToxicWrapper.{}".format)
    shown = cast("str", given.get("stream", "downstream"))
    stream = _STREAMS.get(shown.lower())
    if stream is None:
        raise Refusal(400, "stream was invalid, can be either upstream or downstream")
    kind = cast("str", given.get("type", ""))
    if kind not in KINDS:
        raise Refusal(400, "invalid toxic type")
    name = cast("str", given.get("name", "")) or f"{kind}_{shown}"
    if proxy.toxic(name) is not None:
        raise Refusal(409, "toxic already exists")
    absent: dict[str, float] = dict.fromkeys(KINDS[kind].attributes, 0)
    attributes = absent | _attributes(kind, given)
    return ToxicRecord(name, kind, stream, shown, _toxicity(given, 1.0), attributes)


def changed_toxic(toxic: ToxicRecord, value: object) -> ToxicRecord:
    """A toxic with the attributes and the toxicity of a body; what is absent stays."""
    types = {
        "attributes": f"struct toxics.{KINDS[toxic.type].struct}",
        "toxicity": "float32",
    }
    given = fields(members(value, _CHANGED_TOXIC), types, ".{}".format)
    attributes = {**toxic.attributes, **_attributes(toxic.type, given)}
    return replace(toxic, attributes=attributes, toxicity=_toxicity(given, toxic.toxicity))


def _attributes(kind: str, given: Mapping[str, object]) -> dict[str, float]:
    pairs = cast("Pairs", given.get("attributes", Pairs()))
    known = fields(pairs, KINDS[kind].attributes, f"{KINDS[kind].struct}.attributes.{{}}".format)
    return cast("dict[str, float]", known)


def _toxicity(given: Mapping[str, object], otherwise: float) -> float:
    return cast("float", given.get("toxicity", otherwise))


def found_proxy(registry: Registry, name: str) -> ProxyRecord:
    """The proxy of that name; a refusal where there is none."""
    if name not in registry:
        raise Refusal(404, "proxy not found")
    return registry[name]


def found_toxic(proxy: ProxyRecord, name: str) -> ToxicRecord:
    """The toxic of that name; a refusal where there is none."""
    toxic = proxy.toxic(name)
    if toxic is None:
        raise Refusal(404, "toxic not found")
    return toxic


def shown_proxy(proxy: ProxyRecord) -> dict[str, object]:
    """A proxy as JSON. `Logger` is a field that Toxiproxy leaks and clients may expect."""
    return {
        "name": proxy.name,
        "listen": proxy.listen,
        "upstream": proxy.upstream,
        "enabled": proxy.enabled,
        "Logger": {},
        "toxics": [shown_toxic(toxic) for toxic in proxy.ordered()],
    }


def shown_toxic(toxic: ToxicRecord) -> dict[str, object]:
    """A toxic as JSON, keys in Toxiproxy's order."""
    return {
        "attributes": dict(toxic.attributes),
        "name": toxic.name,
        "type": toxic.type,
        "stream": toxic.shown,
        "toxicity": toxic.toxicity,
    }
