"""Lists of keys and of their versions, and how many there are."""

from chaos.exchange import Answer
from chaos.service import selection
from chaos.service.admitted import Admitted
from chaos.service.bodies import Document, written
from chaos.service.key_document import key_document
from chaos.service.keys import State
from chaos.service.queries import flag, page, total
from chaos.service.refusal import wrong_state

KEYS_BY_DEFAULT = 200


def count_keys(asked: Admitted) -> Answer:
    """How many keys there are, in the `Key-Total` header."""
    keys = asked.instance.settled_keys(asked.now)
    chosen = selection.select(keys, asked.query, asked.ring)
    return asked.empty(200, {"key-total": str(len(chosen))})


def list_keys(asked: Admitted) -> Answer:
    """The keys that the query selects, a page of them; never with a payload."""
    metadata: Document = {}
    keys = asked.instance.settled_keys(asked.now)
    chosen = selection.select(keys, asked.query, asked.ring)
    ordered = selection.sort(chosen, asked.query.get("sort", ""))
    wanted = selection.read_search(asked.query.get("search", ""))
    if wanted is not None:
        ordered, incomplete = selection.search(ordered, wanted)
        metadata["searchQuery"] = wanted.document()
        if incomplete:
            metadata["incompleteSearch"] = True
    shown = page(asked.query, ordered, KEYS_BY_DEFAULT)
    documents = [key_document(asked.instance, key, asked.now) for key in shown]
    return asked.collection("key", documents, metadata=metadata)


def list_versions(asked: Admitted) -> Answer:
    """The versions of a key, newest first."""
    key = asked.key()
    key.require_root()
    if not flag(asked.query, "allKeyStates") and key.state is not State.ACTIVE:
        raise wrong_state()  # also for a destroyed key, whose versions are there to be read
    versions = key.versions[::-1]
    shown = [
        {"id": version.id, "creationDate": written(version.created)}
        for version in page(asked.query, versions, KEYS_BY_DEFAULT)
    ]
    return asked.collection("key.version", shown, metadata=total(asked.query, versions))
