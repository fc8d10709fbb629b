"""Finds the program that a step will run. Looks at the disk, starts nothing."""

from __future__ import annotations

import os
import shutil


class Programs:
    """Programs by name on one PATH; each name is looked up once."""

    def __init__(self, path: str) -> None:
        # an entry that is empty or relative would mean the directory this process happens to be in
        self._path = os.pathsep.join(entry for entry in path.split(os.pathsep) if os.path.isabs(entry))
        self._found: dict[str, str] = {}

    def find(self, name: str, workdir: str) -> str:
        """The absolute path of a program, its links kept as they are; empty where there is none.

        A name with a slash is taken from the workdir, as a shell would.
        """
        if "/" in name:
            return _executable(os.path.normpath(os.path.join(workdir, name)))
        if name not in self._found:
            self._found[name] = shutil.which(name, path=self._path) or ""
        return self._found[name]


def _executable(path: str) -> str:
    return path if os.path.isfile(path) and os.access(path, os.X_OK) else ""
