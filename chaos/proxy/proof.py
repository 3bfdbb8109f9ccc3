"""Proof of injection over the API: routes of ours beside Toxiproxy's."""

from collections.abc import Callable, Iterable, Mapping

from chaos.exchange import Answer
from chaos.proxy.api import Asked, Routes, answered

Counted = Callable[[Iterable[str]], Mapping[str, object]]


def counting(counted: Counted) -> Routes:
    """`GET /counts` of every proxy and `GET /proxies/{proxy}/counts` of one.

    Instants are on the clock of `time.monotonic`, seconds; see :class:`chaos.proxy.link.Counts`.
    """

    def every(asked: Asked) -> Answer:
        return answered(200, counted(sorted(asked.registry)))

    def one(asked: Asked) -> Answer:
        name = asked.proxy.name
        return answered(200, counted([name])[name])

    return {"/counts": {"GET": every}, "/proxies/{proxy}/counts": {"GET": one}}
