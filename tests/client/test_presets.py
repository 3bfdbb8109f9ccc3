"""The recommended preset in fleets of sixty, against regions that have a capacity."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from statistics import fmean, median

import pytest

from chaos.client.call import Call, Client, Decision, Factory, Try, Work, WorkKind
from chaos.client.mutants import factory_for as mutant
from chaos.client.presets import factory_for as preset
from chaos.exchange import Answer, Reply
from tests.client.playing import Played, Player, ok, wiring

pytestmark = pytest.mark.slow
CLIENTS, RATE = 60, 120.0
BIN = 0.1
Stalls = Sequence[tuple[float, float]]


class Fleet:
    """Many clients played as one: an operation belongs to the client of its number."""

    def __init__(self, build: Factory, seed: int) -> None:
        self.clients: list[Client] = [
            build(wiring(), Random(f"{seed}/{index}")) for index in range(CLIENTS)
        ]

    def begin(self, work: Work, now: float) -> Call:
        """Begin an operation of one of the clients."""
        return self.clients[work.number % CLIENTS].begin(work, now)

    def decisions(self) -> tuple[Decision, ...]:
        """What any of them decided."""
        return tuple(each for client in self.clients for each in client.decisions())


class Region:
    """First in, first out at a capacity per second; sheds above two seconds of work, and stalls."""

    def __init__(self, capacity: Callable[[float], float], stalls: Stalls = ()) -> None:
        self.capacity = capacity
        self.stalls = stalls
        self.free = 0.0
        self.arrivals: list[float] = []

    def __call__(self, attempt: Try, now: float) -> tuple[float, Reply]:
        """What an attempt that arrives now meets, and after how long."""
        self.arrivals.append(now)
        begins = max(self.free, now)
        stalled = any(starts <= now < ends for starts, ends in self.stalls)
        if not stalled and begins - now > 2.0:
            return 0.005, Answer(503)
        for starts, ends in self.stalls:
            if starts <= begins < ends:
                begins = ends
        self.free = begins + 1.0 / self.capacity(now)
        return self.free - now + 0.01, ok(attempt)

    def herd(self, quiet: float, heals: float) -> float:
        """The most arrivals in a bin after heal against the median of the bins before the fault."""
        bins = Counter(int(arrival / BIN) for arrival in self.arrivals)
        before = median(bins[index] for index in range(50, int(quiet / BIN)))
        after = range(int(heals / BIN), int((heals + 30.0) / BIN))
        return max(bins[index] for index in after) / before


def always(capacity: float) -> Callable[[float], float]:
    return lambda _: capacity


class Storm:
    """What came of it, by when operations were due."""

    def __init__(self, played: Played, due: list[tuple[float, Work]]) -> None:
        self.played = played
        self.due = due

    def good(self, starts: float, ends: float) -> float:
        """The share of the operations due in that time that succeeded."""
        outcomes = [
            self.played.done[work.number][1].outcome == "ok"
            for at, work in self.due
            if starts <= at < ends
        ]
        return sum(outcomes) / len(outcomes)

    @property
    def amplification(self) -> float:
        """Attempts per operation."""
        return len(self.played.attempts) / len(self.played.done)


def play(build: Factory, regions: dict[str, Region], lasts: float, seed: int = 1) -> Storm:
    """An open load on a fleet, one operation in five a wrap."""
    rng, now = Random(seed), 0.0
    due: list[tuple[float, Work]] = []
    while now < lasts:
        now += rng.expovariate(RATE)
        kind: WorkKind = "wrap" if rng.random() < 0.2 else "unwrap"
        due.append((now, Work(len(due), kind, ciphertext="Y2lwaGVy")))
    player = Player(Fleet(build, seed), lambda attempt, at: regions[attempt.region](attempt, at))
    return Storm(player.play(due), due)


def both(capacity: float, *stalls: tuple[float, float]) -> dict[str, Region]:
    return {name: Region(always(capacity), stalls) for name in ("us-south", "us-east")}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_a_minute_of_silence_everywhere_no_herd_comes(seed: int) -> None:
    regions = both(1000.0, (20.0, 80.0))
    storm = play(preset("recommended"), regions, 115.0, seed)
    assert regions["us-south"].herd(20.0, 80.0) <= 3.0
    assert storm.amplification < 1.1
    assert storm.good(80.0, 90.0) > 0.98
    assert storm.good(90.0, 110.0) == 1.0


def test_clients_without_jitter_come_as_a_herd() -> None:
    herds = []
    for seed in (1, 2):
        regions = both(1000.0, (20.0, 80.0))
        play(mutant("no-jitter"), regions, 115.0, seed)
        herds.append(regions["us-south"].herd(20.0, 80.0))
    assert max(herds) > 3.0


def test_a_stall_of_everything_at_little_headroom_is_no_metastable_failure() -> None:
    storm = play(preset("recommended"), both(1.3 * RATE, (20.0, 30.0)), 90.0)
    assert storm.good(40.0, 90.0) >= 0.99
    assert storm.amplification < 1.1


def test_a_stall_of_one_region_at_little_headroom_is_not_noticed() -> None:
    regions = both(1.3 * RATE)
    regions["us-south"] = Region(always(1.3 * RATE), ((20.0, 30.0),))
    storm = play(preset("recommended"), regions, 90.0)
    assert storm.good(0.0, 90.0) >= 0.999
    assert storm.amplification < 1.2


def test_a_region_that_returns_with_a_tenth_of_its_capacity_costs_no_operation() -> None:
    def recovering(now: float) -> float:
        if 20.0 <= now < 40.0:
            return 0.001
        return 1000.0 if now < 20.0 else RATE * min(1.5, 0.1 + (now - 40.0) / 100.0)

    regions = both(1000.0)
    regions["us-south"] = Region(recovering, ((20.0, 40.0),))
    storm = play(preset("recommended"), regions, 150.0)
    assert storm.good(0.0, 150.0) >= 0.999
    assert storm.amplification < 1.3


def test_clients_of_one_region_are_down_as_long_as_it_is() -> None:
    """The same with a client that knows no backup, or these tests would say nothing."""
    regions = both(1.3 * RATE)
    regions["us-south"] = Region(always(1.3 * RATE), ((20.0, 60.0),))
    storm = play(preset("httpx-0.28"), regions, 90.0)
    assert storm.good(20.0, 60.0) < 0.2


class Throttling(Region):
    """Answers 429 above a rate, from a bucket of half a second's worth."""

    def __init__(self, rate: float, asks: int, since: float, ends: float) -> None:
        super().__init__(always(rate))
        self.rate, self.asks, self.since, self.ends = rate, asks, since, ends
        self.tokens = self.filled = 0.0
        self.accepted = 0

    def __call__(self, attempt: Try, now: float) -> tuple[float, Reply]:
        """Success while there are tokens, 429 with Retry-After afterwards."""
        if not self.since <= now < self.ends:
            return 0.02, ok(attempt)
        self.tokens = min(0.5 * self.rate, self.tokens + (now - self.filled) * self.rate)
        self.filled = now
        if self.tokens < 1.0:
            return 0.005, Answer(429, {"retry-after": str(self.asks)})
        self.tokens -= 1.0
        self.accepted += 1
        return 0.02, ok(attempt)


