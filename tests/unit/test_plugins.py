"""Plugins come from real distributions: found, ordered, blocked, refused by name, and asked one by one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genesis_core import GENESIS_API, Agent, Genesis, PlanContext, PluginError, Task, agent, hookimpl, tool
from genesis_core._plugins import HOME, PluginInfo, Plugins, discover
from genesis_core._provided import Provided
from genesis_core._settings import Settings
from genesis_core.testing import context_for

Install = Callable[..., None]
BUILTINS = tuple(p.name for p in discover() if p.builtin)
HEAD = "from genesis_core import Agent, Offer, Task, agent, hookimpl, tool\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution of one module: its metadata, its entry points, its code."""
    count = itertools.count()

    def make(distribution: str, code: str, *, plugin: str = "", version: str = "1.0", module: str = "") -> None:
        site = tmp_path / f"site{next(count)}"
        module = module or f"plugin_{distribution.replace('-', '_')}_{tmp_path.name.replace('-', '_')}"
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[genesis.plugins]\n{plugin or distribution} = {module}\n")
        (site / f"{module}.py").write_text(HEAD + code)
        monkeypatch.syspath_prepend(site)

    return make


def load(*, strict: bool = True, trust: dict[str, str] | None = None, but: str = "", **environ: str) -> Plugins:
    """Load what is installed, without what comes with Genesis *but* that one."""
    blocked = ",".join(name for name in BUILTINS if name != but)
    environ["GENESIS_BLOCK_PLUGINS"] = f"{blocked},{environ.get('GENESIS_BLOCK_PLUGINS', '')}"
    return Plugins.load(environ=environ, strict=strict, trust=trust)


def decomposes(answer: str, options: str = "") -> str:
    """The code of a plugin that answers genesis_decompose."""
    return f"@hookimpl{options}\ndef genesis_decompose(task):\n    return {answer}\n"


def first(plugins: Plugins, hook: str = "genesis_decompose") -> tuple[Any, str] | None:
    return asyncio.run(plugins.first(hook, task=Task(id="goal", kind="goal"), context=context_for()))


def every(plugins: Plugins) -> list[tuple[Any, str]]:
    return asyncio.run(plugins.all("genesis_decompose", task=Task(id="goal"), context=context_for()))


# -- found and described ----------------------------------------------------------------------------------------------


def test_an_installed_plugin_is_loaded_and_described(install: Install) -> None:
    install("hello-dist", decomposes("[task]"), plugin="hello", version="2.5")
    info = load().info("hello")
    assert (info.distribution, info.version, info.owner) == ("hello-dist", "2.5", "hello-dist 2.5")
    assert (info.state, info.reason, info.trust, info.builtin) == ("loaded", "", "ordinary", False)
    assert info.hooks == ("genesis_decompose",)


def test_discovery_imports_nothing(install: Install) -> None:
    install("loud", "raise SystemExit('imported')\n")
    assert [p.state for p in discover() if p.name == "loud"] == ["loaded"]


def test_built_ins_are_listed_before_others_and_these_by_name(install: Install) -> None:
    for name in ("zebra", "aardvark"):
        install(name, "")
    found = discover()
    names = [p.name for p in found]
    assert names.index("aardvark") < names.index("zebra")
    assert [p.builtin for p in found] == sorted((p.builtin for p in found), reverse=True)


def test_an_unknown_plugin_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="nobody"):
        Plugins().info("nobody")


# -- order ------------------------------------------------------------------------------------------------------------


