"""The colours and signs of every report: colour-blind safe, and never colour alone.

Regions, failures and faults stay apart under simulated deuteranopia, protanopia and in greyscale;
each verdict and each outcome has a shape as well. The page's dark mode re-maps the names below.
"""

from chaos.analysis.findings import Verdict
from chaos.run.record import NOWHERE

INK = "#1b2430"
MUTED = "#586374"
RULE = "#c9ced6"
GRID = "#e7eaee"
PAGE = "#ffffff"
# White on a filled label stays white in dark mode, unlike the page.
ON_DARK = "#fffffe"
FAIL = "#c1121f"
FAULT = "#6b4e9b"
FAULT_LIGHT = "#f0ecf7"
UNKNOWN = "#8a5a00"
NO_REGION = "#7d8794"
# Blue and orange first, as every two-region scenario needs; then Okabe and Ito's next.
REGIONS = ("#0072b2", "#e08a00", "#008f6b", "#b8578f", "#56a0d3", "#7a6a00")
# The same hues dark enough to be read as small text on white (contrast at least 4.5 to 1).
REGION_TEXTS = ("#00639b", "#935b00", "#006d52", "#97356f", "#2a6d9e", "#665900")
VERDICTS: dict[Verdict, str] = {
    "passed": "#00705a",
    "failed": FAIL,
    "inconclusive": "#8a5a00",
    "aborted": "#4a5568",
}
SIGNS: dict[Verdict, str] = {
    "passed": "\N{CHECK MARK}",
    "failed": "\N{BALLOT X}",
    "inconclusive": "?",
    "aborted": "\N{BLACK SQUARE}",
}
# Why an attempt was made: greys by depth first, since hues here would read as regions.
WHYS = {
    "retry": "#33425a",
    "failover": "#7f8da3",
    "probe": "#bcc5d1",
    "hedge": "#56a0d3",
    "refresh": "#b8578f",
}
# What the page's style sheet re-maps in dark mode, by the name it has there.
VARIABLES = {
    "ink": INK,
    "muted": MUTED,
    "rule": RULE,
    "grid": GRID,
    "page": PAGE,
    "fail": FAIL,
    "fault": FAULT,
    "fault-light": FAULT_LIGHT,
    "unknown": UNKNOWN,
    **{f"why-{why}": WHYS[why] for why in ("retry", "failover", "probe")},
    **{f"region-text-{code}": colour for code, colour in enumerate(REGION_TEXTS)},
}


def region(code: int) -> str:
    """A region's colour."""
    return NO_REGION if code == NOWHERE else REGIONS[code % len(REGIONS)]


def region_text(code: int) -> str:
    """A region's colour where it is text."""
    return MUTED if code == NOWHERE else REGION_TEXTS[code % len(REGION_TEXTS)]
