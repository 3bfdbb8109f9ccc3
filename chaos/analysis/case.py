"""A run worked up: everything that findings, sentences and marks are read from."""

from dataclasses import dataclass

from chaos.analysis.compliance import Compliance, compliance
from chaos.analysis.effects import Effect, effects, first_touch
from chaos.analysis.evidence import Evidence, gather
from chaos.analysis.failback import Failback, failback
from chaos.analysis.findings import Saturation
from chaos.analysis.herd import Herd, herds
from chaos.analysis.integrity import Audit, audited
from chaos.analysis.journeys import Journeys, journeys
from chaos.analysis.recovery import Recovery, recovery
from chaos.analysis.saturation import saturation
from chaos.analysis.steadiness import Steadiness, steadiness
from chaos.analysis.waits import Waits, waits
from chaos.run.record import Run


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One run's evidence, what its faults did, and how the clients came through.

    ``compliance`` says which attempts came before a Retry-After allowed them.
    ``t0`` is None where no fault is proved to have bitten; then there are no ``herds``, and
    ``recovery``, ``failback`` and ``steadiness`` are None, too.
    """

    evidence: Evidence
    effects: tuple[Effect, ...]
    t0: float | None
    journeys: Journeys
    recovery: Recovery | None
    failback: Failback | None
    steadiness: Steadiness | None
    herds: tuple[Herd, ...]
    compliance: Compliance
    waits: Waits
    audit: Audit
    saturation: Saturation

    @property
    def run(self) -> Run:
        """The run itself."""
        return self.evidence.run


def work_up(run: Run) -> Case:
    """Prepare the columns, prove the faults, follow every client."""
    evidence = gather(run)
    found = effects(evidence)
    t0 = first_touch(found)
    recovered = None if t0 is None else recovery(evidence, found, t0)
    back = steady = None
    if recovered is not None and recovered.baseline is not None:
        back = failback(evidence, found, recovered.baseline)
        steady = steadiness(evidence, found, recovered)
    return Case(
        evidence=evidence,
        effects=found,
        t0=t0,
        journeys=journeys(evidence, found),
        recovery=recovered,
        failback=back,
        steadiness=steady,
        herds=() if t0 is None else herds(evidence, found, t0),
        compliance=compliance(evidence),
        waits=waits(evidence),
        audit=audited(run),
        saturation=saturation(evidence),
    )
