"""Reading query parameters: an empty one is an absent one, as SDKs send them."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from chaos.service.refusal import invalid_query

Query = Mapping[str, str]
T = TypeVar("T")
PAGE_AT_MOST = 5000
DIGITS_AT_MOST = 12  # Python itself raises when a number has thousands


def whole(query: Query, name: str, least: int, most: int, default: int) -> int:
    """A whole number within its limits."""
    value = query.get(name, "")
    if not value:
        return default
    digits = value.isascii() and value.isdigit() and len(value) <= DIGITS_AT_MOST
    if not digits or not least <= int(value) <= most:
        raise invalid_query(name, f"The query parameter `{name}` must be from {least} to {most}")
    return int(value)


def flag(query: Query, name: str) -> bool | None:
    """True, false, or None where it is absent."""
    value = query.get(name, "").lower()
    if not value:
        return None
    if value not in ("true", "false"):
        raise invalid_query(name, f"The query parameter `{name}` must be true or false")
    return value == "true"


def numbers(text: str, name: str, allowed: Sequence[int]) -> frozenset[int] | None:
    """A comma list of the allowed numbers, None where it is absent."""
    if not text:
        return None
    parts = text.split(",")
    if not all(part in {str(number) for number in allowed} for part in parts):
        sentence = f"The query parameter `{name}` must be a comma list of {allowed}"
        raise invalid_query(name, sentence)
    return frozenset(int(part) for part in parts)


def page(query: Query, rows: Sequence[T], default: int, most: int = PAGE_AT_MOST) -> Sequence[T]:
    """The rows that `limit` and `offset` ask for."""
    limit = whole(query, "limit", 1, most, default)
    offset = whole(query, "offset", 0, 10**9, 0)
    return rows[offset : offset + limit]


def total(query: Query, rows: Sequence[object]) -> dict[str, int]:
    """`totalCount` for the metadata when it is asked for."""
    return {"totalCount": len(rows)} if flag(query, "totalCount") else {}
