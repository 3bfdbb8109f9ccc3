"""The operations behind the figure's points, packed so that the page can name each."""

import base64

import numpy as np
import orjson

from chaos.report.series import response_times
from chaos.run.record import OPERATION_KINDS, OUTCOMES, Columns, Run

MOST = 20_000
_TYPES = {
    "number": "<u4", "client": "<u2", "region": "u1", "attempts": "u1", "outcome": "u1",
    "kind": "u1", "due": "<f4",
}  # fmt: skip


def packed(run: Run) -> str:
    """The columns as JSON of base64. Of very many, what stands out is kept and the rest thinned."""
    kept = _kept(run.operations)
    told: dict[str, object] = {name: _pack(kept[name], form) for name, form in _TYPES.items()}
    told["wait"] = _pack(response_times(kept), "<f4")
    told["regions"] = run.regions
    told["kinds"] = OPERATION_KINDS
    told["outcomes"] = OUTCOMES
    # Inside a script element only this could end it early.
    return orjson.dumps(told).decode().replace("</", "<\\/")


def _kept(operations: Columns) -> Columns:
    if len(operations) <= MOST:
        return operations
    loud = (operations["outcome"] != 0) | (operations["attempts"] > 1)
    step = 1 + len(operations) // MOST
    thinned: Columns = operations[(loud & (np.cumsum(loud) <= MOST)) | (_every(operations, step))]
    return thinned


def _every(operations: Columns, step: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.arange(len(operations)) % step == 0)


def _pack(values: Columns, form: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values).astype(form).tobytes()).decode("ascii")
