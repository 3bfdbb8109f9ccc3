"""A figure's SVG made fit to stand inside a page: named, cropped, themed, with ids of its own."""

import re
from dataclasses import asdict
from xml.sax.saxutils import escape, quoteattr

import orjson

from chaos.report import palette
from chaos.report.columns import Frame
from chaos.report.figure import Picture

_POINTS = 0.75
_PROLOGUE = re.compile(r"^.*?(?=<svg )", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_ROOT = re.compile(r'<svg ([^>]*?)width="[^"]*" height="[^"]*" viewBox="0 0 (\S+) (\S+)"([^>]*)>')
_IDS = re.compile(r'(\bid="|url\(#|href="#)')
_FONT = "font-family: 'DejaVu Sans'"


def inline(picture: Picture, name: str, title: str, description: str) -> str:
    """The figure as an element of a page, without its head: the page says that itself.

    ``name`` begins every id, so that several figures share a page; ``title`` and ``description``
    are what a screen reader says.
    """
    svg = _METADATA.sub("", _PROLOGUE.sub("", picture.svg, count=1), count=1)
    svg = _IDS.sub(rf"\1{name}-", svg)
    svg = svg.replace('<style type="text/css">*{', f'<style type="text/css">.{name} *{{')
    svg = svg.replace(_FONT, "font-family: inherit")
    for variable, colour in palette.VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable}, {colour})")
    found = _ROOT.search(svg)
    assert found is not None, "matplotlib writes a size and a view box"
    before, width, height, after = found.groups()
    top = picture.head * _POINTS
    frames = orjson.dumps([_scaled(frame) for frame in picture.frames]).decode()
    root = (
        f'<svg {before}class="{name}" role="img" aria-labelledby="{name}-title {name}-about" '
        f'viewBox="0 {top:g} {width} {float(height) - top:g}"{after} '
        f"data-frames={quoteattr(frames)}>\n"
        f'<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-about">{escape(description)}</desc>'
    )
    return svg[: found.start()] + root + svg[found.end() :]


def _scaled(frame: Frame) -> dict[str, float]:
    """The frame in the SVG's own units."""
    lengths = {"left", "top", "width", "height"}
    return {
        name: round(value * _POINTS, 3) if name in lengths else value
        for name, value in asdict(frame).items()
    }
