import json
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from typing import get_args

import pytest

from chaos.analysis.findings import Verdict
from chaos.report import html
from chaos.report.achieved import achieved
from tests.report import made

VERDICTS = get_args(Verdict)
VOID = {"meta", "br", "hr", "img", "link", "input"}


@cache
def page(verdict: Verdict) -> str:
    # One figure serves all four: what it shows is the figure's own test.
    return html.page(made.told(verdict), made.picture("failed"), made.narrow("failed"))


class Outline(HTMLParser):
    """Follows the open elements, and keeps ids, addresses and what is said before the figure."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.first_screen = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._keep(attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._keep(attrs)

    def _keep(self, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        loads = {"src", "href", "xlink:href", "action", "data", "srcset"}
        self.addresses += [value or "" for name, value in attrs if name in loads]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "timeline" not in self.ids and self.open and self.open[-1] not in {"style", "title"}:
            self.first_screen += data


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_element_that_opens_closes_and_no_id_comes_twice(verdict: Verdict) -> None:
    outline = Outline(page(verdict))
    assert outline.open == []
    assert [name for name, times in Counter(outline.ids).items() if times > 1] == []


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_page_loads_nothing(verdict: Verdict) -> None:
    text = page(verdict)
    for address in Outline(text).addresses:
        assert address.startswith(("#", "data:image/png;base64,")), address
    style = text.split("<style>", 1)[1].split("</style>", 1)[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in text


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_first_screen_says_what_was_tried_how_it_went_and_what_to_do(
    verdict: Verdict,
) -> None:
    said = " ".join(Outline(page(verdict)).first_screen.split()).replace("\N{NO-BREAK SPACE}", " ")
    account = made.told(verdict)
    for words in (account.tried, account.answer, *account.troubles, *account.todo):
        assert words.replace("\N{NO-BREAK SPACE}", " ") in said
    assert verdict.upper() in said
    assert account.analysis.headline in said


def test_text_from_outside_is_shown_and_never_obeyed() -> None:
    text = page("passed")
    assert (
        "# A region goes away; the duplicate root key in the other one is alive. &lt;b&gt;" in text
    )
    assert "alive. <b>" not in text


def test_no_ciphertext_and_no_digest_of_a_plaintext_is_told() -> None:
    text = page("passed")
    assert "c2VjcmV0" not in text
    assert "0" * 64 not in text


def test_both_figures_have_a_name_and_a_description_for_who_cannot_see_them() -> None:
    text = page("failed")
    for name in ("timeline-wide", "timeline-narrow"):
        assert f'class="{name}" role="img" aria-labelledby="{name}-title {name}-about"' in text
        about = re.search(rf'<desc id="{name}-about">(.*?)</desc>', text, re.DOTALL)
        assert about is not None
        assert "Marks: never failed over; not recovered within the fault." in about[1]


def test_the_figure_follows_the_page_into_the_night() -> None:
    text = page("passed")
    figures = text.split("<figure>", 1)[1].split("</figure>", 1)[0]
    assert "fill: var(--ink, #1b2430)" in figures
    assert not re.search(r"(?<!, )#1b2430", figures)


def test_a_column_of_numbers_can_be_sorted_by_number() -> None:
    keys = re.findall(r'data-label="n" data-key="([^"]*)"', page("passed"))
    told = made.told("passed")
    assert len(keys) == 5 + len(told.analysis.measures) + len(achieved(told).rows)
    assert all(json.loads(key) >= 0 for key in keys)


def test_the_one_script_is_the_one_that_the_policy_allows() -> None:
    text = page("passed")
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert text.count("<script") == 2
    assert f"script-src 'sha256-{html._hash(script)}'" in text
