"""The commands: where each body is, and what ``genesis --help`` says of it. Nothing here is imported until called."""

from __future__ import annotations

__all__ = ["COMMANDS", "SECTIONS", "Row"]


class Row:
    """One command: its name, ``module:attribute`` of its body, what help says, and under which heading."""

    __slots__ = ("help", "name", "section", "target")

    def __init__(self, name: str, target: str, help: str, section: str) -> None:
        self.name, self.target, self.help, self.section = name, target, help, section


SECTIONS = ("Plan and run", "Look at a run", "Look round")
_PLAN, _LOOK, _ROUND = SECTIONS

COMMANDS = {
    row.name: row
    for row in (
        Row("run", "genesis_cli.run:run", "Run a goal, a plan file or an approved plan.", _PLAN),
        Row("plan", "genesis_cli.plan:plan", "Show what would run, and write it down for approval.", _PLAN),
        Row("resume", "genesis_cli.resume:resume", "Go on with a run; nothing recorded runs again.", _PLAN),
        Row("approvals", "genesis_cli.approvals:approvals", "Show what waits for you, and say yes or no.", _PLAN),
        Row("replay", "genesis_cli.replay:replay", "Repeat a recorded run offline; name the first difference.", _LOOK),
        Row("runs", "genesis_cli.runs:runs", "List, show, export, cancel and prune runs.", _LOOK),
        Row("explain", "genesis_cli.explain:explain", "Say why each task went to its agent.", _LOOK),
        Row("diff", "genesis_cli.diff:diff", "Compare two runs; a gate for CI with --fail-on.", _LOOK),
        Row("cost", "genesis_cli.cost:cost", "Show what a run spent on models, and what it saved.", _LOOK),
        Row("verify", "genesis_cli.verify:verify", "Check that a run's record is complete and untouched.", _LOOK),
        Row("agents", "genesis_cli.agents:agents", "Show who can do what.", _ROUND),
        Row("rules", "genesis_cli.rules:rules", "List, check, test and explain the rules that route tasks.", _ROUND),
        Row("rewards", "genesis_cli.rewards:rewards", "Learn from outcomes who does what well; show it.", _ROUND),
        Row("patterns", "genesis_cli.patterns:patterns", "List, show and check what broad goals consist of.", _ROUND),
        Row("tools", "genesis_cli.tools:tools", "Show, make, try, call and revoke tools that were made here.", _ROUND),
        Row("models", "genesis_cli.models:models", "Show, test, fetch and serve models.", _ROUND),
        Row("plugins", "genesis_cli.plugins:plugins", "Show what is installed and who answers which hook.", _ROUND),
        Row("keys", "genesis_cli.keys:keys", "Show, rotate and retire the keys that sign.", _ROUND),
        Row("sandbox", "genesis_cli.sandbox:sandbox", "Run a program isolated, and test what isolates it.", _ROUND),
        Row("doctor", "genesis_cli.doctor:doctor", "Check this installation.", _ROUND),
        Row("config", "genesis_cli.config:config", "Show the settings in force, and where each came from.", _ROUND),
        Row("eval", "genesis_cli.eval:eval", "Measure planning against data with known answers.", _ROUND),
        Row("completion", "genesis_cli.completion:completion", "Print the completion script of a shell.", _ROUND),
    )
}
"""By name, in the order of ``genesis --help``."""
