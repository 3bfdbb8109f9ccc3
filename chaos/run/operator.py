"""The operator's own calls: they set the stage and audit it, and are not measured."""

from chaos.client.call import Target, Try
from chaos.client.wire import client_mark
from chaos.exchange import Request

OPERATOR = 65_535
MARK = client_mark("operator")
CONNECT, READ, TOTAL = 2.0, 5.0, 10.0


def asking(target: Target, request: Request, number: int = 1) -> Try:
    """One attempt of the operator at one target, with patient timeouts."""
    return Try(number, target.region, target.endpoint, request, CONNECT, READ, TOTAL, 0.0, "first")
