"""What is asked of a key service and what comes back: the values that every layer shares.

A reply is an :class:`Answer` (the service spoke) or a :class:`Failure` (it did not). Failures under
test are values, never exceptions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from chaos.quick import quick

FailureKind = Literal[
    "refused",
    "reset",
    "closed",
    "connect_timeout",
    "read_timeout",
    "total_timeout",
    "truncated",
    "tls",
    "dns",
    "cancelled",
]
FAILURE_KINDS: tuple[FailureKind, ...] = get_args(FailureKind)


@quick
@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, before it is bound to an address.

    ``path`` carries the query string. Header names are sent as written and compared in lower case.
    ``address`` is the IP address that it came from, empty where no network lay between.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    address: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Answer:
    """One complete HTTP answer. Header names are lower case.

    ``reused`` says that it came over a connection that had carried an earlier request.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """No complete answer came.

    ``written`` says that the request may have reached the service: the outcome of an operation that
    must not happen twice is then unknown, not failed (Jepsen's third outcome).
    """

    kind: FailureKind
    written: bool
    reused: bool = False
    detail: str = ""


Reply = Answer | Failure
