"""A scenario file read: YAML text in, an immutable Scenario out, or every mistake with its line."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from chaos.errors import ScenarioError
from chaos.scenario import complaint, consistency
from chaos.scenario.document import Branch, Leaf, Node, deepest, parse, plain
from chaos.scenario.fault_form import attributes
from chaos.scenario.faults import AnyFault
from chaos.scenario.form import ClientsForm, ScenarioForm
from chaos.scenario.mistake import Mistake, Place, refusal
from chaos.scenario.model import Clients, Fault, Group, Load, Region, RootKey, Scenario, Service
from chaos.scenario.objective import Objective
from chaos.scenario.override import override
from chaos.scenario.quantity import Quantity
from chaos.scenario.quantity import parse as parse_quantity
from chaos.scenario.words import Known


def read(
    text: str | bytes, path: str, overrides: Sequence[str] = (), seed: int | None = None
) -> Scenario:
    """Read a scenario file; ScenarioError has a line `file:line: what is wrong` for each mistake.

    ``path`` is what messages call the file. ``overrides`` are `key=value` words, applied in order;
    ``seed`` replaces the file's.
    """
    text = _decoded(text, path)
    try:
        return _read(text, path, overrides, seed)
    except ScenarioError as error:
        blamed = any(line.startswith(f"{path}:") for line in str(error).splitlines())
        if overrides and blamed and _in_order(text, path):
            said = " ".join(repr(each) for each in overrides)
            raise ScenarioError(f"--set {said}: in order without, but with it\n{error}") from error
        raise


def _in_order(text: str, path: str) -> bool:
    try:
        _read(text, path, (), None)
    except ScenarioError:
        return False
    return True


def _read(text: str, path: str, overrides: Sequence[str], seed: int | None) -> Scenario:
    tree = parse(text, path)
    if not isinstance(tree, Branch):
        raise refusal([Mistake(tree.place, "a scenario is a mapping of keys such as 'regions:'")])
    mistakes = override(tree, overrides)
    if seed is not None:
        tree.items["seed"] = Leaf(Place(0, "--seed"), seed)
    try:
        form = ScenarioForm.model_validate(plain(tree), context=_known(tree))
    except ValidationError as error:
        mistakes += complaint.mistakes(tree, error.errors(include_url=False))
    else:
        scenario = _scenario(form, tree, text, path, overrides)
        mistakes += consistency.mistakes(scenario, tree)
        if not mistakes:
            return scenario
    raise refusal(mistakes)


def _decoded(text: str | bytes, path: str) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise ScenarioError(f"{path}:{line}: is not UTF-8 text") from None


def _known(tree: Branch) -> Known:
    """The names that the file defines, as far as they can be made out before it is checked."""
    regions = tree.items.get("regions")
    objectives, clients = tree.items.get("objectives"), tree.items.get("clients")
    groups = clients.items.get("groups") if isinstance(clients, Branch) else None
    named = objectives.items if isinstance(objectives, Branch) else {}
    return Known(
        regions=tuple(regions.items) if isinstance(regions, Branch) else (),
        parameters={name: _parameter(node) for name, node in named.items() if name != "rules"},
        groups=tuple(groups.items) if isinstance(groups, Branch) else (),
    )


def _parameter(node: Node) -> Quantity | None:
    try:
        return parse_quantity(str(node.value)) if isinstance(node, Leaf) else None
    except ValueError:
        return None


def _scenario(
    form: ScenarioForm, tree: Branch, text: str, path: str, overrides: Sequence[str]
) -> Scenario:
    keys = tuple(RootKey(name, tuple(regions)) for name, regions in form.keys.items())
    mix = form.load.operations
    return Scenario(
        name=form.scenario,
        teaches=form.teaches,
        seed=form.seed,
        lasts=form.lasts,
        regions=tuple(
            Region(name, each.latency, each.jitter, each.standby.lag if each.standby else None)
            for name, each in form.regions.items()
        ),
        keys=keys,
        clients=_clients(form.clients, keys[0].regions),
        load=Load(form.load.rate, form.load.arrivals, (("wrap", mix.wrap), ("unwrap", mix.unwrap))),
        faults=tuple(_fault(fault) for fault in form.faults),
        objectives=tuple(_objectives(form, tree)),
        parameters=tuple(
            (name, limit.value) for name, limit in form.objectives.__pydantic_extra__.items()
        ),
        window=form.window,
        source=text,
        path=path,
        overrides=tuple(overrides),
        service=Service(form.service.token_lasts, form.service.timers),
    )


def _clients(form: ClientsForm, holding: tuple[str, ...]) -> Clients:
    regions = tuple(form.regions) or holding
    groups = tuple(
        Group(
            name=name,
            count=size,
            policy=group.policy or "",
            regions=tuple(group.regions or regions),
            wrapped=form.wrapped if group.wrapped is None else group.wrapped,
        )
        for (name, group), size in zip(form.groups.items(), form.sizes(), strict=True)
    )
    count = sum(group.count for group in groups) or form.count
    assert count is not None, "the form refuses a fleet of no size"
    return Clients(count, form.policy, regions, form.wrapped, groups)


def _fault(form: AnyFault) -> Fault:
    return Fault(
        name=form.name,
        kind=form.kind,
        site=form.site,
        target=form.target,
        at=form.at,
        lasts=form.lasts,
        attributes=attributes(form),
    )


def _objectives(form: ScenarioForm, tree: Branch) -> list[Objective]:
    return [
        replace(rule, line=deepest(tree, ["objectives", "rules", number]).place.line)
        for number, rule in enumerate(form.objectives.rules)
    ]
