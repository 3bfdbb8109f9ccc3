"""The language of objectives: everything it says, and everything it refuses."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.scenario.expression import parse, render
from chaos.scenario.objective import Comparison, Measure, Unit
from chaos.scenario.quantity import Quantity
from chaos.scenario.vocabulary import OPERATIONS, PHASES, VOCABULARY, Term, Where
from tests.scenario.refusals import refusal

REGIONS = ("us-south", "us-east")
PARAMETERS = {"rto": Quantity(10.0, "seconds"), "slo": Quantity(0.99, "share"), "odd": None}


@pytest.mark.parametrize(
    ("text", "measure", "comparison", "limit", "unit"),
    [
        ("failover.p95 <= rto", Measure("failover", (), "p95"), "<=", 10.0, "seconds"),
        ("recover<=90s", Measure("recover"), "<=", 90.0, "seconds"),
        (
            "availability(steady) >= 99.9%",
            Measure("availability", ("steady",)),
            ">=",
            0.999,
            "share",
        ),
        (
            " availability( fault ,after   failover )>=slo ",
            Measure("availability", ("fault", "after failover")),
            ">=",
            0.99,
            "share",
        ),
        (
            "response(recovery, us-east, unwrap).p99 < 300ms",
            Measure("response", ("recovery", "us-east", "unwrap"), "p99"),
            "<",
            0.3,
            "seconds",
        ),
        ("amplification <= 1.2", Measure("amplification"), "<=", 1.2, "ratio"),
        ("goodput(recovery) >= 90/s", Measure("goodput", ("recovery",)), ">=", 90.0, "rate"),
        (
            "availability(after rto, every 5s) >= 99%",
            Measure("availability", ("after 10s", "every 5s")),
            ">=",
            0.99,
            "share",
        ),
        (
            "amplification(fault, every 500ms) <= 3",
            Measure("amplification", ("fault", "every 500ms")),
            "<=",
            3.0,
            "ratio",
        ),
        ("wrong_plaintext == 0", Measure("wrong_plaintext"), "==", 0.0, "count"),
        ("integrity(us-east) == 100%", Measure("integrity", ("us-east",)), "==", 1.0, "share"),
    ],
)
def test_a_rule_becomes_an_objective(
    text: str, measure: Measure, comparison: Comparison, limit: float, unit: Unit
) -> None:
    rule = parse(text, REGIONS, PARAMETERS, line=7)
    assert (rule.measure, rule.comparison, rule.limit) == (measure, comparison, limit)
    assert (rule.text, rule.unit, rule.line) == (text.strip(), unit, 7)


def test_a_named_limit_is_remembered_by_its_name() -> None:
    assert parse("recover <= rto", REGIONS, PARAMETERS).parameter == "rto"
    assert parse("recover <= 10s", REGIONS, PARAMETERS).parameter == ""


def test_a_parameter_that_could_not_be_read_is_not_complained_of_twice() -> None:
    assert parse("recover <= odd", REGIONS, PARAMETERS).limit == 0.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column 1: 'the end of the rule' is not a measure"),
        ("failovr.p95 <= rto", "column 1: 'failovr' is not a measure; did you mean 'failover'?"),
        ("failover <= rto", "column 10: failover needs a statistic: failover.p50, failover.p95"),
        ("failover.p59 <= rto", "column 10: 'p59' is not a statistic of failover; did you mean"),
        ("recover.p95 <= rto", "column 9: recover is one value and has no statistic 'p95'"),
        ("recover <= rot", "column 12: 'rot' is not a parameter of the objectives; did you mean"),
        ("recover <= 10", "column 12: recover needs a duration with a unit"),
        ("recover <= 10%", "recover needs a duration with a unit"),
        ("recover <= slo", "recover needs a duration with a unit"),
        ("recover 10s", "column 9: expected one of <= >= < > ==, not '10s'"),
        ("recover = 10s", "column 9: '=' means nothing here"),
        ("recover <= 10s 4", "column 16: nothing may follow the limit, but here is '4'"),
        ("recover <=", "expected a limit, not 'the end of the rule'"),
        ("recover >= 10s", "recover is better when lower: write '<='"),
        ("recover == 10s", "recover is never exactly a value: write '<='"),
        ("integrity == 99%", "integrity is never exactly 99%: write '>='"),
        ("recover < 0s", "no run can hold '< 0s'"),
        ("recover <= 10sec", "column 12: '10sec' means nothing here"),
        ("recover(steady) <= 1s", "recover is measured only for the whole run, not by phase"),
        ("availability > 100%", "no run can hold '> 100%'"),
        ("availability >= 101%", "availability is never above 100%"),
        ("availability <= 99%", "availability is better when higher: write '>='"),
        ("availability(stedy) >= 99%", "column 14: 'stedy' is no phase, region or operation"),
        ("availability(us-soth) >= 99%", "did you mean 'us-south'?"),
        ("availability(steady, fault) >= 99%", "a second phase; 'steady' is one already"),
        ("availability(after failover) >= 99%", "'after failover' is a part of the fault phase"),
        ("availability(steady, after failover) >= 99%", "is a part of the fault phase"),
        ("availability(fault, after) >= 99%", "'after' goes on as 'after failover' or with a dur"),
        ("availability(after 10) >= 99%", "with a duration with a unit"),
        ("availability(after slo) >= 99%", "'after' goes on as 'after failover' or with a dur"),
        ("availability(after 0s) >= 99%", "'after' goes on as 'after failover' or with a dur"),
        ("availability(every failover) >= 99%", "'every' goes on with a duration with a unit"),
        ("availability(every 5s, every 9s) >= 99%", "a second every; 'every 5s' is one already"),
        (
            "response(every 5s).p99 <= 1s",
            "measured only by phase, region, operation, group, not by every",
        ),
        ("goodput >= 99%", "goodput needs a rate with a unit, such as 120/s"),
        ("goodput == 99/s", "never exactly a value"),
        ("availability(fault >= 99%", "expected ',' or ')', not '>='"),
        ("availability() >= 99%", "column 14: ')' is no phase, region or operation here"),
        (
            "amplification(us-south) <= 3",
            "measured only by phase, group, after, every, not by region",
        ),
        ("wrong_plaintext == 0.5", "wrong_plaintext is a count: write a whole number"),
        ("wrong_plaintext <= 10", "is never tolerated: write 'wrong_plaintext == 0'"),
        ("wrong_plaintext <= 0", "is never tolerated: write 'wrong_plaintext == 0'"),
        ("metastable <= 1", "column 15: a run is metastable, which is 1, or it is not: write 'me"),
        ("metastable == 1", "or it is not: write 'metastable == 0'"),
        ("availability >= 0%", "column 17: every run holds '>= 0%', whatever the clients do"),
        ("integrity >= 0%", "whatever the clients do: write '> 0%', or more"),
        ("goodput >= 0/s", "every run holds '>= 0/s', whatever the clients do: write more"),
        ("backoff_jitter >= 0", "every run holds '>= 0', whatever the clients do: write more"),
        ("recover =< 10s", "column 9: '=' means nothing here; did you mean '<='?"),
        ("recover => 10s", "did you mean '>='?"),
        ("recover != 10s", "'!' means nothing here; a comparison is one of <= >= < > =="),
        ("recover = 10s", "a comparison is one of <= >= < > =="),
        ("availability >= 99 %", "'%' means nothing here; a unit follows its number without a sp"),
        ("goodput >= 99 /s", "a unit follows its number without a space"),
        ("lost_operations <= 1e3", "'1e3' means nothing here; write the number out, as in 1000"),
        ("lost_operations <= -3", "quantities have no sign"),
        ("recover <= 10sec", "a quantity is a number and its unit: ms, s, m, h, % or /s"),
        ("recover\t<= 10s", "write a space instead of a tab"),
        ("lost_operations <= 1%", "lost_operations needs a plain number"),
        ("switches(group naive).max <= 3", "column 10: the clients have no groups"),
        ("a" * 201, "column 201: a rule has at most 200 characters"),
    ],
)
def test_a_bad_rule_is_refused_with_the_column_and_what_is_right(text: str, message: str) -> None:
    assert message in refusal(parse, text, REGIONS, PARAMETERS)


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    """Any measure that the vocabulary allows."""
    term: Term = draw(st.sampled_from(list(VOCABULARY.values())))
    words: dict[Where, tuple[str, ...]] = {
        "phase": PHASES,
        "region": REGIONS,
        "operation": OPERATIONS,
        "group": ("group naive", "group careful"),
        "after": ("after 10s", "after 1.5s"),
        "every": ("every 5s", "every 250ms"),
    }
    where = [
        draw(st.sampled_from(words[place]))
        for place in draw(st.permutations(term.wheres))
        if place in words and draw(st.booleans())
    ]
    if "fault" in where and "after failover" in term.wheres and draw(st.booleans()):
        where.append("after failover")
    statistic = draw(st.sampled_from(term.statistics)) if term.statistics else None
    return Measure(term.name, tuple(where), statistic)


@given(measures())
def test_a_measure_reads_back_as_it_was_written(measure: Measure) -> None:
    term = VOCABULARY[measure.name]
    comparison = "<=" if term.better == "lower" else ">="
    limit = {"seconds": "2s", "share": "99%", "ratio": "1.5", "count": "3", "rate": "9/s"}[
        term.unit
    ]
    # Of these there must be none, so that no other rule over them is taken.
    never = measure.name in ("metastable", "wrong_plaintext")
    text = f"{render(measure)} " + ("== 0" if never else f"{comparison} {limit}")
    assert parse(text, REGIONS, groups=("naive", "careful")).measure == measure


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("switches(group naiv).max <= 3", "column 16: 'naiv' is not a group of clients; did you"),
        ("switches(group).max <= 3", "column 15: ')' is not a group of clients; known here"),
        ("recover(group naive) <= 3s", "recover is measured only for the whole run, not by group"),
        ("switches(naive).max <= 3", "'naive' is no phase, region or operation here"),
        ("switches(group naive, group careful).max <= 3", "a second group; 'group naive' is one"),
    ],
)
def test_a_group_that_is_none_is_refused_with_the_nearest(text: str, message: str) -> None:
    assert message in refusal(partial(parse, groups=("naive", "careful")), text, REGIONS)


WORDS = (*VOCABULARY, *REGIONS, *PHASES, "after", "failover", "p95", "rto", "99%", "3", "10s")
SIGNS = ("(", ")", ",", ".", " ", "<=", ">=", "==", "<", ">", "=", "!", "é", "\t", "\xa0")
FRAGMENTS = st.sampled_from((*WORDS, *SIGNS))


@given(st.text(max_size=80) | st.lists(FRAGMENTS, max_size=14).map("".join))
def test_any_text_is_an_objective_or_a_scenario_error_on_one_line(text: str) -> None:
    said = refusal(parse, text, REGIONS, PARAMETERS)
    assert len(said.splitlines()) <= 1
    assert not said or ", column " in said
