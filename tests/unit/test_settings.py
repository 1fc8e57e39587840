"""Settings: flag over environment over project over user over default, each with its origin; some are an operator's."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_core import Settings, SettingsError, load_settings
from genesis_core._settings import OPERATOR_KEYS, SettingsSource, flatten, state_home, user_config

HERE = "genesis.toml"


class Layers:
    """A project folder and a user's file, and what comes of them."""

    def __init__(self, folder: Path) -> None:
        self.project, self.user = folder / "project", folder / "user.toml"
        self.project.mkdir()

    def load(self, *, user: str = "", project: str = "", flags: dict[str, Any] | None = None,
             **environ: str) -> SettingsSource:
        if user:
            self.user.write_text(user)
        if project:
            (self.project / HERE).write_text(project)
        return load_settings(flags, environ=environ, folder=self.project, user_file=self.user)


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    return Layers(tmp_path)


# -- precedence and origin --------------------------------------------------------------------------------------------


def test_without_any_layer_everything_is_default_and_has_no_origin(layers: Layers) -> None:
    found = layers.load()
    assert found.settings == Settings()
    assert found.origins == {}


def test_each_layer_wins_over_those_below_it(layers: Layers) -> None:
    texts: dict[str, Any] = {"user": "max_parallel = 2", "project": "max_parallel = 3"}
    user, project = str(layers.user), str(layers.project / HERE)
    steps: list[tuple[dict[str, Any], int, str]] = [
        ({"user": texts["user"]}, 2, user), (texts, 3, project),
        ({**texts, "GENESIS_MAX_PARALLEL": "4"}, 4, "environment"),
        ({**texts, "GENESIS_MAX_PARALLEL": "4", "flags": {"max_parallel": 5}}, 5, "flag"),
    ]
    for given_layers, value, origin in steps:
        found = layers.load(**given_layers)
        assert found.settings.max_parallel == value
        assert found.origins["max_parallel"] == origin


def test_layers_merge_key_by_key_inside_a_table(layers: Layers) -> None:
    found = layers.load(
        user="[budget]\nmax_cost = '9.50'\nmax_tokens = 100\n",
        flags={"budget": {"max_seconds": 7, "max_tokens": 50}}, GENESIS_BUDGET__MAX_TOOL_CALLS="3",
    )
    budget = found.settings.budget
    assert (budget.max_cost, budget.max_tokens, budget.max_seconds) == (Decimal("9.50"), 50, 7)
    assert budget.max_tool_calls == 3
    assert found.origins == {
        "budget.max_cost": str(layers.user), "budget.max_tokens": "flag",
        "budget.max_tool_calls": "environment", "budget.max_seconds": "flag",
    }


ANY = st.none() | st.integers(1, 99)


@given(ANY, ANY, ANY, ANY)
def test_the_highest_layer_that_says_anything_decides(
    tmp_path_factory: pytest.TempPathFactory, user: int | None, project: int | None, environ: int | None,
    flag: int | None,
) -> None:
    layers = Layers(tmp_path_factory.mktemp("layers"))
    found = layers.load(
        user="" if user is None else f"max_parallel = {user}",
        project="" if project is None else f"max_parallel = {project}",
        flags={} if flag is None else {"max_parallel": flag},
        **({} if environ is None else {"GENESIS_MAX_PARALLEL": str(environ)}),
    )
    said = [value for value in (flag, environ, project, user, 8) if value is not None]
    assert found.settings.max_parallel == said[0]


def test_flattening_shows_every_setting_with_its_dotted_name(layers: Layers) -> None:
    found = dict(flatten(layers.load(project="[plugin.halo]\nrules = 'mine.toml'\n").settings))
    assert found["plugin.halo.rules"] == "mine.toml"
    assert found["limits.max_depth"] == 5
    assert found["pipeline"] == "v2"
    assert {name.split(".")[0] for name in found} == set(Settings.model_fields)


def test_a_plugin_finds_its_section(layers: Layers) -> None:
    settings = layers.load(project="[plugin.halo]\nrules = 'mine.toml'\n[plugin.x]\n").settings
    assert settings.section("halo") == {"rules": "mine.toml"}
    assert settings.section("x") == settings.section("nobody") == {}


