"""Keys of providers: from the environment, else from a file that nobody else can read.

A key is handed to its provider and shown nowhere: what a provider says goes through `hidden` before anybody sees it.
None is written into the environment of this process, from which steps may be given secrets by name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from engine.private import read_private

FILE = "keys.toml"
"""Beside the configuration file; lines of `NAME = "value"`."""
_HIDDEN = "[key]"
_SHORTEST = 6
"""Characters: hiding less than that would hide parts of ordinary words."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "fireworks_ai": ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "huggingface": ("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_API_KEY"),
}
"""Of the providers whose variable is not their name and `_API_KEY`."""
_WITHOUT = frozenset({"bedrock", "llamafile", "lm_studio", "ollama", "ollama_chat", "sagemaker", "vertex_ai"})
"""Providers that need no key, or find credentials by themselves."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key that was found."""

    name: str
    """Of the variable, or of the line in the file."""
    value: str = field(repr=False)
    origin: str
    """`the environment`, or the path of the file."""


class Keys:
    """Finds keys; looks anew each time, so that a key which was just set is found.

    Args:
        file: it need not exist.
    """

    def __init__(self, file: Path, environ: Mapping[str, str] = os.environ) -> None:
        self.file = file
        self._environ = environ

    def find(self, names: tuple[str, ...]) -> Key | None:
        """The first of these that is there; the environment counts before the file.

        Raises:
            UnsafeFile: the file is not this user's alone, or no file of keys; say so rather than do without.
        """
        for name in names:
            if value := self._environ.get(name, "").strip():
                return Key(name=name, value=value, origin="the environment")
        kept = read_private(self.file)
        return next((Key(name=name, value=kept[name], origin=str(self.file)) for name in names if name in kept), None)


def names_of(model: str) -> tuple[str, ...]:
    """The variables that usually hold the key of a model's provider; none where it has no such key.

    Args:
        model: `provider/model`.
    """
    provider = model.partition("/")[0]
    if provider in _WITHOUT:
        return ()
    return _NAMES.get(provider, (f"{provider.upper().replace('-', '_')}_API_KEY",))


def hidden(text: str, *keys: str) -> str:
    """A text without these keys, as they are and as they stand in an address."""
    for key in keys:
        if len(key) >= _SHORTEST:
            text = text.replace(key, _HIDDEN).replace(quote(key, safe=""), _HIDDEN)
    return text
