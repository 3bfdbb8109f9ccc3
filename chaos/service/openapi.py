"""The OpenAPI description of what is served: made of the routes, so that it cannot lag."""

from functools import cache

from chaos.service.admitted import MEDIA
from chaos.service.refusal import ERROR_MEDIA
from chaos.service.routes import CRYPTOGRAPHIC, PREFIX, ROUTES, Route
from chaos.service.schemas import BODIES, ERROR, OPTIONAL_BODIES, Schema, given

TITLE = "Key Protect, as the keychaos twin serves it"
REFUSALS = ("400", "401", "403", "404", "405", "409", "410", "413", "422", "501")
_NUMBER: Schema = {"type": "integer"}
_FLAG: Schema = {"type": "boolean"}
_TEXT: Schema = {"type": "string"}
_QUERY: dict[str, Schema] = {
    "limit": {**_NUMBER, "minimum": 1, "maximum": 5000},
    "offset": {**_NUMBER, "minimum": 0, "maximum": 10**9},
    "totalCount": _FLAG,
    "state": {**_TEXT, "pattern": "^([0-5](,[0-5])*)?$"},
    "extractable": _FLAG,
    "search": _TEXT,
    "sort": {**_TEXT, "enum": ["id", "-state", "creationDate", "-lastRotateDate", "imported,id"]},
    "filter": {**_TEXT, "enum": ["lastRotateDate=none", 'creationDate=gt:"2024-01-01T00:00:00Z"']},
    "force": _FLAG,
    "allKeyStates": _FLAG,
    "policy": _TEXT,
    "urlEncodedResourceCRNQuery": _TEXT,
    "preventKeyDeletion": _FLAG,
    "crk_id": _TEXT,
    "allowExpiringKey": _FLAG,
}
_POLICIES = {
    "keys/*/policies": ["rotation", "dualAuthDelete"],
    "instance/policies": [
        "dualAuthDelete",
        "allowedNetwork",
        "allowedIP",
        "metrics",
        "keyCreateImportAccess",
        "rotation",
    ],
}
_SHAPES: dict[str, Schema] = {
    "alias": {"type": "string", "pattern": "^[A-Za-z0-9_-]{2,90}$"},
    "key_ring": {"type": "string", "pattern": "^[A-Za-z0-9_-]{2,100}$"},
}
# What a creation gives that other operations take: the place of the new id, the parameter's name.
_FEEDS = {
    "post keys": ("$response.body#/resources/0/id", "key"),
    "post kmip_adapters": ("$response.body#/resources/0/id", "kmip_adapter"),
    "post key_rings/*": ("$request.path.key_ring", "key_ring"),
}
_NAMES = {"keys": "key", "aliases": "alias", "registrations": "crn", "certificates": "certificate"}


@cache
def description() -> Schema:
    """The whole document."""
    paths: dict[str, dict[str, Schema]] = {}
    for route in ROUTES:
        if route.action:
            continue
        path, names = _templated(route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, names)
    paths[f"/{PREFIX.strip('/')}/keys/{{key}}"]["post"] = _legacy()
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": "2"},
        "paths": paths,
        "components": {
            "schemas": {**BODIES, "Error": ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                "Refusal": {
                    "description": "Refused.",
                    "content": {ERROR_MEDIA: {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
            },
        },
        "security": [{"token": []}],
    }


def _templated(pattern: str) -> tuple[str, list[str]]:
    words, names = pattern.split("/"), []
    for place, word in enumerate(words):
        if word == "*":
            names.append(_NAMES.get(words[place - 1], words[place - 1].rstrip("s")))
            words[place] = "{" + names[-1] + "}"
    return PREFIX + "/".join(words), names


def _operation(route: Route, names: list[str]) -> Schema:
    made: Schema = {
        "summary": (route.endpoint.__doc__ or "").splitlines()[0],
        "operationId": f"{route.method.lower()} {route.path}",
        "parameters": [*_headers(), *_path(names), *(_query(route, name) for name in route.query)],
        "responses": _responses(route),
    }
    if route.takes:
        made["requestBody"] = _body(route.takes)
    return made


def _legacy() -> Schema:
    """`POST keys/{key}?action=…`: one operation for all actions."""
    actions = [route.action for route in ROUTES if route.action]
    parameter = {
        "name": "action",
        "in": "query",
        "required": True,
        "schema": {"type": "string", "enum": actions},
    }
    kinds = ("key", *(f"key_action_{name}" for name in CRYPTOGRAPHIC))
    shown = {MEDIA.format(kind): {"schema": {"type": "object"}} for kind in kinds}
    answers = {
        "200": {"description": "Done.", "content": shown},
        "201": {"description": "Restored.", "content": shown},
        "204": {"description": "Done."},
    }
    schema: Schema = {"anyOf": [{"$ref": f"#/components/schemas/{n}"} for n in ("Wrap", "Unwrap")]}
    return {
        "summary": "Perform an action on a key.",
        "operationId": "post keys/*?action",
        "deprecated": True,
        "parameters": [*_headers(), *_path(["key"]), parameter],
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {**answers, **_refusals()},
    }


def _headers() -> list[Schema]:
    made: list[Schema] = [
        {"name": "Bluemix-Instance", "in": "header", "required": True, "schema": _TEXT},
        {"name": "Correlation-Id", "in": "header", "schema": _TEXT},
        {"name": "X-Kms-Key-Ring", "in": "header", "schema": _TEXT},
        {"name": "Prefer", "in": "header", "schema": _TEXT},
    ]
    return made


def _path(names: list[str]) -> list[Schema]:
    schemas = [_SHAPES.get(name, {"type": "string", "minLength": 1}) for name in names]
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in zip(names, schemas, strict=True)
    ]


def _query(route: Route, name: str) -> Schema:
    schema: Schema = dict(_QUERY[name])
    if name == "policy":
        schema["enum"] = [*_POLICIES[route.path], ""]
    if name == "limit" and route.gives in ("kmip_adapter", "kmip_client_certificate"):
        schema["maximum"] = 200
    if name == "state" and route.gives == "kmip_object":
        schema["pattern"] = "^([1-6](,[1-6])*)?$"
    return {"name": name, "in": "query", "schema": schema}


def _body(name: str) -> Schema:
    optional = name in OPTIONAL_BODIES
    schema: Schema = {"$ref": f"#/components/schemas/{name}"}
    if optional:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {"required": not optional, "content": {"application/json": {"schema": schema}}}


def _responses(route: Route) -> Schema:
    if route.status >= 400:  # noqa: PLR2004 (what no user may do)
        return _refusals()
    done: Schema = {"description": "Done."}
    if route.gives:
        done["content"] = {MEDIA.format(route.gives): {"schema": given(route.gives)}}
    feeds = _FEEDS.get(f"{route.method.lower()} {route.path}")
    if feeds is not None:
        done["links"] = _links(*feeds)
    answers: Schema = {str(route.status): done, **_refusals()}
    if route.method == "DELETE" and route.path in ("keys/*", "keys/*/purge"):
        shown = {MEDIA.format("key"): {"schema": given("key")}}
        answers["200"] = {"description": "The key, as preferred.", "content": shown}
    return answers


def _links(place: str, name: str) -> Schema:
    """Every operation that takes the new id in its path."""
    takers = [
        f"{route.method.lower()} {route.path}"
        for route in ROUTES
        if not route.action and _templated(route.path)[1][:1] == [name]
    ]
    return {
        taker: {"operationId": taker, "parameters": {f"path.{name}": place}} for taker in takers
    }


def _refusals() -> Schema:
    return {status: {"$ref": "#/components/responses/Refusal"} for status in REFUSALS}
