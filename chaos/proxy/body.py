"""Request and answer bodies as Go's encoding/json reads and writes them, errors included.

Clients of Toxiproxy show the server's error texts to people, and some compare them. Keys match
case-insensitively, unknown ones are ignored, null leaves a default alone, and only the first value
of a body is read.
"""

import json
import struct
from collections.abc import Callable, Mapping

from chaos.proxy.syntax import Number, Pairs, parse

INTEGER_LIMIT = 1 << 63
FLOAT32_MAX = 3.4028235677973366e38
EXPONENT_FROM = 1e21
_EXACT_DIGITS = 9  # a float32 is told from its neighbours by so many significant digits


class Refusal(Exception):  # noqa: N818 - the API's own word: a refusal is an answer, not a fault
    """A request that is answered with an error: its status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def bad_body(text: str) -> Refusal:
    """The refusal of a body that does not decode."""
    return Refusal(400, f"bad request body: {text}")


def decoded(body: bytes) -> object:
    """The first JSON value of a body; numbers keep their text, objects their pairs."""
    try:
        return parse(body.decode("utf-8", "replace"))
    except ValueError as error:
        raise bad_body(str(error)) from None


def members(value: object, go_type: str) -> Pairs:
    """The pairs of an object, none for null; another value is refused as Go would."""
    if value is None:
        return Pairs()
    if not isinstance(value, Pairs):
        raise bad_body(f"json: cannot unmarshal {_kind(value)} into Go value of type {go_type}")
    return value


def fields(
    pairs: Pairs, types: Mapping[str, str], path_of: Callable[[str], str]
) -> dict[str, object]:
    """The known members of an object, converted; a member that is absent or null is left out.

    ``types`` maps names to Go's types (string, bool, int, int64, float32, float64) or to
    `struct NAME` for an object that is passed on. ``path_of`` is what Go calls a member in its
    errors, like `Proxy.name`.
    """
    known = {name.casefold(): name for name in types}
    found: dict[str, object] = {}
    for key, value in pairs:
        name = known.get(key.casefold())
        if name is not None and value is not None:
            found[name] = _converted(value, types[name], path_of(name))
    return found


def _converted(value: object, go_type: str, path: str) -> object:
    struct_name = go_type.removeprefix("struct ")
    wanted = struct_name if struct_name != go_type else go_type
    if struct_name != go_type:
        right: object = value if isinstance(value, Pairs) else None
    elif go_type == "string":
        right = value if isinstance(value, str) and not isinstance(value, Number) else None
    elif go_type == "bool":
        right = value if isinstance(value, bool) else None
    else:
        right = _number(value, go_type, path) if isinstance(value, Number) else None
    if right is None:
        raise _mismatch(_kind(value), path, wanted)
    return right


def _number(value: Number, go_type: str, path: str) -> float:
    if go_type.startswith("int"):
        # Go takes neither a fraction nor an exponent for an integer, not even 1e3.
        if value.lstrip("-").isdigit() and -INTEGER_LIMIT <= int(value) < INTEGER_LIMIT:
            return int(value)
        raise _mismatch(f"number {value}", path, go_type)
    number = float(value)
    if abs(number) >= (FLOAT32_MAX if go_type == "float32" else float("inf")):
        raise _mismatch(f"number {value}", path, go_type)
    return _float32(number) if go_type == "float32" else number


def _float32(number: float) -> float:
    """The shortest decimal that is the same float32, which is what Go writes back."""
    packed = struct.pack("f", number)
    for digits in range(1, _EXACT_DIGITS):
        shorter = float(f"{number:.{digits}g}")
        if abs(shorter) < FLOAT32_MAX and struct.pack("f", shorter) == packed:
            return shorter
    return float(f"{struct.unpack('f', packed)[0]:.{_EXACT_DIGITS}g}")


def _mismatch(given: str, path: str, go_type: str) -> Refusal:
    text = f"json: cannot unmarshal {given} into Go struct field {path} of type {go_type}"
    return bad_body(text)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Number):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Pairs) else "array"


def encoded(value: object) -> bytes:
    """JSON as Go writes it: compact, HTML's special characters and line separators escaped."""
    text = json.dumps(_whole(value), separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        if character in text:
            text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace")


def _whole(value: object) -> object:
    # Go writes the float 1 as 1, Python as 1.0; both use an exponent where it is huge.
    if isinstance(value, float) and value.is_integer() and abs(value) < EXPONENT_FROM:
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return value
