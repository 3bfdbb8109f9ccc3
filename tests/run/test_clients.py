"""Who plays: presets by name, and people's own factories from the folder they stand in."""

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from chaos.client.call import Credential, Target, Wiring
from chaos.errors import ScenarioError
from chaos.run.clients import factory_named

TARGETS = (Target("us-south", "http://x", "instance", "key"),)
WIRING = Wiring("client-000", TARGETS, Credential("k", "http://iam"), 0.0)

MODULE = """
NUMBER = 7


class Own:
    def __init__(self, wiring, rng):
        self.built_from = wiring.name, rng.random()

    def begin(self, work, now):
        ...

    def decisions(self):
        return ()


def breaks(wiring, rng):
    return wiring.no_such_field


def empty(wiring, rng):
    return None
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "a_client_of_their_own"
    (tmp_path / f"{name}.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield name
    sys.modules.pop(name, None)


def test_a_preset_is_built_by_its_name() -> None:
    client = factory_named("preset:recommended")(WIRING, Random(1))

    assert client.decisions() == ()


def test_a_factory_of_the_users_own_is_found_where_the_user_stands(own_module: str) -> None:
    client = factory_named(f"{own_module}:Own")(WIRING, Random(1))

    assert client.built_from == ("client-000", Random(1).random())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("breaks", r"no client could be built: AttributeError: .*no_such_field.*\.py:\d+\)"),
        ("empty", r"built a NoneType, which has no begin\(\)"),
    ],
)
def test_a_factory_that_builds_no_client_is_said_with_its_place(
    own_module: str, name: str, said: str
) -> None:
    factory = factory_named(f"{own_module}:{name}")

    with pytest.raises(ScenarioError, match=said):
        factory(WIRING, Random(1))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("preset:recomended", "recommended"),
        ("recommended", "preset:NAME, mutant:NAME or module:factory"),
        (":build", "preset:NAME, mutant:NAME or module:factory"),
        ("no_such_module_anywhere:build", "cannot be imported"),
        ("json:no_such_name", "no callable named 'no_such_name'"),
    ],
)
def test_a_client_that_cannot_be_had_is_said_in_a_sentence(word: str, said: str) -> None:
    with pytest.raises(ScenarioError) as told:
        factory_named(word)

    assert said in str(told.value)


def test_what_is_no_function_cannot_build_a_client(own_module: str) -> None:
    with pytest.raises(ScenarioError, match="no callable named 'NUMBER'"):
        factory_named(f"{own_module}:NUMBER")


def test_a_module_that_breaks_on_import_is_the_users_mistake_too(
    own_module: str, tmp_path: Path
) -> None:
    (tmp_path / "broken_client.py").write_text("1 / 0\n", encoding="utf-8")

    with pytest.raises(
        ScenarioError, match=r"ZeroDivisionError: division by zero \(.*broken_client.py:1\)"
    ):
        factory_named("broken_client:build")
