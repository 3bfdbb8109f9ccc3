import pytest

from chaos.proxy.address import Bindable, dialled, looked_up, numeric
from chaos.proxy.registry import Problem


@pytest.mark.parametrize(
    ("listen", "found"),
    [
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("127.0.0.1:", "127.0.0.1:0"),
        ("127.0.0.1:http", "127.0.0.1:80"),
        ("127.0.0.1:+5", "127.0.0.1:5"),
        ("[::1]:5", "[::1]:5"),
        ("localhost:0", "127.0.0.1:0"),
        ("", "127.0.0.9:0"),
        (":7", "127.0.0.9:7"),
        ("0.0.0.0:7", "0.0.0.0:7"),
    ],
)
def test_a_listen_address_is_looked_up_ipv4_first(listen: str, found: str) -> None:
    bindable = looked_up(listen, "127.0.0.9")

    assert isinstance(bindable, Bindable)
    assert str(bindable) == found


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        ("nope", "address nope: missing port in address"),
        ("::1:5", "address ::1:5: too many colons in address"),
        ("[::1:5", "address [::1:5: missing ']' in address"),
        ("127.0.0.1:65536", "address 65536: invalid port"),
        ("127.0.0.1:-1", "address -1: invalid port"),
        ("127.0.0.1:nonsense", "lookup tcp/nonsense: unknown port"),
        (f"{'a' * 70}.b:1", f"lookup {'a' * 70}.b: no such host"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_go(listen: str, said: str) -> None:
    assert looked_up(listen, "127.0.0.1") == Problem(said)


@pytest.mark.parametrize(
    ("upstream", "to"),
    [
        ("db:5432", ("db", 5432)),
        ("[::1]:80", ("::1", 80)),
        (":80", ("127.0.0.1", 80)),
        ("nonsense", ("", 0)),
        ("db:99999", ("db", 0)),
    ],
)
def test_any_text_is_an_upstream_until_it_is_dialled(upstream: str, to: tuple[str, int]) -> None:
    assert dialled(upstream) == to


def test_only_names_need_a_resolver() -> None:
    needless = ["", ":80", "127.0.0.1:80", "[::1]:80", "nonsense"]

    assert all(numeric(listen) for listen in needless)
    assert not numeric("localhost:80")
