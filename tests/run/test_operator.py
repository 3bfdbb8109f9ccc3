"""The operator's attempts: patient, and of nobody's client."""

from chaos.client.call import Target
from chaos.exchange import Request
from chaos.run.operator import OPERATOR, asking

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
