"""What a request says of the things it names: that they are wanted, left out, or undone.

A table of words and where their reach ends; no more is understood. Where it is not certain that a reach ended, it did
not: what is left out by mistake is missed by its reader, what is taken by mistake runs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from engine.planning.repo.kinds import EVERYTHING, KINDS, words

_NOT = frozenset(
    "not no never without except excluding exclude skip skipping omit omitting avoid ignore ignoring minus neither nor"
    " dont instead rather cannot".split()
)
_ROWS = (
    frozenset("delete remove erase wipe purge discard drop destroy deleting removing".split()),
    frozenset("undo revert rollback roll undeploy unpublish restore reset undoing reverting".split()),
    frozenset("stop kill cancel disable uninstall tear downgrade".split()),
    frozenset({"unless"}),
)
"""Verbs that turn around what they are said of; those of a row mean the same."""
_ONLY = frozenset("only just but then".split())
_DOING = frozenset({"run", "execute"})
_ENDS = frozenset(";!?)\n.:")
_TOKEN = re.compile(r"\w[\w'\u2019./:-]*\w|\w|[,;!?)\n]|[.:](?=\s|$)")
_FILLING = frozenset(
    "a an the and or also as well all both any of to for in on at by with from it its this that these those is are be"
    " i we you me my our your us please can could would should want need like do does make just let have get go run"
    " running execute perform check again first last before after finally now everything nothing else whole project"
    " repository repo code if when so up everything's pass passes green re rerun".split()
)


class Stance(Enum):
    """What is said of the things that a part of a request names."""

    WANTED = auto()
    LEFT_OUT = auto()
    UNDONE = auto()


@dataclass(frozen=True)
class Part:
    """Some words of a request that one thing is said of."""

    stance: Stance
    text: str
    """As it was written, from the word on that says so."""
    verb: str = ""
    """That word, in lower case; empty where they are simply wanted."""

    @property
    def objects(self) -> frozenset[str]:
        """What it is said of, a word each."""
        return frozenset(words(self.text)) - _FILLING - set(words(self.verb))

    @property
    def synonyms(self) -> frozenset[str]:
        """The words that say the same as its verb."""
        return next((row for row in _ROWS if self.verb in row), frozenset())


def parts(request: str, names: Collection[str]) -> Iterator[Part]:
    """The request, cut where the stance changes.

    Args:
        names: of targets: a word in them is none of the request's own.
    """
    stance, verb, begun, before = Stance.WANTED, "", 0, ""
    for token in _TOKEN.finditer(request):
        word = _plain(token[0])
        found = None if token[0] in names else _turn(word, before, stance)
        if found is not None and (found, word) != (stance, verb):
            yield Part(stance, request[begun : token.start()].strip(" ,"), verb)
            stance, begun, verb = found, token.start(), "" if found is Stance.WANTED else word
        before = word
    yield Part(stance, request[begun:].strip(" ,"), verb)


def _turn(word: str, before: str, stance: Stance) -> Stance | None:
    """The stance from this word on; None where it does not change."""
    if word in _NOT or word.endswith("n't") or (word == "but" and before in EVERYTHING):
        return Stance.LEFT_OUT
    if stance is not Stance.LEFT_OUT and any(word in row for row in _ROWS):
        return Stance.UNDONE
    goes_on = word in _DOING and (before == "," or (before == "and" and stance is Stance.UNDONE))
    return Stance.WANTED if word in _ONLY or word in _ENDS or goes_on else None


def _plain(word: str) -> str:
    return word.lower().replace("\u2019", "'")


def not_understood(request: str, names: Iterable[str]) -> list[str]:
    """The words that nothing was made of, as they were written.

    Args:
        names: what the request may call the targets that were taken.
    """
    known = _FILLING.union(EVERYTHING, _NOT, _ONLY, *_ROWS, *KINDS.values(), *map(words, names))
    found = (token[0] for token in _TOKEN.finditer(request))
    odd = (word for word in found if not known.issuperset(words(word)) and not _plain(word).endswith("n't"))
    return list(dict.fromkeys(odd))
