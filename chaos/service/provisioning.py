"""Making and removing instances, as IBM Cloud's resource controller does: another API, one path.

Errors and documents have the resource controller's shape, not Key Protect's.
"""

from urllib.parse import unquote

import orjson

from chaos.exchange import Answer, Request
from chaos.service.api import KeyService
from chaos.service.bodies import written
from chaos.service.instance import Instance
from chaos.service.roles import EVERYWHERE, Identity

PATH = "/v2/resource_instances"
NOT_ALLOWED = "Managing instances takes the role Manager."
_JSON = {"content-type": "application/json"}


class ResourceController:
    """Makes, lists and removes the instances of one region for the account that asks."""

    def __init__(self, service: KeyService) -> None:
        self._service = service

    def answer(self, request: Request, now: float) -> Answer:
        """Answer a request under /v2/resource_instances."""
        identity = self._identify(request, now)
        if identity is None:
            return _error(401, "The access token is missing, invalid or expired.")
        name = unquote(request.path.partition("?")[0][len(PATH) :].strip("/"))
        if not name:
            return self._answer_for_all(request, identity, now)
        instance = self._find(name, identity)
        if instance is None:
            return _error(404, "The instance does not exist.")
        return self._answer_for_one(request.method, instance, identity, now)

    def _answer_for_one(
        self, method: str, instance: Instance, identity: Identity, now: float
    ) -> Answer:
        if method == "GET":
            return _said(200, _document(instance))
        if method != "DELETE":
            return _error(405, "An instance is read with GET and removed with DELETE.")
        if "Manager" not in identity.roles(instance.id):
            return _error(403, NOT_ALLOWED)
        self._service.remove_instance(instance.id, now)
        return Answer(204)

    def _answer_for_all(self, request: Request, identity: Identity, now: float) -> Answer:
        if request.method == "POST":
            return self._create(request, identity, now)
        if request.method != "GET":
            return _error(405, "Instances are listed with GET and made with POST.")
        mine = [
            _document(instance)
            for instance in self._service.instances.values()
            if instance.account == identity.account
        ]
        return _said(200, {"rows_count": len(mine), "next_url": None, "resources": mine})

    def _create(self, request: Request, identity: Identity, now: float) -> Answer:
        if "Manager" not in identity.roles(EVERYWHERE):
            return _error(403, NOT_ALLOWED)
        try:
            asked = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            asked = None
        fields = ("name", "target", "resource_group", "resource_plan_id")
        if not isinstance(asked, dict) or not all(
            isinstance(asked.get(field), str) and asked[field] for field in fields
        ):
            return _error(400, "The fields " + ", ".join(fields) + " must be given as strings.")
        region = self._service.region
        if asked["target"] != region:
            return _error(400, f"This address makes instances in {region}; ask the other region's.")
        instance = self._service.add_instance(
            identity.account, name=asked["name"], plan=asked["resource_plan_id"], now=now
        )
        return _said(201, _document(instance))

    def _identify(self, request: Request, now: float) -> Identity | None:
        for name, value in request.headers:
            if name.lower() == "authorization":
                scheme, _, token = value.partition(" ")
                return self._service.iam.verify(token, now) if scheme.lower() == "bearer" else None
        return None

    def _find(self, name: str, identity: Identity) -> Instance | None:
        for instance in self._service.instances.values():
            if name in (instance.id, instance.crn()) and instance.account == identity.account:
                return instance
        return None


def _document(instance: Instance) -> dict[str, object]:
    return {
        "guid": instance.id,
        "id": instance.crn(),
        "crn": instance.crn(),
        "name": instance.name,
        "region_id": instance.region,
        "account_id": instance.account,
        "resource_plan_id": instance.plan,
        "state": "active",
        "type": "service_instance",
        "created_at": written(instance.created),
    }


def _said(status: int, document: dict[str, object]) -> Answer:
    return Answer(status, _JSON, orjson.dumps(document))


def _error(status: int, sentence: str) -> Answer:
    return _said(status, {"message": sentence, "status_code": status})
