"""The sans-IO core, played in virtual time against services that misbehave."""

import itertools
from random import Random

import pytest

from chaos.client.call import Done, Try, Work, WorkKind
from chaos.client.caller import PolicyClient
from chaos.client.presets import RECOMMENDED, factory_for
from chaos.client.reading import Reading
from chaos.errors import ScenarioError
from chaos.exchange import Answer, Failure, Reply
from tests.client.playing import PRIMARY, Played, Player, Service, ok, refusing, steady, wiring

UNWRAP = Work(0, "unwrap", ciphertext="Y2lwaGVy")


def play(preset: str, service: Service, *, seconds: float = 1.0, rate: float = 2.0) -> Played:
    """Operations at a steady rate of one client with that preset."""
    works = steady(int(seconds * rate), 1.0 / rate)
    return Player(factory_for(preset)(wiring(), Random(7)), service).play(works)


def test_the_documented_algorithm_gives_up_at_seven_seconds_after_its_useless_last_wait() -> None:
    played = play("key-protect-docs", refusing("us-south", 0.0, 60.0, latency=0.0), rate=1.0)
    assert [round(each.sent, 1) for each in played.attempts] == [0.0, 1.0, 3.0]
    ended, done = played.done[0]
    assert ended == pytest.approx(7.0, abs=0.01)
    assert (done.outcome, done.region) == ("failed", "us-south")


def test_the_documented_algorithm_tries_again_after_any_failure_even_a_plain_no() -> None:
    def forbid(_: Try, __: float) -> tuple[float, Reply]:
        return 0.01, Answer(403)

    assert len(play("key-protect-docs", forbid, rate=1.0).attempts) == 3


def test_a_refused_region_is_left_for_the_backup_within_the_first_operation() -> None:
    played = play("recommended", refusing("us-south", 0.0, 60.0), seconds=20)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    assert played.done[0][0] < 0.2
    assert [decision.region for decision in played.kinds("failover")] == ["us-east"]


def test_probes_of_a_region_that_is_down_are_few_and_fail_no_operation() -> None:
    played = play("recommended", refusing("us-south", 0.0, 60.0), seconds=60)
    probes = [each.sent for each in played.at("us-south") if each.attempt.why == "probe"]
    # Between two of them are 4 to 8 seconds, once they are as far apart as they come to be.
    assert 60 / 8 <= len(probes) <= 60 / 4 + 3
    assert all(b - a >= 1.0 for a, b in itertools.pairwise(probes))
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    assert len(played.attempts) / len(played.done) < 1.5


def test_a_client_comes_home_by_steps_after_the_region_heals() -> None:
    played = play("recommended", refusing("us-south", 15.0, 35.0), seconds=70)
    (failback,) = played.kinds("failback")
    assert (failback.region, failback.left) == ("us-south", "us-east")
    assert 35 < failback.at < 60
    later = [each for each in played.attempts if each.sent > failback.at]
    assert {each.attempt.region for each in later} == {"us-south"}
    assert {done.outcome for _, done in played.done.values()} == {"ok"}


def test_a_flapping_region_does_not_take_the_client_with_it() -> None:
    def flapping(attempt: Try, now: float) -> tuple[float, Reply]:
        if attempt.region == "us-south" and now % 30.0 < 10.0:
            return 0.001, Failure("refused", written=False)
        return 0.02, ok(attempt)

    played = play("recommended", flapping, seconds=300)
    assert len(played.kinds("failover")) + len(played.kinds("failback")) <= 2
    assert {done.outcome for _, done in played.done.values()} == {"ok"}


def test_one_reset_in_a_hundred_moves_nobody() -> None:
    rng = Random(3)

    def resetting(attempt: Try, _: float) -> tuple[float, Reply]:
        if rng.random() < 0.01:
            return 0.001, Failure("reset", written=True)
        return 0.02, ok(attempt)

    played = play("recommended", resetting, seconds=2000)
    assert not played.kinds("failover")
    assert {done.outcome for _, done in played.done.values()} == {"ok"}


def test_a_denied_is_not_a_down() -> None:
    def forbid(_: Try, __: float) -> tuple[float, Reply]:
        return 0.01, Answer(403)

    played = play("recommended", forbid, seconds=5)
    assert {each.attempt.region for each in played.attempts} == {PRIMARY.region}
    assert len(played.attempts) == len(played.done)
    assert not played.kinds("failover")


def test_a_destroyed_root_key_sends_the_client_to_its_backup_at_once() -> None:
    def gone(attempt: Try, _: float) -> tuple[float, Reply]:
        return 0.02, Answer(410) if attempt.region == "us-south" else ok(attempt)

    played = play("recommended", gone, seconds=5)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    assert played.kinds("failover")


def test_a_call_ends_by_its_deadline_when_every_region_swallows_its_bytes() -> None:
    def silent(_: Try, __: float) -> tuple[float, Reply]:
        return 1e6, Failure("closed", written=True)

    works = steady(20, 0.5)
    played = Player(factory_for("recommended")(wiring(), Random(1)), silent).play(works)
    for number, (due, _) in enumerate(works):
        ended, done = played.done[number]
        assert done.outcome != "ok"
        assert ended <= due + 5.0 + 1e-9


def test_an_unknown_preset_names_the_nearest_one() -> None:
    with pytest.raises(ScenarioError, match="Did you mean 'recommended'"):
        factory_for("recomended")


def test_a_done_call_stays_done() -> None:
    call = factory_for("recommended")(wiring(), Random(1)).begin(UNWRAP, 0.0)
    attempt = call.step(0.0)
    assert isinstance(attempt, Try)
    call.observe(attempt.number, ok(attempt), 0.1)
    done = call.step(0.1)
    assert isinstance(done, Done)
    call.observe(attempt.number, Failure("reset", written=True), 0.2)
    assert call.step(0.2) is done


def test_a_wrap_gives_way_where_only_a_throttled_region_is_left_and_an_unwrap_goes_on() -> None:
    client = factory_for("recommended")(wiring(), Random(1))
    assert isinstance(client, PolicyClient)
    for _ in range(3):
        client.route.failed(0, 0.0, 0.0, 0, "refused")
    throttled = Reading("throttled", why="429")
    client.route.blame(1, 0.0, throttled, 0.0, UNWRAP)
    wrap = client.begin(Work(1, "wrap"), 0.1)
    done = wrap.step(0.1)
    assert isinstance(done, Done)
    assert (done.outcome, "a wrap gives way" in done.why, wrap.over) == ("failed", True, True)
    assert client.decisions()[-1].kind == "shed"
    assert isinstance(client.begin(UNWRAP, 0.1).step(0.1), Try)


@pytest.mark.parametrize("kind", ["unwrap", "disable"])
def test_a_call_is_over_when_it_is_done(kind: WorkKind) -> None:
    call = PolicyClient(RECOMMENDED, wiring(), Random(1)).begin(Work(1, kind), 0.0)
    assert not call.over
    assert isinstance(call.step(RECOMMENDED.deadline), Done)
    assert call.over
