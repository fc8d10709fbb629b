"""What the library may not do beside being asked: read the directory, reach out, speak, tell anybody a key."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.llm.library import QUIET
from tests.provider import Provider, Reply

ASK = """
import asyncio, json, logging, os, socket, sys
from pathlib import Path

import dotenv

from engine.cancellation import CancelToken
from engine.errors import ModelFailed
from engine.llm.keys import Keys
from engine.llm.library import aside, library
from engine.llm.litellm_model import LiteLLM
from engine.model.prompt import Message, Speaker
from engine.settings import ModelSettings

told = {"hosts": [], "loaded": 0, "answers": []}
real, dotenv.load_dotenv = socket.getaddrinfo, lambda *_, **__: told.update(loaded=told["loaded"] + 1)


def looked_up(host, *rest, **more):
    told["hosts"].append(host)
    return real(host, *rest, **more)


socket.getaddrinfo = looked_up


async def ask(name, base):
    settings = ModelSettings(name=name, base_url=base, key="CANARY")
    model = LiteLLM(settings, Keys(Path(sys.argv[3])))
    question = (Message(speaker=Speaker.USER, text="2+2?"),)
    try:
        done = await model.complete(question, heard=lambda _: None, token=CancelToken(), schema={"type": "object"})
        told["answers"].append(done.text)
    except ModelFailed as failed:
        told["answers"].append(failed.failure.value)


async def main():
    for name, base in (("openai/mine", sys.argv[1] + "/v1"), ("anthropic/claude-sonnet-4-5", sys.argv[1])):
        await ask(name, base)
        await ask(name, base)


hook = sys.excepthook
asyncio.run(main())
told["hook"] = sys.excepthook is hook
told["root"] = len(logging.getLogger().handlers)
told["key"] = "CANARY" in os.environ
Path(sys.argv[2]).write_text(json.dumps(told))
"""


async def test_it_reads_nothing_reaches_nobody_and_says_nothing(tmp_path: Path) -> None:
    """In a directory full of traps, with an environment that asks for noise."""
    (tmp_path / ".env").write_text("OPENAI_API_BASE=http://127.0.0.1:9\nCANARY=from-a-file\nLITELLM_LOG=DEBUG\n")
    keys = tmp_path / "keys.toml"
    keys.write_text('CANARY = "sk-canary-7f3a9b"\n')
    keys.chmod(0o600)
    environ = {name: value for name, value in os.environ.items() if name not in QUIET and "_API_" not in name}
    noisy = {"LITELLM_LOG": "DEBUG", "JSON_LOGS": "true", "LITELLM_MODE": "DEV", "PYTHONPATH": str(Path.cwd())}
    async with Provider(Reply("four"), Reply("no", status=401), Reply("four"), Reply("no", status=401)) as provider:
        process = await run(
            [sys.executable, "-c", ASK, provider.root, str(tmp_path / "told.json"), str(keys)],
            cwd=tmp_path,
            env={**environ, **noisy},
        )
        keys_sent = [asked.headers.get("x-api-key") or asked.headers["authorization"] for asked in provider.asked]
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["answers"] == ["four", "auth", "four", "auth"]
    assert set(told["hosts"]) <= {"127.0.0.1", None}
    assert (told["loaded"], told["hook"], told["root"], told["key"]) == (0, True, 0, False)
    assert all("sk-canary-7f3a9b" in key for key in keys_sent)


async def run(command: list[str], cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run, command, cwd=cwd, env=env, capture_output=True, text=True, timeout=90, check=False
    )


@pytest.mark.parametrize("module", ["engine.llm.litellm_model", "engine.inference", "engine.engine", "tui.app"])
def test_no_import_of_ours_imports_it(module: str) -> None:
    code = f"import sys, {module}; sys.exit('litellm' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
