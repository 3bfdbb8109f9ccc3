"""How many requests an instance may make: the generic cell rate algorithm, a token bucket.

A bucket is one number, the instant at which it will be full again (the virtual scheduling form of
ITU-T I.371's GCRA). Pure: ``now`` is an argument, times are seconds.
"""

from pydantic import BaseModel, ConfigDict, Field

from chaos.service.retry_after import Form

FORGOTTEN_ABOVE = 10_000


class Quota(BaseModel):
    """So many requests per second for each instance, ``burst`` of them at once.

    What is over it is refused with 429 and, unless ``tells`` is false, with Retry-After: as long as
    the bucket needs, at least ``retry_after`` seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rate: float = Field(gt=0, allow_inf_nan=False)
    burst: int = Field(default=1, ge=1)
    tells: bool = True
    retry_after: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    retry_after_form: Form = "seconds"


class Buckets:
    """The buckets of all instances under one quota."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.refused = 0
        self._interval = 1.0 / quota.rate
        self._slack = (quota.burst - 1) * self._interval
        self._full: dict[str, float] = {}

    def take(self, instance: str, now: float) -> float:
        """Take one from an instance's bucket: 0.0, or how long until one will be there."""
        full = self._full.get(instance, now)
        early = full - self._slack - now
        if early > 0.0:
            self.refused += 1
            return max(early, self.quota.retry_after)
        self._full[instance] = max(full, now) + self._interval
        if len(self._full) > FORGOTTEN_ABOVE:
            self._full = {name: when for name, when in self._full.items() if when > now}
        return 0.0
