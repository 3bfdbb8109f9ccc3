"""What the largest sentence of a report says, held to what the catalogue's scenarios are about."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chaos import shelf
from chaos.analysis.case import work_up
from chaos.analysis.claim import claim
from chaos.scenario import read
from chaos.scenario.model import Clients, Fault
from chaos.testing.performance import perform
from tests.analysis.made import DOWN, HOLE, HOME, Made, Tried, failed_over

GOLDEN = {
    ("region-down-backup-key", "recommended"): (
        "60 clients lost us-south and failed over to us-east in 80 ms (p95); no data key was lost"
    ),
    ("region-down-backup-key", "key-protect-docs"): (
        "60 clients lost us-south and none failed over: none of 2,114 operations due in the "
        "fault ended ok before the heal, 15.8 % after; arrivals then peaked at 3.8 times the "
        "usual; no data key was lost"
    ),
    ("region-blackhole", "recommended"): (
        "60 clients lost us-south and failed over to us-east in 283 ms (p95); no data key was lost"
    ),
    ("region-blackhole", "key-protect-docs"): (
        "60 clients lost us-south and none failed over: none of 2,394 operations due in the "
        "fault ended ok before the heal, 100 % after; arrivals then peaked at 219 times the "
        "usual; no data key was lost"
    ),
    ("throttle-retry-after", "recommended"): (
        "us-south answered 429 to 417 attempts of 60 clients, no retry came before its Retry-"
        "After, all failed over to us-east: 100 % of 2,979 operations due in the fault ended "
        "ok; no data key was lost"
    ),
    ("throttle-retry-after", "key-protect-docs"): (
        "us-south answered 429 to 4,222 attempts of 60 clients, 1,934 retries came before its "
        "Retry-After: 62.4 % of 2,979 operations due in the fault ended ok before the heal, 7.9"
        " % after; no data key was lost"
    ),
    ("iam-token-down", "recommended"): (
        "24 clients asked the token service in vain, 155 times in all: 80.8 % of 3,180 "
        "operations due in the fault ended ok before the heal, 11.8 % after; no data key was "
        "lost"
    ),
    ("iam-token-down", "key-protect-docs"): (
        "24 clients asked the token service in vain, 1,982 times in all: 80.8 % of 3,180 "
        "operations due in the fault ended ok; no data key was lost"
    ),
    ("thundering-herd", "recommended"): (
        "60 clients lost us-south, their only region: none of 7,252 operations due in the fault"
        " ended ok before the heal, 3.3 % after; arrivals then peaked at 2.6 times the usual; "
        "no data key was lost"
    ),
    ("thundering-herd", "key-protect-docs"): (
        "60 clients lost us-south, their only region: none of 7,252 operations due in the fault"
        " ended ok before the heal, 100 % after; arrivals then peaked at 605 times the usual; "
        "no data key was lost"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "run"
    shutil.rmtree(tmp_path, ignore_errors=True)


# One of them always; what takes more than a second is slow.
SCENES = [
    pytest.param(*each, marks=() if each[0] == "region-down-backup-key" else pytest.mark.slow)
    for each in GOLDEN
]


@pytest.mark.parametrize(("name", "client"), SCENES)
def test_a_scenario_of_the_catalogue_is_claimed_as_what_it_was(
    name: str, client: str, folder: Path
) -> None:
    path = shelf.catalogue()[name]
    scenario = read(shelf.text_of(path), str(path), (), None)

    run = perform(scenario, "simulated", f"preset:{client}", folder)

    assert run.analysis.headline == GOLDEN[name, client]


def said(made: Made) -> str:
    return claim(work_up(made.run()))


def inside(kind: str, **attributes: float | str) -> Fault:
    return Fault("trouble", kind, "service", HOME, 20.0, 20.0, tuple(attributes.items()))


def test_a_region_that_answers_an_error_was_not_lost() -> None:
    made = Made(faults=(inside("key_disabled"),))
    made.healthy(0.0, 20.0, every=0.1)
    made.failing(20.0, 40.0, came=409, every=0.1)

    assert said(made) == (
        "us-south, its root keys disabled, answered 409 to 200 attempts of 1 client: "
        "none of 200 operations due in the fault ended ok"
    )


def test_a_retry_that_came_back_too_early_is_the_point_of_a_throttle() -> None:
    made = Made(faults=(inside("throttle"),))
    made.healthy(0.0, 20.0, every=0.1)
    made.operation(
        0, 21.0, Tried(HOME, 21.0, 21.01, 429, retry_after=2.0), Tried(HOME, 21.5, 21.51, 429)
    )

    assert said(made) == (
        "us-south answered 429 to 2 attempts of 1 client, 1 retry came before its Retry-After: "
        "none of 1 operation due in the fault ended ok"
    )


def test_a_call_that_waited_for_the_heal_was_not_served_in_the_fault() -> None:
    made = Made(faults=(HOLE,))
    made.healthy(0.0, 20.0, every=0.1)
    made.operation(0, 21.0, Tried(HOME, 21.0, 40.2))
    made.operation(0, 22.0, Tried(HOME, 22.0, 40.2))

    assert said(made).startswith(
        "1 client lost us-south and none failed over: "
        "none of 2 operations due in the fault ended ok before the heal, 100 % after"
    )


def test_nobody_fails_over_where_there_is_one_region() -> None:
    made = Made()
    made.healthy(0.0, 20.0, every=0.1)
    made.failing(20.0, 40.0, every=0.1)
    run = made.run()
    alone = replace(run.scenario, clients=Clients(2, "recommended", (HOME,), 1))

    told = claim(work_up(replace(run, scenario=alone)))

    assert told.startswith("1 client lost us-south, their only region: none of 200 operations")


def test_a_token_service_that_is_out_takes_no_region_away() -> None:
    made = Made(faults=(Fault("no-tokens", "iam_outage", "service", "iam", 20.0, 20.0),))
    made.healthy(0.0, 20.0, every=0.1)
    number = made.operation(0, 21.0, Tried(HOME, 21.2, 21.21, 401))
    made.attempt(0, number, 1, Tried("iam", 21.0, 21.01, 503, "refresh"))

    assert said(made) == (
        "1 client asked the token service in vain, 1 time in all: "
        "none of 1 operation due in the fault ended ok"
    )


def test_two_faults_in_two_places_have_a_clause_each() -> None:
    tokens = Fault("no-tokens", "iam_outage", "service", "iam", 20.0, 20.0)
    made = Made(faults=(DOWN, tokens))
    made.healthy(0.0, 20.0, every=0.1)
    number = failed_over(made, 0, 21.0)
    made.attempt(0, number, 1, Tried("iam", 21.0, 21.01, 503, "refresh"))

    assert said(made) == (
        "1 client lost us-south and failed over to us-east in 120 ms (p95); "
        "1 client asked the token service in vain, 1 time in all: "
        "100 % of 1 operation due in the fault ended ok"
    )
