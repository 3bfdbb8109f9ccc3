"""The operator's attempts: patient, and of nobody's client."""

import pytest

from chaos.client.call import Credential, Target
from chaos.errors import WorldError
from chaos.exchange import Answer, Request
from chaos.run.operator import OPERATOR, asking, sign_in
from tests.run.made import world_of

TARGET = Target("us-east", "http://origin", "instance", "key")


def test_the_operator_asks_the_target_itself_once_and_patiently() -> None:
    request = Request("GET", "/api/v2/keys")

    attempt = asking(TARGET, request, 3)

    assert (attempt.number, attempt.region, attempt.endpoint) == (3, "us-east", "http://origin")
    assert attempt.request is request
    assert attempt.connect < attempt.read < attempt.total
    assert (attempt.waited, attempt.fresh, attempt.shared) == (0.0, False, False)


def test_no_client_of_a_fleet_has_the_operators_number() -> None:
    # The journal keeps clients in 16 bits; the last number is the operator's.
    assert OPERATOR == 2**16 - 1


def signed_in(answer: Answer) -> Credential:
    clock, world, _ = world_of(lambda _request, _now: answer)
    found: list[Credential] = []

    async def program() -> None:
        found.append(await sign_in(world, "api-key", "http://x"))

    clock.play([(2.0, program())])
    return found[0]


def test_the_operator_knows_when_its_token_ends() -> None:
    token = signed_in(Answer(200, {}, b'{"access_token": "t", "expires_in": 20}'))

    assert token == Credential("api-key", "http://x", "t", 2.0, 22.0)


@pytest.mark.parametrize("answer", [Answer(400, {}, b"secret"), Answer(200, {}, b"[]")])
def test_a_token_that_does_not_come_is_told_without_the_body(answer: Answer) -> None:
    with pytest.raises(WorldError, match="gave no token") as told:
        signed_in(answer)

    assert "secret" not in str(told.value)
