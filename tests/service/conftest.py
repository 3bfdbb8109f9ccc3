"""One tenant of us-south, and its twin in us-east."""

import pytest

from tests.service.caller import Caller, regions


@pytest.fixture
def south() -> Caller:
    """A tenant of one region."""
    return regions("us-south")[0]


@pytest.fixture
def pair() -> tuple[Caller, Caller]:
    """The same account in two regions."""
    south, east = regions("us-south", "us-east")
    return south, east