# -- what only an operator may set ------------------------------------------------------------------------------------


def section(key: str) -> str:
    return f"{key} = 'x'\n" if key in ("engine", "keyring") else f"[{key}]\n"


@pytest.mark.parametrize("key", sorted(OPERATOR_KEYS))
def test_a_project_file_cannot_set_what_decides_about_safety(layers: Layers, key: str) -> None:
    with pytest.raises(SettingsError, match=f"sets '{key}', which a project can't") as caught:
        layers.load(project=section(key))
    assert str(layers.project / HERE) in caught.value.message
    assert "your own settings file" in caught.value.hint


@pytest.mark.parametrize("key", sorted(OPERATOR_KEYS))
def test_the_users_own_file_can(layers: Layers, key: str) -> None:
    layers.load(user=section(key))


def test_every_key_for_operators_is_a_setting() -> None:
    assert set(Settings.model_fields) >= OPERATOR_KEYS


def test_limits_come_from_the_users_file_and_flags_only(layers: Layers) -> None:
    found = layers.load(user="[limits]\nmax_tasks = 10\n", GENESIS_LIMITS__MAX_TASKS="99999")
    assert found.settings.limits.max_tasks == 10
    assert layers.load(flags={"limits": {"max_tasks": 20}}).settings.limits.max_tasks == 20


@pytest.mark.parametrize("name", ["GENESIS_POLICY__X", "GENESIS_ENGINE", "GENESIS_PLUGINS__TRUST__X", "GENESIS_MODELS"])
def test_the_environment_cannot_set_what_decides_about_safety(layers: Layers, name: str) -> None:
    assert layers.load(**{name: "anything"}).settings == Settings()


# -- the environment --------------------------------------------------------------------------------------------------


def test_two_underscores_nest(layers: Layers) -> None:
    found = layers.load(GENESIS_PLUGIN__HALO__RULES="mine.toml", GENESIS_BUDGET__MAX_COST="0.5", GENESIS_JOURNAL="no")
    assert found.settings.section("halo") == {"rules": "mine.toml"}
    assert found.settings.budget.max_cost == Decimal("0.5")
    assert found.settings.journal is False
    assert found.origins["plugin.halo.rules"] == "environment"


def test_variables_of_others_and_of_no_setting_are_let_be(layers: Layers) -> None:
    found = layers.load(MAX_PARALLEL="3", GENESIS_NOTHING_KNOWN="x", GENESIS_HOME="/somewhere", PATH="/bin")
    assert found.settings == Settings(home="/somewhere")


@pytest.mark.parametrize("order", [1, -1])
def test_a_value_and_a_table_of_one_name_are_refused(layers: Layers, order: int) -> None:
    names = {"GENESIS_BUDGET": "5", "GENESIS_BUDGET__MAX_COST": "2"}
    with pytest.raises(SettingsError, match="budget"):
        layers.load(**dict(list(names.items())[::order]))


@pytest.mark.parametrize("value", ["false", "0", "no", "off", "False", "OFF"])
def test_v1_is_one_variable_away(layers: Layers, value: str) -> None:
    found = layers.load(user="pipeline = 'v2'", USE_V2_ORCHESTRATOR=value, GENESIS_PIPELINE="v2")
    assert found.settings.pipeline == "v1"
    assert found.origins["pipeline"] == "environment"


@pytest.mark.parametrize("value", ["true", "1", "", "yes"])
def test_v2_stays_when_that_variable_does_not_say_no(layers: Layers, value: str) -> None:
    assert layers.load(USE_V2_ORCHESTRATOR=value).settings.pipeline == "v2"


def test_a_flag_wins_over_that_variable(layers: Layers) -> None:
    assert layers.load(flags={"pipeline": "v2"}, USE_V2_ORCHESTRATOR="false").settings.pipeline == "v2"


# -- what can't be used -----------------------------------------------------------------------------------------------


