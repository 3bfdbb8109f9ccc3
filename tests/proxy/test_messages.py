from hypothesis import given
from hypothesis import strategies as st

from chaos.proxy.crew import merged
from chaos.proxy.messages import changes_line, changes_of, outcomes_line, outcomes_of
from chaos.proxy.registry import (
    Alter,
    Change,
    Count,
    Forget,
    Lift,
    Open,
    Outcome,
    Place,
    Problem,
    Release,
    Reserve,
    Resolve,
    Shut,
    Stream,
    ToxicRecord,
)

_TEXT = st.text(max_size=12)
_STREAMS: st.SearchStrategy[Stream] = st.sampled_from(["upstream", "downstream"])
_TOXICS = st.builds(
    ToxicRecord,
    _TEXT,
    _TEXT,
    _STREAMS,
    _TEXT,
    st.floats(allow_nan=False),
    st.dictionaries(_TEXT, st.integers()),
)
_CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(Resolve, _TEXT),
    st.builds(Reserve, _TEXT, _TEXT),
    st.builds(Release, _TEXT),
    st.builds(Open, _TEXT, _TEXT, _TEXT),
    st.builds(Shut, _TEXT),
    st.builds(Forget, _TEXT),
    st.builds(Place, _TEXT, _TOXICS),
    st.builds(Alter, _TEXT, _TOXICS),
    st.builds(Lift, _TEXT, _TEXT, _STREAMS),
    st.builds(lambda names: Count(tuple(names)), st.lists(_TEXT, max_size=3)),
)
_OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.none(), _TEXT, st.builds(Problem, _TEXT), st.just({"a": {"accepted": 3}})
)


@given(st.lists(_CHANGES, max_size=5))
def test_changes_come_through_a_line_unchanged(changes: list[Change]) -> None:
    line = changes_line(changes)

    assert line.count(b"\n") == 1
    read = changes_of(line)
    # JSON has lists where Count has a tuple.
    assert [_plain(change) for change in read] == [_plain(change) for change in changes]


def _plain(change: Change) -> object:
    return Count(tuple(change.proxies)) if isinstance(change, Count) else change


@given(st.lists(_OUTCOMES, max_size=5))
def test_outcomes_come_through_a_line_unchanged(outcomes: list[Outcome]) -> None:
    assert outcomes_of(outcomes_line(outcomes)) == tuple(outcomes)


def test_counts_of_several_workers_are_those_of_one() -> None:
    toxic = {"eligible": 2, "first": 5.0, "late": 0.25}
    one = {"accepted": 3, "shut_at": 7.0, "sent": {"upstream": 4}, "toxics": {"x": toxic}}
    other = {
        "accepted": 1,
        "shut_at": 8.0,
        "sent": {"upstream": 6},
        "toxics": {"x": {"eligible": 1, "first": None, "late": 0.5}, "y": {"eligible": 1}},
    }

    assert merged([one, other]) == {
        "accepted": 4,
        "shut_at": 8.0,
        "sent": {"upstream": 10},
        "toxics": {
            "x": {"eligible": 3, "first": 5.0, "late": 0.5},
            "y": {"eligible": 1},
        },
    }
