"""Where scenario files are found: a path as given, or a name of the catalogue we ship."""

import difflib
import io
import stat
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from chaos.errors import ScenarioError, WorldError

SUFFIX = ".yaml"
PACKS = "packs.yaml"
LIMIT = 1_000_000


def catalogue() -> dict[str, Path]:
    """Every scenario of the catalogue by name."""
    return {path.stem: path for path in sorted(_root().glob(f"*/*{SUFFIX}")) if path.name != PACKS}


def packs() -> Path:
    """The file that says which scenarios of the catalogue are played together."""
    return _root() / PACKS


def find(word: str) -> Path:
    """The file that a name or a path means. Raises ScenarioError with the nearest name."""
    path = Path(word)
    if path.suffix in (SUFFIX, ".yml") or (path.exists() and not path.is_dir()):
        if not path.exists():
            raise ScenarioError(f"{word}: there is no such file.{nearest(path.stem, catalogue())}")
        return path
    known = catalogue()
    if word in known:
        return known[word]
    near = nearest(word, known)
    raise ScenarioError(
        f"There is no scenario named {word!r}.{near} `keychaos scenarios` lists them."
    )


def text_of(path: Path) -> str:
    """The text of a scenario file. Raises ScenarioError where it cannot be read as text."""
    try:
        # A pipe would be waited for, and a device read for ever.
        if not path.is_dir() and not stat.S_ISREG(path.stat().st_mode):
            raise ScenarioError(f"{path}: cannot be read: not a regular file.")
        with path.open("rb") as stream:
            read = stream.read(LIMIT + 1)
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}.") from error
    if len(read) > LIMIT:
        raise ScenarioError(f"{path}: larger than {LIMIT:,} bytes, so no scenario file.")
    try:
        # Lines end in any of the three ways, as in any text file.
        return io.TextIOWrapper(io.BytesIO(read), encoding="utf-8").read()
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: not UTF-8 text (byte {error.start}).") from error


def keep(path: Path, text: str) -> None:
    """Write a file that the user asked for. Raises WorldError where it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorldError(f"{path} cannot be written: {error.strerror}.") from error


def _root() -> Path:
    """The catalogue inside the wheel, or beside the package in a checkout."""
    package = Path(str(files("chaos")))
    inside = package / "catalogue"
    return inside if inside.is_dir() else package.parent / "scenarios"


def shown(path: str) -> str:
    """How a report calls a scenario's file: within the catalogue, from there, not by machine."""
    file = Path(path)
    return str(file.relative_to(_root())) if file.is_relative_to(_root()) else path


def nearest(word: str, known: Iterable[str]) -> str:
    """`` Did you mean 'region-down'?`` where something is near, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
