"""The agent that greets, and the tool that finds the words."""

from __future__ import annotations

from genesis_core import Skill, Task, TaskContext, TaskResult, agent, tool

WORDS = {"en": "Hello", "de": "Guten Tag", "eo": "Saluton", "fr": "Bonjour"}


@tool(inline=True)
def greeting(name: str, language: str = "en") -> str:
    """Return a greeting for one person.

    name: whom to greet
    language: two letters; a language that is not known is greeted in English
    """
    return f"{WORDS.get(language, WORDS['en'])}, {name}!"


@agent(
    name="greeter",
    description="Greets people by name and writes the greetings on one card.",
    kinds=["greeting"],
    skills=[Skill(id="greeting", name="greet people", description="greet, say hello, welcome people by name")],
    tools=[greeting],
    tier="cheap",
    prior=0.99,
)
async def greeter(task: Task, context: TaskContext) -> TaskResult:
    """Greet the person in the input ``name``, or put the greetings of earlier tasks on a card."""
    if "name" in context.inputs:
        return context.result({"greeting": await context.call(greeting, name=context.inputs["name"])})
    lines = [f"- {text}" for text in context.inputs.values()]
    card = await context.write("card.md", "\n".join(lines) + "\n", media_type="text/markdown")
    return context.result({"greetings": len(lines)}, artifacts=[card])
