"""The table of measures is complete in itself."""

import pytest

from chaos.scenario.vocabulary import OPERATIONS, PHASES, VOCABULARY, Term


@pytest.mark.parametrize("term", VOCABULARY.values(), ids=VOCABULARY.keys())
def test_every_measure_says_what_it_means(term: Term) -> None:
    assert VOCABULARY[term.name] is term
    assert term.meaning
    assert not term.meaning.endswith(".")
    assert "after failover" not in term.wheres or "phase" in term.wheres


def test_no_word_of_the_language_means_two_things() -> None:
    statistics = {name for term in VOCABULARY.values() for name in term.statistics}
    words = [*VOCABULARY, *PHASES, *OPERATIONS, *statistics]
    assert len(words) == len(set(words))
