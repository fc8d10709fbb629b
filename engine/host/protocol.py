"""What a client says: newline-delimited JSON frames with hard bounds, the hello, and the requests.

The engine greets first, `{"hello": …}`, the client answers with its own hello and gets `{"ok": true}`; from then on it
sends requests `{"id": 7, VERB: {…}}` with the verbs `do read log follow leave look`. What comes back is in `answers`. A
frame that cannot be understood is a `UsageError` that names the fault, whatever bytes it was made of.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from engine.commands import Command
from engine.errors import Refused, UsageError
from engine.model.nouns import lean
from engine.queries import Query
from engine.wire import adapter, encode

PROTOCOL = 1
FROM_CLIENT = 16 * 2**20
"""Bytes of one frame of a client that may send plans: twice the largest plan document."""
FROM_READER = 256 * 2**10
"""Bytes of one frame of any other client."""
FROM_ENGINE = 32 * 2**20
"""Bytes of one frame of the engine."""
LABEL = 200
"""Characters of a label that are kept."""


class OtherVersion(Refused):
    """The engine that owns the state directory is {engine}, this program is {client}; nothing was done"""


@dataclass(frozen=True, kw_only=True)
class Hello:
    """The first thing that each side says; what later versions add to it is ignored."""

    protocol: int = PROTOCOL
    program: str = ""
    label: str = ""
    """What the client calls its terminal, for other people to read."""

    def __str__(self) -> str:
        return f"{self.program} (protocol {self.protocol})"

    @property
    def age(self) -> tuple[int, ...]:
        return self.protocol, *(int(part) for part in re.findall(r"[0-9]{1,9}", self.program))


def check_versions(engine: Hello, client: Hello) -> None:
    """Nouns travel as the program has them, so both sides must be of one version.

    Raises:
        OtherVersion: they are not; its hint says which side to restart.
    """
    if (engine.protocol, engine.program) != (client.protocol, client.program):
        older = (
            "restart this program" if client.age < engine.age else "close the engine when nothing runs, then start it"
        )
        raise OtherVersion(engine=str(engine), client=str(client), hint=f"{older} again: it is the older one")


@dataclass(frozen=True, kw_only=True)
class ReadLog:
    """Some bytes of the log of a run; a negative offset counts from its end."""

    run: int
    offset: int
    n: int


@dataclass(frozen=True, kw_only=True)
class Follow:
    """Push what happens after an event, under the id of the request."""

    after: int | None = None


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Push no more under this id."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """Let the others see what is read here; a signal, stored nowhere."""

    task: int | None = None
    step: str | None = None


Request = Command | Query | ReadLog | Follow | Leave | Look
COMMANDS: Mapping[str, type[Command]] = {kind.__name__: kind for kind in Command.__subclasses__()}
QUERIES: Mapping[str, type[Query]] = {kind.__name__: kind for kind in Query.__subclasses__()}
_KINDS: Mapping[str, Mapping[str, type[Command] | type[Query]]] = {"do": COMMANDS, "read": QUERIES}
_VERBS: Mapping[str, type[ReadLog | Follow | Leave | Look]] = {
    "log": ReadLog,
    "follow": Follow,
    "leave": Leave,
    "look": Look,
}


def frame(content: Any) -> bytes:
    """One line; what UTF-8 cannot carry becomes the JSON escape of the same character."""
    return encode(content).encode("utf-8", "backslashreplace") + b"\n"


def request_frame(number: int, request: Request) -> bytes:
    """The line that asks for something.

    Raises:
        UsageError: it is over the bound; nothing was sent.
    """
    if isinstance(request, Command | Query):
        verb = "do" if isinstance(request, Command) else "read"
        line = frame({"id": number, verb: {"kind": type(request).__name__, **lean(request)}})
    else:
        verb = next(verb for verb, kind in _VERBS.items() if isinstance(request, kind))
        line = frame({"id": number, verb: lean(request)})
    if len(line) > FROM_CLIENT:
        raise UsageError(problem=f"The command is over {FROM_CLIENT // 2**20} MiB; nothing was sent")
    return line


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next frame.

    Raises:
        UsageError: it is too long, no JSON, or no object.
        EOFError: the other side has left.
    """
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise UsageError(problem="The frame is too long; the connection is closed") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        raise EOFError from None
    return parse_frame(line)


def parse_frame(line: bytes) -> dict[str, Any]:
    """A line as a JSON object. Raises `UsageError`."""
    from pydantic_core import from_json

    try:
        content = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        raise UsageError(problem=f"The frame is no JSON ({error}); the connection is closed") from None
    if not isinstance(content, dict):
        raise UsageError(problem="The frame is no JSON object; the connection is closed")
    return content


def parse_hello(content: Mapping[str, Any]) -> Hello:
    """The hello of the other side. Raises `UsageError`."""
    if "hello" not in content:
        raise UsageError(problem="The first frame is a hello; the connection is closed")
    hello = content["hello"]
    known = {item.name for item in fields(Hello)}
    if not isinstance(hello, dict):
        raise UsageError(problem="The hello is no object; the connection is closed")
    said: Hello = _validate(Hello, "hello", {"protocol": 0} | {name: hello[name] for name in known & hello.keys()})
    return Hello(protocol=said.protocol, program=said.program[:LABEL], label=said.label[:LABEL])


def parse_id(content: Mapping[str, Any]) -> int:
    """The number of a request. Raises `UsageError`."""
    number = content.get("id")
    if type(number) is not int or not 0 <= number < 2**53:
        raise UsageError(problem="A request needs a whole number as id; the connection is closed")
    return number


def parse_request(content: Mapping[str, Any]) -> Request:
    """What a frame asks for, validated field by field; a field too many is a fault.

    Raises:
        UsageError: with every fault, by the names of the fields.
    """
    verbs = content.keys() - {"id"}
    verb = next(iter(verbs)) if len(verbs) == 1 else ""
    if verb not in _KINDS and verb not in _VERBS:
        raise UsageError(problem=f"A request has one verb of {', '.join((*_KINDS, *_VERBS))}; nothing was done")
    body = content[verb]
    if not isinstance(body, dict):
        raise UsageError(problem=f"{verb} needs an object; nothing was done")
    kind: type[Any] = _VERBS[verb] if verb in _VERBS else _kind(verb, body.pop("kind", None))
    if unknown := body.keys() - {item.name for item in fields(kind)}:
        raise UsageError(problem=f"{kind.__name__} has no field {min(unknown)[:80]!r}; nothing was done")
    request: Request = _validate(kind, kind.__name__, body)
    return request


def _kind(verb: str, name: object) -> type[Command] | type[Query]:
    if isinstance(name, str) and name in _KINDS[verb]:
        return _KINDS[verb][name]
    raise UsageError(
        problem=f"There is no {'command' if verb == 'do' else 'query'} {str(name)[:80]!r}; nothing was done"
    )


def _validate(kind: type[Any], name: str, body: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    try:
        return adapter(cast(Hashable, kind)).validate_python(body)
    except ValidationError as error:
        places = ((".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()[:5])
        faults = "; ".join(f"{name}.{place}: {message}" for place, message in places)
        raise UsageError(problem=f"{faults}; nothing was done") from None
