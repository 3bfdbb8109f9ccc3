"""The faults of a key service: what each is, as a document says it, strict in every word.

A fault is one flat JSON object; ``kind`` says which::

    {"kind": "throttle", "share": 0.3, "operations": ["unwrap"], "retry_after": 2.0}

Durations are seconds, shares fractions of one. Every fault may have ``lease`` (it heals itself
unless it is renewed within so many seconds) and ``seed`` (of its own chance; else it follows from
the region's seed and its name). Faults of requests say which they meet: ``instance`` (id), ``key``
(id), ``operations`` (:data:`chaos.service.aim.OPERATIONS`), empty for any, and the ``share`` of
those that they touch. A class's docstring is what the plan and the docs may say of its kind.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from chaos.errors import ScenarioError
from chaos.service.aim import Aim, Operation
from chaos.service.capacity import Capacity
from chaos.service.quota import Quota
from chaos.service.retry_after import Form
from chaos.service.zones import ZONES

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]
LONGEST_LEASE = 24 * 3600.0
KNOWN_STATUSES = frozenset(status.value for status in HTTPStatus)


class Fault(BaseModel):
    """What every fault of the service has."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )

    lease: float | None = Field(default=None, gt=0, le=LONGEST_LEASE)
    """Seconds after which it heals itself unless its controller renews it."""
    seed: int | None = None
    """Of its own chance."""


class RequestFault(Fault):
    """A fault that meets requests: those of an instance, of a key, of operations, a share."""

    instance: str = ""
    """The instance's id; empty: every tenant's."""
    key: str = ""
    """The key's id; empty: any."""
    operations: tuple[Operation, ...] = ()
    """What is asked for; empty: anything but tokens."""
    share: Share = 1.0
    """The share of these requests that it touches, each drawn by itself."""

    def meets(self, aim: Aim) -> bool:
        """Whether a request stands under this fault."""
        if self.operations:
            if aim.operation not in self.operations:
                return False
        elif aim.operation == "token":
            return False
        return self.instance in ("", aim.instance) and self.key in ("", aim.key)


class Error(RequestFault):
    """Requests are answered with an error status and not carried out."""

    kind: Literal["error"]
    status: int = Field(default=503, ge=400, le=599)
    """The HTTP status."""
    retry_after: Seconds | None = None
    """Seconds of the header Retry-After; null: no header."""
    retry_after_form: Form = "seconds"
    """Whether the header says seconds or a date."""
    body: Literal["json", "html", "empty"] = "json"
    """Key Protect's error document, what a gateway says, or nothing."""

    @field_validator("status")
    @classmethod
    def _known(cls, status: int) -> int:
        if status not in KNOWN_STATUSES:
            raise ValueError("must be a registered HTTP status")
        return status


class Throttle(RequestFault):
    """Requests are answered 429, with or without Retry-After, and not carried out."""

    kind: Literal["throttle"]
    retry_after: Seconds | None = 1.0
    """Seconds of the header Retry-After; null: no header."""
    retry_after_form: Form = "seconds"
    """Whether the header says seconds or a date."""


class Slow(RequestFault):
    """Requests take longer to serve, by latency ± jitter; where workers are few, they are busy."""

    kind: Literal["slow"]
    latency: Seconds
    """How much longer."""
    jitter: Seconds = 0.0
    """How far that varies, to either side."""


class Hang(RequestFault):
    """Requests are taken and never answered, nor carried out; connections stay open."""

    kind: Literal["hang"]


class AnswersLost(RequestFault):
    """Requests are carried out and their connections reset before the answer is sent."""

    kind: Literal["answers_lost"]


class Corrupt(RequestFault):
    """In answers that carry it, one bit is flipped, and everything still looks well-formed."""

    kind: Literal["corrupt"]
    part: Literal["ciphertext", "plaintext"] = "ciphertext"
    """What is flipped: the wrapped key's sealed bytes, or the data key itself."""


class Truncated(RequestFault):
    """Answers are cut in the middle of their JSON, under a length that fits what is left."""

    kind: Literal["truncated"]


