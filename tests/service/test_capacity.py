"""Workers and a queue, held against what queueing theory knows in closed form."""

from bisect import bisect_right
from math import exp, factorial, inf, log
from random import Random
from statistics import fmean, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service.capacity import Capacity, Job, Shed, Station


def play(capacity: Capacity, rate: float, arrivals: int, seed: int = 1) -> list[tuple[Job, float]]:
    """Jobs that were taken in, each with its response time, under Poisson arrivals."""
    rng, station, now, taken = Random(seed), Station(capacity), 0.0, []
    for _ in range(arrivals):
        now += rng.expovariate(rate)
        job = station.arrive(now, rng)
        if isinstance(job, Job):
            taken.append((job, job.until - now))
    return taken


def erlang_c(workers: int, offered: float) -> float:
    """The probability that an arrival waits in M/M/c (Erlang's second formula)."""
    busy = offered**workers / factorial(workers) * workers / (workers - offered)
    return busy / (sum(offered**n / factorial(n) for n in range(workers)) + busy)


SLOW = pytest.mark.slow


# The nearer a queue is to saturation, the longer it must be watched for the same confidence.
@pytest.mark.parametrize(
    ("load", "arrivals"), [(0.5, 60_000), pytest.param(0.8, 800_000, marks=SLOW)]
)
def test_one_worker_is_an_m_m_1_queue(load: float, arrivals: int) -> None:
    # Response times are exponential with mean S / (1 - rho).
    jobs = play(Capacity(workers=1, service=0.1), load / 0.1, arrivals)
    response = [each for _, each in jobs]
    mean = 0.1 / (1 - load)
    assert fmean(response) == pytest.approx(mean, rel=0.05)
    cuts = quantiles(response, n=1000, method="inclusive")
    for place in (0.5, 0.9, 0.99):
        expected = -mean * log(1 - place)
        assert cuts[round(place * 1000) - 1] == pytest.approx(expected, rel=0.06), place


@pytest.mark.parametrize(
    ("workers", "load", "arrivals"),
    [
        (5, 0.6, 100_000),
        *(pytest.param(workers, 0.8, 500_000, marks=SLOW) for workers in (2, 5, 20)),
    ],
)
def test_many_workers_are_an_m_m_c_queue(workers: int, load: float, arrivals: int) -> None:
    offered = load * workers
    jobs = play(Capacity(workers=workers, service=0.1), offered / 0.1, arrivals, seed=workers)
    waits = [response - job.lasts for job, response in jobs]
    waited = sum(wait > 1e-12 for wait in waits) / len(waits)
    assert waited == pytest.approx(erlang_c(workers, offered), rel=0.05)
    expected = erlang_c(workers, offered) * 0.1 / (workers - offered)
    assert fmean(waits) == pytest.approx(expected, rel=0.08)


def test_a_bounded_queue_sheds_as_m_m_1_k_does() -> None:
    # K = 5 in the system at most, offered load 0.9: Pr(full) = (1 - r) r^K / (1 - r^(K + 1)).
    rng, now, shed = Random(3), 0.0, 0
    station = Station(Capacity(workers=1, service=1.0, queue=4))
    for _ in range(200_000):
        now += rng.expovariate(0.9)
        shed += isinstance(station.arrive(now, rng), Shed)
    expected = 0.1 * 0.9**5 / (1 - 0.9**6)
    assert shed / 200_000 == pytest.approx(expected, rel=0.03)
    assert (station.shed, station.taken) == (shed, 200_000 - shed)


def test_without_places_and_with_many_workers_it_is_erlangs_loss_formula() -> None:
    rng, now, shed = Random(4), 0.0, 0
    station = Station(Capacity(workers=8, service=1.0, queue=0))
    for _ in range(200_000):
        now += rng.expovariate(6.0)
        shed += isinstance(station.arrive(now, rng), Shed)
    blocking = 6.0**8 / factorial(8) / sum(6.0**n / factorial(n) for n in range(9))
    assert shed / 200_000 == pytest.approx(blocking, rel=0.05)


