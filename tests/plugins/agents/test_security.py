"""The security agent: what it finds, what it must not report, and that no secret leaves it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genesis_agents._secrets import entropy, redacted, secrets_in
from genesis_agents.security import abilities, secret_scan, security, static_scan
from genesis_core import Task, TaskResult, TaskState
from genesis_core.testing import run_agent

WORKSPACE = Path(__file__).parents[3] / "examples" / "workspace"

# Made of parts, so that no scanner takes this file for a leak.
MIXED = "9fK2mQ7xT4vB8nL1sD6wR3zY5hJ0pG"
LONG = (MIXED + "cA4eU8iO2bN6tV1kX7qM3yF9") * 3
BODY = ("MIIEpAIBAAKCAQEA" + LONG)[:64]
TOKENS = {
    "aws-access-key": "AKIA" + "Q7XT4VB8NL2SD6WR",
    "github-token": "ghp" + "_" + LONG[:36],
    "gitlab-token": "glpat" + "-" + LONG[:20],
    "slack-token": "xoxb" + "-123456789012-" + LONG[:24],
    "stripe-key": "sk" + "_live_" + LONG[:24],
    "google-api-key": "AIza" + LONG[:35],
    "anthropic-key": "sk" + "-ant-api03-" + LONG[:40],
    "openai-key": "sk" + "-proj-" + LONG[:48],
    "npm-token": "npm" + "_" + LONG[:36],
    "pypi-token": "pypi" + "-AgEIcHlwaS5vcmc" + LONG[:60],
    "huggingface-token": "hf" + "_" + LONG[:34],
    "sendgrid-key": "SG" + "." + LONG[:22] + "." + LONG[:43],
    "jwt": "eyJ" + LONG[:20] + ".eyJ" + LONG[:40] + "." + LONG[:43],
    "slack-webhook": "https://hooks.slack.com/" + "services/T0ABCDEFG/B0ABCDEFG/" + LONG[:24],
    "azure-storage-key": "AccountKey=" + (LONG * 2)[:86] + "==",
    "password-in-url": "postgres://app:" + "h4rd-T0gue55" + "@db.internal/app",
    "private-key": "-----BEGIN RSA " + "PRIVATE KEY-----\n" + BODY,
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace that is the working directory, as it is for a tool."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lay(files: dict[str, str | bytes]) -> list[Path]:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return sorted(map(Path, files))


def rules(text: str, file: str = "a.py") -> list[str]:
    return [found.rule.removeprefix("secret: ") for found in secrets_in(text, file)]


def run(description: str, workspace: Path, home: Path, **fields: object) -> TaskResult:
    return asyncio.run(run_agent(security, description, home=home, workspace=workspace, **fields))


# ---- secrets: what is found --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", TOKENS)
def test_a_token_is_known_by_its_shape_wherever_it_stands(rule: str) -> None:
    token = TOKENS[rule]
    for text in (token, f"x = '{token}'\n", f"# {token}\n", f'{{"key": "{token}"}}', f"see ({token}), and"):
        assert rules(text, "notes.txt") == [rule], text


@pytest.mark.parametrize("rule", TOKENS)
def test_no_secret_leaves_the_scan(here: Path, rule: str) -> None:
    token = TOKENS[rule]
    report = secret_scan(lay({"a.txt": f"one\n{token}\n"}))
    (found,) = report["observations"]
    secret = token.split("\n")[-1].split(":")[-1].split("@")[0].removeprefix("AccountKey=")
    assert secret[-12:] not in json.dumps(report)
    assert (found["rule"], found["location"], found["severity"]) == (f"secret: {rule}", "2", "high")
    assert found["quote"].endswith("…")


@pytest.mark.parametrize("rule", [r for r in TOKENS if r not in ("slack-webhook", "azure-storage-key", "private-key",
                                                                "password-in-url", "jwt")])
def test_a_part_of_a_longer_word_is_no_token(rule: str) -> None:
    assert rules("abc" + TOKENS[rule]) == []
    assert rules(TOKENS[rule] + "_" * 600) == []


@pytest.mark.parametrize(
    ("text", "rule", "quote"),
    [
        ('password = "hunter2"', "hardcoded-password", 'password = "hu…'),
        ("DB_PASSWD = 'c0rrect-horse'", "hardcoded-password", "DB_PASSWD = 'c0rr…"),
        (f'api_key: str = "{MIXED}"', "hardcoded-secret", 'api_key: str = "9fK2…'),
        (f'connect(host, api_key="{MIXED}")', "hardcoded-secret", 'api_key="9fK2…'),
        (f'const clientSecret = `{MIXED}`;', "hardcoded-secret", "clientSecret = `9fK2…"),
        (f'{{"auth_token" : "{MIXED}"}}', "hardcoded-secret", 'auth_token" : "9fK2…'),
        (f'os.environ["API_KEY"] = "{MIXED}"', "hardcoded-secret", 'API_KEY"] = "9fK2…'),
        (f"$secret => '{MIXED}'", "hardcoded-secret", "secret => '9fK2…"),
    ],
)
def test_a_random_value_assigned_to_a_telling_name_is_a_secret(text: str, rule: str, quote: str) -> None:
    (found,) = secrets_in(text, "a.py")
    assert (found.rule, found.quote, found.severity) == (f"secret: {rule}", quote, "medium")


@pytest.mark.parametrize("file", [".env", "prod.env", "app.ini", "deploy.yml", "run.sh", "Dockerfile", "x.properties"])
def test_settings_files_need_no_quotes(file: str) -> None:
    text = f"PORT=80\nexport API_TOKEN={MIXED} # comment\npassword: hunter2\n"
    assert rules(text, file) == ["hardcoded-secret", "hardcoded-password"]


def test_a_program_without_quotes_assigns_a_variable() -> None:
    assert rules(f"password = get_h4shed_value\ntoken = {MIXED}\n", "a.py") == []


@pytest.mark.parametrize(
    "value",
    ["changeme", "change-me-1", "example-1234567890", "your-api-key-1", "<api-key-1234>", "${API_KEY_1}", "{{ key_1 }}",
     "$API_KEY_123", "%(password)s1", "xxxxxxxx1234", "********1", "os.environ['X1']", "getenv('API1')", "env:API_KEY1",
     "dummy-1234567", "placeholder1", "TODO-1234567", "test-password1", "...", "", "password", "api_key", "None",
     "aaaaaaa1", "settings.auth.key1", "/run/secrets/db1", "https://auth.host1/token", "get_key(1)", "first name1",
     r"(?=\w)a1[x]"],
)  # fmt: skip
def test_what_stands_for_a_secret_is_none(value: str) -> None:
    for name in ("password", "api_key"):
        assert rules(f'{name} = "{value}"\n') == []
        assert rules(f"{name}={value}\n", ".env") == []


@pytest.mark.parametrize("name", ["token_url", "secret_name", "password_field", "api_key_header", "token_type",
                                  "aws_access_key_id", "secret_path", "password_hint", "tokenizer", "PASSWORD_LENGTH"])
def test_a_name_that_speaks_about_a_secret_holds_none(name: str) -> None:
    assert rules(f'{name} = "{MIXED}"') == []


@pytest.mark.parametrize(
    "text",
    ["AKIA" + "IOSFODNN7EXAMPLE", "ghp_" + "x" * 36, "postgres://user:password@localhost/db", "http://u:${PW}@h/",
     "https://host:8080/a@b", '"-----BEGIN PRIVATE KEY-----"', "-----BEGIN PUBLIC KEY-----\n" + BODY,
     "sha512-" + LONG, "token: write", "password: ${{ secrets.PASSWORD }}", "id-token: write", "secrets: inherit"],
)  # fmt: skip
def test_examples_and_look_alikes_are_no_secrets(text: str) -> None:
    assert rules(text, "ci.yml") == []


def test_words_of_another_language_are_no_key_but_may_be_a_password() -> None:
    assert rules('{"invalidTokenText":"标记中的文本,不是1个", "password": "pässwört-77"}') == ["hardcoded-password"]


def test_a_token_in_a_telling_name_is_reported_once_and_as_what_it_is() -> None:
    assert rules(f'github_token = "{TOKENS["github-token"]}"') == ["github-token"]


def test_an_encrypted_key_and_one_in_a_string_are_keys() -> None:
    marker = "-----BEGIN RSA " + "PRIVATE KEY-----"
    assert rules(f"{marker}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{'A' * 32}\n\n{BODY}\n") == ["private-key"]
    assert rules(f'key = "{marker}\\n{BODY}\\n"') == ["private-key"]


def test_a_quote_shows_four_characters_and_fewer_of_a_short_secret() -> None:
    assert [redacted(value) for value in ("abcdefghijklmnop", "abcdefghijkl", "hunter2", "abc")] == [
        "abcd…", "abcd…", "hu…", "a…",
    ]


def test_entropy_is_bits_for_each_character() -> None:
    assert [entropy(text) for text in ("aaaa", "abab", "abcd", "abcdefgh")] == [0, 1, 2, 3]


HOSTILE = ["password", "a", "eyJ", "eyJaaaaaaaaaaaa.", "x://", "x:", "=", "password=", "-----BEGIN PRIVATE KEY-----\\n",
           '"', "password='", "password: a", "secret ", "http://a:", "password: str ", "api_key_", "\n"]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_one_long_line_takes_time_in_proportion_to_its_length(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        return min(_timed(text) for _ in range(3))

    assert seconds(160_000) < 30 * max(seconds(20_000), 1e-4)  # 8 times the text: linear 8, quadratic 64


def _timed(text: str) -> float:
    began = time.perf_counter()
    secrets_in(text, "a.env")
    return time.perf_counter() - began


# ---- secrets: which files ----------------------------------------------------------------------------------------


def test_every_text_file_is_searched_and_binary_ones_are_counted(here: Path) -> None:
    token = TOKENS["aws-access-key"]
    report = secret_scan(lay({
        "a.md": token, "b.json": f'["{token}"]', "noext": token, "c.txt": f"{token}\n".encode("utf-16"),
        "d.txt": b"caf\xe9 " + token.encode(), "e.bin": b"\0\1" + token.encode(), "empty": "",
    }))
    assert [found["source"] for found in report["observations"]] == ["a.md", "b.json", "c.txt", "d.txt", "noext"]
    assert report["figures"] == {"files_scanned": 6, "lines_scanned": 5, "files_not_scanned": 0, "secrets": 5}
    assert "1 binary file not searched for secrets." in report["notes"]
    assert any("d.txt" in note for note in report["notes"])


def test_a_file_that_is_gone_or_too_large_is_a_note(here: Path) -> None:
    with Path("large.txt").open("wb") as file:
        file.truncate(17_000_000)
    report = secret_scan([Path("gone.txt"), Path("large.txt")])
    assert report["figures"]["files_scanned"] == 0
    assert {name for name in ("gone.txt", "large.txt") if any(name in note for note in report["notes"])} == {
        "gone.txt", "large.txt",
    }


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_do(here: Path, end: str) -> None:
    report = secret_scan(lay({"a.txt": end.join(["one", "form\ffeed \x85 \u2028 end", TOKENS["npm-token"]])}))
    assert [found["location"] for found in report["observations"]] == ["3"]


# ---- the static scan ---------------------------------------------------------------------------------------------

INSECURE = """\
import hashlib
import pickle
import subprocess
import yaml

