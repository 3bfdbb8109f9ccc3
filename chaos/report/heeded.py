"""Retry-After, region by region: what the answers asked for, and what the retries made of it."""

import numpy as np

from chaos.analysis.compliance import Compliance, compliance
from chaos.analysis.evidence import Evidence, gather
from chaos.report.rows import RetryAfterRow
from chaos.run.record import Run


def rows(run: Run) -> tuple[RetryAfterRow, ...]:
    """One row per region whose answers asked to be left alone."""
    evidence = gather(run)
    held = compliance(evidence)
    regions = np.unique(evidence.attempts["region"][held.asking])
    return tuple(_row(evidence, held, int(region)) for region in regions)


def _row(evidence: Evidence, held: Compliance, region: int) -> RetryAfterRow:
    attempts = evidence.attempts
    there = attempts["region"] == region
    bound = np.flatnonzero(there & (held.bound_by >= 0))
    by = attempts[held.bound_by[bound]]
    waits = attempts["sent"][bound] - by["ended"]
    wanted = by["retry_after"].astype(np.float64)
    lengths = attempts["retry_after"][there & held.asking].astype(np.float64)
    return RetryAfterRow(
        region=evidence.run.regions[region],
        answers=len(lengths),
        asked_p50=float(np.quantile(lengths, 0.5, method="inverted_cdf")),
        asked_longest=float(lengths.max()),
        retries=len(waits),
        waited_p50=float(np.quantile(waits, 0.5, method="inverted_cdf")) if len(waits) else None,
        least_margin=float((waits - wanted).min()) if len(waits) else None,
        early=int((held.early & there).sum()),
    )
