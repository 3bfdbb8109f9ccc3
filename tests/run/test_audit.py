"""The audit: right, wrong or lost, for every entry in every region, and lost only after retries."""

import orjson
import pytest

from chaos.client.call import Credential, Target
from chaos.errors import WorldError
from chaos.exchange import Answer, Failure, Reply, Request
from chaos.run.audit import ATTEMPTS, PAUSE, audit
from chaos.run.operate import digest_of
from chaos.run.world import Audited, Event, Wrapped
from tests.run.made import OTHER, PLAINTEXT, world_of

CREDENTIAL = Credential("api-key", "http://iam", "a-token", 0.0, 3600.0)
SOUTH = Target("us-south", "http://x", "instance-s", "key-s")
EAST = Target("us-east", "http://x", "instance-e", "key-e")


def entry(number: int = 7) -> Wrapped:
    return Wrapped(number, 0, 1.0, "us-south", digest_of(PLAINTEXT), "Y2lwaGVy", "v1")


def opened(plaintext: str) -> Answer:
    return Answer(200, {}, orjson.dumps({"plaintext": plaintext, "keyVersion": {"id": "v1"}}))


class Service:
    """Answers unwraps from a list, the last for ever, and keeps what it was asked."""

    def __init__(self, *answers: Reply) -> None:
        self.asked: list[Request] = []
        self._answers = list(answers)

    def __call__(self, request: Request, now: float) -> Reply:
        self.asked.append(request)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def audited(service: Service, *targets: Target, entries: int = 1) -> list[Event]:
    clock, world, events = world_of(service)
    ledger = [entry(number) for number in range(entries)]
    clock.play([(0.0, audit(world, ledger, targets, CREDENTIAL))])
    return events


def test_a_data_key_that_opens_to_what_was_wrapped_is_right() -> None:
    assert audited(Service(opened(PLAINTEXT)), SOUTH) == [Audited(0, "us-south", "right", "")]


def test_another_plaintext_is_wrong_at_once_and_never_asked_again() -> None:
    service = Service(opened(OTHER), opened(PLAINTEXT))

    (found,) = audited(service, SOUTH)

    assert isinstance(found, Audited)
    assert (found.verdict, found.why) == ("wrong", "another plaintext came than was wrapped")
    assert len(service.asked) == 1


def test_what_does_not_open_is_lost_and_says_what_the_region_said_last() -> None:
    service = Service(Answer(503), Answer(503), Answer(404))

    (found,) = audited(service, SOUTH)

    assert isinstance(found, Audited)
    assert (found.verdict, found.region) == ("lost", "us-south")
    assert found.why.startswith("404")
    assert len(service.asked) == ATTEMPTS


def test_a_region_that_gives_no_answer_has_lost_nothing_and_ends_the_audit() -> None:
    service = Service(opened(PLAINTEXT), Answer(503), Failure("reset", written=True))
    clock, world, events = world_of(service)
    ledger = [entry(number) for number in range(3)]

    with pytest.raises(WorldError, match=r"us-south did not answer the audit: reset, 3 attempts"):
        clock.play([(0.0, audit(world, ledger, [SOUTH], CREDENTIAL))])

    assert events == [Audited(0, "us-south", "right", "")]
    assert len(service.asked) == 1 + ATTEMPTS
    assert clock.now >= PAUSE, "it had time to come back"


def test_an_attempt_without_an_answer_is_no_loss_either() -> None:
    service = Service(Failure("closed", written=True), opened(PLAINTEXT))

    assert audited(service, SOUTH) == [Audited(0, "us-south", "right", "")]


def test_one_failure_is_not_a_loss() -> None:
    assert audited(Service(Answer(503), opened(PLAINTEXT)), SOUTH) == [
        Audited(0, "us-south", "right", "")
    ]


def test_every_entry_is_opened_in_every_region() -> None:
    service = Service(opened(PLAINTEXT))

    found = audited(service, SOUTH, EAST, entries=3)

    assert {(each.number, each.region) for each in found if isinstance(each, Audited)} == {
        (number, region) for number in range(3) for region in ("us-south", "us-east")
    }
    paths = {request.path for request in service.asked}
    assert paths == {f"/api/v2/keys/{key}/actions/unwrap" for key in ("key-s", "key-e")}


def test_it_asks_with_the_operators_token_and_tenant_for_this_ciphertext() -> None:
    service = Service(opened(PLAINTEXT))

    audited(service, EAST)

    headers = dict(service.asked[0].headers)
    assert headers["Authorization"] == "Bearer a-token"
    assert headers["Bluemix-Instance"] == "instance-e"
    assert orjson.loads(service.asked[0].body) == {"ciphertext": "Y2lwaGVy"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"plaintext": 7}', b'{"plaintext": "%"}'])
def test_a_garbled_answer_is_no_plaintext(body: bytes) -> None:
    (found,) = audited(Service(Answer(200, {}, body)), SOUTH)

    assert isinstance(found, Audited)
    assert found.verdict == "lost"


def test_a_token_near_its_end_is_replaced_before_it_is_used() -> None:
    tokens = Answer(200, {}, b'{"access_token": "new", "expires_in": 3600}')
    service = Service(tokens, opened(PLAINTEXT))
    clock, world, events = world_of(service)
    ends = Credential("api-key", "http://x", "old", 0.0, 3.0)

    clock.play([(0.0, audit(world, [entry()], [SOUTH], ends))])

    first, second = service.asked
    assert first.path.startswith("/identity/token")
    assert ("Authorization", "Bearer new") in second.headers
    assert [event.verdict for event in events if isinstance(event, Audited)] == ["right"]
