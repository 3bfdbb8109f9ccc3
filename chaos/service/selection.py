"""Which keys a list shows, and in which order: state, ring, filter, search, sort.

All of it is Key Protect's language: `filter=state=1,5 lastRotateDate=gte:"2024-01-01T00:00:00Z"`,
`search=not:exact:name:ledger`, `sort=-creationDate,id`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chaos.service.keys import NEVER, Key
from chaos.service.queries import Query, flag, numbers
from chaos.service.refusal import Refusal, invalid_query

STATES = (0, 1, 2, 3, 5)
SHOWN = frozenset({0, 1, 2, 3})  # destroyed keys are listed only when asked for
SEARCHABLE = 5000
SAME_PROPERTY_AT_MOST = 3
Test = Callable[[Key], bool]

_DATES: dict[str, Callable[[Key], float | None]] = {
    "creationDate": lambda key: key.created,
    "deletionDate": lambda key: key.deleted,
    "expirationDate": lambda key: None if key.expires == NEVER else key.expires,
    "lastRotateDate": lambda key: key.rotated,
    "lastUpdateDate": lambda key: key.updated,
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "lte": lambda key, given: int(key) <= given,
    "lt": lambda key, given: int(key) < given,
    "gte": lambda key, given: int(key) >= given,
    "gt": lambda key, given: int(key) > given,
    "": lambda key, given: int(key) == given,
}
_TERM = re.compile(r'(?P<name>[A-Za-z]+)=(?:(?P<op>lte|lt|gte|gt):)?(?P<value>"[^"]*"|\S+)')


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed `search`: the words of its prefixes and what is left to look for."""

    query: str
    scopes: tuple[str, ...]
    inverted: bool
    exact: bool

    def document(self) -> dict[str, object]:
        """As the metadata of the answer tell it."""
        told: dict[str, object] = {"query": self.query, "scopes": list(self.scopes)}
        if self.inverted:
            told["not"] = True
        if self.exact:
            told["exact"] = True
        return told

    def matches(self, key: Key) -> bool:
        """Whether a key is found; the given text is compared without regard to case."""
        wanted = self.query.casefold()
        names = [key.name] if "name" in self.scopes else []
        if "alias" in self.scopes:
            names += key.aliases
        if self.exact:
            found = any(name.casefold() == wanted for name in names)
        else:
            found = any(wanted in name.casefold() for name in names)
        return found != self.inverted


def select(keys: Iterable[Key], query: Query, ring: str) -> list[Key]:
    """The keys that state, extractable, filter and ring let through."""
    text = query.get("filter", "")
    tests = _filters(text) if text else {}
    states = numbers(query.get("state", ""), "state", (*STATES[:4], 4, 5))
    extractable = flag(query, "extractable")
    for name, given in (("state", states), ("extractable", extractable)):
        if given is not None and name in tests:
            sentence = f"Give `{name}` as its own query parameter or in `filter`, not in both"
            raise invalid_query("filter", sentence)
    shown = [test for each in tests.values() for test in each]
    if "state" not in tests:
        shown.append(_in_states(SHOWN if states is None else states))
    if extractable is not None:
        shown.append(lambda key: key.extractable == extractable)
    if ring:
        shown.append(lambda key: key.ring == ring)
    return [key for key in keys if all(test(key) for test in shown)]


def read_search(text: str) -> Search | None:
    """The prefixes of a search in any order; None for an empty one."""
    scopes: list[str] = []
    inverted = exact = False
    # The Go client ends its query with a comma.
    rest = text.rstrip(",")
    while True:
        word, colon, after = rest.partition(":")
        if not colon or word not in ("not", "exact", "alias", "name", "escape"):
            break
        rest = after
        if word == "escape":
            break
        inverted = inverted or word == "not"
        exact = exact or word == "exact"
        if word in ("alias", "name"):
            scopes.append(word)
    if not rest:
        return None
    return Search(rest, tuple(scopes) or ("name", "alias"), inverted, exact)


