"""Reading a file: what comes out, and that nothing but a ScenarioError ever does otherwise."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chaos.scenario import read
from chaos.scenario.form import ClientsForm, GroupForm
from chaos.scenario.model import Fault, Group, Region, RootKey
from tests.scenario.refusals import refusal
from tests.scenario.strategies import SHIPPED

TEXT = SHIPPED.read_text()
LINES = tuple(TEXT.splitlines())


def test_the_shipped_scenario_is_read_as_written() -> None:
    scenario = read(TEXT, "f.yaml")
    assert scenario.name == "region-down-backup-key"
    assert scenario.regions == (Region("us-south", 0.003, 0.001), Region("us-east", 0.028, 0.004))
    assert scenario.keys == (RootKey("orders", ("us-south", "us-east")),)
    assert (scenario.clients.count, scenario.clients.wrapped) == (60, 2)
    assert (scenario.load.rate, scenario.load.mix) == (105.0, (("wrap", 0.1), ("unwrap", 0.9)))
    assert scenario.faults == (
        Fault("us-south-refuses", "down", "wire", "us-south", 15.0, 20.0, ()),
    )
    assert scenario.parameters == (("rto", 10.0),)
    assert (scenario.window, scenario.source, scenario.path) == (5.0, TEXT, "f.yaml")
    assert [LINES[rule.line - 1].strip() for rule in scenario.objectives] == [
        f"- {rule.text}" for rule in scenario.objectives
    ]


def test_bytes_are_read_as_utf_8_with_or_without_a_byte_order_mark() -> None:
    assert read(TEXT.encode(), "f.yaml") == read(TEXT, "f.yaml")
    assert read(b"\xef\xbb\xbf" + TEXT.encode(), "f.yaml") == read(TEXT, "f.yaml")


def test_bytes_that_are_no_text_are_refused_at_their_line() -> None:
    assert refusal(read, b"a: 1\n\xff\xfe", "f.yaml") == "f.yaml:2: is not UTF-8 text"


def test_the_seed_of_the_command_line_replaces_the_files() -> None:
    assert read(TEXT, "f.yaml", seed=9).seed == 9
    assert "--seed: 'seed' must be at least 0; got '-1'" in refusal(read, TEXT, "f.yaml", seed=-1)


def test_clients_prefer_the_order_of_the_key_unless_told_otherwise() -> None:
    text = TEXT.replace("  regions: [us-south, us-east] # in order of preference\n", "")
    text = text.replace("orders: [us-south, us-east]", "orders: [us-east, us-south]")
    assert read(text, "f.yaml").clients.regions == ("us-east", "us-south")


def test_all_mistakes_of_a_file_are_said_at_once_each_with_its_line() -> None:
    text = (
        TEXT.replace("seed: 7", "sede: 7")
        .replace("count: 60", "count: '60'")
        .replace("rate: 105/s", "rate: 105")
        .replace("poisson", "poison")
        .replace("wrap: 10%", "wrap: 20%")
        .replace("target: us-south", "target: us-soth\n    colour: blue")
        .replace("(fault, after failover)", "(fault, after failoer)")
    )
    rule = "'availability(fault, after failoer) >=...'"
    after = (
        "'after' goes on as 'after failover' or with a duration with a unit, such as 300ms, 2s or "
        "1m; did you mean 'failover'?"
    )
    said = refusal(read, text, "f.yaml", ["load.rats=1"]).splitlines()
    assert said == [
        "--set load.rats=1: unknown key 'rats'; did you mean 'rate'?",
        "f.yaml:9: the scenario needs 'seed'",
        "f.yaml:11: unknown key 'sede'; did you mean 'seed'?",
        "f.yaml:19: 'clients.count' needs a whole number; got '60'",
        "f.yaml:24: 'load.rate' needs a rate with a unit, such as 120/s; 105 has no unit",
        "f.yaml:25: 'arrivals' cannot be 'poison'; did you mean 'poisson'?",
        "f.yaml:26: 'load.operations' must be 100% together, not 110%",
        "f.yaml:30: 'us-soth' is not a region; did you mean 'us-south'?",
        "f.yaml:31: unknown key 'colour'; known here: name, at, lasts, target, kind",
        f"f.yaml:41: {rule}, column 21: {after}",
    ]


@given(st.text(max_size=300) | st.binary(max_size=300))
@example("a: &a [*a]")
@example("- not\n- a mapping")
@example("42")
def test_any_text_is_refused_in_lines_that_name_the_file(text: str | bytes) -> None:
    said = refusal(read, text, "f.yaml")
    assert said
    assert all(line.startswith("f.yaml") for line in said.splitlines())


VALUES = st.sampled_from(
    [
        *("", "~", "[]", "{}", "-1", "0", "7", "1.5", "true", "''", "0s", "0ms", "5s", "99999h"),
        *("0%", "101%", "3/s", "0/s", "us-east", "[us-east]", "[us-east, us-east]", "{a: b}"),
        *("[[[]]]", "!!binary x", "*a", "&a b", '"\\x00"', "9" * 30, ".nan", "1e400", "é"),
        *("\u2028", "- a"),
    ]
)
PATHS = st.sampled_from(
    [
        *("seed", "lasts", "regions", "regions.us-south", "keys.orders", "clients"),
        *("clients.regions", "load.operations", "faults", "faults.0", "faults.0.kind"),
        *("objectives", "objectives.rto", "objectives.rules", "objectives.rules.0", "window"),
        *("teaches", "scenario"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The shipped file after a few careless edits: values, lines and indents changed."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        number = draw(st.integers(9, len(lines) - 1))
        key, colon, _ = lines[number].partition(": ")
        edit = draw(st.sampled_from(["value", "drop", "double", "indent", "letter"]))
        if edit == "value" and colon:
            lines[number] = f"{key}: {draw(VALUES)}"
        elif edit == "drop" and len(lines) > 12:
            del lines[number]
        elif edit == "double":
            lines.insert(number, lines[number])
        elif edit == "indent":
            lines[number] = "  " + lines[number]
        elif edit == "letter":
            at = draw(st.integers(0, len(lines[number])))
            lines[number] = lines[number][:at] + draw(st.characters()) + lines[number][at:]
    return "\n".join(lines)


@given(mutated())
def test_a_carelessly_edited_file_is_read_or_refused_in_lines_that_name_it(text: str) -> None:
    said = refusal(read, text, "f.yaml")
    assert all(line.startswith("f.yaml:") for line in said.splitlines())


@given(PATHS, VALUES)
def test_any_value_set_anywhere_is_taken_or_refused(path: str, value: str) -> None:
    said = refusal(read, TEXT, "f.yaml", [f"{path}={value}"])
    assert all(line.startswith(("f.yaml:", "--set ")) for line in said.splitlines())


def grouped(groups: str, count: str = "  count: 60\n") -> str:
    return TEXT.replace("  count: 60\n", f"{count}  groups: {groups}\n")


def test_groups_have_the_fleets_ways_but_for_their_own_and_consecutive_numbers() -> None:
    text = grouped(
        "{naive: {share: 20%, policy: httpx-0.28, regions: [us-south]}, rest: {share: 80%}}"
    )
    clients = read(text, "f.yaml").clients
    assert clients.count == 60
    assert clients.groups == (
        Group("naive", 12, "httpx-0.28", ("us-south",), 2),
        Group("rest", 48, "", ("us-south", "us-east"), 2),
    )
    assert clients.numbers("rest") == range(12, 60)
    assert [group.name for group in clients.each()] == ["naive"] * 12 + ["rest"] * 48
    assert clients.reached() == ("us-south", "us-east")


def test_groups_that_are_counted_need_no_count_of_the_fleet() -> None:
    text = grouped("{a: {count: 3}, b: {count: 4, wrapped: 9}}", count="")
    clients = read(text, "f.yaml").clients
    assert (clients.count, [group.wrapped for group in clients.groups]) == (7, [2, 9])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=16), st.integers(1000, 60_000))
def test_shares_lose_no_client_and_round_by_less_than_one(parts: list[int], count: int) -> None:
    shares = [part / sum(parts) for part in parts]
    form = ClientsForm.model_construct(
        count=count,
        groups={str(n): GroupForm.model_construct(share=share) for n, share in enumerate(shares)},
    )
    assert sum(form.sizes()) == count
    assert all(
        abs(size - share * count) < 1 + 1e-6
        for size, share in zip(form.sizes(), shares, strict=True)
    )


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("{a: {share: 20%}, b: {share: 70%}}", "shares of groups must be 100% together, not 90%"),
        ("{a: {share: 20%}, b: {count: 3}}", "needs groups that all say 'count', or all 'share'"),
        ("{a: {count: 20}, b: {count: 3}}", "count 60, and its groups are 23 together"),
        ("{a: {share: 99.5%}, b: {share: 0.5%}}", "the share of one is less than a client"),
        ("{a: {share: 50%, count: 30}}", "'clients.groups.a' needs either 'count' or 'share'"),
        ("{a: {polcy: x}}", "unknown key 'polcy'; did you mean 'policy'?"),
        ("{a: {share: 100%, regions: [us-soth]}}", "'us-soth' is not a region; did you mean 'us-s"),
        ("{a: {share: 100%, wrapped: 0}}", "clients that hold no data key have nothing to unwrap"),
    ],
)
def test_groups_that_do_not_add_up_are_refused(groups: str, message: str) -> None:
    assert message in refusal(read, grouped(groups), "f.yaml")


def test_a_group_without_a_second_region_cannot_fail_over() -> None:
    text = grouped("{a: {share: 50%, regions: [us-south]}, b: {share: 50%}}")
    rule = "    - failover(group a).p95 <= rto\n"
    said = refusal(read, text.replace("  rules:\n", f"  rules:\n{rule}"), "f.yaml")
    assert "failover needs clients with a second region" in said
    allowed = rule.replace("group a", "group b")
    read(text.replace("  rules:\n", f"  rules:\n{allowed}"), "f.yaml")
