"""Toxiproxy's HTTP API as values: a request against a registry becomes changes and an answer.

:func:`respond` is a generator, so that it can plan without touching a socket: it yields changes
that belong together, is sent what came of each, and returns the answer. Behaviour, status codes and
error texts are those of Toxiproxy 2.12, read from its source and seen on its wire; what is meant to
differ is listed in `tests/proxy/differences.py`.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from chaos.exchange import Answer, Request
from chaos.proxy.body import Refusal, decoded, encoded
from chaos.proxy.forms import (
    Wanted,
    changed_toxic,
    found_proxy,
    found_toxic,
    new_proxies,
    new_proxy,
    new_toxic,
    shown_proxy,
    shown_toxic,
    wanted,
)
from chaos.proxy.registry import (
    Alter,
    Change,
    Forget,
    Lift,
    Open,
    Outcome,
    Place,
    Problem,
    ProxyRecord,
    Registry,
    Resolve,
    Shut,
)

VERSION = "2.12.0"
JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"

Steps = Generator[tuple[Change, ...], tuple[Outcome, ...], None]
Plan = Generator[tuple[Change, ...], tuple[Outcome, ...], Answer]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose route is known, with the names in its path."""

    registry: Registry
    proxy_name: str
    toxic_name: str
    request: Request

    @property
    def body(self) -> bytes:
        """The body of the request."""
        return self.request.body

    @property
    def proxy(self) -> ProxyRecord:
        """The proxy that the path names, or a refusal."""
        return found_proxy(self.registry, self.proxy_name)


# A route that only looks answers at once; one that changes something plans it.
Route = Callable[[Asked], Answer | Plan]
Routes = Mapping[str, Mapping[str, Route]]


def respond(registry: Registry, request: Request, request_id: str, more: Routes) -> Plan:
    """Answer one request; the changes it yields must be carried out before it goes on.

    ``more`` are routes besides Toxiproxy's, by path pattern and method; `*` is any method.
    """
    pattern, proxy_name, toxic_name = _route(unquote(urlsplit(request.path).path))
    methods = more.get(pattern) or ROUTES.get(pattern)
    if methods is None:
        return plain(404, "404 page not found\n")
    route = methods.get(request.method) or methods.get("*")
    if route is None:
        return Answer(405)
    identified = {"x-toxiproxy-request-id": request_id}
    if (header(request, "user-agent") or "").startswith("Mozilla/"):
        # Toxiproxy's whole protection against requests that a web page makes to localhost.
        answer = plain(403, "User agent not allowed\n")
    else:
        try:
            planned = route(Asked(registry, proxy_name, toxic_name, request))
            answer = planned if isinstance(planned, Answer) else (yield from planned)
        except Refusal as refusal:
            answer = refused(refusal)
    return replace(answer, headers={**answer.headers, **identified})


def header(request: Request, wanted: str) -> str | None:
    """A header of a request by its lower-case name."""
    return next((value for name, value in request.headers if name.lower() == wanted), None)


def _route(path: str) -> tuple[str, str, str]:
    """The pattern of a path and the names in it. A name is one segment and never empty."""
    match path.split("/"):
        case ["", "proxies", proxy] if proxy:
            return "/proxies/{proxy}", proxy, ""
        case ["", "proxies", proxy, "toxics", toxic] if proxy and toxic:
            return "/proxies/{proxy}/toxics/{toxic}", proxy, toxic
        case ["", "proxies", proxy, last] if proxy and last:
            return f"/proxies/{{proxy}}/{last}", proxy, ""
        case ["", "leases", lease] if lease:
            return "/leases/{lease}", lease, ""
    return path, "", ""


def refused(refusal: Refusal) -> Answer:
    """A refusal as an answer; its JSON is labelled as JSON, which Toxiproxy's is not."""
    body = encoded({"error": refusal.text, "status": refusal.status}) + b"\n"
    return Answer(refusal.status, {"content-type": JSON, "x-content-type-options": "nosniff"}, body)


def plain(status: int, text: str) -> Answer:
    """An answer for people."""
    headers = {"content-type": PLAIN, "x-content-type-options": "nosniff"}
    return Answer(status, headers, text.encode())


def answered(status: int, value: object) -> Answer:
    """An answer that carries JSON."""
    return Answer(status, {"content-type": JSON}, encoded(value))


def _version(_: Asked) -> Answer:
    text = f'{{"version": "{VERSION}"}}\n'
    return Answer(200, {"content-type": f"{JSON};charset=utf-8"}, text.encode())


def _proxies(asked: Asked) -> Answer:
    by_name = sorted(asked.registry.items())
    return answered(200, {name: shown_proxy(proxy) for name, proxy in by_name})


def _create(asked: Asked) -> Plan:
    proxy = new_proxy(decoded(asked.body)).record()
    if proxy.name in asked.registry:
        raise Refusal(409, "proxy already exists")
    if proxy.enabled:
        yield from open_proxy(proxy)
    asked.registry[proxy.name] = proxy
    return answered(201, shown_proxy(proxy))


def open_proxy(proxy: ProxyRecord) -> Steps:
    """Listen for a proxy; where the system refuses, it stays down and the refusal is raised."""
    proxy.enabled = False
    (bound,) = yield (Open(proxy.name, proxy.listen, proxy.upstream),)
    proxy.listen = settled(bound)
    proxy.enabled = True


