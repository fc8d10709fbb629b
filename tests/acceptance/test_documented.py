"""What the README shows can be typed as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.acceptance.place import Place

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_guide_for_agents_holds_a_plan_that_can_be_handed_over(place: Place) -> None:
    guide = place.run("agent-guide").stdout
    assert "signoff plan -f -" in guide
    found = re.search(r"```ya?ml\n(.*?)```", guide, re.DOTALL)
    assert found is not None, guide
    done = place.run("plan", "-f", "-", "--json", stdin=found[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["phase"] == "awaiting_approval"


def test_a_pipeline_from_one_program_to_the_next(place: Place) -> None:
    place.plan({"id": "test", "action": "test", "command": "make test"})
    terminal = place.terminal((80, 50))
    assert terminal.run("cat plan.yaml | " + place.signoff("plan", "-f", "-")) == 0
    terminal.see("make test", "signoff approve 1")
    assert terminal.run(place.signoff("show", "1", "--json") + " > shown.json") == 0
    assert json.loads((place.root / "shown.json").read_text())["steps"][0]["operand"] == "make test"


def test_the_schema_fits_the_plan_of_the_readme(place: Place) -> None:
    schema = json.loads(place.run("schema").stdout)
    assert "steps" in schema["properties"]
    found = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert found is not None
    done = place.run("plan", "-f", "-", "--json", stdin=found[1])
    assert done.returncode == 0, done.stdout
    assert [step["id"] for step in json.loads(done.stdout)["steps"]] == ["tests", "build", "publish", "tell"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_know_the_commands(place: Place, shell: str) -> None:
    done = place.run("completion", shell)
    assert done.returncode == 0
    assert "approve" in done.stdout


def test_bash_completes_with_it(place: Place) -> None:
    terminal = place.terminal()
    assert terminal.run('eval "$(signoff completion bash)"') == 0
    terminal.type("signoff appr")
    terminal.press("Tab")
    terminal.see("signoff approve")


def test_explain_says_tier_and_reason(place: Place) -> None:
    done = place.run("explain", "--", "rm", "-rf", "build")
    assert "DESTRUCTIVE" in done.stdout
    told = [
        json.loads(place.run("explain", "--json", "--", *words).stdout) for words in (["ls"], ["rm", "-rf", "build"])
    ]
    assert [(answer["tier"], answer["verdict"]) for answer in told] == [("read", "run"), ("destructive", "ask")]


def test_the_state_directory_is_the_platforms_unless_another_is_named(place: Place) -> None:
    place.plan({"id": "test", "action": "test", "command": "make test"})
    terminal = place.terminal()
    assert terminal.run("signoff run plan.yaml --yes") == 0
    assert not place.state.exists()
    assert terminal.run("signoff doctor --paths") == 0
    terminal.see(f"{place.home}/.local/state/signoff")


def test_words_that_name_a_target_run_it(place: Place) -> None:
    terminal = place.terminal((80, 50))
    terminal.command("signoff run 'run the tests and the linter'")
    terminal.see("make test", "make lint", "[y/N]")
    terminal.type("y")
    terminal.press("Enter")
    assert terminal.prompt(before=1) == 0


def test_the_record_verifies(place: Place) -> None:
    place.run("run", place.plan({"id": "test", "action": "test", "command": "make test"}), "--yes")
    done = place.run("audit", "verify")
    assert done.returncode == 0
    assert place.run("doctor").returncode == 0
