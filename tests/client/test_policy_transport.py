"""An existing httpx program gets the policy in one line, and sees what it always saw."""

import asyncio
import base64
import gzip
from collections.abc import Mapping
from dataclasses import replace

import httpx
import orjson
import pytest

from chaos.client.call import Credential, Wiring
from chaos.client.policy_transport import AsyncPolicyTransport, PolicyTransport
from chaos.client.presets import RECOMMENDED
from tests.client.twin import NEWER, Twin, TwinTransport

SHORT = replace(RECOMMENDED, deadline=0.5)
BOTH = pytest.mark.parametrize("kind", ["threads", "asyncio"])


class Program:
    """A program as it may be: it knows one region, one key, one token, and httpx."""

    def __init__(self, kind: str, *, api_key: bool = True) -> None:
        self.twin = Twin()
        self.inner = TwinTransport(self.twin)
        self.kind = kind
        wired = self.twin.wiring()
        if not api_key:
            wired = Wiring("program", wired.targets, Credential("", ""), 0.0)
        self.policy = PolicyTransport(wired, inner=self.inner, policy=SHORT)
        self.async_policy = AsyncPolicyTransport(wired, inner=self.inner, policy=SHORT)
        target = self.twin.targets[0]
        self.url = f"{target.endpoint}/api/v2/keys/{target.key_id}"
        self.headers = {
            "Authorization": f"Bearer {self.twin.token}",
            "Bluemix-Instance": target.instance,
        }

    def send(
        self,
        method: str,
        path: str = "",
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """What the program always did."""
        if self.kind == "threads":
            with httpx.Client(transport=self.policy, headers=self.headers) as client:
                return client.request(method, self.url + path, json=body, headers=headers)

        async def once() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self.async_policy, headers=self.headers
            ) as client:
                return await client.request(method, self.url + path, json=body, headers=headers)

        return asyncio.run(once())


@BOTH
@pytest.mark.parametrize("api_key", [True, False])
def test_a_program_survives_its_region(kind: str, api_key: bool) -> None:  # noqa: FBT001
    program = Program(kind, api_key=api_key)
    wrapped = program.send("POST", "/actions/wrap", {})
    assert wrapped.status_code == 200
    program.inner.meets = lambda host: "refuses" if host == "us-south" else "answers"
    body = {"ciphertext": wrapped.json()["ciphertext"]}
    opened = program.send("POST", "/actions/unwrap", body)
    assert opened.json()["plaintext"] == wrapped.json()["plaintext"]
    assert program.inner.asked[-1].startswith("us-east")


@BOTH
def test_a_programs_own_plaintext_and_additional_data_are_kept(kind: str) -> None:
    program = Program(kind)
    plaintext = base64.b64encode(b"a data key of its own").decode()
    wrapped = program.send("POST", "/actions/wrap", {"plaintext": plaintext, "aad": ["a"]}).json()
    assert "plaintext" not in wrapped
    body = {"ciphertext": wrapped["ciphertext"], "aad": ["a"]}
    assert program.send("POST", "/actions/unwrap", body).json()["plaintext"] == plaintext
    assert program.send("POST", "/actions/unwrap", {**body, "aad": []}).status_code == 422


@BOTH
@pytest.mark.parametrize("api_key", [True, False])
def test_a_programs_own_headers_go_with_it_wherever_it_goes(
    kind: str,
    api_key: bool,  # noqa: FBT001
) -> None:
    program = Program(kind, api_key=api_key)
    program.inner.meets = lambda host: "refuses" if host == "us-south" else "answers"
    own = {"X-Trace": "abc", "Correlation-Id": "mine", "User-Agent": "program/1", "Host": "lie"}
    assert program.send("POST", "/actions/wrap", {}, own).status_code == 200
    asked = program.inner.requests
    assert [request.url.host for request in asked] == ["us-south", "us-south", "us-east"]
    for request in asked:
        assert request.headers["x-trace"] == "abc"
        assert request.headers.get_list("correlation-id") == ["mine"]
        assert request.headers["user-agent"] == "program/1"
        assert request.headers["host"] == request.url.host
        assert request.headers["content-type"] == "application/vnd.ibm.kms.key_action_wrap+json"
    east = program.twin.targets[1]
    assert asked[-1].headers.get_list("bluemix-instance") == [east.instance]
    assert asked[-1].headers.get_list("authorization") == [f"Bearer {program.twin.token}"]


