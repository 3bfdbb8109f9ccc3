"""The rules. Each takes a tree and gives complaints, one sentence each; none means it is kept."""

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence

from tests.architecture.tree import Module, Tree

MOST_LINES, MOST_FUNCTION_LINES, MOST_EXPORTS = 300, 40, 10
# What lets a module see the clock, the network, the disk or chance that nobody seeded.
IMPURE = frozenset(
    {
        *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "signal", "threading"),
        *("http", "select", "selectors", "socket", "socketserver", "ssl", "urllib"),
        *("fcntl", "glob", "io", "logging", "os", "pathlib", "shutil", "sqlite3", "tempfile"),
        *("ctypes", "resource", "secrets", "subprocess", "time", "uuid"),
        *("gevent", "httpx", "locust"),
    }
)
PURE_PARTS = ("http.HTTPStatus", "urllib.parse", "uuid.UUID")
PURE_LIBRARIES = frozenset({"cryptography", "numpy", "orjson", "pydantic", "pydantic_core", "yaml"})
SEEDED = frozenset({"Random"})
AMBIENT_CALLS = frozenset({"now", "utcnow", "today"})
AMBIENT_BUILTINS = frozenset({"open", "print", "input", "breakpoint"})
VAGUE = frozenset(
    {
        *("manager", "handler", "helper", "helpers", "util", "utils", "common", "core"),
        *("data", "info", "process", "misc", "impl"),
    }
)


def layers(tree: Tree, floors: Sequence[Collection[str]]) -> Iterator[str]:
    """A module imports modules of lower floors, and on its own floor only its own package.

    A floor lists modules and packages; the longest name that fits decides. The root package alone
    stands for nothing but itself.
    """
    for module in tree.modules.values():
        own = _floor(module.name, floors)
        if own is None:
            yield f"{module.name} stands on no floor"
            continue
        for other in sorted(tree.named(module)):
            floor = _floor(other, floors)
            if floor is None or floor < own or (floor == own and _package(other, module)):
                continue
            word = "beside" if floor == own else "above"
            yield f"{module.name} imports {other}, which stands {word} it"


def _floor(name: str, floors: Sequence[Collection[str]]) -> int | None:
    best: tuple[int, int] | None = None
    for number, floor in enumerate(floors):
        for entry in floor:
            if name == entry or ("." in entry and name.startswith(f"{entry}.")):
                best = max(best or (0, 0), (len(entry), number))
    return best[1] if best else None


def _package(other: str, module: Module) -> bool:
    return other.split(".")[:2] == module.name.split(".")[:2]


def circles(tree: Tree) -> Iterator[str]:
    """No module imports itself by way of others, not even for a type hint."""
    told: set[str] = set()
    for name in tree.modules:
        way = _way_back(tree, name)
        if way and not told & set(way):
            told |= set(way)
            yield " imports ".join(way)


def _way_back(tree: Tree, name: str) -> list[str]:
    """The shortest chain of imports from a module to itself."""
    ways: list[list[str]] = [[name]]
    seen: set[str] = set()
    for way in ways:
        for other in sorted(tree.named(tree.modules[way[-1]]) - seen):
            seen.add(other)
            ways.append([*way, other])
            if other == name:
                return ways[-1]
    return []


def purity(tree: Tree, pure: Collection[str], shells: Collection[str]) -> Iterator[str]:
    """Modules of the ``pure`` packages neither touch the world nor reach a module that does."""
    names = {name for name in tree.modules if _within(name, pure) and name not in shells}
    touching = {name: list(_touches(module)) for name, module in tree.modules.items()}
    for name in sorted(names):
        yield from (f"{name} {touch}" for touch in touching[name])
        path = _way_to_the_world(tree, name, touching)
        if path:
            yield f"{name} reaches the world through {' > '.join(path)}"
    for name in sorted(shells):
        if name not in tree.modules:
            yield f"{name} is listed as a shell and does not exist"
        elif not touching[name] and not _way_to_the_world(tree, name, touching):
            yield f"{name} is listed as a shell and is pure"


