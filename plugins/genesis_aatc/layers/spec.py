"""Layer 1: what a tool promises, who wrote it, and what it asks for."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping

from pydantic import ValidationError

from genesis_aatc.candidate import Candidate, Manifest
from genesis_aatc.sandboxes import grants_problem, limits_problem
from genesis_aatc.schemas import arguments_problem, examples_problem, same, schema_problem, value_problem
from genesis_core import Effect, canonical_json

from ._refused import Refused
from .source import unseen
from .syntax import kept

NAME = "spec"

TOOL_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
VERSION = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){0,2}(-[0-9A-Za-z][0-9A-Za-z.-]{0,31})?")
AUTHOR = re.compile(r"examples|file|model:[!-~]{1,120}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
METHOD = frozenset({"self", "cls"})
MAX_DESCRIPTION = 4_000
MAX_SCHEMA = 16_384
MAX_EXAMPLES = 64
MAX_EXAMPLE = 65_536
MAX_GRANTS = 8
"""Of each kind."""


def check(candidate: Candidate) -> Iterable[str]:
    """Refuse what is not named, described, bounded and asked for as it has to be."""
    Refused.when(_too_much(candidate))
    Refused.when([*_names(candidate), *_schemas(candidate), *_grants(candidate)])
    if problem := grants_problem(candidate.manifest):
        raise Refused(f"it asks for what nobody can grant: {problem}")
    Refused.when(list(_examples(candidate)))
    if not candidate.need.examples:
        yield "there is no example: only the schema says whether it is right"
    manifest = candidate.manifest
    if manifest != Manifest():
        who = f"granted by {candidate.approved}" if candidate.approved else "granted by nobody yet"
        yield f"it asks for {', '.join(name for name, value in manifest.to_json().items() if value)}; {who}"


def _too_much(candidate: Candidate) -> list[str]:
    """Return what keeps the examples from being looked at, in a time that nobody who wrote them chooses."""
    problem = examples_problem(candidate.need.examples)
    return [f"its examples can't be looked at: {problem}"] if problem else []


def _names(candidate: Candidate) -> Iterator[str]:
    spec, proposal = candidate.spec, candidate.proposal
    if why := reserved(spec.name) or ("is built into Python" if hasattr(builtins, spec.name) else ""):
        yield f"{spec.name[:80]!r} is no name for a tool: it {why}"
    elif not TOOL_NAME.fullmatch(spec.name):
        yield f"{spec.name[:80]!r} is no name for a tool: a letter, then up to 63 letters, digits or _, in lower case"
    if spec.name != candidate.need.name:
        yield f"it is named {spec.name[:80]!r}, and {candidate.need.name!r} is what is needed"
    if not VERSION.fullmatch(spec.version):
        yield f"{spec.version[:80]!r} is no version: 1, 1.2 or 1.2.3, with -pre.1 if need be"
    if not AUTHOR.fullmatch(proposal.author):
        yield f"{proposal.author[:80]!r} is no author: examples, file, or model:NAME"
    if len(spec.description) > MAX_DESCRIPTION:
        yield f"its description has {len(spec.description)} characters; at most {MAX_DESCRIPTION} are read"
    if any(map(unseen, spec.description)):
        yield "its description holds characters that nobody sees"
    if spec.inline:
        yield "it asks to run inside this program: what is made runs in the sandbox"


def _schemas(candidate: Candidate) -> Iterator[str]:
    spec = candidate.spec
    for word, schema in (("input", spec.input_schema), ("output", spec.output_schema)):
        if len(canonical_json(schema)) > MAX_SCHEMA:
            yield f"its {word} schema is longer than {MAX_SCHEMA} bytes"
        elif problem := schema_problem(schema):
            yield f"{word} schema: {problem}"
    if spec.input_schema.get("type") != "object" or spec.input_schema.get("additionalProperties") is not False:
        yield "its input schema is not a closed object: type is object, and additionalProperties false"
    named = spec.input_schema.get("properties", {})
    yield from _parameters(named if isinstance(named, Mapping) else ())


def _parameters(named: Iterable[str]) -> Iterator[str]:
    """Yield which names no parameter can have: a call hands them over by name."""
    for name in named:
        if why := reserved(name):
            yield f"{name!r} can't be the name of a parameter: it {why}"
        elif not VARIABLE.fullmatch(name) or name[0] == "_":
            yield f"{name[:80]!r} can't be the name of a parameter: letters, digits and _, beginning with a letter"


def reserved(name: str) -> str:
    """Return why Python itself wants *name*; empty: it does not."""
    if keyword.iskeyword(name):
        return "is a reserved word of Python"
    if name in METHOD:
        return "is what a method of Python belongs to"
    return "is built into Python, and no tool may give it another meaning" if kept(name) else ""


def _grants(candidate: Candidate) -> Iterator[str]:
    """Yield what it asks for that nobody could grant, whoever approves."""
    try:
        manifest = candidate.manifest
    except ValidationError as error:
        yield from (f"capabilities: {'.'.join(map(str, fault['loc']))[:80]}: {fault['msg'].lower()}"
                    for fault in error.errors())  # fmt: skip
        return
    if manifest.hosts:
        yield f"it asks for the network ({', '.join(manifest.hosts)[:80]}), which no tool is granted in this version"
    if manifest.write:
        yield "it asks to write files, which no tool is granted in this version; let it return what it makes"
    for word, values in (("read", manifest.read), ("env", manifest.env), ("modules", manifest.modules)):
        if len(values) > MAX_GRANTS or len(set(values)) < len(values):
            yield f"it asks for more than {MAX_GRANTS} of {word}, or for one of them twice"
    yield from (f"{path[:80]!r} is no absolute path" for path in manifest.read
                if not path.startswith("/") or ".." in path.split("/") or not path.isprintable())  # fmt: skip
    yield from (f"{name[:80]!r} is not the name of a variable" for name in manifest.env if not VARIABLE.fullmatch(name))
    yield from (f"{name[:80]!r} is not the name of a package" for name in manifest.modules
                if not VARIABLE.fullmatch(name) or keyword.iskeyword(name))  # fmt: skip
    if problem := limits_problem(manifest.limits):
        yield f"limits: {problem}"
    reads = bool(manifest.read or manifest.env)
    if candidate.spec.effect is not (Effect.READ if reads else Effect.PURE):
        asked = "read" if reads else "pure"
        yield f"its effect is {candidate.spec.effect.value}, and by what it asks for it is {asked}"


def _examples(candidate: Candidate) -> Iterator[str]:
    spec, examples = candidate.spec, candidate.need.examples
    if len(examples) > MAX_EXAMPLES:
        yield f"there are {len(examples)} examples; at most {MAX_EXAMPLES} are tried"
        return
    for number, example in enumerate(examples, 1):
        if len(canonical_json(example.to_json())) > MAX_EXAMPLE:
            yield f"example {number} is longer than {MAX_EXAMPLE} bytes"
        if problem := arguments_problem(spec.input_schema, example.arguments):
            yield f"example {number} is none by the input schema: {problem}"
        if problem := value_problem(spec.output_schema, example.value):
            yield f"example {number} is none by the output schema: {problem}"
        for earlier, other in enumerate(examples[: number - 1], 1):
            if same(example.arguments, other.arguments) and not same(example.value, other.value):
                yield f"examples {earlier} and {number} ask for two values of the same arguments"
