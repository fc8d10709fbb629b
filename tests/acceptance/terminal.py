"""A terminal with a shell in it, on a tmux server of its own; a person reads it, types, resizes it, closes it.

Only here is time waited for: every look has a deadline, every key the pause of a person. Nothing knows what Signoff is.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from tests.patience import PATIENCE

GLANCE = 0.05
"""Seconds between two keys that only move about."""
PAUSE = 0.15
"""Seconds between two keys of a person who decides: keys that come faster count as pasted."""
READING = 0.45
"""Seconds that a person looks at a question before answering."""
POLL = 0.05
LIFETIME = 240
"""Seconds after which a terminal closes by itself."""

_CONFIGURATION = """\
set -g status off
set -s escape-time 0
set -s set-clipboard on
set -g default-terminal screen-256color
set -g history-limit 20000
"""
_PROMPT = re.compile(r"<(\d+):(\d+)>$")


def until(condition: Callable[[], bool], what: Callable[[], str], seconds: float = PATIENCE) -> None:
    """Wait for something that happens outside; `what` says what is there instead when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s; there is:\n{what()}")
        time.sleep(POLL)


class Terminal:
    """Use as a context manager, or `close` it.

    Args:
        environ: the environment of its shell.
        folder: where the shell starts.
        scratch: an own, existing directory for what the terminal keeps.
        size: columns and rows.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path, scratch: Path, size: tuple[int, int] = (80, 24)):
        name = f"walk-{uuid4().hex[:12]}"
        self._environ = {**environ, "PS1": r"<\#:$?> "}
        self._server = ["tmux", "-L", name]
        self._written = scratch / f"{name}.written"
        configuration = scratch / f"{name}.conf"
        configuration.write_text(_CONFIGURATION)
        shell = ["timeout", "--foreground", "-s", "HUP", str(LIFETIME), "bash", "--norc", "--noprofile", "-i"]
        size_options = ["-x", str(size[0]), "-y", str(size[1])]
        self._tmux("-f", str(configuration), "new-session", "-d", *size_options, "-c", str(folder), *shell)
        self._tmux("pipe-pane", "-o", f"exec cat >> {self._written}")
        until(lambda: _PROMPT.search(self.text.rstrip()) is not None, lambda: self.text)

    # Reading

    @property
    def text(self) -> str:
        """What the screen shows; a line that the terminal wrapped is one."""
        return self._tmux("capture-pane", "-p", "-J")

    @property
    def written(self) -> bytes:
        """Every byte that was written to it."""
        return self._written.read_bytes() if self._written.exists() else b""

    @property
    def clipboard(self) -> str:
        """What a program put there."""
        return self._tmux("list-buffers")

    @property
    def alternate(self) -> bool:
        """Whether a program has taken the whole screen."""
        return self._tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def see(self, *texts: str, seconds: float = PATIENCE) -> str:
        """Wait until all of it is on the screen; returns the screen."""
        until(lambda: all(text in self.text for text in texts), lambda: f"{texts} wanted\n{self.text}", seconds)
        return self.text

    def miss(self, text: str, seconds: float = PATIENCE) -> None:
        """Wait until it is not on the screen any more."""
        until(lambda: text not in self.text, lambda: f"{text!r} unwanted\n{self.text}", seconds)

    # Typing

    def press(self, *keys: str) -> None:
        """Press keys, named as tmux names them, to move about."""
        for key in keys:
            time.sleep(GLANCE)
            self._tmux("send-keys", key)
            if key == "Escape":
                time.sleep(PAUSE)  # Else it and the next key are one: alt.

    def decide(self, *keys: str) -> None:
        """Look at what was asked, then press, as one who means it."""
        time.sleep(READING)
        for key in keys:
            self.press(key)
            time.sleep(PAUSE)

    def type(self, text: str) -> None:
        """Type a text as it is, without Enter."""
        time.sleep(GLANCE)
        self._tmux("send-keys", "-l", text)

    def command(self, line: str) -> None:
        """Begin a command in the shell."""
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def run(self, line: str, seconds: float = PATIENCE) -> int:
        """Run a command in the shell to its end; returns its exit code."""
        before = self._number()
        self.command(line)
        return self.prompt(before, seconds)

    def prompt(self, before: int = 0, seconds: float = PATIENCE) -> int:
        """Wait for the prompt of the shell; returns the exit code that it shows.

        Args:
            before: the number of an earlier prompt.
        """
        until(lambda: self._number() > before, lambda: self.text, seconds)
        return int(self._last()[2])

    def _number(self) -> int:
        try:
            return int(self._last()[1])
        except LookupError:
            return 0

    def _last(self) -> re.Match[str]:
        found = _PROMPT.search(self.text.rstrip())
        if found is None or self.alternate:
            raise LookupError("no prompt")
        return found

    # The terminal itself

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def close(self) -> None:
        """Close the window: what runs in it gets SIGHUP."""
        with suppress(subprocess.CalledProcessError):  # it is closed
            self._tmux("kill-server")

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            [*self._server, *words], env=self._environ, capture_output=True, encoding="utf-8", timeout=20, check=True
        )
        return done.stdout
