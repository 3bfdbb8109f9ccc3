"""The sealed database: nothing acknowledged is lost, nothing in it can be read or moved."""

import sqlite3
from base64 import b64decode
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from chaos.errors import WorldError
from chaos.service.instance import Instance
from chaos.service.vault import Vault
from tests.service.caller import MATERIAL, Caller, regions

ENTROPY = Random(1).randbytes
ROWS = "SELECT key, sealed FROM kept"


def opened(folder: Path) -> tuple[Vault, dict[str, Instance]]:
    vault = Vault(folder, "us-south")
    return vault, vault.load(ENTROPY)


def fill(folder: Path) -> tuple[Caller, str]:
    (south,) = regions("us-south")
    vault, _ = opened(folder)
    south.service._storage = vault
    vault.keep(south.instance, frozenset(), south.now)
    key = south.create(payload=MATERIAL)["id"]
    vault.close()
    return south, key


def test_keys_are_there_again_after_a_kill(tmp_path: Path) -> None:
    south, key = fill(tmp_path)
    vault, instances = opened(tmp_path)
    assert instances[south.instance.id].keys[key].newest.material == b64decode(MATERIAL)
    vault.close()


def test_the_material_is_not_on_the_disk_in_the_open(tmp_path: Path) -> None:
    fill(tmp_path)
    for path in tmp_path.iterdir():
        stored = path.read_bytes()
        assert MATERIAL.encode() not in stored
        assert b64decode(MATERIAL) not in stored
    for name in ("sealing.key", "us-south.sqlite"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def copied(folder: Path, to: Path, most: int | None = None) -> Path:
    """What a kill leaves: the files as they are, the log of changes cut after so many bytes."""
    to.mkdir()
    for path in folder.glob("*.*"):
        content = path.read_bytes()
        (to / path.name).write_bytes(content[:most] if path.name.endswith("-wal") else content)
    return to


def test_what_a_kill_leaves_has_every_change_that_was_acknowledged(tmp_path: Path) -> None:
    (south,) = regions("us-south")
    lived = tmp_path / "lived"
    vault, _ = opened(lived)
    south.service._storage = vault
    vault.keep(south.instance, frozenset(), south.now)
    states: list[dict[str, tuple[int, int]]] = [{}]
    sizes = [(lived / "us-south.sqlite-wal").stat().st_size]
    for step in range(12):
        south.now += 3601.0
        key = south.create(aliases=[f"alias-{step}"])["id"]
        south.act(key, "rotate")
        if step % 3 == 0:
            south.ok("DELETE", f"keys/{key}")
        sizes.append((lived / "us-south.sqlite-wal").stat().st_size)
        keys = south.instance.keys.values()
        states.append({each.id: (each.state, len(each.versions)) for each in keys})
        dead, instances = opened(copied(lived, tmp_path / f"dead-{step}"))
        assert instances[south.instance.id] == south.instance
        dead.close()
    # A log that is torn anywhere gives a state between the last whole change and the next one.
    for number, size in enumerate(range(sizes[0], sizes[-1], (sizes[-1] - sizes[0]) // 31)):
        dead, instances = opened(copied(lived, tmp_path / f"torn-{number}", size))
        found = instances[south.instance.id].keys
        whole = states[max(place for place, each in enumerate(sizes) if each <= size)]
        assert whole.keys() <= found.keys()
        dead.close()
    vault.close()


def alter(folder: Path, statement: str) -> None:
    """Change the database behind its owner's back."""
    with closing(sqlite3.connect(folder / "us-south.sqlite")) as database, database:
        database.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kept SET key = 'another' WHERE key != ''",
        "UPDATE kept SET instance = 'another'",
        "UPDATE kept SET sealed = substr(sealed, 1, length(sealed) - 1)",
        "UPDATE kept SET sealed = x'00'",
        "UPDATE kept SET sealed = (SELECT sealed FROM kept WHERE key = '') WHERE key != ''",
        "PRAGMA user_version = 99",
    ],
)
def test_a_row_that_was_altered_or_stands_for_another_is_noticed(
    tmp_path: Path, statement: str
) -> None:
    fill(tmp_path)
    alter(tmp_path, statement)
    with pytest.raises(WorldError, match="broken or was sealed with another key"):
        _reopened(tmp_path)


def _reopened(folder: Path) -> None:
    vault = Vault(folder, "us-south")
    try:
        vault.load(ENTROPY)
    finally:
        vault.close()


def test_another_sealing_key_or_another_file_is_noticed(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "sealing.key").write_bytes(bytes(32))
    with pytest.raises(WorldError, match="sealed with another key"):
        _reopened(tmp_path)
    (tmp_path / "us-south.sqlite").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(WorldError, match="move it away"):
        _reopened(tmp_path)


def test_two_processes_do_not_share_a_database(tmp_path: Path) -> None:
    vault, _ = opened(tmp_path)
    with pytest.raises(WorldError, match="Another key service"):
        Vault(tmp_path, "us-south")
    vault.close()


def test_a_folder_that_cannot_be_had_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorldError, match="Keys cannot be kept in"):
        Vault(tmp_path / "file" / "folder", "us-south")


