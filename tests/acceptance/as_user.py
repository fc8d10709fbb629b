"""The program as another user of the machine: `python as_user.py USER WORD...`, begun by root.

What the standard library may want later is imported before: the interpreter may lie where that user cannot read.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import pwd
import sys
import warnings

_LEFT_OUT = frozenset({"antigravity", "this", "idlelib", "turtle", "turtledemo", "tkinter", "lib2to3", "ensurepip"})
_DEEP = ("asyncio", "collections", "concurrent", "email", "encodings", "importlib", "json", "logging", "urllib", "xml")


def become(name: str) -> None:
    """Go on as a user, with the groups of that user and a home that is not there."""
    user = pwd.getpwnam(name)
    os.initgroups(name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME="/nonexistent", USER=name, LOGNAME=name)


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:  # some are for other systems
        return


def main() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in sorted(sys.stdlib_module_names - _LEFT_OUT):
            if not name.startswith("_"):
                _import(name)
        for name in _DEEP:
            for found in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
                _import(found.name)
    from tui.__main__ import main as program

    become(sys.argv[1])
    sys.exit(program(sys.argv[2:]))


if __name__ == "__main__":
    main()
