"""The twin in virtual time: the service by function call, behind simulated proxies. A Ground."""

import asyncio
import socket
from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from chaos.exchange import Answer, Request
from chaos.proxy.link import Toxic
from chaos.run.faults import WireFault
from chaos.service.api import KeyService
from chaos.service.front_door import FrontDoor
from chaos.service.held import Held, Received
from chaos.service.iam import Iam
from chaos.service.iam_door import IamDoor
from chaos.service.protocol import HttpConnection
from chaos.service.roles import Identity
from chaos.service.tokens import SecretSigner
from chaos.testing.attempt import Attempt
from chaos.testing.clock import Clock
from chaos.testing.ground import ACCOUNT, IAM, Secrets
from chaos.testing.virtual_network import VirtualProxy

DOMAIN = "keychaos.test"
HTTP = 80


class VirtualGround:
    """Regions and IAM as hosts of a network in memory, on one clock. Also the loop's Network."""

    def __init__(self, clock: Clock, regions: tuple[str, ...], seed: int) -> None:
        self.regions = regions
        self.attempts: list[Attempt] = []
        entropy = Random(f"{seed}/entropy").randbytes
        self.secrets = Secrets(entropy(24).hex(), "")
        self._clock = clock
        owner = Identity("IBMid-keychaos", ACCOUNT)
        iam = Iam(SecretSigner(entropy(32)), {self.secrets.api_key: owner}, entropy=entropy)
        self._doors: dict[str, FrontDoor | IamDoor] = {
            name: FrontDoor(KeyService(name, iam=iam, entropy=entropy)) for name in regions
        }
        self._doors[IAM] = IamDoor(iam, seed=seed)
        self._connections: set[HttpConnection] = set()
        self._proxies = {
            name: VirtualProxy(name, self._served(door.receive), self.attempts)
            for name, door in self._doors.items()
        }

    def _served(
        self, receive: Callable[[Request, float], Received]
    ) -> Callable[[], HttpConnection]:
        def respond(request: Request) -> Received:
            return receive(request, self.utc())

        return partial(HttpConnection, respond, self._connections, Held.resume)

    def now(self) -> float:
        return self._clock.now

    def utc(self) -> float:
        """UTC in seconds since 1970."""
        return self._clock.epoch + self._clock.now

    def endpoint(self, name: str) -> str:
        return f"http://{name}.{DOMAIN}"

    def ask(self, name: str, request: Request) -> Answer:
        answer = self._doors[name].receive(request, self.utc())
        assert isinstance(answer, Answer), "an operator's request was held or dropped by a fault"
        return answer

    def set_enabled(self, name: str, *, enabled: bool) -> None:
        self._proxies[name].set_enabled(enabled=enabled)

    def place(self, name: str, toxic: WireFault) -> None:
        self._proxies[name].place(toxic.stream, Toxic(toxic.name, toxic.effect))

    def lift(self, name: str, toxic: WireFault) -> None:
        self._proxies[name].lift(toxic.stream, toxic.name)

    def touched(self, name: str, toxic: WireFault) -> int:
        placed = self._proxies[name].toxics[toxic.stream]
        return next(one.counts.injected for one in placed if one.name == toxic.name)

    def inject(self, name: str, fault: str, document: Mapping[str, object]) -> None:
        self._doors[name].faults.inject(fault, document, self.utc())

    def heal(self, name: str, fault: str) -> int:
        return self._doors[name].faults.heal(fault, self.utc()).counts.injected

    def addresses(self, host: str) -> str:
        names = tuple(self._doors)
        for number, name in enumerate(names, start=1):
            if host in (f"{name}.{DOMAIN}", f"192.0.2.{number}"):
                return f"192.0.2.{number}"
        known = ", ".join(f"{name}.{DOMAIN}" for name in names)
        raise socket.gaierror(
            socket.EAI_NONAME, f"{host} is not in the virtual network; there are {known}"
        )

    async def connect(
        self, factory: Callable[[], asyncio.BaseProtocol], host: str, port: int
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        number = int(self.addresses(host).rpartition(".")[2])
        if port != HTTP:
            raise ConnectionRefusedError(111, f"Connect call failed: nobody listens on {port}")
        return await tuple(self._proxies.values())[number - 1].connect(factory)
