from chaos.report.reasons import commonest


def test_reasons_that_differ_by_a_time_only_are_one() -> None:
    said = [f"left alone since {at} s" for at in ("15.573", "9.2", "40.1")] + ["once", "once"]

    assert commonest(said) == "left alone since 9.2 to 40.1 s"


def test_each_time_of_a_reason_has_its_own_range() -> None:
    said = [f"it asked for 2.000 s and is for {length} s, jitter on top" for length in (2.5, 3.233)]

    assert commonest(said) == "it asked for 2.000 s and is for 2.5 to 3.233 s, jitter on top"


def test_other_numbers_are_part_of_a_reason() -> None:
    assert commonest(["2 in a row: 503", "2 in a row: 500", "2 in a row: 503"]) == "2 in a row: 503"
    assert commonest([]) == ""
