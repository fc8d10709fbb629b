"""Where keys come from, and that they are never told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.llm.keys import Keys, hidden, names_of
from engine.private import UnsafeFile

CANARY = "sk-canary-7f3a9b"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(f'GROQ_API_KEY = "{CANARY}"\nEMPTY = ""\n')
    path.chmod(0o600)
    return path


def test_the_environment_counts_before_the_file(file: Path) -> None:
    found = Keys(file, {"GROQ_API_KEY": "other"}).find(("GROQ_API_KEY",))
    assert found is not None
    assert (found.value, found.origin) == ("other", "the environment")


@pytest.mark.parametrize("environ", [{}, {"GROQ_API_KEY": " "}])
def test_the_file(file: Path, environ: dict[str, str]) -> None:
    found = Keys(file, environ).find(("A_KEY", "GROQ_API_KEY"))
    assert found is not None
    assert (found.name, found.value, found.origin) == ("GROQ_API_KEY", CANARY, str(file))
    assert CANARY not in repr(found)


def test_no_file_is_no_key(tmp_path: Path) -> None:
    assert Keys(tmp_path / "none.toml", {}).find(("GROQ_API_KEY",)) is None
    assert Keys(tmp_path / "none.toml", {}).find(("EMPTY",)) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_not_used(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(UnsafeFile, match="can be read by others") as unsafe:
        Keys(file, {}).find(("GROQ_API_KEY",))
    assert unsafe.value.hint == f"chmod 600 {file}"


def test_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    with pytest.raises(UnsafeFile):
        Keys(link, {}).find(("GROQ_API_KEY",))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_is_not_used(file: Path) -> None:
    os.chown(file, 65534, 65534)
    with pytest.raises(UnsafeFile, match="no file of yours"):
        Keys(file, {}).find(("GROQ_API_KEY",))


def test_a_pipe_holds_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "keys.toml", 0o600)
    with pytest.raises(UnsafeFile, match="no file of yours"):
        Keys(tmp_path / "keys.toml", {}).find(("GROQ_API_KEY",))


@pytest.mark.parametrize(
    "content", [f"GROQ_API_KEY = {CANARY}", f'["{CANARY}"', f'GROQ_API_KEY = ["{CANARY}"]', f'[a]\nb = "{CANARY}"']
)
def test_a_wrong_file_is_told_without_what_it_holds(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(UnsafeFile) as unsafe:
        Keys(file, {}).find(("GROQ_API_KEY",))
    assert CANARY not in str(unsafe.value)
    assert str(file) in str(unsafe.value)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("anthropic/claude-sonnet-4-5", "ANTHROPIC_API_KEY"),
        ("openai/gpt-5", "OPENAI_API_KEY"),
        ("gemini/gemini-2.5-pro", "GEMINI_API_KEY"),
        ("together_ai/meta/llama", "TOGETHERAI_API_KEY"),
        ("some-cloud/x", "SOME_CLOUD_API_KEY"),
    ],
)
def test_the_usual_name_of_a_key(model: str, name: str) -> None:
    assert names_of(model)[0] == name


def test_keys_are_hidden_also_in_addresses() -> None:
    key = "sk/canary+7f3a9b"
    assert (
        hidden(f"bad key {key} at https://x/?key=sk%2Fcanary%2B7f3a9b", key) == "bad key [key] at https://x/?key=[key]"
    )
    assert hidden("a word", "") == "a word"
    assert hidden("a word", "wo") == "a word"
