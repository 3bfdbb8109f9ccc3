"""What no single line shows: parts that contradict each other, objectives nobody can decide."""

import pytest

from chaos.scenario import read
from tests.scenario.refusals import refusal
from tests.scenario.strategies import SHIPPED

SECOND = "{name: second, kind: down, target: us-south, at: 30s, lasts: 9s}"
FITS = ["lasts=30.3s", "objectives={rules: [recover <= 15.2s]}"]
FIRST = "{name: us-south-refuses, kind: down, target: us-south, at: 15s, lasts: 20s}"


CRASH = "{name: dies, kind: crash, target: us-south, at: 20s, lasts: 9s}"
SLOW = "{name: slow, kind: slow, target: us-south, latency: 1s, at: 15s, lasts: 20s}"
OVER = "{name: over, kind: provider_failover, target: us-south, at: 15s, lasts: 20s}"
STANDBY = "regions.us-south.standby={lag: 2s}"


def rule_2(text: str) -> str:
    """The override that writes a rule in place of the third one; a comma needs its quotes."""
    return f'objectives.rules.2="{text}"'


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["keys.orders=[us-east]"], "'us-south' holds no root key 'orders'; did you mean"),
        (["keys.orders=[us-south, us-south]"], "'us-south' is given twice"),
        (["clients.regions=[us-east, us-east]"], "'us-east' is given twice"),
        (["keys.other=[us-east]"], "one root key a scenario is played; this is a second one"),
        (["clients.wrapped=0"], "clients that hold no data key have nothing to unwrap"),
        (["load.rate=100000/s", "lasts=10h"], "makes 3.6e+09 operations; at most 5e+07"),
        (["faults.0.lasts=0s"], "fault 'us-south-refuses' must last longer than 0s"),
        (["clients.regions=[us-east]"], "hits nobody: no client calls 'us-south'"),
        (["regions.wrap={latency: 1ms}"], "'wrap' is a word of the objectives"),
        (["lasts=30s"], "heals at 35s, after the end of the run at 30s"),
        ([f"faults=[{FIRST}, {SECOND}]"], "fault 'second' overlaps 'us-south-refuses'"),
        ([f"faults=[{FIRST}, {FIRST}]"], "a second fault is called 'us-south-refuses'"),
        ([f"faults=[{SLOW}, {CRASH}]"], "'dies' has ended the process of 'us-south', and nothing"),
        ([f"faults=[{FIRST}, {CRASH}]"], "'dies' has ended the process of 'us-south', and nothing"),
        (
            [f"faults=[{OVER}]"],
            "'us-south' has no standby; give it one, as in 'standby: {lag",
        ),
        (
            [f"faults=[{OVER}]", "regions.us-south.standby={lag: 16s}"],
            "the standby knows of no key before 16s, its lag",
        ),
        (["objectives.rpo=3s"], "'rpo' is used by no rule; did you mean 'rto'?"),
        (["objectives.rules.0=recover <= rto"], "'recover <= rto' is given twice"),
        (["faults=[]"], "failover needs a fault, and there is none"),
        (["faults=[]"], "there is no recovery phase in this scenario"),
        (["clients.regions=[us-south]"], "failover needs clients with a second region"),
        (["faults.0.at=0s"], "there is no steady phase in this scenario"),
        (["faults.0.at=4s"], "the steady phase lasts 4s, less than the window of 5s"),
        (["lasts=38s"], "the recovery phase lasts 3s, less than the window of 5s"),
        (["objectives.rto=21s"], "cannot be decided: it needs 21s and the fault phase lasts 20s"),
        (["objectives.rto=16s"], "it needs 16s + 5s and the fault phase lasts 20s"),
        (["objectives.rules.2=failback <= 31s"], "31s + 5s and the recovery phase lasts 35s"),
        (["objectives.rules.2=time_to_steady <= 31s"], "31s + 5s and the recovery phase lasts 35s"),
        (["lasts=69s", "objectives.rules.2=metastable == 0"], "needs 30s + 5s and the recovery"),
        ([rule_2("availability(fault, every 21s) >= 1%")], "no window of 21s fits into 20s"),
        ([rule_2("availability(after 51s, every 5s) >= 1%")], "no window of 5s fits into 4s"),
        ([rule_2("goodput(after 55s) >= 1/s")], "nothing is left of it 55s after the fault begins"),
        (
            ["faults=[]", "objectives.rules=[availability(after 5s) >= 99%]"],
            "counted from the fault",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(words: list[str], message: str) -> None:
    assert message in refusal(read, SHIPPED.read_text(), "f.yaml", words)


@pytest.mark.parametrize(
    "words",
    [
        ["objectives.rto=15s"],
        [f"faults=[{OVER}, {CRASH}]", STANDBY],
        ["objectives.rules.2=time_to_steady <= 30s"],
        ["objectives.rules.2=metastable == 0"],
        [rule_2("availability(after rto, every 5s) >= 99%")],
        [rule_2("availability(fault, every 19s) >= 99%")],
        ["objectives.rules.2=failback <= 30s"],
        ["faults.0.at=5s"],
        # In binary, 0.1 + 0.2 is more than 0.3.
        ["faults.0={name: a, kind: down, target: us-south, at: 10.1s, lasts: 20.2s}", *FITS],
        ["clients.wrapped=0", "load.operations={wrap: 100%}"],
        [f"faults=[{FIRST}, {SECOND.replace('us-south', 'us-east')}]"],
        [f"faults=[{FIRST}, {SECOND.replace('30s', '35s')}]", "lasts=99s"],
        [f"faults=[{FIRST}, {SECOND.replace('down', 'timeout')}]"],
    ],
)
def test_what_just_fits_is_taken(words: list[str]) -> None:
    assert refusal(read, SHIPPED.read_text(), "f.yaml", words) == ""


def test_a_mistake_stands_at_the_line_that_makes_it() -> None:
    said = refusal(read, SHIPPED.read_text().replace("rto: 10s", "rto: 16s"), "f.yaml")
    assert said == (
        "f.yaml:37: 'recover <= rto': cannot be decided: it needs 16s + 5s and the fault phase "
        "lasts 20s"
    )
