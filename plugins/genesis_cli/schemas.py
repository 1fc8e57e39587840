"""The published JSON Schemas of what people and programs exchange with Genesis, in docs/schemas.

``python -m genesis_cli.schemas`` writes them. They are made from the types that read and write these documents; a test
compares what is published with what is made.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from genesis_core import (
    AgentCard,
    Finding,
    Plan,
    PlanFile,
    Record,
    Replayed,
    RunEvent,
    RunState,
    Score,
    TaskError,
    TaskResult,
    ToolSpec,
    Usage,
)

from . import _streams as streams
from ._document import RUN_SCHEMA

__all__ = ["SCHEMAS", "made", "main"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TASK_ID = "^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$"
TEXT, TIME = {"type": "string"}, {"type": ["string", "null"], "format": "date-time"}

Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """A frozen empty object is a default that JSON Schema can do without."""

    ignored_warning_kinds = {"non-serializable-default"}  # noqa: RUF012  # pydantic's own way


def made() -> Mapping[str, Schema]:
    """Return the schemas by file name."""
    return {
        "plan-file.schema.json": plan_file(), "plan.schema.json": plan(), "run.schema.json": run(),
        "catalogue.schema.json": catalogue(), "evaluation.schema.json": evaluation(),
    }


def plan_file() -> Schema:
    """Return the schema of what an author writes by hand."""
    body = _definitions("validation", PlanFile)
    own = body["$defs"].pop("PlanFile")
    own["properties"] = {"$schema": TEXT, "schema": TEXT, **own["properties"]}
    return _document("plan-file", "Genesis plan file", own, body)


def plan() -> Schema:
    """Return the schema of what ``genesis plan -o`` writes."""
    body = _definitions("validation", Plan)
    own = body["$defs"].pop("Plan")
    own["properties"] = {"schema": {"const": "genesis.plan/1"}, "digest": SHA256, **own["properties"]}
    own["required"] = ["schema", "digest", *own["required"]]
    return _document("plan", "Genesis plan, as approved", own, body)


def run() -> Schema:
    """Return the schema of a run: ``data`` of ``run --json`` and ``runs show --json``; ``runs export`` adds events."""
    body = _definitions("validation", Plan, Finding, Score, TaskResult, TaskError, Usage, RunEvent, Replayed)
    event = body["$defs"]["RunEvent"]
    properties: Schema = {
        "schema": {"const": RUN_SCHEMA}, "run_id": TEXT, "state": {"enum": [state.value for state in RunState]},
        "exit_code": {"type": "integer", "minimum": 0, "maximum": 255}, "goal": TEXT, "workspace": TEXT,
        "folder": TEXT, "started": TIME, "ended": TIME, "digest": _or_null(SHA256), "plan": _or_null(_ref("Plan")),
        "findings": {"type": "array", "items": _ref("Finding")}, "score": _or_null(_ref("Score")),
        "changes": {"type": "array", "items": _change()}, "not_understood": {"type": "array", "items": TEXT},
        "tasks": {"type": "object", "additionalProperties": _ref("TaskResult")},
        "artifacts": {"type": "array", "items": _artifact()}, "output": {}, "usage": _ref("Usage"),
        "error": _or_null(_ref("TaskError")), "recorded": {"type": "boolean"}, "replay": _or_null(_ref("Replayed")),
    }
    replayed = body["$defs"]["Replayed"]
    replayed["properties"]["equal"] = {"type": "boolean"}
    replayed["required"] = list(replayed["properties"])
    own = {
        "type": "object", "additionalProperties": False, "required": list(properties),
        "properties": {**properties, "events": {"type": "array", "items": _ref("RunEvent")},
                       "kept": {"type": "object", "propertyNames": SHA256}},
    }
    event["required"] = ["run_id", "seq", "time", "kind", "actor", "task_id", "attempt", "data", "label"]
    return _document("run", "Genesis run", own, body)


def _change() -> Schema:
    """Return the schema of a change of the plan while it ran."""
    ids = {"type": "array", "items": TEXT}
    properties: Schema = {"row": {"type": "integer", "minimum": 1}, "after": TEXT, "by": TEXT, "reason": TEXT,
                          "refused": {"type": "boolean"}, "added": ids, "replaced": ids, "dropped": ids}
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


def catalogue() -> Schema:
    """Return the schema of descriptions of agents and tools, for ``genesis eval --catalogue``."""
    body = _definitions("validation", AgentCard, ToolSpec)
    card, tool = body["$defs"]["AgentCard"], body["$defs"].pop("ToolSpec")
    card["properties"]["skills"]["items"] = {"anyOf": [TEXT, _ref("Skill")]}
    ports = {"type": "array", "items": {"anyOf": [TEXT, {"type": "object", "properties": {
        "name": TEXT, "desc": TEXT, "type": TEXT, "required": {"type": "boolean"}}}]}}
    either = {"anyOf": [ports, {"type": "object"}]}
    spelt = {"id": TEXT, "desc": TEXT, "parameters": either, "outputs": either, "inputSchema": {"type": "object"},
             "outputSchema": {"type": "object"}}
    body["$defs"]["Tool"] = {
        "type": "object", "properties": {**tool["properties"], **spelt},
        "anyOf": [{"required": ["name"]}, {"required": ["id"]}, {"required": ["function"]}],
    }
    names = {"agents": "AgentCard", "tools": "Tool", "nodes": "Tool"}
    own = {
        "type": "object", "additionalProperties": False, "minProperties": 1,
        "properties": {"$schema": TEXT, "schema": TEXT,
                       **{name: {"type": "array", "items": _ref(kind)} for name, kind in names.items()}},
    }
    return _document("catalogue", "Agents and tools for genesis eval", own, body)


def evaluation() -> Schema:
    """Return the schema of ``data`` in what ``genesis eval KIND --json`` prints; scores differ from kind to kind."""
    number: Schema = {"type": ["number", "boolean", "null"]}
    scores = {"type": "object", "additionalProperties": {"anyOf": [number, _ref("Scores")]}}
    between = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    apart = {"type": "object", "additionalProperties": False, "required": ["value", "interval"],
             "properties": {"value": {"type": "number"}, "interval": _or_null(_ref("Interval"))}}
    count, names = {"type": "integer", "minimum": 0}, ("Scores", "Intervals", "Differences")
    inside = {name: {"type": "object", "additionalProperties": {"anyOf": [leaf, _ref(name)]}}
              for name, leaf in (("Intervals", _ref("Interval")), ("Differences", _ref("Difference")))}
    told = dict(zip(("scores", "intervals", "differences"), (_or_null(_ref(name)) for name in names), strict=True))
    baseline = {"type": "object", "additionalProperties": False, "required": ["name", "scores", "differences"],
                "properties": {"name": {"type": ["string", "null"]}, "scores": told["scores"],
                               "differences": told["differences"]}}
    silent = {"type": "object", "additionalProperties": {"type": "array", "items": TEXT}}
    properties: Schema = {
        "kind": TEXT, "rows": count, "errors": count, "resumed": count, "variant": TEXT,
        "predictions": {"type": ["string", "null"]}, "scores": told["scores"], "intervals": told["intervals"],
    }
    own = {
        "type": "object", "required": list(properties),
        "properties": {**properties, "baseline": baseline, "thresholds": _or_null(_ref("Scores")), "silent": silent},
    }
    defined = {"Scores": scores, "Interval": between, "Difference": apart, **inside}
    return _document("evaluation", "Genesis evaluation", own, {"$defs": defined})


def _artifact() -> Schema:
    fields: Schema = {"task": TEXT, "name": TEXT, "media_type": TEXT, "sha256": SHA256, "path": TEXT,
                      "size": {"type": "integer", "minimum": 0}}
    return {"type": "object", "additionalProperties": False, "required": list(fields), "properties": fields}


def _definitions(mode: Any, *kinds: type[Record]) -> Schema:
    _, body = models_json_schema([(kind, mode) for kind in kinds], ref_template="#/$defs/{model}",
                                 schema_generator=_Generator)
    if "Input" in body["$defs"]:
        body["$defs"]["Input"] = _input(body["$defs"]["Input"])
    if "Task" in body["$defs"]:
        body["$defs"]["Task"]["properties"]["id"]["pattern"] = TASK_ID
    return body


def _input(given: Schema) -> Schema:
    """Say what the type checks in code: exactly one of four forms."""
    forms = (("value",), ("file",), ("task", "output"), ("task", "artifact"))
    return {
        "description": given.get("description", ""), "type": "object",
        "oneOf": [{"type": "object", "additionalProperties": False, "required": list(form),
                   "properties": {name: {} if name == "value" else TEXT for name in form}} for form in forms],
    }


def _document(name: str, title: str, own: Schema, body: Schema) -> Schema:
    head = {"$schema": DIALECT, "$id": f"urn:genesis:{name}:1", "title": title}
    return {**head, **{k: v for k, v in own.items() if k != "title"}, "$defs": body["$defs"]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


SCHEMAS = ("plan-file.schema.json", "plan.schema.json", "run.schema.json", "catalogue.schema.json",
           "evaluation.schema.json")


def main(folder: str = "docs/schemas") -> None:
    """Write every schema below *folder*."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, schema in made().items():
        (target / name).write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        streams.note(f"wrote {target / name}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
