"""Whether clients did as the service asked: no retry before its Retry-After allowed one.

The last answer is the one that the same operation had last from the same region when it sent the
attempt: going elsewhere instead is no retry, and a new operation is none either. A failure is no
answer and takes nothing back, so that an attempt that was refused in between leaves the Retry-After
before it in force; a hedge that was sent before the answer came could not know of it.
"""

from dataclasses import dataclass

import numpy as np

from chaos.analysis.evidence import Bools, Evidence, Ints
from chaos.analysis.wording import LEAST_STATUS

TOLERANCE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Compliance:
    """What each attempt had been asked for, one entry an attempt of the evidence.

    ``asking`` are the attempts whose answer had a Retry-After. ``bound_by`` is the attempt whose
    answer asked, with a Retry-After, to be left alone, -1 where the last answer did not or there
    was none. ``early`` are those sent before it allowed them.
    """

    asking: Bools
    bound_by: Ints
    early: Bools

    def occasions(self, attempts: Bools) -> int:
        """How many answers asked to wait, of these attempts or in force for them.

        A client that goes elsewhere, or gives up, obeyed as well as one that waited; only where
        nobody was asked there was nothing to obey.
        """
        own = np.flatnonzero(self.asking & attempts)
        return len(np.union1d(own, self.bound_by[attempts & (self.bound_by >= 0)]))


def compliance(evidence: Evidence) -> Compliance:
    """Hold every attempt against the last answer before it, 50 ms of grace included."""
    attempts = evidence.attempts
    answers = _last_answers(evidence)
    asked = np.where(answers >= 0, attempts["retry_after"][answers], np.nan)
    bound_by = np.where(np.isnan(asked), -1, answers)
    allowed = attempts["ended"][answers] + asked
    # A comparison with NaN, where nothing was asked for, is false.
    asking = ~np.isnan(attempts["retry_after"])
    return Compliance(
        np.asarray(asking), bound_by, np.asarray(attempts["sent"] < allowed - TOLERANCE)
    )


def _last_answers(evidence: Evidence) -> Ints:
    """Of each attempt the last one before it that was answered, -1 where there is none."""
    attempts, count = evidence.attempts, len(evidence.attempts)
    own = np.flatnonzero(attempts["status"] >= LEAST_STATUS)
    # Sendings and answers in one line: what was answered and sent in the same instant goes by the
    # order of the attempts, so that nobody's own answer comes before it.
    rows = np.concatenate((np.arange(count), own))
    is_answer = np.arange(len(rows)) >= count
    at = np.where(is_answer, attempts["ended"][rows], attempts["sent"][rows])
    operation, region = attempts["operation"][rows], attempts["region"][rows]
    order = np.lexsort((is_answer, rows, at, region, operation))
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = (np.diff(operation[order].astype(np.int64)) != 0) | (
        np.diff(region[order].astype(np.int64)) != 0
    )
    place = np.arange(len(rows))
    latest = np.maximum.accumulate(np.where(is_answer[order], place, -1))
    group = np.maximum.accumulate(np.where(begins, place, 0))
    known = latest >= group
    found = np.full(count, -1, dtype=np.int64)
    sends = ~is_answer[order]
    found[rows[order][sends]] = np.where(known, rows[order][latest], -1)[sends]
    return found
