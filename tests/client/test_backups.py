"""What is said of each pair of root keys, and what to do about it."""

from dataclasses import replace

import pytest

from chaos.client.backups import (
    Opens,
    RootKey,
    Row,
    Standing,
    alone,
    exit_code,
    idle,
    judge,
    pairs,
    table,
    telling,
    unasked,
    waiting,
)
from chaos.client.service_file import RegionEntry, ServiceFile

SOUTH = RootKey("us-south", "k-1", "orders", imported=True, state=1)
EAST = RootKey("us-east", "k-2", "orders", imported=True, state=1)
SERVICE = ServiceFile(
    "service.yaml",
    tuple(RegionEntry(name, "http://h", "i", "K", "http://i") for name in ("us-south", "us-east")),
    (),
)
YES, NO = Opens("opened"), Opens("refused", "422")
WRONG, UNKNOWN = Opens("wrong"), Opens("unknown", "unwrap in us-east: 403")


@pytest.mark.parametrize(
    ("there", "back", "standing", "todo"),
    [
        (YES, YES, "in step", ""),
        (NO, YES, "backup is behind", "Rotate it in us-east with the material"),
        (YES, NO, "original is behind", "Rotate it in us-south with the material"),
        (NO, NO, "other material", "If k-2 in us-east once had the same material, rotate both"),
        (WRONG, YES, "wrong plaintext", "ticket"),
        (YES, WRONG, "wrong plaintext", "ticket"),
        (UNKNOWN, YES, "not checked", "unwrap in us-east: 403"),
        (YES, UNKNOWN, "not checked", "unwrap in us-east: 403"),
    ],
)
def test_a_pair_is_judged_by_what_each_opens_of_the_other(
    there: Opens, back: Opens, standing: Standing, todo: str
) -> None:
    row = judge(SOUTH, EAST, there, back)
    assert row.standing == standing
    assert todo in row.todo
    assert bool(row.todo) == (standing != "in step")


def test_keys_of_one_name_belong_together_and_the_first_region_has_the_original() -> None:
    lonely = replace(EAST, key_id="k-3", name="invoices")
    assert pairs(SERVICE, [EAST, lonely, SOUTH]) == [(SOUTH, [EAST]), (lonely, [])]


def test_the_files_word_goes_before_names() -> None:
    other = replace(EAST, key_id="k-9", name="orders-backup")
    service = replace(SERVICE, keys=({"us-south": "k-1", "us-east": "k-9"},))
    assert pairs(service, [SOUTH, EAST, other]) == [(SOUTH, [other]), (EAST, [])]


def test_a_key_that_the_file_names_and_no_region_lists_is_not_there() -> None:
    service = replace(SERVICE, keys=({"us-south": "k-1", "us-east": "k-7"},))
    ((original, (backup,)),) = pairs(service, [SOUTH])
    row = idle(original, backup)
    assert row is not None
    assert row.todo == "Mend this first: k-7 is not there in us-east."


def test_namesakes_in_one_region_are_each_an_original() -> None:
    second = replace(SOUTH, key_id="k-5")
    assert pairs(SERVICE, [SOUTH, second, EAST]) == [(SOUTH, [EAST]), (second, [EAST])]


def test_a_namesake_without_the_material_is_not_held_against_a_key_that_has_a_backup() -> None:
    good = judge(SOUTH, EAST, YES, YES)
    other = judge(SOUTH, replace(EAST, key_id="k-4"), NO, NO)
    assert telling([other, good]) == [good]
    assert telling([other]) == [other]


def test_a_key_that_is_not_active_is_not_tried() -> None:
    row = idle(SOUTH, replace(EAST, state=2))
    assert row is not None
    assert row.todo == "Mend this first: k-2 is suspended in us-east."
    assert idle(SOUTH, EAST) is None


def test_a_newest_version_that_the_service_generated_cannot_be_repeated() -> None:
    generated = replace(SOUTH, imported=False)
    assert "rotate both" in judge(generated, EAST, NO, YES).todo
    assert "rotate both" not in judge(generated, EAST, YES, NO).todo


def test_a_region_that_cannot_be_asked_leaves_its_keys_open() -> None:
    region = unasked("us-east", "it refuses")
    key = waiting(SOUTH, ["us-east"])
    assert (region.standing, region.todo) == ("not asked", "Mend this first: it refuses.")
    assert (key.standing, key.todo) == ("not checked", "Ask again when us-east can be asked.")
    assert exit_code([region, key]) == 5


def test_a_generated_key_cannot_be_duplicated_and_that_is_said() -> None:
    assert "Import its material" in alone(SOUTH).todo
    assert "cannot be duplicated" in alone(replace(SOUTH, imported=False)).todo


def test_the_exit_code_is_0_only_when_all_are_in_step() -> None:
    good = judge(SOUTH, EAST, YES, YES)
    assert exit_code([good, good]) == 0
    assert exit_code([]) == 0
    assert exit_code([good, alone(SOUTH)]) == 1


def test_the_table_is_aligned() -> None:
    lines = table(
        [judge(SOUTH, EAST, YES, YES), Row("a longer name", "eu-de", "", "no backup", "Do.")]
    )
    assert lines == [
        "root key       region    backup   standing   what to do",
        "orders         us-south  us-east  in step    -",
        "a longer name  eu-de     -        no backup  Do.",
    ]
