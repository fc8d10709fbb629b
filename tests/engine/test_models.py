"""What is told about the models that are named, and one tiny call of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import BudgetView, Finding, Health, ShowBudget, Spent, look_at_models, try_models
from engine.composition import Opening
from engine.configuration import load_configuration
from engine.engine import Engine
from engine.model.state import StepState
from engine.models import configured_model
from engine.settings import ModelSettings, OverallCaps, Settings
from tests.engine.desk import Desk, shell
from tests.provider import Provider, Reply

CANARY = "sk-canary-7f3a9b"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"SIGNOFF_CONFIG": str(tmp_path / "config.toml")}


def told(settings: ModelSettings, environ: dict[str, str]) -> list[tuple[Health, str]]:
    return [(found.health, found.text) for found in look_at_models(settings, environ)]


def test_no_model_is_no_fault(environ: dict[str, str]) -> None:
    ((health, text),) = told(ModelSettings(), environ)
    assert health is Health.WELL
    assert "model.name" in text


def test_each_model_with_its_place_and_the_name_of_its_key(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(f'GROQ_API_KEY = "{CANARY}"\n')
    (tmp_path / "keys.toml").chmod(0o600)
    settings = ModelSettings(
        name="openai/mine", base_url="http://localhost:1/v1", fallbacks=("groq/a", "anthropic/b", "ollama/c")
    )
    found = told(settings, {**environ, "OPENAI_API_KEY": CANARY})
    assert [health for health, _ in found] == [Health.WELL, Health.WELL, Health.WARNING, Health.WELL]
    assert found[0][1] == "openai/mine at http://localhost:1/v1, key OPENAI_API_KEY from the environment"
    assert found[1][1] == f"groq/a at its provider, key GROQ_API_KEY from {tmp_path / 'keys.toml'}"
    assert "set ANTHROPIC_API_KEY, or write" in found[2][1]
    assert CANARY not in str(found)


def test_a_file_of_keys_that_others_can_read_is_a_fault(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(f'OPENAI_API_KEY = "{CANARY}"\n')
    (tmp_path / "keys.toml").chmod(0o644)
    ((health, text),) = told(ModelSettings(name="openai/mine"), environ)
    assert health is Health.FAULT
    assert f"chmod 600 {tmp_path / 'keys.toml'}" in text


@asynccontextmanager
async def owner(state: Path, settings: ModelSettings, budget: OverallCaps | None = None) -> AsyncIterator[Engine]:
    """Who decides in a state directory, and runs nothing."""
    chosen = Settings(model=settings, budget=budget or OverallCaps())
    engine = await Engine.open(Opening(state=state, settings=chosen, executes=False))
    try:
        yield engine
    finally:
        await engine.close()


async def tried(engine: Engine, settings: ModelSettings) -> list[Finding]:
    return [found async for found in try_models(engine, settings)]


async def spent(state: Path, settings: ModelSettings) -> Spent:
    """What the next owner finds in the ledger of this day."""
    async with owner(state, settings) as engine:
        view: BudgetView = await engine.read(ShowBudget())
    return next(each.spent for each in view.standings if str(each.cap) == "all tasks this day")


def named(provider: Provider, **more: Any) -> ModelSettings:
    prices = {"openai/mine": (1.0, 2.0), "openai/other": (1.0, 2.0)}
    return ModelSettings(**{"name": "openai/mine", "base_url": provider.url, "prices": prices, "key": "MINE", **more})


async def test_a_call_says_how_long_it_took_and_what_it_cost_and_counts(tmp_path: Path) -> None:
    async with Provider(Reply("ready", tokens=(12, 1)), Reply("no such model", status=404)) as provider:
        settings = named(provider, fallbacks=("openai/other",))
        async with owner(tmp_path, settings) as engine:
            calls = await tried(engine, settings)
        assert await spent(tmp_path, settings) == Spent(micros=14)
    assert [found.health for found in calls] == [Health.WELL, Health.FAULT]
    assert calls[0].text.startswith("openai/mine answered in ")
    assert calls[0].text.endswith(" s: 12 tokens in, 1 out, $0.000014")
    assert "openai/other: HTTP 404: no such model; model.name and" in calls[1].text
    assert "doctor --model" not in calls[1].text, "it is no advice where it failed"
    assert [asked.body["max_tokens"] for asked in provider.asked] == [64, 64]


async def test_an_answer_that_is_cut_off_is_an_answer(tmp_path: Path) -> None:
    async with Provider(Reply("I am quite", reason="length", tokens=(12, 64))) as provider:
        settings = named(provider)
        async with owner(tmp_path, settings) as engine:
            (found,) = await tried(engine, settings)
        assert await spent(tmp_path, settings) == Spent(micros=140)
    assert (found.health, found.text.endswith("64 out, $0.00014")) == (Health.WELL, True)


async def test_a_cap_that_leaves_no_room_refuses_it_with_the_way_on(tmp_path: Path) -> None:
    async with Provider(Reply("ready")) as provider:
        settings = named(provider)
        async with owner(tmp_path, settings, OverallCaps(day=0.0001)) as engine:
            (found,) = await tried(engine, settings)
        assert provider.asked == []
    assert found.health is Health.FAULT
    assert "all tasks this day may cost $0.0001 and have used $0.00; openai/mine may take $0.0001" in found.text
    assert found.text.endswith(
        "budget.day in the configuration is the cap (signoff config edit); it begins anew with the next day"
    )


async def test_a_model_that_the_engine_does_not_know_is_not_asked(tmp_path: Path) -> None:
    async with Provider(Reply("ready")) as provider, owner(tmp_path, named(provider)) as engine:
        (found,) = await tried(engine, named(provider, name="openai/third"))
        assert (found.health, provider.asked) == (Health.FAULT, [])
    assert "configured to ask openai/mine, and not 'openai/third'" in found.text


async def test_without_a_model_there_is_nothing_to_call(tmp_path: Path) -> None:
    async with owner(tmp_path, ModelSettings()) as engine:
        (found,) = await tried(engine, ModelSettings())
    assert found.health is Health.FAULT


async def test_keys_reach_no_step_and_no_store(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys.toml").write_text(f'ANTHROPIC_API_KEY = "{CANARY}-file"\n')
    (tmp_path / "keys.toml").chmod(0o600)
    monkeypatch.setenv("SIGNOFF_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("OPENAI_API_KEY", f"{CANARY}-environ")
    async with Provider(Reply("ready"), Reply(f"bad {CANARY}-environ", status=401)) as provider:
        settings = ModelSettings(name="openai/mine", base_url=provider.url)
        async with owner(tmp_path / "own", settings) as engine:
            told = [found.text for _ in range(2) for found in await tried(engine, settings)]
        assert f"{CANARY}-environ" in provider.asked[0].headers["authorization"]
    assert CANARY not in str(told)
    await desk.open(real=True, sandbox="group", model=configured_model(settings))
    view = await desk.run(shell("a", "env; cat /proc/self/environ | tr '\\0' '\\n'"))
    assert view.steps[0].state == StepState.COMPLETED
    await desk.close()
    holding = [path for path in desk.state.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert holding == []
    assert replace(load_configuration().settings.model, name="") == ModelSettings()
