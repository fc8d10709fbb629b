"""What is told about the models that are named, and one tiny call of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine import Health, look_at_models, try_models
from engine.configuration import load_configuration
from engine.model.state import StepState
from engine.models import configured_model
from engine.settings import ModelSettings
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


async def test_a_call_says_how_long_it_took_and_what_it_cost(environ: dict[str, str]) -> None:
    async with Provider(Reply("ready", tokens=(12, 1)), Reply("no such model", status=404)) as provider:
        settings = ModelSettings(
            name="openai/mine",
            base_url=provider.url,
            fallbacks=("openai/other",),
            prices={"openai/mine": (1.0, 2.0)},
        )
        calls = [found async for found in try_models(settings, environ)]
    assert [found.health for found in calls] == [Health.WELL, Health.FAULT]
    assert calls[0].text.startswith("openai/mine answered in ")
    assert calls[0].text.endswith(" s: 12 tokens in, 1 out, $0.000014")
    assert "openai/other: HTTP 404: no such model; " in calls[1].text


async def test_without_a_model_there_is_nothing_to_call(environ: dict[str, str]) -> None:
    (found,) = [found async for found in try_models(ModelSettings(), environ)]
    assert found.health is Health.FAULT


async def test_keys_reach_no_step_and_no_store(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys.toml").write_text(f'ANTHROPIC_API_KEY = "{CANARY}-file"\n')
    (tmp_path / "keys.toml").chmod(0o600)
    monkeypatch.setenv("SIGNOFF_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("OPENAI_API_KEY", f"{CANARY}-environ")
    async with Provider(Reply("ready"), Reply(f"bad {CANARY}-environ", status=401)) as provider:
        settings = ModelSettings(name="openai/mine", base_url=provider.url)
        told = [found.text async for found in try_models(settings)]
        told += [found.text async for found in try_models(settings)]
        assert f"{CANARY}-environ" in provider.asked[0].headers["authorization"]
    assert CANARY not in str(told)
    await desk.open(real=True, sandbox="group", model=configured_model(settings))
    view = await desk.run(shell("a", "env; cat /proc/self/environ | tr '\\0' '\\n'"))
    assert view.steps[0].state == StepState.COMPLETED
    await desk.close()
    holding = [path for path in desk.state.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert holding == []
    assert replace(load_configuration().settings.model, name="") == ModelSettings()
