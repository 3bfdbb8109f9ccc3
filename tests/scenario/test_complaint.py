"""Every kind of misshapen value is said in the file's own words, never in pydantic's."""

import pytest

from chaos.scenario import read
from tests.scenario.refusals import refusal
from tests.scenario.strategies import SHIPPED

DOWN = "name: a, kind: down, target: us-south, at: 15s, lasts: 20s"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("clients=~", "'clients' needs a mapping of keys to values; got nothing"),
        ("clients=[1]", "'clients' needs a mapping of keys to values; got '[1]'"),
        ("clients.count=0", "'clients.count' must be at least 1; got '0'"),
        ("clients.count=70000", "'clients.count' must be at most 60000; got '70000'"),
        ("clients.count=1.5", "'clients.count' needs a whole number; got '1.5'"),
        ("clients.count=true", "'clients.count' needs a whole number; got 'True'"),
        ("clients.policy=7", "'clients.policy' needs text; got '7'"),
        ("clients.policy=''", "'clients.policy' needs at least one letter; got ''"),
        ("clients.regions=[]", "'clients.regions' needs at least one element; got '[]'"),
        ("clients.regions=us-south", "'clients.regions' needs a list; got 'us-south'"),
        ("scenario=Bad Name", "needs a name of small letters, digits and dashes; got 'Bad Name'"),
        ("regions.US=~", "'regions.US' needs a name of small letters, digits and dashes"),
        ("regions.us-south.latency=1s", ""),
        ("regions.us-south={latency: 1ms, jitter: 2ms}", "jitter is larger than latency"),
        ("regions.us-south={}", "'regions.us-south' needs 'latency'"),
        ("teaches=" + "a" * 501, "'teaches' must not be longer than 500"),
        ("lasts=0s", "'lasts' must be more than 0; got '0s'"),
        ("lasts=25h", "'lasts' is longer than a day, 24h"),
        ("load.rate=0/s", "'load.rate' must be more than 0; got '0/s'"),
        ("load.operations={}", "'load.operations' must be 100% together, not 0%"),
        ("load.operations={wrap: 200%}", "'load.operations.wrap' must be at most 1; got '200%'"),
        ("load.operations={rewrap: 100%}", "unknown key 'rewrap'; did you mean 'wrap'?"),
        ("faults=[{}]", "fault 0 needs 'kind': one of down, latency, timeout, reset_peer"),
        ("faults=[7]", "fault 0 needs a mapping of keys to values; got '7'"),
        (f"faults=[{{{DOWN}, latency: 3ms}}]", "unknown key 'latency'; known here: name, at"),
        ("faults.0.kind=dwon", "'dwon' is not a kind of fault; did you mean 'down'?"),
        ("faults.0.kind=7", "'7' is not a kind of fault"),
        ("faults.0.kind=latency", "fault 'us-south-refuses' needs 'latency'"),
        ("faults.0.at=5", "'at' of fault 'us-south-refuses' needs a duration with a unit"),
        ("faults.0.target=us-soth", "'us-soth' is not a region; did you mean 'us-south'?"),
        ("faults.0.target=7", "'target' of fault 'us-south-refuses' needs text; got '7'"),
        ("objectives.rules=[]", "'objectives.rules' needs at least one element; got '[]'"),
        ("objectives.rules=[7]", "needs a rule such as 'failover.p95 <= rto'"),
        ("objectives.rto=true", "'objectives.rto' needs a quantity such as 10s, 99% or 3"),
        ("objectives.rto=ten", "'objectives.rto' 'ten' is no quantity with a unit"),
    ],
)
def test_a_misshapen_value_is_said_in_the_files_own_words(word: str, message: str) -> None:
    said = refusal(read, SHIPPED.read_text(), "f.yaml", [word])
    assert message in said
    assert bool(message) == bool(said)
    assert "pydantic" not in said
    assert "cannot be read" not in said
