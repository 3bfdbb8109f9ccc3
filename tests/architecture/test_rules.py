"""Each rule of the house can fail: small bad trees, and the smallest good ones beside them."""

import pytest

from tests.architecture import rules
from tests.architecture.tree import Tree

FLOORS = (("app.words",), ("app",), ("app.model", "app.wire"), ("app.front",))


def module(text: str) -> Tree:
    return Tree({"app": "", "app.model": text})


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("app.model", "import app.front", "app.model imports app.front, which stands above it"),
        ("app.model", "from app import front", "app.front, which stands above it"),
        ("app.model", "from app.front import main", "app.front, which stands above it"),
        ("app.model", "def f():\n    import app.front", "app.front, which stands above it"),
        ("app.model", "from app.wire import x", "app.wire, which stands beside it"),
        ("app.words", "from app.model import x", "app.model, which stands above it"),
        ("app.lost", "", "app.lost stands on no floor"),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_named(name: str, text: str, complaint: str) -> None:
    empty = {"app": "", "app.words": "", "app.model": "", "app.wire": "", "app.front": ""}
    [said] = rules.layers(Tree(empty | {name: text}), FLOORS)
    assert complaint in said


def test_imports_that_go_down_or_stay_in_their_package_are_kept() -> None:
    good = {
        "app": "from app.words import x",
        "app.words": "import json",
        "app.model": "from app.words import x",
        "app.model.part": "from app.model import y\nfrom app import x",
        "app.front": "from app.model.part import z\nimport app.wire",
        "app.wire": "",
    }
    assert list(rules.layers(Tree(good), FLOORS)) == []


def test_a_circle_of_imports_is_named_once_and_a_long_way_down_is_none() -> None:
    hint = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.model import Key"
    round_about = {
        "app": "",
        "app.front": "import app.model",
        "app.model": "from app.wire import x",
        "app.wire": "def f():\n    from app.words import y",
        "app.words": hint,
    }
    [said] = rules.circles(Tree(round_about))
    assert said == "app.model imports app.wire imports app.words imports app.model"
    assert list(rules.circles(Tree(round_about | {"app.words": ""}))) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("import asyncio", "line 1 imports asyncio"),
        ("import os.path", "imports os"),
        ("from time import monotonic", "imports time"),
        ("def f():\n    import socket", "line 2 imports socket"),
        ("import random", "imports random, which nobody seeded"),
        ("from random import shuffle", "imports random.shuffle, which nobody seeded"),
        ("import httptools", "a library that is not pure"),
        ("from . import x", "a library that is not pure"),
        ("open('x')", "calls open()"),
        ("from datetime import datetime\ndatetime.now()", "line 2 reads the wall clock"),
        ("import numpy as np\nnp.random.default_rng()", "numpy's own randomness"),
    ],
)
def test_a_pure_module_that_touches_the_world_is_named(text: str, complaint: str) -> None:
    [said] = rules.purity(module(text), ["app.model"], [])
    assert complaint in said


@pytest.mark.parametrize(
    "text",
    [
        "from random import Random",
        "import numpy as np\nnp.random.default_rng(7)",
        "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, UTC)",
        "import yaml, math, re, json",
        "from app import y",
    ],
)
def test_what_is_given_as_an_argument_is_pure(text: str) -> None:
    assert list(rules.purity(module(text), ["app.model"], [])) == []


def test_the_world_is_found_through_any_number_of_modules() -> None:
    tree = Tree(
        {
            "app": "",
            "app.model": "from app.near import x",
            "app.near": "from app.far.part import x",
            "app.far": "import app.shell",
            "app.far.part": "",
            "app.shell": "import socket",
        }
    )
    said = list(rules.purity(tree, ["app.model"], ["app.shell"]))
    assert said == ["app.model reaches the world through app.near > app.far > app.shell"]


