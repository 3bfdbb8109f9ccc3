"""Everything in which our fault proxy is meant to differ from Toxiproxy 2.12, in one place.

The suites of `test_compatible.py`, `test_defects.py` and `test_differences.py` run against both.
Where they differ they name one of these, so that a difference that nobody meant fails there, and
one that is listed here but never shown fails in `test_every_intended_difference_is_shown`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One intended difference: what Toxiproxy does, what ours does."""

    theirs: str
    ours: str


DIFFERENCES: dict[str, Difference] = {
    # The ten defects.
    "stuck-removal": Difference(
        "removing a latency toxic while a client does not read hangs the API, and all listings",
        "the removal answers at once; the bytes wait for their reader",
    ),
    "crashing-attributes": Difference(
        "four attribute values end the server at the next byte",
        "a negative rate is zero, an average size of zero cuts nothing, a variation beyond the "
        "average is clamped, a huge jitter is a huge jitter",
    ),
    "seed": Difference(
        "-seed has no effect",
        "the same seed gives the same draws on the same connection",
    ),
    "half-close-and-reset": Difference(
        "a FIN closes both directions; an RST reaches the other side as a FIN",
        "a FIN half-closes, an RST is passed on as an RST",
    ),
    "blocking-dial": Difference(
        "an upstream that answers no SYN blocks every later client and the proxy's API",
        "each connection dials by itself",
    ),
    "linger": Difference(
        "reset_peer makes every close of a connection a reset, whatever its toxicity, and gives a "
        "FIN to connections older than itself",
        "only connections that it hits are reset, old ones too",
    ),
    "timeout-restart": Difference(
        "data restarts the clock of a timeout",
        "the clock runs from when the toxic meets the connection",
    ),
    "live-metrics": Difference(
        "bytes are counted when a connection ends",
        "bytes are counted as they pass",
    ),
    "error-type": Difference(
        "error bodies are JSON labelled text/plain",
        "error bodies are labelled application/json",
    ),
    "populate-enabled": Difference(
        "populate ignores `enabled` of a proxy that it leaves alone",
        "populate applies `enabled` where the list gives it",
    ),
    # What follows from the design.
    "empty-host": Difference(
        "an empty listen host is every interface",
        "an empty listen host is the API's own host, loopback by default",
    ),
    "packet-loss": Difference(
        "2.12.0 has no packet_loss",
        "packet_loss as merged after 2.12; its end of stream passes",
    ),
    "retimed": Difference(
        "updating a toxic, or adding or removing one behind it, releases the chunk it holds",
        "what an updated toxic holds is timed anew, what stands in front of a change is untouched",
    ),
    "draws": Difference(
        "toxicity is drawn again when a toxic or its neighbour changes",
        "one draw for a connection and toxic, held against the toxicity of the moment",
    ),
    "reset-removal": Difference(
        "removing reset_peer waits for the reset it has begun",
        "removing reset_peer resets at once what it has begun to reset",
    ),
    "lookup-text": Difference(
        "the error of a host name that is not found names the resolver that was asked",
        "it does not",
    ),
    "half-applied-update": Difference(
        "an update with one bad attribute is refused, but shows the good ones as changed",
        "a refused update changes nothing",
    ),
    "more-routes": Difference(
        "404 for /counts, /changes, /leases and the counts of a proxy",
        "proof of injection, atomic changes and leases",
    ),
}
