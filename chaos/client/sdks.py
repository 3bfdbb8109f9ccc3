"""What well-known software does, as policies: read from its sources, version by version.

They call the primary only, for none of them knows another region. Their names carry the version
whose constants they hold, because defaults change: botocore's did on 2026-11-10. What the installed
libraries draw is held against these in `tests/client/test_conformance.py`.
"""

from math import inf

from chaos.client.backoff import (
    additive_jitter,
    exponential,
    full_jitter,
    late_exponential,
    none,
    shifted_exponential,
    spread,
)
from chaos.client.budget import GrpcThrottle, Quota
from chaos.client.policy import (
    NEVER,
    NO_FAILURES,
    TRANSIENT,
    UNLIMITED,
    Policy,
    Refresh,
    Retried,
    Timeouts,
)
from chaos.client.retry_after import AmazonRetryAfter, RetryAfter
from chaos.client.throttle import Cubic
from chaos.exchange import FailureKind

# IBM's SDKs renew a token after 80 % of its life, do not retry that, and keep a token that the
# service calls unauthorized. The others' own credentials have no counterpart here.
_TOKENS = Refresh(
    early=0.8,
    spread=0.0,
    timeouts=Timeouts(60.0, 60.0),
    backoff=none(),
    retry_after=None,
    insists=False,
    distrust=inf,
)
_MINUTE = Timeouts(connect=60.0, read=60.0)
_SERVER_ERRORS = frozenset({*range(500, 600)} - {501})
_ANY_CONNECT: frozenset[FailureKind] = frozenset({"refused", "connect_timeout", "dns", "tls"})

_KEY_PROTECT = (
    # The example algorithm of Key Protect's page on high availability: three attempts, one second
    # doubling, after any failure, and a wait after the last attempt that nothing follows. The
    # timeouts are those of IBM's SDK.
    Policy(
        name="key-protect-docs",
        timeouts=_MINUTE,
        attempts=3,
        backoff=exponential(base=1.0, cap=NEVER),
        retried=Retried(statuses=None),
        last_wait=True,
        refresh=_TOKENS,
    ),
    # keyprotect 3.0.1 without enable_retries.
    Policy(name="keyprotect-python-3.0", timeouts=_MINUTE, refresh=_TOKENS),
    # ibm-cloud-sdk-core 3.28 with enable_retries(4, 30.0): urllib3's Retry with a factor of 1.
    Policy(
        name="ibm-sdk-core-python-3.28",
        timeouts=_MINUTE,
        attempts=5,
        backoff=late_exponential(base=1.0, cap=30.0),
        retried=Retried(statuses=frozenset({429, 500, 502, 503, 504})),
        retry_after=RetryAfter(cap=21600.0, beyond="cut", zero="ignore", own_clock=True),
        refresh=_TOKENS,
    ),
    # ibm-cloud-sdk-core for Node with enableRetries: retry-axios 2.6, (2^k - 1) / 2 seconds.
    Policy(
        name="ibm-sdk-core-node-2.17",
        timeouts=_MINUTE,
        attempts=5,
        backoff=shifted_exponential(base=1.0, cap=30.0, shift=-0.5),
        retried=Retried(statuses=frozenset({429, *_SERVER_ERRORS}), unanswered=2),
        retry_after=RetryAfter(cap=300.0, beyond="refuse", zero="refuse", own_clock=True),
        refresh=_TOKENS,
    ),
    # go-sdk-core with EnableRetries(4, 30 s): go-retryablehttp 0.7.
    Policy(
        name="ibm-sdk-core-go-retryablehttp-0.7",
        timeouts=Timeouts(connect=30.0, read=30.0),
        attempts=5,
        backoff=exponential(base=1.0, cap=30.0),
        retried=Retried(statuses=frozenset({429, *_SERVER_ERRORS})),
        retry_after=RetryAfter(statuses=frozenset({429, 503}), own_clock=True),
        refresh=_TOKENS,
    ),
    # keyprotect-go-client 0.17: the same, always on, 30 s an attempt, a new connection for each.
    Policy(
        name="keyprotect-go-0.17",
        timeouts=Timeouts(connect=30.0, read=30.0, total=30.0),
        attempts=5,
        backoff=exponential(base=1.0, cap=30.0),
        retried=Retried(statuses=frozenset({429, *_SERVER_ERRORS})),
        retry_after=RetryAfter(statuses=frozenset({429, 503}), own_clock=True),
        refresh=_TOKENS,
        fresh=True,
    ),
    # sdk-core 9.24 for Java with enableRetries(4, 30): its interceptor sees only answers.
    Policy(
        name="ibm-sdk-core-java-9.24",
        timeouts=Timeouts(connect=60.0, read=90.0),
        attempts=5,
        backoff=exponential(base=1.0, cap=30.0),
        retried=Retried(statuses=frozenset({429, *_SERVER_ERRORS}), failures=NO_FAILURES),
        retry_after=RetryAfter(zero="ignore", own_clock=True),
        refresh=_TOKENS,
    ),
)

_AWS_STATUSES = frozenset({429, 500, 502, 503, 504})

