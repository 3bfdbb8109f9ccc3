"""One call of the recommended policy and of others, step by step and played."""

import hashlib
from dataclasses import replace
from random import Random

import pytest

from chaos.client.budget import Bucket
from chaos.client.call import Done, Try, Wait, Work
from chaos.client.caller import PolicyClient
from chaos.client.policy import Failover, Policy, Retried, Timeouts
from chaos.client.presets import RECOMMENDED, factory
from chaos.client.retry_after import RetryAfter
from chaos.client.throttle import Adaptive
from chaos.exchange import Answer, Failure, Reply
from tests.client.playing import BACKUP, PRIMARY, Played, Player, Service, ok, steady, wiring

UNWRAP = Work(1, "unwrap", ciphertext="Y2lwaGVy")


def client_of(policy: Policy = RECOMMENDED) -> PolicyClient:
    built = factory(policy)(wiring(), Random(5))
    assert isinstance(built, PolicyClient)
    return built


def play(
    service: Service, policy: Policy = RECOMMENDED, *, count: int = 1, every: float = 0.5
) -> Played:
    return Player(client_of(policy), service).play(steady(count, every))


def slow(region: str, latency: float, starts: float = 0.0) -> Service:
    """A region that answers late, the others at once."""

    def serve(attempt: Try, now: float) -> tuple[float, Reply]:
        late = attempt.region == region and now >= starts
        return latency if late else 0.02, ok(attempt)

    return serve


