"""Modules as the rules see them: a dotted name, the text, the syntax tree and what is imported."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Import:
    """One imported module or name, as dotted as it was written, and the line of it."""

    name: str
    line: int


@dataclass(frozen=True)
class Module:
    """One module: `chaos.scenario.model`, or the package's own name for its `__init__`."""

    name: str
    text: str
    syntax: ast.Module

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Everything imported, also inside functions and under TYPE_CHECKING."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[Import]:
        for node in ast.walk(self.syntax):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                # The house imports absolutely; a relative import is read as a name of its own.
                source = "." * node.level + (node.module or "")
                yield from (Import(f"{source}.{alias.name}", node.lineno) for alias in node.names)

    def functions(self) -> Iterator[FunctionNode]:
        """Every function and method, nested ones too."""
        for node in ast.walk(self.syntax):
            if isinstance(node, FunctionNode):
                yield node


class Tree:
    """All modules of one package by name."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.modules = {
            name: Module(name, text, ast.parse(text)) for name, text in sorted(sources.items())
        }
        self._inside: dict[str, set[str]] = {}

    def inside(self, module: Module) -> set[str]:
        """The modules of the tree that a module imports; the packages around them run as well."""
        if module.name not in self._inside:
            self._inside[module.name] = self._found_inside(module)
        return self._inside[module.name]

    def _found_inside(self, module: Module) -> set[str]:
        found: set[str] = set()
        for imported in module.imports:
            parts = imported.name.split(".")
            around = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
            found |= around & self.modules.keys()
        return found - {module.name}

    def named(self, module: Module) -> set[str]:
        """The modules that a module imports by name, without the packages around them."""
        found: set[str] = set()
        for imported in module.imports:
            name = imported.name
            while name and name not in self.modules:
                name = name.rpartition(".")[0]
            found |= {name} if name else set()
        return found - {module.name}


def load(root: Path) -> Tree:
    """The tree of the package in the folder ``root``."""
    sources = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        sources[name] = path.read_text(encoding="utf-8")
    return Tree(sources)
