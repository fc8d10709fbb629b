"""`signoff notify`: what is set up, and whether it arrives."""

from __future__ import annotations

import json
from pathlib import Path

from engine.testing import ScriptedEngine
from tests.tui.cli.outside import call


def environ(folder: Path, channels: str = "", settings: str = "") -> dict[str, str]:
    (folder / "config.toml").write_text(settings)
    file = folder / "channels.toml"
    file.write_text(channels)
    file.chmod(0o600)
    return {"SIGNOFF_CONFIG": str(folder / "config.toml")}


def test_channels_are_listed_by_name_and_never_by_address(tmp_path: Path) -> None:
    world = environ(
        tmp_path, 'ops = "slack://secret"\nmail = "mailto://secret"\n', '[notify]\nchannels = ["ops", "gone"]\n'
    )
    done = call(ScriptedEngine(), "notify", environ=world)
    assert done.code == 0
    assert "ops           told when you are needed" in done.out
    assert "mail          for notify steps" in done.out
    assert "gone is chosen, but has no address" in done.err
    assert "secret" not in done.out + done.err
    listed = json.loads(call(ScriptedEngine(), "notify", "--json", environ=world).out)
    assert listed == [{"channel": "ops", "chosen": True}, {"channel": "mail", "chosen": False}]


def test_what_does_not_arrive_says_why_and_exits_1(tmp_path: Path) -> None:
    done = call(ScriptedEngine(), "notify", "test", "nobody", environ=environ(tmp_path))
    assert done.code == 1
    assert "Nothing was sent to nobody: it is not set up" in done.err


def test_a_file_that_others_can_read_is_an_error_with_its_cure(tmp_path: Path) -> None:
    world = environ(tmp_path, 'ops = "slack://secret"\n')
    (tmp_path / "channels.toml").chmod(0o644)
    done = call(ScriptedEngine(), "notify", environ=world)
    assert done.code == 2
    assert "chmod 600" in done.err


def test_in_a_pipe_no_bell_rang_and_it_says_so(tmp_path: Path) -> None:
    done = call(ScriptedEngine(), "notify", "test", "terminal", environ=environ(tmp_path))
    assert (done.code, done.out) == (0, "terminal: not rung, stdout is no terminal that rings (auto)\n")
    off = environ(tmp_path, settings='[notify]\nterminal = "off"\n')
    assert "not rung, it is off (off)" in call(ScriptedEngine(), "notify", "test", "terminal", environ=off).out
