"""JSON text into values, with the syntax errors of Go's decoder in its words.

The standard library parses; only what it refuses is walked again to find what Go would have said.
"""

import json
import re
from typing import NoReturn

_SPACE = " \t\r\n"
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_ESCAPES = frozenset('"\\/bfnrt')
_DIGITS = frozenset("0123456789")
_HEX = frozenset("0123456789abcdefABCDEF")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]*)?")


class Number(str):
    """A JSON number as it was written: 1 and 1.0 and 1e0 are told apart."""

    __slots__ = ()


class Pairs(list[tuple[str, object]]):
    """A JSON object as its pairs in their order, doubles included."""

    __slots__ = ()


def _refuse_constant(text: str) -> NoReturn:
    # NaN and Infinity are Python's, not JSON's.
    raise ValueError(text)


_VALID = json.JSONDecoder(
    object_pairs_hook=Pairs,
    parse_int=Number,
    parse_float=Number,
    parse_constant=_refuse_constant,
)


def parse(text: str) -> object:
    """The first JSON value of the text; what follows it is not looked at.

    Raises ValueError with the sentence that Go's decoder would say.
    """
    starts = len(text) - len(text.lstrip(_SPACE))
    try:
        value: object = _VALID.raw_decode(text, starts)[0]
    except (ValueError, RecursionError):
        _Walk(text).refuse(starts)
    return value


def written(value: object) -> bytes:
    """A parsed value as JSON text again, its numbers as they were written."""
    return _text(value).encode("utf-8", "surrogatepass")


def _text(value: object) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Pairs):
        inner = (f"{json.dumps(key)}:{_text(one)}" for key, one in value)
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_text(one) for one in value) + "]"
    return json.dumps(value)


def _quoted(character: str) -> str:
    if character == "'":
        return r"'\''"
    if character == '"':
        return "'\"'"
    # What matters to Go is the byte, so a character beyond ASCII shows as its first one.
    first = character.encode("utf-8", "surrogatepass")[0]
    shown = repr(chr(first))[1:-1] if character != "\\" else "\\\\"
    return f"'{shown}'"


class _Walk:
    """One pass over text that does not parse, up to the character at which Go gives up."""

    def __init__(self, text: str) -> None:
        self.text = text

    def refuse(self, starts: int) -> NoReturn:
        """Raise what Go says about the value that begins at ``starts``."""
        if starts >= len(self.text):
            raise ValueError("EOF")
        self._value(starts)
        # Python refuses a little that Go takes (a lone surrogate, deep nesting): say so plainly.
        raise ValueError("exceeded max depth")

    def _at(self, position: int) -> str:
        if position >= len(self.text):
            raise ValueError("unexpected EOF")
        return self.text[position]

    def _invalid(self, position: int, context: str) -> NoReturn:
        raise ValueError(f"invalid character {_quoted(self._at(position))} {context}")

    def _space(self, position: int) -> int:
        while self._at(position) in _SPACE:
            position += 1
        return position

    def _value(self, position: int) -> int:
        first = self._at(position)
        if first == "{":
            return self._object(position + 1)
        if first == "[":
            return self._array(position + 1)
        if first == '"':
            return self._string(position + 1)
        if first in _LITERALS:
            return self._literal(position, _LITERALS[first])
        if first != "-" and first not in _DIGITS:
            self._invalid(position, "looking for beginning of value")
        return self._number(position)

    def _literal(self, position: int, word: str) -> int:
        for offset, expected in enumerate(word):
            if self._at(position + offset) != expected:
                self._invalid(position + offset, f"in literal {word} (expecting '{expected}')")
        return position + len(word)

    def _number(self, position: int) -> int:
        match = _NUMBER.match(self.text, position)
        ends = match.end() if match else position
        number = self.text[position:ends]
        if number in {"-", ""} or number.startswith("-."):
            self._invalid(position + 1, "in numeric literal")
        if number.endswith("."):
            self._invalid(ends, "after decimal point in numeric literal")
        if number[-1] in "eE+-":
            self._invalid(ends, "in exponent of numeric literal")
        if "." in number and re.search(r"\.[eE]", number):
            self._invalid(
                position + number.index(".") + 1, "after decimal point in numeric literal"
            )
        return ends

    def _string(self, position: int) -> int:
        while (character := self._at(position)) != '"':
            if character == "\\":
                position = self._escape(position + 1)
            elif character < " ":
                self._invalid(position, "in string literal")
            else:
                position += 1
        return position + 1

    def _escape(self, position: int) -> int:
        character = self._at(position)
        if character == "u":
            for offset in range(1, 5):
                if self._at(position + offset) not in _HEX:
                    self._invalid(position + offset, r"in \u hexadecimal character escape")
            return position + 5
        if character not in _ESCAPES:
            self._invalid(position, "in string escape code")
        return position + 1

    def _object(self, position: int) -> int:
        position = self._space(position)
        if self._at(position) == "}":
            return position + 1
        while True:
            if self._at(position) != '"':
                self._invalid(position, "looking for beginning of object key string")
            position = self._space(self._string(position + 1))
            if self._at(position) != ":":
                self._invalid(position, "after object key")
            position = self._space(self._value(self._space(position + 1)))
            if self._at(position) == "}":
                return position + 1
            if self._at(position) != ",":
                self._invalid(position, "after object key:value pair")
            position = self._space(position + 1)

    def _array(self, position: int) -> int:
        position = self._space(position)
        if self._at(position) == "]":
            return position + 1
        while True:
            position = self._space(self._value(position))
            if self._at(position) == "]":
                return position + 1
            if self._at(position) != ",":
                self._invalid(position, "after array element")
            position = self._space(position + 1)
