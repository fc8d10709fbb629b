"""The text of a plan file: what it means, and every fault with its place (B2.3, interface 2)."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidPlan
from engine.model.plan import Shell, Test, When
from engine.model.tier import Tier
from engine.planning.schema import document_adapter
from engine.planning.variables import literal
from tests.engine.planning.plans import faults_of, parse_document

SOUND = """\
request: Bring the service up
policy: {quorum: 1, exclude_proposer: false}
steps:
  - id: baseline
    action: test
    command: pytest -q
    timeout: 1h30m
  - id: migrate
    action: shell
    script: |
      set -eu
      echo "$ENV"
    env: {ENV: staging}
    needs: [baseline]
    when: always
    tier: destructive
    network: [example.org]
"""


def test_reads_a_plan() -> None:
    document = parse_document(SOUND, "plan.yaml")

    baseline, migrate = document.steps
    assert document.request == "Bring the service up"
    assert isinstance(baseline, Test)
    assert (baseline.command, baseline.timeout) == ("pytest -q", 5400.0)
    assert isinstance(migrate, Shell)
    assert migrate.script == 'set -eu\necho "$ENV"\n'
    assert (migrate.needs, migrate.when, migrate.tier) == (("baseline",), When.ALWAYS, Tier.DESTRUCTIVE)
    assert migrate.network == ("example.org",)


def test_json_is_read_by_the_same_path() -> None:
    text = json.dumps(yaml.safe_load(SOUND), indent=2)

    assert parse_document(text, "plan.json") == parse_document(SOUND, "plan.yaml")
    assert parse_document(text.encode(), "plan.json") == parse_document(SOUND, "plan.yaml")


def test_json_escapes_beyond_the_basic_plane() -> None:
    step = {"id": "a", "action": "ask", "question": "\N{ROCKET} or C:\\\\ud83d\\ude80?"}
    text = json.dumps({"request": "r", "steps": [step]})

    assert r"\ud83d\ude80" in text
    assert parse_document(text, "plan.json").steps[0].operand == step["question"]


@pytest.mark.parametrize(
    "word", ["on", "yes", "No", "0777", "1:30", "2024-05-01", "1_000", "0b11", "1e", "<<", "=", "NaN"]
)
def test_words_of_yaml_1_1_are_text(word: str) -> None:
    document = parse_document(f"request: {word}\nsteps: [{{id: a, action: ask, question: q}}]", "plan.yaml")

    assert document.request == word


def test_a_merge_key_is_refused_where_it_stands() -> None:
    text = "request: r\nsteps:\n  - &one {id: a, action: ask, question: q}\n  - {<<: *one, id: b}"

    assert faults_of(text) == ["plan.yaml:4:6  steps[1]: a plan merges nothing in: write each field where it belongs"]


@pytest.mark.parametrize("word", ["true", "False", "null", "~", "12", "-0.5", "1e3", ".5", "0x1F", "0o17"])
def test_words_of_the_core_schema_are_no_text(word: str) -> None:
    faults = faults_of(f"request: {word}\nsteps: [{{id: a, action: ask, question: q}}]")

    assert len(faults) == 1
    assert faults[0].startswith("plan.yaml:1:10  request: write text")


def test_every_fault_at_once_with_its_place() -> None:
    text = """\
request: r
request: again
steps:
  - id: a b
    action: execute
    script: ls
    timeout: -3
    nedds: [b]
  - id: c
    action: shel
    script: ls
  - id: d
    action: shell
    script: ls
    needs:
      - prot
    network: "on"
    env: {A: 8080, D: !foo x}
    retry: {attempts: .nan, jitter: "yes", backoff: exp}
  - id: port
    action: test
    command: ls | cat
    env: {T: ghp_012345678901234567890123456789012345}
    tier: raed
  - id: port
    action: notify
    message: " "
    secrets: [A-B]
    sockets: [dokcer]
