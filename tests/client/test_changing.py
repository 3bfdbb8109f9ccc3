"""Operations that change something: never twice, never by chance, against the real twin."""

from random import Random

import pytest

from chaos.client.call import Done, Try, Work, WorkKind
from chaos.client.caller import PolicyClient
from chaos.client.mutants import MUTANTS
from chaos.client.policy import Policy
from chaos.client.presets import RECOMMENDED, factory
from chaos.exchange import Answer, Failure
from tests.client.playing import Played, Player
from tests.client.twin import NEWER, Meets, Twin

ROTATE = Work(1, "rotate", payload=NEWER)


def client_of(twin: Twin, policy: Policy = RECOMMENDED) -> PolicyClient:
    built = factory(policy)(twin.wiring(), Random(5))
    assert isinstance(built, PolicyClient)
    return built


def play(twin: Twin, *works: Work, meets: Meets | None = None, at: float = 1.0) -> Played:
    """Operations of one recommended client, ten seconds apart."""
    if meets is not None:
        twin.meets = meets
    timed = [(at + 10.0 * index, work) for index, work in enumerate(works)]
    return Player(client_of(twin), twin).play(timed)


def first_of(kind: str, what: str, region: str = "us-south") -> Meets:
    """The first action of that kind meets that, everything else answers."""
    met: list[Try] = []

    def meets(attempt: Try, _: float) -> str:
        if attempt.request.path.endswith(kind) and attempt.region == region and not met:
            met.append(attempt)
            return what
        return "answers"

    return meets


def test_a_rotation_whose_answer_was_lost_is_seen_to_have_happened() -> None:
    twin = Twin()
    played = play(twin, ROTATE, meets=first_of("/rotate", "lost"))
    assert played.done[1][1].outcome == "ok"
    assert twin.kinds("us-south").count("rotate") == 1
    (decision,) = played.kinds("reconciled")
    assert decision.why == "rotate had been carried out"


def test_a_rotation_that_did_not_arrive_is_tried_again_after_looking() -> None:
    twin = Twin()
    played = play(twin, ROTATE, meets=first_of("/rotate", "swallows"))
    assert played.done[1][1].outcome == "ok"
    assert twin.kinds("us-south").count("rotate") == 1
    assert played.kinds("reconciled")[0].why == "rotate had not been carried out"


def test_a_rotation_that_was_refused_is_tried_again_without_looking_twice() -> None:
    twin = Twin()
    played = play(twin, ROTATE, meets=first_of("/rotate", "refuses"))
    assert played.done[1][1].outcome == "ok"
    assert twin.kinds("us-south") == ["metadata", "rotate"]


def test_a_rotation_is_repeated_at_the_backup_so_that_both_open_what_is_wrapped_next() -> None:
    twin = Twin()
    play(twin, ROTATE, Work(2, "wrap"))
    assert twin.kinds("us-east") == ["rotate"]
    wrapped = play(twin, Work(3, "wrap"), at=100.0).done[3][1].result
    assert wrapped is not None
    unwrap = Work(4, "unwrap", ciphertext=wrapped.ciphertext)
    opened = play(twin, unwrap, at=200.0, meets=region_is("us-south", "refuses"))
    result = opened.done[4][1].result
    assert result is not None
    assert (opened.done[4][1].region, result.plaintext) == ("us-east", wrapped.plaintext)


def always(twin: Twin, answer: Answer) -> None:
    """Let every region answer that to everything."""

    def answers(attempt: Try, now: float) -> Answer:
        return answer

    twin.answer = answers  # type: ignore[method-assign]


def region_is(region: str, what: str, until: float = 1e9) -> Meets:
    return lambda attempt, now: what if attempt.region == region and now < until else "answers"


def test_a_backup_that_missed_a_rotation_is_named_stale_and_gets_it_later() -> None:
    twin = Twin()
    twin.meets = region_is("us-east", "refuses", until=30.0)
    works = [
        (1.0, ROTATE),
        (10.0, Work(2, "wrap")),
        (80.0, Work(3, "wrap")),
        (160.0, Work(4, "wrap")),
    ]
    client = client_of(twin)
    played = Player(client, twin).play(works)
    assert {done.outcome for _, done in played.done.values()} == {"ok"}
    assert [decision.region for decision in played.kinds("rotation_queued")] == ["us-east"]
    assert len(played.kinds("rotation_repeated")) == 1
    assert twin.kinds("us-east") == ["rotate"]
    assert not client.rotations.owed_to(1)


