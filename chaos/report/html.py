"""One self-contained page: no network, no script needed; for phones, for print, for the night."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import jinja2

from chaos.report import contrast, described, palette, points, resolved, scope, tables, wording
from chaos.report.account import Account
from chaos.report.figure import Picture
from chaos.report.tiles import tally, tiles, words
from chaos.report.vector import inline

_TEMPLATES = Path(__file__).parent / "templates"
_WIDE, _NARROW = "timeline-wide", "timeline-narrow"
_UNDRAWN = "<p>This figure could not be drawn.</p>"
_DRAWN = re.compile(r"<figure>.*?<figcaption>", re.DOTALL)


def page(
    account: Account,
    picture: Picture | None,
    narrow: Picture | None,
    portrait: Picture | None = None,
) -> str:
    """The whole report as one HTML page; ``narrow`` is the figure for phones.

    Where a figure is None, though there is something to draw, the page says so in its place.
    """
    about = described.alt_text(account)
    title = account.analysis.headline
    drawn = dict.fromkeys(("wide", "portrait"), _UNDRAWN)
    if picture is not None:
        drawn["wide"] = inline(picture, _WIDE, title, about)
    if narrow is not None:
        drawn["narrow"] = inline(narrow, _NARROW, title, about)
    if portrait is not None:
        told = described.portrait_text(account)
        drawn["portrait"] = inline(portrait, "portrait", "Load against goodput", told)
    return words_of(account, drawn)


def words_of(account: Account, drawn: Mapping[str, str] | None = None) -> str:
    """The page around its figures, which are given by name as SVG elements."""
    drawn = drawn or {}
    script = _template("page.js")
    return _environment().get_template("report.html").render(
        account=account,
        analysis=account.analysis,
        run=account.run,
        identity=account.identity,
        sign=palette.SIGNS[account.analysis.verdict],
        signs=palette.SIGNS,
        tally=tally(account.analysis),
        tiles=tiles(account.analysis),
        tables=tables.every(account),
        baseline=contrast.baseline(account.against),
        series=described.series_table(account.run),
        terms=scope.definitions(account),
        scope=scope.scope(account),
        portrait_about=described.PORTRAIT,
        changes=resolved.changes(account.run),
        resolved=resolved.resolved(account.run),
        self_check=wording.self_check(account.run),
        points=points.packed(account.run),
        wide=drawn.get("wide", ""),
        narrow=drawn.get("narrow", ""),
        portrait=drawn.get("portrait", ""),
        style=_template("report.css"),
        script=script,
        script_hash=_hash(script),
    )  # fmt: skip


def without_figures(text: str) -> str:
    """A page of ours without its drawings, which depend on the version of matplotlib as well."""
    return _DRAWN.sub("<figure><figcaption>", text)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["in_words"] = words
    return environment


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """What the page's policy allows to run: this script and nothing else."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