@pytest.mark.slow
def test_a_rare_long_service_is_felt_by_all_as_pollaczek_and_khinchine_say() -> None:
    # 0.1 s, but 10 s for one in a thousand: waiting is rate E[S^2] / (2 (1 - rho)).
    capacity = Capacity(
        workers=1, service=0.1, distribution="constant", tail=0.001, tail_service=10.0
    )
    mean, square = 0.999 * 0.1 + 0.001 * 10, 0.999 * 0.01 + 0.001 * 100
    rate = 0.8 / mean
    means = [fmean(each for _, each in play(capacity, rate, 200_000, seed)) for seed in range(4)]
    assert fmean(means) == pytest.approx(mean + rate * square / (2 * (1 - 0.8)), rel=0.15)


@pytest.mark.parametrize("distribution", ["exponential", "constant", "lognormal"])
def test_service_times_have_the_mean_and_spread_that_was_asked_for(distribution: str) -> None:
    rng = Random(5)
    asked = {"workers": 1, "service": 0.2, "distribution": distribution, "deviation": 0.5}
    capacity = Capacity.model_validate(asked)
    drawn = [capacity.draw(rng) for _ in range(200_000)]
    assert fmean(drawn) == pytest.approx(0.2, rel=0.02)
    deviation = {"exponential": 1.0, "constant": 0.0, "lognormal": 0.5}[distribution]
    spread = fmean((each - 0.2) ** 2 for each in drawn) ** 0.5 / 0.2
    assert spread == pytest.approx(deviation, abs=0.03)
    if distribution == "exponential":
        assert sum(each > 0.2 for each in drawn) / 2e5 == pytest.approx(exp(-1), abs=0.01)


def test_a_stall_lets_everything_wait_and_its_end_serves_it_in_order() -> None:
    rng = Random(1)
    base = Capacity(workers=1, service=1.0, distribution="constant")
    stall = base.model_copy(update={"workers": 0})
    station = Station(base)
    first = station.arrive(0.0, rng)
    station.change(stall, 0.5)
    later = [station.arrive(when, rng) for when in (1.0, 2.0, 3.0)]
    assert isinstance(first, Job)
    assert first.until == 1.0
    assert [job.until for job in later if isinstance(job, Job)] == [inf] * 3
    assert station.waiting(5.0) == 3
    station.change(base, 10.0)
    assert [job.until for job in later if isinstance(job, Job)] == [11.0, 12.0, 13.0]


def test_fewer_workers_finish_what_they_have_begun() -> None:
    rng = Random(1)
    four = Capacity(workers=4, service=10.0, distribution="constant")
    station = Station(four)
    jobs = [station.arrive(float(when), rng) for when in range(6)]
    assert [job.until for job in jobs if isinstance(job, Job)] == [10, 11, 12, 13, 20, 21]
    station.change(four, 6.0, working=0.5)
    # Two workers are left, which are free when only one and none of the four still runs.
    assert [job.until for job in jobs if isinstance(job, Job)] == [10, 11, 12, 13, 22, 23]
    assert (station.running(6.0), station.waiting(6.0)) == (4, 2)


def test_without_bounds_everybody_who_waits_is_served_at_once() -> None:
    rng = Random(1)
    station = Station(Capacity(workers=1, service=5.0, distribution="constant"))
    jobs = [station.arrive(0.0, rng) for _ in range(3)]
    station.release(1.0)
    assert [job.until for job in jobs if isinstance(job, Job)] == [5.0, 6.0, 6.0]


Arrivals = st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60)
Changes = st.lists(st.tuples(st.floats(0.0, 60.0), st.integers(0, 4)), max_size=4)


@given(Arrivals, st.integers(1, 4), st.integers(0, 5), Changes)
def test_never_more_are_served_at_once_than_there_are_workers_and_in_the_order_of_arrival(
    gaps: list[float], workers: int, queue: int, changes: list[tuple[float, int]]
) -> None:
    rng = Random(0)
    capacity = Capacity(workers=workers, service=1.0, queue=queue)
    station, now, jobs = Station(capacity), 0.0, []
    pending = sorted(changes)
    most = max([workers, *(each for _, each in changes)])
    for gap in gaps:
        now += gap
        while pending and pending[0][0] <= now:
            at, number = pending.pop(0)
            station.change(capacity.model_copy(update={"workers": number}), at)
        job = station.arrive(now, rng)
        assert station.waiting(now) <= queue
        if isinstance(job, Job):
            jobs.append(job)
    begins = [job.begins for job in jobs]
    assert begins == sorted(begins)
    ends = sorted(job.until for job in jobs)
    for number, job in enumerate(jobs):
        if job.begins < inf:
            begun = number + 1
            assert begun - bisect_right(ends, job.begins) <= most
