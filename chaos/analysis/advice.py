"""What to do about each cause that a finding can have, in one sentence to the client's owner."""

from chaos.analysis.telling import Cause

ADVICE: dict[Cause, str] = {
    "no backup tried": (
        "Give the clients the backup root key: its region's endpoint, its instance and its own key "
        "id, and let a call go there when the primary fails."
    ),
    "backup failed as well": (
        "Make sure that the backup region can serve the clients: try it before it is needed, and "
        "give it room for the whole load."
    ),
    "timeout waited out": (
        "Shorten the attempt timeouts: one attempt may take a few times the usual response time, "
        "not the SDK's default."
    ),
    "timeouts in a row": (
        "Leave a region after one or two timeouts instead of waiting out every attempt there."
    ),
    "waits at a dead region": (
        "Try the backup region before backing off: a wait is for a region to be asked again, not "
        "for the first attempt elsewhere."
    ),
    "too many attempts at one region": (
        "Spend fewer attempts at one region before the next region is tried."
    ),
    "learns by operation": (
        "Let an operation try the backup region itself instead of failing and leaving that to the "
        "operation after it."
    ),
    "backup slow": (
        "Find out why the backup region answers slowly, and hold its connections open beforehand."
    ),
    "slow to detect": (
        "Decide on real traffic: count a region's failures and slow answers and turn away early."
    ),
    "quiet client": (
        "Where clients are quiet, probe the regions in the background, or measure failover from "
        "the first operation touched instead."
    ),
    "failed operations": (
        "Let operations that failed at one region be tried again, there or elsewhere, within their "
        "deadline."
    ),
    "no attempt": (
        "Find out why the client gave operations up without sending an attempt: a breaker, a "
        "budget or a queue stood in the way."
    ),
    "retries amplify": (
        "Bound the retries: a retry budget of about 10 %, one layer that retries, backoff with "
        "full jitter."
    ),
    "not recovered": (
        "Bring the fleet back within the fault: failover must hold until the primary is healed."
    ),
    "slow failback": (
        "Probe the primary while away from it, and go home by steps once it has answered for a "
        "while."
    ),
    "slow operations": "Give operations a deadline and attempts a timeout that fits into it.",
    "unknown outcomes": (
        "Reconcile operations whose outcome is unknown: wrap and unwrap may simply be tried again."
    ),
    "not at rest": (
        "Look at what still differs from before the fault: clients that stay away, retries that go "
        "on, queues that drain slowly."
    ),
    "metastable": (
        "Break the loop that keeps the service down: bound the retries by a budget, shed load, and "
        "let deadlines cancel work that nobody waits for."
    ),
    "herd": (
        "Spread the clients' return: full jitter on waits and probes, and a gradual way back."
    ),
    "early retries": (
        "Obey Retry-After, in seconds and as a date: wait at least that long, with jitter on top."
    ),
    "no growth": "Let waits grow from one retry to the next, up to a cap.",
    "no jitter": "Draw every wait at random, from nothing up to the backoff: full jitter.",
    "switches too often": (
        "Stay where you are for a while: a minimum dwell after each change, and calm before the "
        "way back."
    ),
    "token storm": (
        "Ask for a token once for all calls of a process, before the old one expires, with jitter."
    ),
    "data keys lost": (
        "Repair the backup root key: import the same key material, and every later rotation of it, "
        "in each region that should open the data keys."
    ),
    "wrong plaintext": (
        "Stop and find out where another plaintext came from: never use an unwrapped data key "
        "that fails its check."
    ),
    "fault without effect": (
        "Check that the clients call the key service through the proxy: the fault touched nothing."
    ),
    "fault aside": (
        "Let the fault hit what the clients call: where it lay, nobody came by while it lasted."
    ),
    "asks the dead region first": (
        "Remember that a region is down: with a breaker, a client stops asking the dead region "
        "first with every call, and probes it now and then until it is back."
    ),
    "nothing to flee": (
        "Let the fault be hard enough to fail or to slow down operations at the clients' primary: "
        "as it is, it gives nobody a reason to fail over."
    ),
    "generator saturated": (
        "Lower the load or give the load generator more machine: it could not keep to its plan."
    ),
}
