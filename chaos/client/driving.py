"""Plays calls over real connections, for threads: what a policy decides is done here.

The rules of the seam hold: a Try is begun at once, a Wait ends with the first attempt that ends or
at its time, Done gives up what is under way but a shared attempt, which is seen to its end.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from chaos.client.call import Decision, Done, Try, Work
from chaos.client.caller import PolicyClient
from chaos.client.httpx_terms import failure_of
from chaos.client.reading import Meaning, Reading, read
from chaos.client.telemetry import Telemetry, telemetry
from chaos.client.wire import Headers
from chaos.exchange import Answer, Failure, Reply

Observer = Callable[[Decision], None]


@dataclass(frozen=True, slots=True)
class Driven:
    """How an operation ended, and the last reply to it; None where no attempt was made."""

    done: Done
    reply: Reply | None
    reading: Reading

    @property
    def meaning(self) -> Meaning:
        """What the last reply meant; ``down`` where there was none."""
        return self.reading.meaning


def httpx_request(step: Try, own: Headers = ()) -> httpx.Request:
    """The attempt as httpx's transports take it, its timeouts in the extensions.

    ``own`` are header fields of the caller's, which go before the client's of the same name; what
    goes to the token service is none of their business.
    """
    headers = step.request.headers
    if own and step.why != "refresh":
        taken = {name.lower() for name, _ in own}
        headers = (*own, *(each for each in headers if each[0].lower() not in taken))
    timeouts = {"connect": step.connect, "read": step.read, "write": step.read, "pool": step.total}
    return httpx.Request(
        step.request.method,
        step.endpoint + step.request.path,
        headers=list(headers),
        content=step.request.body,
        extensions={"timeout": timeouts, "total": step.total, "fresh": step.fresh},
    )


def answer_of(response: httpx.Response) -> Answer:
    """A response that was read, as a value."""
    reused = bool(response.extensions.get("reused", False))
    return Answer(response.status_code, dict(response.headers), response.content, reused)


class Story:
    """One operation while it is driven: its call, and the last reply that mattered to it."""

    def __init__(
        self, client: PolicyClient, work: Work, began: float, span: Any, own: Headers = ()
    ) -> None:
        self.work = work
        self.began = began
        self.span = span
        self.own = own
        self.call = client.begin(work, began)
        self._reply: Reply | None = None

    def hear(self, step: Try, reply: Reply, now: float) -> None:
        """Tell the call what came of an attempt."""
        if not step.shared and not self.call.over:
            self._reply = reply
        self.call.observe(step.number, reply, now)

    def ends(self, done: Done) -> Driven:
        """How it ended."""
        if self._reply is None:
            return Driven(done, None, Reading("down", why=done.why))
        return Driven(done, self._reply, read(self.work, self._reply))


class BlockingDriver:
    """Drives the calls of one client from any number of threads, over one httpx transport.

    ``observe`` is told every decision; ``zero`` is time.monotonic() at time zero, now by default.
    Each attempt has a thread of its own, so that a hedge can go beside it and nothing queues behind
    a slow one.
    """

    def __init__(
        self,
        client: PolicyClient,
        transport: httpx.BaseTransport,
        *,
        observe: Observer | None = None,
        tells: Telemetry | None = None,
        zero: float | None = None,
    ) -> None:
        self.client = client
        self.transport = transport
        self._observe = observe
        self._tells = tells or telemetry()
        # Guards the client and all its calls; notified whenever an attempt ended.
        self._changed = threading.Condition()
        self._zero = time.monotonic() if zero is None else zero

    def now(self) -> float:
        """Seconds since time zero."""
        return time.monotonic() - self._zero

    def run(self, work: Work, own: Headers = ()) -> Driven:
        """Play one operation to its end; blocks no longer than its policy's deadline.

        ``own`` are header fields of the caller's that go with its attempts.
        """
        span = self._tells.began(work)
        with self._changed:
            story = Story(self.client, work, self.now(), span, own)
            while not isinstance(step := story.call.step(self.now()), Done):
                self._hand_over(span)
                if isinstance(step, Try):
                    threading.Thread(target=self._attempt, args=(story, step), daemon=True).start()
                else:
                    self._changed.wait(max(0.0, step.until - self.now()))
            self._hand_over(span)
            ends = story.ends(step)
        self._tells.ended(span, step, self.now() - story.began)
        return ends

    def _attempt(self, story: Story, step: Try) -> None:
        sent = self.now()
        reply = self._send(httpx_request(step, story.own))
        self._tells.attempted(story.span, step, reply, self.now() - sent)
        with self._changed:
            story.hear(step, reply, self.now())
            self._changed.notify_all()

    def _send(self, request: httpx.Request) -> Reply:
        try:
            response = self.transport.handle_request(request)
            response.read()
        except (httpx.TransportError, httpx.DecodingError) as error:
            return failure_of(error)
        except Exception as error:  # noqa: BLE001 - a transport's own bug must not hang the call
            return Failure("closed", written=True, detail=repr(error))
        return answer_of(response)

    def _hand_over(self, span: Any) -> None:
        for decision in self.client.decisions():
            self._tells.decided(span, decision)
            if self._observe:
                self._observe(decision)
