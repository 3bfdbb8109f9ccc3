"""Duplicate keys in two regions: purged at one of them, imported again, and nothing is lost."""

from tests.service.caller import MATERIAL, OTHER_MATERIAL, Caller

HOUR = 3600.0


def later(pair: tuple[Caller, Caller], seconds: float) -> None:
    for caller in pair:
        caller.now += seconds


def test_a_purged_key_is_imported_again_and_opens_what_both_regions_ever_wrapped(
    pair: tuple[Caller, Caller],
) -> None:
    south, east = pair
    keys = [caller.create(payload=MATERIAL)["id"] for caller in pair]
    sealed = [each.wrap(key) for each, key in zip(pair, keys, strict=True)]
    later(pair, HOUR)
    for caller, key in zip(pair, keys, strict=True):
        caller.act(key, "rotate", {"payload": OTHER_MATERIAL})
    sealed += [each.wrap(key) for each, key in zip(pair, keys, strict=True)]
    south.ok("DELETE", f"keys/{keys[0]}")
    for each in sealed:
        assert east.unwrap(keys[1], each["ciphertext"])["plaintext"] == each["plaintext"]
    later(pair, 4 * HOUR)
    south.ok("DELETE", f"keys/{keys[0]}/purge")
    assert south.refused("GET", f"keys/{keys[0]}/metadata") == "404 KEY_NOT_FOUND_ERR"
    # The old material first, then the new one: the same history under a new id.
    again = south.create(payload=MATERIAL)["id"]
    assert again != keys[0]
    south.act(again, "rotate", {"payload": OTHER_MATERIAL})
    for each in sealed:
        assert south.unwrap(again, each["ciphertext"])["plaintext"] == each["plaintext"]
    new = south.wrap(again)
    assert east.unwrap(keys[1], new["ciphertext"])["plaintext"] == new["plaintext"]


def test_nothing_crosses_between_regions_but_what_a_client_carries(
    pair: tuple[Caller, Caller],
) -> None:
    south, east = pair
    south.create(payload=MATERIAL, aliases=["ledger"])
    south.ok("POST", "key_rings/blue")
    assert east.ok("GET", "keys")["resources"] == []
    assert east.refused("GET", "keys/ledger") == "404 KEY_NOT_FOUND_ERR"
    assert [ring["id"] for ring in east.ok("GET", "key_rings")["resources"]] == ["default"]
