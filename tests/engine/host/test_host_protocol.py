"""Requests and answers as bytes: what goes in comes out, and whatever else comes in is a fault with a name."""

from __future__ import annotations

import json
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.client import Gap, Item, LogGrew, LogSlice, Person, Presence
from engine.commands import Cancel, Command, MakePlan, Resolve, Sign
from engine.errors import (
    AlreadyAnswered,
    Fault,
    InvalidPlan,
    Owned,
    Refused,
    SignoffError,
    StaleRevision,
    StepTimedOut,
    UnknownStep,
    UsageError,
)
from engine.host.answers import ANSWERS, answer_frame, decode_error, decode_item, decode_slice, error_frame, item_frame
from engine.host.protocol import (
    COMMANDS,
    FROM_CLIENT,
    QUERIES,
    Follow,
    Hello,
    Leave,
    Look,
    OtherVersion,
    ReadLog,
    Request,
    check_versions,
    parse_frame,
    parse_hello,
    parse_id,
    parse_request,
    request_frame,
)
from engine.model.events import ClientRefused, EngineOpened, Event
from engine.model.question import Answer
from engine.model.role import Role
from engine.queries import Query, ShowTask

REQUESTS: list[Request] = [
    Sign(task=3, revision=2, digest="ab", only=("x", "y")),
    Resolve(question=4, answer=Answer.DENY, reason="no — «нет»\n\t\x1b[31m"),
    MakePlan(root="/r", document="steps: []\u2028"),
    Cancel(task=1),
    ShowTask(task=9),
    ReadLog(run=1, offset=-5, n=5),
    Follow(),
    Follow(after=17),
    Leave(),
    Look(),
    Look(task=12, step="mi\u2028grate"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: type(request).__name__)
def test_a_request_arrives_as_it_was_sent(request_: Request) -> None:
    line = request_frame(12, request_)
    content = parse_frame(line)
    assert line.count(b"\n") == 1
    assert (parse_id(content), parse_request(content)) == (12, request_)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ({}, "one verb of do, read, log, follow, leave, look"),
        ({"do": {}, "read": {}}, "one verb"),
        ({"sing": {}}, "one verb"),
        ({"do": 3}, "do needs an object"),
        ({"do": {"kind": "Format"}}, "no command 'Format'"),
        ({"do": {"kind": "ShowTask", "task": 1}}, "no command 'ShowTask'"),
        ({"do": {"kind": ["Sign"]}}, "no command"),
        ({"read": {"kind": "Sign"}}, "no query 'Sign'"),
        ({"do": {"kind": "Cancel", "task": "soon"}}, "Cancel.task: Input should be a valid integer"),
        ({"do": {"kind": "Cancel"}}, "Cancel.task"),
        ({"do": {"kind": "Cancel", "task": 1, "actor": "root"}}, "Cancel has no field 'actor'"),
        ({"do": {"kind": "Cancel", "task": 1, "role": "viewer"}}, "Cancel has no field 'role'"),
        ({"log": {"run": 1}}, "ReadLog.offset"),
        ({"follow": {"after": []}}, "Follow.after"),
    ],
)
def test_a_request_that_is_wrong_is_told_what_is_wrong(content: dict[str, Any], fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        parse_request(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
verbs = st.sampled_from(["id", "do", "read", "log", "follow", "leave", "hello"])
bodies = st.dictionaries(st.sampled_from(["kind", "task", "key", "after", "run", "n", "answer", "x"]), json_values)
kinds = st.sampled_from([*COMMANDS, *QUERIES, ""])


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_an_object_or_a_usage_error(line: bytes) -> None:
    try:
        assert isinstance(parse_frame(line), dict)
    except UsageError as error:
        assert "the connection is closed" in str(error)


@given(st.dictionaries(verbs, json_values | bodies), kinds)
def test_any_object_is_a_request_or_a_usage_error(content: dict[str, Any], kind: str) -> None:
    for verb in ("do", "read"):
        if isinstance(body := content.get(verb), dict):
            body.setdefault("kind", kind)
    for parse in (parse_id, parse_hello, parse_request):
        try:
            parse(content)
        except UsageError as error:
            assert str(error)


@pytest.mark.parametrize("line", [b"[" * 100_000, b"1" * 100_000, b'{"a":NaN}', b'{"a":"\\ud800"}', b"\xff", b""])
def test_hostile_json_is_refused(line: bytes) -> None:
    with pytest.raises(UsageError):
        parse_frame(line)


def test_a_request_over_the_bound_is_not_sent() -> None:
    with pytest.raises(UsageError, match="nothing was sent"):
        request_frame(1, MakePlan(root="/", document="x" * FROM_CLIENT))


@pytest.mark.parametrize(
    ("engine", "client", "restart"),
    [
        (Hello(program="0.2.0"), Hello(program="0.10.0"), "close the engine"),
        (Hello(program="0.10.0"), Hello(program="0.2.0"), "restart this program"),
        (Hello(program="0.2.0", protocol=2), Hello(program="0.3.0"), "restart this program"),
        (Hello(program="0.2.0"), Hello(program="0.2.0", protocol=9), "close the engine"),
    ],
)
def test_the_older_side_is_the_one_to_restart(engine: Hello, client: Hello, restart: str) -> None:
    with pytest.raises(OtherVersion) as refusal:
        check_versions(engine, client)
    assert restart in refusal.value.hint


ERRORS: list[SignoffError] = [
    UsageError(problem="«{braces}» are text"),
    UnknownStep(task=3, step="a'b"),
    StaleRevision(task=1, current=2, given=1),
    AlreadyAnswered(what="Question 3", answer=Answer.ONCE, actor="ana"),
    StepTimedOut(seconds=1.5),
    Owned(pid=3, hint="wait"),
    InvalidPlan((Fault("no step 'x'", "steps[0].needs", "plan.yaml", 3, 5), Fault("bad"))),
    OtherVersion(engine="1", client="2"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_raised_again_as_it_was(error: SignoffError) -> None:
    again = decode_error(parse_frame(error_frame(1, error))["error"])
    assert type(again) is type(error)
    assert (str(again), again.hint) == (str(error), error.hint)
    assert getattr(again, "faults", ()) == getattr(error, "faults", ())


def test_an_error_that_only_the_engine_knows_keeps_its_text() -> None:
    said = {"kind": "NotBornYet", "text": "The moon is full", "facts": {}, "hint": "wait a day"}
    again = decode_error(said)
    assert (type(again), str(again), again.hint) == (Refused, "The moon is full", "wait a day")


ITEMS = [
    Event(4, 1.5, "ana", None, None, ClientRefused(user="eve\x1b", reason="no\u2028role")),
    Event(5, 1.5, "@engine", 3, "a", EngineOpened("0.1", 1, "group", ("x",))),
    Gap(seq=9),
    LogGrew(task=1, step="a", run=2, size=3),
    Presence(people=()),
    Presence(people=(Person(user="ana", role=Role.VIEWER, pid=3, since=1.5, label="\x1b", task=1, step="a"),)),
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: type(item).__name__)
def test_a_pushed_item_arrives_as_it_was(item: Item) -> None:
    content = parse_frame(item_frame(3, item))
    assert content["id"] == 3
    assert decode_item(content) == item


@given(st.binary(max_size=300), st.integers(0, 9))
def test_log_bytes_are_any_bytes(data: bytes, offset: int) -> None:
    piece = LogSlice(data=data, offset=offset, size=1000, left_out=3)
    assert decode_slice(parse_frame(answer_frame(1, piece))["ok"]) == piece


def test_an_answer_over_the_bound_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.answers.FROM_ENGINE", 100)
    error = decode_error(parse_frame(answer_frame(1, "x" * 100))["error"])
    assert isinstance(error, Refused)
    assert error.hint == "ask for a smaller piece"


def test_an_event_over_the_bound_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.answers.FROM_ENGINE", 100)
    event = Event(7, 0.0, "ana", None, None, ClientRefused(user="eve", reason="x" * 100))
    assert decode_item(parse_frame(item_frame(1, event))) == Gap(seq=7)


def test_every_query_answers_with_the_type_that_its_docstring_names() -> None:
    def name(kind: Any) -> str:
        if get_origin(kind) is tuple:
            return f"tuple[{get_args(kind)[0].__name__}, ...]"
        return str(kind) if get_origin(kind) else kind.__name__

    promised = {kind: (kind.__doc__ or "").partition("-> ")[2].split("\n")[0].rstrip(".") for kind in QUERIES.values()}
    assert promised == {kind: name(answer) for kind, answer in ANSWERS.items()}


def test_every_command_and_query_can_be_asked_for() -> None:
    assert {*COMMANDS.values()} == {*Command.__subclasses__()}
    assert {*QUERIES.values()} == {*Query.__subclasses__()} == {*ANSWERS}
