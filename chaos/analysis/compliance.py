"""Whether clients did as the service asked: no retry before its Retry-After allowed one."""

import numpy as np

from chaos.analysis.evidence import Bools, Evidence

TOLERANCE = 0.05


def early(evidence: Evidence) -> Bools:
    """The attempts sent before the last answer's Retry-After allowed it, 50 ms of grace included.

    The last answer is the one that the same operation had from the same region: going elsewhere
    instead is no retry, and a new operation is none either.
    """
    attempts = evidence.attempts
    order = np.lexsort((attempts["sent"], attempts["region"], attempts["operation"]))
    ordered = attempts[order]
    again = (ordered["operation"][1:] == ordered["operation"][:-1]) & (
        ordered["region"][1:] == ordered["region"][:-1]
    )
    allowed = ordered["ended"][:-1] + ordered["retry_after"][:-1]
    flags = np.zeros(len(attempts), dtype=np.bool_)
    # A comparison with NaN, where nothing was asked for, is false.
    flags[order[1:]] = again & (ordered["sent"][1:] < allowed - TOLERANCE)
    return flags


def asked(evidence: Evidence) -> Bools:
    """The attempts whose answer asked to be left alone for a while."""
    return np.asarray(~np.isnan(evidence.attempts["retry_after"]), dtype=np.bool_)
