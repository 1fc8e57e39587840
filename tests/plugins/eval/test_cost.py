"""The evaluation ``cost`` asks the hook that a run asks, shows it the prompt alone, scores as the reference does."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import genesis_daao
import genesis_eval
from genesis_core import Estimate, SettingsError, Task, hookimpl
from genesis_core.testing import FakeAgent, open_genesis
from genesis_eval.cost_scores import score, thresholds

ROWS = [(f"q{n}", "mmlu" if n % 3 else "gsm8k", "word " * (n + 1), int(n % 7 != 0), int(n % 4 == 0)) for n in range(40)]


def write(path: Path, rows: Sequence[tuple[Any, ...]] = ROWS, *, bare: bool = False) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "prompt"] if bare else ["id", "dataset", "prompt", "strong_correct", "weak_correct"])
        out.writerows([row[0], row[2]] if bare else row for row in rows)
    return path


class ByLength:
    """An estimator that takes long tasks for hard ones, and keeps what it was shown."""

    def __init__(self, sign: int = 1) -> None:
        self.sign, self.seen = sign, list[Task]()

    @hookimpl
    def genesis_estimate(self, task: Task) -> Estimate:
        self.seen.append(task)
        return Estimate(difficulty=0.5 + self.sign * min(len(task.description), 400) / 1000)


def evaluate(
    home: Path, data: Path, *plugins: object, freeze: Path | None = None, predictions: Path | None = None,
    stop_after: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    def progress(done: int, _: int) -> None:
        if done == stop_after:
            raise KeyboardInterrupt

    async def run() -> dict[str, Any]:
        agent = FakeAgent("anyone", description="Answers.")
        async with open_genesis(
            home, agent, genesis_eval, *plugins, settings={"pipeline": "evaluation"}
        ) as genesis:
            found: dict[str, Any] = await genesis.provided.offers["evaluation"]["cost"].run(
                genesis, data=data, options={"freeze": str(freeze)} if freeze else {}, predictions=predictions,
                progress=progress,
            )
            return found

    return asyncio.run(run())


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_another_estimator_makes_other_predictions(tmp_path: Path) -> None:
    data = write(tmp_path / "d.csv")
    for name, sign in (("up", 1), ("down", -1)):
        evaluate(tmp_path / "home", data, ByLength(sign), genesis_daao, predictions=tmp_path / name)
    evaluate(tmp_path / "home", data, genesis_daao, predictions=tmp_path / "own")
    up, down, own = (read(tmp_path / name) for name in ("up", "down", "own"))
    assert [p["score"] for p in up] == pytest.approx([1 - p["score"] for p in down])
    assert [p["id"] for p in own] == [row[0] for row in ROWS] and own != up


def test_the_estimator_is_shown_the_prompt_alone(tmp_path: Path) -> None:
    spy = ByLength()
    evaluate(tmp_path / "home", write(tmp_path / "d.csv"), spy)
    assert [t.description for t in spy.seen] == [row[2] for row in ROWS]
    assert "mmlu" not in json.dumps([t.to_json() for t in spy.seen])


def test_a_threshold_is_chosen_for_each_data_set_on_the_frozen_rows_alone(tmp_path: Path) -> None:
    data, dev = write(tmp_path / "d.csv", ROWS[20:]), write(tmp_path / "dev.csv", ROWS[:20])
    found = evaluate(tmp_path / "home", data, ByLength(), freeze=dev)
    other = write(tmp_path / "e.csv", [(*row[:3], 1, 1) for row in ROWS[20:]])
    assert found["thresholds"] == evaluate(tmp_path / "home", other, ByLength(), freeze=dev)["thresholds"]
    assert set(found["thresholds"]) == {"gsm8k", "mmlu"} == set(found["intervals"])
    assert all({"router", "oracle", "random", "frozen"} <= set(part) for part in found["scores"].values())


def test_rows_without_outcomes_are_predicted_and_not_scored(tmp_path: Path) -> None:
    found = evaluate(tmp_path / "home", write(tmp_path / "d.csv", bare=True), genesis_daao,
                     freeze=write(tmp_path / "dev.csv"))  # fmt: skip
    assert found["scores"] is None and found["intervals"] is None and found["rows"] == 40
    assert found["variant"].startswith("daao: shape+words") and set(found["thresholds"]) == {"gsm8k", "mmlu"}
    with pytest.raises(SettingsError, match="can't say where the threshold lies"):
        evaluate(tmp_path / "home", tmp_path / "dev.csv", freeze=tmp_path / "d.csv")


def test_an_interrupted_evaluation_goes_on(tmp_path: Path) -> None:
    data, out = write(tmp_path / "d.csv"), tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        evaluate(tmp_path / "home", data, ByLength(), predictions=out, stop_after=11)
    assert len(read(out)) == 11
    assert evaluate(tmp_path / "home", data, ByLength(), predictions=out)["resumed"] == 11
    assert [p["id"] for p in read(out)] == [row[0] for row in ROWS]


@pytest.mark.parametrize(("text", "said"), [("id,x\n1,2\n", "no column 'prompt'"), ("id,prompt\n", "holds no rows")])
def test_a_table_that_cannot_be_used_is_refused(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(SettingsError, match=said):
        evaluate(tmp_path / "home", tmp_path / "d.csv")


def test_saving_is_what_is_not_spent_on_the_strong_model() -> None:
    rows = [{"id": str(n), "dataset": "d", "strong_correct": "1", "weak_correct": str(int(n >= 4))} for n in range(100)]
    made = [{"id": str(n), "score": 1 - n / 100} for n in range(100)]
    weak_cost = 0.24 / 24.7
    assert thresholds(rows, made) == {"d": 1.0 + 2**-52}  # 96 % without a strong call
    rows = [{**row, "weak_correct": str(int(n >= 15))} for n, row in enumerate(rows)]
    limit = thresholds(rows, made)
    found = score(rows, made, limit)["d"]
    assert limit == {"d": 0.91}
    assert found["router"]["strong_calls_at_95"] == 0.1 and found["frozen"]["keeps_95"]
    assert found["frozen"]["cost_reduction"] == found["router"]["cost_reduction_at_95"]
    assert found["frozen"]["cost_reduction"] == round(1 - (0.1 + 0.9 * weak_cost), 4)


def test_scores_of_a_judge_count_where_nothing_is_right_or_wrong() -> None:
    judged = {"strong_correct": "", "weak_correct": "", "strong_score": "9", "weak_score": "7"}
    rows = [{"id": "1", "dataset": "j", **judged}]
    assert score(rows, [{"id": "1", "score": 1}])["j"]["strong"] == 9.0


def test_rows_of_one_score_go_up_together() -> None:
    rows = [{"id": str(n), "dataset": "d", "strong_correct": "1", "weak_correct": str(n % 2)} for n in range(40)]
    made = [{"id": str(n), "score": 0.5} for n in range(40)]
    limit = thresholds(rows, made)
    assert limit == {"d": 0.5} and score(rows, made, limit)["d"]["frozen"]["strong_calls"] == 1.0
