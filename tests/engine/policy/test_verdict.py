"""The one entry: declared tiers, capabilities, hints, policies, decisions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.tier import Tier
from engine.policy import Decision, Policy, assess, decide, tighten
from engine.policy.allow import refusal


def test_a_declared_tier_raises() -> None:
    verdict = assess("execute", "ls", declared=Tier.DESTRUCTIVE)
    assert (verdict.tier, verdict.derived, verdict.declared) == (Tier.DESTRUCTIVE, Tier.READ, Tier.DESTRUCTIVE)


def test_a_declared_tier_never_lowers() -> None:
    assert assess("execute", "git push", declared=Tier.READ).tier is Tier.EXTERNAL


@pytest.mark.parametrize(
    ("action", "tier"),
    [
        ("research", Tier.READ),
        ("review", Tier.READ),
        ("plan", Tier.READ),
        ("ask", Tier.READ),
        ("implement", Tier.EXECUTE),
        ("notify", Tier.READ),
    ],
)
def test_actions_without_a_command_have_a_tier_of_their_own(action: str, tier: Tier) -> None:
    assert assess(action, "rm -rf / in words").tier is tier


def test_a_message_beyond_the_terminal_is_external() -> None:
    assert assess("notify", "done", channel="mail").tier is Tier.EXTERNAL


def test_an_unknown_action_is_refused() -> None:
    verdict = assess("teleport", "x")
    assert decide(verdict, Policy()) is Decision.REFUSE
    assert verdict.tier is Tier.DESTRUCTIVE


def test_capabilities_make_a_step_external() -> None:
    assert assess("execute", "ls", network=True).tier is Tier.EXTERNAL
    assert assess("execute", "ls", network=["example.org"]).tier is Tier.EXTERNAL
    assert assess("execute", "ls", sockets=["docker"]).tier is Tier.EXTERNAL
    assert assess("execute", "ls", writes=["/srv/x"]).tier is Tier.EXTERNAL
    assert assess("execute", "ls", writes=["../x"]).tier is Tier.EXTERNAL
    assert assess("execute", "ls", writes=["build/x"]).tier is Tier.READ


def test_a_network_that_is_needed_and_not_declared_gets_the_line_to_add() -> None:
    verdict = assess("execute", "npm ci")
    assert verdict.needs_network
    assert verdict.hints == ("npm ci needs the network: add `network: true`",)
    assert assess("execute", "npm ci", network=True).hints == ()
    assert assess("execute", "npm test").hints == ()
    assert assess("execute", "yarn").needs_network
    assert not assess("execute", "yarn test").needs_network


def test_docker_needs_its_socket() -> None:
    hints = assess("shell", "docker build .").hints
    assert any("sockets: [docker]" in hint for hint in hints)
    assert not assess("shell", "docker build .", sockets=["docker"]).hints


def test_an_operand_that_is_no_argv_is_refused_with_place_and_hint() -> None:
    verdict = assess("execute", "cat x; rm -rf ~")
    assert verdict.refused is not None
    assert "column 6" in verdict.refused
    assert "shell" in verdict.refused
    assert decide(verdict, Policy()) is Decision.REFUSE


@pytest.mark.parametrize("char", ["\x00", "\r", "\x1b", "\x9b", "\u202e", "\u2066"])
def test_a_script_with_control_characters_is_refused(char: str) -> None:
    verdict = assess("shell", f"ls\nls {char}x")
    assert verdict.refused is not None
    assert "line 2" in verdict.refused


def test_decisions_follow_tier_and_policy() -> None:
    assert decide(assess("execute", "make"), Policy()) is Decision.RUN
    assert decide(assess("execute", "make"), Policy(ask=("execute",))) is Decision.ASK
    assert decide(assess("execute", "rm -rf x"), Policy()) is Decision.ASK
    assert decide(assess("execute", "git push"), Policy(ask=())) is Decision.ASK


@pytest.mark.parametrize(
    "script",
    [
        "curl x",
        "/usr/bin/curl x",
        "env A=1 curl x",
        "bash -c 'ls; timeout 5 curl x'",
        "x() { echo $(curl y); }",
        "X=curl; $X y",
    ],
)
def test_a_refused_program_is_refused_wherever_it_stands(script: str) -> None:
    verdict = assess("shell", script, policy=Policy(refuse=("cur*",)))
    assert verdict.refused == "the policy refuses `curl`"


def test_only_allowed_programs_run() -> None:
    policy = Policy(allow=("git", "py*"))
    assert assess("shell", "cd x && git status && pytest", policy=policy).refused is None
    assert assess("shell", "git status && make", policy=policy).refused == "the policy does not allow `make`"
    assert assess("shell", "$X status", policy=policy).refused is not None
    assert assess("shell", "git status; echo (", policy=policy).refused is None


PATTERN = st.text(alphabet="ab*?[]!", max_size=4)
POLICY = st.builds(
    Policy,
    refuse=st.lists(PATTERN, max_size=2).map(tuple),
    allow=st.none() | st.lists(PATTERN, max_size=3).map(tuple),
    ask=st.lists(st.sampled_from(["read", "write", "execute"]), max_size=2).map(tuple),
    minimum_level=st.sampled_from([None, "group", "supervisor", "bubblewrap"]),
    allow_yes=st.booleans(),
    network=st.booleans(),
    quorum=st.integers(1, 3),
    money=st.none() | st.floats(0.01, 9.0),
    exclude_proposer=st.booleans(),
)


@given(POLICY, POLICY, st.text(alphabet="ab", min_size=1, max_size=4))
def test_a_second_policy_only_tightens(base: Policy, other: Policy, name: str) -> None:
    both = tighten(base, other)
    for policy in (base, other):
        if refusal([name], policy):
            assert refusal([name], both)
        assert set(policy.ask) <= set(both.ask)
        assert policy.allow_yes or not both.allow_yes
        assert policy.network or not both.network
        assert policy.quorum <= both.quorum
        assert policy.money is None or (both.money is not None and both.money <= policy.money)
        assert both.exclude_proposer or not policy.exclude_proposer


def test_the_stronger_isolation_wins() -> None:
    assert tighten(Policy(minimum_level="bubblewrap"), Policy(minimum_level="group")).minimum_level == "bubblewrap"
    assert tighten(Policy(), Policy(minimum_level="group")).minimum_level == "group"
    assert tighten(Policy(minimum_level="unheard"), Policy(minimum_level="bubblewrap")).minimum_level == "unheard"


def test_no_rule_of_one_policy_is_lost_where_nothing_is_listed() -> None:
    assert tighten(Policy(), Policy(allow=("git",))).allow == ("git",)
    assert tighten(Policy(allow=("git", "npm*")), Policy(allow=("npm", "g*"))).allow == ("git", "npm")


@pytest.mark.parametrize(
    "command",
    [
        "mv data.db /tmp/data.db.bak",
        "mv -f a.csv data.db /tmp",
        "mv -t /tmp data.db",
        "mv --target-directory=/tmp data.db",
        "mv data.db /tmp/a/../b",
    ],
)
def test_what_is_moved_to_where_nothing_stays_is_destroyed(command: str) -> None:
    verdict = assess("execute", command)

    assert verdict.tier is Tier.DESTRUCTIVE
    assert any("which is thrown away with a sandboxed step" in reason.text for reason in verdict.reasons)


def test_the_reason_names_what_is_lost_and_where() -> None:
    reasons = assess("shell", "set -e\nmv data.db /tmp/data.db.bak").reasons

    assert (reasons[0].text, reasons[0].line) == (
        "`mv` moves `data.db` to /tmp, which is thrown away with a sandboxed step",
        2,
    )


@pytest.mark.parametrize("script", ["ls | xargs mv -t /tmp", "find . -name '*.db' -exec mv {} /tmp/ ';'"])
def test_what_is_moved_there_by_another_program_is_destroyed_too(script: str) -> None:
    assert assess("shell", script).tier is Tier.DESTRUCTIVE


@pytest.mark.parametrize("command", ["mv /tmp/a /tmp/b", "mv /tmp/report.txt report.txt", "mv a.txt b.txt"])
def test_what_is_moved_to_where_it_stays_is_written(command: str) -> None:
    assert assess("execute", command).tier is Tier.WRITE


def test_a_log_in_tmp_is_not_asked_about() -> None:
    assert assess("execute", "python -m foo > /tmp/x.log").tier is Tier.EXECUTE
