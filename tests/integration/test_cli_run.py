"""``genesis run`` as a user types it: what it prints where, what it copies, and with what it ends."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

SAY = {"id": "say", "agent": "echo", "inputs": {"text": {"value": "hello"}}}
FIND = {"id": "find", "agent": "finder", "description": "find what is left to do"}


def test_the_result_goes_to_stdout_and_everything_else_to_stderr(shell: Any) -> None:
    done = shell("run", shell.plan(SAY))
    assert done.returncode == 0, done.stderr
    assert "done  1 of 1 tasks" in done.stdout
    assert '"text": "hello"' in done.stdout
    assert "next:" not in done.stdout
    assert "say  completed in" in done.stderr
    assert "genesis explain " in done.stderr


def test_json_prints_one_document_and_nothing_else(shell: Any) -> None:
    done = shell("run", shell.plan(SAY), "--json")
    found = json.loads(done.stdout)
    assert (found["ok"], found["error"]) == (True, None)
    assert found["data"]["tasks"]["say"]["output"] == {"text": "hello"}
    assert done.stderr == ""


def test_follow_prints_each_event_as_one_line_and_the_document_last(shell: Any) -> None:
    done = shell("run", shell.plan(SAY), "--follow")
    *events, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
    assert (events[0]["kind"], events[-1]["kind"]) == ("run.started", "run.finished")
    assert last["data"]["state"] == "completed"


def test_follow_ends_with_the_document_even_when_nothing_could_begin(shell: Any) -> None:
    done = shell("run", "", "--follow")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["error"]["message"] == "the goal is empty"


def test_the_report_is_named_and_copied_by_its_ending(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO tidy up\n")
    for target in ("out.md", "out.html", "out.json"):
        done = shell("run", shell.plan(FIND), "-o", target)
        assert done.returncode == 0, done.stderr
        assert f"copied  {target}" in done.stdout
    assert (shell.folder / "out.md").read_text() == "# Left to do\n- a.txt:1 left to do: tidy up\n"
    assert (shell.folder / "out.html").read_text().startswith("<h1>")
    assert json.loads((shell.folder / "out.json").read_text())["figures"] == {"todos": 1}
    report = next(line for line in done.stdout.splitlines() if line.startswith("report"))
    assert Path(report.split()[-1]).read_text() == (shell.folder / "out.md").read_text()


def test_a_folder_takes_every_artefact_of_the_last_task(shell: Any) -> None:
    (shell.folder / "into").mkdir()
    shell("run", shell.plan(FIND), "-o", "into")
    assert sorted(p.name for p in (shell.folder / "into").iterdir()) == ["report.html", "report.md"]


def test_an_output_that_cannot_be_written_is_said_before_anything_runs(shell: Any) -> None:
    done = shell("run", shell.plan(SAY), "-o", "nowhere/out.md")
    assert done.returncode == 2
    assert "there is no folder 'nowhere'" in done.stderr
    assert not shell.home.exists()


def test_a_plan_file_in_yaml_says_where_it_works(shell: Any) -> None:
    place = shell.folder / "deep"
    (place / "data").mkdir(parents=True)
    (place / "data" / "a.txt").write_text("TODO one\n")
    (place / "tasks.yaml").write_text("goal: find\nworkspace: data\ntasks:\n- {id: find, agent: finder}\n")
    found = shell.json("run", "deep/tasks.yaml")["data"]
    assert found["goal"] == "find"
    assert found["tasks"]["find"]["output"]["figures"] == {"todos": 1}


@pytest.mark.parametrize("how", ["file", "stdin"])
def test_a_goal_may_come_from_a_file_or_from_stdin(shell: Any, how: str) -> None:
    goal = "Scan this repository for security problems"
    (shell.folder / "goal.txt").write_text(goal + "\n")
    words = ("-f", "goal.txt") if how == "file" else ("-",)
    found = shell.json("plan", *words, stdin=goal)["data"]
    assert found["plan"]["goal"]["text"] == goal


def test_an_approved_plan_runs_exactly_as_it_was_written(shell: Any) -> None:
    shell("plan", shell.plan(SAY), "-o", "plan.json")
    approved = json.loads((shell.folder / "plan.json").read_text())
    found = shell.json("run", "plan.json")["data"]
    assert found["digest"] == approved["digest"]


def test_a_plan_that_was_edited_is_refused(shell: Any) -> None:
    shell("plan", shell.plan(SAY), "-o", "plan.json")
    text = (shell.folder / "plan.json").read_text()
    (shell.folder / "plan.json").write_text(text.replace('"hello"', '"goodbye"'))
    done = shell("run", "plan.json")
    assert done.returncode == 2
    assert "is not the plan that its digest names" in done.stderr
    assert not shell.home.exists()


def test_again_runs_only_what_has_changed_and_says_so(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO one\n")
    shell.run(FIND, SAY)
    done = shell("run", "--again", "last")
    assert done.returncode == 0, done.stderr
    assert "2 re-used" in done.stdout
    (shell.folder / "a.txt").write_text("TODO one\nTODO two\n")
    done = shell("run", "--again", "last")
    assert "1 re-used" in done.stdout
    assert "find  completed in" in done.stderr and "ran again: " in done.stderr and "a.txt has changed" in done.stderr


def test_again_works_from_another_folder(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO one\n")
    shell.run(FIND)
    shell.folder = shell.folder.parent
    done = shell("run", "--again", "last")
    assert done.returncode == 0, done.stderr
    assert "1 re-used" in done.stdout


def test_strict_rejects_a_plan_whose_goal_was_not_understood_whole(shell: Any) -> None:
    goal = "xyzzy plugh and scan this repository for security problems"
    assert shell.json("plan", goal)["data"]["not_understood"] == ["xyzzy plugh"]
    for command in ("plan", "run"):
        done = shell(command, goal, "--strict")
        assert done.returncode == 3
        assert 'not understood: "xyzzy plugh"' in done.stderr
    assert not shell.home.exists()


def test_strict_lets_a_good_plan_run(shell: Any) -> None:
    goal = "Scan this repository for security problems"
    assert shell("plan", goal, "-o", "plan.json").returncode == 0
    for words in ((goal,), ("plan.json",), ("--again", "last")):
        assert shell("run", *words, "--strict").returncode == 0, words


def test_workspace_and_max_parallel_are_taken(shell: Any) -> None:
    (shell.folder / "there").mkdir()
    (shell.folder / "there" / "a.txt").write_text("TODO x\n")
    found = shell.run(FIND, options=["--workspace", "there", "--max-parallel", "1"])
    assert found["workspace"] == str(shell.folder / "there")
    assert found["tasks"]["find"]["output"]["figures"] == {"todos": 1}


# ---- exit codes --------------------------------------------------------------------------------------------------


def task(agent: str, **rest: Any) -> dict[str, Any]:
    return {"id": agent, "agent": agent, **rest}


ENDINGS: dict[str, tuple[int, list[Mapping[str, Any]], list[str], str]] = {
    "done": (0, [task("echo")], [], "completed"),
    "a task failed": (1, [task("broken")], [], "failed"),
    "policy denied it": (4, [task("sender")], [], "failed"),
    "it waits for approval": (4, [task("signer")], [], "waiting"),
    "the calls are spent": (5, [task("finder")], ["--budget", "calls=0"], "out_of_budget"),
    "the seconds are spent": (5, [task("sleepy")], ["--budget", "seconds=0.3"], "out_of_budget"),
    "a task took too long": (6, [task("sleepy", max_seconds=0.2)], [], "failed"),
    "the run took too long": (6, [task("sleepy")], ["--timeout", "0.3"], "canceled"),
    "no model is there": (7, [task("thinker")], [], "failed"),
    "a task is blocked": (8, [task("stuck")], [], "partial"),
    "failed wins over blocked": (1, [task("stuck"), task("broken")], [], "failed"),
    "denied wins over failed": (4, [task("broken"), task("sender")], [], "failed"),
}


@pytest.mark.parametrize("ending", list(ENDINGS))
def test_each_ending_has_its_exit_code(shell: Any, ending: str) -> None:
    code, tasks, options, state = ENDINGS[ending]
    found = shell.json("run", shell.plan(*tasks), *options, code=code)
    assert found["data"]["state"] == state
    assert found["data"]["exit_code"] == code
    assert found["ok"] is (code == 0)
    assert (found["error"] is None) is (code == 0)


def test_what_a_blocked_task_lacks_is_said(shell: Any) -> None:
    done = shell("run", shell.plan(task("stuck"), {"id": "after", "agent": "echo", "depends_on": ["stuck"]}))
    assert done.returncode == 8
    assert "blocked  stuck: there is no printer here" in done.stdout
    assert "tried: looked for a printer" in done.stdout
    assert "skipped  after: it needs 'stuck'" in done.stdout
    assert "genesis resume " in done.stderr


def test_a_person_approves_with_yes(shell: Any) -> None:
    waiting = shell.run(task("signer"), code=4)
    done = shell("resume", waiting["run_id"], "--yes")
    assert done.returncode == 0, done.stderr
    assert "signed: contract" in done.stdout


def test_a_person_sees_exactly_what_waits_and_approves_that(shell: Any) -> None:
    run_id = shell.run(task("signer"), code=4)["run_id"]
    shown = shell.json("approvals")["data"]["approvals"]
    assert [(a["run_id"], a["task_id"], a["resource"], a["arguments"]) for a in shown] == [
        (run_id, "signer", "sign", {"text": "contract"})]
    said = " ".join(shell("approvals", "list", run_id).stdout.split())
    assert 'text = "contract"' in said and f"genesis approvals deny {run_id} signer" in said
    done = shell("approvals", "grant", run_id, "signer", "--reason", "read it")
    assert done.returncode == 0 and f"genesis resume {run_id}" in done.stderr
    assert shell.json("approvals")["data"]["approvals"] == []
    done = shell("resume", run_id)
    assert done.returncode == 0 and "signed: contract" in done.stdout
    assert shell("verify", run_id).returncode == 0
    again = shell("approvals", "grant", run_id, "signer")
    assert again.returncode == 2 and again.stderr.startswith("error: nothing of task 'signer' waits")


def test_yes_is_offered_only_where_it_answers_what_waits(shell: Any) -> None:
    (shell.folder.parent / "genesis.toml").write_text('[policy]\nuntrusted = "ask"\n')
    (shell.folder / "notes.txt").write_text("buy milk\n")
    done = shell("run", shell.plan(task("scribe")), "--yes")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "genesis approvals list " in done.stderr and "--yes" not in done.stderr
    both = shell("run", shell.plan(task("scribe"), task("signer")))
    assert "approve all that policy asks for; what text from outside chose still waits" in both.stderr


def test_what_waits_is_named_with_its_run_and_its_task(shell: Any) -> None:
    found = shell.json("run", shell.plan(task("signer")), code=4)
    run_id, hint = found["data"]["run_id"], found["error"]["hint"]
    assert hint == f"genesis approvals grant {run_id} signer, then genesis resume {run_id}"
    assert found["data"]["error"]["hint"].startswith("genesis approvals grant RUN signer,")


def test_a_limit_is_no_budget_and_a_budget_is_not_offered_for_it(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO x\n")
    settings = shell.folder.parent / "genesis.toml"
    settings.write_text("[limits]\nmax_tool_calls = 0\n")
    done = shell("run", shell.plan(FIND))
    said = done.stdout + done.stderr
    assert done.returncode == 5 and "stopped: a limit is reached" in done.stdout, said
    assert "budget" not in said and "raise limits.max_tool_calls, then genesis resume 2" in done.stderr
    settings.write_text("")
    assert shell("resume", "last").returncode == 0


def test_a_refusal_is_told_to_the_agent(shell: Any) -> None:
    run_id = shell.run(task("signer"), code=4)["run_id"]
    assert shell("approvals", "deny", run_id, "signer").returncode == 0
    done = shell("resume", run_id)
    assert done.returncode == 4 or "user refused it" in done.stdout + done.stderr


def test_the_way_on_after_a_refusal_is_one_that_works(shell: Any) -> None:
    run_id = shell.run(task("signer"), code=4)["run_id"]
    wrong = shell("approvals", "grant", run_id, "signer", "--action", "zzzz").stderr
    assert wrong.startswith("error: no action of task 'signer' that waits begins with 'zzzz'\ncause: waiting: ")
    assert f"hint: genesis approvals list {run_id}" in wrong and "did you mean" not in wrong
    assert "did you mean 'signer'?" in shell("approvals", "grant", run_id, "singer").stderr
    shell("approvals", "deny", run_id, "signer")
    done = shell("resume", run_id)
    assert f"genesis run --again {run_id} asks anew" in done.stdout and "policy in force" not in done.stdout
    again = shell.json("run", "--again", run_id, code=4)
    assert again["data"]["state"] == "waiting"
    assert shell("resume", "last", "--yes").returncode == 0


def test_a_plan_says_what_is_handed_to_its_tasks_and_cannot_be_used(shell: Any) -> None:
    plan = shell.plan(task("scribe", inputs={"token": {"secret": "ledger"}},
                           grants=[{"tool": "jot", "arguments": {"txt": "hello"}}]), task("sender"))
    said = shell("plan", plan).stdout
    assert "token (secret ledger)" in said and "null" not in said
    assert "dead-grant: a grant of 'scribe' covers no call: 'jot' has no argument 'txt'; did you mean 'text'?" in said
    assert "unknown-secret: the input 'token' of 'scribe' is the secret 'ledger'" in said
    assert "may call 'post': that sends, and no rule of [policy] lets it" in said
    (shell.folder.parent / "genesis.toml").write_text(
        '[secrets]\nledger = "LEDGER_TOKEN"\n[[policy.rules]]\nid = "posts"\nverbs = ["call"]\n'
        'resources = ["post"]\ndecision = "allow"\n')
    said = shell("plan", plan).stdout
    assert "unknown-secret" not in said and "permission" not in said and "dead-grant" in said


def test_the_flow_of_a_task_names_the_path_to_what_it_did(shell: Any) -> None:
    run_id = shell.run(task("signer"), options=["--yes"])["run_id"]
    said = shell("explain", run_id, "signer", "--flow").stdout
    assert "the goal" in said and "call sign: ask by signatures" in said


def test_yes_never_covers_what_is_denied(shell: Any) -> None:
    assert shell.run(task("sender"), options=["--yes"], code=4)["state"] == "failed"


def test_a_bug_ends_with_70_and_an_id_that_leads_to_what_happened(shell: Any) -> None:
    shell.run(SAY)
    done = shell("testkit", "crash")
    assert done.returncode == 70
    assert "Traceback" not in done.stderr
    error, cause, hint = done.stderr.splitlines()
    assert error == "error: a bug in Genesis: RuntimeError: a wheel came off"
    kept = Path(hint.split()[-1])
    assert kept.stem == cause.split()[-1]
    assert "a wheel came off" in kept.read_text() and "Traceback" in kept.read_text()


def test_debug_shows_the_traceback(shell: Any) -> None:
    done = shell("--debug", "testkit", "crash")
    assert done.returncode == 70
    assert "Traceback" in done.stderr and "error: a bug" in done.stderr


def test_resume_goes_on_and_runs_nothing_again(shell: Any) -> None:
    first = shell.run(SAY, task("sleepy"), options=["--timeout", "0.5"], code=6)
    again = shell.json("resume", first["run_id"], "--timeout", "0.5", code=6)["data"]
    assert again["tasks"]["say"] == first["tasks"]["say"]
    events = json.loads(shell("runs", "export", "last").stdout)["events"]
    assert [e["task_id"] for e in events if e["kind"] == "task.started"].count("say") == 1


@pytest.mark.parametrize("budget", ["abc", "=3", "tokens=x", "cost=1,cost=2", "0.5,1", "nan", "-1"])
def test_a_budget_that_is_none_is_a_usage_error(shell: Any, budget: str) -> None:
    done = shell("run", shell.plan(SAY), "--budget", budget)
    assert done.returncode == 2, done.stderr
    assert not shell.home.exists()




# ---- which file is a plan, and where it means --------------------------------------------------------------------


def test_a_plan_is_known_by_its_content_whatever_its_name(shell: Any) -> None:
    shell.plan(SAY, name="jobs")
    yaml = "# mine\n---\ntasks:\n- {id: say, agent: echo, inputs: {text: {value: hello}}}\n"
    (shell.folder / "yaml").write_text(yaml)
    for words, stdin in ((("jobs",), None), (("-f", "jobs"), None), (("yaml",), None), (("-f", "yaml"), None),
                         (("-",), (shell.folder / "jobs").read_text()), (("-",), (shell.folder / "yaml").read_text())):
        found = shell.json("run", *words, stdin=stdin)["data"]
        assert found["tasks"]["say"]["output"] == {"text": "hello"}, words


def test_a_file_that_begins_like_a_plan_and_is_none_is_refused(shell: Any) -> None:
    (shell.folder / "jobs").write_text('{"a": 1}')
    done = shell("run", "jobs")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 3)


@pytest.mark.parametrize("words", [("pipe.json",), ("pipe",), ("-f", "pipe"), ("-f", "pipe.json")])
def test_a_pipe_given_as_a_file_is_refused_at_once(shell: Any, words: tuple[str, ...]) -> None:
    os.mkfifo(shell.folder / words[-1])
    done = shell("run", *words, timeout=20)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 3)
    assert "no plain file" in done.stderr


def test_an_approved_plan_means_its_folder_wherever_it_is_run_from(shell: Any) -> None:
    (shell.folder / "one").mkdir()
    (shell.folder / "one" / "a.txt").write_text("TODO tidy up\n")
    (shell.folder / "two").mkdir()
    shell.plan(FIND)
    assert shell("plan", "tasks.json", "--workspace", "one", "-o", "approved").returncode == 0
    digest = json.loads((shell.folder / "approved").read_text())["digest"]
    shell.folder = shell.folder / "two"
    found = shell.json("run", "../approved", "-o", "out.json")["data"]
    assert (found["workspace"], found["digest"]) == (str(shell.folder.parent / "one"), digest)
    assert found["tasks"]["find"]["output"]["figures"] == {"todos": 1}
    assert (shell.folder / "out.json").is_file()
    other = shell("run", "../approved", "--workspace", ".")
    assert other.returncode == 0 and "was made for the folder" in other.stderr


def test_a_plan_kept_apart_from_its_workspace_names_it_in_full(shell: Any, tmp_path: Path) -> None:
    shell.plan(SAY)
    for place, named in ((tmp_path, shell.folder.name), (shell.folder / "plans", ".."), (tmp_path / "far", None)):
        place.mkdir(exist_ok=True)
        assert shell("plan", "tasks.json", "-o", str(place / "plan.json")).returncode == 0
        kept = json.loads((place / "plan.json").read_text())["goal"]["workspace"]
        assert kept == (named or str(shell.folder))


def test_a_plan_file_without_a_goal_gets_no_finding_for_that(shell: Any) -> None:
    for rest in ({}, {"description": "say hello to b2"}):
        report = shell.json("plan", shell.plan({"id": "b2", "agent": "echo", **rest}))["data"]
        assert not [f for f in report["findings"] if f["rule"] in ("uncovered", "left-out")]


def test_an_approved_plan_is_shown_with_its_score(shell: Any) -> None:
    shell("plan", shell.plan(SAY), "-o", "approved.json")
    assert "\nscore " in shell("plan", "approved.json").stdout


# ---- what is copied, kept and told -------------------------------------------------------------------------------


def test_a_kind_of_report_that_there_is_not_is_refused_before_anything_runs(shell: Any) -> None:
    done = shell("run", shell.plan(SAY), "-o", "out.pdf")
    assert done.returncode == 2
    assert all(kind in done.stderr for kind in (".md", ".html", ".json"))
    assert not shell.home.exists() and not (shell.folder / "out.pdf").exists()


def test_without_a_report_of_that_kind_the_results_are_rendered(shell: Any) -> None:
    assert shell("run", shell.plan(SAY), "-o", "out.md").returncode == 0
    assert (shell.folder / "out.md").read_text() == '# say\n\n    {\n      "text": "hello"\n    }\n'
    piped = shell("run", "tasks.json", "-o", "-")
    assert piped.stdout == (shell.folder / "out.md").read_text()
    assert shell("run", "tasks.json", "-o", "out.html").returncode == 0
    assert "<h1>say</h1>" in (shell.folder / "out.html").read_text()


def test_the_traceback_of_an_agent_is_kept_and_debug_shows_it(shell: Any) -> None:
    done = shell("run", shell.plan({"id": "a", "agent": "broken"}), "--debug")
    assert done.returncode == 1
    assert 'raise ValueError("this never works")' in done.stderr
    (kept,) = (shell.home / "crashes").iterdir()
    assert 'raise ValueError("this never works")' in kept.read_text() and str(kept) in done.stderr


def test_a_goal_that_nobody_understands_is_said_once_with_what_can_be_done(shell: Any) -> None:
    done = shell("run", "Bake a chocolate cake")
    assert done.returncode == 8
    assert done.stdout.count("Bake a chocolate cake") == 1
    assert "what can be done here" in done.stdout and "null" not in done.stdout


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0", "soon"])
def test_a_time_limit_that_is_none_is_refused(shell: Any, seconds: str) -> None:
    assert shell("run", shell.plan(SAY), "--timeout", seconds).returncode == 2


def test_again_runs_where_the_earlier_run_was(shell: Any) -> None:
    (shell.folder / "a.txt").write_text("TODO tidy up\n")
    first = shell.run(FIND)
    shell.folder = shell.folder / "else"
    shell.folder.mkdir()
    again = shell.json("run", "--again", first["run_id"])["data"]
    assert again["workspace"] == first["workspace"]


def test_explain_says_what_waits_and_which_rule_asks(shell: Any) -> None:
    run = shell.run({"id": "s", "agent": "signer"}, code=4)
    said = " ".join(shell("explain", run["run_id"]).stdout.split())
    assert "call sign waits for approval: the rule signatures asks for a person" in said
    assert f"genesis approvals grant {run['run_id']} s approves it" in said


def test_cancelling_a_run_that_ended_in_part_leaves_it_so(shell: Any) -> None:
    run = shell.run({"id": "a", "agent": "stuck"}, code=8)
    assert shell.json("runs", "cancel", run["run_id"])["data"]["state"] == "partial"
    assert shell.json("runs")["data"]["runs"][0]["state"] == "partial"