def test_a_shell_that_has_become_pure_or_is_gone_is_named() -> None:
    tree = Tree({"app": "", "app.model": "", "app.shell": "import os"})
    said = list(rules.purity(tree, ["app"], ["app.model", "app.shell", "app.gone"]))
    assert said == [
        "app.gone is listed as a shell and does not exist",
        "app.model is listed as a shell and is pure",
    ]


def test_long_modules_and_functions_are_named() -> None:
    long_function = "def f():\n" + "    x = 1\n" * 40
    assert list(rules.size(module(long_function))) == ["app.model.f has 41 lines"]
    assert list(rules.size(module("async " + long_function))) == ["app.model.f has 41 lines"]
    assert list(rules.size(module("x = 1\n" * 301))) == ["app.model has 301 lines"]
    assert list(rules.size(module("def f():\n" + "    x = 1\n" * 39 + "\n" * 260))) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("class FaultManager: ...", "manager"),
        ("def handle_data(): ...", "data"),
        ("class BaseFault: ...", "base"),
        ("class Fault:\n    def process(self): ...", "process"),
        ("class HTTPHandler: ...", "handler"),
    ],
)
def test_a_name_that_says_nothing_is_named(text: str, word: str) -> None:
    [said] = rules.names(module(text), {})
    assert said.endswith(f"is named '{word}'")


def test_a_module_that_says_nothing_is_named_and_a_librarys_name_is_allowed() -> None:
    tree = Tree({"app.utils": "def data_received(): ...\ndef database(): ..."})
    assert list(rules.names(tree, {"data_received": "asyncio"})) == [
        "app.utils is named 'utils'",
    ]


APP = Tree(
    {
        "app": "",
        "app.part.model": "def f(): return 1",
        "app.part.shape": "class Shape:\n    def f(self):\n        'A remark.'\n        ...",
    }
)


def missing(tests: dict[str, str], seen_through: dict[str, str]) -> list[str]:
    return list(rules.mirror(APP, Tree({"tests": ""} | tests), seen_through))


def test_a_module_that_no_test_sees_is_named_and_one_without_code_is_not() -> None:
    [said] = missing({}, {})
    assert said.startswith("app.part.model has no tests.part.test_model")
    assert len(missing({"tests.part.test_other": "import app.part"}, {})) == 1
    assert len(missing({"tests.other.test_it": "from app.part.model import f"}, {})) == 1


def test_a_mirror_an_import_in_its_part_or_a_listed_test_satisfies_the_rule() -> None:
    assert missing({"tests.part.test_model": ""}, {}) == []
    assert missing({"tests.part.model.test_model": ""}, {}) == []
    assert missing({"tests.part.test_other": "from app.part.model import f"}, {}) == []
    assert missing({"tests.part.test_it": ""}, {"app.part.model": "tests.part.test_it"}) == []


def test_a_stale_entry_of_the_list_is_named() -> None:
    mirrored = {"tests.part.test_model": ""}
    [said] = missing(mirrored, {"app.gone": "tests.part.test_model"})
    assert said.endswith("and does not exist")
    [said] = missing({}, {"app.part.model": "tests.part.test_gone"})
    assert said.endswith("which does not exist")


def test_a_test_module_that_mirrors_nothing_is_named_and_so_is_a_listed_one_that_is_gone() -> None:
    tests = Tree({"tests.part.test_model": "", "tests.test_gone": "", "tests.made": ""})
    assert list(rules.strays(APP, tests, {})) == ["tests.test_gone mirrors no module"]
    assert list(rules.strays(APP, tests, {"tests.test_gone": "why"})) == []
    lost = {"tests.test_gone": "why", "tests.test_lost": "why"}
    assert list(rules.strays(APP, tests, lost)) == ["tests.test_lost is listed and does not exist"]


def test_a_trace_is_named_with_its_line() -> None:
    found = rules.traces("fine\nsee /here/it/is", {"/here/": "a path"})
    assert list(found) == ["line 2 holds a path: /here/"]
    assert list(rules.traces("nowhere", {"/here/": "a path"})) == []
