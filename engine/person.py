"""Who a user of this machine is, and at which terminal: the system is asked, never the environment."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from engine.model.role import Role

GROUP = "@"
"""Begins the name of a group where names of users may stand as well."""


def user_name(uid: int | None = None) -> str:
    """The name of a user; by default of the one this process runs as."""
    number = os.getuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid-{number}"


def terminal_name() -> str:
    """The terminal of this process as `who` tells it, such as `pts/3`; empty where there is none."""
    try:
        return os.ttyname(0).removeprefix("/dev/")
    except OSError:
        return ""


def signers(roles: Mapping[str, Role]) -> frozenset[str]:
    """Who can sign plans here: the user of this process, and all whom the table makes reviewers or more.

    A line about a user counts before every line about a group.
    """
    reviewing = [name for name, role in roles.items() if role.rank >= Role.REVIEWER.rank]
    people = {name for name in reviewing if not name.startswith(GROUP)}
    members = {member for name in reviewing if name.startswith(GROUP) for member in _members(name.removeprefix(GROUP))}
    return frozenset({user_name(), *people, *(members - roles.keys())})


def _members(group: str) -> Iterator[str]:
    try:
        found = grp.getgrnam(group)
    except KeyError:
        return
    yield from found.gr_mem
    yield from (user.pw_name for user in pwd.getpwall() if user.pw_gid == found.gr_gid)


def unknown_people(names: Iterable[str]) -> tuple[str, ...]:
    """Those of some names, of users or of `@groups`, that nobody on this machine has."""
    return tuple(name for name in names if not _is_known(name))


def _is_known(name: str) -> bool:
    with suppress(KeyError):
        _ = grp.getgrnam(name.removeprefix(GROUP)) if name.startswith(GROUP) else pwd.getpwnam(name)
        return True
    return False
