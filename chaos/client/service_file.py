"""The file that describes a real service to us: regions, addresses, tenants, whose API key.

    api_key_env: KP_API_KEY
    regions:
      us-south: {url: "https://us-south.kms.cloud.ibm.com", instance: 0f1c…}
      us-east: {url: "https://us-east.kms.cloud.ibm.com", instance: 77ab…}
    keys:
      - {us-south: 5d2b…, us-east: 9c1e…}

Regions are in order of preference. ``api_key_env`` names the environment variable that holds the
API key, so that the file holds no secret; a region may name its own, and its own ``iam``. ``keys``
are the ids of one root key in its regions; without it, root keys of one name belong together.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

import yaml

from chaos.errors import ScenarioError

IAM = "https://iam.cloud.ibm.com"
_TOP = ("api_key_env", "iam", "keys", "regions")
_REGION = ("api_key_env", "iam", "instance", "url")


@dataclass(frozen=True, slots=True)
class RegionEntry:
    """One region: where the service and its IAM are, which tenant, which variable has the key."""

    name: str
    url: str
    instance: str
    api_key_env: str
    iam: str


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """A service as its file tells it; ``keys`` map regions to the ids of one root key."""

    path: str
    regions: tuple[RegionEntry, ...]
    keys: tuple[Mapping[str, str], ...]


def read_service(text: str, path: str) -> ServiceFile:
    """The service that a file describes. Raises ScenarioError with file and line."""
    return _Reader(path).read(text)


class _Reader:
    """Reads one file; every complaint names its line."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(self, text: str) -> ServiceFile:
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line if error.problem_mark else 0
            raise ScenarioError(f"{self._path}:{line + 1}: {error.problem}.") from error
        if root is None:
            raise ScenarioError(f"{self._path}: the file is empty; it must name regions.")
        top = self._mapping(root, _TOP)
        if "regions" not in top:
            self._complain(root, "there are no regions")
        default = {name: self._text(node) for name, node in top.items() if name in _REGION}
        regions = tuple(
            self._region(name, node, default)
            for name, node in self._mapping(top["regions"]).items()
        )
        if not regions:
            self._complain(top["regions"], "there are no regions")
        known = tuple(region.name for region in regions)
        keys = self._keys(top["keys"], known) if "keys" in top else ()
        return ServiceFile(self._path, regions, keys)

    def _region(self, name: str, node: yaml.Node, default: Mapping[str, str]) -> RegionEntry:
        members = {key: self._text(value) for key, value in self._mapping(node, _REGION).items()}
        merged = {"iam": IAM, **default, **members}
        for needed in ("url", "instance", "api_key_env"):
            if not merged.get(needed):
                self._complain(node, f"region {name} has no {needed}")
        for address in ("url", "iam"):
            self._check_address(node, merged[address])
        return RegionEntry(
            name,
            merged["url"].rstrip("/"),
            merged["instance"],
            merged["api_key_env"],
            merged["iam"].rstrip("/"),
        )

    def _keys(self, node: yaml.Node, regions: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
        if not isinstance(node, yaml.SequenceNode):
            self._complain(node, "keys must be a list; each entry maps regions to key ids")
        return tuple(
            {name: self._text(value) for name, value in self._mapping(entry, regions).items()}
            for entry in node.value
        )

    def _check_address(self, node: yaml.Node, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            sentence = f"{address!r} is no address; it must be like https://host without a path"
            self._complain(node, sentence)

    def _mapping(
        self, node: yaml.Node, known: tuple[str, ...] | None = None
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._complain(node, "this must be a mapping")
        members: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self._text(key)
            if name in members:
                self._complain(key, f"{name!r} is there twice")
            if known is not None and name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                meant = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}."
                self._complain(key, f"{name!r} is not known here.{meant}".rstrip("."))
            members[name] = value
        return members

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            self._complain(node, "this must be a text")
        return str(node.value)

    def _complain(self, node: yaml.Node, sentence: str) -> NoReturn:
        stop = "" if sentence.endswith("?") else "."
        raise ScenarioError(f"{self._path}:{node.start_mark.line + 1}: {sentence}{stop}")
