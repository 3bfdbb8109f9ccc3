"""IBM's SDK for Python: as it comes it gives up at the first 429, and it knows one region only."""

import io
from collections.abc import Callable

import keyprotect
import pytest
import requests
from ibm_cloud_sdk_core import ApiException

from chaos.testing.faults import Faults
from chaos.testing.key_service import KeyServiceUnderTest
from chaos.testing.wire import Wire

Wrap = Callable[..., int]


@pytest.fixture
def wrap(key_service: KeyServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> Wrap:
    """Wrap a new data key in a region, through the SDK; the status."""

    def wrapped(name: str = "us-south", retries: int = 0) -> int:
        region = key_service.region(name)
        for variable, value in key_service.environment(region).items():
            monkeypatch.setenv(variable, value)
        sdk = keyprotect.IbmKeyProtectApiV2.new_instance()
        if retries:
            sdk.enable_retries(retries)
        body = io.BytesIO(b"{}")
        with sdk.http_client:
            answer = sdk.wrap_key(region.key_id, region.instance, key_action_wrap_body=body)
        return int(answer.get_status_code())

    return wrapped


def test_as_it_comes_it_gives_up_when_throttled(wrap: Wrap, faults: Faults) -> None:
    with faults.throttle(retry_after=1.0), pytest.raises(ApiException, match="429"):
        wrap()


def test_with_retries_enabled_it_waits_as_asked(wrap: Wrap, faults: Faults, wire: Wire) -> None:
    with faults.throttle(retry_after=1.0), pytest.raises(requests.exceptions.RetryError):
        wrap(retries=1)
    wire.assert_retry_after_honoured()


def test_an_outage_is_its_own_and_the_backup_is_for_its_caller(wrap: Wrap, faults: Faults) -> None:
    with faults.region_outage("us-south"):
        with pytest.raises(requests.ConnectionError):
            wrap("us-south")
        assert wrap("us-east") == requests.codes.ok
