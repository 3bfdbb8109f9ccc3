"""The command group: what people must act on is a sentence and an exit code, not a traceback."""

import signal
import sys
from typing import NoReturn

import click

from chaos import shelf
from chaos.errors import ScenarioError, WorldError

USER_MISTAKE, ABORTED, ENVIRONMENT = 2, 4, 5


class Front(click.Group):
    """The command group; what people must act on is one clear sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; our two exceptions become a sentence on standard error."""
        # A SIGTERM unwinds like Ctrl-C wherever no run of ours is waiting for it.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except ScenarioError as error:
            _leave(error, USER_MISTAKE)
        except WorldError as error:
            _leave(error, ENVIRONMENT)
        except KeyboardInterrupt:
            _leave("Stopped. What had been recorded is kept.", ABORTED)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command where there is none of that name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = shelf.nearest(args[0], self.list_commands(ctx)) if args else ""
            raise click.UsageError(f"{error.message.rstrip('.')}.{near}", ctx) from error


def _leave(error: Exception | str, code: int) -> NoReturn:
    click.echo(str(error), err=True)
    sys.exit(code)
