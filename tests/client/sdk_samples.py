# The libraries are installed in an environment of their own, where no type checker looks.
# mypy: disable-error-code="import-not-found,import-untyped"
"""What installed libraries really draw, as JSON on standard output.

Run by `tests/client/test_conformance.py` under an interpreter that has the libraries of
`tests/client/sdk-requirements.txt`; it knows nothing of keychaos. Waits are in seconds.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any

import backoff
import tenacity
from azure.core.pipeline.policies import RetryPolicy
from botocore.retries import adaptive, bucket, quota, standard, throttling
from botocore.retries.standard import ExponentialBackoff
from botocore.retryhandler import delay_exponential
from google.api_core.retry import Retry
from google.api_core.retry.retry_base import exponential_sleep_generator
from google.auth.credentials import AnonymousCredentials
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)
from httpcore._sync.connection import exponential_backoff
from ibm_cloud_sdk_core import BaseService
from ibm_cloud_sdk_core.authenticators import NoAuthAuthenticator
from stamina._core import _compute_backoff

SAMPLES = 4000
RETRIES = 8
Waits = dict[str, list[list[float]]]


def drawn(wait: Callable[[int], float], samples: int = SAMPLES) -> list[list[float]]:
    """So many draws of the wait before each retry, the first retry first."""
    return [[wait(retry) for _ in range(samples)] for retry in range(1, RETRIES + 1)]


def generated(make: Callable[[], Iterator[float]]) -> list[list[float]]:
    """The same of a library that hands out its waits one after the other."""
    runs = [list(islice(make(), RETRIES)) for _ in range(SAMPLES)]
    return [[run[index] for run in runs] for index in range(RETRIES)]


def botocore() -> Waits:
    """Standard mode, transient and throttled, and the legacy mode's delay."""

    def standard(*, throttled: bool) -> Callable[[int], float]:
        detector = SimpleNamespace(is_throttling_error_from_context=lambda _: throttled)
        backoff = ExponentialBackoff(service_name="kms", throttling_detector=detector)
        return lambda retry: backoff.delay_amount(
            SimpleNamespace(attempt_number=retry, http_response=None)
        )

    return {
        "botocore-1.44-standard": drawn(standard(throttled=False)),
        "botocore-1.44-standard throttled": drawn(standard(throttled=True)),
        "botocore-1.35-legacy": drawn(lambda retry: delay_exponential("rand", 2, retry)),
    }


def botocore_retry_after() -> list[list[float]]:
    """For some headers: what was asked in ms, the least and the most that is waited."""
    found = []
    for asked in (0, 10, 4000, 60_000):
        response = SimpleNamespace(headers={"x-amz-retry-after": str(asked)})
        context = SimpleNamespace(attempt_number=1, http_response=response)
        waits = [ExponentialBackoff().delay_amount(context) for _ in range(SAMPLES)]
        found.append([float(asked), min(waits), max(waits)])
    return found


def botocore_limiter() -> list[list[float]]:
    """A scripted life of the adaptive mode's rate limiter.

    Rows: time, 1 for a throttled answer, the rate and the wait for a token after it.
    """
    clock = SimpleNamespace(now=0.0)
    clock.current_time = lambda: clock.now
    throttles = SimpleNamespace(now=False)
    tokens = bucket.TokenBucket(max_rate=1, clock=clock)
    limiter = adaptive.ClientRateLimiter(
        rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=0.0),
        rate_clocker=adaptive.RateClocker(clock),
        token_bucket=tokens,
        throttling_detector=SimpleNamespace(is_throttling_error=lambda **_: throttles.now),
        clock=clock,
    )
    rng, rows = random.Random(5), []
    for _ in range(2000):
        clock.now += rng.expovariate(20.0)
        throttles.now = rng.random() < 0.05
        limiter.on_receiving_response()
        wait = 0.0
        if limiter._enabled:
            tokens._refill()
            wait = max(0.0, tokens._sleep_amount(1))
            if wait == 0.0:
                tokens._acquire(1, block=False)
        rows.append([clock.now, float(throttles.now), tokens.max_rate, wait])
    return rows


def botocore_quota() -> list[float]:
    """How many retries the quota pays for, transient and throttled."""
    counts = []
    for throttled in (False, True):
        detector = SimpleNamespace(is_throttling_error_from_context=lambda _, t=throttled: t)
        checker = standard.RetryQuotaChecker(quota.RetryQuota(), detector)
        context = SimpleNamespace(request_context={}, add_retry_metadata=lambda **_: None)
        bought = 0
        while checker.acquire_retry_quota(context):
            bought += 1
        counts.append(float(bought))
    return counts


def azure() -> Waits:
    """azure-core's backoff by the length of its history."""
    policy = RetryPolicy()

    def wait(retry: int) -> float:
        settings: dict[str, Any] = policy.configure_retries({})
        settings["history"] = [None] * retry
        return float(policy.get_backoff_time(settings))

    return {"azure-core-1.41": drawn(wait, 2)}


def google() -> Waits:
    """google-api-core's sleep generator, with its own defaults and with Cloud KMS's encrypt."""
    transport = KeyManagementServiceGrpcTransport(credentials=AnonymousCredentials())
    encrypt = transport._wrapped_methods[transport.encrypt]._retry

    def sleeps(retry: Any) -> Callable[[], Iterator[float]]:
        return lambda: exponential_sleep_generator(
            retry._initial, retry._maximum, retry._multiplier
        )

    deadlines = [[encrypt._timeout, Retry()._timeout]]
    return {
        "google-api-core-2.44": generated(sleeps(Retry())),
        "google-cloud-kms-3.18": generated(sleeps(encrypt)),
        "google deadlines": deadlines,
    }


def ibm() -> Waits:
    """urllib3's Retry as IBM's Python core configures it."""
    service = BaseService(service_url="http://localhost", authenticator=NoAuthAuthenticator())
    service.enable_retries(4, 30.0)

    def wait(retry: int) -> float:
        policy = service.retry_config.new(total=100)
        for _ in range(retry):
            policy = policy.increment("POST", "/", error=OSError())
        return float(policy.get_backoff_time())

    return {"ibm-sdk-core-python-3.28": drawn(wait, 2)}


def others() -> Waits:
    """tenacity's, stamina's, backoff's and httpx's waits."""

    def of_tenacity(wait: Any) -> Callable[[int], float]:
        return lambda retry: float(wait(SimpleNamespace(attempt_number=retry)))

    def expo() -> Iterator[float]:
        values = backoff.expo()
        next(values)
        return (backoff.full_jitter(value) for value in values)

    return {
        "tenacity random": drawn(of_tenacity(tenacity.wait_random_exponential())),
        "tenacity jitter": drawn(of_tenacity(tenacity.wait_exponential_jitter())),
        "stamina-26.1": drawn(lambda retry: _compute_backoff(retry, 5.0, 0.1, 2.0, 1.0)),
        "backoff": generated(expo),
        "httpx-0.28-retries-3": [
            [wait] * 2 for wait in islice(exponential_backoff(factor=0.5), RETRIES)
        ],
    }


def main() -> None:
    """Print everything."""
    random.seed(20_261_123)
    json.dump(
        {
            "waits": {**botocore(), **azure(), **google(), **ibm(), **others()},
            "amazon retry-after": botocore_retry_after(),
            "amazon limiter": botocore_limiter(),
            "amazon quota": botocore_quota(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
