"""The environment of a step, built from an allowlist: nothing of the parent passes unless it is named here.

Also says which folders of the person's home hold tools rather than secrets: the sandbox shows those read-only.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

_PASSED = ("LANG", "LANGUAGE", "TZ", "USER", "LOGNAME")

_TOOLCHAINS = {
    "RUSTUP_HOME": ".rustup",
    "PYENV_ROOT": ".pyenv",
    "NVM_DIR": ".nvm",
    "VOLTA_HOME": ".volta",
    "ASDF_DATA_DIR": ".asdf",
    "SDKMAN_DIR": ".sdkman",
}
"""Version managers that look beneath HOME unless told; they hold programs, no credentials."""

_INSTALLED = (".local/share/uv", ".local/share/pipx", ".local/pipx", ".local/share/mise")

_MIXED = ("", ".local", ".cargo", "go")
"""Prefixes that hold more than tools: of these only the `bin` folder is shown."""


def real_home() -> Path:
    """The person's own home, whatever HOME says."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir).resolve()


def private_environment(step: Mapping[str, str], home: Path, parent: Mapping[str, str] | None = None) -> dict[str, str]:
    """Build the environment of a step.

    Args:
        step: what the plan and the granted secrets add; wins over everything else.
        home: the private home of the project.
        parent: where the allowlisted names come from; by default the engine's own environment.
    """
    source = os.environ if parent is None else parent
    passed = {name: value for name, value in source.items() if name in _PASSED or name.startswith("LC_")}
    return {"LANG": "C.UTF-8", **passed, "PATH": _search_path(source), "TERM": "dumb", **_homes(home), **step}


def tool_folders(path: str) -> list[Path]:
    """Folders beneath the person's home that a search path or a version manager needs, for showing read-only."""
    home = real_home()
    folders = [home / name for name in (*_TOOLCHAINS.values(), *_INSTALLED)]
    for entry in map(Path, path.split(":")):
        if entry.is_relative_to(home) and entry != home:
            prefix = entry.parent
            whole = entry.name == "bin" and prefix.relative_to(home).as_posix() not in (".", *_MIXED)
            folders.append(prefix if whole else entry)
    return [folder for folder in folders if folder.is_dir()]


def _search_path(source: Mapping[str, str]) -> str:
    """The parent's PATH without relative entries: what lies in a working directory is never found by bare name."""
    entries = dict.fromkeys(entry for entry in source.get("PATH", "").split(":") if entry.startswith("/"))
    return ":".join(entries) or "/usr/local/bin:/usr/bin:/bin"


def _homes(home: Path) -> dict[str, str]:
    known = real_home()
    return {
        "HOME": f"{home}",
        "TMPDIR": "/tmp",
        "XDG_CONFIG_HOME": f"{home}/.config",
        "XDG_CACHE_HOME": f"{home}/.cache",
        "XDG_DATA_HOME": f"{home}/.local/share",
        "XDG_STATE_HOME": f"{home}/.local/state",
        "npm_config_cache": f"{home}/.cache/npm",
        "PIP_CACHE_DIR": f"{home}/.cache/pip",
        "UV_CACHE_DIR": f"{home}/.cache/uv",
        "CARGO_HOME": f"{home}/.cargo",
        **{name: f"{known / folder}" for name, folder in _TOOLCHAINS.items() if (known / folder).is_dir()},
    }
