"""The systemd user unit that serves a state directory: it outlives every login, and comes back with the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tui.cli.call import Call

_PASSED = ("PATH", "LANG")
_PLACES = frozenset({"SIGNOFF_STATE", "SIGNOFF_HOST"})


def unit(call: Call) -> str:
    """The text of the unit; its first lines say what to do with it."""
    words = [*_program(), "--state", str(call.state), "serve", *_settings(call)]
    return "\n".join(
        [
            "# signoff serve --unit > ~/.config/systemd/user/signoff.service",
            "# systemctl --user daemon-reload && systemctl --user enable --now signoff",
            "# loginctl enable-linger        (else it ends when you log out)",
            "[Unit]",
            "Description=Signoff, the engine of " + _escaped(str(call.state)),
            "",
            "[Service]",
            "Type=exec",
            "ExecStart=" + " ".join(_quoted(word).replace("$", "$$") for word in words),
            *(f"Environment={_quoted(line)}" for line in _environment(call)),
            "KillMode=mixed",
            "Restart=on-failure",
            "",
            "[Install]",
            "WantedBy=default.target",
        ]
    )


def _program() -> list[str]:
    script = Path(sys.executable).with_name("signoff")
    return [str(script)] if script.exists() else [sys.executable, "-m", "tui"]


def _settings(call: Call) -> Iterator[str]:
    """What was set for this call; places as they are from anywhere."""
    for key, value in call.args.set or ():
        yield "--set"
        yield f"{key}={call.settings().share if key == 'share' else value}"


def _environment(call: Call) -> Iterator[str]:
    """What the steps need to find their programs, and the settings that stand in variables."""
    for name, value in call.world.environ.items():
        if name in _PASSED or (name.startswith("SIGNOFF_") and name not in _PLACES):
            yield f"{name}={value}"


def _quoted(word: str) -> str:
    return '"' + _escaped(word).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """As a unit takes it: a percent sign is doubled, and a line is one."""
    return text.replace("%", "%%").replace("\n", " ")