def shares_while_the_backup_throttles(rate: float, asks: int, seed: int) -> dict[str, float]:
    """The primary is down and the backup takes ``rate`` of 120/s, of which 96/s are unwraps."""
    east = Throttling(rate, asks, 20.0, 60.0)
    down = Region(lambda now: 0.001 if 20.0 <= now < 60.0 else 1000.0, ((20.0, 60.0),))
    storm = play(preset("recommended"), {"us-south": down, "us-east": east}, 80.0, seed)
    kinds = {"wrap": [0, 0], "unwrap": [0, 0]}
    for due, work in storm.due:
        if 25.0 <= due < 60.0:
            kinds[work.kind][0] += storm.played.done[work.number][1].outcome == "ok"
            kinds[work.kind][1] += 1
    shares = {kind: good / count for kind, (good, count) in kinds.items()}
    return {**shares, "used": east.accepted / (40.0 * rate)}


@pytest.mark.parametrize("asks", [1, 2])
def test_unwraps_go_before_wraps_when_the_backup_throttles(asks: int) -> None:
    """At 96 % of what the backup takes, however long it asks to be left alone."""
    runs = [shares_while_the_backup_throttles(100.0, asks, seed) for seed in (1, 2, 3)]
    assert fmean(run["unwrap"] for run in runs) >= 0.95
    assert all(run["wrap"] < 0.4 for run in runs)
    assert all(run["used"] > 0.93 for run in runs)


def test_where_there_is_room_for_all_wraps_come_back() -> None:
    shares = shares_while_the_backup_throttles(125.0, 2, 1)
    assert shares["unwrap"] > 0.99
    assert shares["wrap"] > 0.9
