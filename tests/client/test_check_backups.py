"""The check against the twin: every way in which a backup can be worth nothing."""

from collections.abc import Callable

import httpx
import pytest

from chaos.client.backups import Row, exit_code
from chaos.client.check_backups import check
from chaos.client.service_file import ServiceFile, read_service
from chaos.errors import ScenarioError, WorldError
from tests.client.live import two_regions
from tests.client.twin import API_KEY, MATERIAL, NEWER, Twin, TwinTransport

ENVIRON = {"KP_API_KEY": API_KEY}
ROOT = "application/vnd.ibm.kms.key+json"


class Rig:
    """A twin, the file that describes it, and what the check says of it."""

    def __init__(self) -> None:
        self.twin = Twin()
        self.transport = TwinTransport(self.twin)

    def file(self) -> ServiceFile:
        regions = "".join(
            f"  {target.region}: {{url: '{target.endpoint}', instance: {target.instance}}}\n"
            for target in self.twin.targets
        )
        return read_service(f"api_key_env: KP_API_KEY\niam: http://iam\nregions:\n{regions}", "f")

    def rows(self) -> list[Row]:
        return check(self.file(), ENVIRON, self.transport, deadline=0.5)

    def act(self, region: int, action: str, body: object = None) -> None:
        target = self.twin.targets[region]
        self.twin.ask(target.region, "POST", f"/api/v2/keys/{target.key_id}/actions/{action}", body)

    def create(self, region: str, name: str, material: str = "") -> None:
        key = {"type": ROOT, "name": name, "extractable": False}
        if material:
            key["payload"] = material
        metadata = {"collectionType": ROOT, "collectionTotal": 1}
        self.twin.ask(region, "POST", "/api/v2/keys", {"metadata": metadata, "resources": [key]})


def test_a_duplicate_with_the_same_material_is_in_step() -> None:
    rig = Rig()
    rows = rig.rows()
    assert rows == [Row("root", "us-south", "us-east", "in step", "")]
    assert exit_code(rows) == 0
    assert sum(path == "iam/identity/token" for path in rig.transport.asked) == 2


@pytest.mark.parametrize(
    ("region", "standing"), [(0, "backup is behind"), (1, "original is behind")]
)
def test_a_rotation_that_was_not_repeated_is_found(region: int, standing: str) -> None:
    rig = Rig()
    rig.act(region, "rotate", {"payload": NEWER})
    (row,) = rig.rows()
    assert row.standing == standing
    rig.act(1 - region, "rotate", {"payload": NEWER})
    assert rig.rows()[0].standing == "in step"


def test_keys_without_a_backup_and_namesakes_of_other_material_are_found() -> None:
    rig = Rig()
    rig.create("us-south", "generated")
    rig.create("us-south", "alone", MATERIAL)
    rig.create("us-south", "namesake", MATERIAL)
    rig.create("us-east", "namesake", NEWER)
    rig.create("us-east", "only-east", NEWER)
    found = {row.name: row for row in rig.rows()}
    assert {name: row.standing for name, row in found.items()} == {
        "root": "in step",
        "generated": "no backup",
        "alone": "no backup",
        "namesake": "other material",
        "only-east": "no backup",
    }
    assert "cannot be duplicated" in found["generated"].todo
    assert exit_code(list(found.values())) == 1


def test_a_disabled_backup_is_not_tried() -> None:
    rig = Rig()
    rig.act(1, "disable")
    (row,) = rig.rows()
    assert (row.standing, "state 2" in row.todo) == ("not checked", True)


def test_more_keys_than_one_page_lists_are_all_checked() -> None:
    rig = Rig()
    for number in range(205):
        rig.create("us-south", f"key-{number:03d}", MATERIAL)
    assert len(rig.rows()) == 206


def only(fails: str, then: str) -> Callable[[TwinTransport], None]:
    """Requests whose path ends so meet that."""

    def arrange(transport: TwinTransport) -> None:
        transport.meets = lambda _: then if transport.asked[-1].endswith(fails) else "answers"

    return arrange


@pytest.mark.parametrize("path", ["/wrap", "/unwrap"])
def test_a_region_that_lists_and_does_not_serve_is_told_as_not_checked(path: str) -> None:
    rig = Rig()
    only(path, "403")(rig.transport)
    (row,) = rig.rows()
    assert (row.standing, f"{path[1:]} in us-" in row.todo) == ("not checked", True)


@pytest.mark.parametrize("meets", ["refuses", "403"])
def test_a_region_that_cannot_be_asked_ends_the_check(meets: str) -> None:
    rig = Rig()
    rig.transport.meets = lambda host: meets if host == "us-east" else "answers"
    with pytest.raises(WorldError, match="us-east at http://us-east does not list its keys"):
        rig.rows()


@pytest.mark.parametrize(
    ("token", "told"),
    [(b"[1]", "token"), (b'{"access_token":"t","expires_in":3600}', "as Key Protect does")],
)
def test_something_else_at_the_address_ends_the_check(token: bytes, told: str) -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        iam = request.url.path.startswith("/identity")
        return httpx.Response(200, content=token if iam else b"[1]")

    with pytest.raises(WorldError, match=told):
        check(Rig().file(), ENVIRON, httpx.MockTransport(answers), deadline=0.5)


def test_a_missing_api_key_is_the_users_to_set() -> None:
    with pytest.raises(ScenarioError, match="KP_API_KEY, which is not set"):
        check(Rig().file(), {})


@pytest.mark.slow
def test_real_processes_are_checked_by_the_same_file() -> None:
    with two_regions() as live:
        regions = "".join(
            f"  {target.region}: {{url: '{target.endpoint}', instance: {target.instance}}}\n"
            for target in live.targets
        )
        iam = live.credential.endpoint
        service = read_service(f"api_key_env: KP_API_KEY\niam: {iam}\nregions:\n{regions}", "f")
        assert [row.standing for row in check(service, ENVIRON)] == ["in step"]
        live.rotate(0, NEWER)
        assert [row.standing for row in check(service, ENVIRON)] == ["backup is behind"]
        live.rotate(1, NEWER)
        assert [row.standing for row in check(service, ENVIRON)] == ["in step"]
        live.processes["us-south"].kill()
        live.processes["us-south"].wait()
        with pytest.raises(WorldError, match="us-south"):
            check(service, ENVIRON)
