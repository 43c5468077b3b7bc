"""`kplan rules`."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the rules, or print one with its reasons and remedy."""
    from kplan.lint.rules import RULES

    if name is None:
        width = max(len(r.name) for r in RULES)
        for rule in RULES:
            click.echo(f"{rule.name:{width}}  {rule.severity!s:8} {rule.profile:8} {rule.documentation.splitlines()[0]}")
        return 0
    found = next((r for r in RULES if r.name == name), None)
    if found is None:
        raise click.UsageError(f'there is no rule "{name}": kplan rules lists them')
    kinds = ", ".join(k.partition(".")[0] for k in found.kinds) or "all kinds"
    click.echo(f"{found.name} ({found.severity}, profile {found.profile}; {kinds})\n\n{found.documentation}")
    for option, default in found.options.items():
        click.echo(f"Option {option}: {list(default) if isinstance(default, tuple) else default!r} by default")
    return 0
