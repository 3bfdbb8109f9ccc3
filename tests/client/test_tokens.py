"""The token: single flight, early, jittered, used to its end, and never hammered for."""

from random import Random

import orjson
import pytest

from chaos.client.call import Credential, Done, Try, Wait, Wiring, Work
from chaos.client.caller import PolicyClient
from chaos.client.policy import Refresh
from chaos.client.presets import PRESETS, RECOMMENDED, factory
from chaos.client.tokens import Tokens
from chaos.exchange import Answer, Failure, Reply
from tests.client.playing import Player, steady
from tests.client.twin import Twin

LASTING = Credential("api-key", "http://iam", "token-0", 0.0, 1000.0)


def granted(token: str, lasts: float = 1000.0) -> Answer:
    return Answer(200, body=orjson.dumps({"access_token": token, "expires_in": lasts}))


def tokens(credential: Credential = LASTING, **rule: object) -> Tokens:
    return Tokens(credential, Refresh(**rule), Random(1))  # type: ignore[arg-type]


def client_of(wiring: Wiring) -> PolicyClient:
    built = factory(RECOMMENDED)(wiring, Random(5))
    assert isinstance(built, PolicyClient)
    return built


def test_a_token_is_renewed_early_and_each_client_has_its_own_instant() -> None:
    dues = {Tokens(LASTING, Refresh(), Random(seed)).due for seed in range(50)}
    assert len(dues) == 50
    assert all(700.0 <= due <= 800.0 for due in dues)


def test_a_token_that_could_not_be_renewed_is_used_to_its_end() -> None:
    held = tokens()
    assert held.need(held.due) == "early"
    held.begin(held.due)
    renewal = held.observe(held.due, Failure("refused", written=False), held.due + 1.0)
    assert not renewal.ok
    assert "the old one lasts" in renewal.why
    assert held.text == "token-0"
    assert held.need(999.9) == "early"
    assert held.need(1000.0) == "must"


def test_failing_refreshes_are_spaced_by_a_growing_backoff() -> None:
    held, now, gaps = tokens(), 800.0, []
    for _ in range(12):
        held.begin(now)
        held.observe(now, Answer(503), now)
        gaps.append(held.retry_at - now)
        now = held.retry_at
    assert max(gaps) <= 30.0
    assert sum(gaps[6:]) > sum(gaps[:6])


def test_once_the_token_has_ended_a_refresh_is_tried_again_within_seconds_but_not_in_step() -> None:
    waits = set()
    for seed in range(20):
        held = Tokens(LASTING, Refresh(), Random(seed))
        held.failures = 9
        held.begin(1200.0)
        held.observe(1200.0, Answer(503), 1200.0)
        waits.add(held.retry_at - 1200.0)
    assert all(0.0 <= wait <= 5.0 for wait in waits)
    assert len(waits) == 20


def test_an_sdk_fails_the_call_whose_refresh_failed_and_asks_again_with_the_next() -> None:
    client = factory(PRESETS["keyprotect-python-3.0"])(Twin().wiring(lasts=5.0), Random(1))
    for number in range(3):
        now = 10.0 + number
        call = client.begin(Work(number, "wrap"), now)
        refresh = call.step(now)
        assert isinstance(refresh, Try)
        assert refresh.why == "refresh"
        call.observe(refresh.number, Answer(503), now + 0.1)
        done = call.step(now + 0.1)
        assert isinstance(done, Done)
        assert done.outcome == "failed"


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "20"}, 20.0, 22.25),
        (
            {
                "retry-after": "Tue, 14 Nov 2023 22:13:50 GMT",
                "date": "Tue, 14 Nov 2023 22:13:20 GMT",
            },
            30.0,
            33.25,
        ),
        ({"retry-after": "86400"}, 300.0, 330.25),
        ({"retry-after": "soon"}, 0.0, 1.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 GMT"}, 0.0, 1.0),
    ],
)
def test_a_token_service_that_asks_to_be_left_alone_is(
    headers: dict[str, str], least: float, most: float
) -> None:
    waits = []
    for seed in range(50):
        held = Tokens(LASTING, Refresh(), Random(seed))
        held.observe(800.0, Answer(429, headers), 800.0)
        waits.append(held.retry_at - 800.0)
    assert least <= min(waits) <= max(waits) <= most
    sdk = Tokens(LASTING, Refresh(retry_after=None), Random(1))
    sdk.observe(800.0, Answer(429, headers), 800.0)
    assert sdk.retry_at <= 801.0


def test_life_is_counted_from_when_the_token_was_asked_for() -> None:
    held = tokens()
    held.begin(800.0)
    assert held.observe(800.0, granted("token-1", lasts=600.0), 804.0).ok
    assert (held.text, held.expires) == ("token-1", 1400.0)
    assert held.need(804.0) == "none"


@pytest.mark.parametrize(
    "reply",
    [
        Answer(200, body=b""),
        Answer(200, body=b"[]"),
        Answer(200, body=b'{"access_token":"","expires_in":3600}'),
        Answer(200, body=b'{"access_token":"t"}'),
        Answer(200, body=b'{"access_token":"t","expires_in":0}'),
        Answer(200, body=b'{"access_token":7,"expires_in":3600}'),
        Answer(400, body=b'{"errorCode":"BXNIM0415E"}'),
        Failure("read_timeout", written=True),
    ],
)
def test_what_is_no_token_is_not_taken_for_one(reply: Reply) -> None:
    held = tokens()
    assert not held.observe(800.0, reply, 800.1).ok
    assert held.text == "token-0"


