"""Setting the stage: one root key in each region, the first data keys, or one clear refusal."""

from random import Random

import orjson
import pytest

from chaos.errors import WorldError
from chaos.exchange import Answer, Request
from chaos.run.operate import digest_of
from chaos.run.provision import FIRST_PREPARED, Provisioned, Site, provision
from chaos.run.simulated import SimulatedWorld
from chaos.run.virtual import VirtualTime
from chaos.run.wires import Respond, Wire
from chaos.run.world import Event, Wrapped
from chaos.scenario import Scenario
from chaos.service.api import KeyService
from chaos.service.iam import Iam
from chaos.service.roles import Identity
from chaos.service.tokens import SecretSigner
from tests.run.made import small

API_KEY, ACCOUNT, EPOCH = "an-api-key", "an-account", 1_800_000_000.0


class Twins:
    """Two regions of the real key service in virtual time, and what the operator asked of them."""

    def __init__(self) -> None:
        entropy = Random(1).randbytes
        owner = Identity("IBMid-1", ACCOUNT)
        iam = Iam(SecretSigner(entropy(32)), {API_KEY: owner}, entropy=entropy)
        self.asked: list[Request] = []
        self.events: list[Event] = []
        self.clock = VirtualTime(-60.0)
        self.refuse: dict[str, Answer] = {}
        self.sites: dict[str, Site] = {}
        self.wires: dict[str, Wire] = {}
        for region in ("us-south", "us-east"):
            service = KeyService(region, iam=iam, entropy=entropy)
            instance = service.add_instance(ACCOUNT).id
            origin = f"http://{region}"
            self.wires[origin] = Wire(self.clock, self._responding(service), Random(0))
            self.sites[region] = Site(region, origin, f"http://{region}.proxy", instance)
        self.world = SimulatedWorld(self.clock, self.wires, {}, EPOCH, self.events.append)

    def _responding(self, service: KeyService) -> Respond:
        def respond(request: Request, now: float) -> Answer:
            self.asked.append(request)
            for path, answer in self.refuse.items():
                if path in request.path:
                    return answer
            return service.answer(request, EPOCH + now)

        return respond

    def provision(self, scenario: Scenario, api_key: str = API_KEY) -> Provisioned:
        """Play the program to its end."""
        made: list[Provisioned] = []

        async def program() -> None:
            iam = self.sites["us-south"].origin
            made.append(await provision(self.world, scenario, self.sites, api_key, iam))

        self.clock.play([(-60.0, program())])
        return made[0]


def test_the_root_key_has_one_material_and_an_id_of_its_own_in_each_region() -> None:
    twins = Twins()

    south, east = twins.provision(small()).origins

    imports = [request for request in twins.asked if request.path == "/api/v2/keys"]
    payloads = {orjson.loads(request.body)["resources"][0]["payload"] for request in imports}
    assert len(imports) == 2
    assert len(payloads) == 1
    assert south.key_id != east.key_id
    assert (south.endpoint, east.endpoint) == ("http://us-south", "http://us-east")


def test_clients_are_sent_through_the_proxy_in_their_own_order() -> None:
    supply = Twins().provision(small("clients.regions=[us-east, us-south]")).supply

    assert [target.region for target in supply.targets] == ["us-east", "us-south"]
    assert [target.endpoint for target in supply.targets] == [
        "http://us-east.proxy",
        "http://us-south.proxy",
    ]


def test_each_client_holds_data_keys_of_its_own_and_all_are_in_the_ledger() -> None:
    twins = Twins()

    sealed = twins.provision(small()).supply.sealed

    ledger = [event for event in twins.events if isinstance(event, Wrapped)]
    assert {client: len(kept) for client, kept in sealed.items()} == dict.fromkeys(range(6), 2)
    held = {key.digest for kept in sealed.values() for key in kept}
    assert {each.digest for each in ledger} == held
    assert len({each.digest for each in ledger}) == 12
    assert [each.number for each in ledger] == list(range(FIRST_PREPARED, FIRST_PREPARED + 12))
    assert digest_of("") not in {each.digest for each in ledger}


def test_the_same_seed_imports_the_same_material_and_another_does_not() -> None:
    def payload(seed: int) -> str:
        twins = Twins()
        twins.provision(small(seed=seed))
        imported = next(request for request in twins.asked if request.path == "/api/v2/keys")
        return str(orjson.loads(imported.body)["resources"][0]["payload"])

    assert payload(7) == payload(7) != payload(8)


def test_a_wrong_api_key_is_said_before_anything_is_made() -> None:
    twins = Twins()

    with pytest.raises(WorldError, match=r"The token service at .* gave no token: HTTP 400\."):
        twins.provision(small(), api_key="not-that-one")
    assert len(twins.asked) == 1


TOKENLESS = r"The token service at http://us-south gave no token: "
NO_IMPORT = r"us-south at http://us-south did not import the root key 'orders': "
NO_WRAP = r"us-south at http://us-south did not wrap a first data key: "


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        ("/identity/token", Answer(503), TOKENLESS + r"HTTP 503\."),
        ("/identity/token", Answer(200, {}, b"[1]"), TOKENLESS + r"its answer holds none\."),
        ("/identity/token", Answer(200, {}, b"<html>"), TOKENLESS + r"its answer holds none\."),
        ("/identity/token", Answer(200, {}, b"{}"), TOKENLESS + r"its answer holds none\."),
        ("/api/v2/keys", Answer(409), NO_IMPORT + r"409\."),
        ("/api/v2/keys", Answer(201, {}, b"{}"), NO_IMPORT + r"truncated\."),
        ("actions/wrap", Answer(403), NO_WRAP + r"403\."),
        ("actions/wrap", Answer(200, {}, b"{"), NO_WRAP + r"truncated\."),
    ],
)
def test_what_the_service_refuses_is_said_in_one_sentence(
    path: str, answer: Answer, said: str
) -> None:
    twins = Twins()
    twins.refuse[path] = answer

    with pytest.raises(WorldError, match=said):
        twins.provision(small())


def test_a_refusal_never_quotes_what_was_sent_or_said() -> None:
    twins = Twins()
    twins.refuse["/api/v2/keys"] = Answer(400, {}, b'{"payload": "c2VjcmV0"}')

    with pytest.raises(WorldError) as told:
        twins.provision(small())
    assert "c2VjcmV0" not in str(told.value)


def test_a_service_that_does_not_answer_is_said_by_what_failed() -> None:
    twins = Twins()
    twins.wires["http://us-east"].enabled = False

    with pytest.raises(WorldError, match=r"us-east .* did not import the root key .*: refused\."):
        twins.provision(small())