def run(command, data):
    subprocess.call(command, shell=True)
    yaml.load(data)
    eval(data)
    assert data
    return hashlib.md5(data), pickle.loads(data)
"""


def places(report: dict[str, object]) -> set[tuple[str, str, str]]:
    observations: list[dict[str, str]] = report["observations"]  # type: ignore[assignment]
    return {(one["rule"].split()[0], one["source"], one["location"]) for one in observations}


def test_findings_are_those_of_the_bandit_command(here: Path) -> None:
    files = lay({"src/app.py": INSECURE, "src/calm.py": "x = 1\n", "tests/test_app.py": "import pickle\nassert 1\n"})
    command = [sys.executable, "-m", "bandit", "-q", "-r", ".", "-f", "json"]
    asked = subprocess.run(command, capture_output=True, text=True)
    theirs = {(r["test_id"], r["filename"].removeprefix("./"), str(r["line_number"]))
              for r in json.loads(asked.stdout)["results"]}
    asserts = {one for one in theirs if one[0] == "B101" and one[1].startswith("tests/")}
    assert len(asserts) == 1
    assert len(theirs) > 7
    assert places(static_scan(files)) == theirs - asserts


def test_a_finding_names_the_check_and_quotes_the_line(here: Path) -> None:
    report = static_scan(lay({"app.py": INSECURE}))
    found = {one["rule"]: one for one in report["observations"]}
    shell = found["B602 subprocess_popen_with_shell_equals_true"]
    assert (shell["severity"], shell["source"], shell["location"]) == ("high", "app.py", "7")
    assert shell["quote"] == "subprocess.call(command, shell=True)"
    assert found["B301 pickle"]["severity"] == "medium"
    assert found["B101 assert_used"]["severity"] == "low"
    assert report["figures"]["weaknesses"] == len(report["observations"])


def test_asserts_in_test_files_are_counted_not_reported(here: Path) -> None:
    one, two = "assert 1\n", "assert 1\nassert 2\n"
    report = static_scan(lay({"tests/a.py": one, "pkg/test_b.py": two, "c.py": one}))
    assert places(report) == {("B101", "c.py", "1")}
    assert any(note.startswith("3 asserts in test files") for note in report["notes"])


def test_nosec_is_honoured_and_counted(here: Path) -> None:
    report = static_scan(lay({"a.py": "import pickle  # nosec\nimport subprocess  # nosec B404\nimport telnetlib\n"}))
    assert places(report) == {("B401", "a.py", "3")}
    assert any("2 findings are silenced by a nosec" in note for note in report["notes"])


def test_settings_of_the_workspace_switch_nothing_off(here: Path) -> None:
    lay({".bandit": "[bandit]\nskips = B602\n", "pyproject.toml": "[tool.bandit]\nskips = ['B602']\n"})
    assert ("B602", "app.py", "7") in places(static_scan(lay({"app.py": INSECURE})))


@pytest.mark.parametrize(
    "text",
    ['password = "hunter-Two-22"\n', 'login(user,\n      password="hunter-Two-22")\n',
     'def f(a,\n      password="hunter-Two-22"):\n    pass\n', 'if password == "hunter-Two-22":\n    pass\n',
     "password = 'hunter-Two\\x2d22'\n", 'd = {"password": "hunter-Two-22"}\n'],
)  # fmt: skip
def test_a_hardcoded_password_is_reported_and_never_said(here: Path, text: str) -> None:
    report = static_scan(lay({"a.py": text}))
    (found,) = report["observations"]
    assert found["rule"][:4] in ("B105", "B106", "B107")
    assert "Two" not in json.dumps(report)
    assert found["location"] == str(1 + text[: text.index("hunter")].count("\n")) or "\\x2d" in text


def test_a_password_that_stands_for_one_is_left_out(here: Path) -> None:
    report = static_scan(lay({"a.py": 'password = "changeme"\ntoken = ""\nsecret = "${SECRET}"\n'}))
    assert report["observations"] == []
    assert any(note.startswith("3 passwords left out") for note in report["notes"])


def test_a_secret_on_the_line_of_another_finding_is_not_quoted(here: Path) -> None:
    token = TOKENS["github-token"]
    report = static_scan(lay({"a.py": f"import os\nos.system(cmd + 'curl -u {token} host')\n"}))
    assert ("B605", "a.py", "2") in places(report)
    assert token[-12:] not in json.dumps(report)


def test_code_in_a_long_literal_is_scanned_and_its_constants_are_counted(here: Path) -> None:
    words = "".join(f'    "word{n}",\n' for n in range(3_000))
    pairs = "".join(f'    "word{n}": {n},\n' for n in range(3_000))
    report = static_scan(lay({"a.py": f"w = [\n{words}    eval(x),\n]\nd = {{\n{pairs}    'k': eval(y),\n}}\n"}))
    assert places(report) == {("B307", "a.py", "3002"), ("B307", "a.py", "6005")}
    assert any(note.replace(",", "").startswith("5600 constants") for note in report["notes"])


def test_what_is_no_python_is_told_and_never_a_crash(here: Path) -> None:
    report = static_scan([*lay({
        "broken.py": "def f(:\n", "nul.py": b"\0", "latin.py": b"x = '\xe9'\n", "deep.py": "x = " + "(" * 5000,
        "chain.py": "x = " + "+".join(["a"] * 3_000) + "\n", "good.py": "eval(x)\n", "odd.py": "x = '\\d'\n",
    }), Path("gone.py"), Path("a.txt")])
    notes = " ".join(report["notes"])
    assert all(name in notes for name in ("broken.py", "nul.py", "latin.py", "deep.py", "gone.py"))
    assert {place for place in places(report) if place[0] != "not-scanned"} == {("B307", "good.py", "1")}
    assert {source for rule, source, _ in places(report) if rule == "not-scanned"} == {
        "broken.py", "nul.py", "latin.py", "deep.py", "chain.py", "gone.py",
    }
    assert report["figures"] | {"files_scanned": 2, "files_not_scanned": 6} == report["figures"]
    assert "6 of 8 Python files could not be scanned: " in report["summary"]


@pytest.mark.parametrize("wanted", [("static-scan",), ("static-scan", "secret-scan")])
def test_a_file_that_could_not_be_scanned_is_never_a_clean_result(here: Path, tmp_path: Path,
                                                                  wanted: tuple[str, ...]) -> None:
    lay({"w/old.py": "import subprocess\nsubprocess.call('ls ' + x, shell=True)\nprint \"x\"\n"})
    result = run("scan the code", here / "w", tmp_path / "h1", requires=wanted)
    assert result.output["summary"] == "1 of 1 Python file could not be scanned: no valid Python."
    assert result.output["figures"]["files_scanned"] == result.output["figures"]["lines_scanned"] == 0
    lay({"w/new.py": "x = 1\n", "w/other.py": "y = 1\n"})
    result = run("scan the code", here / "w", tmp_path / "h2", requires=wanted)
    assert result.output["summary"] == (
        "No security findings in 2 files with 2 lines. 1 of 3 Python files could not be scanned: no valid Python."
    )
    assert [(o["rule"], o["severity"], o["source"], o["location"], o["message"])
            for o in result.output["observations"]] == [
        ("not-scanned", "low", "old.py", "3", "Could not be scanned: no valid Python."),
    ]


def test_the_figures_that_a_card_shows_say_what_was_found_and_what_not_scanned(here: Path, tmp_path: Path) -> None:
    lay({"w/a.py": "eval(x)\n"})
    figures = run("scan for security problems", here / "w", tmp_path / "h").output["figures"]
    assert list(figures)[:6] == ["files_scanned", "files_not_scanned", "high", "medium", "low", "secrets"]


def test_a_secret_in_a_file_that_is_no_python_is_found_all_the_same(here: Path, tmp_path: Path) -> None:
    lay({"w/old.py": f"print \"x\"\nkey = '{TOKENS['npm-token']}'\n"})
    output = run("scan for security problems", here / "w", tmp_path / "h").output
    assert [o["rule"] for o in output["observations"]] == ["secret: npm-token", "not-scanned"]
    assert output["summary"].endswith("1 of 1 Python file could not be scanned: no valid Python.")
    assert output["summary"].startswith("1 security finding (1 high, 0 medium and 0 low), 1 of them secrets")


def test_the_scan_prints_nothing_writes_nothing_and_changes_nothing(here: Path, tmp_path: Path) -> None:
    lay({"w/app.py": INSECURE, "w/bad.py": "def f(:\n", "w/b.py": "x = '\\d'  # nosec: B999 nonsense\n"})
    lay({f"w/m{n}.py": "x = 1\n" for n in range(60)})
    program = (
        "import logging, pathlib, warnings; logging.basicConfig(level=logging.DEBUG, filename='log.txt');"
        "from genesis_agents.security import static_scan; was = warnings.formatwarning;"
        "static_scan(sorted(pathlib.Path('w').glob('*.py')));"
        "assert warnings.formatwarning is was; assert logging.getLogger('bandit').level == logging.NOTSET"
    )
    cache = tmp_path / "cache"
    env = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONDONTWRITEBYTECODE": "1",
           "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not cache.exists()
    assert "bandit" not in Path("log.txt").read_text()


# ---- the agent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requires", "description", "tools"),
    [
        (("static-scan", "secret-scan"), "", [static_scan, secret_scan]),
        (("secret-scan",), "scan the code", [secret_scan]),
        (("static-scan",), "find leaked passwords", [static_scan]),
        ((), "Scan the code for leaked passwords and API keys", [secret_scan]),
        ((), "Look for insecure calls", [static_scan]),
        ((), "Detect hardcoded secrets and insecure calls", [static_scan, secret_scan]),
        ((), "Is this code secure?", [static_scan, secret_scan]),
        (("audit",), "Look it over", [static_scan, secret_scan]),
    ],
)
def test_only_what_a_task_asks_for_is_done(requires: tuple[str, ...], description: str, tools: list[object]) -> None:
    assert list(abilities(requires, description)) == tools


def test_a_planted_secret_and_weakness_change_exactly_their_facts(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(WORKSPACE, copy)
    before = run("Scan it for security problems", copy, tmp_path / "one")
    target = copy / "src/parcel/settings.py"
    target.write_text(target.read_text() + f'AWS = "{TOKENS["aws-access-key"]}"\neval(input())\n')
    after = run("Scan it for security problems", copy, tmp_path / "two")
    old, new = dict(before.output["figures"]), dict(after.output["figures"])
    assert {name: new[name] - old[name] for name in new if new[name] != old[name]} == {
        "secrets": 1, "observations": 2, "high": 1, "medium": 1, "lines_scanned": 2,
    }
    known = [one["message"] for one in before.output.get("observations", ())]
    added = [one for one in after.output["observations"] if one["message"] not in known]
    lines = target.read_text().count("\n")
    assert [(o["rule"], o["source"], o["location"], o["quote"]) for o in added] == [
        ("secret: aws-access-key", "src/parcel/settings.py", str(lines - 1), "AKIA…"),
        ("B307 eval", "src/parcel/settings.py", str(lines), "eval(input())"),
    ]
    assert {(e.source, e.location) for e in after.evidence} >= {("src/parcel/settings.py", str(lines - 1))}


def test_a_password_on_one_line_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w/a.py").write_text('password = "hunter-Two-22"\nlogin(\n    x, password="hunter-Two-23")\n')
    result = run("security", tmp_path / "w", tmp_path / "home")
    assert [(o["rule"], o["location"]) for o in result.output["observations"]] == [
        ("secret: hardcoded-password", "1"), ("secret: hardcoded-password", "3"),
    ]
    assert dict(result.output["figures"])["observations"] == 2


def test_figures_equal_an_independent_count(tmp_path: Path) -> None:
    result = run("Audit the code", WORKSPACE, tmp_path)
    files = [p for p in WORKSPACE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    counted = subprocess.run(["wc", "-l", *map(str, files)], capture_output=True, text=True, check=True)
    figures = result.output["figures"]
    assert figures["files_scanned"] == len(files)
    assert figures["lines_scanned"] == int(counted.stdout.split()[-2])
    assert figures["python_files_scanned"] == sum(p.suffix == ".py" for p in files)
    by_weight = [one["severity"] for one in result.output.get("observations", ())]
    assert [figures[w] for w in ("high", "medium", "low")] == [by_weight.count(w) for w in ("high", "medium", "low")]


def test_an_empty_folder_is_reported_as_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("Scan for security problems", tmp_path / "empty", tmp_path / "home")
    assert result.state is TaskState.COMPLETED
    assert (result.output["figures"]["files_scanned"], result.output["figures"]["observations"]) == (0, 0)
    assert result.output["summary"] == "There is nothing to scan."


def test_a_folder_that_a_task_names_bounds_what_is_read(tmp_path: Path) -> None:
    task = Task(id="t", inputs={"folder": {"value": "docs"}})
    result = run("Find secrets", WORKSPACE, tmp_path, inputs=task.inputs)
    figures = result.output["figures"]
    assert figures["files_scanned"] == sum(p.is_file() for p in (WORKSPACE / "docs").rglob("*"))
    assert "python_files_scanned" not in figures


def test_what_is_not_done_is_said(tmp_path: Path) -> None:
    result = run("Audit the dependencies for known CVEs", WORKSPACE, tmp_path)
    assert any("Dependencies are not checked" in note for note in result.output["notes"])
