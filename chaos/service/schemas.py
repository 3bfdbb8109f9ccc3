"""JSON Schemas of what requests carry and answers hold, for the API description."""

from chaos.service.import_token import ALGORITHM

Schema = dict[str, object]

BASE64: Schema = {"type": "string", "contentEncoding": "base64"}
FLAG: Schema = {"type": "boolean"}
INTERVAL: Schema = {"type": "integer", "minimum": 1, "maximum": 12}


def text(shortest: int, longest: int) -> Schema:
    """A text with its limits."""
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def record(required: tuple[str, ...] = (), **fields: Schema) -> Schema:
    """A JSON object with these fields and no other; null stands for an absent optional one."""
    properties = {
        name: field if name in required else {"anyOf": [field, {"type": "null"}]}
        for name, field in fields.items()
    }
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        made["required"] = list(required)
    return made


def array(items: Schema, least: int = 0, most: int | None = None) -> Schema:
    """A list."""
    made: Schema = {"type": "array", "items": items, "minItems": least}
    if most is not None:
        made["maxItems"] = most
    return made


def enveloped(resource: Schema) -> Schema:
    """One resource as a request carries it."""
    metadata: Schema = {"type": "object", "minProperties": 1}
    return record(("metadata", "resources"), metadata=metadata, resources=array(resource, 1, 1))


_SEALED: dict[str, Schema] = {
    "payload": BASE64,
    "encryptedNonce": BASE64,
    "iv": BASE64,
    "encryptionAlgorithm": {"type": "string", "enum": [ALGORITHM]},
}
_AAD = array(text(0, 255), 0, 126)
_DUAL_AUTH = record(("enabled",), enabled=FLAG)
_ROTATION = record(("interval_month",), enabled=FLAG, interval_month=INTERVAL)
_KEY: dict[str, Schema] = {
    "type": text(0, 90),
    "name": text(2, 90),
    "description": text(2, 240),
    "tags": array({"type": "string", "maxLength": 30, "pattern": "^[^<>,:&|]*$"}, 0, 30),
    "aliases": array({"type": "string", "pattern": "^[A-Za-z0-9_-]{2,90}$"}, 0, 5),
    "extractable": FLAG,
    "expirationDate": {"type": "string", "format": "date-time"},
    **_SEALED,
}
_POLICY_OF_KEY: Schema = {
    "oneOf": [
        record(("rotation",), type=text(0, 90), rotation=_ROTATION),
        record(("dualAuthDelete",), type=text(0, 90), dualAuthDelete=_DUAL_AUTH),
    ]
}


def _instance_policy(kind: str, **attributes: Schema) -> Schema:
    required = tuple(attributes) if kind != "keyCreateImportAccess" else ()
    rule = record(
        ("enabled", "attributes") if required else ("enabled",),
        enabled=FLAG,
        attributes=record(required, **attributes),
    )
    named: Schema = {"type": "string", "enum": [kind]}
    return record(("policy_type", "policy_data"), policy_type=named, policy_data=rule)


_POLICY_OF_INSTANCE: Schema = {
    "oneOf": [
        _instance_policy("dualAuthDelete"),
        _instance_policy("metrics"),
        _instance_policy("rotation", interval_month=INTERVAL),
        _instance_policy(
            "allowedNetwork",
            allowed_network={"type": "string", "enum": ["public-and-private", "private-only"]},
        ),
        _instance_policy("allowedIP", allowed_ip=array(text(1, 64), 1, 1000)),
        _instance_policy(
            "keyCreateImportAccess",
            create_root_key=FLAG,
            create_standard_key=FLAG,
            import_root_key=FLAG,
            import_standard_key=FLAG,
            enforce_token=FLAG,
        ),
    ]
}
_KMIP_NAME: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{2,40}$"}

BODIES: dict[str, Schema] = {
    "Key": enveloped(record(("name",), **_KEY)),
    "KeyWithOverrides": enveloped(
        record(("name",), **_KEY, rotation=_ROTATION, dualAuthDelete=_DUAL_AUTH)
    ),
    "KeyPatch": record(("keyRingID",), keyRingID=text(2, 100)),
    "Restore": record(),
    "Wrap": record(plaintext={**BASE64, "minLength": 4}, aad=_AAD),
    "Unwrap": record(("ciphertext",), ciphertext=BASE64, aad=_AAD),
    "Rotate": record((), **_SEALED),
    "KeyPolicies": enveloped(_POLICY_OF_KEY),
    "InstancePolicies": enveloped(_POLICY_OF_INSTANCE),
    "Token": record(
        expiration={"type": "integer", "minimum": 300, "maximum": 86_400},
        maxAllowedRetrievals={"type": "integer", "minimum": 1, "maximum": 500},
    ),
    "KmipAdapter": enveloped(
        record(
            ("profile", "profile_data"),
            name=_KMIP_NAME,
            description=text(0, 240),
            profile={"type": "string", "enum": ["native_1.0"]},
            profile_data=record(("crk_id",), crk_id=text(1, 90)),
        )
    ),
    "KmipCertificate": enveloped(
        record(("certificate",), name=_KMIP_NAME, certificate=text(1, 16_384))
    ),
}
OPTIONAL_BODIES = frozenset({"Restore", "Wrap", "Rotate", "Token"})

_VERSION: Schema = {
    "type": "object",
    "properties": {"id": {"type": "string"}},
    "required": ["id"],
}
_CRYPTOGRAPHIC: dict[str, tuple[str, ...]] = {
    "key_action_wrap": ("ciphertext", "keyVersion"),
    "key_action_unwrap": ("plaintext", "keyVersion"),
    "key_action_rewrap": ("ciphertext", "keyVersion", "rewrappedKeyVersion"),
    "import_token": ("creationDate", "expirationDate", "remainingRetrievals"),
}


def given(kind: str) -> Schema:
    """The schema of an answer whose collection type is ``kind``."""
    if kind in _CRYPTOGRAPHIC:
        return {
            "type": "object",
            "required": list(_CRYPTOGRAPHIC[kind]),
            "properties": {
                "ciphertext": BASE64,
                "plaintext": BASE64,
                "keyVersion": _VERSION,
                "rewrappedKeyVersion": _VERSION,
            },
        }
    return {
        "type": "object",
        "required": ["metadata", "resources"],
        "properties": {
            "metadata": {
                "type": "object",
                "required": ["collectionType", "collectionTotal"],
                "properties": {
                    "collectionType": {"enum": [f"application/vnd.ibm.kms.{kind}+json"]},
                    "collectionTotal": {"type": "integer", "minimum": 0},
                },
            },
            "resources": array({"type": "object"}),
        },
    }


_REASON: Schema = {
    "type": "object",
    "required": ["code", "message", "status", "moreInfo"],
    "properties": {"status": {"type": "integer"}, "code": {"type": "string"}},
}
ERROR: Schema = {
    "type": "object",
    "required": ["metadata", "resources"],
    "properties": {
        "metadata": {"type": "object", "required": ["collectionType", "collectionTotal"]},
        "resources": array(
            {
                "type": "object",
                "required": ["errorMsg"],
                "properties": {"errorMsg": {"type": "string"}, "reasons": array(_REASON, 1)},
            },
            1,
            1,
        ),
    },
}
