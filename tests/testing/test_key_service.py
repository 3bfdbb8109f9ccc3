"""What a test is given: duplicate root keys, addresses and variables for SDKs."""

import base64
import json

import pytest

from chaos.client.key_client import KeyClient
from chaos.exchange import Request
from chaos.testing.ground import Secrets
from chaos.testing.key_service import KeyServiceUnderTest
from tests.testing.calling import headers


def ask(service: KeyServiceUnderTest, region: str, action: str, body: object) -> dict[str, str]:
    aimed = service.region(region)
    path = f"/api/v2/keys/{aimed.key_id}/actions/{action}"
    sent = tuple(headers(service, aimed).items())
    answer = service.ground.ask(region, Request("POST", path, sent, json.dumps(body).encode()))
    assert answer.status == 200, answer
    told: dict[str, str] = json.loads(answer.body)
    return told


def test_what_one_region_wraps_the_other_opens_under_its_own_key_id(
    key_service: KeyServiceUnderTest,
) -> None:
    secret = base64.b64encode(b"s" * 32).decode()

    wrapped = ask(key_service, "us-south", "wrap", {"plaintext": secret})
    opened = ask(key_service, "us-east", "unwrap", {"ciphertext": wrapped["ciphertext"]})

    assert opened["plaintext"] == secret
    assert key_service.primary.key_id != key_service.backup.key_id


def test_the_client_of_this_toolkit_is_wired_at_once(key_service: KeyServiceUnderTest) -> None:
    with KeyClient(key_service.wiring()) as keys:
        envelope = keys.encrypt(b"a document", context=b"tenant")
        assert keys.decrypt(envelope, context=b"tenant") == b"a document"


def test_each_test_is_a_tenant_of_its_own(
    key_service: KeyServiceUnderTest, session_key_service: KeyServiceUnderTest
) -> None:
    assert key_service.primary.instance != session_key_service.primary.instance
    assert key_service.primary.url == session_key_service.primary.url


def test_variables_name_everything_that_an_sdk_is_told(key_service: KeyServiceUnderTest) -> None:
    variables = key_service.environment(key_service.backup)

    assert variables["IBM_KEY_PROTECT_API_URL"] == key_service.backup.url
    assert variables["KEYCHAOS_US_SOUTH_URL"] == key_service.primary.url
    assert variables["KEYCHAOS_US_EAST_KEY"] == key_service.backup.key_id
    assert variables["KEYCHAOS_IAM_URL"] == key_service.iam_url


def test_no_secret_is_shown_in_a_failure(key_service: KeyServiceUnderTest) -> None:
    for secret in (key_service.api_key, key_service.token):
        assert secret not in repr(key_service)
    drawn = Secrets.drawn()
    assert drawn.control not in repr(drawn)


def test_a_region_that_is_not_there_is_answered_with_those_that_are(
    key_service: KeyServiceUnderTest,
) -> None:
    with pytest.raises(KeyError, match="us-south, us-east"):
        key_service.region("us-sooth")