class RejectTokens(RequestFault):
    """Valid tokens are answered 401: the service cannot ask whether they are."""

    kind: Literal["reject_tokens"]


class RevokeTokens(RequestFault):
    """Tokens that were issued before the fault are answered 401; newer ones are taken."""

    kind: Literal["revoke_tokens"]


class IamFault(Fault):
    """A fault of the token service: it meets token requests and no others."""

    share: Share = 1.0
    """The share of token requests that it touches, each drawn by itself."""

    def meets(self, aim: Aim) -> bool:
        """Whether a request stands under this fault."""
        return aim.operation == "token"


class IamOutage(IamFault):
    """No new tokens: the token service answers an error, or nothing."""

    kind: Literal["iam_outage"]
    shows: Literal["error", "hang"] = "error"
    """What a caller sees."""
    status: Literal[500, 502, 503, 504] = 503
    """The status of the error."""


class IamSlow(IamFault):
    """Tokens take longer, by latency ± jitter."""

    kind: Literal["iam_slow"]
    latency: Seconds
    """How much longer."""
    jitter: Seconds = 0.0
    """How far that varies, to either side."""


class ZoneLoss(Fault):
    """A zone is dead: its share of requests is lost until the front door ejects it."""

    kind: Literal["zone_loss"]
    zone: int = Field(default=1, ge=1, le=ZONES)
    """Which of the region's zones."""
    shows: Literal["reset", "hang", "error"] = "reset"
    """What a caller sees of a request that was given to it."""


class CapacityFault(Fault, Capacity):
    """The region has another capacity; what waits when it heals is served with the old one."""

    kind: Literal["capacity"]


class QuotaFault(Fault, Quota):
    """Instances have another quota."""

    kind: Literal["quota"]
    instance: str = ""
    """The instance's id; empty: each of them."""


class Crash(Fault):
    """The region's process ends at once, as by SIGKILL; it is back with what is on its disk."""

    kind: Literal["crash"]
    restart_after: Seconds = 0.0
    """How long until its parent starts it again."""


class ProviderFailover(Fault):
    """The provider fails over: the standby serves, at first read-only, behind by its lag."""

    kind: Literal["provider_failover"]
    read_only: Seconds = 0.0
    """For how long what changes anything is refused."""
    status: Literal[409, 503] = 503
    """How it is refused."""
    loses: bool = False
    """Whether what the standby has not heard of by then never comes."""


class KeyFault(Fault):
    """A fault of keys: somebody did something to them."""

    instance: str = ""
    """The instance's id; empty: every tenant's."""
    key: str = ""
    """The key's id or alias; empty: every root key."""


class KeyDeleted(KeyFault):
    """Root keys are deleted (410), and restored when it heals."""

    kind: Literal["key_deleted"]


class KeyDisabled(KeyFault):
    """Root keys are disabled (409), and enabled when it heals."""

    kind: Literal["key_disabled"]


Meeting = (
    Error
    | Throttle
    | Slow
    | Hang
    | AnswersLost
    | Corrupt
    | Truncated
    | RejectTokens
    | RevokeTokens
    | IamOutage
    | IamSlow
)
Standing = (
    ZoneLoss | CapacityFault | QuotaFault | Crash | ProviderFailover | KeyDeleted | KeyDisabled
)
AnyFault = Meeting | Standing
KINDS: dict[str, type[Fault]] = {
    get_args(form.model_fields["kind"].annotation)[0]: form for form in get_args(AnyFault)
}
_ADAPTER: TypeAdapter[AnyFault] = TypeAdapter(Annotated[AnyFault, Field(discriminator="kind")])


def read_fault(document: bytes | Mapping[str, object]) -> AnyFault:
    """The fault that a document describes; ScenarioError says what is wrong with it."""
    text = document if isinstance(document, bytes) else orjson.dumps(dict(document))
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
            where, known = "kind", ", ".join(KINDS)
            raise ScenarioError(f"Fault of the service: kind: must be one of {known}.") from None
        told = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise ScenarioError(f"Fault of the service: {told}.") from None
