"""Error bodies: Key Protect's shape, to the field."""

from typing import Any

import orjson

from chaos.service import refusal


def body(refused: refusal.Refusal) -> dict[str, object]:
    document: Any = orjson.loads(refused.body("Key could not be created"))
    assert document["metadata"] == {
        "collectionType": "application/vnd.ibm.kms.error+json",
        "collectionTotal": 1,
    }
    shown: dict[str, object]
    (shown,) = document["resources"]
    return shown


def test_a_refusal_names_what_failed_its_code_and_the_field() -> None:
    shown = body(refusal.invalid_field("payload", "It is too short"))
    expected = "Bad Request: Key could not be created: Please see `reasons` for more details"
    assert shown["errorMsg"] == expected + " (INVALID_FIELD_ERR)"
    assert shown["reasons"] == [
        {
            "code": "INVALID_FIELD_ERR",
            "message": "It is too short",
            "status": 400,
            "moreInfo": refusal.MORE_ABOUT,
            "target": {"type": "field", "name": "payload"},
        }
    ]


def test_no_access_has_no_reasons() -> None:
    shown = body(refusal.unauthorized())
    assert set(shown) == {"errorMsg"}
    assert str(shown["errorMsg"]).startswith("Unauthorized: ")


def test_an_answer_carries_the_correlation_id() -> None:
    answer = refusal.deleted().answer("It failed", "abc")
    assert answer.status == 410
    assert answer.headers == {"content-type": refusal.ERROR_MEDIA, "correlation-id": "abc"}