def search(keys: Sequence[Key], asked: Search) -> tuple[list[Key], bool]:
    """What is found among the keys, a key of exactly that id or alias first.

    The flag says that only such a look-up was made, as there were too many keys to search.
    """
    looked_up = [key for key in keys if _is_named(key, asked)] if not asked.inverted else []
    if len(keys) > SEARCHABLE:
        if looked_up:
            return looked_up, True
        sentence = f"Search is possible on at most {SEARCHABLE} keys; narrow it with other filters"
        raise Refusal(400, "KEY_SEARCH_TOO_BROAD", sentence)
    first = {key.id for key in looked_up}
    found = [key for key in keys if asked.matches(key) and key.id not in first]
    return looked_up + found, False


def sort(keys: list[Key], text: str) -> list[Key]:
    """The keys in the asked order, by id where nothing else decides."""
    ordered = sorted(keys, key=lambda key: key.id)
    for term in reversed([term.strip() for term in text.split(",") if term.strip()]):
        name = term.removeprefix("-")
        rank = _RANKS.get(name)
        if rank is None:
            sentence = "The query parameter `sort` takes " + ", ".join(_RANKS)
            raise invalid_query("sort", sentence)
        ordered.sort(key=rank, reverse=term.startswith("-"))
    return ordered


def _rank_of_date(read: Callable[[Key], float | None]) -> Callable[[Key], tuple[bool, float | str]]:
    """Keys without the date come last."""

    def rank(key: Key) -> tuple[bool, float | str]:
        when = read(key)
        return (when is None, when or 0.0)

    return rank


_RANKS: dict[str, Callable[[Key], tuple[bool, float | str]]] = {
    "id": lambda key: (False, key.id),
    "state": lambda key: (False, float(key.state)),
    "extractable": lambda key: (False, float(key.extractable)),
    "imported": lambda key: (False, float(key.imported)),
    **{name: _rank_of_date(read) for name, read in _DATES.items()},
}


def _filters(text: str) -> dict[str, list[Test]]:
    tests: dict[str, list[Test]] = {}
    # The Go client begins its filter with a space and writes spaces as `+`; in quotes it is a sign.
    rest = _unquoted_spaces(text).strip()
    while rest:
        term = _TERM.match(rest)
        if term is None or (term.end() < len(rest) and not rest[term.end()].isspace()):
            raise invalid_query("filter", "The query parameter `filter` is not well-formed")
        tests.setdefault(term["name"], []).append(_test(term["name"], term["op"], term["value"]))
        if len(tests[term["name"]]) > SAME_PROPERTY_AT_MOST:
            sentence = f"A property may stand {SAME_PROPERTY_AT_MOST} times in `filter`"
            raise invalid_query("filter", sentence)
        rest = rest[term.end() :].lstrip()
    return tests


def _unquoted_spaces(text: str) -> str:
    parts = text.split('"')
    parts[::2] = [part.replace("+", " ") for part in parts[::2]]
    return '"'.join(parts)


def _test(name: str, operator: str | None, value: str) -> Test:
    if name in _DATES:
        return _date_test(_DATES[name], operator or "", value)
    if operator is None and name == "state":
        wanted = numbers(value, "filter", (*STATES[:4], 4, 5))
        return _in_states(wanted or frozenset())
    if operator is None and name == "extractable" and value.lower() in ("true", "false"):
        return lambda key: key.extractable == (value.lower() == "true")
    raise invalid_query("filter", "The query parameter `filter` names an unknown property or value")


def _date_test(read: Callable[[Key], float | None], operator: str, value: str) -> Test:
    if value.lower() == "none" and not operator:
        return lambda key: read(key) is None
    try:
        when = datetime.fromisoformat(value.strip('"'))
    except ValueError:
        when = None
    if when is None or when.tzinfo is None or value[:1] + value[-1:] != '""':
        raise invalid_query("filter", "A date in `filter` must be RFC 3339 in double quotes")
    given, compare = when.timestamp(), _COMPARE[operator]

    def test(key: Key) -> bool:
        held = read(key)
        return held is not None and compare(held, given)

    return test


def _in_states(states: frozenset[int]) -> Test:
    return lambda key: int(key.state) in states


def _is_named(key: Key, asked: Search) -> bool:
    if "alias" in asked.scopes and asked.query in key.aliases:
        return True
    try:
        return str(UUID(asked.query)) == key.id
    except ValueError:
        return False
