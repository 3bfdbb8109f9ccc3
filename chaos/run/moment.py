"""A moment of a run in words, on the run's own clock. Pure."""

from chaos.scenario.model import PhaseName, Scenario


def phase_at(scenario: Scenario, now: float) -> PhaseName:
    """The phase that ``now`` lies in; the nearest one before time zero and after the plan."""
    phases = scenario.phases()
    return next((phase.name for phase in phases if now < phase.ends), phases[-1].name)


def moment(scenario: Scenario, now: float) -> str:
    """`23.4 s into the run, in the fault phase`."""
    if now < 0.0:
        return "before time zero"
    where = f"in the {phase_at(scenario, now)} phase" if now < scenario.lasts else "after its plan"
    return f"{now:.1f} s into the run, {where}"
