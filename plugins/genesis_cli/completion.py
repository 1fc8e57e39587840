"""``genesis completion``: the script that lets a shell complete commands, options and runs."""

from __future__ import annotations

import click

from ._options import common
from ._session import Session

__all__ = ["completion"]

HOW = {
    "bash": 'eval "$(genesis completion bash)"        # in ~/.bashrc',
    "zsh": 'eval "$(genesis completion zsh)"         # in ~/.zshrc, after compinit',
    "fish": "genesis completion fish | source         # in config.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(HOW)))
@common
def completion(session: Session, shell: str) -> int:
    """Print the completion script of SHELL; evaluate it in the shell's start-up file.

    \b
    eval "$(genesis completion bash)"      in .bashrc
    eval "$(genesis completion zsh)"       in .zshrc
    genesis completion fish | source       in config.fish
    """
    from click.shell_completion import get_completion_class

    from ._main import genesis

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  # click knows all three
    made = kind(genesis, {}, "genesis", "_GENESIS_COMPLETE")
    script = made.source_template % made.source_vars()  # source() would start a shell to ask for its version
    return session.answer({"shell": shell, "script": script, "install": HOW[shell]}, script.strip())
