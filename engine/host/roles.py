"""What a user of this machine may do: the kernel says who it is, the user database which groups, the settings the rest.

Root has no role of its own: what it does here counts as root's, so it is named like everybody else or refused.
"""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import suppress

from engine.model.role import Role
from engine.person import GROUP


class Roles:
    """The table of roles, asked by uid."""

    def __init__(self, table: Mapping[str, Role]) -> None:
        self._table = table
        self._groups = any(name.startswith(GROUP) for name in table)

    def __call__(self, uid: int) -> Role | None:
        """The role of a user; None: none. Asks the user database, which may take its time.

        The user of the engine is its operator. A line about a user counts before every line about a group; of groups
        the highest role counts.
        """
        if uid == os.getuid():
            return Role.OPERATOR
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            return None
        if entry.pw_name in self._table or not self._groups:
            return self._table.get(entry.pw_name)
        held = (self._table.get(GROUP + name) for name in _groups(entry))
        return max((role for role in held if role), key=lambda role: role.rank, default=None)


def _groups(entry: pwd.struct_passwd) -> Iterator[str]:
    for gid in os.getgrouplist(entry.pw_name, entry.pw_gid):
        with suppress(KeyError):  # a group without a name
            yield grp.getgrgid(gid).gr_name
