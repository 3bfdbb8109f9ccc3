"""The presets against the libraries themselves: bounds, distribution, quota, rate limiter.

The libraries are installed into an environment of their own, once, in pytest's cache; or
``KEYCHAOS_SDKS`` names an interpreter that has them. Without a network the tests are skipped, and
say how to run them.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chaos.client import backoff
from chaos.client.backoff import Backoff
from chaos.client.budget import Quota
from chaos.client.presets import PRESETS
from chaos.client.retry_after import AmazonRetryAfter
from chaos.client.throttle import Cubic
from tests.client.statistics import same_distribution

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
REQUIREMENTS = HERE / "sdk-requirements.txt"
SAMPLES = 4000
STANDARD = PRESETS["botocore-1.44-standard"]
STRATEGIES: dict[str, Backoff] = {
    "botocore-1.44-standard": STANDARD.backoff,
    "botocore-1.44-standard throttled": STANDARD.throttled or backoff.none(),
    "botocore-1.35-legacy": PRESETS["botocore-1.35-legacy"].backoff,
    "azure-core-1.41": PRESETS["azure-core-1.41"].backoff,
    "google-api-core-2.44": PRESETS["google-api-core-2.44"].backoff,
    "google-cloud-kms-3.18": PRESETS["google-cloud-kms-3.18"].backoff,
    "ibm-sdk-core-python-3.28": PRESETS["ibm-sdk-core-python-3.28"].backoff,
    "httpx-0.28-retries-3": PRESETS["httpx-0.28-retries-3"].backoff,
    "stamina-26.1": PRESETS["stamina-26.1"].backoff,
    "tenacity random": backoff.full_jitter(base=1.0, cap=3600.0),
    "tenacity jitter": backoff.additive_jitter(base=1.0, cap=3600.0, plus=1.0),
    "backoff": backoff.full_jitter(base=1.0, cap=3600.0),
}


@pytest.fixture(scope="module")
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the libraries drew."""
    # Plugins may be switched off, the cache among them.
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    shelf = cache.mkdir("keychaos-sdks") if cache else tmp_path_factory.mktemp("keychaos-sdks")
    python = os.environ.get("KEYCHAOS_SDKS") or installed(shelf)
    script = [python, str(HERE / "sdk_samples.py")]
    # A path that was set for this interpreter is none for theirs.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    printed = subprocess.run(script, check=True, capture_output=True, timeout=300, env=environ)
    found: dict[str, Any] = json.loads(printed.stdout)
    return found


def installed(shelf: Path) -> str:
    """An interpreter that has the libraries, made at the first run and kept on the shelf.

    It is made elsewhere and moved there whole, so that what stands there is complete, whoever was
    interrupted and whoever else is making the same.
    """
    mark = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = shelf / f"{sys.version_info.major}.{sys.version_info.minor}-{mark}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=shelf) as workshop:
            made = Path(workshop) / "sdks"
            venv.create(made, with_pip=True)
            pip = [str(made / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            result = subprocess.run(
                [*pip, "-r", str(REQUIREMENTS)],
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            if result.returncode:
                told = (result.stderr.strip().splitlines() or ["pip said nothing"])[-1]
                pytest.skip(
                    f"the libraries could not be installed ({told}); install {REQUIREMENTS.name} "
                    "somewhere and set KEYCHAOS_SDKS to its interpreter"
                )
            with contextlib.suppress(OSError):
                made.rename(folder)
    return str(folder / "bin" / "python")


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_waits_lie_in_the_same_bounds_and_have_the_same_distribution(
    name: str, library: dict[str, Any]
) -> None:
    strategy = STRATEGIES[name]
    for retry, theirs in enumerate(library["waits"][name], start=1):
        low, high = strategy.envelope(retry, 0.0)
        assert low - 1e-9 <= min(theirs) <= max(theirs) <= high + 1e-9
        ours = [strategy.draw(retry, 0.0, Random(seed)) for seed in range(SAMPLES)]
        if low == high:
            assert theirs == pytest.approx([low] * len(theirs))
        else:
            assert len(theirs) == SAMPLES
            assert same_distribution(ours, theirs)


def test_the_test_would_notice_another_librarys_constants(library: dict[str, Any]) -> None:
    theirs = library["waits"]["botocore-1.44-standard"][0]
    wrong = [backoff.full_jitter(0.055, 20.0).draw(1, 0.0, Random(seed)) for seed in range(SAMPLES)]
    assert not same_distribution(wrong, theirs)


def test_googles_deadlines_are_ours(library: dict[str, Any]) -> None:
    kms, default = library["waits"]["google deadlines"][0]
    assert kms == PRESETS["google-cloud-kms-3.18"].deadline
    assert default == PRESETS["google-api-core-2.44"].deadline


def test_amazons_header_is_followed_within_the_same_bounds(library: dict[str, Any]) -> None:
    for asked, least, most in library["amazon retry-after"]:
        headers = {"x-amz-retry-after": str(int(asked))}
        ours = [
            AmazonRetryAfter().raised(headers, STANDARD.backoff.draw(1, 0.0, Random(seed)))
            for seed in range(SAMPLES)
        ]
        assert min(ours) == pytest.approx(least, abs=0.001)
        assert max(ours) == pytest.approx(most, abs=0.001)


def test_amazons_quota_pays_for_as_many_retries(library: dict[str, Any]) -> None:
    for cause, theirs in zip(("transient", "throttled"), library["amazon quota"], strict=True):
        account, bought = Quota().account(), 0
        while account.withdraw(0.0, cause) is not None:  # type: ignore[arg-type]
            bought += 1
        assert bought == theirs


def test_amazons_rate_limiter_lives_the_same_life(library: dict[str, Any]) -> None:
    gate = Cubic().gate()
    waited = 0
    for now, throttled, rate, wait in library["amazon limiter"]:
        gate.answered(now, throttled=bool(throttled), accepted=not throttled)
        assert gate.rate == pytest.approx(rate, abs=1e-6)  # type: ignore[attr-defined]
        assert gate.ask(now, Random(1)) == pytest.approx(wait, abs=1e-5)
        waited += wait > 0.0
    assert waited > 100
