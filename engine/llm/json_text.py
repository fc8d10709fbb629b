"""The JSON in what a model said: models wrap it in fences and sentences, also when they are asked not to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_FENCED = re.compile(r"```[\w-]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)


def json_of(text: str) -> str:
    """The JSON value in an answer, without the fence or the sentences around it.

    Where no whole value is found, what comes closest to one: the inside of a fence that was begun, else the answer. It
    takes time in proportion to the length of the answer.
    """
    found = list(_candidates(text))
    return next((each for each in found if _is_whole(each)), found[0])


def _candidates(text: str) -> Iterator[str]:
    if fenced := _FENCED.search(text):
        yield fenced[1].strip()
    yield text.strip()
    for first, last in (("{", "}"), ("[", "]")):
        start, end = text.find(first), text.rfind(last)
        if 0 <= start < end:
            yield text[start : end + 1]


def _is_whole(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
