"""Requests to the API and the answers of both servers, byte for byte.

`<port>` in an expected body stands for any port. The cases are played against the pure API in
`test_api.py`, and over HTTP against ours and a real Toxiproxy in `test_compatible.py`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; where Toxiproxy's differs, ``difference`` names why."""

    method: str
    path: str
    body: str | None
    status: int
    answer: str
    difference: str = ""
    theirs: tuple[int, str] | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Case:
    """Exchanges that follow each other on a server without proxies."""

    name: str
    exchanges: list[Exchange] = field(default_factory=list)


def error(status: int, text: str) -> tuple[int, str]:
    """The answer of a refusal."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return status, f'{{"error":"{text}","status":{status}}}\n'


def bad(text: str) -> tuple[int, str]:
    """The answer to a body that does not decode."""
    return error(400, f"bad request body: {text}")


def shown(name: str, listen: str, upstream: str = "u", *, on: bool = True, toxics: str = "") -> str:
    """A proxy as JSON."""
    enabled = "true" if on else "false"
    return (
        f'{{"name":"{name}","listen":"{listen}","upstream":"{upstream}","enabled":{enabled},'
        f'"Logger":{{}},"toxics":[{toxics}]}}'
    )


def get(path: str, status: int, answer: str = "") -> Exchange:
    """A GET."""
    return Exchange("GET", path, None, status, answer)


def post(path: str, body: str, answer: tuple[int, str]) -> Exchange:
    """A POST."""
    return Exchange("POST", path, body, *answer)


def patch(path: str, body: str, answer: tuple[int, str]) -> Exchange:
    """A PATCH."""
    return Exchange("PATCH", path, body, *answer)


def delete(path: str, answer: tuple[int, str] = (204, "")) -> Exchange:
    """A DELETE."""
    return Exchange("DELETE", path, None, *answer)


LOCAL = "127.0.0.1:<port>"
A = '{"name":"a","upstream":"u","listen":"127.0.0.1:0"}'
OFF = '{"name":"off","upstream":"u","listen":"nowhere","enabled":false}'
MAKE_A = post("/proxies", A, (201, shown("a", LOCAL)))
MAKE_OFF = post("/proxies", OFF, (201, shown("off", "nowhere", on=False)))
NO_PAGE = "404 page not found\n"
LATENCY = (
    '{"attributes":{"latency":9,"jitter":0},"name":"latency_downstream","type":"latency",'
    '"stream":"downstream","toxicity":1}'
)
ADD_LATENCY = post(
    "/proxies/a/toxics", '{"type":"latency","attributes":{"latency":9}}', (200, LATENCY)
)
FIELD = "json: cannot unmarshal {} into Go struct field {} of type {}"
VALUE = "json: cannot unmarshal {} into Go value of type {}"

# Go's decoder in its own words: body -> text.
SYNTAX = {
    "": "EOF",
    "  \n": "EOF",
    "{": "unexpected EOF",
    '{"name":"a"': "unexpected EOF",
    '{"name":"a': "unexpected EOF",
    '{"enabled":tru': "unexpected EOF",
    "xx": "invalid character 'x' looking for beginning of value",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    "{a:1}": "invalid character 'a' looking for beginning of object key string",
    '{"a":1 "b":2}': "invalid character '\"' after object key:value pair",
    '{"a":"\\x"}': "invalid character 'x' in string escape code",
    '{"a":"\\u12"}': "invalid character '\"' in \\u hexadecimal character escape",
    '{"a":"\x01"}': "invalid character '\\x01' in string literal",
    '{"a":"\n"}': "invalid character '\\n' in string literal",
    '{"a":tru}': "invalid character '}' in literal true (expecting 'e')",
    '{"a":nulx}': "invalid character 'x' in literal null (expecting 'l')",
    '{"a":falze}': "invalid character 'z' in literal false (expecting 's')",
    '{"a":01}': "invalid character '1' after object key:value pair",
    '{"a":-}': "invalid character '}' in numeric literal",
    '{"a":1.}': "invalid character '}' after decimal point in numeric literal",
    '{"a":1e}': "invalid character '}' in exponent of numeric literal",
    '{"a":1e+}': "invalid character '}' in exponent of numeric literal",
    '{"a":[1 2]}': "invalid character '2' after array element",
    '{"a":[1,]}': "invalid character ']' looking for beginning of value",
    '{"a":NaN}': "invalid character 'N' looking for beginning of value",
    "{\"a\":'b'}": "invalid character '\\'' looking for beginning of value",
    "{'a':1}": "invalid character '\\'' looking for beginning of object key string",
    "é": "invalid character 'Ã' looking for beginning of value",
    "5": VALUE.format("number", "toxiproxy.Proxy"),
    '"s"': VALUE.format("string", "toxiproxy.Proxy"),
    "true": VALUE.format("bool", "toxiproxy.Proxy"),
    "[1]": VALUE.format("array", "toxiproxy.Proxy"),
    '{"name":5}': FIELD.format("number", "Proxy.name", "string"),
    '{"name":"a","upstream":{}}': FIELD.format("object", "Proxy.upstream", "string"),
    '{"name":"a","listen":[]}': FIELD.format("array", "Proxy.listen", "string"),
    '{"name":"a","upstream":"b","enabled":"x"}': FIELD.format("string", "Proxy.enabled", "bool"),
    '{"NAME":5}': FIELD.format("number", "Proxy.name", "string"),
}

# What is wrong with a new toxic: body -> status and text.
BAD_TOXICS = {
    "": bad("EOF"),
    "[]": bad(VALUE.format("array", "toxics.ToxicWrapper")),
    "null": error(400, "invalid toxic type"),
    "{}": error(400, "invalid toxic type"),
    '{"type":"nope"}': error(400, "invalid toxic type"),
    '{"type":"Latency"}': error(400, "invalid toxic type"),
    '{"type":"nope","stream":"side"}': error(
        400, "stream was invalid, can be either upstream or downstream"
    ),
    '{"type":"latency","stream":""}': error(
        400, "stream was invalid, can be either upstream or downstream"
    ),
    '{"type":"latency","stream":5}': bad(FIELD.format("number", "ToxicWrapper.stream", "string")),
    '{"type":"latency","toxicity":"a"}': bad(
        FIELD.format("string", "ToxicWrapper.toxicity", "float32")
    ),
    '{"type":"latency","toxicity":1e40}': bad(
        FIELD.format("number 1e40", "ToxicWrapper.toxicity", "float32")
    ),
    '{"type":"latency","attributes":5}': bad(
        FIELD.format("number", "ToxicWrapper.attributes", "toxics.NoopToxic")
    ),
    '{"type":"latency","attributes":[1]}': bad(
        FIELD.format("array", "ToxicWrapper.attributes", "toxics.NoopToxic")
    ),
    '{"type":"latency","attributes":{"latency":1.5}}': bad(
        FIELD.format("number 1.5", "LatencyToxic.attributes.latency", "int64")
    ),
    '{"type":"latency","attributes":{"latency":"9"}}': bad(
        FIELD.format("string", "LatencyToxic.attributes.latency", "int64")
    ),
    '{"type":"latency","attributes":{"latency":1e3}}': bad(
        FIELD.format("number 1e3", "LatencyToxic.attributes.latency", "int64")
    ),
    '{"type":"latency","attributes":{"JITTER":true}}': bad(
        FIELD.format("bool", "LatencyToxic.attributes.jitter", "int64")
    ),
    '{"type":"bandwidth","attributes":{"rate":99999999999999999999}}': bad(
        FIELD.format("number 99999999999999999999", "BandwidthToxic.attributes.rate", "int64")
    ),
    '{"type":"slicer","attributes":{"average_size":1.5}}': bad(
        FIELD.format("number 1.5", "SlicerToxic.attributes.average_size", "int")
    ),
    '{"type":"timeout","attributes":{"timeout":{}}}': bad(
        FIELD.format("object", "TimeoutToxic.attributes.timeout", "int64")
    ),
    '{"type":"reset_peer","attributes":{"timeout":"x"}}': bad(
        FIELD.format("string", "ResetToxic.attributes.timeout", "int64")
    ),
    '{"type":"slow_close","attributes":{"delay":"x"}}': bad(
        FIELD.format("string", "SlowCloseToxic.attributes.delay", "int64")
    ),
    '{"type":"limit_data","attributes":{"bytes":"x"}}': bad(
        FIELD.format("string", "LimitDataToxic.attributes.bytes", "int64")
    ),
}


def _toxic(attributes: str, kind: str, name: str = "", stream: str = "downstream") -> str:
    name = name or f"{kind}_{stream}"
    return (
        f'{{"attributes":{{{attributes}}},"name":"{name}","type":"{kind}",'
        f'"stream":"{stream}","toxicity":1}}'
    )


# What a new toxic becomes: body -> JSON.
TOXICS = {
    '{"type":"latency"}': _toxic('"latency":0,"jitter":0', "latency"),
    '{"type":"latency","attributes":null,"stream":"upstream"}': _toxic(
        '"latency":0,"jitter":0', "latency", stream="upstream"
    ),
    '{"type":"latency","stream":"UPSTREAM"}': _toxic(
        '"latency":0,"jitter":0', "latency", stream="UPSTREAM"
    ),
    '{"type":"latency","name":"x3","attributes":{"latency":null,"JITTER":4,"x":1},"jitter":7}': (
        _toxic('"latency":0,"jitter":4', "latency", "x3")
    ),
    '{"TYPE":"bandwidth","Name":"b","attributes":{"rate":-1,"rate":5}} trailing': _toxic(
        '"rate":5', "bandwidth", "b"
    ),
    '{"type":"slow_close","attributes":{"delay":-9}}': _toxic('"delay":-9', "slow_close"),
    '{"type":"timeout"}': _toxic('"timeout":0', "timeout"),
    '{"type":"reset_peer"}': _toxic('"timeout":0', "reset_peer"),
    '{"type":"slicer","attributes":{"average_size":1}}': _toxic(
        '"average_size":1,"size_variation":0,"delay":0', "slicer"
    ),
    '{"type":"limit_data"}': _toxic('"bytes":0', "limit_data"),
    '{"type":"noop","attributes":{"x":1.5}}': _toxic("", "noop"),
    '{"type":"noop","name":"<b>&é"}': _toxic("", "noop", r"\u003cb\u003e\u0026é"),
    '{"type":"noop","name":"odd","toxicity":0.123456789}': _toxic("", "noop", "odd").replace(
        '"toxicity":1', '"toxicity":0.12345679'
    ),
    '{"type":"noop","name":"large","toxicity":1e20}': _toxic("", "noop", "large").replace(
        '"toxicity":1', '"toxicity":100000000000000000000'
    ),
    '{"type":"noop","name":"seven","toxicity":7}': _toxic("", "noop", "seven").replace(
        '"toxicity":1', '"toxicity":7'
    ),
}

# Listen addresses that cannot be: address -> text; an update says it without `listen tcp: `.
BAD_LISTENS = {
    "nope": "address nope: missing port in address",
    "::1:5": "address ::1:5: too many colons in address",
    "[::1:5": "address [::1:5: missing ']' in address",
    "127.0.0.1:99999": "address 99999: invalid port",
    "127.0.0.1:-1": "address -1: invalid port",
    "127.0.0.1:abc": "lookup tcp/abc: unknown port",
}
