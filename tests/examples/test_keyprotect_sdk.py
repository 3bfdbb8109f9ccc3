"""IBM's SDK for Python: as it comes it gives up at the first 429, and in an outage it is lost."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import keyprotect
import pytest
import requests
from ibm_cloud_sdk_core import ApiException

from chaos.testing.faults import Faults
from chaos.testing.key_service import KeyServiceUnderTest, Region
from chaos.testing.wire import Wire

Sdk = Any  # keyprotect.IbmKeyProtectApiV2 has no types
Make = Callable[[Region], Sdk]


@pytest.fixture
def sdk(key_service: KeyServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    made: list[Sdk] = []

    def make(region: Region) -> Sdk:
        for name, value in key_service.environment(region).items():
            monkeypatch.setenv(name, value)
        made.append(keyprotect.IbmKeyProtectApiV2.new_instance())
        return made[-1]

    yield make
    for each in made:
        each.http_client.close()


def wrap(sdk: Sdk, region: Region) -> int:
    answer = sdk.wrap_key(region.key_id, region.instance, key_action_wrap_body=io.BytesIO(b"{}"))
    return int(answer.get_status_code())


def test_as_it_comes_it_gives_up_when_throttled(
    sdk: Make, key_service: KeyServiceUnderTest, faults: Faults
) -> None:
    with faults.throttle(retry_after=1.0), pytest.raises(ApiException, match="429"):
        wrap(sdk(key_service.primary), key_service.primary)


def test_with_retries_enabled_it_waits_as_asked(
    sdk: Make, key_service: KeyServiceUnderTest, faults: Faults, wire: Wire
) -> None:
    mended = sdk(key_service.primary)
    mended.enable_retries(max_retries=1)
    with faults.throttle(retry_after=1.0), pytest.raises(requests.exceptions.RetryError):
        wrap(mended, key_service.primary)
    wire.assert_retry_after_honoured()
    assert wrap(mended, key_service.primary) == requests.codes.ok


def test_it_knows_one_region_so_the_second_is_for_its_caller_to_try(
    sdk: Make, key_service: KeyServiceUnderTest, faults: Faults
) -> None:
    both = [(region, sdk(region)) for region in key_service.regions]
    with faults.region_outage("us-south"):
        with pytest.raises(requests.ConnectionError):
            wrap(both[0][1], both[0][0])
        assert wrap(both[1][1], both[1][0]) == requests.codes.ok
