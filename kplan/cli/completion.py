"""`kplan completion`."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    r"""Print the script that completes commands and options in a shell.

    \b
    bash: source <(kplan completion bash)
    zsh:  source <(kplan completion zsh)
    fish: kplan completion fish > ~/.config/fish/completions/kplan.fish
    """
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(context.find_root().command, {}, "kplan", "_KPLAN_COMPLETE").source())
    return 0
