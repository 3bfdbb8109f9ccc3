import io

import numpy as np
import pytest

from tests.report import made

pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra")


def test_attempts_are_read_back_with_words_for_codes() -> None:
    from chaos.report import parquet  # noqa: PLC0415 - needs pyarrow

    run = made.run()
    table = pq.read_table(io.BytesIO(parquet.attempts(run)))
    assert table.num_rows == len(run.attempts)
    assert np.array_equal(table["sent"].to_numpy(), run.attempts["sent"])
    assert set(table["answer"].to_pylist()) == {"HTTP 200", "refused"}
    assert set(table["region"].to_pylist()) == set(made.REGIONS)
    assert table["retry_after"].null_count == len(run.attempts)
    assert table.schema.metadata[b"seed"] == b"7"


def test_operations_are_read_back_with_words_for_codes() -> None:
    from chaos.report import parquet  # noqa: PLC0415 - needs pyarrow

    run = made.everything_failed()
    content = parquet.operations(run)
    table = pq.read_table(io.BytesIO(content))
    assert set(table["outcome"].to_pylist()) == {"failed"}
    assert set(table["region"].to_pylist()) == {"", "us-south"}
    assert set(table["why"].to_pylist()) <= set(run.whys)
    assert parquet.operations(run) == content
