"""The outside of the command line for tests: a scripted engine, a person with prepared answers, no terminal."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine import Command, EngineClient, Need, Reply, StepStatus
from engine.settings import Settings
from engine.testing import ScriptedEngine
from tui.__main__ import main
from tui.cli.call import World


class Typist:
    """A person: what was shown to them, what they were asked, what they type."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.seen = ""
        self.prompts: list[str] = []
        self.taken: list[tuple[int, str]] = []
        """The steps that got their terminal."""
        self.impatient = False
        """Whether they stop before the end of what they read."""

    def tell(self, text: str) -> None:
        self.seen += text

    async def read(self, text: str) -> bool:
        self.tell(text)
        return not self.impatient

    async def ask(self, prompt: str) -> str:
        self.prompts.append(prompt)
        return self._answers.pop(0)

    async def take(self, engine: EngineClient, task: int, step: str) -> StepStatus | None:
        self.taken.append((task, step))
        return None

    def close(self) -> None:
        assert not self._answers, f"not asked for: {self._answers}"


class Obedient(ScriptedEngine):
    """A scripted engine that reacts: `on` maps a command type to what happens when it is given."""

    def __init__(self, *args: object, **fields: object) -> None:
        super().__init__(*args, **fields)  # type: ignore[arg-type]
        self.on: dict[type[Command], Callable[[ScriptedEngine, Command], None]] = {}

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        reply = await super().do(command, actor=actor)
        if happens := self.on.get(type(command)):
            happens(self, command)
        return reply


@dataclass
class Said:
    """What a call came to."""

    code: int
    out: str
    err: str
    needs: list[Need] = field(default_factory=list)


def call(
    engine: EngineClient | None,
    *words: str,
    person: Typist | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
    stdin: str | bytes = "",
    owned: bool = True,
) -> Said:
    """Run the program in this process."""
    out, err, needs = io.StringIO(), io.StringIO(), []

    async def connect(state: Path, need: Need, settings: Settings, host: Path | None) -> EngineClient:
        needs.append(need)
        assert engine is not None, "this call needs no engine"
        return engine

    world = World(
        environ={"SIGNOFF_CONFIG": "/dev/null/config.toml", "SIGNOFF_STATE": "/dev/null/state", **(environ or {})},
        cwd=cwd,
        stdin=io.StringIO(stdin) if isinstance(stdin, str) else io.TextIOWrapper(io.BytesIO(stdin)),
        out=out,
        err=err,
        connect=connect,
        person=lambda: person,
        owned=lambda state: owned,
        clock=lambda: 0.0,
    )
    return Said(main(list(words), world), out.getvalue(), err.getvalue(), needs)
