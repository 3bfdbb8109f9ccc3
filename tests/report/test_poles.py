from dataclasses import replace

from chaos.analysis.findings import Analysis, Finding, Mark, Measured
from chaos.analysis.marks import NOTHING_LOST
from chaos.report.columns import Column
from chaos.report.poles import Pole, poles
from chaos.report.timeline import zoom, zoom_span
from tests.report import made


def never(analysis: Analysis, ways: int = 2) -> dict[str, bool]:
    """What is said never to have been reached, and whether that is an alarm."""
    run, _ = made.case("failed")
    clients = replace(run.scenario.clients, regions=made.REGIONS[:ways])
    run = replace(run, scenario=replace(run.scenario, clients=clients))
    return {pole.text: pole.alarm for pole in poles(run, analysis) if pole.kind == "never"}


def without_rules(*names: str) -> Analysis:
    analysis = made.analysis("failed")
    kept: list[Finding] = [
        each for each in analysis.findings if each.objective.measure.name not in names
    ]
    return replace(analysis, findings=tuple(kept))


def test_what_a_rule_asked_for_and_did_not_get_is_an_alarm() -> None:
    assert never(made.analysis("failed"))["never failed over"]


def test_what_no_rule_asked_for_is_said_without_alarm() -> None:
    assert never(without_rules("recover"))["not recovered within the fault"] is False


def test_nobody_misses_a_way_elsewhere_who_has_one_region_or_was_not_asked_to_go() -> None:
    assert "never failed over" not in never(made.analysis("failed"), ways=1)
    assert "never failed over" not in never(without_rules("failover"))


def test_beside_a_mark_of_those_who_went_stands_how_many_never_did() -> None:
    over = Mark("failed_over", 15.9, "failed over: half of 60 clients 859 ms after T0")
    some = replace(made.analysis("failed"), marks=(over,), stranded=18)

    assert "18 of 60 never failed over" in never(some)
    assert "never failed over" not in never(some)


def test_a_mark_has_a_short_form() -> None:
    over = Mark("failed_over", 15.9, "failed over: half of 60 clients 859 ms after T0")
    run, _ = made.case("passed")
    measures = (("failback", Measured(4.9, "seconds", 1)),)
    told = replace(made.analysis("passed"), marks=(over,), measures=measures)

    assert poles(run, told) == [Pole("failed_over", 15.9, over.text, "failed over")]


def test_who_lost_nothing_is_not_said_to_have_recovered() -> None:
    run, _ = made.case("passed")
    unhurt = replace(made.analysis("passed"), marks=(Mark("recovered", 15.4, NOTHING_LOST),))

    assert [pole.short for pole in poles(run, unhurt)] == ["nothing lost"]
    span = zoom_span(run, unhurt)
    assert span is not None
    close = Column(run, unhurt, zoom(run, span, unhurt.t0 or 0.0, (0.0, 250.0)))
    assert close.arrows() == []