def test_a_refused_token_is_renewed_once_and_then_the_identity_is_to_blame() -> None:
    held = tokens()
    assert held.refused("token-0", 10.0)
    assert held.need(10.0) == "must"
    held.observe(10.0, granted("token-1"), 10.1)
    assert held.refused("token-0", 10.2), "an attempt under way still carried the old one"
    assert not held.refused("token-1", 11.0)
    assert held.refused("token-1", 71.0)


def test_an_sdk_keeps_a_token_that_the_service_refuses() -> None:
    held = tokens(distrust=float("inf"))
    assert not held.refused("token-0", 10.0)


def test_a_token_without_a_known_end_is_never_renewed() -> None:
    held = tokens(Credential("api-key", "http://iam", "for-ever"))
    assert held.need(1e9) == "none"
    assert not held.refused("for-ever", 1.0)


def test_without_a_rule_nothing_is_ever_renewed() -> None:
    assert Tokens(Credential("api-key", "http://iam"), None, Random(1)).need(1e9) == "none"


def test_a_client_without_a_token_gets_one_first_and_only_one_for_all_its_calls() -> None:
    twin = Twin()
    works = [(0.0, Work(number, "wrap")) for number in range(20)]
    played = Player(client_of(twin.wiring(token="")), twin).play(works)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    assert len(played.at("iam")) == 1


def test_an_early_refresh_goes_beside_its_call_and_costs_it_nothing() -> None:
    twin = Twin()
    works = [(2999.0, Work(1, "wrap")), (2999.5, Work(2, "wrap"))]
    played = Player(client_of(twin.wiring()), twin).play(works)
    assert len(played.at("iam")) == 1
    assert played.done[1][0] == pytest.approx(2999.02)
    assert [decision.kind for decision in played.decisions] == ["refresh"]


def test_an_iam_outage_does_not_touch_calls_before_the_token_ends() -> None:
    twin = Twin()
    twin.meets = lambda attempt, _: "swallows" if attempt.region == "iam" else "answers"
    works = [(3600.0 * share / 200.0, Work(share, "wrap")) for share in range(200)]
    played = Player(client_of(twin.wiring()), twin).play(works)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    assert 1 <= len(played.at("iam")) <= 80


def test_a_client_recovers_by_itself_when_iam_comes_back_after_the_token_ended() -> None:
    twin = Twin()

    def down_until(attempt: Try, now: float) -> str:
        return "refuses" if attempt.region == "iam" and now < 3700.0 else "answers"

    twin.meets = down_until
    played = Player(client_of(twin.wiring()), twin).play(steady(400, 0.5, starts=3550.0))
    outcomes = {number: done.outcome for number, (_, done) in played.done.items()}
    assert all(outcomes[number] != "ok" for number in range(102, 280))
    assert "token" in played.done[150][1].why
    back = min(each.ended for each in played.at("iam") if isinstance(each.reply, Answer))
    # Without a token it asks again within five seconds, however long it has been refused.
    assert back < 3700.0 + 5.0


def test_revoked_access_causes_one_refresh_and_no_failover() -> None:
    twin = Twin()
    real = twin.answer

    def revoked(attempt: Try, now: float) -> Answer:
        return real(attempt, now) if attempt.region == "iam" else Answer(401)

    twin.answer = revoked  # type: ignore[method-assign]
    played = Player(client_of(twin.wiring()), twin).play(steady(80, 0.5, starts=1.0))
    assert len(played.at("iam")) == 1
    assert not played.at("us-east")
    assert not played.kinds("failover")
    assert len(played.kinds("denied")) == 80


def test_calls_wait_for_a_refresh_under_way_and_go_on_when_it_ends() -> None:
    client = client_of(Twin().wiring(token=""))
    first, second = client.begin(Work(1, "wrap"), 0.0), client.begin(Work(2, "wrap"), 0.0)
    refresh = first.step(0.0)
    assert isinstance(refresh, Try)
    assert (refresh.why, refresh.shared, refresh.region) == ("refresh", True, "iam")
    assert first.step(0.0) == second.step(0.0) == Wait(4.0, shared=True)
    first.observe(refresh.number, granted("token-1"), 0.1)
    for call in (first, second):
        attempt = call.step(0.1)
        assert isinstance(attempt, Try)
        assert ("Authorization", "Bearer token-1") in attempt.request.headers


def test_a_refresh_that_its_call_lost_is_forgotten_at_its_timeout() -> None:
    client = client_of(Twin().wiring(token=""))
    client.begin(Work(1, "wrap"), 0.0).step(0.0)
    later = client.begin(Work(2, "wrap"), 4.5).step(4.5)
    assert isinstance(later, Try)
    assert later.why == "refresh"


def test_an_early_refresh_that_failed_is_not_tried_again_at_once() -> None:
    client = client_of(Twin().wiring())
    call = client.begin(Work(1, "wrap"), 3000.0)
    refresh = call.step(3000.0)
    assert isinstance(refresh, Try)
    call.observe(refresh.number, Failure("refused", written=False), 3000.0)
    attempt = call.step(3000.0)
    assert isinstance(attempt, Try)
    assert attempt.why == "first"


def test_a_call_that_cannot_get_a_token_in_time_says_so() -> None:
    client = client_of(Twin().wiring(token=""))
    client.tokens.retry_at = 100.0
    done = client.begin(Work(1, "wrap"), 0.0).step(0.0)
    assert isinstance(done, Done)
    assert (done.outcome, "no valid token" in done.why) == ("failed", True)


def test_a_call_waits_for_the_next_refresh_within_its_deadline() -> None:
    client = client_of(Twin().wiring(token=""))
    client.tokens.retry_at = 1.0
    assert client.begin(Work(1, "wrap"), 0.0).step(0.0) == Wait(1.0, shared=True)
