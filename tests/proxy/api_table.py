"""The cases that both servers must answer alike, built from the facts of api_cases.py."""

from tests.proxy.api_cases import (
    ADD_LATENCY,
    BAD_LISTENS,
    BAD_TOXICS,
    FIELD,
    LATENCY,
    LOCAL,
    MAKE_A,
    MAKE_OFF,
    NO_PAGE,
    SYNTAX,
    TOXICS,
    VALUE,
    A,
    Case,
    Exchange,
    bad,
    delete,
    error,
    get,
    patch,
    post,
    shown,
)

NOT_FOUND = error(404, "proxy not found")
TIMEOUT = (
    '{"attributes":{"timeout":0},"name":"t","type":"timeout","stream":"upstream","toxicity":1}'
)
NO_TOXIC = error(404, "toxic not found")
_POPULATED = 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }'
_CHANGED = (
    'struct { Attributes interface {} "json:\\"attributes\\""; '
    'Toxicity float32 "json:\\"toxicity\\"" }'
)


def populated(proxies: str, failure: tuple[int, str] | None = None) -> tuple[int, str]:
    """The answer to a populate."""
    if failure is None:
        return 201, f'{{"proxies":{proxies}}}'
    return failure[0], f'{failure[1].strip()[:-1]},"proxies":{proxies}}}'


