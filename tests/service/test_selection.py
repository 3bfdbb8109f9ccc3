"""Search, filter and sort: Key Protect's little languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.service import selection
from chaos.service.keys import NEVER, Key, State
from chaos.service.refusal import Refusal
from chaos.service.selection import Search, read_search
from tests.service.caller import refusal_of

DAY_ONE = 1_704_067_200.0  # 2024-01-01T00:00:00Z


def key(name: str, *aliases: str, state: State = State.ACTIVE, at: float = 0.0) -> Key:
    made = Key(
        f"id-{name}",
        name,
        extractable=False,
        imported=False,
        ring="default",
        created=at,
        created_by="me",
        aliases=list(aliases),
    )
    made.state = state
    return made


def chosen(keys: list[Key], **query: str) -> list[str]:
    return [each.name for each in selection.select(keys, query, "")]


def found(keys: list[Key], text: str) -> list[str]:
    asked = read_search(text)
    assert asked is not None
    return [each.name for each in selection.search(keys, asked)[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("foo", Search("foo", ("name", "alias"), inverted=False, exact=False)),
        ("foo,", Search("foo", ("name", "alias"), inverted=False, exact=False)),
        ("not:exact:foo", Search("foo", ("name", "alias"), inverted=True, exact=True)),
        ("exact:not:foo", Search("foo", ("name", "alias"), inverted=True, exact=True)),
        ("alias:not:foo", Search("foo", ("alias",), inverted=True, exact=False)),
        ("exact:escape:not:foo", Search("not:foo", ("name", "alias"), inverted=False, exact=True)),
        ("name:alias:a:b", Search("a:b", ("name", "alias"), inverted=False, exact=False)),
        ("", None),
        ("not:", None),
    ],
)
def test_a_search_is_read_as_documented(text: str, expected: Search | None) -> None:
    assert read_search(text) == expected


KEYS = [key("Ledger", "books"), key("payroll", "ledger-2"), key("other")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("LEDGER", ["Ledger", "payroll"]),
        ("exact:ledger", ["Ledger"]),
        ("alias:ledger", ["payroll"]),
        ("name:ledger", ["Ledger"]),
        ("not:ledger", ["other"]),
        ("not:alias:ledger", ["Ledger", "other"]),
        ("escape:not:", []),
    ],
)
def test_a_search_finds_names_and_aliases_in_any_case(text: str, names: list[str]) -> None:
    assert found(KEYS, text) == names


def test_a_key_of_exactly_that_alias_comes_first() -> None:
    keys = [key("a-books"), key("b", "books"), key("c-books")]
    assert found(keys, "books") == ["b", "a-books", "c-books"]


def test_too_many_keys_are_looked_up_and_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "SEARCHABLE", 2)
    exact, part = read_search("alias:books"), read_search("alias:book")
    assert exact is not None
    assert selection.search(KEYS, exact) == ([KEYS[0]], True)
    refused = refusal_of(lambda: selection.search(KEYS, part) if part else None)
    assert refused is not None
    assert refused.code == "KEY_SEARCH_TOO_BROAD"


def dated() -> list[Key]:
    keys = [key(f"day-{day}", at=DAY_ONE + day * 86400) for day in range(4)]
    keys[1].rotated = DAY_ONE + 86400 * 1.5
    keys[2].expires = DAY_ONE + 86400 * 9
    keys[3].state = State.DESTROYED
    return keys


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('creationDate="2024-01-02T00:00:00Z"', ["day-1"]),
        ('creationDate=gte:"2024-01-02T00:00:00Z"', ["day-1", "day-2"]),
        ('creationDate=lt:"2024-01-02T00:00:00Z"', ["day-0"]),
        (
            ' creationDate=gt:"2024-01-01T00:00:00Z"+creationDate=lte:"2024-01-02T00:00:00Z"',
            ["day-1"],
        ),
        ('creationDate=gte:"2024-01-02T02:00:00+02:00"+state=1', ["day-1", "day-2"]),
        ('creationDate="2024-01-01T22:00:00-02:00"', ["day-1"]),
        ("lastRotateDate=none", ["day-0", "day-2"]),
        ("lastRotateDate=NONE expirationDate=None", ["day-0"]),
        ("state=5", ["day-3"]),
        ("state=1,5 extractable=FALSE", ["day-0", "day-1", "day-2", "day-3"]),
        ("extractable=true", []),
    ],
)
def test_a_filter_is_read_as_documented(text: str, names: list[str]) -> None:
    assert chosen(dated(), filter=text) == names


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "name=foo",
        "state=lt:3",
        "state=7",
        "extractable=perhaps",
        "creationDate=2024-01-01T00:00:00Z",
        'creationDate="yesterday"',
        'creationDate="2024-01-01T00:00:00"',
        'creationDate="2024-01-01T02:00:00 02:00"',
        'creationDate="2024-01-01T02:00:00+02:00',
        'creationDate=ge:"2024-01-01T00:00:00Z"',
        "creationDate=lt:none",
        'creationDate="2024-01-01T00:00:00Z"state=1',
        " ".join(['creationDate=gt:"2024-01-01T00:00:00Z"'] * 4),
    ],
)
def test_a_filter_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        chosen(dated(), filter=text)
    assert caught.value.code == "INVALID_QUERY_PARAM_ERR"


@pytest.mark.parametrize(
    "query",
    [
        {"state": "1", "filter": "state=1"},
        {"extractable": "false", "filter": "extractable=false"},
    ],
)
def test_a_property_is_given_in_one_place(query: dict[str, str]) -> None:
    with pytest.raises(Refusal):
        chosen(dated(), **query)


def test_destroyed_keys_are_hidden_unless_asked_for() -> None:
    assert chosen(dated()) == ["day-0", "day-1", "day-2"]
    assert chosen(dated(), state="5") == ["day-3"]


@given(
    st.lists(st.tuples(st.sampled_from(State), st.integers(0, 3), st.booleans()), max_size=12),
    st.sampled_from(["state,-creationDate", "state, -creationDate", " state ,-creationDate,id, "]),
)
def test_sorting_orders_by_every_term_and_then_by_id(
    rows: list[tuple[State, int, bool]], order: str
) -> None:
    keys = []
    for number, (state, day, expires) in enumerate(rows):
        made = key(f"{number:02}", state=state, at=DAY_ONE + day)
        made.expires = DAY_ONE + day if expires else NEVER
        keys.append(made)
    ordered = selection.sort(keys[::-1], order)
    expected = sorted(keys, key=lambda k: (k.state, -k.created, k.id))
    assert [each.id for each in ordered] == [each.id for each in expected]
    by_expiry = [each.expires for each in selection.sort(keys, "expirationDate")]
    assert by_expiry == sorted(by_expiry)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=30))
def test_no_text_in_a_query_is_an_error_of_ours(filters: str, search: str, order: str) -> None:
    def select() -> None:
        ordered = selection.sort(selection.select(dated(), {"filter": filters}, ""), order)
        asked = read_search(search)
        if asked is not None:
            selection.search(ordered, asked)

    refused = refusal_of(select)
    assert refused is None or refused.status == 400
