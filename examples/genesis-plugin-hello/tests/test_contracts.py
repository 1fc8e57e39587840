"""The contracts that every agent, tool and hook keeps, held against ours."""

from __future__ import annotations

from genesis_core.testing import AgentContract, DecomposeContract, ToolContract
from genesis_plugin_hello import genesis_decompose
from genesis_plugin_hello.greeter import greeter, greeting


class TestGreeter(AgentContract):
    agent = greeter


class TestGreeting(ToolContract):
    tool = greeting
    arguments = {"name": "Ada", "language": "eo"}


class TestDecompose(DecomposeContract):
    hook = staticmethod(genesis_decompose)
    goal = "Greet Ada, Grace and Linus"
