"""A checksum of every single record, so that what was changed can be named and not only noticed.

The SHA-256 of each file in `findings.json` says that nothing was changed; `seal.json` says where.
Whoever can rewrite every file can reseal them: a seal finds accidents and careless hands, and a
signature over `findings.json` is for the one who files the report.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from chaos.report.raw import LAYOUTS
from chaos.run import stored

SEAL = "seal.json"
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


def encoded(found: tuple[Strip, ...]) -> bytes:
    """The seal as bytes."""
    told = {strip.name: _packed(strip.sums) for strip in found}
    return orjson.dumps({"format": 1, "crc32": told}, option=orjson.OPT_INDENT_2) + b"\n"


def read(text: bytes) -> tuple[Strip, ...]:
    """A seal that was written before; ValueError where it is none."""
    told = orjson.loads(text)
    try:
        return tuple(Strip(name, _unpacked(sums)) for name, sums in told["crc32"].items())
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ValueError("not a seal") from error


def _packed(sums: tuple[int, ...]) -> str:
    return base64.b64encode(np.array(sums, dtype="<u4").tobytes()).decode("ascii")


def _unpacked(text: str) -> tuple[int, ...]:
    return tuple(np.frombuffer(base64.b64decode(text, validate=True), dtype="<u4").tolist())
