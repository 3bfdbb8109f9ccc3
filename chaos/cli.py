"""The front door: `keychaos run`, `validate`, `plan`, `schema`, `scenarios`, `show`, `report`."""

import json
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from chaos import options, shelf, stopping
from chaos.errors import ScenarioError
from chaos.exits import FAILED, USER_MISTAKE
from chaos.front import Front
from chaos.scenario import Scenario, read

WORLDS = ("sockets", "simulated")


@click.group(cls=Front, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keychaos", prog_name="keychaos")
def main() -> None:
    """Chaos and resilience testing for software that depends on a key management service."""


def _overriding(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that reads a scenario."""
    of_set = "Override a value of the file, e.g. load.rate=200/s."
    command = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help=of_set)(
        command
    )
    of_seed = "Play with this seed instead of the file's."
    return click.option("--seed", type=click.IntRange(0), help=of_seed)(command)


def _telling(command: Callable[..., None]) -> Callable[..., None]:
    """The options of how a run is told."""
    of_baseline = "Hold it against the reports in this folder."
    command = click.option("--baseline", type=click.Path(path_type=Path), help=of_baseline)(command)
    of_fail = "Exit 1 where it is worse than the baseline."
    command = click.option("--fail-on", type=click.Choice(["regression"]), help=of_fail)(command)
    return _as_json(command)


_as_json = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")


def _scenario(word: str, overrides: tuple[str, ...], seed: int | None) -> Scenario:
    path = shelf.find(word)
    return read(shelf.text_of(path), str(path), overrides, seed)


@main.command(short_help="Play a scenario and report what came of it.")
@click.argument("scenario")
@click.option("--world", type=click.Choice(WORLDS), default="sockets", show_default=True)
@click.option("--client", metavar="preset:NAME|mutant:NAME|module:factory", help="Who plays it.")
@click.option("--proxy", metavar="toxiproxy=URL", help="A Toxiproxy of your own.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder for the run.")
@_telling
@_overriding
def run(  # noqa: PLR0913 - an option each
    *,
    scenario: str,
    world: str,
    client: str | None,
    proxy: str | None,
    out: Path | None,
    baseline: Path | None,
    fail_on: str | None,
    as_json: bool,
    overrides: tuple[str, ...],
    seed: int | None,
) -> None:
    """Play a SCENARIO, a name of the catalogue or a file, and report what came of it."""
    read_scenario = _scenario(scenario, overrides, seed)
    from chaos.playing import Telling, Wish, play  # noqa: PLC0415 - numpy is slow to import

    if fail_on and baseline is None:
        raise ScenarioError("--fail-on regression: say --baseline FOLDER, what to hold it against.")
    telling = Telling(baseline, as_json, bool(fail_on))
    chosen = client or f"preset:{read_scenario.clients.policy}"
    words = ["keychaos", "run", scenario, "--world", world, "--seed", str(read_scenario.seed)]
    words += [word for each in overrides for word in ("--set", each)]
    words += ["--client", chosen] if client else []
    words += ["--proxy", proxy] if proxy else []
    url = options.proxy_url(proxy, world)
    wish = Wish(read_scenario, world, chosen, out, shlex.join(words), url, telling)
    sys.exit(play(wish))


@main.command(short_help="Read scenario files and say every mistake with its line.")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
def validate(files: tuple[str, ...]) -> None:
    """Read scenario FILEs strictly and say every mistake with its line."""
    mistaken = 0
    for word in files:
        try:
            found = _scenario(word, (), None)
            click.echo(f"{word}: {found.name} is in order ({len(found.objectives)} objectives).")
        except ScenarioError as error:
            click.echo(str(error), err=True)
            mistaken += 1
    if mistaken:
        sys.exit(USER_MISTAKE)


@main.command(short_help="Say what a scenario would hit, and when.")
@click.argument("scenario")
@_overriding
def plan(scenario: str, overrides: tuple[str, ...], seed: int | None) -> None:
    """Say what a SCENARIO would hit, and when, without playing it."""
    from chaos.scenario.plan import plan as planned  # noqa: PLC0415 - named like the command

    click.echo(planned(_scenario(scenario, overrides, seed)))


@main.command(short_help="Print the JSON Schema of scenarios or of findings.")
@click.option("--findings", is_flag=True, help="Of findings.json, what a run's report holds.")
def schema(*, findings: bool) -> None:
    """Print the JSON Schema of scenario files, for editors, or of a report's findings."""
    if findings:
        from chaos.report.document import schema as described  # noqa: PLC0415 - slow to import
    else:
        from chaos.scenario.schema import schema as described  # noqa: PLC0415 - named alike

    click.echo(json.dumps(described(), indent=2))


@main.command(short_help="Print what a scenario file may say.")
def reference() -> None:
    """Print all that a scenario file may say: its keys, faults, rules and measures."""
    from chaos.scenario.reference import reference as page  # noqa: PLC0415 - named alike

    click.echo(page(), nl=False)


@main.command(short_help="List the catalogue and what each scenario teaches.")
def scenarios() -> None:
    """List the catalogue: each scenario's name and what it teaches."""
    for name, path in shelf.catalogue().items():
        click.echo(f"{name:28} {read(shelf.text_of(path), str(path)).teaches}")


@main.command(short_help="Print a scenario of the catalogue, to start yours from.")
@click.argument("name")
@_as_json
def show(*, name: str, as_json: bool) -> None:
    """Print a scenario file of the catalogue, to start your own from; as JSON as it is read."""
    if as_json:
        click.echo(json.dumps(asdict(_scenario(name, (), None)), indent=2))
    else:
        click.echo(shelf.text_of(shelf.find(name)), nl=False)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@_as_json
def report(*, folder: Path, as_json: bool) -> None:
    """Rebuild the reports of a stored run from its records."""
    from chaos.playing import Telling, rebuild  # noqa: PLC0415 - numpy is slow to import

    sys.exit(rebuild(folder, Telling(as_json=as_json)))


@main.command(short_help="Recompute a report's numbers and check its hashes.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--replay", is_flag=True, help="Play it again, too, and compare every record.")
def verify(*, folder: Path, replay: bool) -> None:
    """Recompute a report's every number from its raw records, and check their hashes."""
    from chaos.report.verify import verify as verified  # noqa: PLC0415 - numpy is slow to import

    found = verified(folder)
    for problem in found.problems:
        click.echo(f"{problem.where}: {problem.told}", err=True)
    checked = f"{found.files} files, {found.records:,} records, {found.numbers:,} numbers"
    if found.problems:
        click.echo(f"{folder} does not follow from its records ({checked} checked).", err=True)
        sys.exit(FAILED)
    click.echo(f"{folder} follows from its records ({checked} checked).")
    if replay:
        from chaos.replaying import tell  # noqa: PLC0415 - plays a world

        sys.exit(tell(folder))


@main.command(short_help="Hold the runs in folder B against those in folder A.")
@click.argument("before", type=click.Path(path_type=Path, file_okay=False), metavar="A")
@click.argument("after", type=click.Path(path_type=Path, file_okay=False), metavar="B")
@click.option("--fail-on", type=click.Choice(["regression"]), help="Exit 1 where B is worse.")
@_as_json
@click.option("--figure", type=click.Path(path_type=Path), help="Draw it into this SVG file.")
@click.option("--markdown", is_flag=True, help="Say it as Markdown, for a pull request.")
def compare(
    *,
    before: Path,
    after: Path,
    fail_on: str | None,
    as_json: bool,
    figure: Path | None,
    markdown: bool,
) -> None:
    """Hold the runs in folder B against those in folder A, a repetition each."""
    from chaos.analysis.findings import EXIT_CODES  # noqa: PLC0415 - numpy is slow to import
    from chaos.report import compare as comparing  # noqa: PLC0415 - as above
    from chaos.report import compared  # noqa: PLC0415 - as above

    found = comparing.folders(before, after)
    if figure:
        from chaos.report import side_by_side  # noqa: PLC0415 - figures are slow to import

        shelf.keep(figure, side_by_side.draw(found))
    if as_json:
        click.echo(compared.encoded(found))
    elif markdown:
        click.echo(compared.summary(found))
    else:
        from chaos import voice  # noqa: PLC0415 - only this form needs it

        console = voice.console()
        with console.capture() as told:
            compared.show(found, console)
        click.echo(told.get(), nl=False)
    if fail_on:
        sys.exit(EXIT_CODES[found.verdict])


@main.command(short_help="Serve the key service twin for your own programs.")
@click.option("--regions", default="us-south,us-east", show_default=True, metavar="A,B,…")
@click.option("--plan", default="tiered-pricing", show_default=True, help="The instances' plan.")
@click.option("--env-file", type=click.Path(path_type=Path), help="Write NAME=value lines here.")
@click.option("--scale-time", type=float, default=1.0, help="How fast its own timers run.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep keys here.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="The first region's port.")
def serve(  # noqa: PLR0913 - an option each
    *,
    regions: str,
    plan: str,
    env_file: Path | None,
    scale_time: float,
    data: Path | None,
    host: str,
    port: int,
) -> None:
    """Serve the key service twin until Ctrl-C, for SDKs and programs of your own."""
    from chaos.service import serve as serving  # noqa: PLC0415 - RSA is slow to import

    names = tuple(name.strip() for name in regions.split(",") if name.strip())
    options.check_ports(port, len(names) + 1)
    options.check_host(host)
    wish = serving.Wish(names, plan, env_file, scale_time, data, host, port)
    sys.exit(serving.serve(wish))


@main.command()
@click.option("--config", type=click.Path(path_type=Path), help="A file of proxies, Toxiproxy's.")
@click.option("--host", default="localhost", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=8474, show_default=True)
@click.option("--seed", type=int, help="Of toxicity, jitter and losses.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="Processes sharing ports.")
@click.option("--proxy-metrics", is_flag=True, help="Serve /metrics of the proxies.")
@click.option("--runtime-metrics", is_flag=True, help="Serve /metrics of the process.")
def proxy(  # noqa: PLR0913 - an option each
    *,
    config: Path | None,
    host: str,
    port: int,
    seed: int | None,
    workers: int,
    proxy_metrics: bool,
    runtime_metrics: bool,
) -> None:
    """Run the fault proxy by itself, as a drop-in for Toxiproxy."""
    from chaos.proxy import serve as serving  # noqa: PLC0415 - only this command needs it
    from chaos.proxy.server import Settings  # noqa: PLC0415 - only this command needs it

    options.check_host(host)
    settings = Settings(host, port, seed, workers, proxy_metrics, runtime_metrics)
    sys.exit(serving.serve(config, settings))


@main.command(short_help="Try whether backup root keys open what originals wrap.")
@click.option("--service", required=True, type=click.Path(path_type=Path), metavar="FILE")
def check_backups(service: Path) -> None:
    """Try whether every root key's backup opens what the original wraps, and the other way."""
    from chaos.client import backups, check_backups  # noqa: PLC0415 - only this command needs it
    from chaos.client.service_file import read_service  # noqa: PLC0415 - only this command needs it

    rows = check_backups.check(read_service(shelf.text_of(service), str(service)), os.environ)
    click.echo("\n".join(backups.table(rows)))
    sys.exit(backups.exit_code(rows))


if __name__ == "__main__":
    stopping.leave_at_once()
    main()
