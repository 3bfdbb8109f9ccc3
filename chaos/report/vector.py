"""A figure's SVG made fit to stand inside a page: named, cropped, themed, with ids of its own."""

import re
from xml.sax.saxutils import escape

from chaos.report import palette

_POINTS = 0.75
_PROLOGUE = re.compile(r"^.*?(?=<svg )", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_ROOT = re.compile(r'<svg ([^>]*?)width="[^"]*" height="[^"]*" viewBox="0 0 (\S+) (\S+)"([^>]*)>')
_IDS = re.compile(r'(\bid="|url\(#|href="#)')
_FONT = "font-family: 'DejaVu Sans'"


def inline(svg: str, name: str, title: str, description: str, *, skip: float = 0.0) -> str:
    """The SVG as an element of a page.

    ``name`` begins every id, so that several figures share a page; ``skip`` pixels are cut off the
    top; ``title`` and ``description`` are what a screen reader says.
    """
    svg = _METADATA.sub("", _PROLOGUE.sub("", svg, count=1), count=1)
    svg = _IDS.sub(rf"\1{name}-", svg)
    svg = svg.replace('<style type="text/css">*{', f'<style type="text/css">.{name} *{{')
    svg = svg.replace(_FONT, "font-family: inherit")
    for variable, colour in palette.VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable}, {colour})")
    found = _ROOT.search(svg)
    assert found is not None, "matplotlib writes a size and a view box"
    before, width, height, after = found.groups()
    top = skip * _POINTS
    root = (
        f'<svg {before}class="{name}" role="img" aria-labelledby="{name}-title {name}-about" '
        f'viewBox="0 {top:g} {width} {float(height) - top:g}"{after}>\n'
        f'<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-about">{escape(description)}</desc>'
    )
    return svg[: found.start()] + root + svg[found.end() :]