CASES = [
    Case(
        "paths and methods",
        [
            get("/", 404, NO_PAGE),
            get("/nope", 404, NO_PAGE),
            get("/proxies/", 404, NO_PAGE),
            get("/proxies/a/b", 404, NO_PAGE),
            get("/proxies/a/toxics/b/c", 404, NO_PAGE),
            get("/metrics", 404, NO_PAGE),
            Exchange("DELETE", "/proxies", None, 405, ""),
            Exchange("PUT", "/proxies/a", "{}", 405, ""),
            Exchange("OPTIONS", "/proxies", None, 405, ""),
            Exchange("GET", "/reset", None, 405, ""),
            Exchange("GET", "/populate", None, 405, ""),
            Exchange("POST", "/version", "", 405, ""),
            get("/proxies?x=1", 200, "{}"),
        ],
    ),
    Case(
        "a browser is not served",
        [
            Exchange(
                "GET",
                "/proxies",
                None,
                403,
                "User agent not allowed\n",
                headers=(("User-Agent", "Mozilla/5.0"),),
            ),
            Exchange("GET", "/proxies", None, 200, "{}", headers=(("User-Agent", "mozilla/5.0"),)),
            Exchange("GET", "/x", None, 404, NO_PAGE, headers=(("User-Agent", "Mozilla/5.0"),)),
        ],
    ),
    Case(
        "bodies that do not decode",
        [post("/proxies", body, bad(text)) for body, text in SYNTAX.items()],
    ),
    Case(
        "required fields",
        [
            post("/proxies", "null", error(400, "missing required field: name")),
            post("/proxies", '{"a":1} x', error(400, "missing required field: name")),
            post("/proxies", '{"upstream":"u"}', error(400, "missing required field: name")),
            post("/proxies", '{"name":"a"}', error(400, "missing required field: upstream")),
            post(
                "/proxies",
                '{"name":"a","upstream":""}',
                error(400, "missing required field: upstream"),
            ),
        ],
    ),
    Case(
        "create, show, list, delete",
        [
            MAKE_A,
            post("/proxies", A, error(409, "proxy already exists")),
            MAKE_OFF,
            get("/proxies/a", 200, shown("a", LOCAL)),
            get(
                "/proxies",
                200,
                f'{{"a":{shown("a", LOCAL)},"off":{shown("off", "nowhere", on=False)}}}',
            ),
            delete("/proxies/a"),
            get("/proxies/a", *NOT_FOUND),
            delete("/proxies/a", NOT_FOUND),
            patch("/proxies/a", "{}", NOT_FOUND),
            get("/proxies/a/toxics", *NOT_FOUND),
            post("/proxies/a/toxics", "{}", NOT_FOUND),
            get("/proxies/a/toxics/b", *NOT_FOUND),
            patch("/proxies/a/toxics/b", "{}", NOT_FOUND),
            delete("/proxies/a/toxics/b", NOT_FOUND),
        ],
    ),
    Case(
        "names are one segment, decoded",
        [
            post(
                "/proxies",
                '{"name":"a b","upstream":"u","enabled":false}',
                (201, shown("a b", "", on=False)),
            ),
            get("/proxies/a%20b", 200, shown("a b", "", on=False)),
            get("/proxies/a%20b%2Fc", 404, NO_PAGE),
        ],
    ),
    Case(
        "addresses that cannot be listened on",
        [
            post(
                "/proxies",
                f'{{"name":"a","upstream":"u","listen":"{listen}"}}',
                error(500, f"listen tcp: {text}"),
            )
            for listen, text in BAD_LISTENS.items()
        ]
        + [
            post(
                "/proxies",
                '{"name":"a","upstream":"u","listen":"192.0.2.1:80"}',
                error(500, "listen tcp 192.0.2.1:80: bind: cannot assign requested address"),
            ),
            get("/proxies", 200, "{}"),
        ],
    ),
    Case(
        "an update to an address that does not resolve changes nothing",
        [MAKE_A]
        + [
            patch("/proxies/a", f'{{"listen":"{listen}"}}', error(500, text))
            for listen, text in BAD_LISTENS.items()
        ]
        + [get("/proxies/a", 200, shown("a", LOCAL))],
    ),
    Case(
        "an update to an address that cannot be bound leaves the proxy down there",
        [
            MAKE_A,
            ADD_LATENCY,
            patch(
                "/proxies/a",
                '{"listen":"192.0.2.1:80"}',
                error(500, "listen tcp 192.0.2.1:80: bind: cannot assign requested address"),
            ),
            get("/proxies/a", 200, shown("a", "192.0.2.1:80", on=False, toxics=LATENCY)),
        ],
    ),
    Case(
        "updates",
        [
            MAKE_A,
            ADD_LATENCY,
            patch("/proxies/a", "{}", (200, shown("a", LOCAL, toxics=LATENCY))),
            patch("/proxies/a", '{"enabled":null}', (200, shown("a", LOCAL, toxics=LATENCY))),
            patch("/proxies/a", '{"name":"z"}', (200, shown("a", LOCAL, toxics=LATENCY))),
            post(
                "/proxies/a",
                '{"enabled":false}',
                (200, shown("a", LOCAL, on=False, toxics=LATENCY)),
            ),
            patch(
                "/proxies/a",
                '{"upstream":"v"}',
                (200, shown("a", LOCAL, "v", on=False, toxics=LATENCY)),
            ),
            patch("/proxies/a", '{"enabled":true}', (200, shown("a", LOCAL, "v", toxics=LATENCY))),
            patch("/proxies/a", "", bad("EOF")),
            patch("/proxies/a", "[]", bad(VALUE.format("array", "toxiproxy.Proxy"))),
        ],
    ),
    Case(
        "toxics that are refused",
        [MAKE_A]
        + [post("/proxies/a/toxics", body, answer) for body, answer in BAD_TOXICS.items()]
        + [get("/proxies/a/toxics", 200, "[]")],
    ),
    Case(
        "toxics that are taken",
        [MAKE_A] + [post("/proxies/a/toxics", body, (200, json)) for body, json in TOXICS.items()],
    ),
    Case(
        "toxic names are unique over both directions",
        [
            MAKE_A,
            ADD_LATENCY,
            post(
                "/proxies/a/toxics",
                '{"type":"noop","name":"latency_downstream","stream":"upstream"}',
                error(409, "toxic already exists"),
            ),
        ],
    ),
    Case(
        "upstream toxics are listed first",
        [
            MAKE_A,
            ADD_LATENCY,
            post(
                "/proxies/a/toxics",
                '{"type":"timeout","stream":"upstream","name":"t"}',
                (
                    200,
                    TIMEOUT,
                ),
            ),
            get(
                "/proxies/a/toxics",
                200,
                f"[{TIMEOUT},{LATENCY}]",
            ),
        ],
    ),
    Case(
        "updates of toxics",
        [
            MAKE_A,
            ADD_LATENCY,
            get("/proxies/a/toxics/latency_downstream", 200, LATENCY),
            patch(
                "/proxies/a/toxics/latency_downstream",
                '{"attributes":{"jitter":6},"toxicity":0.5,"name":"z","stream":"upstream"}',
                (
                    200,
                    LATENCY.replace('"jitter":0', '"jitter":6').replace(
                        '"toxicity":1', '"toxicity":0.5'
                    ),
                ),
            ),
            post(
                "/proxies/a/toxics/latency_downstream",
                '{"attributes":{"latency":5},"toxicity":null}',
                (
                    200,
                    LATENCY.replace('"latency":9,"jitter":0', '"latency":5,"jitter":6').replace(
                        '"toxicity":1', '"toxicity":0.5'
                    ),
                ),
            ),
            patch("/proxies/a/toxics/latency_downstream", "", bad("EOF")),
            patch(
                "/proxies/a/toxics/latency_downstream", "[]", bad(VALUE.format("array", _CHANGED))
            ),
            patch(
                "/proxies/a/toxics/latency_downstream",
                '{"toxicity":"a"}',
                bad(FIELD.format("string", ".toxicity", "float32")),
            ),
            patch(
                "/proxies/a/toxics/latency_downstream",
                '{"attributes":[]}',
                bad(FIELD.format("array", ".attributes", "toxics.LatencyToxic")),
            ),
            patch(
                "/proxies/a/toxics/latency_downstream",
                '{"attributes":{"latency":"a"}}',
                bad(FIELD.format("string", "LatencyToxic.attributes.latency", "int64")),
            ),
            patch("/proxies/a/toxics/nope", "{}", NO_TOXIC),
            get("/proxies/a/toxics/nope", *NO_TOXIC),
            delete("/proxies/a/toxics/nope", NO_TOXIC),
            delete("/proxies/a/toxics/latency_downstream"),
            get("/proxies/a/toxics", 200, "[]"),
        ],
    ),
    Case(
        "reset enables everything and removes every toxic",
        [
            MAKE_A,
            ADD_LATENCY,
            patch(
                "/proxies/a",
                '{"enabled":false}',
                (200, shown("a", LOCAL, on=False, toxics=LATENCY)),
            ),
            post("/reset", "garbage", (204, "")),
            get("/proxies/a", 200, shown("a", LOCAL)),
        ],
    ),
    Case(
        "populate",
        [
            post("/populate", "[]", populated("null")),
            post("/populate", "null", populated("null")),
            post("/populate", f"[{A}]", populated(f"[{shown('a', LOCAL)}]")),
            post(
                "/populate",
                f'[{{"name":"z","upstream":"u","enabled":false}},{A}]',
                populated(f"[{shown('z', '', on=False)},{shown('a', LOCAL)}]"),
            ),
            ADD_LATENCY,
            post(
                "/populate",
                '[{"name":"a","upstream":"v","listen":"127.0.0.1:0"}]',
                populated(f"[{shown('a', LOCAL, 'v')}]"),
            ),
            post("/populate", "", populated("null", bad("EOF"))),
            post(
                "/populate",
                "{}",
                populated("null", bad(VALUE.format("object", f"[]{_POPULATED}"))),
            ),
            post("/populate", "[5]", populated("null", bad(VALUE.format("number", _POPULATED)))),
            post(
                "/populate",
                '[{"name":1}]',
                populated("null", bad(FIELD.format("number", ".Proxy.name", "string"))),
            ),
            post(
                "/populate",
                '[{"name":"q","upstream":"x","enabled":"x"}]',
                populated("null", bad(FIELD.format("string", ".enabled", "bool"))),
            ),
            post(
                "/populate",
                f"[{A},null]",
                populated("null", error(400, "missing required field: name at proxy 2")),
            ),
            post(
                "/populate",
                '[{"name":"q"}]',
                populated("null", error(400, "missing required field: upstream at proxy 1")),
            ),
            post(
                "/populate",
                '[{"name":"b","upstream":"u","enabled":false},'
                '{"name":"q","upstream":"x","listen":"nope"},'
                '{"name":"c","upstream":"u","enabled":false}]',
                populated(
                    f"[{shown('b', '', on=False)}]",
                    error(500, "listen tcp: address nope: missing port in address"),
                ),
            ),
            get("/proxies/c", *NOT_FOUND),
            post(
                "/populate",
                '[{"name":"a","upstream":"x","listen":"nope"}]',
                populated("null", error(500, "address nope: missing port in address")),
            ),
        ],
    ),
    Case(
        "a populated proxy that stays keeps its toxics",
        [
            MAKE_A,
            ADD_LATENCY,
            post(
                "/populate",
                '[{"name":"a","upstream":"u","listen":"127.0.0.1:<port>"}]',
                populated(f"[{shown('a', LOCAL, toxics=LATENCY)}]"),
            ),
        ],
    ),
    Case(
        "a populated proxy that stays follows `enabled`",
        [
            MAKE_A,
            ADD_LATENCY,
            Exchange(
                "POST",
                "/populate",
                '[{"name":"a","upstream":"u","listen":"127.0.0.1:<port>","enabled":false}]',
                *populated(f"[{shown('a', LOCAL, on=False, toxics=LATENCY)}]"),
                "populate-enabled",
                populated(f"[{shown('a', LOCAL, toxics=LATENCY)}]"),
            ),
        ],
    ),
    Case(
        "a listen address without a host",
        [
            Exchange(
                "POST",
                "/proxies",
                f'{{"name":"e{number}","upstream":"u"{listen}}}',
                201,
                shown(f"e{number}", LOCAL),
                "empty-host",
                (201, shown(f"e{number}", "[::]:<port>")),
            )
            for number, listen in enumerate(["", ',"listen":""', ',"listen":":0"'])
        ],
    ),
    Case(
        "a host that nobody knows",
        [
            Exchange(
                "POST",
                "/proxies",
                '{"name":"a","upstream":"u","listen":"nope.invalid:1"}',
                *error(500, "listen tcp: lookup nope.invalid: no such host"),
                "lookup-text",
                error(500, "listen tcp: lookup nope.invalid on <resolver>: no such host"),
            )
        ],
    ),
    Case(
        "a refused update of a toxic changes nothing",
        [
            MAKE_A,
            ADD_LATENCY,
            patch(
                "/proxies/a/toxics/latency_downstream",
                '{"attributes":{"latency":"a","jitter":6}}',
                bad(FIELD.format("string", "LatencyToxic.attributes.latency", "int64")),
            ),
            Exchange(
                "GET",
                "/proxies/a/toxics/latency_downstream",
                None,
                200,
                LATENCY,
                "half-applied-update",
                (200, LATENCY.replace('"jitter":0', '"jitter":6')),
            ),
        ],
    ),
    Case(
        "packet_loss",
        [
            MAKE_A,
            Exchange(
                "POST",
                "/proxies/a/toxics",
                '{"type":"packet_loss","attributes":{"loss_rate":0.25}}',
                200,
                '{"attributes":{"loss_rate":0.25,"correlation":0},"name":"packet_loss_downstream",'
                '"type":"packet_loss","stream":"downstream","toxicity":1}',
                "packet-loss",
                error(400, "invalid toxic type"),
            ),
        ],
    ),
]
