"""The sealed log: nothing acknowledged is lost, nothing in it can be read or moved."""

import os
import struct
from base64 import b64decode
from pathlib import Path
from random import Random

import pytest

from chaos.errors import WorldError
from chaos.service.instance import Instance
from chaos.service.vault import Vault
from tests.service.caller import MATERIAL, Caller, regions

ENTROPY = Random(1).randbytes


def opened(folder: Path) -> tuple[Vault, dict[str, Instance]]:
    vault = Vault(folder, "us-south")
    return vault, vault.load(ENTROPY)


def fill(folder: Path) -> tuple[Caller, str]:
    (south,) = regions("us-south")
    vault, _ = opened(folder)
    south.service._storage = vault
    vault.keep(south.instance, frozenset())
    key = south.create(payload=MATERIAL)["id"]
    vault.close()
    return south, key


def test_keys_are_there_again_after_a_kill(tmp_path: Path) -> None:
    south, key = fill(tmp_path)
    vault, instances = opened(tmp_path)
    assert instances[south.instance.id].keys[key].newest.material == b64decode(MATERIAL)
    vault.close()


def test_a_torn_tail_is_left_out_and_written_over(tmp_path: Path) -> None:
    south, key = fill(tmp_path)
    log = tmp_path / "us-south.log"
    whole = log.read_bytes()
    for torn in (whole + whole[:40], whole + b"\x01", whole + b"\xff\xff\xff\x00half"):
        log.write_bytes(torn)
        vault, instances = opened(tmp_path)
        assert key in instances[south.instance.id].keys
        vault.close()


def test_the_material_is_not_on_the_disk_in_the_open(tmp_path: Path) -> None:
    fill(tmp_path)
    for path in tmp_path.iterdir():
        stored = path.read_bytes()
        assert MATERIAL.encode() not in stored
        assert b64decode(MATERIAL) not in stored
    for name in ("sealing.key", "us-south.log"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_record_that_was_moved_or_left_out_is_noticed(tmp_path: Path) -> None:
    fill(tmp_path)
    log = tmp_path / "us-south.log"
    stored = log.read_bytes()
    (length,) = struct.unpack_from("<I", stored)
    first, rest = stored[: 4 + length], stored[4 + length :]
    flipped = stored[:20] + bytes([stored[20] ^ 1]) + stored[21:]
    for broken in (rest, rest + first, flipped):
        log.write_bytes(broken)
        vault = Vault(tmp_path, "us-south")
        with pytest.raises(WorldError, match="broken or was sealed with another key"):
            vault.load(ENTROPY)
        os.close(vault._lock)


def test_two_processes_do_not_share_a_log(tmp_path: Path) -> None:
    vault, _ = opened(tmp_path)
    with pytest.raises(WorldError, match="Another key service"):
        Vault(tmp_path, "us-south")
    vault.close()


def test_a_folder_that_cannot_be_had_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorldError, match="Keys cannot be kept in"):
        Vault(tmp_path / "file" / "folder", "us-south")


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_change_that_the_disk_does_not_take_whole_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    south, key = fill(tmp_path)
    vault, _ = opened(tmp_path)
    south.service._storage = vault
    whole = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda log, sent: whole(log, sent[: int(share * len(sent))]))
        with pytest.raises(OSError, match="No space left"):
            south.create()
    after = south.create()["id"]
    vault.close()
    vault, instances = opened(tmp_path)
    assert instances[south.instance.id].keys.keys() == {key, after}
    vault.close()


def test_the_log_does_not_grow_with_what_is_superseded(tmp_path: Path) -> None:
    south, key = fill(tmp_path)
    vault, _ = opened(tmp_path)
    size = (tmp_path / "us-south.log").stat().st_size
    south.service._storage = vault
    for _ in range(20):
        south.now += 3601
        south.act(key, "disable")
        south.now += 3601
        south.act(key, "enable")
    assert (tmp_path / "us-south.log").stat().st_size > 10 * size
    vault.close()
    vault, _ = opened(tmp_path)
    assert (tmp_path / "us-south.log").stat().st_size < 2 * size
    vault.close()