_AWS = (
    # botocore's legacy mode, the default until 1.43.
    Policy(
        name="botocore-1.35-legacy",
        timeouts=_MINUTE,
        attempts=5,
        backoff=full_jitter(base=1.0, cap=NEVER),
        retried=Retried(statuses=_AWS_STATUSES | {509}),
        refresh=_TOKENS,
    ),
    Policy(
        name="botocore-1.35-standard",
        timeouts=_MINUTE,
        attempts=3,
        backoff=full_jitter(base=1.0, cap=20.0),
        retried=Retried(statuses=_AWS_STATUSES),
        budget=Quota(transient=5.0, throttled=5.0, timeout=10.0),
        refresh=_TOKENS,
    ),
    # The default from 1.44 on: 50 ms where it was a second, and a retry costs 14 where it cost 5.
    Policy(
        name="botocore-1.44-standard",
        timeouts=_MINUTE,
        attempts=3,
        backoff=full_jitter(base=0.05, cap=20.0),
        throttled=full_jitter(base=1.0, cap=20.0),
        retried=Retried(statuses=_AWS_STATUSES),
        retry_after=AmazonRetryAfter(),
        budget=Quota(),
        refresh=_TOKENS,
    ),
    Policy(
        name="botocore-1.44-adaptive",
        timeouts=_MINUTE,
        attempts=3,
        backoff=full_jitter(base=0.05, cap=20.0),
        throttled=full_jitter(base=1.0, cap=20.0),
        retried=Retried(statuses=_AWS_STATUSES),
        retry_after=AmazonRetryAfter(),
        budget=Quota(),
        throttle=Cubic(),
        refresh=_TOKENS,
    ),
)

_AZURE_TIMEOUTS = Timeouts(connect=300.0, read=300.0)

_OTHERS = (
    # azure-core 1.41's RetryPolicy for methods that may be repeated: ten in all, but three of a
    # sort. Any answer from 400 on that carries Retry-After is retried.
    Policy(
        name="azure-core-1.41",
        timeouts=_AZURE_TIMEOUTS,
        attempts=11,
        backoff=late_exponential(base=0.8, cap=120.0),
        retried=Retried(statuses=TRANSIENT, connect=3, read=3, status=3),
        retry_after=RetryAfter(zero="ignore", anything=True, own_clock=True),
        refresh=_TOKENS,
    ),
    # The same for POST, which is what wrap and unwrap are: nothing after an error of the network.
    Policy(
        name="azure-core-1.41-post",
        timeouts=_AZURE_TIMEOUTS,
        attempts=11,
        backoff=late_exponential(base=0.8, cap=120.0),
        retried=Retried(statuses=frozenset({500, 503, 504}), failures=NO_FAILURES, status=3),
        retry_after=RetryAfter(zero="ignore", anything=True, own_clock=True),
        refresh=_TOKENS,
    ),
    # google-cloud-kms 3.18's encrypt and decrypt: UNAVAILABLE and DEADLINE_EXCEEDED only.
    Policy(
        name="google-cloud-kms-3.18",
        timeouts=Timeouts(connect=60.0, read=60.0, total=60.0),
        deadline=60.0,
        attempts=UNLIMITED,
        backoff=full_jitter(base=0.1, cap=60.0, factor=1.3),
        retried=Retried(statuses=frozenset({503, 504})),
        refresh=_TOKENS,
    ),
    # google-api-core 2.44's Retry() as it comes.
    Policy(
        name="google-api-core-2.44",
        timeouts=Timeouts(connect=120.0, read=120.0),
        deadline=120.0,
        attempts=UNLIMITED,
        backoff=full_jitter(base=1.0, cap=60.0),
        retried=Retried(statuses=frozenset({429, 500, 503})),
        refresh=_TOKENS,
    ),
    # gax-go v2's Backoff as it comes; the context's deadline is the caller's.
    Policy(
        name="gax-go-2",
        timeouts=Timeouts(connect=60.0, read=60.0, total=60.0),
        deadline=60.0,
        attempts=UNLIMITED,
        backoff=full_jitter(base=1.0, cap=30.0),
        retried=Retried(statuses=frozenset({503, 504})),
        refresh=_TOKENS,
    ),
    # The example configuration of gRPC's proposal A6, with its throttling.
    Policy(
        name="grpc-a6",
        timeouts=Timeouts(connect=20.0, read=20.0),
        attempts=4,
        backoff=spread(base=0.1, cap=1.0, factor=2.0, share=0.2),
        retried=Retried(statuses=frozenset({503})),
        budget=GrpcThrottle(),
        refresh=_TOKENS,
    ),
    # httpx 0.28 as it comes, and with HTTPTransport(retries=3), which looks at connecting only.
    Policy(name="httpx-0.28", timeouts=Timeouts(connect=5.0, read=5.0), refresh=_TOKENS),
    Policy(
        name="httpx-0.28-retries-3",
        timeouts=Timeouts(connect=5.0, read=5.0),
        attempts=4,
        backoff=late_exponential(base=0.25, cap=NEVER),
        retried=Retried(statuses=frozenset(), failures=_ANY_CONNECT),
        refresh=_TOKENS,
    ),
    # stamina 26.1's @retry on top of httpx: its cap cuts the jitter, so that from the seventh retry
    # on everybody waits exactly five seconds.
    Policy(
        name="stamina-26.1",
        timeouts=Timeouts(connect=5.0, read=5.0),
        deadline=45.0,
        attempts=10,
        backoff=additive_jitter(base=0.1, cap=5.0, plus=1.0),
        retried=Retried(statuses=frozenset({429, *_SERVER_ERRORS})),
        refresh=_TOKENS,
    ),
)

SDKS: dict[str, Policy] = {policy.name: policy for policy in (*_KEY_PROTECT, *_AWS, *_OTHERS)}

# What a name without a version means today.
LATEST = {
    "aws-standard": "botocore-1.44-standard",
    "aws-adaptive": "botocore-1.44-adaptive",
    "azure-core": "azure-core-1.41",
    "google-gax": "google-cloud-kms-3.18",
    "ibm-sdk-core-python": "ibm-sdk-core-python-3.28",
    "ibm-sdk-core-node": "ibm-sdk-core-node-2.17",
    "ibm-sdk-core-go": "ibm-sdk-core-go-retryablehttp-0.7",
}
