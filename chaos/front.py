"""The command group: what people must act on is a sentence and an exit code, not a traceback."""

import sys
from typing import NoReturn

import click

from chaos import shelf, voice
from chaos.errors import ScenarioError, WorldError
from chaos.exits import ABORTED, ENVIRONMENT, USER_MISTAKE


class Front(click.Group):
    """The command group; what people must act on is one clear sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> None:
        """Run the command; our two exceptions become a sentence on standard error."""
        try:
            try:
                super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except ScenarioError as error:
            _leave(error, USER_MISTAKE)
        except WorldError as error:
            _leave(error, ENVIRONMENT)
        except KeyboardInterrupt:
            _leave("Stopped. What had been recorded is kept.", ABORTED)
        except BrokenPipeError:
            # Whoever read it has gone, and was not told the verdict: no success.
            voice.silence(sys.stdout)
            sys.exit(ENVIRONMENT)
        except OSError as error:
            voice.silence(sys.stdout)
            _leave(f"{error.filename or 'The output'}: {error.strerror}.", ENVIRONMENT)

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
    voice.complain(str(error))
    sys.exit(code)