@BOTH
def test_the_token_service_sees_none_of_a_programs_headers(kind: str) -> None:
    program = Program(kind)
    for policy in (program.policy, program.async_policy):
        policy._program.client.tokens.due = policy._program.client.tokens.expires = -1.0
    assert program.send("POST", "/actions/wrap", {}, {"X-Trace": "abc"}).status_code == 200
    traces = [
        (request.url.host, "x-trace" in request.headers) for request in program.inner.requests
    ]
    assert traces == [("iam", False), ("us-south", True)]


@BOTH
def test_the_legacy_form_of_an_action_is_one_too(kind: str) -> None:
    program = Program(kind)
    wrapped = program.send("POST", "?action=wrap", {}).json()
    program.inner.meets = lambda host: "refuses" if host == "us-south" else "answers"
    opened = program.send("POST", "?action=unwrap", {"ciphertext": wrapped["ciphertext"]})
    assert opened.json()["plaintext"] == wrapped["plaintext"]
    assert program.inner.asked[-1].startswith("us-east")


@BOTH
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/actions/rotate", {"payload": NEWER, "encryptedNonce": "bm9uY2U=", "iv": "aXY="}),
        ("/restore", {"payload": NEWER}),
        ("?action=wrap&other=1", {}),
        ("/actions/wrap", {"aad": 5}),
    ],
)
def test_a_request_that_says_more_than_we_carry_is_left_as_it_is(
    kind: str, path: str, body: object
) -> None:
    program = Program(kind)
    program.inner.meets = lambda _: "503"
    assert program.send("POST", path, body).status_code == 503
    (request,) = program.inner.requests
    assert orjson.loads(request.read()) == body
    assert str(request.url).endswith(path)


@BOTH
def test_a_compressed_answer_is_handed_over_in_clear(kind: str) -> None:
    program = Program(kind)
    answer = program.inner._answer

    def compressed(meets: str, request: httpx.Request) -> httpx.Response:
        plain = answer(meets, request)
        zipped = gzip.compress(plain.content)
        return httpx.Response(
            plain.status_code, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(zipped)
        )

    program.inner._answer = compressed  # type: ignore[method-assign]
    assert program.send("POST", "/actions/wrap", {}).json()["plaintext"]
    program.inner._answer = lambda *_: httpx.Response(  # type: ignore[method-assign]
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")
    )
    with pytest.raises(httpx.RemoteProtocolError, match="truncated"):
        program.send("POST", "/actions/wrap", {})


@BOTH
def test_a_rotation_is_made_once_and_repeated_at_the_backup(kind: str) -> None:
    program = Program(kind)
    assert program.send("POST", "/actions/rotate", {"payload": NEWER}).status_code == 204
    rotated = [path.split("/")[0] for path in program.inner.asked if path.endswith("rotate")]
    assert rotated == ["us-south", "us-east"]


@BOTH
def test_what_is_none_of_the_policys_business_passes_through(kind: str) -> None:
    program = Program(kind)
    assert program.send("GET").json()["resources"][0]["name"] == "root"
    assert program.send("GET", "/metadata").status_code == 200
    other = Program(kind)
    other.url = other.url[:-1] + "0"
    assert other.send("POST", "/actions/wrap", {}).status_code == 404
    assert program.send("POST", "/actions/unwrap", [1]).status_code == 400


@BOTH
def test_a_no_of_the_service_is_the_programs_answer(kind: str) -> None:
    program = Program(kind)
    answer = program.send("POST", "/actions/unwrap", {"ciphertext": "bm9uc2Vuc2U="})
    assert answer.status_code in (400, 422)
    assert answer.json()["resources"][0]["errorMsg"]


@BOTH
def test_where_no_answer_came_the_program_sees_httpxs_exception(kind: str) -> None:
    program = Program(kind)
    program.inner.meets = lambda _: "refuses"
    with pytest.raises(httpx.ConnectError):
        program.send("POST", "/actions/wrap", {})
    program = Program(kind)
    program.inner.meets = lambda _: "truncates"
    with pytest.raises(httpx.RemoteProtocolError):
        program.send("POST", "/actions/wrap", {})
    program = Program(kind)
    for policy in (program.policy, program.async_policy):
        for index in (0, 1):
            policy._program.client.route.hold(index, 1e9, 0.0, 0)
    with pytest.raises(httpx.ConnectError, match="left alone"):
        program.send("POST", "/actions/wrap", {})


def test_the_usual_transports_are_used_where_none_is_given() -> None:
    wiring = Twin().wiring()
    PolicyTransport(wiring).close()
    asyncio.run(AsyncPolicyTransport(wiring).aclose())
