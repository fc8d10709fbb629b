"""Who a user of this machine is, and at which terminal: the system is asked, never the environment."""

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


def terminal_name() -> str:
    """The terminal of this process as `who` tells it, such as `pts/3`; empty where there is none."""
    try:
        return os.ttyname(0).removeprefix("/dev/")
    except OSError:
        return ""
