"""Leases over the API: `X-Lease: 5s` on any change, `/leases` to renew, look at and end them.

`X-Lease-Id` names a lease, so that several changes share one; without it each change makes its own.
Both come back in the answer. `POST /leases/{id}` is the heartbeat, `DELETE` heals at once.
"""

from collections.abc import Callable
from dataclasses import replace

from chaos.exchange import Answer, Request
from chaos.proxy.api import Asked, Plan, Routes, answered, header, refused
from chaos.proxy.batch import healing
from chaos.proxy.body import Refusal
from chaos.proxy.forms import shown_proxy
from chaos.proxy.lease import Leases, duration, undoing
from chaos.proxy.registry import Registry

Clock = Callable[[], float]


def leased(registry: Registry, request: Request, leases: Leases, clock: Clock, plan: Plan) -> Plan:
    """Follow a plan, and put what it changes under the lease that its request asks for."""
    asked_for = header(request, "x-lease")
    if request.path.startswith("/leases") or (asked_for is None and not len(leases)):
        return (yield from plan)
    try:
        lasts = None if asked_for is None else duration(asked_for)
    except Refusal as refusal:
        return refused(refusal)
    before = {name: shown_proxy(proxy) for name, proxy in registry.items()}
    answer = yield from plan
    undo = undoing(before, {name: shown_proxy(proxy) for name, proxy in registry.items()})
    if lasts is None or not undo:
        leases.settle(undo)
        return answer
    name = header(request, "x-lease-id") or answer.headers["x-toxiproxy-request-id"]
    leases.take(name, lasts, clock(), undo)
    granted = {"x-lease": f"{lasts:g}s", "x-lease-id": name}
    return replace(answer, headers={**answer.headers, **granted})


def leasing(leases: Leases, clock: Clock) -> Routes:
    """`GET /leases`, and `GET`, `POST`, `PATCH` and `DELETE` of one."""

    def every(_: Asked) -> Answer:
        return answered(200, leases.shown(clock()))

    def one(asked: Asked) -> Answer:
        leases.find(asked.proxy_name)
        return answered(200, leases.shown(clock())[asked.proxy_name])

    def renew(asked: Asked) -> Answer:
        asked_for = header(asked.request, "x-lease")
        lasts = None if asked_for is None else duration(asked_for)
        leases.renew(asked.proxy_name, lasts, clock())
        return one(asked)

    def end(asked: Asked) -> Plan:
        requests = leases.end(asked.proxy_name)
        return (yield from healing(asked.registry, requests, {}))

    return {
        "/leases": {"GET": every},
        "/leases/{lease}": {"GET": one, "POST": renew, "PATCH": renew, "DELETE": end},
    }
