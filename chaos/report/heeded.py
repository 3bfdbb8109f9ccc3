"""Retry-After, region by region: what the answers asked for, and what the retries made of it."""

import numpy as np

from chaos.analysis.compliance import asked, early
from chaos.analysis.evidence import Evidence, gather
from chaos.report.rows import RetryAfterRow
from chaos.report.series import Mask
from chaos.run.record import Run


def rows(run: Run) -> tuple[RetryAfterRow, ...]:
    """One row per region whose answers asked to be left alone."""
    evidence = gather(run)
    told, flags = asked(evidence), early(evidence)
    regions = np.unique(evidence.attempts["region"][told])
    return tuple(_row(evidence, int(region), told, flags) for region in regions)


def _row(evidence: Evidence, region: int, told: Mask, flags: Mask) -> RetryAfterRow:
    attempts = evidence.attempts
    there = attempts["region"] == region
    mine = attempts[there]
    order = np.lexsort((mine["sent"], mine["operation"]))
    mine = mine[order]
    # As early retries are counted: the last answer that the same operation had from this region.
    again = mine["operation"][1:] == mine["operation"][:-1]
    again &= ~np.isnan(mine["retry_after"][:-1])
    waits = (mine["sent"][1:] - mine["ended"][:-1])[again]
    wanted = mine["retry_after"][:-1][again].astype(np.float64)
    lengths = attempts["retry_after"][there & told].astype(np.float64)
    return RetryAfterRow(
        region=evidence.run.regions[region],
        answers=int((there & told).sum()),
        asked_p50=float(np.quantile(lengths, 0.5, method="inverted_cdf")),
        asked_longest=float(lengths.max()),
        retries=len(waits),
        waited_p50=float(np.quantile(waits, 0.5, method="inverted_cdf")) if len(waits) else None,
        least_margin=float((waits - wanted).min()) if len(waits) else None,
        early=int((flags & there).sum()),
    )
