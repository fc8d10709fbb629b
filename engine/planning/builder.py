"""Builds the plain value of a document from the parser's events; nothing is built past a bound.

Tags, duplicate keys, merge keys, control characters and numbers that are not finite have no place in a plan; aliases
count as much as what they stand for. What a document means is no matter of this module; it knows notation only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from engine.errors import Fault
from engine.planning.scalars import NotFinite, TooLarge, resolve

Value: TypeAlias = Any
"""None, bool, int, float, str, list or dict with text as keys."""

MAX_DEPTH = 40
MAX_VALUES = 200_000
"""Values of a document with its aliases expanded: 10,000 steps of 20 values each."""
MAX_CHARACTERS = 2**24
"""Characters of a document with its aliases expanded."""
MAX_TEXT = 2**18
"""Characters of one value; what is longer nobody reads, and no program takes as arguments."""
MAX_KEYS = 256
"""Keys of one mapping; only `env` may have many."""
MAX_FAULTS = 1_000
"""Reading ends here: nobody corrects more at once."""

HIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character that no plan may contain."""


def field_path(parts: Iterable[str | int]) -> str:
    """Name a place inside a document as faults do: `steps[2].needs`."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{HIDDEN.sub('?', part[:64])}"
    return path.lstrip(".")


class _Stop(Exception):
    """The rest of the text is not worth reading; the fault that says why is recorded."""


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is still open."""

    value: Value
    mark: Any
    anchor: str | None
    key: str | None = None
    """The key whose value comes next; None in a list, or where a key comes next."""
    key_mark: Any = None
    height: int = 1
    """Levels of the tallest value in it, itself included."""
    values: int = 0
    """Counters of the reader when it was opened."""
    characters: int = 0


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Value
    values: int
    characters: int
    height: int


