from chaos.exchange import Request
from chaos.proxy.api import respond
from chaos.proxy.metrics import metrics
from chaos.proxy.registry import Change, Count, Outcome, ProxyRecord, Registry
from tests.proxy.model import Sockets, answer

_COUNTS = {
    "accepted": 3,
    "live": 1,
    "unreachable": 0,
    "cut": 2,
    "received": {"upstream": 10, "downstream": 20},
    "sent": {"upstream": 10, "downstream": 19},
    "toxics": {"slow": {"eligible": 4, "matched": 3, "injected": 2, "escaped": 1}},
}


def _scraped(name: str) -> str:
    registry: Registry = {name: ProxyRecord(name, "127.0.0.1:1", "u:2", enabled=True)}
    plan = respond(registry, Request("PUT", "/metrics"), "id", metrics(None, proxies=True))
    changes: tuple[Change, ...] = next(plan)
    assert changes == (Count((name,)),)
    outcomes: tuple[Outcome, ...] = ({name: _COUNTS},)
    try:
        plan.send(outcomes)
    except StopIteration as stop:
        text: str = stop.value.body.decode()
        return text
    raise AssertionError


def test_bytes_are_told_in_the_names_and_labels_of_toxiproxy() -> None:
    lines = _scraped("a").splitlines()

    labels = 'listener="127.0.0.1:1",proxy="a",upstream="u:2"'
    assert f'toxiproxy_proxy_received_bytes_total{{direction="upstream",{labels}}} 10' in lines
    assert f'toxiproxy_proxy_sent_bytes_total{{direction="downstream",{labels}}} 19' in lines
    assert "# TYPE toxiproxy_proxy_sent_bytes_total counter" in lines


def test_proof_of_injection_is_told_too() -> None:
    lines = _scraped("a").splitlines()

    assert 'keychaos_proxy_toxic_links{proxy="a",state="injected",toxic="slow"} 2' in lines
    assert 'keychaos_proxy_connections_cut_total{proxy="a"} 2' in lines
    assert 'keychaos_proxy_connections_live{proxy="a"} 1' in lines


def test_labels_are_escaped() -> None:
    assert r'proxy="a\"b\\c\nd"' in _scraped('a"b\\c\nd')


def test_without_leave_there_are_no_metrics() -> None:
    assert metrics(None, proxies=False) == {}
    assert answer({}, Sockets(), Request("GET", "/metrics")).status == 404


def test_gauges_of_the_process_are_told() -> None:
    routes = metrics(lambda: {"process_open_fds": 7.0}, proxies=False)

    given = answer({}, Sockets(), Request("GET", "/metrics"), routes)

    assert (
        given.body
        == b"# HELP process_open_fds \n# TYPE process_open_fds gauge\nprocess_open_fds 7\n"
    )
