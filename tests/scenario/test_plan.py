"""The plan: what would be hit, when, and what must hold."""

from hypothesis import given, settings

from chaos.scenario import Scenario, read
from chaos.scenario.plan import plan, rules
from tests.scenario.strategies import SHIPPED, scenarios


def test_the_shipped_scenario_is_told_as_people_would_tell_it() -> None:
    told = str(plan(read(SHIPPED.read_text(), "f.yaml"))).splitlines()
    assert told[1] == "seed 7, 70s, about 7,350 operations"
    assert "region   us-south: round trip 3ms ± 1ms, primary of root key orders" in told
    assert "region   us-east: round trip 28ms ± 4ms, backup of root key orders" in told
    assert "service  tokens last 3600s; timers: real" in told
    assert "clients  60, recommended: us-south, then us-east; 2 data keys each" in told
    assert "load     105/s, poisson: 10% wrap, 90% unwrap" in told
    first = "the first choice of all 60 clients"
    timeline = [line.strip() for line in told if line.startswith("   ")]
    assert timeline == [
        "0s  steady: about 1,575 operations",
        "15s  fault: about 2,100 operations",
        f"15s    inject us-south-refuses: down at us-south for 20s; {first}",
        "35s  recovery: about 3,675 operations",
        "35s    heal us-south-refuses",
        "70s  audit: every data key is unwrapped in us-south, us-east",
    ]
    assert "  failover.p95 <= rto   (rto = 10s)" in told
    assert "  failback <= 20s" in told


def test_a_fault_at_the_second_choice_is_told_to_hit_a_backup() -> None:
    scenario = read(SHIPPED.read_text(), "f.yaml", ["faults.0.target=us-east"])
    assert dict(plan(scenario).hits) == {"us-south-refuses": "a backup of all 60 clients"}


@settings(max_examples=40)
@given(scenarios())
def test_every_change_stands_in_exactly_one_stage(scenario: Scenario) -> None:
    planned = plan(scenario)
    told = [change for stage in planned.stages for change in stage.changes]
    assert tuple(told) == scenario.changes()
    assert sum(stage.operations for stage in planned.stages) - planned.operations < 1e-6
    assert len(list(rules(scenario))) == len(scenario.objectives)
    assert all(fault.name in str(planned) for fault in scenario.faults)
