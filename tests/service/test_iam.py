"""IAM: tokens for API keys, and whom a token stands for."""

from base64 import urlsafe_b64encode
from random import Random
from urllib.parse import urlencode

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from chaos.exchange import Answer, Request
from chaos.service.iam import API_KEY_GRANT, Iam
from chaos.service.roles import Identity
from chaos.service.tokens import RsaSigner, SecretSigner, Signer, read_token
from tests.service.caller import EPOCH, owner, rsa_key

SECRET = SecretSigner(b"s" * 32)


def make_iam(signer: Signer = SECRET, **people: Identity) -> Iam:
    return Iam(signer, people or {"key": owner()}, entropy=Random(1).randbytes)


def ask(iam: Iam, path: str = "/identity/token", method: str = "POST", **form: str) -> Answer:
    return iam.answer(Request(method, path, (), urlencode(form).encode()), EPOCH)


def code(answer: Answer) -> str:
    document = orjson.loads(answer.body)
    assert set(document) == {"errorCode", "errorMessage", "context"}
    return f"{answer.status} {document['errorCode']}"


@pytest.mark.parametrize("path", ["/identity/token", "/oidc/token"])
def test_an_api_key_gets_a_token_for_an_hour(path: str) -> None:
    iam = make_iam()
    form = {"grant_type": API_KEY_GRANT, "apikey": "key", "response_type": "cloud_iam"}
    document = orjson.loads(ask(iam, path, **form).body)
    constants = {name: document[name] for name in document if name != "access_token"}
    assert constants == {
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": 3600,
        "expiration": EPOCH + 3600,
        "scope": "ibm openid",
    }
    assert iam.verify(document["access_token"], EPOCH + 3599.9) == owner()
    assert iam.verify(document["access_token"], EPOCH + 3600) is None


def test_sdks_find_exp_iat_and_rs256_in_the_token() -> None:
    signer = RsaSigner(rsa_key())
    claims = read_token(signer, make_iam(signer).issue(owner(), EPOCH))
    assert claims is not None
    assert claims["iat"] == EPOCH
    assert claims["exp"] == EPOCH + 3600
    assert signer.algorithm == "RS256"


def test_what_iam_refuses_it_says_as_ibms_does() -> None:
    asleep = Identity("IBMid-2", "account-1", active=False)
    iam = make_iam(SECRET, key=owner(), asleep=asleep)
    assert code(ask(iam, grant_type=API_KEY_GRANT, apikey="unknown")) == "400 BXNIM0415E"
    assert code(ask(iam, grant_type=API_KEY_GRANT, apikey="asleep")) == "400 BXNIM0410E"
    assert code(ask(iam, grant_type=API_KEY_GRANT)) == "400 BXNIM0109E"
    assert code(ask(iam, apikey="key")) == "400 BXNIM0109E"
    assert code(ask(iam, method="GET")) == "405 BXNIM0400E"
    assert code(ask(iam, path="/nothing")) == "404 BXNIM0400E"
    assert code(iam.answer(Request("POST", "/oidc/token", (), b"\xff"), EPOCH)) == "400 BXNIM0109E"


def test_regions_with_the_same_signing_key_take_each_others_tokens() -> None:
    pem = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    south, east = make_iam(RsaSigner.from_pem(pem)), make_iam(RsaSigner.from_pem(pem))
    assert east.verify(south.issue(owner(), EPOCH), EPOCH) == owner()


def test_a_token_of_another_iam_is_nobodys() -> None:
    stranger = make_iam(SecretSigner(b"t" * 32))
    assert make_iam().verify(stranger.issue(owner(), EPOCH), EPOCH) is None


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", ""])
def test_an_unsigned_or_relabelled_token_is_nobodys(algorithm: str) -> None:
    """The classic attacks on JSON Web Tokens: no algorithm, and another one's name."""
    iam = make_iam()
    _, claims, signature = iam.issue(owner(), EPOCH).split(".")
    head = urlsafe_b64encode(orjson.dumps({"alg": algorithm})).rstrip(b"=").decode()
    assert iam.verify(f"{head}.{claims}.{signature}", EPOCH) is None
    assert iam.verify(f"{head}.{claims}.", EPOCH) is None


PARTS = st.from_regex(r"[A-Za-z0-9_-]{0,20}\.[A-Za-z0-9_-]{0,20}\.[A-Za-z0-9_-]{0,9}")


@given(st.text(max_size=60) | PARTS)
def test_no_other_text_is_a_token(text: str) -> None:
    assert make_iam().verify(text, EPOCH) is None


@given(st.integers(min_value=0, max_value=200), st.integers(min_value=1, max_value=255))
def test_a_token_with_any_byte_changed_is_nobodys(place: int, flip: int) -> None:
    iam = make_iam()
    token = bytearray(iam.issue(owner(), EPOCH).encode())
    place %= len(token)
    changed = token[:place] + bytes([token[place] ^ flip]) + token[place + 1 :]
    assert iam.verify(changed.decode("latin-1"), EPOCH) is None


@given(st.integers(min_value=0, max_value=600), st.sampled_from("!= \n%\r$"))
def test_a_token_with_a_character_that_decoders_pass_over_is_nobodys(place: int, more: str) -> None:
    iam = make_iam()
    token = iam.issue(owner(), EPOCH)
    place %= len(token) + 1
    assert iam.verify(token[:place] + more + token[place:], EPOCH) is None


@pytest.mark.parametrize("signer", [SECRET, RsaSigner(rsa_key())])
def test_a_token_has_one_spelling(signer: Signer) -> None:
    iam = make_iam(signer)
    token = iam.issue(owner(), EPOCH)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    taken = [last for last in alphabet if iam.verify(token[:-1] + last, EPOCH)]
    assert taken == [token[-1]]


def test_many_tokens_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.service.iam.REMEMBERED", 3)
    iam = make_iam()
    tokens = [iam.issue(owner(), EPOCH + second) for second in range(10)]
    assert all(iam.verify(token, EPOCH) for token in tokens)
    assert len(iam._verified) <= 3


def test_a_token_of_somebody_who_is_not_active_is_nobodys() -> None:
    asleep = Identity("IBMid-2", "account-1", active=False)
    iam = make_iam(SECRET, key=owner(), asleep=asleep)
    assert iam.verify(iam.issue(asleep, EPOCH), EPOCH) is None
    assert iam.verify(iam.issue(owner(), EPOCH), EPOCH) == owner()
