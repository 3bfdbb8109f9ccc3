"""A fault's own fields as values, and back as a file has them."""

import pytest

from chaos.scenario.fault_form import written
from chaos.scenario.model import Attribute


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("latency", 0.2, "200ms"),
        ("share", 0.25, "25%"),
        ("rate", 12.5, "12.5/s"),
        ("workers", 3, 3),
        ("tells", True, True),
        ("shows", "hang", "hang"),
        ("operations", ("wrap", "unwrap"), ["wrap", "unwrap"]),
    ],
)
def test_a_value_is_written_with_its_unit(name: str, value: Attribute, said: object) -> None:
    assert written(name, value) == said
