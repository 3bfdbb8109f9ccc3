from chaos.report import masthead

LONG = (
    "60 clients lost us-south, their only region: none of 7,252 operations due in the fault ended "
    "ok before the heal, 100 % after; arrivals then peaked at 605 times the usual; no data key was "
    "lost"
)


def test_a_long_claim_is_set_smaller_and_never_cut() -> None:
    size, lines = masthead.title(LONG, 850.0)

    assert " ".join(lines) == LONG
    assert len(lines) <= 3
    assert size < masthead.title("60 clients lost us-south", 850.0)[0]