def test_unwrapping_at_a_stale_backup_fails_clearly_and_at_once() -> None:
    twin = Twin()
    client = client_of(twin)

    def meets(attempt: Try, now: float) -> str:
        repeated = attempt.why == "repeat"
        return "refuses" if repeated or (attempt.region == "us-south" and now > 20.0) else "answers"

    twin.meets = meets
    player = Player(client, twin)
    player.play([(1.0, ROTATE), (10.0, Work(2, "wrap"))])
    wrapped = player.played.done[2][1].result
    assert wrapped is not None
    unwrap = [
        (30.0 + index, Work(10 + index, "unwrap", ciphertext=wrapped.ciphertext))
        for index in range(8)
    ]
    played = player.play(unwrap)
    for number in range(10, 18):
        done = played.done[number][1]
        assert done.outcome == "failed"
        assert done.result is None
    last = played.done[17]
    assert "stale backup us-east: a rotation was not repeated there" in last[1].why
    assert last[0] - 37.0 < 1.0
    assert played.kinds("stale_backup")


def test_a_data_key_that_the_backup_lacks_is_opened_at_the_primary_when_that_is_back() -> None:
    twin = Twin()
    client = client_of(twin)

    def meets(attempt: Try, now: float) -> str:
        down = attempt.region == "us-south" and 20.0 < now < 40.0
        return "refuses" if attempt.why == "repeat" or down else "answers"

    twin.meets = meets
    player = Player(client, twin)
    player.play([(1.0, ROTATE), (10.0, Work(2, "wrap"))])
    wrapped = player.played.done[2][1].result
    assert wrapped is not None
    works = [(20.5 + index, Work(10 + index, "wrap")) for index in range(10)]
    works += [(45.0, Work(30, "unwrap", ciphertext=wrapped.ciphertext))]
    played = player.play(works)
    assert played.done[30][1].outcome == "ok"
    assert played.done[30][1].region == "us-south"


def test_a_create_whose_answer_was_lost_makes_one_key() -> None:
    twin = Twin()
    work = Work(1, "create", name="second", payload=NEWER)
    played = play(twin, work, meets=first_of("/keys", "lost"))
    done = played.done[1][1]
    assert done.outcome == "ok"
    assert done.result is not None
    listed = twin.ask("us-south", "GET", "/api/v2/keys?search=exact:second")["resources"]
    assert isinstance(listed, list)
    assert [key["id"] for key in listed] == [done.result.key_id]


def test_blind_retries_make_two_keys() -> None:
    twin = Twin()
    twin.meets = first_of("/keys", "lost")
    work = Work(1, "create", name="second", payload=NEWER)
    client = client_of(twin, MUTANTS["retries-rotate-blindly"])
    Player(client, twin).play([(1.0, work)])
    listed = twin.ask("us-south", "GET", "/api/v2/keys?search=exact:second")["resources"]
    assert isinstance(listed, list)
    assert len(listed) == 2


def test_a_key_whose_name_is_taken_is_not_created_again() -> None:
    twin = Twin()
    played = play(twin, Work(1, "create", name="root"))
    done = played.done[1][1]
    assert (done.outcome, "there already" in done.why) == ("failed", True)
    assert twin.kinds("us-south") == ["keys?search=exact%3Aroot"]


def test_a_delete_whose_answer_was_lost_is_seen_to_have_happened() -> None:
    twin = Twin()
    key = "/" + twin.targets[0].key_id
    played = play(twin, Work(1, "delete"), meets=first_of(key, "lost"))
    assert played.done[1][1].outcome == "ok"
    assert twin.kinds("us-south").count(key[1:]) == 1


