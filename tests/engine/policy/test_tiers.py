"""Both corpora, and what must hold for every operand: nothing put around or after a command lowers its tier."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.tier import Tier, highest
from engine.policy import assess, assess_script

HERE = Path(__file__).parent


def corpus(name: str) -> list[tuple[str, str, str]]:
    """Action, least tier (empty in the benign corpus) and operand of each line."""
    found: list[tuple[str, str, str]] = []
    action = least = ""
    for line in (HERE / name).read_text().splitlines()[1:]:
        if line.startswith("## "):
            action, _, least = line[3:].partition(" ")
        elif line:
            found.append((action, least, line.replace("⏎", "\n")))
    return found


HOSTILE = corpus("hostile.txt")
BENIGN = corpus("benign.txt")
SCRIPTS = [operand for action, _, operand in (*HOSTILE, *BENIGN) if action == "shell"]
COMMANDS = [operand for action, _, operand in (*HOSTILE, *BENIGN) if action == "execute"]


def tier_of(script: str) -> Tier:
    return highest([reason.tier for reason in assess_script(script).reasons])


@pytest.mark.parametrize(("action", "least", "operand"), HOSTILE)
def test_a_hostile_operand_is_not_below_its_tier(action: str, least: str, operand: str) -> None:
    verdict = assess(action, operand)
    assert verdict.refused is None
    assert verdict.tier.rank >= Tier(least).rank, verdict.reasons


def test_the_corpora_are_as_large_as_promised() -> None:
    assert len(HOSTILE) >= 150
    assert len(BENIGN) >= 150


def test_at_most_one_benign_operand_in_twenty_asks() -> None:
    asked = [operand for action, _, operand in BENIGN if assess(action, operand).tier.asks]
    assert len(asked) <= 0.05 * len(BENIGN), asked


def test_no_benign_operand_is_refused() -> None:
    assert [operand for action, _, operand in BENIGN if assess(action, operand).refused] == []


@pytest.mark.parametrize(
    ("command", "tier"),
    [
        ("ls -la", Tier.READ),
        ("git status -sb", Tier.READ),
        ("git diff --new-option", Tier.EXECUTE),
        ("sort -u x", Tier.READ),
        ("sort -o y x", Tier.EXECUTE),
        ("sed -n 1,3p x", Tier.READ),
        ("sed 's/a/b/w out' x", Tier.WRITE),
        ("sed -i s/a/b/ x", Tier.WRITE),
        ("awk '{print > \"x\"}' y", Tier.WRITE),
        ("git commit -m x", Tier.WRITE),
        ("mkdir x", Tier.WRITE),
        ("echo x > y", Tier.WRITE),
        ("make", Tier.EXECUTE),
        ("./x", Tier.EXECUTE),
        ("./git status", Tier.EXECUTE),
        ("unheard-of --option", Tier.EXECUTE),
        ("npm test", Tier.EXECUTE),
        ("rm x", Tier.WRITE),
        ("rm -f x", Tier.DESTRUCTIVE),
        ("git push", Tier.EXTERNAL),
    ],
)
def test_a_command_has_exactly_its_tier(command: str, tier: Tier) -> None:
    assert assess("execute", command).tier is tier


def test_a_combination_keeps_all_reasons() -> None:
    reasons = assess("shell", "rm -rf build\nnpm ci\nmake > log").reasons
    assert {reason.tier for reason in reasons} == {Tier.DESTRUCTIVE, Tier.EXTERNAL, Tier.EXECUTE, Tier.WRITE}
    assert reasons[0].tier is Tier.EXTERNAL


@pytest.mark.parametrize("script", ["rm -rf build", "rm -r --force build", "rm -R -rf build -f"])
def test_options_that_do_the_same_are_one_reason(script: str) -> None:
    (grave,) = (reason for reason in assess("shell", script).reasons if reason.tier is Tier.DESTRUCTIVE)
    assert "removes without a way back" in grave.text
    assert all(option in grave.text for option in ("rm", "-r", "-f"))


@pytest.mark.parametrize("command", ["git clean", "git clean -fdx", "git clean --force"])
def test_a_table_and_a_judge_that_agree_are_one_reason(command: str) -> None:
    (grave,) = (reason for reason in assess("execute", command).reasons if reason.tier is Tier.DESTRUCTIVE)
    assert "removes untracked files" in grave.text


def test_reasons_of_a_script_name_the_line() -> None:
    reasons = assess("shell", "ls\n\nif true; then\n  bash -c 'ls; rm -rf x'\nfi").reasons
    assert {reason.line for reason in reasons if reason.tier is Tier.DESTRUCTIVE} == {4}


def test_the_bad_command_after_many_harmless_ones_counts() -> None:
    assert tier_of("; ".join(["true"] * 500 + ["rm -rf x"])) is Tier.DESTRUCTIVE


@pytest.mark.parametrize("script", SCRIPTS)
def test_nothing_around_a_script_lowers_its_tier(script: str) -> None:
    bare = tier_of(script)
    for wrapped in (
        f"(\n{script}\n)",
        f"{{\n{script}\n}}",
        f"if true; then\n{script}\nfi",
        f"f() {{\n{script}\n}}\nf",
        f"bash -c {shlex.quote(script)}",
        f"{script}\ntrue",
        f"true\n{script}",
    ):
        assert tier_of(wrapped).rank >= bare.rank, wrapped


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_before_a_command_lowers_its_tier(command: str) -> None:
    bare = assess("execute", command).tier
    for before in ("env", "env A=1", "timeout 5", "nice -n 5", "nohup", "sudo", "xargs", "time", "stdbuf -oL"):
        assert assess("execute", f"{before} {command}").tier.rank >= bare.rank, before


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=5), st.sampled_from(["; ", " && ", " || ", " | ", "\n"])
)
def test_a_list_is_as_grave_as_its_gravest_command(parts: list[str], between: str) -> None:
    assert tier_of(between.join(parts)).rank >= max(tier_of(part).rank for part in parts)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abX $'\"`\\(){};|&<>\n#=[]*!~-", max_size=40))
def test_any_text_gets_a_verdict_and_a_line_before_it_never_lowers_it(text: str) -> None:
    assert tier_of(f":\n{text}").rank >= tier_of(text).rank