def answering(status: int, region: str = "", **headers: str) -> Service:
    """That answer in one region or in all, success elsewhere."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def serve(attempt: Try, _: float) -> tuple[float, Reply]:
        there = attempt.region == region or not region
        return 0.02, Answer(status, named) if there else ok(attempt)

    return serve


def test_an_attempt_that_times_out_is_not_repeated_in_its_region() -> None:
    def silent(attempt: Try, _: float) -> tuple[float, Reply]:
        if attempt.region == "us-south":
            return 1e6, Failure("closed", written=True)
        return 0.02, ok(attempt)

    played = play(silent, replace(RECOMMENDED, hedge=None))
    assert [each.attempt.region for each in played.attempts] == ["us-south", "us-east"]
    assert played.done[0][0] == pytest.approx(1.02)


def test_a_hedge_goes_to_the_other_region_when_the_first_is_slow() -> None:
    played = play(slow("us-south", 0.9))
    ended, done = played.done[0]
    assert ended == pytest.approx(0.27)
    assert done.region == "us-east"
    hedge = played.at("us-east")[0]
    assert hedge.attempt.why == "hedge"
    assert hedge.sent == pytest.approx(0.25)
    assert [decision.kind for decision in played.decisions] == ["hedge"]


def test_a_region_that_keeps_losing_to_its_hedge_is_left() -> None:
    played = play(slow("us-south", 0.9), count=20)
    assert len(played.kinds("hedge")) == 3
    assert [decision.region for decision in played.kinds("failover")] == ["us-east"]


def brownout(share: float) -> Service:
    """One attempt in so many is ten times slower, wherever it goes."""
    rng = Random(3)

    def serve(attempt: Try, _: float) -> tuple[float, Reply]:
        return 0.5 if rng.random() < share else 0.05, ok(attempt)

    return serve


def test_hedges_are_paid_for_and_end_with_the_budget() -> None:
    policy = replace(
        RECOMMENDED, failover=None, breaker=None, budget=Bucket(capacity=4.0, ratio=0.1)
    )
    played = play(brownout(0.5), policy, count=100)
    hedges = [each for each in played.attempts if each.attempt.why == "hedge"]
    assert 8 <= len(hedges) <= 3 + 100 * 0.1
    assert {each.attempt.region for each in hedges} == {"us-south"}
    assert all(each.attempt.fresh for each in hedges)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}


def test_a_brownout_is_cut_by_hedges_without_leaving_the_region() -> None:
    played = play(brownout(0.05), count=400)
    hedged = sorted(ended - 0.5 * number for number, (ended, _) in played.done.items())
    assert hedged[int(0.99 * 400)] < 0.35
    assert len(played.attempts) < 1.1 * 400
    assert not played.kinds("failover")


def test_a_hedge_waits_longer_where_answers_usually_take_longer() -> None:
    played = play(slow("us-south", 0.2), count=10)
    assert not played.kinds("hedge")


def test_a_call_goes_on_with_its_hedge_when_the_first_attempt_fails() -> None:
    def serve(attempt: Try, _: float) -> tuple[float, Reply]:
        if attempt.why == "hedge":
            return 0.4, ok(attempt)
        return 0.3, Failure("reset", written=True)

    played = play(serve)
    assert played.done[0][1].outcome == "ok"
    assert len(played.attempts) == 2


def test_a_no_from_the_hedge_waits_for_the_first_attempt() -> None:
    def serve(attempt: Try, _: float) -> tuple[float, Reply]:
        return (0.01, Answer(400)) if attempt.why == "hedge" else (0.5, ok(attempt))

    assert play(serve).done[0][1].outcome == "ok"


def test_a_hedge_that_loses_says_nothing_against_its_region() -> None:
    played = play(slow("us-south", 0.26), count=4)
    assert not played.kinds("breaker_opened")


def test_without_hedges_a_call_waits_for_its_attempt() -> None:
    call = client_of(replace(RECOMMENDED, hedge=None)).begin(UNWRAP, 0.0)
    assert isinstance(call.step(0.0), Try)
    assert call.step(0.5) == Wait(5.0)


def test_retry_after_holds_the_region_for_all_calls_and_the_backup_serves_them() -> None:
    def serve(attempt: Try, now: float) -> tuple[float, Reply]:
        if attempt.region == "us-south" and now < 3.0:
            return 0.02, Answer(429, {"retry-after": "5"})
        return 0.02, ok(attempt)

    played = play(serve, count=20)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    south = [each.sent for each in played.at("us-south")]
    assert south[0] == 0.0
    assert south[1] >= 5.02
    assert not played.kinds("failover")
    assert len(played.kinds("held")) == 1


def test_a_call_waits_for_retry_after_within_its_deadline_when_there_is_no_elsewhere() -> None:
    def serve(attempt: Try, now: float) -> tuple[float, Reply]:
        return 0.02, Answer(503, {"retry-after": "2"}) if now < 1.0 else ok(attempt)

    played = play(serve)
    ended, done = played.done[0]
    assert done.outcome == "ok"
    # Half of what was asked and a quarter of a second may come on top, and each call's own second.
    assert 2.0 <= ended <= 0.02 + 3.25 + 1.0


def test_a_call_ends_at_once_when_retry_after_is_past_its_deadline_everywhere() -> None:
    played = play(answering(503, retry_after="300"), count=3)
    assert all(ended - 0.5 * number < 0.2 for number, (ended, _) in played.done.items())
    assert len(played.attempts) == 2, "later calls do not even ask"
    assert "asked to be left alone" in played.done[2][1].why


def test_an_sdks_retry_after_holds_its_own_call_only() -> None:
    policy = replace(
        RECOMMENDED, failover=None, breaker=None, retry_after=RetryAfter(cap=60.0), hedge=None
    )
    played = play(answering(503, retry_after="2"), policy, count=2, every=0.1)
    assert [each.attempt.why for each in played.attempts[:2]] == ["first", "first"]


def test_a_throttled_answer_does_not_move_the_client() -> None:
    played = play(answering(429, "us-south"), count=30)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    assert not played.kinds("failover")
    assert not played.kinds("breaker_opened")


def test_wraps_give_way_to_unwraps_when_every_region_asked_to_be_left_alone() -> None:
    client = client_of()
    for index in (0, 1):
        client.route.hold(index, 2.0, 0.0, 0)
    wrap = client.begin(Work(1, "wrap"), 0.0).step(0.0)
    assert isinstance(wrap, Done)
    assert "gives way" in wrap.why
    unwrap = client.begin(UNWRAP, 0.0).step(0.0)
    assert isinstance(unwrap, Wait)
    assert 2.0 < unwrap.until < 3.0
    assert [decision.kind for decision in client.decisions()] == ["held", "held", "shed"]


def test_the_budget_ends_retries_but_not_first_attempts() -> None:
    policy = replace(
        RECOMMENDED, failover=None, breaker=None, budget=Bucket(capacity=3.0, ratio=0.1), hedge=None
    )
    played = play(answering(503), policy, count=40, every=5.0)
    retries = [each for each in played.attempts if each.attempt.why == "retry"]
    assert 2 <= len(retries) <= 2 + 40 * 0.1
    assert {each.operation for each in played.attempts} == set(range(40))
    assert played.kinds("budget_exhausted")


def test_without_budget_a_call_still_goes_to_the_region_it_has_not_asked() -> None:
    policy = replace(RECOMMENDED, budget=Bucket(capacity=1.0, ratio=0.0), breaker=None)
    played = play(answering(503, "us-south"), policy)
    assert [each.attempt.region for each in played.attempts] == ["us-south", "us-east"]
    assert played.done[0][1].outcome == "ok"


def test_adaptive_throttling_sheds_before_sending() -> None:
    policy = replace(
        RECOMMENDED,
        failover=None,
        breaker=None,
        budget=None,
        hedge=None,
        attempts=1,
        throttle=Adaptive(k=2.0),
    )
    played = play(answering(503), policy, count=100, every=0.1)
    assert len(played.attempts) < 50
    assert played.kinds("shed")


def test_a_second_round_begins_when_every_region_has_had_its_share() -> None:
    def failing_at_first(attempt: Try, now: float) -> tuple[float, Reply]:
        return 0.01, Answer(503) if now < 0.1 else ok(attempt)

    policy = replace(RECOMMENDED, breaker=None)
    played = play(failing_at_first, policy)
    regions = [each.attempt.region for each in played.attempts]
    assert regions[:4] == ["us-south", "us-south", "us-east", "us-east"]
    assert played.done[0][1].outcome == "ok"


def test_a_call_makes_no_more_attempts_than_its_policy_allows() -> None:
    policy = replace(RECOMMENDED, breaker=None, budget=None, attempts=5)
    played = play(answering(503), policy)
    assert len(played.attempts) == 5
    assert "attempts are used up" in played.done[0][1].why


def test_a_wrong_plaintext_is_never_returned_and_the_other_region_is_asked() -> None:
    digest = hashlib.sha256(b"plain").hexdigest()
    wrong = b'{"plaintext":"d3Jvbmc=","keyVersion":{"id":"v1"}}'

    def serve(attempt: Try, _: float) -> tuple[float, Reply]:
        return 0.01, Answer(200, body=wrong) if attempt.region == "us-south" else ok(attempt)

    played = Player(client_of(), serve).play([(0.0, replace(UNWRAP, digest=digest))])
    done = played.done[1][1]
    assert (done.outcome, done.region) == ("ok", "us-east")
    assert [each.region for each in played.kinds("wrong_plaintext")] == ["us-south"]
    nowhere = replace(UNWRAP, digest=hashlib.sha256(b"other").hexdigest())
    done = Player(client_of(), serve).play([(0.0, nowhere)]).done[1][1]
    assert (done.outcome, done.result) == ("failed", None)


def test_a_truncated_answer_is_tried_again_although_its_status_is_200() -> None:
    def serve(attempt: Try, now: float) -> tuple[float, Reply]:
        return 0.01, Answer(200, body=b'{"plaintext":"cGx') if now < 0.01 else ok(attempt)

    played = play(serve)
    assert played.done[0][1].outcome == "ok"
    assert played.attempts[1].attempt.fresh


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
def test_a_no_is_final_and_moves_nobody(status: int) -> None:
    played = play(answering(status), replace(RECOMMENDED, refresh=None), count=5)
    assert {each.attempt.region for each in played.attempts} == {"us-south"}
    assert len(played.attempts) == 5
    assert all(done.why == str(status) for _, done in played.done.values())
    assert not played.kinds("failover")


def test_a_key_that_is_gone_everywhere_is_told_and_not_asked_for_again_and_again() -> None:
    played = play(answering(410), count=20)
    assert {done.outcome for _, done in played.done.values()} == {"failed"}
    assert len(played.attempts) < 30
    assert "410" in played.done[0][1].why


def test_a_cancelled_attempt_ends_its_call() -> None:
    client = client_of()
    call = client.begin(UNWRAP, 0.0)
    attempt = call.step(0.0)
    assert isinstance(attempt, Try)
    call.observe(attempt.number, Failure("cancelled", written=True), 0.1)
    done = call.step(0.1)
    assert isinstance(done, Done)
    assert (done.outcome, "cancelled" in done.why) == ("unknown", True)


def test_an_attempt_under_way_at_the_deadline_leaves_the_outcome_unknown() -> None:
    call = client_of().begin(UNWRAP, 0.0)
    assert isinstance(call.step(0.0), Try)
    done = call.step(5.0)
    assert isinstance(done, Done)
    assert done.outcome == "unknown"


def test_attempts_are_cut_at_the_deadline() -> None:
    policy = replace(
        RECOMMENDED, timeouts=Timeouts(connect=30.0, read=30.0, total=60.0), hedge=None
    )
    attempt = client_of(policy).begin(UNWRAP, 10.0).step(10.0)
    assert isinstance(attempt, Try)
    assert (attempt.connect, attempt.read, attempt.total) == (5.0, 5.0, 5.0)


def test_a_probe_is_cut_short_and_its_call_goes_on_elsewhere() -> None:
    def silent(attempt: Try, _: float) -> tuple[float, Reply]:
        if attempt.region == "us-south":
            return 1e6, Failure("closed", written=True)
        return 0.02, ok(attempt)

    played = play(silent, count=60)
    probes = [each for each in played.at("us-south") if each.attempt.why == "probe"]
    assert probes
    assert all(each.attempt.total == pytest.approx(0.3) for each in probes)
    for number in {each.operation for each in probes}:
        assert played.done[number][0] - 0.5 * number < 0.4


def test_a_call_waits_for_the_next_probe_when_every_breaker_is_open() -> None:
    def refuses(attempt: Try, now: float) -> tuple[float, Reply]:
        return (0.001, Failure("refused", written=False)) if now < 9.0 else (0.02, ok(attempt))

    played = play(refuses, count=40)
    late = [number for number in range(40) if 0.5 * number > 5.5]
    assert {played.done[number][1].outcome for number in late} == {"ok"}
    assert len(played.attempts) / len(played.done) < 2.0


def test_a_call_that_finds_all_regions_unfit_for_it_ends() -> None:
    policy = replace(RECOMMENDED, breaker=None, failover=Failover(leaves_on=frozenset({"no"})))
    played = play(answering(400), policy)
    assert [each.attempt.region for each in played.attempts] == ["us-south", "us-east"]
    assert played.done[0][1].outcome == "failed"


def test_what_comes_for_an_unknown_attempt_is_ignored() -> None:
    client = client_of()
    call = client.begin(UNWRAP, 0.0)
    call.observe(7, Answer(200), 0.0)
    assert isinstance(call.step(0.0), Try)


def test_every_attempt_has_its_own_correlation_id() -> None:
    played = play(answering(503), replace(RECOMMENDED, breaker=None))
    ids = [dict(each.attempt.request.headers)["Correlation-Id"] for each in played.attempts]
    assert len(set(ids)) == len(ids) > 3


def test_each_region_is_asked_for_its_own_key_at_its_own_address_as_its_own_tenant() -> None:
    played = play(answering(503, "us-south"))
    for target in (PRIMARY, BACKUP):
        attempt = played.at(target.region)[0].attempt
        assert attempt.endpoint == target.endpoint
        assert attempt.request.path == f"/api/v2/keys/{target.key_id}/actions/unwrap"
        assert dict(attempt.request.headers)["Bluemix-Instance"] == target.instance


def test_limits_by_sort_of_failure_add_up() -> None:
    policy = replace(
        RECOMMENDED,
        failover=None,
        breaker=None,
        budget=None,
        hedge=None,
        retried=Retried(connect=1, read=1, status=1),
    )
    replies: list[Reply] = [
        Failure("refused", written=False),
        Failure("reset", written=True),
        Answer(503),
        Failure("refused", written=False),
    ]
    played = play(lambda _, __: (0.01, replies.pop(0)), policy)
    assert len(played.attempts) == 4


def test_a_backup_that_does_not_open_what_the_primary_opens_is_named_stale() -> None:
    def serve(attempt: Try, _: float) -> tuple[float, Reply]:
        return 0.01, Answer(422) if attempt.region == "us-east" else ok(attempt)

    client = client_of()
    client.route.home = 1
    played = Player(client, serve).play([(0.0, UNWRAP)])
    done = played.done[1][1]
    assert (done.outcome, done.region) == ("ok", "us-south")
    (decision,) = played.kinds("stale_backup")
    assert decision.region == "us-east"
    assert decision.why == "us-south opens what this one does not: it lacks that key version"


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_without_a_body_is_none_and_the_backup_is_asked(status: int) -> None:
    def empty(attempt: Try, _: float) -> tuple[float, Reply]:
        return 0.01, Answer(status) if attempt.region == "us-south" else ok(attempt)

    (_, done) = play(empty).done[0]
    assert (done.outcome, done.region) == ("ok", "us-east")