@pytest.mark.parametrize("kind", ["disable", "delete"])
def test_a_change_that_did_not_arrive_is_made_then(kind: WorkKind) -> None:
    twin = Twin()
    last = "/disable" if kind == "disable" else "/" + twin.targets[0].key_id
    played = play(twin, Work(1, kind), meets=first_of(last, "swallows"))
    assert played.done[1][1].outcome == "ok"
    assert len(played.kinds("reconciled")) == 1


def test_a_late_first_attempt_is_noticed_when_the_second_is_refused() -> None:
    """The service took the first rotation after we had looked, so ours is one too many for it."""
    twin = Twin()
    client = client_of(twin)
    call = client.begin(ROTATE, 1.0)

    def step(now: float) -> Try:
        attempt = call.step(now)
        while not isinstance(attempt, Try):
            assert not isinstance(attempt, Done)
            now = attempt.until
            attempt = call.step(now)
        return attempt

    look = step(1.0)
    call.observe(look.number, twin.answer(look, 1.0), 1.0)
    lost = step(1.0)
    call.observe(lost.number, Failure("reset", written=True), 1.1)
    look = step(1.2)
    call.observe(look.number, twin.answer(look, 1.5), 1.5)
    twin.answer(lost, 1.6)
    again = step(1.6)
    refused = twin.answer(again, 1.7)
    assert refused.status == 409
    call.observe(again.number, refused, 1.7)
    look = step(1.7)
    assert look.why == "reconcile"
    call.observe(look.number, twin.answer(look, 1.8), 1.8)
    client.rotations.due = 1e9
    done = call.step(1.8)
    assert isinstance(done, Done)
    assert done.outcome == "ok"


def test_a_change_whose_outcome_nobody_can_tell_is_unknown_at_its_deadline() -> None:
    def meets(attempt: Try, now: float) -> str:
        return (
            "lost"
            if attempt.request.path.endswith("/rotate")
            else ("swallows" if now > 1.03 else "answers")
        )

    twin = Twin()
    played = play(twin, ROTATE, meets=meets)
    ended, done = played.done[1]
    assert done.outcome == "unknown"
    assert ended <= 6.0


def test_a_change_that_is_under_way_at_its_deadline_is_unknown() -> None:
    twin = Twin()
    twin.meets = lambda attempt, _: (
        "swallows" if attempt.request.path.endswith("/disable") else "answers"
    )
    client = client_of(twin)
    call = client.begin(Work(1, "disable"), 0.0)
    assert isinstance(call.step(0.0), Try)
    done = call.step(5.0)
    assert isinstance(done, Done)
    assert done.outcome == "unknown"
    assert call.step(6.0) is done


def test_a_cancelled_change_is_unknown_and_a_cancelled_look_is_not() -> None:
    for work, outcome in ((Work(1, "disable"), "unknown"), (ROTATE, "failed")):
        call = client_of(Twin()).begin(work, 0.0)
        attempt = call.step(0.0)
        assert isinstance(attempt, Try)
        call.observe(attempt.number, Failure("cancelled", written=True), 0.1)
        done = call.step(0.1)
        assert isinstance(done, Done)
        assert done.outcome == outcome


@pytest.mark.parametrize("status", [400, 403, 409, 410])
def test_a_no_is_final(status: int) -> None:
    for work in (ROTATE, Work(1, "disable")):
        twin = Twin()
        always(twin, Answer(status))
        played = play(twin, work)
        done = played.done[1][1]
        assert (done.outcome, done.why) == ("failed", str(status))
        assert len(played.attempts) == 1
        assert len(played.kinds("denied")) == (status == 403)


def test_looking_that_is_refused_leaves_the_outcome_unknown() -> None:
    twin = Twin()
    real = twin.answer

    def answer(attempt: Try, now: float) -> Answer:
        refuses = attempt.request.path.endswith("/metadata") and now > 1.01
        return Answer(403) if refuses else real(attempt, now)

    twin.answer = answer  # type: ignore[method-assign]
    played = play(twin, ROTATE, meets=first_of("/rotate", "lost"))
    assert played.done[1][1].outcome == "unknown"