def _fill_up(south: Caller) -> None:
    for _ in range(100):
        south.create(name="x" * 90, description="y" * 240)


def test_a_change_that_the_disk_does_not_take_whole_is_taken_back(tmp_path: Path) -> None:
    south, key = fill(tmp_path)
    vault, _ = opened(tmp_path)
    south.service._storage = vault
    (pages,) = vault._database.execute("PRAGMA page_count").fetchone()
    vault._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OSError, match="No space left"):
        _fill_up(south)
    made = set(south.instance.keys)
    dead, instances = opened(copied(tmp_path, tmp_path / "dead"))
    # All that were acknowledged are there; the one that was not is not.
    assert key in instances[south.instance.id].keys
    assert len(made - instances[south.instance.id].keys.keys()) == 1
    dead.close()
    vault._database.execute("PRAGMA max_page_count = 1000000")
    after = south.create()["id"]
    vault.close()
    # Who did not die has kept that one as well, before it served anything else.
    vault, instances = opened(tmp_path)
    assert instances[south.instance.id].keys.keys() == made | {after}
    vault.close()


def test_a_purged_key_leaves_nothing_and_the_database_does_not_grow(tmp_path: Path) -> None:
    south, key = fill(tmp_path)
    vault, _ = opened(tmp_path)
    south.service._storage = vault
    size = (tmp_path / "us-south.sqlite").stat().st_size
    for _ in range(50):
        south.now += 5 * 3600.0
        other = south.create()["id"]
        south.ok("DELETE", f"keys/{other}")
        south.now += 5 * 3600.0
        south.ok("DELETE", f"keys/{other}/purge")
    vault.close()
    assert (tmp_path / "us-south.sqlite").stat().st_size <= size + 8192
    vault, instances = opened(tmp_path)
    assert instances[south.instance.id].keys.keys() == {key}
    vault.close()


def sealed_rows(vault: Vault, key: str) -> list[bytes]:
    """The key as it is sealed, once for each time that it was written."""
    return [sealed for name, sealed in vault._database.execute(ROWS) if name == key]


def found(folder: Path, sealed: bytes) -> list[str]:
    return [path.name for path in folder.iterdir() if sealed[12:] in path.read_bytes()]


def test_the_bytes_of_a_purged_key_are_in_no_file(tmp_path: Path) -> None:
    south, _ = fill(tmp_path)
    vault, _ = opened(tmp_path)
    south.service._storage = vault
    key = south.create()["id"]
    sealed = sealed_rows(vault, key)
    south.act(key, "rotate")
    sealed += sealed_rows(vault, key)
    south.ok("DELETE", f"keys/{key}")
    sealed += sealed_rows(vault, key)
    assert len(set(sealed)) == 3
    assert all(found(tmp_path, each) for each in sealed)
    south.now += 5 * 3600.0
    south.ok("DELETE", f"keys/{key}/purge")
    assert [found(tmp_path, each) for each in sealed] == [[], [], []]
    vault.close()


def test_a_log_that_cannot_be_emptied_is_with_the_next_change(tmp_path: Path) -> None:
    south, key = fill(tmp_path)
    vault, _ = opened(tmp_path)
    south.service._storage = vault
    (sealed,) = sealed_rows(vault, key)
    south.ok("DELETE", f"keys/{key}")
    south.now += 5 * 3600.0
    reading = vault._database.execute("SELECT * FROM kept")  # while it reads, the log is needed
    reading.fetchone()
    south.ok("DELETE", f"keys/{key}/purge")
    assert south.refused("GET", f"keys/{key}") == "404 KEY_NOT_FOUND_ERR"
    assert found(tmp_path, sealed) != []
    reading.close()
    south.create()
    assert found(tmp_path, sealed) == []
    vault.close()


def test_the_bytes_of_a_removed_tenant_are_in_no_file(tmp_path: Path) -> None:
    south, key = fill(tmp_path)
    vault, _ = opened(tmp_path)
    south.service._storage = vault
    (sealed,) = sealed_rows(vault, key)
    south.service.remove_instance(south.instance.id)
    assert found(tmp_path, sealed) == []
    vault.close()


def test_regions_share_a_folder_and_its_sealing_key(tmp_path: Path) -> None:
    fill(tmp_path)
    sealing_key = (tmp_path / "sealing.key").read_bytes()
    vault, _ = opened(tmp_path)
    east = Vault(tmp_path, "us-east")
    assert east.load(ENTROPY) == {}
    east.close()
    vault.close()
    assert (tmp_path / "sealing.key").read_bytes() == sealing_key
    # A row of one region is no row of another.
    (tmp_path / "us-south.sqlite").rename(tmp_path / "us-east.sqlite")
    east = Vault(tmp_path, "us-east")
    with pytest.raises(WorldError, match="sealed with another key"):
        east.load(ENTROPY)
    east.close()
