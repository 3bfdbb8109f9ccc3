"""Prometheus' text format."""

import re

from hypothesis import given
from hypothesis import strategies as st

from chaos.service.metrics import BOUNDS, Durations, Exposition, exposition
from chaos.service.zones import Zones
from tests.service.caller import EPOCH, Caller

SAMPLE = re.compile(
    r'[a-z_]+\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\} \d[\de.+-]*'
)


def test_every_line_is_a_sample_or_tells_about_one(south: Caller) -> None:
    south.create()
    south.call("GET", "keys/none")
    south.call("GET", "nothing")
    text = exposition(south.service, Zones("us-south"), Durations(), EPOCH)
    assert text.endswith("\n")
    for line in text.splitlines():
        assert line.startswith("# ") or SAMPLE.fullmatch(line), line
    assert 'keychaos_keys{region="us-south",state="active"} 1' in text
    route = 'method="GET",route="keys/*",status="404"'
    assert f'keychaos_requests_total{{region="us-south",{route}}} 1' in text


@given(st.lists(st.floats(min_value=0, max_value=1)))
def test_buckets_are_cumulative_and_end_with_the_count(seconds: list[float]) -> None:
    durations = Durations()
    for each in seconds:
        durations.observe(each)
    text = Exposition("us-south")
    text.histogram("d", "about", durations)
    values = [float(line.rsplit(" ", 1)[1]) for line in text.lines if "_bucket" in line]
    assert values == sorted(values)
    assert values == [sum(each <= bound for each in seconds) for bound in (*BOUNDS, float("inf"))]


def test_a_label_may_hold_anything() -> None:
    text = Exposition("us-south")
    text.family("m", "gauge", "about", [({"zone": 'a"b\\c\nd'}, 1)])
    assert SAMPLE.fullmatch(text.lines[-1])


def test_no_tenant_or_key_is_named(south: Caller) -> None:
    key = south.create(aliases=["ledger"])["id"]
    south.ok("GET", "keys/ledger")
    text = exposition(south.service, Zones("us-south"), Durations(), EPOCH)
    assert not {key, "ledger", south.instance.id} & set(re.split(r'["/ ]', text))