def test_a_throttled_change_waits_as_long_as_it_is_asked_to() -> None:
    twin = Twin()
    real = twin.answer
    held: list[float] = []

    def answer(attempt: Try, now: float) -> Answer:
        if attempt.request.path.endswith("/rotate") and not held:
            held.append(now)
            return Answer(429, {"retry-after": "2"})
        return real(attempt, now)

    twin.answer = answer  # type: ignore[method-assign]
    played = play(twin, ROTATE)
    assert played.done[1][1].outcome == "ok"
    sent = [each.sent for each in played.attempts if each.attempt.request.path.endswith("/rotate")]
    assert sent[1] - sent[0] >= 2.0


def test_a_change_gives_up_when_it_is_asked_to_wait_past_its_deadline() -> None:
    twin = Twin()
    always(twin, Answer(503, {"retry-after": "30"}))
    played = play(twin, Work(1, "disable"), Work(2, "disable"))
    assert played.done[1][1].outcome == "failed"
    assert played.done[1][0] < 1.1
    assert len(played.attempts) == 1, "the second is not sent while the region is to be left alone"


def test_a_change_makes_no_more_attempts_than_its_policy_allows() -> None:
    twin = Twin()
    always(twin, Answer(503))
    played = play(twin, Work(1, "disable"))
    assert len(played.attempts) <= 8
    assert played.done[1][1].outcome == "failed"


def test_a_change_without_a_token_gets_one_first() -> None:
    twin = Twin()
    built = factory(RECOMMENDED)(twin.wiring(token=""), Random(5))
    played = Player(built, twin).play([(1.0, Work(1, "disable"))])
    assert played.done[1][1].outcome == "ok"
    assert [each.attempt.why for each in played.attempts] == ["refresh", "first"]


def test_a_change_whose_token_is_refused_is_tried_with_a_new_one() -> None:
    twin = Twin()
    real = twin.answer
    twin.answer = lambda attempt, now: (  # type: ignore[method-assign]
        Answer(401)
        if ("Authorization", f"Bearer {twin.token}") in attempt.request.headers
        else real(attempt, now)
    )
    played = play(twin, Work(1, "disable"))
    assert played.done[1][1].outcome == "ok"


def test_a_change_without_any_token_in_sight_says_so() -> None:
    twin = Twin()
    client = PolicyClient(RECOMMENDED, twin.wiring(token=""), Random(5))
    client.tokens.retry_at = 100.0
    done = client.begin(Work(1, "disable"), 0.0).step(0.0)
    assert isinstance(done, Done)
    assert done.outcome == "failed"


def test_what_comes_after_a_change_is_over_is_ignored() -> None:
    call = client_of(Twin()).begin(Work(1, "disable"), 0.0)
    attempt = call.step(0.0)
    assert isinstance(attempt, Try)
    call.observe(attempt.number, Answer(204), 0.1)
    done = call.step(0.1)
    assert isinstance(done, Done)
    call.observe(attempt.number, Answer(403), 0.2)
    call.observe(99, Answer(403), 0.2)
    assert call.step(0.2) is done


def test_a_rotation_that_is_done_is_told_as_done_although_time_ran_out_at_the_backup() -> None:
    twin = Twin()
    client = client_of(twin)
    call = client.begin(ROTATE, 0.0)
    for now in (0.0, 4.9):
        attempt = call.step(now)
        assert isinstance(attempt, Try)
        call.observe(attempt.number, twin.answer(attempt, now), now)
    repeat = call.step(4.9)
    assert isinstance(repeat, Try)
    assert (repeat.why, repeat.region, repeat.shared) == ("repeat", "us-east", True)
    done = call.step(5.0)
    assert isinstance(done, Done)
    assert done.outcome == "ok"
    assert [each.kind for each in client.decisions()] == ["rotation_queued"]
    call.observe(repeat.number, twin.answer(repeat, 5.1), 5.1)
    assert [each.kind for each in client.decisions()] == ["rotation_repeated"]


def test_a_rotation_is_owed_while_its_backup_is_left_alone() -> None:
    twin = Twin()
    client = client_of(twin)
    client.route.hold(1, 60.0, 0.0, 0)
    played = Player(client, twin).play([(1.0, ROTATE)])
    assert played.done[1][1].outcome == "ok"
    assert not twin.kinds("us-east")
    assert client.rotations.owed_to(1)
