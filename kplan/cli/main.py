"""`kplan`: the group of commands, and the one place where exceptions become exit codes.

0 clean, 1 findings, 2 usage, unreadable input or unwritable output, 3 a bug of ours, 130 interrupted, 141 nobody reads any more.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from kplan import __version__
from kplan.cli import streams

COMMANDS = {
    "plan": "What would the cluster look like?",
    "lint": "Is anything wrong with these manifests?",
    "graph": "What depends on what?",
    "snapshot": "A dump of a live cluster, for --state.",
    "show": "A saved plan in any format.",
    "explain": "Why is this pod where it is, or nowhere?",
    "capacity": "What room is there, how much more fits, how many nodes are needed?",
    "drain": "Who moves where when nodes are drained or lost?",
    "reach": "Does this reach that?",
    "rules": "The lint rules and what they are about.",
    "version": "This version, and the Kubernetes versions it knows.",
    "completion": "Commands and options, completed by the shell.",
}
CLEAR = "\r\033[K"  # of a terminal's line, where progress stands
REPORT = "https://github.com/kplan-dev/kplan/issues"


class Commands(click.Group):
    """Loads a command's module when it is used, so that `--version` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The click command of a name."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"kplan.cli.{cmd_name}").command  # type: ignore[no-any-return]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. click would end the process itself, with 1, once nobody reads: 1 says that something is found."""
        from kplan.api.garbage import no_garbage

        try:
            with no_garbage():  # a command ends soon
                return super().invoke(ctx)
        except BrokenPipeError as error:
            raise streams.ReaderGoneError from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table alone, without loading every command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kplan")
def cli() -> None:
    """Says, offline, what the API server will say to your Kubernetes manifests, what the cluster will then look like, and what breaks on the way."""


def _told(error: click.ClickException) -> str:
    """What is wrong, in one line; of what is said wrongly also where to look it up."""
    text = " ".join(error.format_message().split())
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return text
    stop = "" if text.endswith((".", ")")) else "."
    return f"{text}{stop} See {error.ctx.command_path} --help."


def main(arguments: list[str] | None = None) -> Any:
    """The entry point; never returns normally."""
    streams.prepare()
    try:
        code = cli.main(args=arguments, prog_name="kplan", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo(f"{CLEAR if sys.stderr.isatty() else ''}kplan: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        click.echo(f"Error: {_told(error)}", err=True)
        sys.exit(2)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (streams.ReaderGoneError, BrokenPipeError):
        streams.abandon()
        sys.exit(141)
    except OSError as error:
        streams.abandon()
        click.echo(f"kplan: {error.strerror or error}{f': {error.filename}' if error.filename else ''}", err=True)
        sys.exit(2)
    except Exception as error:
        from kplan.config import ConfigError

        if isinstance(error, ConfigError):
            click.echo(f"Error: {error}", err=True)
            sys.exit(2)
        if os.environ.get("KPLAN_TRACEBACK"):
            raise
        click.echo(f"kplan: a bug of kplan, sorry: {type(error).__name__}: {error}", err=True)
        click.echo(f"kplan: please report it at {REPORT} with the output of KPLAN_TRACEBACK=1 kplan …", err=True)
        sys.exit(3)
