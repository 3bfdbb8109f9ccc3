from chaos.analysis.effects import effects, first_touch
from chaos.analysis.evidence import gather
from chaos.run.world import Applied
from chaos.scenario.model import Fault
from tests.analysis.made import BACKUP, HOME, Made, Tried, failed_over

SLOW = Fault("home-slow", "latency", "wire", HOME, 20.0, 20.0, (("jitter", 0.0), ("latency", 1.0)))
HOLE = Fault("home-hole", "timeout", "wire", HOME, 20.0, 20.0, (("timeout", 0.0),))


def applied(fault: Fault, begun: float, healed: float, **counts: float) -> tuple[Applied, ...]:
    return (
        Applied(fault.at, begun, "inject", fault.name, fault.kind, fault.target, {}),
        Applied(fault.at + fault.lasts, healed, "heal", fault.name, fault.kind, fault.target,
                counts),
    )  # fmt: skip


def test_a_region_that_is_down_has_its_t0_at_the_listeners_close_once_a_client_was_refused() -> (
    None
):
    made = Made()
    made.applied = applied(made.faults[0], 20.004, 40.003)
    failed_over(made, 0, 21.5)
    (effect,) = found = effects(gather(made.run()))

    assert first_touch(found) == 20.004
    assert effect.proof().injected == 20.004
    assert effect.proof().healed == 40.003
    assert dict(effect.counts) == {"eligible": 1.0, "injected": 1.0, "escaped": 0.0}


def test_a_region_that_is_down_without_one_refusal_is_not_proved() -> None:
    made = Made()
    made.healthy(0.0, 60.0, every=0.5)
    (effect,) = found = effects(gather(made.run()))

    assert effect.first is None
    assert first_touch(found) is None
    assert dict(effect.counts)["escaped"] == 40.0


def test_refusals_at_another_region_prove_nothing() -> None:
    made = Made()
    made.operation(0, 25.0, Tried(BACKUP, 25.0, 25.001, "refused"))

    assert first_touch(effects(gather(made.run()))) is None


def test_an_attempt_cut_off_by_the_inject_is_touched_and_one_that_ended_before_is_not() -> None:
    made = Made()
    made.operation(0, 19.9, Tried(HOME, 19.9, 19.99, "reset"))
    made.operation(1, 19.95, Tried(HOME, 19.95, 20.0005, "closed"))
    (effect,) = effects(gather(made.run()))

    assert effect.touched.tolist() == [False, True]


def test_an_attempt_sent_after_the_heal_is_not_touched() -> None:
    made = Made()
    made.operation(0, 30.0, Tried(HOME, 30.0, 30.001, "refused"))
    made.operation(0, 40.0, Tried(HOME, 40.0, 40.001, "refused"))
    (effect,) = effects(gather(made.run()))

    assert effect.touched.tolist() == [True, False]


def test_a_toxics_t0_is_the_first_touch_that_its_proxy_counted() -> None:
    made = Made(faults=(HOLE,))
    made.applied = applied(HOLE, 20.01, 40.0, injected=3.0, matched=3.0, first=20.35)
    made.operation(0, 20.3, Tried(HOME, 20.3, 21.3, "read_timeout"))
    (effect,) = effects(gather(made.run()))

    assert effect.first == 20.35
    assert dict(effect.counts) == {"injected": 3.0, "matched": 3.0}


def test_a_toxic_that_its_proxy_never_saw_bite_is_not_proved_whatever_else_failed() -> None:
    made = Made(faults=(HOLE,))
    made.applied = applied(HOLE, 20.0, 40.0, injected=0.0, matched=5.0, eligible=5.0)
    made.operation(0, 20.3, Tried(HOME, 20.3, 21.3, 503))

    assert effects(gather(made.run()))[0].first is None


def test_a_toxic_that_nobody_counts_is_proved_by_the_first_attempt_that_it_touched() -> None:
    made = Made(faults=(HOLE,))
    made.operation(0, 22.0, Tried(HOME, 22.0, 23.0, "read_timeout"))
    made.operation(1, 24.0, Tried(HOME, 24.0, 25.0, "read_timeout"))

    assert first_touch(effects(gather(made.run()))) == 22.0


def test_a_latency_touches_what_took_longer_than_it_used_to_by_half_of_what_was_asked() -> None:
    made = Made(faults=(SLOW,))
    made.healthy(0.0, 20.0, every=1.0)
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.3))
    made.operation(0, 22.0, Tried(HOME, 22.0, 23.01))
    (effect,) = effects(gather(made.run()))

    assert effect.first == 22.0
    assert effect.touched.sum() == 1


def test_a_fault_that_was_never_injected_has_neither_times_nor_counts() -> None:
    made = Made(aborted="stopped by Ctrl-C", applied=(), ended=12.0)
    made.healthy(0.0, 12.0)
    (effect,) = effects(gather(made.run()))

    assert (effect.injected, effect.healed, effect.first, effect.counts) == (None, None, None, ())
    assert not effect.touched.any()


def test_what_a_client_cancelled_itself_is_not_held_against_the_fault() -> None:
    made = Made()
    made.operation(0, 25.0, Tried(HOME, 25.0, 25.001, "cancelled"))

    assert not effects(gather(made.run()))[0].touched.any()


def test_an_attempt_that_a_hedge_beat_is_touched_once_it_took_longer_than_usual() -> None:
    made = Made(faults=(SLOW,))
    made.healthy(0.0, 20.0, every=1.0)
    made.operation(0, 21.0, Tried(HOME, 21.0, 21.25, "cancelled"))
    made.operation(0, 22.0, Tried(HOME, 22.0, 22.01, "cancelled"))
    (effect,) = effects(gather(made.run()))

    assert effect.touched[-2:].tolist() == [True, False]


def test_the_clocks_bound_decides_about_attempts_at_the_edge_in_the_faults_favour() -> None:
    made = Made(clock_error=0.002)
    made.operation(0, 19.9, Tried(HOME, 19.9, 19.999, "closed"))

    assert effects(gather(made.run()))[0].touched.all()
