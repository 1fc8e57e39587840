"""The measures: equal to those of the reference scorers to the last digit, on data that has everything in it."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genesis_eval import graph_scores, routing_scores

Row = dict[str, Any]


def reference(name: str) -> Path:
    """The reference scorer *name*, beside the shared data; the test is skipped where it is not."""
    home = os.environ.get("GENESIS_EVAL_DATA", "")
    path = Path(home).parent / "eval" / name
    if not home or not path.is_file():
        pytest.skip("GENESIS_EVAL_DATA does not name the shared evaluation data")
    return path


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOLS = ["find_song", "Play Song", "send_sms", "book", "weather", "made up"]


def nodes(dice: random.Random) -> Any:
    names = dice.choices(TOOLS, k=dice.randrange(4))
    form = dice.randrange(4)
    if form == 0:
        return names
    if form == 1:
        return [{"task": n, "arguments": {"to": dice.choice(["<node-0>", "a", 3])}} for n in names]
    key = "task" if form == 2 else "id"
    return [{key: n, "arguments": [{"name": "x_y", "value": f"<node-{dice.randrange(3)}>"}, "bare"]} for n in names]


def graph(dice: random.Random, *, gold: bool) -> Row:
    row: Row = {"nodes": nodes(dice)}
    if gold or dice.random() < 0.7:
        pairs = [dice.choices(TOOLS, k=2) for _ in range(dice.randrange(3))]
        row["links"] = pairs if dice.random() < 0.5 else [{"source": a, "target": b} for a, b in pairs]
    if dice.random() < 0.7:
        row["steps"] = dice.sample(
            ["Step 1 Call find_song", "then send it", {"step": "Book a table"}, "2.5 miles"], k=2
        )
    return row if gold or dice.random() < 0.8 else {"result": {f"task_{k}": v for k, v in row.items()}}


def some_rows(dice: random.Random) -> tuple[list[Row], list[Row]]:
    gold: list[Row] = [
        {**graph(dice, gold=True), "id": f"r{n}", "domain": dice.choice("abc"), "type": dice.choice(["chain", "dag"])}
        for n in range(60)
    ]
    for row in gold[::7]:
        row["tools"] = [{"id": "find_song"}, {"id": "weather"}]
    return gold, [{"id": row["id"]} | graph(dice, gold=False) for row in gold if dice.random() < 0.9]


def write_tools(folder: Path) -> None:
    (folder / "a.tool_desc.json").write_text(json.dumps({"nodes": [{"id": t} for t in TOOLS[:4]]}))
    links = [{"source": "find_song", "target": "Play Song"}]
    (folder / "a.graph_desc.json").write_text(json.dumps({"nodes": [], "links": links}))
    (folder / "b.tool_desc.json").write_text(json.dumps({"nodes": [{"id": "book"}]}))


def same(score: Callable[[], object], other: object) -> None:
    """Equal as written: the same keys in the same order, the same digits."""
    assert json.dumps(score()) == json.dumps(other)


@pytest.mark.parametrize("seed", range(8))
def test_graph_measures_equal_the_reference(seed: int, tmp_path: Path) -> None:
    theirs = load(reference("taskbench_score.py"))
    gold, made = some_rows(random.Random(seed))
    write_tools(tmp_path)
    same(lambda: graph_scores.score(gold, made, tmp_path), theirs.score(gold, made, str(tmp_path)))
    same(lambda: graph_scores.score(gold, made), theirs.score(gold, made))
    same(lambda: graph_scores.score(gold, []), theirs.score(gold, []))


def test_shapes_equal_the_reference() -> None:
    theirs, dice = load(reference("taskbench_score.py")), random.Random(5)
    kinds = ["single", "chain", "dag"]
    gold = [{"id": n, "domain": dice.choice("ab"), "type": dice.choice(kinds)} for n in map(str, range(40))]
    made = [{"id": row["id"], "type": dice.choice(kinds)} for row in gold[:35]]
    same(lambda: graph_scores.score(gold, made), theirs.score(gold, made))


@pytest.mark.parametrize("seed", range(4))
def test_routing_measures_equal_the_reference(seed: int, tmp_path: Path) -> None:
    script, dice = reference("agent_routing_score.py"), random.Random(seed)
    agents = ["a", "b", "c", "d"]
    gold = [{"id": n, "task": "t", "agent": dice.choice(agents)} for n in range(150)]
    made = [
        {"id": row["id"], "confidence": round(dice.random(), 1), "reason": dice.choice(["because", " ", ""]),
         "ranked": [row["agent"]] if dice.random() < 0.9 else dice.sample(agents, k=dice.randrange(4))}
        for row in gold if dice.random() < 0.95
    ]  # fmt: skip
    paths = [write_rows(tmp_path / "gold.jsonl", gold), write_rows(tmp_path / "made.jsonl", made)]
    told = subprocess.run([sys.executable, str(script), *paths], capture_output=True, text=True, check=True)
    same(lambda: routing_scores.score(gold, made), json.loads(told.stdout))


def write_rows(path: Path, rows: Sequence[Row]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


# ---- the same without the reference: small cases that can be counted by hand -----------------------------------------


def test_a_half_right_graph_is_counted_by_hand() -> None:
    gold = [{"id": "1", "domain": "d", "type": "chain", "nodes": ["a", "b"], "links": [["a", "b"]]}]
    made = [{"id": "1", "nodes": ["a", "c"], "links": [["a", "c"]]}]
    found = graph_scores.score(gold, made)["all"]
    assert (found["node_f1"], found["edge_f1"], found["exact"], found["count_ok"]) == (50.0, 0.0, 0.0, 100.0)


def test_a_row_without_gold_links_counts_only_what_was_made_up() -> None:
    gold = [{"id": "1", "domain": "d", "type": "parallel", "nodes": ["a", "b"], "links": []}]
    found = graph_scores.score(gold, [{"id": "1", "nodes": ["a", "b"], "links": [["a", "b"]]}])["all"]
    assert found["edge_f1"] is None and found["edge_false_positives"] == 1


def test_routing_is_counted_by_hand() -> None:
    gold = [{"id": n, "agent": "a" if n < 3 else "b"} for n in range(4)]
    made = [{"id": n, "ranked": ["a", "c", "b"], "confidence": 1 - n / 10, "reason": "r"} for n in range(4)]
    assert routing_scores.score(gold, made) == {
        "rows": 4, "top1": 0.75, "top3": 1.0, "macro_top1": 0.5, "coverage_at_92": 0.75, "explained": 1.0,
    }  # fmt: skip