class Builder:
    """Turns the events of one document into a value; finds the places of paths on the way.

    Args:
        wanted: the paths whose places are noted.
        until: once these have theirs, the rest is not read.
    """

    def __init__(self, name: str, wanted: frozenset[str] = frozenset(), until: frozenset[str] = frozenset()) -> None:
        self.root: Value = None
        self.faults: list[Fault] = []
        self.places: dict[str, tuple[int, int]] = {}
        self._name = name
        self._wanted = wanted
        self._sought = set(until)
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._documents = self._values = self._characters = 0

    def read(self, text: str) -> bool:
        """Read to the end; False where that was not possible."""
        import yaml

        on: dict[type, Any] = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: lambda event: self._open(event, {}),
            yaml.SequenceStartEvent: lambda event: self._open(event, []),
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.DocumentStartEvent: self._document,
        }
        try:
            for event in iter(yaml.CSafeLoader(text).get_event, None):
                if handler := on.get(type(event)):
                    handler(event)
            if not self._documents:
                self._stop("the document is empty; a plan has `request` and `steps`", None)
        except yaml.YAMLError as error:
            self._fault(_syntax(error), getattr(error, "problem_mark", None))
            return False
        except _Stop:
            return False
        return True

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop("a second document begins; a plan is one document", event.start_mark)

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        if event.style == '"' and (hidden := HIDDEN.search(text)):
            self._fault(f"control character U+{ord(hidden[0]):04X}; a plan is plain text", event.start_mark)
            text = HIDDEN.sub("?", text)
        if event.tag is not None:
            self._fault(f"tag {event.tag[:64]!r}; a plan has no tags, write the value alone", event.start_mark)
        if len(text) > MAX_TEXT:
            self._fault(f"longer than {MAX_TEXT // 1024} KiB; put it into a file of the repository", event.start_mark)
            text = ""
        frame = self._frames[-1] if self._frames else None
        self._characters += len(text)
        if frame is not None and frame.key is None and type(frame.value) is dict:
            if text == "<<" and event.implicit[0]:
                self._stop("a plan merges nothing in: write each field where it belongs", event.start_mark)
            self._key(frame, text, event.start_mark)
        else:
            self._put(self._resolved(text, event) if event.implicit[0] else text, event.start_mark, event.anchor)

    def _resolved(self, text: str, event: Any) -> Value:
        try:
            return resolve(text)
        except NotFinite:
            self._fault(f"{text[:64]} is not a finite number", event.start_mark)
        except TooLarge:
            self._fault("the number is too large", event.start_mark)
        return None

    def _key(self, frame: _Frame, text: str, mark: Any) -> None:
        frame.key, frame.key_mark = text, mark
        if len(frame.value) >= MAX_KEYS:
            self._stop(f"a mapping of more than {MAX_KEYS} keys", mark)
        if text in frame.value:
            self._fault("this key is there already; keep one of them", mark)

    def _open(self, event: Any, value: Value) -> None:
        if event.tag is not None:
            self._fault(f"tag {event.tag[:64]!r}; a plan has no tags, write the value alone", event.start_mark)
        if len(self._frames) >= MAX_DEPTH:
            self._stop(f"nested deeper than {MAX_DEPTH} levels; a plan is flat", event.start_mark)
        if self._frames and self._frames[-1].key is None and type(self._frames[-1].value) is dict:
            self._stop("a key is plain text, not a list or a mapping", event.start_mark)
        frame = _Frame(value, event.start_mark, event.anchor, values=self._values, characters=self._characters)
        if self._wanted:
            self._found(event.start_mark)
        self._frames.append(frame)

    def _close(self, event: Any) -> None:
        frame = self._frames.pop()
        if frame.anchor:
            values, characters = self._values - frame.values + 1, self._characters - frame.characters
            self._anchors[frame.anchor] = _Anchored(frame.value, values, characters, frame.height)
        self._put(frame.value, frame.mark, None, frame.height)

    def _alias(self, event: Any) -> None:
        target = self._anchors.get(event.anchor)
        if target is None:
            self._stop(f"alias *{event.anchor[:64]} has no anchor &{event.anchor[:64]} before it", event.start_mark)
        if self._frames and self._frames[-1].key is None and type(self._frames[-1].value) is dict:
            self._stop("a key is plain text, not an alias", event.start_mark)
        self._values += target.values - 1
        self._characters += target.characters
        if len(self._frames) + target.height > MAX_DEPTH:
            self._stop(f"its aliases nest deeper than {MAX_DEPTH} levels; a plan is flat", event.start_mark)
        self._put(target.value, event.start_mark, None, target.height)

    def _put(self, value: Value, mark: Any, anchor: str | None, height: int = 0) -> None:
        """Hang a finished value where it belongs."""
        self._values += 1
        if self._values > MAX_VALUES or self._characters > MAX_CHARACTERS:
            self._stop(f"the document, its aliases expanded, has over {MAX_VALUES:,} values or is too long", mark)
        if anchor:
            self._anchors[anchor] = _Anchored(value, 1, len(value) if isinstance(value, str) else 0, height)
        if self._wanted and not height:
            self._found(mark)
        if not self._frames:
            self.root = value
            return
        frame = self._frames[-1]
        if type(frame.value) is list:
            frame.value.append(value)
        else:
            frame.value[frame.key] = value
            frame.key = None
        frame.height = max(frame.height, height + 1)

    def _found(self, mark: Any) -> None:
        """Note the place of the value that begins here: the value's, or its key's where that is on an earlier line."""
        if (path := self._path()) in self._wanted:
            key_mark = self._frames[-1].key_mark if self._frames else None
            place = key_mark if key_mark is not None and key_mark.line < mark.line else mark
            self.places.setdefault(path, (place.line + 1, place.column + 1))
            self._sought.discard(path)
            if not self._sought:
                raise _Stop

    def _path(self) -> str:
        return field_path(
            frame.key if frame.key is not None else len(frame.value)
            for frame in self._frames
            if frame.key is not None or type(frame.value) is list
        )

    def _fault(self, message: str, mark: Any) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        path = self._path()
        shown = path if len(path) <= 80 else path[:79] + "…"
        self.faults.append(Fault(message, shown, self._name, line, column))
        if len(self.faults) >= MAX_FAULTS:
            raise _Stop

    def _stop(self, message: str, mark: Any) -> NoReturn:
        self._fault(message, mark)
        raise _Stop


def _syntax(error: Any) -> str:
    problem = str(getattr(error, "problem", None) or error).split("\n")[0]
    advice = next((text for sign, text in _ADVICE.items() if sign in problem), "")
    return f"not YAML or JSON: {problem[:200]}{advice}"


_ADVICE = {
    "character that cannot start": "; indent with spaces, and put text that begins with @ ` % or a tab in quotes",
    "mapping values are not allowed": '; put text that contains ": " in quotes',
    "did not find expected key": "; a key is missing its colon, or the indentation is off",
    "did not find expected '-' indicator": "; the items of a list begin with - at one indentation",
}
