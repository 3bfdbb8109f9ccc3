"""What a server process is told in its first line of input: which region, for whom, where.

The line is one JSON object; every field may be left out::

    {"region": "us-south", "host": "127.0.0.1", "port": 0,
     "iam": {"signing_key": "-----BEGIN PRIVATE KEY-----…", "token_lasts": 3600,
             "api_keys": [{"key": "…", "iam_id": "IBMid-1", "account": "…", "name": "…",
                           "grants": {"*": ["Manager", "KeyPurge"]}}]},
     "instances": [{"id": "…", "account": "…", "name": "…", "plan": "…"}],
     "seed": 7, "scale_time": 1.0, "scaled_from": 1.8e9, "directory": "/var/lib/keychaos",
     "capacity": {"workers": 8, "service": 0.02, "queue": 100}, "quota": {"rate": 500},
     "ejects_after": 5.0, "readmits_after": 5.0, "control_token": "…",
     "faults": {"name": {"kind": "slow", "latency": 0.5}},
     "standby_of": {"url": "http://127.0.0.1:PORT", "control_token": "…", "lag": 30.0}}

``region`` null makes a process that serves IAM alone. Without ``seed`` all entropy is the system's.
With ``directory`` the keys are kept there, sealed, and found again by the next process; then
``instances`` that it already holds are left as they are. All processes of one world are given the
same ``iam``; then each region takes every token of it. ``scaled_from`` is since when, in UTC since
1970, the clock runs ``scale_time`` times as fast; without it that is since the process started, and
from where the keys that were kept had got to. :mod:`chaos.service.capacity` and
:mod:`chaos.service.quota` say what theirs mean; null is no bound. With ``control_token`` there is
the control API (:mod:`chaos.service.control`); ``faults`` are in force from the beginning. With
``standby_of`` the process is the standby of the region at that address, whose name it has, and
serves the instances of that on the cross-region plan while a `provider_failover` is in force here.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chaos.errors import ScenarioError
from chaos.service.capacity import Capacity
from chaos.service.instance import STANDARD_PLAN
from chaos.service.quota import Quota
from chaos.service.roles import EVERYWHERE, OWNER, Identity, Role
from chaos.service.tokens import RsaSigner
from chaos.service.zones import EJECTS_AFTER, READMITS_AFTER

NonEmpty = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class ApiKey(_Strict):
    """An API key and whom it stands for; ``grants`` maps instance ids, or ``*``, to roles."""

    key: NonEmpty = Field(repr=False)
    iam_id: NonEmpty
    account: NonEmpty
    name: str = ""
    grants: dict[str, tuple[Role, ...]] = {EVERYWHERE: OWNER}

    def identity(self) -> Identity:
        """Whom the key stands for."""
        return Identity(self.iam_id, self.account, self.name, self.grants)


class IamConfiguration(_Strict):
    """The one IAM of a world. An empty ``signing_key`` is drawn, for a process on its own."""

    signing_key: str = Field(default="", repr=False)
    token_lasts: int = Field(default=3600, ge=1)
    api_keys: tuple[ApiKey, ...] = ()

    def identities(self) -> dict[str, Identity]:
        """Identities by API key."""
        return {each.key: each.identity() for each in self.api_keys}


class Tenant(_Strict):
    """An instance to begin with."""

    id: NonEmpty
    account: NonEmpty
    name: str = ""
    plan: str = STANDARD_PLAN


class StandbyOf(_Strict):
    """Whose standby a process is, how it is asked, and by how many seconds it is behind."""

    url: NonEmpty
    control_token: NonEmpty = Field(repr=False)
    lag: float = Field(default=30.0, ge=0, allow_inf_nan=False)


class Configuration(_Strict):
    """One server process. ``port`` 0 takes any free one."""

    region: NonEmpty | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    iam: IamConfiguration = IamConfiguration()
    instances: tuple[Tenant, ...] = ()
    seed: int | None = None
    scale_time: float = Field(default=1.0, gt=0)
    scaled_from: float | None = Field(default=None, allow_inf_nan=False)
    directory: str | None = None
    capacity: Capacity | None = None
    quota: Quota | None = None
    ejects_after: float = Field(default=EJECTS_AFTER, ge=0)
    readmits_after: float = Field(default=READMITS_AFTER, ge=0)
    control_token: str = Field(default="", repr=False)
    faults: dict[str, dict[str, Any]] = {}
    standby_of: StandbyOf | None = None

    @classmethod
    def parse(cls, line: bytes) -> "Configuration":
        """Read the line; ScenarioError says what is wrong with it."""
        try:
            configuration = cls.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise ScenarioError(
                f"Configuration of the key service: {where}: {first['msg']}."
            ) from None
        pem = configuration.iam.signing_key
        if pem:
            try:
                RsaSigner.from_pem(pem)
            except ValueError:
                sentence = "iam.signing_key must be an RSA private key in PEM without a password."
                raise ScenarioError(sentence) from None
        return configuration
