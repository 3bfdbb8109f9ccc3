"""The databases that the example application keeps its documents in."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.examples.postgresql import database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest) -> Iterator[tuple[Any, str]]:
    """An empty database and its sign for a parameter."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(":memory:")) as connection:
            yield connection, "?"
    else:
        with database() as connection:
            yield connection, "%s"
