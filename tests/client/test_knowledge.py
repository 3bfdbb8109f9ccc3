"""What the calls of one client share: the requests that are made of it."""

from random import Random

from chaos.client.call import Work
from chaos.client.knowledge import Knowledge
from chaos.client.presets import RECOMMENDED
from tests.client.playing import wiring


def test_headers_are_made_anew_only_once_the_token_has_changed() -> None:
    known = Knowledge(RECOMMENDED, wiring(), Random(7))
    work = Work(3, "wrap")

    def bearer(index: int) -> str:
        return dict(known.request(index, work, 1, b"").headers)["Authorization"]

    before = bearer(0)
    known.tokens.text = "another"
    assert bearer(0) == before != "Bearer another"
    assert bearer(1) == "Bearer another"
    known.forget_headers()
    assert bearer(0) == "Bearer another"


def test_every_attempt_is_known_by_an_id_of_its_own() -> None:
    known = Knowledge(RECOMMENDED, wiring(), Random(7))
    made = [
        known.request(index, Work(number, "wrap"), attempt, b"body")
        for index in (0, 1)
        for number in (1, 2)
        for attempt in (1 + index, 3 + index)
    ]
    assert len({dict(each.headers)["Correlation-Id"] for each in made}) == len(made)
    assert {each.body for each in made} == {b"body"}
    assert len({each.path for each in made}) == 2