def test_an_unknown_key_is_named_with_its_file_and_the_nearest_key(layers: Layers) -> None:
    with pytest.raises(SettingsError, match=r"'max_paralel' in .*genesis\.toml; did you mean 'max_parallel'\?"):
        layers.load(project="max_paralel = 3")


def test_an_unknown_key_in_a_table_is_named_with_the_nearest_of_that_table(layers: Layers) -> None:
    with pytest.raises(SettingsError, match=r"'budget.max_costs' in .*user\.toml; did you mean 'max_cost'\?"):
        layers.load(user="[budget]\nmax_costs = 3")


def test_an_unknown_table_is_named_with_its_file(layers: Layers) -> None:
    with pytest.raises(SettingsError, match=r"'budgets' in .*user\.toml; did you mean 'budget'\?"):
        layers.load(user="[budgets]\nmax_cost = 3")


def test_an_unknown_key_unlike_any_has_no_suggestion(layers: Layers) -> None:
    with pytest.raises(SettingsError, match=r"unknown setting 'qqqq' in flag$"):
        layers.load(flags={"qqqq": 1})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_parallel = 0", "'max_parallel' in .* can't be 0"), ("max_parallel = 'x'", "can't be 'x'"),
        ("durability = 'later'", "'durability'"), ("task_seconds = -1", "'task_seconds'"),
        ("[budget]\nmax_cost = -1", r"'budget\.max_cost' in .*user\.toml can't be -1"),
        ("budget = 3", "'budget'"), ("max_parallel = [1]", "'max_parallel'"),
    ],
)
def test_a_wrong_value_is_named_with_its_origin(layers: Layers, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        layers.load(user=text)
    assert caught.value.exit_code == 2
    assert caught.value.cause
    assert caught.value.hint.startswith("mend ") and caught.value.hint.endswith("user.toml")


@pytest.mark.parametrize("content", [b"a = ", b"\xff\xfe", b"[a]\n[a]\n"])
def test_a_file_that_is_no_toml_is_named(layers: Layers, content: bytes) -> None:
    (layers.project / HERE).write_bytes(content)
    with pytest.raises(SettingsError, match=r"genesis\.toml can't be read") as caught:
        layers.load()
    assert caught.value.cause


def test_a_folder_in_place_of_a_file_is_named(layers: Layers) -> None:
    layers.user.mkdir()
    with pytest.raises(SettingsError, match=r"user\.toml can't be read"):
        layers.load()


# -- where things are -------------------------------------------------------------------------------------------------


def test_the_state_folder_is_the_setting_or_the_variable_or_the_platforms(tmp_path: Path) -> None:
    environ = {"GENESIS_HOME": str(tmp_path / "variable")}
    assert state_home(Settings(home=str(tmp_path / "setting")), environ) == tmp_path / "setting"
    assert state_home(Settings(), environ) == tmp_path / "variable"
    assert state_home(Settings(), {}).name == "genesis"
    assert state_home(Settings(home="~/genesis"), {}) == Path.home() / "genesis"


def test_the_users_file_is_the_variables_or_the_platforms(tmp_path: Path) -> None:
    assert user_config({"GENESIS_CONFIG": str(tmp_path / "mine.toml")}) == tmp_path / "mine.toml"
    assert user_config({}).name == "genesis.toml"


def test_the_variable_for_the_users_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("max_parallel = 6")
    found = load_settings(environ={"GENESIS_CONFIG": str(tmp_path / "mine.toml")}, folder=tmp_path)
    assert (found.settings.max_parallel, found.origins["max_parallel"]) == (6, str(tmp_path / "mine.toml"))


@pytest.mark.parametrize("variable", [["A", "B"], "", "two words", 7, {"env": "A"}, "p4ss-w0rd!"])
def test_a_secret_is_named_by_one_variable_and_what_else_stands_there_is_not_repeated(variable: Any) -> None:
    with pytest.raises(SettingsError, match=r"\[secrets\] tok names no variable") as caught:
        load_settings({"secrets": {"tok": variable}})
    assert "p4ss" not in f"{caught.value} {caught.value.cause} {caught.value.hint}"
    assert load_settings({"secrets": {"tok": "A_1"}}).settings.secrets == {"tok": "A_1"}