"""
    found = {fault.partition(": ")[0]: fault for fault in faults_of(text)}

    expected = {
        "plan.yaml:2:1  request": "this key is there already",
        "plan.yaml:4:9  steps[0].id": "write an id of at most 64 letters",
        "plan.yaml:6:13  steps[0].script": "`script` belongs to shell; execute has `command`",
        "plan.yaml:7:14  steps[0].timeout": "more than zero",
        "plan.yaml:8:12  steps[0].nedds": "unknown field `nedds` (did you mean 'needs'?)",
        "plan.yaml:10:13  steps[1].action": "no action 'shel' (did you mean 'shell'?)",
        "plan.yaml:15:5  steps[2].needs": "no step 'prot' (did you mean 'port'?)",
        "plan.yaml:17:14  steps[2].network": "write true, false or a list of host names, not 'on'",
        "plan.yaml:18:14  steps[2].env.A": 'put it in quotes, "8080"',
        "plan.yaml:18:23  steps[2].env.D": "a plan has no tags",
        "plan.yaml:19:23  steps[2].retry.attempts": "not a finite number",
        "plan.yaml:19:37  steps[2].retry.jitter": "write true or false, not 'yes'",
        "plan.yaml:19:53  steps[2].retry.backoff": "write linear or exponential, not 'exp'",
        "plan.yaml:22:14  steps[3].command": "a pipe needs a shell",
        "plan.yaml:23:14  steps[3].env.T": "so that its value stays out of the plan",
        "plan.yaml:24:11  steps[3].tier": "did you mean 'read'?",
        "plan.yaml:25:9  steps[4].id": "used by steps[3] already",
        "plan.yaml:27:14  steps[4].message": "empty",
        "plan.yaml:28:14  steps[4].secrets": "'A-B' is no name of a variable",
        "plan.yaml:29:14  steps[4].sockets": "known are ssh-agent and docker",
    }
    assert {place: text in found.get(place, "") for place, text in expected.items()} == dict.fromkeys(expected, True)
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{id: a b, action: ask, question: q}", "3:8  steps[0].id: write an id"),
        ("{action: ask, question: q}", "3:3  steps[0].id: missing; a step with action ask needs `id`"),
        ("{id: a, question: q}", "3:3  steps[0]: missing `action`"),
        ("{id: a, action: ask}", "3:3  steps[0].question: missing; a step with action ask needs `question`"),
        ("{id: a, action: ask, question: q, needs: [a]}", "3:44  steps[0].needs: a step cannot need itself"),
        ("{id: a, action: ask, question: q, needs: a}", "3:44  steps[0].needs: write a list, such as [a]"),
        ("{id: a, action: ask, question: q, needs: [1]}", "3:45  steps[0].needs[0]: write text: put it in quotes"),
        ("{id: a, action: test, command: 'ls | wc'}", "3:34  steps[0].command: a pipe needs a shell at column 4"),
        ("{id: a, action: test, command: ' '}", "3:34  steps[0].command: empty"),
        ("{id: a, action: test, command: true}", '3:34  steps[0].command: write text: put it in quotes, "true"'),
        ("{id: a, action: ask, question: q, retry: {attempts: -1}}", "steps[0].retry.attempts: write a number from 0"),
        ("{id: a, action: ask, question: q, timeout: soon}", "steps[0].timeout: write a duration such as 90s"),
        ("{id: a, action: ask, question: q, env: {A-B: x}}", "steps[0].env: 'A-B' is no name"),
        (
            "{id: a, action: implement, prompt: q, agent: 3}",
            'steps[0].agent: write a name or a list of names: put it in quotes, "3"',
        ),
        ("{id: a, action: ask, question: q, network: [http://x]}", "steps[0].network: 'http://x' is no host"),
        (
            "{id: a, action: ask, question: 'use AKIAABCDEFGHIJKLMNOP'}",
            "question: holds an AWS access key; name it under",
        ),
        ("3", "3:3  steps[0]: write a mapping of fields to values, not 3"),
    ],
)
def test_a_fault_says_where_and_what_would_be_right(step: str, said: str) -> None:
    faults = faults_of(f"request: r\nsteps:\n- {step}\n")

    assert len(faults) == 1
    assert said in faults[0]
    assert faults[0].startswith("plan.yaml:3:")


def test_a_cycle_is_named() -> None:
    steps = "".join(f"- {{id: {a}, action: ask, question: q, needs: [{b}]}}\n" for a, b in ("ab", "bc", "ca"))

    (fault,) = faults_of("request: r\nsteps:\n" + steps)
    assert "the needs form a cycle" in fault
    assert " → ".join("abca") in fault or " → ".join("bcab") in fault or " → ".join("cabc") in fault


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1" * 18,
        "github_pat_" + "a1" * 30,
        "xoxb-" + "1234567890-" * 2,
        "sk-proj-" + "a1" * 20,
        "sk-ant-" + "api03-" + "a1" * 20,
        "postgres://app:hunter22@db.example.org/app",
        "https://example.org/?password=hunter22",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
)
def test_a_literal_secret_is_refused_and_not_repeated(secret: str) -> None:
    step = {"id": "a", "action": "notify", "message": "m", "env": {"VALUE": secret}}
    (fault,) = faults_of(json.dumps({"request": "r", "steps": [step]}))

    assert "steps[0].env.VALUE" in fault
    assert "`secrets`" in fault
    assert secret not in fault


@pytest.mark.parametrize(
    "text",
    ["postgres://app:$PASSWORD@db/app", "https://example.org:8080/a@b", "task-sk-1", "git@example.org:a/b.git", "AKIA"],
)
def test_what_only_looks_like_a_secret_passes(text: str) -> None:
    step = {"id": "a", "action": "notify", "message": text}

    assert faults_of(json.dumps({"request": "r", "steps": [step]})) == []


def test_aliases_stand_for_their_anchor() -> None:
    text = "request: r\nsteps:\n- {id: a, action: ask, question: &q why, options: &o [x, y]}\n"
    document = parse_document(text + "- {id: b, action: ask, question: *q, options: *o}\n", "plan.yaml")

    assert document.steps[1].operand == "why"


_TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"), min_size=1, max_size=40
) | st.lists(st.sampled_from(["${vars.", "$", "{", "}", "a", "\\", "'"]), min_size=1, max_size=9).map("".join)
_STEP = st.fixed_dictionaries(
    {"action": st.just("notify"), "message": _TEXT.filter(str.strip)},
    optional={
        "description": _TEXT,
        "timeout": st.floats(0.001, 1e6),
        "idempotent": st.booleans(),
        "env": st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), _TEXT, max_size=3),
        "tier": st.sampled_from([tier.value for tier in Tier]),
        "retry": st.fixed_dictionaries({"attempts": st.integers(0, 9)}),
    },
)


@st.composite
def _documents(draw: st.DrawFn) -> dict[str, object]:
    steps = draw(st.lists(_STEP, min_size=1, max_size=5))
    numbered = [
        {"id": f"s{n}", **step, "needs": [f"s{m}" for m in range(n) if draw(st.booleans())]}
        for n, step in enumerate(steps)
    ]
    return {"request": draw(_TEXT.filter(str.strip)), "steps": numbered}


def _written(value: Any, field: str = "") -> Any:
    """As a plan file has it: what would name a variable is marked as text."""
    if isinstance(value, dict):
        return {key: _written(item, field if field == "env" else key) for key, item in value.items()}
    if isinstance(value, list):
        return [_written(item, field) for item in value]
    return literal(field, value) if isinstance(value, str) else value


@given(_documents())
def test_what_is_written_out_is_read_back(raw: dict[str, object]) -> None:
    document = document_adapter().validate_json(json.dumps(raw))

    for ascii_only in (True, False):
        assert parse_document(json.dumps(_written(raw), ensure_ascii=ascii_only), "plan.json") == document
        assert parse_document(json.dumps(_written(raw), ensure_ascii=ascii_only, indent=1), "plan.json") == document


@given(_documents())
def test_a_document_survives_yaml(raw: dict[str, object]) -> None:
    quoted = yaml.dump(_written(raw), Dumper=_Quoting, allow_unicode=True)

    assert parse_document(quoted, "plan.yaml") == document_adapter().validate_json(json.dumps(raw))


class _Quoting(yaml.SafeDumper):
    """Puts all text in quotes: PyYAML leaves some bare that is a number in YAML 1.2."""


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused_with_a_place(data: bytes) -> None:
    try:
        parse_document(data, "plan.yaml")
    except InvalidPlan as error:
        assert error.faults
        assert all(fault.line and fault.column and fault.file for fault in error.faults)


_PIECES = [
    "request: r\n",
    "steps:\n",
    "- ",
    "id: a",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ", ",
    "\n",
    "  ",
    "&a ",
    "*a",
    "!t ",
    "'",
    '"',
]


@given(
    st.lists(st.sampled_from([*_PIECES, "action: test", "command: x", "needs", "? ", "|\n", "---\n", "#", "0", ".nan"]))
)
def test_any_pieces_of_notation_are_read_or_refused_with_a_place(pieces: list[str]) -> None:
    try:
        parse_document("".join(pieces), "plan.yaml")
    except InvalidPlan as error:
        assert all(fault.line and fault.column for fault in error.faults)
