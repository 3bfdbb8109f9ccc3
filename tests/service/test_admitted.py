"""What endpoints are given, and how they answer."""

from random import Random

import orjson

from chaos.service.admitted import Admitted
from tests.service.caller import owner
from tests.service.test_instance import tenant


def admitted(*, writes: bool) -> Admitted:
    entropy = Random(1).randbytes
    asked = Admitted(tenant("one"), owner(), frozenset(), 0.0, entropy, "abc", writes=writes)
    asked.path = ("one",)
    return asked


def test_a_collection_counts_its_resources_and_takes_more_metadata() -> None:
    answer = admitted(writes=False).collection("key", [1, 2], 201, {"totalCount": 9})
    assert answer.status == 201
    assert answer.headers["correlation-id"] == "abc"
    assert orjson.loads(answer.body)["metadata"] == {
        "collectionType": "application/vnd.ibm.kms.key+json",
        "collectionTotal": 2,
        "totalCount": 9,
    }


def test_an_empty_answer_has_no_media_type() -> None:
    assert admitted(writes=False).empty(200, {"key-total": "3"}).headers == {
        "correlation-id": "abc",
        "key-total": "3",
    }


def test_a_key_that_a_writer_finds_is_noted_as_touched() -> None:
    reader, writer = admitted(writes=False), admitted(writes=True)
    assert reader.key().id == writer.key().id == "one"
    assert reader.instance.touched == set()
    assert writer.instance.touched == {"one"}
