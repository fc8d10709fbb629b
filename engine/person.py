"""Who a user of this machine is: the user database is asked, never the environment."""

from __future__ import annotations

import os
import pwd


def user_name(uid: int | None = None) -> str:
    """The name of a user; by default of the one this process runs as."""
    number = os.getuid() if uid is None else uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid-{number}"
