"""Each mutant does the one wrong thing that it is named for; the recommended client does not."""

import hashlib
from itertools import pairwise
from random import Random

import pytest

from chaos.client.call import Try, Work
from chaos.client.mutants import MUTANTS, factory_for
from chaos.client.presets import RECOMMENDED, factory
from chaos.errors import ScenarioError
from chaos.exchange import Answer, Failure, Reply
from tests.client.playing import Played, Player, Service, ok, refusing, steady, wiring


def play(name: str, service: Service, *, seconds: float = 20.0, rate: float = 2.0) -> Played:
    """A steady load of one client: a mutant's, or the recommended one's for no name."""
    build = factory_for(name) if name else factory(RECOMMENDED)
    works = steady(int(seconds * rate), 1.0 / rate)
    return Player(build(wiring(), Random(7)), service).play(works)


def early_retries(played: Played) -> int:
    """Attempts sent to a region while its last Retry-After that had come did not allow it."""
    holds = [
        (each.attempt.region, each.ended, each.ended + float(each.reply.headers["retry-after"]))
        for each in played.attempts
        if isinstance(each.reply, Answer) and "retry-after" in each.reply.headers
    ]
    return sum(
        any(
            region == each.attempt.region and came <= each.sent < until - 0.05
            for region, came, until in holds
        )
        for each in played.attempts
    )


def throttling(attempt: Try, now: float) -> tuple[float, Reply]:
    throttles = 5.0 <= now < 10.0
    return 0.01, Answer(429, {"retry-after": "2"}) if throttles else ok(attempt)


def test_one_ignores_retry_after() -> None:
    assert early_retries(play("ignores-retry-after", throttling)) > 0
    assert early_retries(play("", throttling)) == 0


def test_one_retries_what_was_refused_for_good() -> None:
    def refuses(_: Try, __: float) -> tuple[float, Reply]:
        return 0.01, Answer(400)

    mutant, recommended = play("retries-4xx", refuses), play("", refuses)
    assert len(mutant.attempts) > len(mutant.done)
    assert len(recommended.attempts) == len(recommended.done)


def test_one_has_no_jitter() -> None:
    def waits(name: str, seed: int) -> tuple[float, ...]:
        build = factory_for(name) if name else factory(RECOMMENDED)
        service = refusing("us-south", 0.0, 60.0)
        played = Player(build(wiring(), Random(seed)), service).play(steady(2, 0.5))
        return tuple(each.sent for each in played.attempts)

    assert len({waits("no-jitter", seed) for seed in range(10)}) == 1
    assert len({waits("", seed) for seed in range(10)}) == 10


def test_one_never_fails_back() -> None:
    service = refusing("us-south", 15.0, 35.0)
    assert not play("never-fails-back", service, seconds=300.0).kinds("failback")
    assert len(play("", service, seconds=300.0).kinds("failback")) == 1


def test_one_fails_over_on_denied() -> None:
    def denies(attempt: Try, _: float) -> tuple[float, Reply]:
        return 0.01, Answer(403) if attempt.region == "us-south" else ok(attempt)

    assert play("fails-over-on-denied", denies).kinds("failover")
    assert not play("", denies).at("us-east")


def test_one_remembers_410_for_ever() -> None:
    def destroyed(attempt: Try, now: float) -> tuple[float, Reply]:
        gone = attempt.region == "us-south" and 5.0 <= now < 20.0
        return 0.01, Answer(410) if gone else ok(attempt)

    def home_again(name: str) -> bool:
        return bool(play(name, destroyed, seconds=120.0).kinds("failback"))

    assert not home_again("remembers-410-for-ever")
    assert home_again("")


def test_one_trusts_what_it_gets() -> None:
    digest = hashlib.sha256(b"another").hexdigest()
    works = [(0.0, Work(1, "unwrap", ciphertext="Y2lwaGVy", digest=digest))]

    def outcome(name: str) -> str:
        build = factory_for(name) if name else factory(RECOMMENDED)
        played = Player(build(wiring(), Random(1)), lambda a, _: (0.01, ok(a))).play(works)
        return played.done[1][1].outcome

    assert outcome("trusts-plaintext-unchecked") == "ok"
    assert outcome("") == "failed"


def test_one_never_asks_again() -> None:
    service = refusing("us-south", 5.0, 8.0)
    mutant = play("breaker-never-half-opens", service, seconds=120.0)
    assert not [each for each in mutant.at("us-south") if each.sent > 8.0]
    assert [each for each in play("", service, seconds=120.0).at("us-south") if each.sent > 8.0]


def test_one_does_not_pass_its_deadline_down() -> None:
    def silent(_: Try, __: float) -> tuple[float, Reply]:
        return 1e6, Failure("closed", written=True)

    def latest(name: str) -> float:
        played = play(name, silent)
        return max(ended - 0.5 * number for number, (ended, _) in played.done.items())

    assert latest("deadline-not-passed-down") > 5.1
    assert latest("") <= 5.0 + 1e-9


def test_one_knows_no_backup() -> None:
    service = refusing("us-south", 5.0, 15.0)
    mutant = play("no-failover", service)
    assert not mutant.at("us-east")
    assert any(done.outcome == "failed" for _, done in mutant.done.values())


def test_one_plays_ping_pong() -> None:
    def flickering(attempt: Try, now: float) -> tuple[float, Reply]:
        if attempt.region == "us-south" and now % 2.0 < 1.0:
            return 0.001, Failure("refused", written=False)
        return 0.01, ok(attempt)

    def switches(name: str) -> list[float]:
        played = play(name, flickering, seconds=120.0, rate=5.0)
        return [each.at for each in played.decisions if each.kind in ("failover", "failback")]

    assert len(switches("ping-pong")) > 40
    dwell = RECOMMENDED.failover.dwell if RECOMMENDED.failover else 0.0
    assert all(later - sooner >= dwell for sooner, later in pairwise(switches("")))


def test_mutants_are_named_and_an_unknown_one_is_told_the_nearest() -> None:
    assert all(name == policy.name for name, policy in MUTANTS.items())
    with pytest.raises(ScenarioError, match="Did you mean 'ping-pong'"):
        factory_for("pingpong")
