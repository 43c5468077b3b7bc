"""`kplan rules`."""

from __future__ import annotations

import click

from kplan.cli.options import console


@click.command()
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the rules, or print one with its reasons and remedy."""
    from rich.text import Text

    from kplan.lint.rules import RULES
    from kplan.report.lines import wrapped

    out = console(None)
    if name is None:
        for rule in RULES:
            out.print(Text(rule.name, style="bold").append(f" ({rule.severity}, {rule.profile})", style="not bold dim"))
            wrapped(f"    {rule.documentation.splitlines()[0]}", out, 4)
        return 0
    found = next((r for r in RULES if r.name == name), None)
    if found is None:
        raise click.ClickException(f'there is no rule "{name}": kplan rules lists them')
    kinds = ", ".join(k.partition(".")[0] for k in found.kinds) or "all kinds"
    wrapped(Text(f"{found.name} ({found.severity}, profile {found.profile}; {kinds})", style="bold"), out, 4)
    out.print()
    for line in found.documentation.splitlines():
        wrapped(line, out, 4)
    for option, default in found.options.items():
        wrapped(f"Option {option}: {list(default) if isinstance(default, tuple) else default!r} by default", out, 4)
    return 0
