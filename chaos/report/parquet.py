"""The records as Parquet, for questions of your own: codes as words, times in seconds.

pyarrow is large, so it is an extra: `pip install 'keychaos[parquet]'`.
"""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # upstream has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped] # upstream has no types

from chaos.report.counting import answer_name, region_name
from chaos.run.record import NOWHERE, OPERATION_KINDS, OUTCOMES, REUSED, WHYS, WRITTEN, Run


def attempts(run: Run) -> bytes:
    """One row per attempt, as it was recorded."""
    return _file(_attempts(run))


def operations(run: Run) -> bytes:
    """One row per operation, as it was recorded."""
    return _file(_operations(run))


def _attempts(run: Run) -> Any:
    rows = run.attempts
    columns = _plain(rows, ("operation", "client", "number", "sent", "ended", "waited"))
    columns["retry_after"] = pa.array(rows["retry_after"], mask=np.isnan(rows["retry_after"]))
    columns["region"] = _words(rows["region"], [region_name(run, c) for c in _codes(run)])
    statuses, places = np.unique(rows["status"], return_inverse=True)
    columns["answer"] = pa.DictionaryArray.from_arrays(
        pa.array(places.astype(np.int32)), [answer_name(int(status)) for status in statuses]
    )
    columns["why"] = _words(rows["why"], WHYS)
    columns["written"] = pa.array((rows["flags"] & WRITTEN) > 0)
    columns["reused"] = pa.array((rows["flags"] & REUSED) > 0)
    return _table(run, columns)


def _operations(run: Run) -> Any:
    rows = run.operations
    columns = _plain(rows, ("number", "client", "due", "started", "ended", "attempts"))
    columns["kind"] = _words(rows["kind"], OPERATION_KINDS)
    columns["outcome"] = _words(rows["outcome"], OUTCOMES)
    columns["region"] = _words(rows["region"], [*run.regions, ""])
    columns["why"] = _words(rows["why"].astype(np.int32), run.whys)
    return _table(run, columns)


TABLES: dict[str, Callable[[Run], Any]] = {
    "attempts.parquet": _attempts,
    "operations.parquet": _operations,
}


def parted(content: bytes, table: Any) -> list[tuple[int, str]]:
    """The rows of a file that are not those of the table, by number, and what they say instead.

    Raises ValueError where the file is no such table at all.
    """
    try:
        found = pq.read_table(io.BytesIO(content))
        if not found.schema.equals(table.schema, check_metadata=True):
            raise ValueError("its columns, or the run that it names, are others")
        if len(found) != len(table):
            raise ValueError(f"it has {len(found):,} rows, not {len(table):,}")
        return _parted(found, table)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise ValueError(f"it cannot be read ({first})") from error


def _parted(found: Any, table: Any) -> list[tuple[int, str]]:
    rows: dict[int, list[str]] = {}
    for name in table.column_names:
        if found[name].equals(table[name]):
            continue
        pairs = zip(found[name].to_pylist(), table[name].to_pylist(), strict=True)
        for row, (now, then) in enumerate(pairs):
            if repr(now) != repr(then):
                rows.setdefault(row, []).append(f"{name} is {now}, the record gives {then}")
    return [(row, f"{'; '.join(told)}.") for row, told in sorted(rows.items())]


def _codes(run: Run) -> list[int]:
    return [*range(len(run.regions)), NOWHERE]


def _plain(rows: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: pa.array(np.ascontiguousarray(rows[name])) for name in names}


def _words(codes: Any, names: Any) -> Any:
    """A column of codes as words; NOWHERE stands for the last of them."""
    last = len(names) - 1
    places = np.where(codes > last, last, codes).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(list(names), pa.string()))


def _table(run: Run, columns: dict[str, Any]) -> Any:
    told = {"run_id": run.run_id, "scenario": run.scenario.name, "seed": str(run.seed)}
    return pa.table(columns).replace_schema_metadata(told)


def _file(table: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()
