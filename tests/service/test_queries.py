"""Query parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service import queries
from tests.service.caller import refusal_of


@given(st.lists(st.integers(), max_size=30), st.integers(1, 40), st.integers(0, 40))
def test_a_page_is_a_slice(rows: list[int], limit: int, offset: int) -> None:
    query = {"limit": str(limit), "offset": str(offset)}
    assert queries.page(query, rows, 100) == rows[offset : offset + limit]


@given(st.integers(1, 10), st.lists(st.integers(), max_size=30))
def test_pages_together_are_everything_once(limit: int, rows: list[int]) -> None:
    seen: list[int] = []
    for offset in range(0, len(rows) + limit, limit):
        seen += queries.page({"limit": str(limit), "offset": str(offset)}, rows, 100)
    assert seen == rows


@given(st.text(max_size=12))
def test_no_text_is_an_error_of_ours(text: str) -> None:
    query = {"limit": text, "totalCount": text}
    for act in (
        lambda: queries.page(query, [1], 10),
        lambda: queries.total(query, [1]),
        lambda: queries.numbers(text, "state", (1, 2)),
    ):
        refused = refusal_of(act)
        assert refused is None or refused.code == "INVALID_QUERY_PARAM_ERR"


@pytest.mark.parametrize(("text", "value"), [("", None), ("true", True), ("FALSE", False)])
def test_a_flag_may_be_absent(text: str, value: bool | None) -> None:  # noqa: FBT001 (a table)
    assert queries.flag({"force": text}, "force") is value


def test_numbers_are_a_comma_list_of_the_allowed_ones() -> None:
    assert queries.numbers("1,5,1", "state", (1, 5)) == frozenset({1, 5})
    assert queries.numbers("", "state", (1, 5)) is None
    assert refusal_of(lambda: queries.numbers("1,,5", "state", (1, 5))) is not None
    assert refusal_of(lambda: queries.numbers("4", "state", (1, 5))) is not None
