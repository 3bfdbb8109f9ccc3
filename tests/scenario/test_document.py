"""The YAML tree: what is read, where it stands, and that no text can exhaust the reader."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.scenario.document import LONGEST, deepest, parse, plain
from tests.scenario.refusals import refusal


def refused(text: str) -> str:
    said = refusal(parse, text, "f.yaml")
    assert said
    return said


def test_values_stand_at_the_line_of_their_key() -> None:
    tree = parse("a:\n  b:\n    - 1\n    - {c: d}\n", "f.yaml")
    assert deepest(tree, ["a"]).place.line == 1
    assert deepest(tree, ["a", "b"]).place.line == 2
    assert deepest(tree, ["a", "b", 1, "c"]).place.text == "f.yaml:4"
    assert deepest(tree, ["a", "missing", "b", 7]).place.line == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("007", 7),
        ("-7", -7),
        ("7.5", 7.5),
        ("'7'", "7"),
        ("true", True),
        ("~", None),
        ("1:30", "1:30"),
        ("NO", "NO"),
        ("1_000", "1_000"),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("0o17", "0o17"),
        ("9" * 400, "9" * 400),
        ("2026-01-01", "2026-01-01"),
    ],
)
def test_only_the_plainest_scalars_are_more_than_text(text: str, value: object) -> None:
    assert plain(parse(text, "f.yaml")) == value


def test_a_key_given_twice_is_refused_with_both_lines() -> None:
    assert refused("a: 1\nb: 2\na: 3\n") == "f.yaml:3: 'a' is given twice, first in line 1"


def test_an_alias_bomb_is_refused_line_by_line_without_growing() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [*{last}, *{last}]\n"
        for last, name in zip("abcdefghijklmno", "bcdefghijklmnop", strict=True)
    )
    assert "aliases (*name) are not read here" in refused(bomb)
    assert "anchors (&a) are not read here" in refused(bomb)


@pytest.mark.parametrize("text", ["a: !!python/object:os.system x", "!!map {a: b}", "- !x [1]"])
def test_tags_are_refused(text: str) -> None:
    assert "tags (" in refused(text)


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "? " * 5000])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "nested deeper than 20 levels" in refused(text)


@pytest.mark.parametrize("fragment", ["a: 1\n", "- a\n", "a: &b {c: *b}\n", "- - -\n"])
def test_a_text_of_too_many_parts_is_refused_part_way(fragment: str) -> None:
    said = refused(fragment * (LONGEST // len(fragment)))
    assert said.count("\n") <= 50
    assert "holds more than 10000 keys and values" in said or "more mistakes after these" in said


def test_a_huge_text_is_refused_unread() -> None:
    assert refused("a" * (LONGEST + 1)) == "f.yaml: is larger than 256 KiB"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml:1: is empty"),
        ("# only a comment", "f.yaml:1: is empty"),
        ("a: 1\n---\nb: 2", "f.yaml:2: a second document begins here"),
        ("a: 1\nb: [", "is not YAML"),
        ("a: b: c", "f.yaml:1: is not YAML"),
        ("a: 1\n\tb: 2", "is not YAML"),
        ("a: 1\nb: \x00", "f.yaml:2: is not text"),
        ("\ud800", "is not text"),
        ('"\\UFFFFFFFF"', "is not YAML"),
        ("*a", "aliases"),
        ("*a : b", "aliases"),
        ("? [a, b]\n: c\nd: e", "a key must be a word"),
        ("? {a: b}\n", "a key must be a word"),
        ("%YAML 9.9\n--- a", "is not YAML"),
    ],
)
def test_what_is_no_plain_document_is_said_in_one_line(text: str, message: str) -> None:
    said = refused(text)
    assert message in said
    assert "Traceback" not in said


TREES = st.recursive(
    st.integers(-(10**17), 10**17) | st.text("abcxyz -", max_size=5).map("t{}".format) | st.none(),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.text("abc", min_size=1, max_size=3).map("k{}".format), below, max_size=3
        )
    ),
    max_leaves=12,
)


@given(TREES)
def test_plain_values_come_back_as_they_were(tree: object) -> None:
    text = json.dumps(tree)  # JSON is YAML, and written by someone else than our reader
    assert plain(parse(text, "f.yaml")) == tree


@given(
    st.text(st.characters(codec=None), max_size=200)
    | st.text("[]{}:-,&*!?|>'\"%@` \n\tab#~1.", max_size=80)
)
def test_any_text_is_a_tree_or_a_scenario_error(text: str) -> None:
    said = refusal(parse, text, "f.yaml")
    assert all(line.startswith("f.yaml") for line in said.splitlines())
