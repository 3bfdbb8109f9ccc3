"""One attempt as the wire saw it, and the reading of a connection's bytes into attempts. Passive.

What a client really did, whatever client it is: nothing here knows a client's own story.
"""

import hashlib
import re
from dataclasses import dataclass
from math import nan

import httptools

from chaos.client.retry_after import asked_for

# The id of a key is another one in each region, and the work is the same.
KEY = re.compile(r"(?<=/api/v2/keys/)[^/?]+")
ACTION = re.compile(r"/actions/(\w+)")
FIRST_FAILURE = 400


@dataclass(slots=True)
class Attempt:
    """One request on the wire: when its first byte came and what became of it.

    Instants are seconds of one monotonic clock. ``status`` is None where no whole answer came;
    ``lost`` then says why: ``abandoned`` by the client, or ``cut`` by a fault; empty while it is
    under way. ``retry_after`` is what the answer asked for in seconds, NaN for nothing. ``body`` is
    a digest, so that no secret is kept.
    """

    region: str
    connection: int
    sent: float
    method: str = ""
    path: str = ""
    body: str = ""
    ended: float | None = None
    status: int | None = None
    retry_after: float = nan
    lost: str = ""

    @property
    def action(self) -> str:
        """What was asked for in one word: ``unwrap``, ``token``, or else method and path."""
        found = ACTION.search(self.path)
        if found:
            return found[1]
        if self.path.partition("?")[0] in ("/identity/token", "/oidc/token"):
            return "token"
        return f"{self.method} {KEY.sub('KEY', self.path)}".strip()

    @property
    def work(self) -> tuple[str, str]:
        """What makes two attempts the same piece of work, in whichever region."""
        return self.action, self.body

    @property
    def failed(self) -> bool:
        """Whether it ended in anything but success."""
        if self.status is not None:
            return self.status >= FIRST_FAILURE
        return bool(self.lost)

    @property
    def result(self) -> str:
        """How it ended, in a word."""
        return str(self.status) if self.status is not None else self.lost or "under way"


class Conversation:
    """Reads the bytes of one HTTP/1.1 connection as they pass, in both directions."""

    def __init__(self, region: str, number: int, attempts: list[Attempt]) -> None:
        self._region = region
        self._number = number
        self._attempts = attempts
        self._open: list[Attempt] = []
        self._asking = httptools.HttpRequestParser(_Asked(self))
        self._answering = httptools.HttpResponseParser(_Answered(self))
        self._garbled = False
        self.now = 0.0

    def asked(self, text: bytes, now: float) -> None:
        """Bytes from the client."""
        self._feed(self._asking, text, now)

    def answered(self, text: bytes, now: float) -> None:
        """Bytes to the client."""
        self._feed(self._answering, text, now)

    def _feed(
        self, parser: httptools.HttpRequestParser | httptools.HttpResponseParser,
        text: bytes, now: float,
    ) -> None:  # fmt: skip
        self.now = now
        if self._garbled:
            return
        try:
            parser.feed_data(text)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # Not HTTP, or no more of it: what was under way is told when the connection ends.
            self._garbled = True

    def begun(self) -> Attempt:
        """A request's first byte."""
        attempt = Attempt(self._region, self._number, self.now)
        self._open.append(attempt)
        self._attempts.append(attempt)
        return attempt

    def over(self, now: float, *, abandoned: bool) -> None:
        """The connection has ended, by the client's doing or by another's."""
        for attempt in self._open:
            attempt.ended = now
            attempt.lost = "abandoned" if abandoned else "cut"
        self._open.clear()

    def settled(self, status: int, headers: dict[str, str]) -> None:
        """A whole answer has passed."""
        if not self._open or status < 200:  # noqa: PLR2004 - 1xx is not yet an answer
            return
        attempt = self._open.pop(0)
        asked = asked_for(headers, None)
        attempt.retry_after = nan if asked is None else asked
        attempt.status, attempt.ended = status, self.now

    def method(self) -> str:
        """The method of the request that is being read."""
        return self._asking.get_method().decode("latin-1")

    def status(self) -> int:
        """The status of the answer that is being read."""
        return self._answering.get_status_code()


class _Asked:
    """httptools' callbacks for the requests of a conversation."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._attempt: Attempt | None = None
        self._digest = hashlib.sha256()

    def on_message_begin(self) -> None:
        self._attempt = self._conversation.begun()
        self._digest = hashlib.sha256()

    def on_url(self, url: bytes) -> None:
        if self._attempt is not None:
            self._attempt.path += url.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._attempt is not None:
            self._attempt.method = self._conversation.method()

    def on_body(self, body: bytes) -> None:
        self._digest.update(body)

    def on_message_complete(self) -> None:
        if self._attempt is not None:
            self._attempt.body = self._digest.hexdigest()


class _Answered:
    """httptools' callbacks for the answers of a conversation."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._headers: dict[str, str] = {}

    def on_message_begin(self) -> None:
        self._headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_message_complete(self) -> None:
        self._conversation.settled(self._conversation.status(), self._headers)
