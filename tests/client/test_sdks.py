"""What the presets of well-known software do, to the second, in virtual time."""

from random import Random
from statistics import fmean

import pytest

from chaos.client.call import Try, Work
from chaos.client.presets import PRESETS, factory, factory_for
from chaos.client.sdks import LATEST, SDKS
from chaos.errors import ScenarioError
from chaos.exchange import Answer, Failure, Reply
from tests.client.playing import Played, Player, Service, ok, wiring

UNWRAP = Work(0, "unwrap", ciphertext="Y2lwaGVy")


def refuses(_: Try, __: float) -> tuple[float, Reply]:
    return 0.0, Failure("refused", written=False)


def swallows(attempt: Try, _: float) -> tuple[float, Reply]:
    return min(attempt.read, attempt.total), Failure("read_timeout", written=True)


def never_connects(attempt: Try, _: float) -> tuple[float, Reply]:
    return min(attempt.connect, attempt.total), Failure("connect_timeout", written=False)


def answers(status: int, **headers: str) -> Service:
    """A service that always answers that at once."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def serve(_: Try, __: float) -> tuple[float, Reply]:
        return 0.0, Answer(status, named)

    return serve


def play(name: str, service: Service, seed: int = 1) -> Played:
    """One unwrap of a client with that preset."""
    return Player(factory_for(name)(wiring(), Random(seed)), service).play([(0.0, UNWRAP)])


def gives_up(name: str, service: Service, seed: int = 1) -> float:
    """Seconds until one unwrap gives up."""
    ended, done = play(name, service, seed).done[0]
    assert done.outcome != "ok"
    return ended


@pytest.mark.parametrize(
    ("name", "refused", "swallowed"),
    [
        ("key-protect-docs", 7.0, 187.0),
        ("keyprotect-go-0.17", 15.0, 165.0),
        ("keyprotect-python-3.0", 0.0, 60.0),
        ("ibm-sdk-core-python-3.28", 14.0, 314.0),
        ("ibm-sdk-core-go-retryablehttp-0.7", 15.0, 165.0),
        ("ibm-sdk-core-node-2.17", 2.0, 182.0),
        ("ibm-sdk-core-java-9.24", 0.0, 90.0),
        ("azure-core-1.41", 4.8, 1204.8),
        ("azure-core-1.41-post", 0.0, 300.0),
        ("httpx-0.28", 0.0, 5.0),
    ],
)
def test_clients_without_jitter_give_up_to_the_second(
    name: str, refused: float, swallowed: float
) -> None:
    assert gives_up(name, refuses) == pytest.approx(refused)
    assert gives_up(name, swallows) == pytest.approx(swallowed)


def test_httpx_retries_only_what_failed_to_connect() -> None:
    name = "httpx-0.28-retries-3"
    assert gives_up(name, refuses) == pytest.approx(1.5)
    assert gives_up(name, never_connects) == pytest.approx(21.5)
    assert gives_up(name, swallows) == pytest.approx(5.0)
    assert gives_up(name, answers(503)) == 0.0


@pytest.mark.parametrize(
    ("name", "refused", "most", "swallowed"),
    [
        ("botocore-1.35-legacy", 7.5, 15.0, 307.5),
        ("botocore-1.35-standard", 1.5, 3.0, 181.5),
        ("botocore-1.44-standard", 0.075, 0.15, 180.1),
    ],
)
def test_clients_with_jitter_give_up_in_the_published_mean_and_bound(
    name: str, refused: float, most: float, swallowed: float
) -> None:
    times = [gives_up(name, refuses, seed) for seed in range(800)]
    assert fmean(times) == pytest.approx(refused, rel=0.05)
    assert max(times) <= most
    assert fmean(gives_up(name, swallows, seed) for seed in range(50)) == pytest.approx(
        swallowed, abs=0.9
    )


@pytest.mark.parametrize(
    ("name", "deadline"),
    [("google-cloud-kms-3.18", 60.0), ("google-api-core-2.44", 120.0), ("gax-go-2", 60.0)],
)
def test_googles_clients_try_until_their_deadline_and_do_not_sleep_past_it(
    name: str, deadline: float
) -> None:
    played = play(name, refuses)
    ended, done = played.done[0]
    assert ended < deadline
    assert "its deadline comes before the next attempt" in done.why
    assert len(played.attempts) >= 5
    assert gives_up(name, answers(400)) == 0.0


def test_stamina_makes_ten_attempts_and_ends_in_step_with_everybody_else() -> None:
    waits = [
        [each.attempt.waited for each in play("stamina-26.1", refuses, seed).attempts]
        for seed in range(5)
    ]
    assert {len(each) for each in waits} == {10}
    assert all(each[7:] == [5.0, 5.0, 5.0] for each in waits)


@pytest.mark.parametrize(
    ("name", "service", "attempts"),
    [
        ("ibm-sdk-core-python", answers(500), 5),
        ("ibm-sdk-core-python", answers(501), 1),
        ("ibm-sdk-core-node", answers(599), 5),
        ("ibm-sdk-core-node", answers(501), 1),
        ("ibm-sdk-core-node", answers(503, retry_after="0"), 1),
        ("ibm-sdk-core-node", answers(503, retry_after="301"), 1),
        ("ibm-sdk-core-node", answers(503, retry_after="soon"), 1),
        ("ibm-sdk-core-node", answers(503, retry_after="300"), 5),
        ("ibm-sdk-core-java-9.24", answers(429, retry_after="0"), 5),
        ("azure-core", answers(400), 1),
        ("azure-core", answers(400, retry_after="1"), 4),
        ("azure-core-1.41-post", answers(429), 1),
        ("azure-core-1.41-post", answers(503), 4),
        ("aws-standard", answers(400), 1),
        ("aws-standard", answers(429), 3),
        ("grpc-a6", answers(503), 4),
        ("google-gax", answers(500), 1),
        ("key-protect-docs", answers(400), 3),
    ],
)
def test_each_client_retries_what_its_sources_say(
    name: str, service: Service, attempts: int
) -> None:
    assert len(play(name, service).attempts) == attempts


@pytest.mark.parametrize(
    ("name", "service", "expected"),
    [
        ("ibm-sdk-core-python", answers(503, retry_after="7"), 28.0),
        ("ibm-sdk-core-python", answers(503, retry_after="0"), 14.0),
        ("ibm-sdk-core-go", answers(503, retry_after="7"), 28.0),
        ("ibm-sdk-core-go", answers(503, retry_after="0"), 0.0),
        ("ibm-sdk-core-go", answers(500, retry_after="7"), 15.0),
        ("ibm-sdk-core-node", answers(503), 13.0),
        ("ibm-sdk-core-java-9.24", answers(503, retry_after="7"), 28.0),
        ("azure-core", answers(503, retry_after="7"), 21.0),
    ],
)
def test_each_client_follows_retry_after_as_its_sources_say(
    name: str, service: Service, expected: float
) -> None:
    assert gives_up(name, service) == pytest.approx(expected)


def test_amazons_header_stretches_a_wait_by_five_seconds_at_most() -> None:
    played = play("aws-standard", answers(503, x_amz_retry_after="60000"))
    waits = [each.attempt.waited for each in played.attempts][1:]
    assert all(5.0 <= wait <= 5.1 for wait in waits)


def test_throttled_answers_have_a_backoff_of_their_own_at_amazon() -> None:
    slow = [play("aws-standard", answers(429), seed).attempts[1].sent for seed in range(200)]
    fast = [play("aws-standard", answers(500), seed).attempts[1].sent for seed in range(200)]
    assert fmean(slow) == pytest.approx(0.5, rel=0.15)
    assert fmean(fast) == pytest.approx(0.025, rel=0.15)


def test_the_adaptive_client_slows_down_its_first_attempts_too() -> None:
    def throttles(attempt: Try, now: float) -> tuple[float, Reply]:
        return 0.0, Answer(429) if now < 5.0 else ok(attempt)

    works = [(0.05 * n, Work(n, "unwrap", ciphertext="Y2lwaGVy")) for n in range(200)]
    played = Player(factory_for("aws-adaptive")(wiring(), Random(1)), throttles).play(works)
    firsts = {each.operation: each.sent for each in played.attempts if each.attempt.why == "first"}
    assert max(firsts[n] - 0.05 * n for n in firsts if n < 100) > 0.5
    plain = Player(factory_for("aws-standard")(wiring(), Random(1)), throttles).play(works)
    assert all(
        each.sent == pytest.approx(0.05 * each.operation)
        for each in plain.attempts
        if each.attempt.why == "first"
    )


def test_the_quota_of_a_client_that_fails_for_long_is_used_up() -> None:
    works = [(1.0 * n, Work(n, "unwrap", ciphertext="Y2lwaGVy")) for n in range(100)]
    for name, retries in (("botocore-1.44-standard", 35), ("botocore-1.35-standard", 100)):
        played = Player(factory_for(name)(wiring(), Random(1)), refuses).play(works)
        assert len(played.attempts) - len(works) == retries
        assert played.kinds("budget_exhausted")


@pytest.mark.parametrize("name", sorted(SDKS))
def test_no_sdk_knows_another_region(name: str) -> None:
    for status in (403, 410, 422, 503):
        assert {each.attempt.region for each in play(name, answers(status)).attempts} == {
            "us-south"
        }


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_wraps_and_unwraps_when_all_is_well(name: str) -> None:
    works = [(0.1 * n, Work(n, "wrap" if n % 2 else "unwrap", "Y2lwaGVy")) for n in range(20)]
    played = Player(factory_for(name)(wiring(), Random(1)), lambda a, _: (0.02, ok(a))).play(works)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    assert len(played.attempts) == 20
    assert not played.decisions


def test_a_name_without_a_version_is_the_latest() -> None:
    assert all(PRESETS[name] is SDKS[versioned] for name, versioned in LATEST.items())
    assert all(name == policy.name for name, policy in SDKS.items())


def test_an_unknown_preset_names_the_nearest_one_or_all() -> None:
    with pytest.raises(ScenarioError, match="Did you mean 'recommended'"):
        factory_for("recomended")
    with pytest.raises(ScenarioError, match="There are: aws-adaptive"):
        factory_for("?")


def test_a_client_of_ones_own_policy_is_one_line() -> None:
    built = factory(PRESETS["recommended"])(wiring(), Random(1))
    assert Player(built, lambda a, _: (0.0, ok(a))).play([(0.0, UNWRAP)]).done[0][1].outcome == "ok"
