"""The door of a token service that stands alone: its faults, its control API, its health."""

from functools import partial
from typing import Literal

import orjson

from chaos.errors import ScenarioError
from chaos.exchange import Answer, Reply, Request
from chaos.service import control
from chaos.service.aim import Aim
from chaos.service.control import Control
from chaos.service.faults import AnyFault, Meeting
from chaos.service.held import Held, Received
from chaos.service.iam import TOKEN_PATHS, Iam
from chaos.service.injected import Faults, Injected
from chaos.service.suffered import instead, spoilt

HEALTH = "/health"
JSON = {"content-type": "application/json"}
TOKEN = Aim("token")


class IamDoor:
    """Takes token requests; only faults of tokens can be injected here."""

    def __init__(self, iam: Iam, *, seed: object = 0, control_token: str = "") -> None:
        self._iam = iam
        self.faults = Faults(f"{seed}/iam", _only_of_tokens)
        self._control = Control(self.faults, control_token, lambda _: {"region": None})

    def receive(self, request: Request, now: float) -> Received:
        """Take one request at ``now``, UTC since 1970."""
        path = request.path.partition("?")[0]
        if path.startswith(control.PREFIX):
            return self._control.answer(request, now)
        if path == HEALTH:
            return Answer(200, JSON, orjson.dumps({"region": None}))
        self.faults.lapse(now)
        if not self.faults.meeting or path not in TOKEN_PATHS:
            return self._iam.answer(request, now)
        met = self.faults.meet(TOKEN)
        if met.instead is not None:
            met.instead.counts.touch(now)
            return instead(_meeting(met.instead.fault), TOKEN, "", now)
        finish = partial(self._finish, request, met.after)
        delay = met.delay(now)
        return Held(now + delay, finish) if delay > 0.0 else finish(now)

    def _finish(self, request: Request, after: tuple[Injected, ...], now: float) -> Reply:
        reply: Reply = self._iam.answer(request, now)
        for each in after:
            whole, reply = reply, spoilt(_meeting(each.fault), reply, each.rng)
            if reply is not whole:
                each.counts.touch(now)
        return reply


def _only_of_tokens(verb: Literal["inject", "heal"], which: Injected, _: float) -> None:
    fault = which.fault
    if verb == "inject" and not (isinstance(fault, Meeting) and fault.meets(TOKEN)):
        sentence = "Fault of the service: kind: IAM alone has iam_outage, iam_slow, and faults"
        raise ScenarioError(f"{sentence} of requests whose operations include token.")


def _meeting(fault: AnyFault) -> Meeting:
    assert isinstance(fault, Meeting)
    return fault
