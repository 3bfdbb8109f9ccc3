"""Faults of the key service itself: what it answers, how fast, and what is left of it.

Names and meaning are those of the twin's own faults (:mod:`chaos.service.faults`); here they have
the units of a scenario file. A field that is left out is the twin's default.
"""

from http import HTTPStatus
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from chaos.scenario.fault_form import FaultForm
from chaos.scenario.model import FaultSite, OperationKind
from chaos.scenario.words import Count, Duration, Rate, RegionOfFile, Share

AfterForm = Literal["seconds", "date"]
_STATUSES = [status.value for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST]


def _known(status: int) -> int:
    if status not in _STATUSES:
        raise ValueError(f"{status} is no HTTP status of an error, such as 500 or 503")
    return status


Status = Annotated[int, AfterValidator(_known), WithJsonSchema({"enum": _STATUSES})]
Positive = Annotated[Share, Field(gt=0)]


class ServiceFault(FaultForm):
    """A fault inside a region of the key service."""

    site: ClassVar[FaultSite] = "service"

    target: RegionOfFile
    """The region that it hits."""


class RequestFault(ServiceFault):
    """A fault that meets requests to a region, those of some operations or a share of them."""

    operations: list[OperationKind] = Field(default_factory=list, max_length=2)
    """Which operations; left out: all of them."""
    share: Positive = Field("100%", validate_default=True)
    """The share of these requests that it touches, each drawn by itself."""


class Throttle(RequestFault):
    """Requests are answered 429 and not carried out."""

    kind: Literal["throttle"]
    retry_after: Duration | None = None
    """What the header Retry-After asks for; left out: no header."""
    retry_after_form: AfterForm = "seconds"
    """Whether that header says seconds or a date."""


class Error(RequestFault):
    """Requests are answered with an error status and not carried out."""

    kind: Literal["error"]
    status: Status = 503
    """The HTTP status."""
    retry_after: Duration | None = None
    """What the header Retry-After asks for; left out: no header."""
    retry_after_form: AfterForm = "seconds"
    """Whether that header says seconds or a date."""


class Slow(RequestFault):
    """Requests take longer to serve, by latency ± jitter; where workers are few, they are busy."""

    kind: Literal["slow"]
    latency: Duration
    """How much longer."""
    jitter: Duration = Field("0s", validate_default=True)
    """How far that varies, to either side."""


class Hang(RequestFault):
    """Requests are taken and never answered, nor carried out."""

    kind: Literal["hang"]


class AnswersLost(RequestFault):
    """Requests are carried out and their connections reset before the answer is sent."""

    kind: Literal["answers_lost"]


class RejectTokens(RequestFault):
    """Valid tokens are answered 401: the service cannot ask whether they are."""

    kind: Literal["reject_tokens"]


class Capacity(ServiceFault):
    """The region has so many workers, such service times and such a queue; the rest is shed."""

    kind: Literal["capacity"]
    workers: Annotated[Count, Field(le=100_000)]
    """How many requests are served side by side; 0: none, what comes waits."""
    service: Duration
    """How long one takes on average."""
    distribution: Literal["exponential", "constant", "lognormal"] = "exponential"
    """How service times vary."""
    queue: Count = 1_000_000
    """How many may wait for a worker."""
    status: Literal[429, 503] = 503
    """What the others are answered."""
    retry_after: Duration | None = None
    """What the header Retry-After asks of them; left out: no header."""


class Quota(ServiceFault):
    """An instance may ask so often; what is more is answered 429."""

    kind: Literal["quota"]
    rate: Rate
    """Requests per second."""
    burst: Annotated[Count, Field(ge=1)] = 1
    """How many may come at once."""
    tells: bool = True
    """Whether the answer has a Retry-After."""


class ZoneLoss(ServiceFault):
    """A zone of the region is dead: its share is lost until the front door ejects it."""

    kind: Literal["zone_loss"]
    zone: Annotated[int, Field(ge=1, le=3)] = 1
    """Which of the three."""
    shows: Literal["reset", "hang", "error"] = "reset"
    """What a caller sees of a request that was given to it."""


class KeyDeleted(ServiceFault):
    """Every root key of the region is deleted (410), and restored when it heals."""

    kind: Literal["key_deleted"]


class KeyDisabled(ServiceFault):
    """Every root key of the region is disabled (409), and enabled when it heals."""

    kind: Literal["key_disabled"]


class Crash(ServiceFault):
    """The region's process is killed; when it heals it starts again with what it had kept."""

    kind: Literal["crash"]


class ProviderFailover(ServiceFault):
    """The provider fails over: the region's standby serves under its name until it heals."""

    kind: Literal["provider_failover"]
    read_only: Duration = Field("0s", validate_default=True)
    """For how long at first whatever changes something is refused."""
    status: Literal[409, 503] = 503
    """How it is refused."""
    loses: bool = False
    """Whether what the standby has not heard of by then never comes."""


class IamFault(FaultForm):
    """A fault of the token service, which all regions share."""

    site: ClassVar[FaultSite] = "service"

    target: Literal["iam"] = "iam"
    """Always iam: it belongs to no region."""
    share: Positive = Field("100%", validate_default=True)
    """The share of token requests that it touches, each drawn by itself."""


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
    latency: Duration
    """How much longer."""
    jitter: Duration = Field("0s", validate_default=True)
    """How far that varies, to either side."""