class Says:
    """Answers genesis_decompose with its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    def genesis_decompose(self) -> str:
        return self.name


class SaysLast(Says):
    @hookimpl(trylast=True)
    def genesis_decompose(self) -> str:
        return self.name


class SaysFirst(Says):
    @hookimpl(tryfirst=True)
    def genesis_decompose(self) -> str:
        return self.name


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_registration_means_nothing(order: tuple[int, ...]) -> None:
    here = [SaysLast("a-last"), Says("b"), Says("c"), SaysFirst("z-first")]
    plugins = Plugins()
    for place in order:
        plugins.add(here[place], name=here[place].name)
    assert [name for _, name in every(plugins)] == ["z-first", "b", "c", "a-last"]


def test_who_answers_last_answers_after_everybody_else(install: Install) -> None:
    install("zzz", decomposes("'mine'"))
    install("aaa", decomposes("'at last'", "(trylast=True)"))
    assert first(load()) == ("mine", "zzz")
    assert first(load(GENESIS_BLOCK_PLUGINS="zzz")) == ("at last", "aaa")


def test_every_built_in_opinion_is_asked_last() -> None:
    opinions = ("decompose", "route", "estimate", "validate", "revise", "generate")
    plugins = Plugins.load(strict=False, environ={"GENESIS_DISABLE_PLUGIN_AUTOLOAD": "1"})
    answered = [impl for name in opinions for impl in plugins.hook(f"genesis_{name}")]
    assert answered
    assert [impl.plugin_name for impl in answered if not impl.trylast] == []


# -- blocked ----------------------------------------------------------------------------------------------------------


def test_a_plugin_is_blocked_by_name(install: Install) -> None:
    install("broken", "raise RuntimeError('imported all the same')\n")
    plugins = Plugins.load(block=["broken", *BUILTINS], environ={})
    assert (plugins.info("broken").state, plugins.info("broken").reason) == ("blocked", "blocked by name")


@pytest.mark.parametrize("names", ["broken", " broken ,other", "other,broken,"])
def test_the_environment_blocks_plugins(install: Install, names: str) -> None:
    install("broken", "raise RuntimeError('imported all the same')\n")
    assert load(GENESIS_BLOCK_PLUGINS=names).info("broken").state == "blocked"


@pytest.mark.parametrize(("value", "state"), [("1", "blocked"), ("true", "blocked"), ("0", "loaded"), ("", "loaded")])
def test_autoload_can_be_switched_off_for_strangers(install: Install, value: str, state: str) -> None:
    install("stranger", decomposes("None"))
    plugins = load(GENESIS_DISABLE_PLUGIN_AUTOLOAD=value, but="guard")
    assert plugins.info("stranger").state == state
    assert plugins.info("guard").state == "loaded"


def test_without_autoload_a_stranger_cannot_take_a_built_in_away(install: Install) -> None:
    install("impostor", decomposes("'impostor'"), plugin="guard")
    plugins = load(GENESIS_DISABLE_PLUGIN_AUTOLOAD="1", but="guard")
    assert [(i.distribution, i.state) for i in plugins.infos if i.name == "guard"] == [
        (HOME, "loaded"), ("impostor", "blocked")]


# -- refused ----------------------------------------------------------------------------------------------------------

FAULTS = {
    "wrapper": ("@hookimpl(wrapper=True)\ndef genesis_decompose(task):\n    return (yield)\n", "wrappers are refused"),
    "old wrapper": ("@hookimpl(hookwrapper=True)\ndef genesis_decompose(task):\n    yield\n", "wrappers are refused"),
    "misspelt": ("@hookimpl\ndef genesis_decompse(task): ...\n", "did you mean 'genesis_decompose'?"),
    "unlike any": ("@hookimpl\ndef setup(task): ...\n", "there is no hook 'setup'"),
    "specname": ("@hookimpl(specname='genesis_rout')\ndef mine(task): ...\n", "did you mean 'genesis_route'?"),
    "argument": ("@hookimpl\ndef genesis_decompose(tsk): ...\n", "tsk"),
    "undecorated": ("def genesis_decompose(task): ...\n", "lacks @hookimpl"),
    "api": (f"genesis_api = {GENESIS_API + 1}\n", f"genesis_api {GENESIS_API + 1}"),
    "import": ("import nowhere_at_all\n", "No module named 'nowhere_at_all'"),
    "raises": ("raise RuntimeError('while it was imported')\n", "while it was imported"),
    "syntax": ("def (:\n", "SyntaxError"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_plugin_stops_genesis_and_its_distribution_is_named(install: Install, fault: str) -> None:
    code, why = FAULTS[fault]
    install("faulty-dist", code, plugin="faulty", version="3.1")
    with pytest.raises(PluginError) as caught:
        load()
    assert "'faulty' of faulty-dist 3.1" in caught.value.message
    assert why in caught.value.cause
    assert "-p no:faulty" in caught.value.hint


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_plugin_is_told_of_and_the_others_are_there(install: Install, fault: str) -> None:
    code, why = FAULTS[fault]
    install("faulty-dist", code, plugin="faulty")
    install("good-dist", decomposes("'good'"), plugin="good")
    plugins = load(strict=False)
    assert plugins.info("faulty").state == "failed"
    assert why in plugins.info("faulty").reason
    assert plugins.info("faulty").hooks == ()
    assert every(plugins) == [("good", "good")]


def test_a_helper_that_a_plugin_imports_is_not_taken_for_its_hook(install: Install) -> None:
    install("helper", "from genesis_core.hookspecs import genesis_decompose\n")
    assert load().info("helper").hooks == ()


def test_two_plugins_of_one_name_are_refused_and_both_distributions_named(install: Install) -> None:
    for name in ("one-dist", "two-dist"):
        install(name, decomposes("None"), plugin="same")
    with pytest.raises(PluginError) as caught:
        load()
    assert "one-dist 1.0 and two-dist 1.0" in caught.value.cause
    assert [p.state for p in load(strict=False).infos if p.name == "same"] == ["failed", "failed"]


def test_the_same_module_under_two_names_is_refused(install: Install) -> None:
    install("same-dist", decomposes("None"), plugin="one = shared_module\nother", module="shared_module")
    with pytest.raises(PluginError, match="'other' of same-dist|'one' of same-dist"):
        load()


def test_a_plugin_whose_module_another_distribution_hides_is_refused(install: Install) -> None:
    install("one-dist", decomposes("None"), plugin="one", module="hidden_module")
    install("two-dist", decomposes("None"), plugin="two", module="hidden_module")
    plugins = load()
    assert (plugins.info("one").state, plugins.info("two").state) == ("refused", "loaded")
    assert "hidden_module would be imported from" in plugins.info("one").reason


def test_a_plugin_of_the_program_needs_a_name_of_its_own() -> None:
    plugins = Plugins()
    plugins.add(Says("x"), name="x")
    with pytest.raises(PluginError, match="named 'x' is there already"):
        plugins.add(Says("x"), name="x")


def test_an_object_with_an_undecorated_hook_is_refused() -> None:
    class Forgetful:
        def genesis_route(self) -> None: ...

    with pytest.raises(PluginError, match="genesis_route lacks @hookimpl"):
        Plugins().add(Forgetful(), name="forgetful")


# -- trust ------------------------------------------------------------------------------------------------------------


def test_only_the_built_in_guard_has_authority_by_itself(install: Install) -> None:
    install("guard-dist", decomposes("None"), plugin="guardian")
    install("genesis.agents", decomposes("None"), plugin="sentry")
    plugins = load(trust={"sentry": "security"}, but="aop")
    trust = {name: plugins.info(name).trust for name in ("guardian", "sentry", "aop")}
    assert trust == {"guardian": "ordinary", "sentry": "ordinary", "aop": "ordinary"}
    assert plugins.info("sentry").state == "refused", "it has the name of ours, and lies elsewhere"
    assert load(trust={"guardian": "security"}).info("guardian").trust == "security"


def test_a_stranger_named_guard_is_not_trusted(install: Install) -> None:
    install("impostor", decomposes("None"), plugin="guard")
    found = [p for p in Plugins.load(strict=False, environ={}).infos if p.name == "guard"]
    assert {p.trust for p in found if p.distribution == "impostor"} == {"ordinary"}
    assert {p.state for p in found} == {"failed"}


def test_the_built_in_guard_is_trusted() -> None:
    (guard,) = [p for p in Plugins.load(strict=False, environ={}).infos if p.name == "guard"]
    assert (guard.builtin, guard.trust) == (True, "security")


# -- asked ------------------------------------------------------------------------------------------------------------


class Asked:
    """Plugins that answer in every allowed manner."""

    class A:
        @hookimpl
        def genesis_decompose(self) -> None:
            """Decline."""

    class B:
        @hookimpl
        async def genesis_decompose(self) -> None:
            """Decline, after a moment."""
            await asyncio.sleep(0)

    class C:
        @hookimpl
        async def genesis_decompose(self, task: Task) -> str:
            await asyncio.sleep(0)
            return f"async {task.id}"

    class D:
        @hookimpl
        def genesis_decompose(self, context: PlanContext, task: Task) -> str:
            return f"plain {task.id} {context.goal.text}"

    class E:
        @hookimpl
        def genesis_decompose(self) -> Any:
            return asyncio.sleep(0, "awaitable")


def asked(*kinds: type) -> Plugins:
    plugins = Plugins()
    for kind in kinds:
        plugins.add(kind(), name=kind.__name__)
    return plugins


def test_none_declines_whether_it_is_awaited_or_not() -> None:
    assert first(asked(Asked.A, Asked.B, Asked.C, Asked.D)) == ("async goal", "C")
    assert first(asked(Asked.A, Asked.B)) is None


def test_all_gives_every_answer_with_its_plugin_in_order() -> None:
    assert every(asked(Asked.E, Asked.D, Asked.C, Asked.B)) == [
        ("async goal", "C"), ("plain goal test", "D"), ("awaitable", "E"),
    ]


def test_who_answers_first_keeps_the_others_from_being_asked() -> None:
    class Never:
        @hookimpl
        def genesis_decompose(self) -> None:
            raise AssertionError("asked all the same")

    plugins = asked(Asked.D)
    plugins.add(Never(), name="never")
    assert first(plugins) == ("plain goal test", "D")


@pytest.mark.parametrize("code", ["raise KeyError('lost')", "return lost()"], ids=["plain", "async"])
def test_an_exception_names_plugin_and_distribution(install: Install, code: str) -> None:
    install("faulty-dist", "@hookimpl\ndef genesis_decompose(task):\n    " + code
            + "\nasync def lost():\n    raise KeyError('lost')\n", plugin="faulty")
    with pytest.raises(PluginError) as caught:
        first(load())
    assert "'faulty' of faulty-dist 1.0 raised in genesis_decompose: KeyError: 'lost'" in caught.value.message
    assert "-p no:faulty" in caught.value.hint


def test_an_error_of_genesis_passes_as_it_is() -> None:
    class Refuses:
        @hookimpl
        def genesis_decompose(self) -> None:
            raise PluginError("in its own words")

    plugins = Plugins()
    plugins.add(Refuses(), name="refuses")
    with pytest.raises(PluginError, match="^in its own words$"):
        first(plugins)


def test_asking_can_be_cancelled() -> None:
    class Slow:
        @hookimpl
        async def genesis_decompose(self) -> None:
            await asyncio.sleep(60)

    async def main() -> None:
        async with asyncio.timeout(0.05):
            await plugins.first("genesis_decompose", task=Task(id="goal"), context=context_for())

    plugins = Plugins()
    plugins.add(Slow(), name="slow")
    with pytest.raises(TimeoutError):
        asyncio.run(main())


# -- what they offer --------------------------------------------------------------------------------------------------


def offers(*names: str) -> str:
    return "@hookimpl\ndef genesis_provide(settings):\n    return [" + ", ".join(names) + "]\n"


AGENT = "@agent\nasync def same(task, context):\n    '''Work.'''\n"
TOOL = "@tool\ndef same(text: str) -> str:\n    '''Work.'''\n    return text\n"
OFFER = "same = Offer('rule', 'same', {})\n"


@pytest.mark.parametrize(("kind", "code"), [("agent", AGENT), ("tool", TOOL), ("rule", OFFER)])
def test_two_things_of_one_name_are_refused_and_both_distributions_named(
    install: Install, tmp_path: Path, kind: str, code: str
) -> None:
    for name in ("one-dist", "two-dist"):
        install(name, code + offers("same"))

    async def main() -> None:
        async with Genesis.open(tmp_path, block=BUILTINS, settings={}):
            raise AssertionError("it opened")

    with pytest.raises(PluginError) as caught:
        asyncio.run(main())
    assert f"two {kind}s are named 'same'" in caught.value.message
    assert "one-dist 1.0" in caught.value.message
    assert "two-dist 1.0" in caught.value.message


def test_an_agent_brings_its_tools_and_a_tool_shared_by_two_agents_is_one() -> None:
    @tool
    def shared(text: str) -> str:
        """Work."""
        return text

    async def work(task: Task, context: Any) -> None: ...

    agents: list[Agent] = [agent(name=name, tools=[shared])(work) for name in ("one", "two")]
    given = asyncio.run(Provided.collect(Plugins(), agents, Settings(), {}))
    assert list(given.tools) == ["shared"]
    assert list(given.agents) == ["one", "two"]


def test_something_that_cannot_be_offered_is_refused_by_name(install: Install, tmp_path: Path) -> None:
    install("odd-dist", offers("42"), plugin="odd")

    async def main() -> None:
        async with Genesis.open(tmp_path, block=BUILTINS, settings={}):
            raise AssertionError("it opened")

    with pytest.raises(PluginError, match="'odd' of odd-dist 1.0 offers a int"):
        asyncio.run(main())


@pytest.mark.parametrize("kind", ["agent", "tool", "model"])
def test_what_the_kernel_knows_is_no_offer(install: Install, tmp_path: Path, kind: str) -> None:
    install("odd-dist", offers(f"Offer('{kind}', 'it', 1)"), plugin="odd")

    async def main() -> None:
        async with Genesis.open(tmp_path, block=BUILTINS, settings={}):
            raise AssertionError("it opened")

    with pytest.raises(PluginError, match=f"'odd' of odd-dist 1.0 offers {kind} 'it' as an Offer"):
        asyncio.run(main())


def test_a_plugin_sees_its_own_section_of_the_settings(install: Install, tmp_path: Path) -> None:
    install("curious", "@hookimpl\ndef genesis_provide(settings):\n    return [Offer('seen', 'it', dict(settings))]\n")

    async def main() -> object:
        settings = {"plugin": {"curious": {"a": 1}, "other": {"b": 2}}}
        async with Genesis.open(tmp_path, block=BUILTINS, settings=settings) as genesis:
            return genesis.provided.offers["seen"]["it"]

    assert asyncio.run(main()) == {"a": 1}


def test_plugins_of_two_geneses_share_nothing() -> None:
    one, two = Plugins(), Plugins()
    one.add(Says("x"), name="x")
    assert two.infos == []
    assert first(two) is None
    assert isinstance(one.info("x"), PluginInfo)
