"""A checksum of every single record, so that what was changed can be named and not only noticed.

The SHA-256 of each raw file in `findings.json` says that nothing was changed; `seal.json` says
where. It is made last, and holds the SHA-256 of each form of the report as well and one of all that
it says itself. Whoever can rewrite every file can reseal them: a seal finds accidents and careless
hands, and a signature over `seal.json` is for the one who files the report.
"""

import base64
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import orjson

from chaos.report.raw import LAYOUTS
from chaos.run import stored

SEAL = "seal.json"
FORMAT = 2
# Every file that a report makes beside the records and the seal itself.
FORMS = (
    *("report.html", "findings.json", "junit.xml", "report.md", "timeline.svg", "timeline.png"),
    *("report.pdf", "attempts.parquet", "operations.parquet"),
)


@dataclass(frozen=True, slots=True)
class Strip:
    """One file's checksums: CRC-32 of each of its records, or of each of its lines."""

    name: str
    sums: tuple[int, ...]


def strips(folder: Path) -> tuple[Strip, ...]:
    """The checksums of every record of a stored run, as its files are now."""
    return tuple(
        Strip(path.relative_to(folder).as_posix(), tuple(map(zlib.crc32, records(path))))
        for path in stored.raw_files(folder)
        if path.is_file()
    )


def records(path: Path) -> list[bytes]:
    """A raw file cut into its records: fixed lengths where it has a layout, else lines."""
    content = path.read_bytes()
    layout = LAYOUTS.get(path.name)
    if layout is None:
        return content.splitlines(keepends=True)
    length = layout.itemsize
    return [content[at : at + length] for at in range(0, len(content), length)]


def encoded(found: tuple[Strip, ...], forms: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """The seal as bytes; ``forms`` are the SHA-256 of the report's files by name."""
    sums = {strip.name: _packed(strip.sums) for strip in found}
    told = {"format": FORMAT, "crc32": sums, "sha256": dict(forms)}
    itself = hashlib.sha256(orjson.dumps(told)).hexdigest()
    return orjson.dumps({**told, "itself": itself}, option=orjson.OPT_INDENT_2) + b"\n"


def read(text: bytes) -> tuple[Strip, ...]:
    """A seal that was written before; ValueError where it is none, or not as it was written."""
    told = orjson.loads(text)
    try:
        found = tuple(Strip(name, _unpacked(sums)) for name, sums in told["crc32"].items())
        whole = encoded(found, told["sha256"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("not a seal") from error
    if whole != text:
        raise ValueError("not as it was written")
    return found


def forms(text: bytes) -> dict[str, str]:
    """The SHA-256 of each form in a seal that can be read."""
    return dict(orjson.loads(text)["sha256"])


def _packed(sums: tuple[int, ...]) -> str:
    return base64.b64encode(np.array(sums, dtype="<u4").tobytes()).decode("ascii")


def _unpacked(text: str) -> tuple[int, ...]:
    return tuple(np.frombuffer(base64.b64decode(text, validate=True), dtype="<u4").tolist())
