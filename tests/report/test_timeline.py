from dataclasses import replace

from chaos.analysis import analyse
from chaos.report.timeline import named_crowds, zoom, zoom_span
from chaos.scenario.model import Fault
from tests.analysis.made import HOME, Made, Tried

OUT = Fault("no-tokens", "iam_outage", "service", "iam", 20.0, 20.0)


def tokenless() -> Made:
    """A token service that is out from 20 s on, of which calls suffer only from 35 s on."""
    made = Made(faults=(OUT,))
    made.healthy(0.0, 35.0, every=0.1)
    for step in range(50):
        due = 35.0 + step / 10
        made.operation(0, due, *[Tried(HOME, due, due + 1.0, 401)] * 2)
    made.healthy(40.0, 60.0, every=0.1)
    return made


def test_the_zoom_looks_where_operations_failed() -> None:
    run = tokenless().run()
    analysis = replace(analyse(run), t0=20.5, marks=())
    span = zoom_span(run, analysis)

    assert span is not None
    assert 20.5 < span[0] < 35.0 < span[1]
    view = zoom(run, span, 20.5, (0.0, 250.0))
    assert view.over.edges[0] <= span[0] + view.over.width


def test_the_zoom_begins_at_t0_where_failures_did() -> None:
    made = Made()
    made.healthy(0.0, 20.0, every=0.1)
    made.failing(20.0, 40.0, every=0.1)
    run = made.run()
    span = zoom_span(run, replace(analyse(run), marks=()))

    assert span is not None
    assert span[0] < 20.0 < span[1]


def test_failures_that_took_as_long_are_one_crowd_however_often_they_tried() -> None:
    made = Made()
    made.healthy(0.0, 20.0, every=0.1)
    for step in range(12):
        due, tries = 20.0 + step / 10, 1 + step % 4
        attempts = [Tried(HOME, due, due + 3.0 + step / 20, "read_timeout")] * tries
        made.operation(0, due, *attempts)
    for step in range(5):
        due = 20.0 + step / 10
        made.operation(0, due, *[Tried(HOME, due, due + 0.001, "refused")] * 5)
    run = made.run()
    named = named_crowds(run, zoom(run, (19.0, 25.0), 20.0, (0.0, 250.0)))

    assert {each.text for each in named if each.failed} == {
        "failed after 1 to 4 attempts",
        "failed after 5 attempts",
    }


def test_failures_of_which_some_were_never_sent_took_at_most_so_many_attempts() -> None:
    made = Made()
    made.healthy(0.0, 20.0, every=0.1)
    for step in range(12):
        due = 20.0 + step / 10
        tried = [Tried(HOME, due, due + 3.0, "read_timeout")] * (step % 2)
        made.operation(0, due, *tried, ended=due + 3.0)
    named = named_crowds(made.run(), zoom(made.run(), (19.0, 25.0), 20.0, (0.0, 250.0)))

    assert [each.text for each in named if each.failed] == ["failed after at most 1 attempt"]
