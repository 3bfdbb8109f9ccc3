"""The judge of the wire, over attempts made by hand."""

from collections.abc import Callable
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.testing.attempt import Attempt
from chaos.testing.wire import Wire

WRAP = "/api/v2/keys/0b/actions/wrap"
UNWRAP = "/api/v2/keys/0b/actions/unwrap"


def attempt(
    sent: float,
    status: int | None = 200,
    *,
    region: str = "us-south",
    path: str = WRAP,
    retry_after: float = nan,
    lasts: float = 0.01,
) -> Attempt:
    lost = "" if status is not None else "cut"
    return Attempt(region, 1, sent, "POST", path, "digest", sent + lasts, status, retry_after, lost)


def heard(*attempts: Attempt) -> Wire:
    seen: list[Attempt] = []
    wire = Wire(seen, 0.0)
    seen.extend(attempts)
    return wire


def test_a_wait_goes_from_a_failure_to_the_next_attempt_at_the_same_work() -> None:
    wire = heard(attempt(0.0, 503), attempt(0.51, 503), attempt(1.52))

    assert wire.waits() == pytest.approx([0.5, 1.0])
    assert wire.amplification() == 3.0


def test_a_retry_at_another_region_is_the_same_work_under_another_key_id() -> None:
    wire = heard(attempt(0.0, None), attempt(0.11, path="/api/v2/keys/ff/actions/wrap"))

    assert wire.waits() == pytest.approx([0.1])


def test_other_work_and_what_follows_a_success_is_no_retry() -> None:
    wire = heard(attempt(0.0, 503), attempt(0.2, path=UNWRAP), attempt(0.4, path=UNWRAP))

    assert wire.waits() == []
    assert wire.amplification() == 1.0


def test_two_failures_under_way_together_are_each_retried_once() -> None:
    wire = heard(
        attempt(0.0, 503, lasts=0.1), attempt(0.01, 503, lasts=0.1), attempt(0.5), attempt(0.6)
    )

    assert len(wire.waits()) == 2
    assert wire.amplification() == 2.0


def test_an_early_retry_is_told_with_its_times() -> None:
    wire = heard(attempt(0.0, 429, retry_after=2.0), attempt(1.01))

    with pytest.raises(AssertionError, match=r"asked for 2 s; the next wrap came after 1\.000 s"):
        wire.assert_retry_after_honoured()


@pytest.mark.parametrize("sent", [1.97, 2.01, 9.0])
def test_who_waits_as_long_as_asked_honours_it(sent: float) -> None:
    heard(attempt(0.0, 429, retry_after=2.0), attempt(sent)).assert_retry_after_honoured()


def test_going_to_another_region_meanwhile_breaks_no_promise() -> None:
    elsewhere = attempt(0.1, region="us-east")

    heard(attempt(0.0, 429, retry_after=2.0), elsewhere).assert_retry_after_honoured()


@pytest.mark.parametrize(
    "judge",
    [
        lambda wire: wire.assert_retry_after_honoured(),
        lambda wire: wire.assert_amplification(at_most=3.0),
        lambda wire: wire.assert_backed_off(),
    ],
)
def test_nothing_seen_is_never_good_enough(judge: Callable[[Wire], None]) -> None:
    with pytest.raises(AssertionError, match="nothing was tested"):
        judge(heard())


def test_a_storm_is_told() -> None:
    wire = heard(*(attempt(0.1 * number, 503) for number in range(5)))

    wire.assert_amplification(at_most=5.0)
    with pytest.raises(AssertionError, match=r"5\.00 attempts for each piece of work"):
        wire.assert_amplification(at_most=3.0)


def test_a_retry_without_a_pause_is_told() -> None:
    with pytest.raises(AssertionError, match=r"followed its failure by 0\.0001 s"):
        heard(attempt(0.0, 503), attempt(0.0101)).assert_backed_off()
    heard(attempt(0.0, 503), attempt(0.2)).assert_backed_off(at_least=0.1)


def test_a_region_that_must_not_be_called_is_told() -> None:
    heard(attempt(0.0)).assert_untouched("us-east")
    with pytest.raises(AssertionError, match="1 attempts at us-south"):
        heard(attempt(0.0)).assert_untouched("us-south")


def test_a_test_hears_only_what_came_after_it_began() -> None:
    seen = [attempt(0.0)]
    wire = Wire(seen, 1.0)
    seen.append(attempt(2.0, path=UNWRAP))

    assert [one.action for one in wire.attempts()] == ["unwrap"]


def test_a_long_timeline_is_cut_and_says_so() -> None:
    lines = heard(*(attempt(float(number)) for number in range(60))).timeline().splitlines()

    assert len(lines) == 41
    assert lines[-1] == "… and 20 more"
    assert lines[0].split() == ["0.000", "s", "us-south", "wrap", "200", "10.0", "ms"]


@given(
    st.lists(st.tuples(st.floats(0.0, 100.0), st.sampled_from([200, 429, 503, None])), max_size=30)
)
def test_every_failure_is_followed_at_most_once_and_never_before_it_ended(
    made: list[tuple[float, int | None]],
) -> None:
    wire = heard(*(attempt(sent, status) for sent, status in sorted(made, key=lambda one: one[0])))

    found = wire.waited()

    assert all(each.seconds >= 0.0 and each.before.failed for each in found)
    assert len({id(each.before) for each in found}) == len(found)
    assert len({id(each.after) for each in found}) == len(found)
    assert wire.amplification() >= (1.0 if made else 0.0)