def _within(name: str, packages: Collection[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _way_to_the_world(tree: Tree, name: str, touching: Mapping[str, list[str]]) -> list[str]:
    """The shortest chain of imports from a module to another one that touches the world."""
    ways: list[list[str]] = [[name]]
    seen = {name}
    for way in ways:
        for other in sorted(tree.inside(tree.modules[way[-1]]) - seen):
            seen.add(other)
            ways.append([*way, other])
            if touching[other]:
                return [*way[1:], other]
    return []


def _touches(module: Module) -> Iterator[str]:
    own = module.name.split(".")[0]
    for imported in module.imports:
        first, _, rest = imported.name.partition(".")
        if first == "random" and rest not in SEEDED:
            yield f"line {imported.line} imports {imported.name}, which nobody seeded"
        elif imported.name.startswith(PURE_PARTS):
            continue
        elif first in IMPURE:
            yield f"line {imported.line} imports {first}"
        elif first not in {own, *PURE_LIBRARIES, *sys.stdlib_module_names}:
            yield f"line {imported.line} imports {first}, a library that is not pure"
    for node in ast.walk(module.syntax):
        if isinstance(node, ast.Call):
            yield from _touching_call(node)


def _touching_call(node: ast.Call) -> Iterator[str]:
    match node.func:
        case ast.Name(id=name) if name in AMBIENT_BUILTINS:
            yield f"line {node.lineno} calls {name}()"
        case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name) if (
            name in AMBIENT_CALLS
        ):
            yield f"line {node.lineno} reads the wall clock"
        case ast.Attribute(
            value=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random")
        ) if not (node.args or node.keywords):
            yield f"line {node.lineno} draws from numpy's own randomness"


def size(tree: Tree) -> Iterator[str]:
    """A module has at most 300 lines, a function at most 40."""
    for module in tree.modules.values():
        lines = module.text.count("\n")
        if lines > MOST_LINES:
            yield f"{module.name} has {lines} lines"
        for function in module.functions():
            long = (function.end_lineno or function.lineno) - function.lineno + 1
            if long > MOST_FUNCTION_LINES:
                yield f"{module.name}.{function.name} has {long} lines"


def names(tree: Tree, allowed: Mapping[str, str]) -> Iterator[str]:
    """No module, class or function is named by a word that says nothing.

    ``allowed`` are names that a library asks for, with the library.
    """
    for module in tree.modules.values():
        vague = VAGUE & _words(module.name.rpartition(".")[2])
        if vague:
            yield f"{module.name} is named '{min(vague)}'"
        for node in ast.walk(module.syntax):
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            words = _words(node.name)
            vague = VAGUE & words
            if isinstance(node, ast.ClassDef) and node.name.startswith("Base"):
                vague |= {"base"}
            if vague and node.name not in allowed:
                yield f"{module.name}.{node.name} is named '{min(vague)}'"


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    # A data key is what the trade calls it.
    return set(re.sub(r"data_key", "dek", spaced).split("_")) - {""}


def mirror(tree: Tree, tests: Tree, seen_through: Mapping[str, str]) -> Iterator[str]:
    """Each module with code has a test module of its name, or tests of its part that import it.

    ``seen_through`` names, for a module that has neither, the test module through which it is seen;
    an entry that leads nowhere is a complaint, too.
    """
    imported = _imported_by_part(tree, tests)
    for name, module in tree.modules.items():
        own = tests.modules.keys() & _mirrors(name)
        seen = own or name in imported or name in seen_through
        if _has_code(module) and not seen:
            yield f"{name} has no {_mirrors(name)[0]}, and no test of its part imports it"
    for name, through in seen_through.items():
        if name not in tree.modules:
            yield f"{name} is said to be seen through {through} and does not exist"
        elif through not in tests.modules:
            yield f"{name} is said to be seen through {through}, which does not exist"


def _imported_by_part(tree: Tree, tests: Tree) -> set[str]:
    """The modules that are imported by name in the tests of their own part."""
    found = set()
    for test in tests.modules.values():
        part = _part(test.name)
        found |= {name for name in tree.named(test) if _part(name) == part}
    return found


def _part(name: str) -> str:
    """The folder below the root; none for what stands at the root itself."""
    return name.split(".")[1] if name.count(".") > 1 else ""


def strays(tree: Tree, tests: Tree, wider: Mapping[str, str]) -> Iterator[str]:
    """Each test module mirrors a module that exists, or is a ``wider`` one that is listed."""
    mirrored = {path for name in tree.modules for path in _mirrors(name)}
    found = {name for name in tests.modules if name.split(".")[-1].startswith("test_")}
    yield from (f"{name} mirrors no module" for name in sorted(found - mirrored - wider.keys()))
    yield from (f"{name} is listed and does not exist" for name in sorted(wider.keys() - found))


def _mirrors(name: str) -> tuple[str, ...]:
    """Where a module's tests may stand; those of a package's own code may stand in its folder."""
    _, *folders, last = name.split(".") if "." in name else (name, "init")
    return (
        ".".join(["tests", *folders, f"test_{last}"]),
        ".".join(["tests", *folders, last, f"test_{last}"]),
    )


def _has_code(module: Module) -> bool:
    """Whether some function does more than state its shape, as those of a Protocol do."""
    for function in module.functions():
        body = [node for node in function.body if not _is_remark(node)]
        if body and not all(isinstance(node, ast.Pass) for node in body):
            return True
    return False


def _is_remark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def traces(text: str, forbidden: Mapping[str, str]) -> Iterator[str]:
    """No text holds what belongs to one machine or one registry; patterns with what they are."""
    for pattern, what in forbidden.items():
        found = re.search(pattern, text)
        if found:
            line = text.count("\n", 0, found.start()) + 1
            yield f"line {line} holds {what}: {found.group()}"
