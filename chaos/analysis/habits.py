"""Why clients did not behave as they should: retries, waits, switches, tokens."""

from math import inf

import numpy as np

from chaos.analysis.case import Case
from chaos.analysis.evidence import Floats
from chaos.analysis.selection import attempts_in, clients_in
from chaos.analysis.spread import holder
from chaos.analysis.strategies import backoff
from chaos.analysis.switching import switches, token_requests
from chaos.analysis.telling import Told, region_name
from chaos.analysis.wording import during, listed, many, seconds
from chaos.scenario.objective import Measure


def early_why(case: Case, measure: Measure) -> Told:
    """The first attempt that came before it was allowed."""
    evidence = case.evidence
    rows = np.flatnonzero(case.compliance.early & attempts_in(case, measure.where))
    if not len(rows):
        return Told("no answer asked, with a Retry-After, to wait")
    first = evidence.attempts[rows[0]]
    asked = evidence.attempts[case.compliance.bound_by[rows[0]]]
    allowed = float(asked["ended"] + asked["retry_after"])
    # Nothing is too early by so much that is never allowed.
    early = "" if allowed == inf else f", {seconds(allowed - float(first['sent']))} too early"
    text = (
        f"{many(len(rows), 'attempt')} came before the Retry-After of the last answer; the first, "
        f"of operation {int(first['operation'])}, was sent at {seconds(float(first['sent']))} "
        f"although {region_name(evidence, int(first['region']))} had asked at "
        f"{seconds(float(asked['ended']))} to be left alone "
        f"{during(float(asked['retry_after']))}{early}"
    )
    cited = tuple(dict.fromkeys(int(each) for each in evidence.attempts["operation"][rows]))[:5]
    return Told(text, cited, "early retries")


def backoff_why(case: Case, measure: Measure) -> Told:
    """Which strategy the waits look like, and how they grow and scatter."""
    found = backoff(case.waits)
    if found is None:
        return Told("there were too few retries to tell how the clients wait")
    grows = "do not grow" if found.growth is None else f"grow by {found.growth:.2g} a retry"
    scatter = f" and scatter by {round(found.jitter, 2):g} of their mean" if found.jitter else ""
    looks = f"{found.strategy} from {seconds(found.base)}: they {grows}{scatter}"
    if found.strategy == "none":
        looks = "no backoff at all"
    text = f"{many(found.n, 'wait')} between attempts look like {looks}"
    return Told(text, (), "no growth" if measure.name == "backoff_growth" else "no jitter")


def switches_why(case: Case, measure: Measure) -> Told:
    """The client that stands for the statistic, and what it decided."""
    counts = switches(case.evidence)
    client = _standing_for(case, counts, measure)
    mine = sorted(
        (each.decision for each in case.run.decisions if each.client == client),
        key=lambda decision: decision.at,
    )
    steps = [f"{each.kind} to {each.region} at {seconds(each.at)} ({each.why})"
             for each in mine if each.kind in ("failover", "failback")]  # fmt: skip
    told = f": {listed(steps[:4])}" if steps else ""
    text = f"client {client} changed its region {many(int(counts[client]), 'time')}{told}"
    return Told(text, tuple(each.number for each in mine[:5]), "switches too often")


def _standing_for(case: Case, counts: Floats, measure: Measure) -> int:
    """The number of the client whose count is the statistic."""
    clients = clients_in(case, measure.where) or range(len(counts))
    mine = counts[clients.start : clients.stop]
    known = np.zeros(len(mine), dtype=np.bool_)
    return clients.start + holder(mine, known, measure.statistic or "max")


def token_requests_why(case: Case, measure: Measure) -> Told:
    """The client that stands for the statistic, and what it asked a token for."""
    counts = token_requests(case.evidence)
    client = _standing_for(case, counts, measure)
    mine = case.evidence.refreshes[case.evidence.refreshes["client"] == client]
    first = f", the first for operation {int(mine['operation'][0])}" if len(mine) else ""
    text = f"client {client} asked for a token {many(int(counts[client]), 'time')}{first}"
    return Told(text, tuple(int(each) for each in mine["operation"][:5]), "token storm")
