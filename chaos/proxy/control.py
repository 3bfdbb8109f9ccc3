"""Our edge to any fault proxy that speaks Toxiproxy's API: change it, read each change back.

What toxiproxy-python offers goes through it, mended by :mod:`chaos.proxy.library`, which says what
it is unfit for; the rest goes through a small client of ours. Whatever it did, the state is read
back, and what went wrong becomes one sentence.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from chaos.errors import WorldError
from chaos.proxy.client import ApiClient, Told, path
from chaos.proxy.keeper import GuardianKeeper, Keeper, LeaseKeeper
from chaos.proxy.library import Library, Lost, Refused
from chaos.proxy.registry import Stream

_NOT_FOUND = 404


class Controls:
    """One fault proxy, ours or a real Toxiproxy, at its API's URL. Calls block; threads may share.

    Every method raises WorldError, in one sentence, where the proxy does not do what it was asked.
    Attributes are in Toxiproxy's units: milliseconds, microseconds for the slicer, kB/s, bytes.
    """

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        self.api = ApiClient(url, timeout)
        self._library = Library(self.api.host, self.api.port, timeout)
        self._keeper: Keeper | None = None

    def keep(self, lasts: float = 5.0) -> None:
        """From now on, heal every change ``lasts`` seconds after this process is gone.

        Our server leases the changes; a real Toxiproxy gets a guardian process beside it.
        """
        if self.api.ask("GET", "leases").fine:
            keeper = LeaseKeeper(self.api.url, lasts)
            self.api.headers = keeper.headers
            self._library.send_always(keeper.headers)
            self._keeper = keeper
        else:
            self._keeper = GuardianKeeper(self.api.url, lasts)

    def _hold(self, key: str, *undo: list[Any]) -> None:
        if self._keeper is not None:
            self._keeper.hold(key, list(undo))

    def _drop(self, key: str) -> None:
        if self._keeper is not None:
            self._keeper.drop(key)

    def version(self) -> str:
        """The version that the proxy says it is."""
        return str(self._asked(self.api.ask("GET", "version"), "say its version")["version"])

    def proxies(self) -> dict[str, dict[str, Any]]:
        """Every proxy by name, with its toxics, as the API shows them."""
        found = self._asked(self.api.ask("GET", "proxies"), "list its proxies")
        return cast("dict[str, dict[str, Any]]", found)

    def proxy(self, name: str) -> dict[str, Any]:
        """One proxy as the API shows it."""
        shown = self._asked(self.api.ask("GET", "proxies", name), f"show the proxy {name!r}")
        return cast("dict[str, Any]", shown)

    def create(self, name: str, listen: str, upstream: str, *, enabled: bool = True) -> str:
        """Create a proxy; the address on which it really listens."""
        wish = f"create the proxy {name!r} on {listen}"
        self._addressable(name, wish)
        self._hold(name, ["DELETE", path("proxies", name)])
        self._lend(
            lambda: self._library.server.create(
                name=name, listen=listen, upstream=upstream, enabled=enabled
            ),
            wish,
            again=lambda: self.api.ask(
                "POST",
                "proxies",
                body={"name": name, "listen": listen, "upstream": upstream, "enabled": enabled},
            ),
        )
        shown = self.proxy(name)
        self._held(shown["upstream"] == upstream and shown["enabled"] == enabled, wish)
        return str(shown["listen"])

    def destroy(self, name: str) -> None:
        """Delete a proxy; its connections are closed."""
        self._asked(self.api.ask("DELETE", "proxies", name), f"delete the proxy {name!r}")
        self._drop(name)

    def set_enabled(self, proxy: str, enabled: bool) -> None:  # noqa: FBT001 - it is the value set
        """Let a proxy listen, or refuse connections and close those that live."""
        wish = f"{'enable' if enabled else 'disable'} the proxy {proxy!r}"
        stub = self._library.proxy(proxy)
        if not enabled:
            self._hold(f"{proxy} enabled", ["POST", path("proxies", proxy), {"enabled": True}])
        self._lend(
            stub.enable if enabled else stub.disable,
            wish,
            again=lambda: self.api.ask("POST", "proxies", proxy, body={"enabled": enabled}),
        )
        self._held(self.proxy(proxy)["enabled"] is enabled, wish)
        if enabled:
            self._drop(f"{proxy} enabled")

    def set_upstream(self, proxy: str, upstream: str) -> None:
        """Send what comes to another address; the connections that live are closed.

        `keep` does not undo it: it is for proxies of our own, which go when they are destroyed.
        """
        wish = f"move the proxy {proxy!r} to {upstream}"
        told = self.api.ask("POST", "proxies", proxy, body={"upstream": upstream})
        self._asked(told, wish)
        self._held(self.proxy(proxy)["upstream"] == upstream, wish)

    def add_toxic(
        self,
        proxy: str,
        kind: str,
        attributes: Mapping[str, float],
        *,
        stream: Stream = "downstream",
        toxicity: float = 1.0,
        name: str = "",
    ) -> str:
        """Add a toxic to the end of its direction's chain; its name."""
        name = name or f"{kind}_{stream}"
        asked = {
            "name": name,
            "type": kind,
            "stream": stream,
            "toxicity": toxicity,
            "attributes": dict(attributes),
        }
        wish = f"add the toxic {name!r} to the proxy {proxy!r}"
        self._addressable(name, wish)
        self._hold(f"{proxy} {name}", ["DELETE", path("proxies", proxy, "toxics", name)])
        stub = self._library.proxy(proxy)
        self._lend(
            lambda: stub.add_toxic(**asked),
            wish,
            again=lambda: self.api.ask("POST", "proxies", proxy, "toxics", body=asked),
        )
        self._same(self.toxic(proxy, name), asked, wish)
        return name

    def toxic(self, proxy: str, name: str) -> dict[str, Any]:
        """One toxic as the API shows it."""
        told = self.api.ask("GET", "proxies", proxy, "toxics", name)
        return cast(
            "dict[str, Any]", self._asked(told, f"show the toxic {name!r} of the proxy {proxy!r}")
        )

    def update_toxic(
        self,
        proxy: str,
        name: str,
        attributes: Mapping[str, float] | None = None,
        toxicity: float | None = None,
    ) -> None:
        """Change a toxic's attributes or toxicity, on live connections too."""
        asked: dict[str, Any] = {"attributes": dict(attributes or {})}
        if toxicity is not None:
            asked["toxicity"] = toxicity
        wish = f"change the toxic {name!r} of the proxy {proxy!r}"
        if self._keeper is not None:
            shown = self.toxic(proxy, name)
            before = {key: shown[key] for key in ("attributes", "toxicity")}
            undo = ["POST", path("proxies", proxy, "toxics", name), before]
            # Where we added it ourselves, its removal is held already and stays.
            self._hold(f"{proxy} {name}", undo)
        told = self.api.ask("PATCH", "proxies", proxy, "toxics", name, body=asked)
        self._asked(told, wish)
        self._same(self.toxic(proxy, name), asked, wish)

    def remove_toxic(self, proxy: str, name: str) -> None:
        """Take a toxic away."""
        wish = f"remove the toxic {name!r} from the proxy {proxy!r}"
        stub = self._library.proxy(proxy)
        if "/" in name or "?" in name or "#" in name or "%" in name:
            self._asked(self.api.ask("DELETE", "proxies", proxy, "toxics", name), wish)
        else:
            self._lend(lambda: stub.destroy_toxic(name), wish)
        left = self.api.ask("GET", "proxies", proxy, "toxics", name)
        self._held(left.status == _NOT_FOUND, wish)
        self._drop(f"{proxy} {name}")

    def reset(self) -> None:
        """Enable every proxy and remove every toxic."""
        wish = "reset"
        self._lend(self._library.server.reset, wish, again=lambda: self.api.ask("POST", "reset"))
        clean = all(one["enabled"] and not one["toxics"] for one in self.proxies().values())
        self._held(clean, wish)

    def counts(self, name: str) -> dict[str, Any] | None:
        """Proof of injection for one proxy; None where the proxy counts nothing (Toxiproxy)."""
        told = self.api.ask("GET", "proxies", name, "counts")
        if told.status == _NOT_FOUND and told.value is None:
            return None
        return cast("dict[str, Any]", self._asked(told, f"count what the proxy {name!r} did"))

    def together(self, *requests: tuple[str, str, object]) -> list[Any]:
        """Several requests (method, path, body) as one change: all or none, nobody sees half of it.

        What each answered. Only our own server can; a real Toxiproxy is refused.
        """
        body = [{"method": method, "path": at, "body": what} for method, at, what in requests]
        told = self.api.ask("POST", "changes", body=body)
        if told.status == _NOT_FOUND and told.value is None:
            raise self._refusal("change several things at once", "a real Toxiproxy cannot")
        answers = self._asked(told, "change several things at once")["answers"]
        return [one["body"] for one in answers]

    def close(self) -> None:
        """Give the connections back; what is still changed under `keep` is healed."""
        if self._keeper is not None:
            self._keeper.close()
        self._library.close()
        self.api.close()

    def _lend(
        self, call: Callable[[], object], wish: str, again: Callable[[], Told] | None = None
    ) -> None:
        """Make one call of the library; ``again`` asks anew where it lost what was said."""
        try:
            self._library.call(call)
        except Refused as refused:
            raise self._refusal(wish, str(refused)) from None
        except Lost:
            self._asked(again() if again is not None else self.api.ask("GET", "version"), wish)

    def _asked(self, told: Told, wish: str) -> Any:
        if not told.fine:
            raise self._refusal(wish, told.error)
        return told.value

    def _refusal(self, wish: str, reason: str) -> WorldError:
        return WorldError(f"The fault proxy at {self.api.url} did not {wish}: {reason}.")

    def _addressable(self, name: str, wish: str) -> None:
        if "/" in name:
            raise self._refusal(wish, "a name with a slash cannot be addressed by its API")

    def _held(self, held: bool, wish: str) -> None:  # noqa: FBT001 - a predicate's value
        if not held:
            raise self._refusal(wish, "it said it had, but reading it back shows otherwise")

    def _same(self, shown: Mapping[str, Any], asked: Mapping[str, Any], wish: str) -> None:
        attributes = shown["attributes"]
        kept = all(attributes.get(key) == value for key, value in asked["attributes"].items())
        # Toxicity travels as a 32-bit float.
        near = abs(shown["toxicity"] - asked.get("toxicity", shown["toxicity"])) <= 1e-6  # noqa: PLR2004
        self._held(kept and near, wish)