def settled(outcome: Outcome) -> str:
    """The address in an outcome; the system's refusal is raised as Toxiproxy's 500."""
    if isinstance(outcome, Problem):
        raise Refusal(500, outcome.text)
    return outcome if isinstance(outcome, str) else ""


def _show(asked: Asked) -> Answer:
    return answered(200, shown_proxy(asked.proxy))


def _update(asked: Asked) -> Plan:
    proxy = asked.proxy
    yield from update_proxy(proxy, wanted(decoded(asked.body)))
    return answered(200, shown_proxy(proxy))


def update_proxy(proxy: ProxyRecord, to: Wanted) -> Steps:
    """Bring a proxy to what is wanted; live connections survive where no address changes."""
    listen = proxy.listen if to.listen is None else to.listen
    upstream = proxy.upstream if to.upstream is None else to.upstream
    enabled = proxy.enabled if to.enabled is None else to.enabled
    (resolved,) = yield (Resolve(listen),)
    if settled(resolved) != proxy.listen or upstream != proxy.upstream:
        yield (Shut(proxy.name),)
        proxy.enabled = False
        proxy.listen, proxy.upstream = listen, upstream
    if enabled and not proxy.enabled:
        yield from open_proxy(proxy)
    elif proxy.enabled and not enabled:
        yield (Shut(proxy.name),)
        proxy.enabled = False


def _delete(asked: Asked) -> Plan:
    proxy = asked.proxy
    yield (Forget(proxy.name),)
    del asked.registry[proxy.name]
    return Answer(204)


def _populate(asked: Asked) -> Plan:
    done: list[ProxyRecord] = []
    failed: dict[str, object] = {}
    status = 201
    try:
        yield from populate(asked.registry, new_proxies(decoded(asked.body)), done)
    except Refusal as refusal:
        status = refusal.status
        failed = {"error": refusal.text, "status": refusal.status}
    return answered(status, {**failed, "proxies": [shown_proxy(one) for one in done] or None})


def populate(registry: Registry, listed: list[Wanted], done: list[ProxyRecord]) -> Steps:
    """Create, replace or keep each proxy of a list; ``done`` grows as they are.

    A proxy that is kept keeps its toxics, and follows `enabled` where the list says it, which
    Toxiproxy ignores.
    """
    for entry in listed:
        proxy = entry.record()
        present = registry.get(proxy.name)
        if present is not None:
            (resolved,) = yield (Resolve(proxy.listen),)
            if settled(resolved) == present.listen and proxy.upstream == present.upstream:
                yield from update_proxy(present, Wanted(enabled=entry.enabled))
                done.append(present)
                continue
            yield (Forget(present.name),)
            present.enabled = False
            present.toxics.clear()
        if proxy.enabled:
            yield from open_proxy(proxy)
        registry[proxy.name] = proxy
        done.append(proxy)


def _reset(asked: Asked) -> Plan:
    for proxy in asked.registry.values():
        if not proxy.enabled:
            yield from open_proxy(proxy)
        yield tuple(Lift(proxy.name, toxic.name, toxic.stream) for toxic in proxy.toxics)
        proxy.toxics.clear()
    return Answer(204)


def _toxics(asked: Asked) -> Answer:
    return answered(200, [shown_toxic(toxic) for toxic in asked.proxy.ordered()])


def _add_toxic(asked: Asked) -> Plan:
    proxy = asked.proxy
    toxic = new_toxic(proxy, decoded(asked.body))
    yield (Place(proxy.name, toxic),)
    proxy.toxics.append(toxic)
    return answered(200, shown_toxic(toxic))


def _show_toxic(asked: Asked) -> Answer:
    return answered(200, shown_toxic(found_toxic(asked.proxy, asked.toxic_name)))


def _update_toxic(asked: Asked) -> Plan:
    proxy = asked.proxy
    toxic = changed_toxic(found_toxic(proxy, asked.toxic_name), decoded(asked.body))
    yield (Alter(proxy.name, toxic),)
    proxy.toxics[:] = [toxic if one.name == toxic.name else one for one in proxy.toxics]
    return answered(200, shown_toxic(toxic))


def _delete_toxic(asked: Asked) -> Plan:
    proxy = asked.proxy
    toxic = found_toxic(proxy, asked.toxic_name)
    yield (Lift(proxy.name, toxic.name, toxic.stream),)
    proxy.toxics.remove(toxic)
    return Answer(204)


ROUTES: Routes = {
    "/version": {"GET": _version},
    "/proxies": {"GET": _proxies, "POST": _create},
    "/proxies/{proxy}": {"GET": _show, "POST": _update, "PATCH": _update, "DELETE": _delete},
    "/proxies/{proxy}/toxics": {"GET": _toxics, "POST": _add_toxic},
    "/proxies/{proxy}/toxics/{toxic}": {
        "GET": _show_toxic,
        "POST": _update_toxic,
        "PATCH": _update_toxic,
        "DELETE": _delete_toxic,
    },
    "/populate": {"POST": _populate},
    "/reset": {"POST": _reset},
}
