"""A provider of models on loopback: a real HTTP server that speaks the wire formats, and breaks where it is told to.

    async with Provider(Reply("four"), Reply(status=429, headers={"retry-after": "1"})) as provider:
        ...  # base URL `provider.url`; what was asked is in `provider.asked`

Each request takes the next reply. OpenAI's chat completions lie at `/v1/chat/completions`, Anthropic's messages at
`/v1/messages`; both as a stream where the request wants one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Any

_ANTHROPIC = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
LIFETIME = 60.0
"""Seconds until a request that nobody ended is ended."""


class Then(StrEnum):
    """What happens when the pieces that are to be sent were sent."""

    END = "end"
    """The rest and the end, as it should be."""
    CUT = "cut"
    """The connection is closed in the middle of the body."""
    SILENCE = "silence"
    """Nothing any more, and the connection stays."""


@dataclass(frozen=True)
class Reply:
    """What one request is answered."""

    text: str = ""
    status: int = 200
    """Anything else than 200 answers an error with `text` as its message."""
    headers: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[int, int] | None = (7, 3)
    """In and out, as reported; None: nothing is reported."""
    piece: int = 8
    """Characters in a piece of a stream."""
    body: str | None = None
    """These very bytes in place of what the format would have."""
    pieces: int | None = None
    """So many are sent before `then`; None: all. 0 sends not even the head of the answer."""
    then: Then = Then.END
    reason: str = "stop"
    """Why it ends, as OpenAI says it: `stop`, `length`, `content_filter`."""
    delay: float = 0.0
    """Seconds before each piece."""
    kind: str = ""
    """The type of an error in its body, as providers name them: `insufficient_quota`, `overloaded_error`."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: Any

    @property
    def texts(self) -> list[str]:
        """What each message says, Anthropic's system text first."""
        system = self.body.get("system")
        return [*_texts(system), *(text for each in self.body["messages"] for text in _texts(each["content"]))]


class Provider:
    """Listens while it is entered."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Asked] = []
        self.arrived = asyncio.Event()
        """A request was read."""
        self.left = asyncio.Event()
        """A client closed its connection before it had its whole answer."""
        self.sent = 0
        """Pieces of answers that were handed to the network."""
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Provider:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def root(self) -> str:
        """Without any path, as Anthropic's base URL is written."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def url(self) -> str:
        """As OpenAI's base URL is written."""
        return f"{self.root}/v1"

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="provider")
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(LIFETIME):
                while (asked := await _read(reader)) is not None:
                    self.asked.append(asked)
                    self.arrived.set()
                    await self._answer(asked, reader, writer)
        except OSError:  # the client is gone, or the lifetime is over
            self.left.set()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply = self.replies.pop(0) if self.replies else Reply("no reply is scripted", status=400)
        watching = asyncio.create_task(reader.read(1))
        sending = asyncio.create_task(self._send(asked, reply, writer))
        try:
            await asyncio.wait((watching, sending), return_when=asyncio.FIRST_COMPLETED)
            if (
                not sending.done()
            ):  # nobody sends anything while an answer is awaited: this is the end of the connection
                raise ConnectionResetError
            await sending
        finally:
            watching.cancel()
            sending.cancel()
            await asyncio.gather(watching, sending, return_exceptions=True)

    async def _send(self, asked: Asked, reply: Reply, writer: asyncio.StreamWriter) -> None:
        if reply.pieces != 0:
            await self._body(asked, reply, writer)
        match reply.then:
            case Then.CUT:
                raise ConnectionAbortedError
            case Then.SILENCE:
                await asyncio.sleep(LIFETIME)
            case Then.END:
                writer.write(b"0\r\n\r\n")
                await writer.drain()

    async def _body(self, asked: Asked, reply: Reply, writer: asyncio.StreamWriter) -> None:
        streamed = bool(asked.body.get("stream")) and reply.status == HTTPStatus.OK and reply.body is None
        kind = "text/event-stream" if streamed else "application/json"
        headers = {"content-type": kind, "transfer-encoding": "chunked", **reply.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} scripted\r\n{head}\r\n".encode())
        anthropic = asked.path.endswith("/messages")
        if streamed:
            pieces = (_anthropic_stream if anthropic else _openai_stream)(reply)
        else:
            pieces = iter([_whole(reply, anthropic)])
        for number, piece in enumerate(pieces):
            if number == reply.pieces:
                break
            await asyncio.sleep(reply.delay)
            data = piece.encode()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()
            self.sent += 1


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    """The next request of a connection, None at its end."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    data = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(first.split()[1], headers, json.loads(data or b"{}"))


def _pieces(reply: Reply) -> Iterator[str]:
    for start in range(0, len(reply.text), reply.piece):
        yield reply.text[start : start + reply.piece]


def _openai_stream(reply: Reply) -> Iterator[str]:
    def event(**facts: Any) -> str:
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
        return f"data: {json.dumps({**head, **facts})}\n\n"

    for text in _pieces(reply):
        yield event(choices=[{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}])
    yield event(choices=[{"index": 0, "delta": {}, "finish_reason": reply.reason}])
    if reply.tokens is not None:
        yield event(choices=[], usage=_openai_usage(*reply.tokens))
    yield "data: [DONE]\n\n"


def _anthropic_stream(reply: Reply) -> Iterator[str]:
    def event(kind: str, **facts: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **facts})}\n\n"

    used_in, used_out = reply.tokens or (0, 0)
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": []}
    yield event("message_start", message={**message, "usage": {"input_tokens": used_in, "output_tokens": 1}})
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for text in _pieces(reply):
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": _ANTHROPIC[reply.reason]}, usage={"output_tokens": used_out})
    yield event("message_stop")


def _whole(reply: Reply, anthropic: bool) -> str:
    if reply.body is not None:
        return reply.body
    if reply.status != HTTPStatus.OK:
        error = {"type": reply.kind or "api_error", "message": reply.text}
        return json.dumps({"type": "error", "error": error} if anthropic else {"error": {**error, "code": reply.kind}})
    used = reply.tokens or (0, 0)
    if anthropic:
        usage = {"input_tokens": used[0], "output_tokens": used[1]}
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "scripted",
            "stop_reason": "end_turn",
        }
        return json.dumps({**message, "content": [{"type": "text", "text": reply.text}], "usage": usage})
    choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": reply.reason}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted"}
    return json.dumps({**head, "choices": [choice], "usage": _openai_usage(*used)})


def _openai_usage(used_in: int, used_out: int) -> dict[str, int]:
    return {"prompt_tokens": used_in, "completion_tokens": used_out, "total_tokens": used_in + used_out}


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or ()]
