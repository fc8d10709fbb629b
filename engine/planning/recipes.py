"""What a directory brings in `.signoff/`: `policy.yaml` and `recipes/*.yaml`, read once, as the bytes of a digest.

Nothing is followed out of it: links, special files, and what is too large or cannot be read are refused by name, and
where something is refused nothing of the directory can be trusted. Other files there are not looked at.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.model.digest import sha256

FOLDER = ".signoff"
POLICY = f"{FOLDER}/policy.yaml"
RECIPES = f"{FOLDER}/recipes"
MAX_FILE = 256 * 1024
MAX_FILES = 100
_NAME = re.compile(r"(?!\d+$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PROBLEMS = {
    errno.ELOOP: "is a link; links are not followed here",
    errno.ENOTDIR: "is a link or no directory; links are not followed here",
    errno.EACCES: "cannot be read",
}


@dataclass(frozen=True, kw_only=True)
class FolderFile:
    """One file of the folder."""

    path: str
    """Relative to the directory."""
    text: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Folder:
    """The folder as it was read."""

    files: tuple[FolderFile, ...] = ()
    """The policy first, then the recipes by name."""
    names: tuple[str, ...] = ()
    """Of all recipes, also of those that are refused."""
    refused: tuple[str, ...] = ()
    """A sentence for each thing that cannot be used."""

    @property
    def digest(self) -> str:
        """Of all files together, by path and bytes; empty where there are none."""
        named = [[file.path, file.sha256] for file in self.files]
        return sha256(json.dumps(named, separators=(",", ":")).encode()) if named else ""

    @property
    def policy(self) -> FolderFile | None:
        return next((file for file in self.files if file.path == POLICY), None)

    @property
    def recipes(self) -> dict[str, FolderFile]:
        """The recipes by name."""
        return {recipe_name(file.path): file for file in self.files if file.path != POLICY}


def recipe_name(path: str) -> str:
    """`.signoff/recipes/deploy.yaml` is `deploy`; empty for what is no recipe."""
    folder, _, name = path.rpartition("/")
    return name.removesuffix(".yaml") if folder == RECIPES else ""


def read_folder(root: Path) -> Folder:
    """Read the folder of a directory; an empty one where there is none. Never raises for what lies in it."""
    reading = _Reading()
    reading.read(root)
    return Folder(files=tuple(reading.files), names=tuple(reading.names), refused=tuple(reading.refused))


class _Reading:
    """One walk through the folder, relative to open directories, so that nothing is swapped underneath."""

    def __init__(self) -> None:
        self.files: list[FolderFile] = []
        self.names: list[str] = []
        self.refused: list[str] = []

    def read(self, root: Path) -> None:
        with self._opened(FOLDER, str(root / FOLDER), None, os.O_DIRECTORY) as top:
            if top is not None:
                self._file(POLICY, top)
                self._recipes(top)

    def _recipes(self, top: int) -> None:
        with self._opened(RECIPES, "recipes", top, os.O_DIRECTORY) as folder:
            names = sorted(name for name in os.listdir(folder) if name.endswith(".yaml")) if folder is not None else []
            if len(names) > MAX_FILES:
                self.refused.append(f"{RECIPES} has {len(names):,} recipes; at most {MAX_FILES} are allowed")
            for name in names[:MAX_FILES]:
                if _NAME.fullmatch(name.removesuffix(".yaml")):
                    self.names.append(name.removesuffix(".yaml"))
                    self._file(f"{RECIPES}/{name}", folder)
                else:
                    self._refuse(f"{RECIPES}/{name}", "has no name for a recipe; use letters, digits, `.`, `_` and `-`")

    def _file(self, path: str, folder: int | None) -> None:
        with self._opened(path, path.rpartition("/")[2], folder) as file:
            if file is None:
                return
            if not stat.S_ISREG(os.fstat(file).st_mode):
                self._refuse(path, "is no regular file")
                return
            with open(file, "rb", closefd=False) as stream:
                data = stream.read(MAX_FILE + 1)
            if len(data) > MAX_FILE:
                self._refuse(path, f"is larger than {MAX_FILE // 1024} KiB")
                return
            try:
                self.files.append(FolderFile(path=path, text=data.decode("utf-8"), sha256=sha256(data)))
            except UnicodeDecodeError as error:
                self._refuse(path, f"is not UTF-8 at byte {error.start}")

    @contextmanager
    def _opened(self, path: str, name: str, folder: int | None, more: int = 0) -> Iterator[int | None]:
        """A descriptor, closed in the end; None where there is nothing, or nothing that may be opened."""
        try:
            descriptor = os.open(name, _OPEN | more, dir_fd=folder)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            self._refuse(path, _PROBLEMS.get(error.errno or 0, error.strerror or "cannot be opened"))
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _refuse(self, path: str, problem: str) -> None:
        self.refused.append(f"{path.encode(errors='backslashreplace').decode()} {problem}")
